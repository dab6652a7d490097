package sslvpn

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestChanges changes a server's cipher and then its port while clients are connected.
// Another cipher costs a client that has AEAD nothing but the restart; one that has only
// the old cipher needs a new profile, as everybody does after another port.
func TestChanges(t *testing.T) {
	b := newBench(t)
	modern, old := b.traveller(t), b.traveller(t)
	b.ready(t)
	modern.dial()
	old.dial("--data-ciphers", "AES-128-CBC")
	b.up(t, modern)
	b.up(t, old)

	b.row.Encryption, b.server().Encryption = "AES-256-CBC", "AES-256-CBC"
	began := time.Now()
	b.ready(t)
	b.Eventually(2*lab.Patience, "the modern client is let in anew", b.timesIn(modern, 2))
	b.up(t, modern)
	t.Logf("figure: back by itself after another cipher in %v", time.Since(began).Round(time.Millisecond))
	b.refused(t, refusedCipher)
	b.Eventually(2*lab.Patience, "the old client is told why not", func() error {
		if !strings.Contains(old.process.Output(), "AUTH_FAILED,TEMP[backoff 5,advance no]: "+refusedCipher) {
			return fmt.Errorf("%s\n%s", tail(old.process.Output()), tail(b.log(t)))
		}
		return nil
	})
	if slices.ContainsFunc(b.sessions(t), func(s Session) bool { return s.Client == old.id }) {
		t.Error("the old client is listed")
	}
	if n := old.times(); n != 1 {
		t.Errorf("the old client was let in %d times", n)
	}
	old.process.Kill()
	b.renew(t, old)
	b.comesIn(t, old, "--data-ciphers", "AES-256-CBC")
	old.process.Kill()

	b.row.Port = 4433
	b.server().Listen = netip.MustParseAddrPort(public + ":4433")
	wire := b.gateway.Capture("wan0")
	b.ready(t)
	b.Eventually(2*lab.Patience, "the modern client asks at the old port", func() error {
		if p := wire.Packets(func(p lab.Packet) bool { return p.DstPort == 1194 && !p.Out }); len(p) < 2 || strings.Count(modern.process.Output(), "process restarting") < 2 {
			return fmt.Errorf("%s", tail(modern.process.Output()))
		}
		return nil
	})
	if n := modern.times(); n != 2 {
		t.Errorf("it was let in %d times", n)
	}
	modern.process.Kill()
	b.renew(t, modern)
	b.comesIn(t, modern)
}

func (b *bench) timesIn(c *traveller, want int) func() error {
	return func() error {
		if n := c.times(); n < want {
			return fmt.Errorf("%d times:\n%s", n, tail(c.process.Output()))
		}
		return nil
	}
}

// renew gives a client a certificate and a profile of the server as it is now.
func (b *bench) renew(t *testing.T, c *traveller) {
	t.Helper()
	text, serial := b.issue(t, c.id, time.Now(), time.Now().AddDate(3, 0, 0))
	c.profile = b.file(t, text)
	for i := range b.server().Clients {
		if b.server().Clients[i].ID == c.id {
			b.server().Clients[i].Serial = serial
		}
	}
	b.apply(t)
}

// TestKilled kills the server's process under a client: the next look starts another, and
// the client is back by itself, at its address. A killed process says goodbye to nobody, so a
// client finds out when it has heard nothing for a while: a minute, as it is told and
// would be too long to wait for here, so that this one is made to look after three seconds.
func TestKilled(t *testing.T) {
	b, c := dialable(t)
	b.comesIn(t, c, "--pull-filter", "ignore", "ping", "--ping", "1", "--ping-restart", "3")
	if said := c.process.Output(); !strings.Contains(said, ",ping 10,ping-restart 60,") {
		t.Errorf("how long it may hear nothing is not what it is told:\n%s", tail(said))
	}
	pid := b.pid(t)
	child, err := b.children.Find(childName(b.row.ID))
	if err != nil || child == nil {
		t.Fatal("no process:", err)
	}
	began := time.Now()
	if err := child.Signal(9); err != nil {
		t.Fatal(err)
	}
	<-child.Gone()
	b.ready(t)
	t.Logf("figure: another process answers %v after the first was killed", time.Since(began).Round(time.Millisecond))
	if b.pid(t) == pid {
		t.Error("it is the same process")
	}
	b.Eventually(2*lab.Patience, "the client is let in anew", b.timesIn(c, 2))
	b.up(t, c)
	t.Logf("figure: the client is back after %v", time.Since(began).Round(time.Millisecond))
	b.Eventually(lab.Patience, "at its address", func() error {
		if all := b.sessions(t); len(all) != 1 || all[0].Address != b.row.SeatAddress(0) {
			return fmt.Errorf("%+v", all)
		}
		return nil
	})
}

// TestHangs stops a process without ending it. It is told, and in the end there is
// another, which lets the client in.
func TestHangs(t *testing.T) {
	b, c := dialable(t)
	pid := b.pid(t)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	b.Eventually(2*silence+2*lab.Patience, "it is told that the process hangs", func() error {
		if o, err := b.plane.Apply(t.Context(), b.machine); err == nil && o.Ready {
			return errors.New("it reads as ready")
		}
		return nil
	})
	t.Logf("figure: a process that hangs is told %v later", time.Since(began).Round(time.Millisecond))
	b.Eventually(2*deafTimes*startTime+2*lab.Patience, "another takes its place", func() error {
		_, err := b.plane.Apply(t.Context(), b.machine)
		return err
	})
	if now := b.pid(t); now == pid {
		t.Error("it is the same process")
	}
	b.comesIn(t, c)
}
