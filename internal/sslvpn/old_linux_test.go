package sslvpn

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// offloadLines are what the server's OpenVPN says of its data channel in the kernel.
func (b *bench) offloadLines(t *testing.T) (out []string) {
	t.Helper()
	for line := range strings.Lines(b.log(t)) {
		if strings.Contains(line, "data channel offload") {
			out = append(out, line)
		}
	}
	return out
}

// TestOldClients keeps a client without AEAD out, then lets it in; a client with AEAD comes
// in both times. OpenVPN itself says whether its options keep data channels out of the
// kernel.
func TestOldClients(t *testing.T) {
	b := newBench(t)
	b.server().Encryption = ""
	old, modern := b.traveller(t), b.traveller(t)
	b.ready(t)
	for _, line := range b.offloadLines(t) {
		if !strings.Contains(line, "Kernel support for") {
			t.Errorf("an option of ours keeps data channels out of the kernel: %s", line)
		}
	}
	old.dial("--data-ciphers", "AES-128-CBC")
	b.comesIn(t, modern)
	b.refused(t, refusedOld)
	if old.times() != 0 {
		t.Error("a client without AEAD came in")
	}
	b.Eventually(lab.Patience, "the client hears that it is refused", func() error {
		if !strings.Contains(old.process.Output(), "AUTH_FAILED,TEMP") {
			return fmt.Errorf("%s", tail(old.process.Output()))
		}
		return nil
	})

	b.server().Encryption = "AES-128-CBC"
	b.ready(t)
	if !strings.Contains(strings.Join(b.offloadLines(t), ""), "'AES-128-CBC' disables") {
		t.Errorf("OpenVPN does not say what CBC costs: %q", b.offloadLines(t))
	}
	b.up(t, old)
	b.up(t, modern)
	b.Eventually(lab.Patience, "each has its cipher", func() error {
		have := map[string]bool{}
		for _, s := range b.sessions(t) {
			have[string(s.Client)+" "+s.Cipher] = true
		}
		if !have[string(old.id)+" AES-128-CBC"] || !have[string(modern.id)+" AES-256-GCM"] {
			return errors.New(fmt.Sprint(have))
		}
		return nil
	})
}
