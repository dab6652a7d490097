package sslvpn

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// hasty is for a client that finds out in seconds, not in a minute, that nobody answers.
var hasty = []string{"--pull-filter", "ignore", "ping", "--ping", "1", "--ping-restart", "5"}

// renewalRefused is how OpenVPN's log has our answer to a session that wants other keys than
// its first.
var renewalRefused = regexp.MustCompile(`client-deny \d+ ([2-9]|\d\d)`)

// TestStubborn revokes a client that does not obey when it is told to go, and that renews its
// keys all the time, so that it asks to right after it is revoked. That is refused, its
// session ends all the same, nothing that it sends afterwards gets through, and it is
// refused again when it calls anew. It is told three times, since it may be between two
// renewals.
func TestStubborn(t *testing.T) {
	b, c := dialable(t)
	all := b.server().Clients
	c.process = c.Start(append([]string{b.StubbornOpenVPN(), "--config", c.profile, "--reneg-bytes", "1000"}, hasty...)...)
	b.up(t, c)
	c.PingStart("172.16.0.1")
	inside := b.gateway.Capture(plan.SSLDevice)
	for try := 1; ; try++ {
		b.up(t, c)
		b.renews(t, c, 1)
		said, heard := len(b.log(t)), len(c.process.Output())
		b.revoke(t, c)
		gone := time.Now()
		b.callsInVain(t, c, heard)
		for _, p := range inside.Packets(lab.Touches("172.16.0.2/32")) {
			if p.At.After(gone) {
				t.Fatalf("%v after its session ended there is %v", p.At.Sub(gone), p)
			}
		}
		b.server().Clients = all
		b.apply(t)
		if renewalRefused.MatchString(b.log(t)[said:]) {
			break
		}
		if try == 3 {
			t.Fatalf("no renewal was refused:\n%s", tail(b.log(t)))
		}
	}
	b.up(t, c)
}

// callsInVain waits until a stubborn client, which has not heard that it should go, calls anew
// and hears, and does not understand, that it may not come in. What it printed before is
// left out.
func (b *bench) callsInVain(t *testing.T, c *traveller, before int) {
	t.Helper()
	b.Eventually(2*lab.Patience, "it calls anew", func() error {
		said := c.process.Output()[before:]
		if !strings.Contains(said, "unknown control message: AUTH_FAILED") || !strings.Contains(said, "Inactivity timeout") {
			return fmt.Errorf("%s", tail(said))
		}
		return nil
	})
}

// TestFrozen stops two clients before they are revoked, one of which does not obey, and lets
// them go on when their sessions are gone: they send what they have with the keys that they
// have, and nothing gets through.
func TestFrozen(t *testing.T) {
	b := newBench(t)
	obeys, stubborn := b.traveller(t), b.traveller(t)
	b.ready(t)
	obeys.dial(hasty...)
	stubborn.process = stubborn.Start(append([]string{b.StubbornOpenVPN(), "--config", stubborn.profile}, hasty...)...)
	frozen := []*traveller{obeys, stubborn}
	for _, c := range frozen {
		b.up(t, c)
		c.PingStart("172.16.0.1")
	}
	for _, c := range frozen {
		if err := syscall.Kill(c.process.Pid(), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	b.server().Clients = nil
	b.apply(t)
	b.Eventually(lab.Patience, "their sessions end", b.count(0))
	inside, outside := b.gateway.Capture(plan.SSLDevice), b.gateway.Capture("wan0")
	for _, c := range frozen {
		if err := syscall.Kill(c.process.Pid(), syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	data := func(p lab.Packet) bool { // P_DATA_V2, whose kind is 9
		return !p.Out && p.DstPort == 1194 && len(p.Payload) > 8 && p.Payload[8]>>3 == 9
	}
	b.Eventually(2*lab.Patience, "they send, call and are refused", func() error {
		for _, c := range frozen {
			if !strings.Contains(c.process.Output(), "control message: AUTH_FAILED") {
				return fmt.Errorf("%s", tail(c.process.Output()))
			}
		}
		if len(outside.Packets(data)) == 0 {
			return errors.New("nothing is sent with old keys")
		}
		return nil
	})
	if got := inside.Packets(lab.Touches("172.16.0.0/29")); len(got) > 0 {
		t.Errorf("got through: %v", got[0])
	}
}
