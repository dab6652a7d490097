package ipsec

import (
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
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
					s.fails(id(1), "waits for the peer", time.Second)
					if err := p.Up("gw-1"); err != nil {
						t.Fatal(err)
					}
				}
				s.becomes(id(1), true, 3*time.Second)
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
