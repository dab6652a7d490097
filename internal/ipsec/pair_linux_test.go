package ipsec

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// farRanges are the ranges behind an office that has more than one, and a host in each.
var farRanges = map[string]string{"10.2.1.0/24": "10.2.1.1", "10.2.8.0/24": "10.2.8.1", "10.2.9.0/24": "10.2.9.1"}

// wide is the first office with three ranges, which one rule of ours has.
func (s *site) wide(start vpc.Negotiation, singly bool) *peer {
	p := s.office(1)
	p.Address("lo", "10.2.8.1/24")
	p.Address("lo", "10.2.9.1/24")
	p.have.LocalTS = []string{"10.2.1.0/24", "10.2.8.0/24", "10.2.9.0/24"}
	p.have.Singly = singly
	p.want.Start = start
	p.want.Children[0].Remote = prefixes(p.have.LocalTS...)
	return p
}

// reaches sends packets to hosts in ranges of the office's.
func (s *site) reaches(ranges ...string) {
	s.t.Helper()
	for _, r := range ranges {
		s.host.Reaches(farRanges[r], lab.Patience)
	}
}

// installed waits until the office has so many CHILD_SAs.
func (p *peer) installed(n int) {
	p.s.t.Helper()
	p.s.Eventually(lab.Patience, fmt.Sprint(n, " CHILD_SAs"), func() error {
		if sas := p.SAs(); strings.Count(sas, "INSTALLED") != n {
			return errors.New(sas)
		}
		return nil
	})
}

// serving are the SPIs of the CHILD_SAs that the office sends through.
func (p *peer) serving() []string {
	var out []string
	serves := false
	for _, line := range strings.Split(p.SAs(), "\n") {
		if strings.Contains(line, ", reqid ") {
			serves = strings.Contains(line, "INSTALLED")
		}
		if serves {
			out = append(out, strings.Fields(spis(line))...)
		}
	}
	return out
}

// renewed waits until other SAs serve than did, and as many.
func (p *peer) renewed(before []string) {
	p.s.t.Helper()
	p.s.Eventually(lab.Patience, "new keys", func() error {
		now := p.serving()
		if len(now) != len(before) || slices.ContainsFunc(now, func(spi string) bool { return slices.Contains(before, spi) }) {
			return fmt.Errorf("%v, before %v", now, before)
		}
		return nil
	})
}

// rekeys replaces the keys of all CHILD_SAs from our side, as charon does when it is time.
func (s *site) rekeys() {
	s.t.Helper()
	socket := s.children.Path(childName(s.daemon.Name), endSocket)
	for _, line := range strings.Split(lab.SAs(socket), "\n") {
		if _, rest, ok := strings.Cut(line, ": #"); ok && strings.HasPrefix(line, "  ") {
			child, _, _ := strings.Cut(rest, ",")
			if out, err := exec.Command("swanctl", "--rekey", "--child-id", child, "--uri", "unix://"+socket).CombinedOutput(); err != nil {
				s.t.Fatalf("%v: %s", err, out)
			}
		}
	}
}

// calls has the office negotiate some of its children.
func (p *peer) calls(children ...int) {
	p.s.t.Helper()
	for _, n := range children {
		p.s.Eventually(lab.Patience, "the office negotiates", func() error { return p.Up(fmt.Sprint("gw-", n)) })
	}
}

// TestPairs has an office that takes all ranges in one CHILD_SA, and one that has a child
// for each pair and narrows what it is asked for to the first. Whoever begins, packets reach
// every range, in as many CHILD_SAs as it takes; also when keys were replaced from either
// side, when a child was closed, when the office died, the tunnel was reset, charon was
// killed, and the plane ended and began anew.
func TestPairs(t *testing.T) {
	for _, singly := range []bool{false, true} {
		for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiatePassive, vpc.NegotiateOnFlow} {
			t.Run(fmt.Sprintf("singly %v, %s", singly, start), func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				p := s.wide(start, singly)
				p.want.DPD = vpc.DPD{Enable: true, Timeout: 3, Action: "restart"}
				p.load()
				s.set(p)
				s.apply()
				children := []int{1}
				if singly {
					children = []int{1, 2, 3}
				}
				last := children[len(children)-1]
				all := p.have.LocalTS
				begin := func(children ...int) {
					t.Helper()
					switch start {
					case vpc.NegotiatePassive:
						p.calls(children...)
					case vpc.NegotiateOnFlow:
						s.host.Reaches(farRanges[all[2]], lab.Patience)
					}
				}
				whole := func(what string) {
					t.Helper()
					s.becomes(id(1), true, lab.Patience)
					p.installed(len(children))
					s.reaches(all...)
					t.Log(what, "and whole")
				}
				begin(children...)
				whole("at first")

				var pings []*lab.Pings
				for _, r := range all {
					pings = append(pings, s.host.PingStart(farRanges[r]))
				}
				before := p.serving()
				for _, n := range children {
					if err := p.RekeyChild(fmt.Sprint("gw-", n)); err != nil {
						t.Fatal(err)
					}
				}
				p.renewed(before)
				whole("the office replaced keys")
				before = p.serving()
				s.rekeys()
				p.renewed(before)
				whole("charon replaced keys")
				if err := p.RekeyIKE("gw"); err != nil {
					t.Fatal(err)
				}
				whole("the IKE_SA was replaced")
				for i, r := range all {
					s.whole(r, pings[i], 0)
				}

				s.stop()
				s.open()
				if o := s.apply(); !o.Tunnels[id(1)].Up {
					t.Errorf("not as it is: %+v", o)
				}
				whole("adopted")

				if err := p.CloseChild(fmt.Sprint("gw-", last)); err != nil {
					t.Fatal(err)
				}
				begin(last)
				whole("a child was closed")

				if singly {
					p.Kill()
					s.becomes(id(1), false, lab.Patience)
					p.Start()
					p.load()
					whole("the office died")
				}

				p.want.Resets++
				s.set(p)
				before = p.serving()
				s.apply()
				s.Eventually(lab.Patience, "the old SAs are gone", func() error {
					if now := p.serving(); slices.ContainsFunc(now, func(spi string) bool { return slices.Contains(before, spi) }) {
						return fmt.Errorf("%v, before %v", now, before)
					}
					return nil
				})
				begin(children...)
				whole("reset")

				pid := s.pid()
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				s.Eventually(lab.Patience, "its death is noticed", func() error {
					if strings.Contains(fmt.Sprint(s.plane.observe(s.machine(), nil).Facts), fmt.Sprint("pid ", pid)) {
						return errors.New("not yet")
					}
					return nil
				})
				if start == vpc.NegotiatePassive { // an office that does not know of it yet calls nobody
					p.Kill()
					p.Start()
					p.load()
				}
				begin(children...)
				whole("charon died")
			})
		}
	}
}

// TestMissingRange has an office that lacks a range. While it is up to us to begin, the tunnel
// is not up, and the cause names the range; the office gets it, and the tunnel is.
func TestMissingRange(t *testing.T) {
	for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiateOnFlow} {
		t.Run(string(start), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.wide(start, true)
			good := p.have
			p.have.LocalTS = good.LocalTS[:2]
			p.load()
			s.set(p)
			s.apply()
			if start == vpc.NegotiateOnFlow {
				s.host.Reaches(farRanges[good.LocalTS[0]], lab.Patience)
			}
			s.fails(id(1), "the peer refuses the selectors (missing: 10.1.0.0/24 - 10.2.9.0/24)", lab.Patience)
			p.installed(2)
			s.reaches(p.have.LocalTS...)
			if st := s.state(id(1)); st.Up || st.Hint == "" {
				t.Errorf("%+v", st)
			}
			if got := s.host.Ping(farRanges[good.LocalTS[2]], 2); got.Received > 0 {
				t.Errorf("a range without a CHILD_SA: %v", got)
			}
			p.have = good
			p.load()
			s.becomes(id(1), true, lastPause+lab.Patience)
			p.installed(3)
			s.reaches(good.LocalTS...)
		})
	}
}

// TestFirstPairFromPeer has an office that begins with one of its pairs. For a passive tunnel
// that is all that is wanted; an active one asks for the rest, and one that waits for traffic
// does with the first packet of a range that is left.
func TestFirstPairFromPeer(t *testing.T) {
	for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiatePassive, vpc.NegotiateOnFlow} {
		t.Run(string(start), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.wide(start, true)
			if start == vpc.NegotiateActive { // it comes first, since we get no answer from it yet
				p.Run("nft", "add table ip quiet; add chain ip quiet in { type filter hook input priority 0; udp dport 500 ct state new drop; }")
			}
			p.load()
			s.set(p)
			s.apply()
			p.calls(2)
			middle := p.have.LocalTS[1]
			switch start {
			case vpc.NegotiatePassive:
				s.becomes(id(1), true, lab.Patience)
				s.reaches(middle)
				p.installed(1)
				if facts := fmt.Sprint(s.plane.observe(s.machine(), nil).Facts); !strings.Contains(facts, " CHILD_SA c1-1 ") {
					t.Errorf("its SA is not of the child of that pair alone: %s", facts)
				}
				return
			case vpc.NegotiateOnFlow:
				s.fails(id(1), "waits for traffic (missing: 10.1.0.0/24 - 10.2.1.0/24, 10.1.0.0/24 - 10.2.9.0/24)", lab.Patience)
				s.reaches(middle)
				p.installed(1)
				s.host.Reaches(farRanges[p.have.LocalTS[2]], lab.Patience)
			}
			s.becomes(id(1), true, lab.Patience)
			p.installed(3)
			s.reaches(p.have.LocalTS...)
		})
	}
}

// TestManySinglePairs has an office with a child for each of many pairs. Each gets one CHILD_SA
// and no second one while charon is still at the first of them.
func TestManySinglePairs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.wide(vpc.NegotiateActive, true)
	const many = 60
	for n := len(p.have.LocalTS); n < many; n++ {
		p.have.LocalTS = append(p.have.LocalTS, fmt.Sprintf("10.3.%d.0/24", n))
		p.Address("lo", fmt.Sprintf("10.3.%d.1/24", n)) // else its engine installs no CHILD_SA
	}
	p.have.ESP = "aes128-sha1-modp2048"
	p.want.IPsec.PFS = "DH-GROUP14"
	p.want.Children[0].Remote = prefixes(p.have.LocalTS...)
	p.load()
	s.set(p)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	p.installed(many)
	s.reaches("10.2.1.0/24", "10.2.8.0/24", "10.2.9.0/24")
	if got := s.plane.Measure(t.Context(), machineID); len(got) != 1 || got[0].ChildSAs != many {
		t.Errorf("measured %+v", got)
	}
}
