//go:build !linux

package durable

import "os/exec"

func dieWithTest(*exec.Cmd) {}
