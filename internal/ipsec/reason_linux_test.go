package ipsec

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestReasons spoils one thing of a tunnel, lets us begin and then the peer, and expects
// the reason in plain words and a hint; meanwhile a neighbour in the same daemon carries
// every packet. Then the thing is mended at the peer, and an active tunnel comes up
// without further help.
func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spoil  func(p *peer)
		active string // the cause when we begin
		called string // the cause when the peer begins
	}{
		{"wrong key", func(p *peer) { p.have.Key = "another key" }, "key", "pre-shared keys differ"},
		{"proposal 1", func(p *peer) { p.have.IKE = "aes256-sha512-modp4096" }, "phase 1", "phase 1"},
		{"proposal 2", func(p *peer) { p.have.ESP = "aes256-sha512" }, "phase 2", "phase 2"},
		{"selectors", func(p *peer) { p.have.LocalTS = []string{"10.99.0.0/24"} }, "IKE is up, IPsec is not: the peer refuses the selectors", "the selectors differ"},
		{"identity", func(p *peer) { p.have.LocalID = "stranger.example" }, "identity", "identity"},
	} {
		for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
			for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiatePassive} {
				t.Run(tt.name+" "+version+" "+string(start), func(t *testing.T) {
					t.Parallel()
					s := newSite(t)
					p, neighbour := s.office(1), s.office(2)
					neighbour.load()
					s.set(neighbour)
					s.apply()
					s.becomes(id(2), true, lab.Patience)
					s.carries(neighbour)
					pings := s.host.PingStart(neighbour.inner())

					good := p.have
					p.version(version)
					good.Version = p.have.Version
					p.want.Start = start
					tt.spoil(p)
					p.load()
					s.set(p)
					s.apply()
					cause := tt.active
					if start == vpc.NegotiatePassive {
						cause = tt.called
						go p.Up("gw-1")
					}
					s.fails(id(1), cause, lab.Patience)
					if st := s.state(id(1)); st.Hint == "" || strings.Contains(st.Cause+st.Hint, theKey) {
						t.Errorf("%+v", st)
					}
					s.whole("the neighbour", pings, 0)
					if start == vpc.NegotiateActive {
						p.have = good
						p.load()
						s.becomes(id(1), true, lastPause+5*time.Second)
						s.carries(p)
					}
				})
			}
		}
	}
}

// TestStranger hears why a call fails before it is said whose it is, and after: lines may
// come in either order. The tunnel whose peer is at the address has the reason, no other.
func TestStranger(t *testing.T) {
	for _, lines := range [][]string{
		{"198.51.100.11 is initiating an IKE_SA", "received proposals unacceptable"},
		{"received proposals unacceptable", "198.51.100.11 is initiating an IKE_SA"},
	} {
		d := &daemon{strange: map[uint32]*stranger{}, tunnels: map[vpc.ConnectionID]*tunnel{}}
		for n, at := range []string{"198.51.100.11", "198.51.100.12"} {
			w := sample()
			w.Remote, w.Start = netip.MustParseAddr(at), vpc.NegotiatePassive
			d.tunnels[id(n)] = newTunnel(w)
			d.tunnels[id(n)].loaded = true
		}
		for _, text := range lines {
			d.hear(7, Entry{Text: text})
		}
		hers, other := d.tunnels[id(0)], d.tunnels[id(1)]
		if hers.failure != noPhase1 || len(hers.log.all()) != len(lines) {
			t.Errorf("%q: %+v, log %v", lines, hers.failure, hers.log.all())
		}
		if other.failure != (reason{}) || len(other.log.all()) != 0 {
			t.Errorf("%q: another tunnel has %+v, log %v", lines, other.failure, other.log.all())
		}
	}
}

// TestSilence has no peer at the address at all, then one that comes late.
func TestSilence(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	p.Kill()
	p.Run("nft", "add table ip quiet; add chain ip quiet in { type filter hook input priority 0; policy drop; }")
	s.set(p)
	s.apply()
	s.fails(id(1), "silent", lab.Patience)
	p.Run("nft", "delete table ip quiet")
	p.Start()
	p.load()
	s.becomes(id(1), true, lab.Patience)
}

// TestStockPeer begins in aggressive mode with a strongSwan as it is shipped, which takes
// none: the hint says so, and what it says helps.
func TestStockPeer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	stock := func(conf string) {
		p.Kill()
		p.Peer = p.StockPeer(conf)
		p.load()
	}
	stock("")
	p.version(lab.IKEv1Aggressive)
	p.load()
	s.set(p)
	s.apply()
	s.fails(id(1), refused.cause, lab.Patience)
	said := regexp.MustCompile("strongSwan: `([^`]*)` in the section charon").FindStringSubmatch(s.state(id(1)).Hint)
	if said == nil {
		t.Fatalf("%+v", s.state(id(1)))
	}
	stock("charon { " + said[1] + " }")
	s.becomes(id(1), true, lastPause+5*time.Second)
}

// TestRefusals are tunnels that cannot be said to charon. They are told of, and keep
// nothing else from being loaded.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.office(1)
	good.load()
	s.set(good)
	for n, spoil := range map[int]func(*plan.Tunnel){
		2: func(w *plan.Tunnel) { w.IKE.Encryption = "SM4" },
		3: func(w *plan.Tunnel) { w.IPsec.Integrity = "SM3" },
		4: func(w *plan.Tunnel) { w.IKE.Version, w.IKE.Encryption = ikeV1, "AES128GCM128" },
		5: func(w *plan.Tunnel) {
			w.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: strings.Repeat("ä", 127)}
		},
	} {
		w := good.want
		w.Connection, w.Remote = id(n), netip.MustParseAddr("198.51.100.99")
		w.Children = []plan.Child{{Name: "x" + string(id(n)), Local: w.Children[0].Local, Remote: w.Children[0].Remote}}
		spoil(&w)
		s.daemon.Tunnels = append(s.daemon.Tunnels, w)
	}
	o := s.apply()
	if !o.Ready {
		t.Errorf("one owner's mistake is not the machine's: %s", o.Cause)
	}
	for n := 2; n <= 5; n++ {
		if st := o.Tunnels[id(n)]; st.Loaded || st.Cause == "" || st.Hint == "" {
			t.Errorf("%d: %+v", n, st)
		}
	}
	s.becomes(id(1), true, lab.Patience)

	// A tunnel that was held and cannot be said any more does not stay as it was.
	for i := range s.daemon.Tunnels {
		s.daemon.Tunnels[i].IKE.Encryption, s.daemon.Tunnels[i].Start = "SM4", vpc.NegotiateOnFlow
	}
	s.apply()
	s.fails(id(1), s.state(id(2)).Cause, lab.Patience)
}
