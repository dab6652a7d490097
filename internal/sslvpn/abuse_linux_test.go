package sslvpn

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
)

// revoke takes a client out of the plan, waits until it has no session any more, and
// gives how long that took.
func (b *bench) revoke(t *testing.T, c *traveller) time.Duration {
	t.Helper()
	b.server().Clients = b.without(c.id)
	began := time.Now()
	b.apply(t)
	b.Eventually(lab.Patience, "the session of "+string(c.id)+" ends", func() error {
		for _, s := range b.sessions(t) {
			if s.Client == c.id {
				return fmt.Errorf("%+v", s)
			}
		}
		return nil
	})
	return time.Since(began).Round(time.Millisecond)
}

// TestSilentToStrangers has whoever lacks the server's tls-crypt key, or has another
// server's, hear nothing at all, so that the port does not tell what it is.
func TestSilentToStrangers(t *testing.T) {
	b, c := dialable(t)
	text, err := os.ReadFile(c.profile)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)<tls-crypt>.*</tls-crypt>\n`)
	for what, profile := range map[string]string{
		"without tls-crypt":            block.ReplaceAllString(string(text), ""),
		"with another server's":        block.ReplaceAllString(string(text), "<tls-crypt>\n"+pki.NewCryptKey().Reveal()+"</tls-crypt>\n"),
		"with tls-auth in place of it": strings.NewReplacer("<tls-crypt>", "<tls-auth>", "</tls-crypt>", "</tls-auth>").Replace(string(text)),
	} {
		wire := c.Capture("wan0")
		stranger := &traveller{Namespace: c.Namespace, id: c.id, profile: b.file(t, profile)}
		stranger.dial("--connect-retry", "1", "1", "--connect-timeout", "1")
		b.Eventually(lab.Patience, what+": it calls twice", func() error {
			if asked := wire.Packets(func(p lab.Packet) bool { return p.DstPort == 1194 }); len(asked) < 2 {
				return fmt.Errorf("%d packets were sent:\n%s", len(asked), tail(stranger.process.Output()))
			}
			return nil
		})
		stranger.process.Kill()
		if heard := wire.Packets(func(p lab.Packet) bool { return p.SrcPort == 1194 }); len(heard) > 0 {
			t.Errorf("%s: the server answers: %v", what, heard[0])
		}
		wire.Stop()
	}
	b.comesIn(t, c)
}

// TestCompression has clients that insist on compression, of which the length of a packet
// would tell what is in it: the server never compresses, and takes nothing compressed. What
// is too short to be worth it passes.
func TestCompression(t *testing.T) {
	b, c := dialable(t)
	const size = 1000 // of one letter, which compresses to nothing
	long := []string{"-s", fmt.Sprint(size), "-p", "41", "-W", "1"}
	for offer, taken := range map[string]bool{"lz4-v2": false, "stub-v2": true} {
		b.comesIn(t, c, "--compress", offer, "--allow-compression", "yes")
		wire := c.Capture("wan0")
		b.Eventually(lab.Patience, offer+": the server sends at full length", func() error {
			b.gateway.Ping("172.16.0.2", 1, long...)
			if full := wire.Packets(func(p lab.Packet) bool { return p.SrcPort == 1194 && p.Length > size }); len(full) == 0 {
				return fmt.Errorf("none of %d packets", len(wire.Packets(lab.Touches(public+"/32"))))
			}
			return nil
		})
		wire.Stop()
		if taken {
			b.Eventually(lab.Patience, offer+": packets as they are pass", func() error {
				if p := c.Ping("172.16.0.1", 1, long...); p.Received == 0 {
					return fmt.Errorf("%s", p.Text)
				}
				return nil
			})
		} else if p := c.Ping("172.16.0.1", 3, long...); p.Received > 0 {
			t.Errorf("%s: the server has unpacked %d packets", offer, p.Received)
		}
		c.process.Kill()
	}
}

// TestMoves has a client get another address while it is connected, as a telephone does
// between two networks. It stays connected; and revoked right after it has moved, it is
// gone as fast as one that has not.
func TestMoves(t *testing.T) {
	b, c := dialable(t)
	b.comesIn(t, c)
	pid := b.pid(t)
	c.Address("wan0", "198.51.100.77/24")
	c.Run("ip", "addr", "del", "198.51.100.21/24", "dev", "wan0")
	c.Address("wan0", "198.51.100.77/24") // it went with the first, whose network it is in
	b.up(t, c)
	if c.times() != 1 {
		t.Errorf("the client had to connect anew:\n%s", tail(c.process.Output()))
	}
	t.Logf("figure: revoked after a move: gone after %v", b.revoke(t, c))
	if b.pid(t) != pid {
		t.Error("the server was restarted")
	}
}

// TestRenews has two clients renew their keys while this program is away, so that nobody
// answers. One was revoked meanwhile, and is out as soon as the program is back. The other
// one stays: its renewal is let through then, and the next one is as ever.
func TestRenews(t *testing.T) {
	b := newBench(t)
	stays, goes := b.traveller(t), b.traveller(t)
	b.ready(t)
	for _, c := range []*traveller{stays, goes} {
		b.comesIn(t, c, "--reneg-sec", "6")
	}
	b.stop()
	b.renews(t, goes, 1)
	b.renews(t, stays, 1)
	b.server().Clients = b.without(goes.id)
	b.start(t)
	b.ready(t)
	b.Eventually(lab.Patience, "the revoked one is out", b.count(1))
	b.up(t, stays)
	b.renews(t, stays, 2)
	b.up(t, stays)
	if in := stays.times(); in != 1 {
		t.Errorf("the one that stays has connected %d times", in)
	}
}

// renews waits until a client has begun to renew its keys so many times.
func (b *bench) renews(t *testing.T, c *traveller, times int) {
	t.Helper()
	b.Eventually(2*lab.Patience, "a renewal", func() error {
		if n := strings.Count(c.process.Output(), "TLS: soft reset"); n < times {
			return fmt.Errorf("%d so far", n)
		}
		return nil
	})
}

// TestFarewells has a client say goodbye ten times, a second apart, while it is revoked:
// the goodbyes keep no session alive.
func TestFarewells(t *testing.T) {
	b, c := dialable(t)
	b.comesIn(t, c, "--explicit-exit-notify", "10")
	c.process.Signal(syscall.SIGTERM)
	b.Eventually(lab.Patience, "it says goodbye", func() error {
		if !strings.Contains(c.process.Output(), "SIGTERM received, sending exit notification") {
			return fmt.Errorf("%s", tail(c.process.Output()))
		}
		return nil
	})
	t.Logf("figure: revoked while it says goodbye: gone after %v", b.revoke(t, c))
	c.process.Kill()
}

// TestDeaf has a revoked client that does not hear that it should go, and goes on sending:
// nothing of it gets through.
func TestDeaf(t *testing.T) {
	b, c := dialable(t)
	b.comesIn(t, c)
	b.Eventually(lab.Patience, "the session is listed", b.count(1))
	c.Run("ip", "link", "set", "wan0", "down")
	took := b.revoke(t, c)
	t.Logf("figure: revoked and deaf: gone after %v", took)
	inside, outside := b.gateway.Capture(plan.SSLDevice), b.gateway.Capture("wan0")
	c.Run("ip", "link", "set", "wan0", "up")
	pings := c.PingStart("172.16.0.1")
	b.Eventually(lab.Patience, "it sends", func() error {
		if len(outside.Packets(lab.Touches("198.51.100.21/32"))) < 20 {
			return fmt.Errorf("too little was sent")
		}
		return nil
	})
	if p := pings.Stop(); p.Received > 0 {
		t.Errorf("answered: %v", p)
	}
	if got := inside.Packets(lab.Touches("172.16.0.2/32")); len(got) > 0 {
		t.Errorf("got through: %v", got[0])
	}
}
