package main

import (
	"errors"
	"os"
	"os/exec"
)

// ikeDaemon is the program that negotiates; its package is charon-systemd.
const ikeDaemon = "/usr/sbin/charon-systemd"

// planeMissing says why this machine cannot carry packets, as far as that can be known
// without trying; nil: it looks as if it can.
func planeMissing() error {
	if os.Geteuid() != 0 {
		return errors.New("it needs root")
	}
	if _, err := exec.LookPath(ikeDaemon); err != nil {
		return errors.New("strongSwan's charon-systemd is not installed")
	}
	if _, err := os.Stat("/proc/self/ns/net"); err != nil {
		return errors.New("the kernel has no network namespaces")
	}
	return nil
}
