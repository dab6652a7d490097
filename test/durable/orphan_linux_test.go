package durable

import (
	"os/exec"
	"syscall"
)

// dieWithTest lets the kernel kill cmd when this process is killed.
func dieWithTest(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
