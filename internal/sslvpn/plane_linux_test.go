package sslvpn

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestTraveller plays the whole life of a certificate: in, thrown out within a second,
// kept out, in again with the same certificate, replaced, and out for good.
func TestTraveller(t *testing.T) {
	b, c := dialable(t)
	began := time.Now()
	b.comesIn(t, c)
	t.Logf("figure: connected and pinged %v after the client's start", time.Since(began).Round(time.Millisecond))

	routes := c.Run("ip", "route")
	if !strings.Contains(routes, "10.0.0.0/16") {
		t.Errorf("the pushed route is not there:\n%s", routes)
	}
	if addrs := c.Run("ip", "-o", "addr"); !strings.Contains(addrs, "172.16.0.2/24") {
		t.Errorf("the client does not have its address:\n%s", addrs)
	}
	b.Eventually(lab.Patience, "the session is listed", func() error {
		for _, s := range b.sessions(t) {
			if s.Client == c.id && s.Source.Addr().String() == "198.51.100.21" && s.Cipher == "AES-256-GCM" && s.In > 0 {
				return nil
			}
		}
		return fmt.Errorf("%+v", b.sessions(t))
	})

	all := b.server().Clients
	b.server().Clients = b.without(c.id)
	pid := b.pid(t)
	began = time.Now()
	b.apply(t)
	b.Eventually(lab.Patience, "the session ends", b.count(0))
	t.Logf("figure: revoked: gone %v after the plan", time.Since(began).Round(time.Millisecond))
	if _, err := c.Try("ping", "-n", "-c", "1", "-W", "1", "172.16.0.1"); err == nil {
		t.Error("a client that was thrown out still reaches the server")
	}
	b.Eventually(2*lab.Patience, "the client is refused", func() error {
		if _, refusals, _ := b.plane.Sessions(b.row.ID); refusals[refusedUnknown] == 0 {
			return fmt.Errorf("nobody was refused; the client says %s", tail(c.process.Output()))
		}
		return nil
	})

	b.server().Clients = all
	b.apply(t)
	b.up(t, c)

	replaced := append([]plan.SSLClient(nil), all...)
	replaced[0].Serial = "abcdef"
	b.server().Clients = replaced
	b.apply(t)
	b.Eventually(lab.Patience, "a replaced certificate's session ends", b.count(0))
	if now := b.pid(t); now != pid {
		t.Errorf("the server was restarted: %d, then %d", pid, now)
	}
}

// TestRestartDropsNobody makes a new plane over a running server, as a restarted program
// does, while pings go through.
func TestRestartDropsNobody(t *testing.T) {
	b, c := dialable(t)
	b.comesIn(t, c)
	b.Eventually(lab.Patience, "the session is listed", b.count(1))
	pid := b.pid(t)
	pings := c.PingStart("172.16.0.1")
	b.stop()
	stop := b.start(t)
	if m, err := b.plane.Machines(t.Context()); err != nil || len(m) != 1 || m[0] != b.machine.ID {
		t.Errorf("found %v, %v", m, err)
	}
	b.ready(t)
	b.Eventually(lab.Patience, "the session is found again", b.count(1))
	if p := pings.Stop(); p.Sent == 0 || p.Lost() > 0 {
		t.Errorf("pings: %v", p)
	}
	if now := b.pid(t); now != pid {
		t.Errorf("the server was restarted: %d, then %d", pid, now)
	}
	stop()
	if now := b.pid(t); now != pid {
		t.Error("the end of a program ends its servers")
	}
}

// TestAdmission lets in and keeps out: an old client without AEAD, one session too many,
// and a second device.
func TestAdmission(t *testing.T) {
	b := newBench(t)
	b.server().Sessions = 2
	old, first, second := b.traveller(t), b.traveller(t), b.traveller(t)
	b.ready(t)
	old.dial("--data-ciphers", "AES-128-CBC")
	first.dial()
	b.up(t, old)
	b.up(t, first)
	b.Eventually(lab.Patience, "CBC for one, AEAD for the other", func() error {
		ciphers := map[vpc.SSLClientID]string{}
		for _, s := range b.sessions(t) {
			ciphers[s.Client] = s.Cipher
		}
		if ciphers[old.id] != "AES-128-CBC" || ciphers[first.id] != "AES-256-GCM" {
			return fmt.Errorf("%v", ciphers)
		}
		return nil
	})

	second.dial()
	b.refused(t, refusedFull)
	second.process.Kill()

	device := b.Namespace("second") // of the first client's
	device.Plug("wan0", b.net, "br0", "198.51.100.99/24")
	taker := &traveller{Namespace: device, id: first.id, address: "198.51.100.99", profile: first.profile}
	b.comesIn(t, taker)
	b.Eventually(lab.Patience, "a client's second device takes over from its first", func() error {
		all := b.sessions(t)
		at := slices.IndexFunc(all, func(s Session) bool { return s.Client == first.id })
		if len(all) != 2 || at < 0 || all[at].Source.Addr().String() != taker.address {
			return fmt.Errorf("%+v", all)
		}
		return nil
	})
}

// TestSettings changes the port: that server restarts and clients with a new profile come
// in; then the process is killed, and the next look starts it again.
func TestSettings(t *testing.T) {
	b, c := dialable(t)
	pid := b.pid(t)
	b.row.Port = 4500
	b.server().Listen = netip.MustParseAddrPort(public + ":4500")
	text, serial := b.issue(t, c.id, time.Now(), time.Now().AddDate(3, 0, 0))
	b.server().Clients[0].Serial, c.profile = serial, b.file(t, text)
	b.ready(t)
	if b.pid(t) == pid {
		t.Fatal("another port did not restart the server")
	}
	b.comesIn(t, c)

	child, err := b.children.Find(childName(b.row.ID))
	if err != nil || child == nil {
		t.Fatal(err)
	}
	if err := child.Signal(9); err != nil {
		t.Fatal(err)
	}
	<-child.Gone()
	b.ready(t)

	b.machine.Gone = true
	if o, err := b.plane.Apply(t.Context(), b.machine); err != nil || !o.Gone {
		t.Errorf("gone %t, %v", o.Gone, err)
	}
	if all, err := b.children.All(); err != nil || len(all) != 0 {
		t.Errorf("left behind: %v, %v", all, err)
	}
	if left, err := filepath.Glob(b.children.Path("*", "")); err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v, %v", left, err)
	}
}

// TestLogIsBounded fills a server's log, as whoever has a profile could in time.
func TestLogIsBounded(t *testing.T) {
	b, c := dialable(t)
	path := b.children.Path(childName(b.row.ID), ".log")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(strings.Repeat("a line of somebody's\n", 2*logLimit/21)); err != nil {
		t.Fatal(err)
	}
	b.Eventually(lab.Patience, "the log is short", func() error {
		st, err := os.Stat(path)
		if err == nil && st.Size() > logLimit {
			err = fmt.Errorf("%d bytes", st.Size())
		}
		return err
	})
	b.comesIn(t, c)
	if !strings.Contains(b.log(t), string(c.id)) {
		t.Error("nothing is written any more")
	}
}

// TestEarly has a client call before the plan knows it, as one whose certificate was made a
// moment ago: it is let in as soon as the plan comes.
func TestEarly(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	all := b.server().Clients
	b.server().Clients = nil
	b.ready(t)
	c.dial()
	s := b.plane.servers[b.row.ID]
	b.Eventually(lab.Patience, "it waits", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.waiting) == 0 && s.tally.refused[refusedUnknown] == 0 {
			return fmt.Errorf("nobody has come:\n%s", tail(c.process.Output()))
		}
		return nil
	})
	b.server().Clients = all
	began := time.Now()
	b.apply(t)
	b.up(t, c)
	t.Logf("figure: a client that came early is in %v after the plan", time.Since(began).Round(time.Millisecond))
}

// TestAway has a client call while no program is there to answer: when one is, the client
// is told to try again, and gets in by itself.
func TestAway(t *testing.T) {
	b, c := dialable(t)
	b.stop()
	c.dial()
	b.Eventually(lab.Patience, "it waits", func() error {
		if log := b.log(t); !strings.Contains(log, "authentication deferred") {
			return fmt.Errorf("%s", tail(log))
		}
		return nil
	})
	began := time.Now()
	b.start(t)
	b.ready(t)
	b.up(t, c)
	t.Logf("figure: a client that called while the program was away is in %v after its start", time.Since(began).Round(time.Millisecond))
	if c.process.Ended() {
		t.Error("the client has given up")
	}
}
