package ipsec

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestHabits has peers that ask for more or other than the API knows of. The tunnel comes
// up all the same, whoever begins, and carries packets.
func TestHabits(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version string
		habit   func(p *peer)
		says    string // what the peer must have said of it, or the case would be none
	}{
		{"force-udp-encap", lab.IKEv2, func(p *peer) { p.have.Options = []string{"encap = yes"} }, "N(NATD_D_IP)"},
		{"force-udp-encap", lab.IKEv1Main, func(p *peer) { p.have.Options = []string{"encap = yes"} }, "NAT-D"},
		{"rw-psk-no-idr", lab.IKEv2, func(p *peer) { p.have.RemoteID = "%any" }, "IDi"},
		{"net2net-esn", lab.IKEv2, func(p *peer) { p.have.ESP = "aes128-sha1-esn-noesn" }, "ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ"},
		{"net2net-dscp", lab.IKEv2, func(p *peer) { p.have.ChildOpts = []string{"copy_dscp = yes"} }, ""},
	} {
		for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiatePassive} {
			t.Run(fmt.Sprint(tt.name, " ", tt.version, " ", start), func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				p := s.office(1)
				p.version(tt.version)
				p.want.Start = start
				tt.habit(p)
				p.load()
				s.set(p)
				s.apply()
				if start == vpc.NegotiatePassive {
					if err := p.Up("gw-1"); err != nil {
						t.Fatal(err)
					}
				}
				s.becomes(id(1), true, lab.Patience)
				s.carries(p)
				if got := s.host.Ping(p.inner(), 5, "-Q", "0xb8"); got.Lost() > 0 {
					t.Errorf("with a class of service: %v", got)
				}
				if !strings.Contains(p.Log(), tt.says) {
					t.Errorf("the peer has not said %s:\n%s", tt.says, p.Log())
				}
			})
		}
	}
}

// TestOffers has a peer that would rather have AH, then ESP with long sequence numbers, each
// with IPComp, and takes plain ESP too. It gets that.
func TestOffers(t *testing.T) {
	t.Parallel()
	w := newWire(t, 1)
	ah := payload{payloadSA, []byte{0, 0, 0, 28, 1, protocolAH, 4, 2, 1, 2, 3, 4, 3, 0, 0, 8, 3, 0, 0, 2, 0, 0, 0, 8, 5, 0, 0, 0}}
	long := proposal(protocolESP, []byte{1, 2, 3, 5})
	long.body[len(long.body)-1] = 1 // ESN and nothing else
	c := w.begun()
	got := c.enterWith(notify(notifyIPComp, 1, 2, 2), alternatives(ah, long, proposal(protocolESP, []byte{1, 2, 3, 6})))
	if sa := find(got, payloadSA); sa[4] != 3 || sa[5] != protocolESP {
		t.Errorf("proposal %d, protocol %d: %x", sa[4], sa[5], sa)
	}
	if data, ok := notified(got, notifyIPComp); ok {
		t.Errorf("IPComp is agreed to: %x", data)
	}
	w.becomes(id(8), true, lab.Patience)
}

// TestPartOfARange has a peer that wants one protocol and some ports of the ranges alone:
// that gets through, nothing else does, and the tunnel is told of as one of a part. A second
// pair of its selectors is for ping.
func TestPartOfARange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	p.have.LocalTS = []string{"10.2.1.0/24[tcp/5000-5009]", "10.2.1.0/24[icmp]"}
	p.have.RemoteTS = []string{"10.1.0.0/24[tcp]", "10.1.0.0/24[icmp]"}
	p.load()
	s.set(p)
	s.apply()
	s.fails(id(1), "takes only a part of the ranges", lab.Patience)
	s.host.Reaches(p.inner(), lab.Patience)
	reaches := func(port int) error {
		at := fmt.Sprintf("%s:%d", p.inner(), port)
		l, err := p.Listen("tcp4", at)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		c, err := s.host.Dial(ctx, "tcp4", at)
		if err == nil {
			c.Close()
		}
		return err
	}
	s.Eventually(lab.Patience, "a port of the range", func() error { return reaches(5005) })
	if reaches(5010) == nil {
		t.Error("a port beyond the range is reached")
	}
}

// TestReauthenticates has a peer that makes its IKE_SA anew instead of renewing its keys,
// every few seconds, before or after it ends the old one.
func TestReauthenticates(t *testing.T) {
	for _, mode := range []string{"make_before_break = yes", "make_before_break = no"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.office(1)
			p.Kill()
			p.Peer = p.Namespace.Peer(mode)
			p.want.Start = vpc.NegotiatePassive
			p.have.Options = []string{"reauth_time = 3s", "over_time = 30s", "rand_time = 0s"}
			p.load()
			s.set(p)
			s.apply()
			if err := p.Up("gw-1"); err != nil {
				t.Fatal(err)
			}
			s.becomes(id(1), true, lab.Patience)
			s.carries(p)
			pings := s.host.PingStart(p.inner())
			seen := map[string]bool{}
			s.Eventually(2*lab.Patience, "three IKE_SAs one after another", func() error {
				if m := ikeSPIs.FindString(p.SAs()); m != "" {
					seen[m] = true
				}
				if len(seen) < 3 {
					return fmt.Errorf("%d", len(seen))
				}
				return nil
			})
			s.becomes(id(1), true, lab.Patience)
			s.carries(p)
			if mode == "make_before_break = yes" {
				// We send with the new keys before the peer has read that it may use them.
				s.whole("meanwhile", pings, len(seen))
			}
		})
	}
}

// TestInstallFails has charon unable to install a tunnel: user space finds no address of its
// own in the local range. That is told, a neighbour loses nothing, and the tunnel comes up
// when it can be installed, without help.
func TestInstallFails(t *testing.T) {
	for _, start := range []vpc.Negotiation{vpc.NegotiateActive, vpc.NegotiatePassive} {
		t.Run(string(start), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p, neighbour := s.office(1), s.office(2)
			neighbour.load()
			s.set(neighbour)
			s.apply()
			s.becomes(id(2), true, lab.Patience)
			s.carries(neighbour)
			pings := s.host.PingStart(neighbour.inner())

			p.want.Start = start
			p.want.Children[0].Local = []netip.Prefix{netip.MustParsePrefix("10.1.9.0/24")}
			p.have.RemoteTS = []string{"10.1.9.0/24"}
			p.load()
			s.set(p)
			s.apply()
			if start == vpc.NegotiatePassive {
				if err := p.Up("gw-1"); err == nil {
					t.Error("it came up")
				}
			}
			s.fails(id(1), "the daemon could not install the keys", lab.Patience)
			if strings.Contains(p.SAs(), "INSTALLED") {
				t.Errorf("the peer has\n%s", p.SAs())
			}
			s.gateway.Address("lo", "10.1.9.0/32")
			if start == vpc.NegotiatePassive {
				if err := p.Up("gw-1"); err != nil {
					t.Error(err)
				}
			}
			s.becomes(id(1), true, lab.Patience)
			s.whole("the neighbour", pings, 0)
		})
	}
}

// TestTwiceTranslated has an office behind its own NAT box and that of its carrier.
func TestTwiceTranslated(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Aggressive} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			carrier, box := s.Namespace("carrier"), s.Namespace("box")
			carrier.Plug("wan0", s.inet, "net", "198.51.100.50/24")
			carrier.Cable("lan0", box, "wan0")
			carrier.Address("lan0", "100.64.0.1/24")
			box.Address("wan0", "100.64.0.2/24")
			box.Route("default", "100.64.0.1")
			p := s.office(1)
			p.Run("ip", "link", "del", "wan0")
			box.Cable("lan0", p.Namespace, "wan0")
			box.Address("lan0", "192.168.77.1/24")
			p.Address("wan0", "192.168.77.2/24")
			p.Route("default", "192.168.77.1")
			carrier.Masquerade("wan0")
			box.Masquerade("wan0")

			p.version(version)
			p.want.Start, p.want.Remote = vpc.NegotiatePassive, netip.Addr{}
			p.want.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: "office.example"}
			p.have.Local, p.have.LocalID = "192.168.77.2", "office.example"
			p.load()
			s.set(p)
			s.apply()
			seen := s.gateway.Capture("wan0")
			if err := p.Up("gw-1"); err != nil {
				t.Fatal(err)
			}
			s.becomes(id(1), true, lab.Patience)
			s.carries(p)
			pings := s.host.PingStart(p.inner())
			if err := p.RekeyChild("gw-1"); err != nil {
				t.Error(err)
			}
			s.whole("over a rekey", pings, gaps(version, 1))
			if all := seen.Packets(lab.Touches("100.64.0.0/10")); len(all) > 0 {
				t.Errorf("not translated: %v", all[0])
			}
		})
	}
}
