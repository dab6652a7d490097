package ipsec

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestTunnels brings a tunnel up in each version and from each side, and sends packets
// through it both ways.
func TestTunnels(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main, lab.IKEv1Aggressive} {
		for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiatePassive} {
			t.Run(version+" "+string(start), func(t *testing.T) {
				s := newSite(t)
				p := s.office(1)
				p.version(version)
				p.want.Start = start
				p.load()
				s.set(p)
				began := time.Now()
				if o := s.apply(); !o.Ready || !o.Tunnels[id(1)].Loaded {
					t.Errorf("%+v", o)
				}
				if start == vpc.NegotiatePassive {
					s.fails(id(1), "waits for the peer", lab.Patience)
					if err := p.Up("gw-1"); err != nil {
						t.Fatal(err)
					}
				}
				s.becomes(id(1), true, lab.Patience)
				t.Logf("up after %v", time.Since(began))
				s.carries(p)

				s.daemon.Tunnels = nil
				if o := s.apply(); !o.Ready || len(o.Tunnels) != 0 {
					t.Errorf("after the last tunnel went: %+v", o)
				}
				if left := s.leftovers(); len(left) != 0 {
					t.Errorf("daemons stay: %v", left)
				}
			})
		}
	}
}

// TestRangeOfOneHost has a local range that is a host's address alone, which user-space
// ESP wants to be the gateway's too. The rules are those of a plan.
func TestRangeOfOneHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	p.want.Children[0].Local = []netip.Prefix{netip.MustParsePrefix("10.1.0.2/32")}
	p.have.RemoteTS = []string{"10.1.0.2/32"}
	s.gateway.Address("lo", "10.1.0.2/32")
	s.gateway.Sysctl("net/ipv4/conf/lan0/accept_local", "1")
	for _, rule := range []string{
		"route add 10.1.0.0/24 dev lan0 table 102",
		"rule add priority 60 iif ipsec0 to 10.1.0.2/32 table 102",
		"rule add priority 100 table local",
		"rule del priority 0",
	} {
		s.gateway.Run(append([]string{"ip"}, strings.Fields(rule)...)...)
	}
	p.load()
	s.set(p)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	s.carries(p)
	// The host answers, not the gateway: without it there is no answer.
	s.host.Run("ip", "link", "set", "eth0", "down")
	if got := p.Ping("10.1.0.2", 2, "-I", p.inner()); got.Received > 0 {
		t.Errorf("somebody else answers for the host: %v", got)
	}
}

// TestPeerWithinRange has a remote range that holds the peer's own address: IKE must not
// go into the tunnel, and packets for the peer's address must.
func TestPeerWithinRange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	p.want.Children[0].Remote = []netip.Prefix{netip.MustParsePrefix("198.51.100.11/32"), netip.MustParsePrefix("10.2.1.0/24")}
	p.have.LocalTS = []string{"198.51.100.11/32", "10.2.1.0/24"}
	p.load()
	s.set(p)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	s.carries(p)
	if err := p.RekeyIKE("gw"); err != nil {
		t.Error(err)
	}
	s.carries(p)
	if got := s.host.Ping("198.51.100.11", 5); got.Lost() > 0 {
		t.Errorf("the peer's address through the tunnel: %v", got)
	}
}

// TestManyAtOnce gives one daemon many tunnels in one plan.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hub := s.office(1)
	var text strings.Builder
	const many = 40
	for n := 1; n <= many; n++ {
		w, h := hub.want, hub.have
		remote := netip.MustParsePrefix(fmt.Sprintf("10.3.%d.0/24", n))
		w.Connection, w.Children = id(n), []plan.Child{{Name: fmt.Sprint("c", n), Local: hub.want.Children[0].Local, Remote: []netip.Prefix{remote}}}
		w.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: fmt.Sprint("office-", n)}
		h.Name, h.LocalID, h.LocalTS = fmt.Sprint("gw", n), fmt.Sprint("office-", n), []string{remote.String()}
		text.WriteString(h.Text())
		hub.Address("lo", fmt.Sprintf("10.3.%d.1/32", n))
		s.daemon.Tunnels = append(s.daemon.Tunnels, w)
	}
	hub.Load(text.String())
	began := time.Now()
	s.apply()
	for n := 1; n <= many; n++ {
		s.becomes(id(n), true, lab.Patience)
	}
	t.Logf("%d tunnels up after %v", many, time.Since(began))
	began = time.Now()
	s.apply()
	t.Logf("a pass over them takes %v", time.Since(began))
}

// TestManyRanges has two local and two remote ranges: in IKEv1 a CHILD_SA for each pair,
// in IKEv2 one for each local range. All are negotiated at once, and again after one of
// them was closed by the peer.
func TestManyRanges(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.office(1)
			p.version(version)
			s.host.Address("eth0", "10.1.9.2/24")
			s.gateway.Address("lo", "10.1.9.0/32")
			s.gateway.Run("ip", "route", "add", "10.1.9.0/24", "dev", "lan0")
			p.Address("lo", "10.2.9.1/24")
			near, far := []string{"10.1.0.0/24", "10.1.9.0/24"}, []string{"10.2.1.0/24", "10.2.9.0/24"}
			p.have.LocalTS, p.have.RemoteTS = far, near
			p.want.Children = nil
			for i, l := range near {
				local := []netip.Prefix{netip.MustParsePrefix(l)}
				for j, r := range far {
					remote := netip.MustParsePrefix(r)
					if version == lab.IKEv2 && j > 0 {
						p.want.Children[i].Remote = append(p.want.Children[i].Remote, remote)
						continue
					}
					p.want.Children = append(p.want.Children, plan.Child{Name: fmt.Sprint("c", i, j), Local: local, Remote: []netip.Prefix{remote}})
				}
			}
			p.load()
			s.set(p)
			s.apply()
			s.becomes(id(1), true, lab.Patience)
			all := func() {
				t.Helper()
				for _, from := range []string{"10.1.0.2", "10.1.9.2"} {
					for _, to := range []string{"10.2.1.1", "10.2.9.1"} {
						s.host.Reaches(to, lab.Patience, "-I", from)
					}
				}
			}
			all()
			if n := len(s.plane.Measure(t.Context(), machineID)); n != 1 {
				t.Errorf("%d measures", n)
			}
			if err := p.CloseChild("gw-1"); err != nil {
				t.Fatal(err)
			}
			s.becomes(id(1), true, lab.Patience)
			all()
		})
	}
}
