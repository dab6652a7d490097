package sslvpn

import (
	"context"
	"os/exec"
	"time"

	"github.com/gatewright/gatewright/internal/host"
)

// Probe finds out whether the kernel can carry data channels on this host.
func Probe(ctx context.Context) Offload {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, openVPN, "--version")
	cmd.WaitDelay = time.Second
	said, err := cmd.Output() // it ends with 1 and all said
	if len(said) == 0 && err != nil {
		return Offload{Text: err.Error()}
	}
	return offload(string(said), host.HasFamily)
}
