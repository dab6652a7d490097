package ipsec

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// pid is the daemon's process.
func (s *site) pid() int {
	s.t.Helper()
	c, err := s.children.Find(childName(s.daemon.Name))
	if err != nil || c == nil {
		s.t.Fatalf("no daemon: %v", err)
	}
	c.Release()
	return c.PID
}

func TestKilledDaemonComesBack(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.joined(version)
			s.carries(p)
			before := s.pid()
			if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			s.Eventually(lab.Patience, "its death is noticed", func() error {
				if n := strings.Count(fmt.Sprint(s.plane.observe(s.machine(), nil).Facts), fmt.Sprint("pid ", before)); n > 0 {
					return errors.New("not yet")
				}
				return nil
			})
			s.becomes(id(1), true, lab.Patience)
			s.host.Reaches(p.inner(), lab.Patience)
			t.Logf("packets again after %v", time.Since(began))
			if s.pid() == before {
				t.Error("the same process")
			}
		})
	}
}

// TestRestartAdopts ends the plane under traffic and starts another, as a restart of the
// server does. The second is not told anything but the same plan.
func TestRestartAdopts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.joined(lab.IKEv2)
	s.carries(p)
	pid, sas := s.pid(), p.SAs()
	pings := s.host.PingStart(p.inner())
	s.stop()
	s.open()
	if got, err := s.plane.Machines(t.Context()); err != nil || len(got) != 1 || got[0] != machineID {
		t.Errorf("machines %v, %v", got, err)
	}
	if o := s.apply(); !o.Tunnels[id(1)].Up {
		t.Errorf("not adopted as it is: %+v", o)
	}
	s.apply()
	if got := s.host.Ping(p.inner(), 50); got.Lost() > 0 {
		t.Errorf("after it: %v", got)
	}
	s.whole("meanwhile", pings, 0)
	if s.pid() != pid || spis(p.SAs()) != spis(sas) {
		t.Errorf("pid %d, then %d; SAs before\n%s\nafter\n%s", pid, s.pid(), sas, p.SAs())
	}

	// What changed while nobody looked is found by the stamp.
	s.stop()
	p.want.Key = "the second key"
	p.have.Key = "the second key"
	p.load()
	s.set(p)
	s.open()
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	if spis(p.SAs()) == spis(sas) {
		t.Error("the new key did not lead to new SAs")
	}

	// And a machine that is gone meanwhile is taken down.
	s.stop()
	s.open()
	m := s.machine()
	m.Daemons, m.Gone = nil, true
	if o, err := s.plane.Apply(t.Context(), m); err != nil || !o.Gone {
		t.Errorf("%+v, %v", o, err)
	}
	if left := s.leftovers(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// spis are the SPIs of CHILD_SAs as swanctl prints them.
func spis(sas string) string {
	var out []string
	for _, line := range strings.Split(sas, "\n") {
		if f := strings.Fields(line); len(f) > 1 && (f[0] == "in" || f[0] == "out") {
			out = append(out, f[1])
		}
	}
	return strings.Join(out, " ")
}

// TestNeighboursLoseNothing changes, resets, adds and removes tunnels beside one that
// carries pings.
func TestNeighboursLoseNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b, c := s.office(1), s.office(2), s.office(3)
	for _, p := range []*peer{a, b} {
		p.load()
		s.set(p)
	}
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	s.becomes(id(2), true, lab.Patience)
	pings := s.host.PingStart(a.inner())
	step := func(what string, change func()) {
		t.Helper()
		before := b.SAs()
		change()
		b.load()
		s.set(b)
		s.apply()
		s.becomes(id(2), true, lab.Patience)
		err := lab.Poll(lab.Patience, func() error {
			if now := b.SAs(); spis(now) == "" || spis(now) == spis(before) {
				return fmt.Errorf("still %s", now)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: no new SAs: %v", what, err)
		}
	}
	step("reset", func() { b.want.Resets++ })
	s.gateway.Address("lo", "10.1.9.0/32") // charon looks again at all its paths then
	step("key", func() { b.want.Key, b.have.Key = "another", "another" })
	step("proposal", func() { b.want.IPsec.Encryption, b.have.ESP = "AES-CBC-256", "aes256-sha1" })
	s.carries(b)

	c.load()
	s.set(c)
	s.apply()
	s.becomes(id(3), true, lab.Patience)
	s.daemon.Tunnels = s.daemon.Tunnels[:1]
	s.apply()
	if o := s.apply(); len(o.Tunnels) != 1 {
		t.Errorf("tunnels left: %v", o.Tunnels)
	}
	s.whole("the neighbour", pings, 0)
}

// TestAggressiveIsTurnedOnWithoutRestart adds an aggressive tunnel beside one that
// carries pings: the daemon reads its settings anew and goes on.
func TestAggressiveIsTurnedOnWithoutRestart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.office(1), s.office(2)
	a.load()
	s.set(a)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	pid := s.pid()
	pings := s.host.PingStart(a.inner())
	b.version(lab.IKEv1Aggressive)
	b.want.Start = vpc.NegotiatePassive
	b.load()
	s.set(b)
	s.apply()
	if err := b.Up("gw-1"); err != nil {
		t.Fatal(err)
	}
	s.becomes(id(2), true, lab.Patience)
	s.daemon.Tunnels, s.daemon.Aggressive = s.daemon.Tunnels[:1], false
	s.apply()
	s.whole("the neighbour", pings, 0)
	if s.pid() != pid {
		t.Errorf("pid %d, then %d", pid, s.pid())
	}
}

// TestAggressiveIsRefused has a peer that begins in aggressive mode where its connection is
// one in main mode: before the daemon has any aggressive connection, and after the last.
func TestAggressiveIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	p.version(lab.IKEv1Aggressive)
	p.want.Start = vpc.NegotiatePassive
	p.load()
	exchange := func(name string) {
		p.want.IKE.Exchange, s.daemon.Aggressive = name, name == "AGGRESSIVE"
		s.set(p)
		s.apply()
		s.becomes(id(1), false, lab.Patience)
		s.Eventually(lab.Patience, "the peer has no SA", func() error {
			if left := p.SAs(); left != "" {
				return errors.New(left)
			}
			return nil
		})
	}
	refusals := func() int {
		text, err := os.ReadFile(s.children.Path(childName(s.daemon.Name), endLog))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "Aggressive Mode PSK disabled")
	}
	refused := func(when string) {
		t.Helper()
		before := refusals()
		if err := p.Up("gw-1"); err == nil {
			t.Errorf("%s: it came up", when)
		}
		if st := s.state(id(1)); st.Up || refusals() <= before {
			t.Errorf("%s: refused %d times, then %d: %+v", when, before, refusals(), st)
		}
	}
	exchange("MAIN")
	refused("before")
	exchange("AGGRESSIVE")
	if err := p.Up("gw-1"); err != nil {
		t.Fatal(err)
	}
	s.becomes(id(1), true, lab.Patience)
	exchange("MAIN")
	refused("after")
}

// TestVanishedNamespace deletes a daemon's namespace by hand; the plan is then applied to
// a new one of the same name.
func TestVanishedNamespace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.joined(lab.IKEv2)
	before := s.pid()
	name := s.gateway.Name
	s.gateway.Run("ip", "link", "del", "wan0")
	if err := host.DeleteNamespace(name); err != nil {
		t.Fatal(err)
	}
	s.inet.Run("ip", "netns", "add", name)
	s.gateway.Forward()
	s.gateway.Run("ip", "link", "set", "lo", "up")
	s.gateway.Plug("wan0", s.inet, "net", gatewayAddress+"/24")
	s.host.Run("ip", "link", "del", "eth0")
	s.gateway.Cable("lan0", s.host, "eth0")
	s.inside()
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	if s.pid() == before {
		t.Error("the daemon stayed in the old namespace")
	}
}
