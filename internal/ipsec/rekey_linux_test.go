package ipsec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestRekeyForced replaces keys of both kinds from the peer, under a running ping.
func TestRekeyForced(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.office(1)
			p.version(version)
			p.load()
			s.set(p)
			s.apply()
			s.becomes(id(1), true, 5*time.Second)
			s.carries(p)
			pings := s.host.PingStart(p.inner())
			for i := range 3 {
				before := spis(p.SAs())
				if err := p.RekeyChild("gw-1"); err != nil {
					t.Fatal(err)
				}
				s.Eventually(5*time.Second, "new SPIs", func() error {
					if now := spis(p.SAs()); now == before || now == "" {
						return fmt.Errorf("rekey %d: %s", i, now)
					}
					return nil
				})
			}
			if err := p.RekeyIKE("gw"); err != nil {
				t.Fatal(err)
			}
			s.Eventually(5*time.Second, "a rekeyed IKE_SA", func() error {
				if n := strings.Count(s.lines(id(1)), "IKE_SA vpnx-00000001["); n < 2 {
					return fmt.Errorf("%d IKE_SAs in\n%s", n, s.lines(id(1)))
				}
				return nil
			})
			s.becomes(id(1), true, time.Second)
			if got := s.host.Ping(p.inner(), 30); got.Lost() > 0 {
				t.Errorf("afterwards: %v", got)
			}
			if pings.Stop(); pings.Lost() > 0 {
				t.Errorf("%v\n%s", pings, s.lines(id(1)))
			}
			m := s.plane.Measure(t.Context(), machineID)
			if len(m) != 1 || m[0].Rekeys < 3 || !m[0].Up || m[0].PacketsOut < uint64(pings.Sent) || m[0].BytesIn == 0 {
				t.Errorf("measured %+v, for %v", m, pings)
			}
		})
	}
}

// TestShortestLifetimes waits for the rekeys of the shortest lifetimes that the API
// takes, of IKE and CHILD SAs, and by bytes, all at once and under running pings.
func TestShortestLifetimes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes three minutes: the shortest lifetime of a CHILD_SA")
	}
	t.Parallel()
	s := newSite(t)
	var peers []*peer
	for n, version := range []string{lab.IKEv2, lab.IKEv1Main, lab.IKEv2, lab.IKEv1Main} {
		p := s.office(n + 1)
		p.version(version)
		p.want.IKE.Lifetime, p.want.IPsec.Lifetime = 60, 180
		if n >= 2 {
			p.want.IKE.Lifetime, p.want.IPsec.LifetimeKiB = 86400, 2560
		}
		p.load()
		s.set(p)
		peers = append(peers, p)
	}
	s.apply()
	var pings []*lab.Pings
	for n, p := range peers {
		s.becomes(id(n+1), true, 5*time.Second)
		s.carries(p)
		if n < 2 {
			pings = append(pings, s.host.PingStart(p.inner()))
		} else { // 100 kB/s each way: the limit in 13 s
			pings = append(pings, s.host.PingStart(p.inner(), "-s", "1000"))
		}
	}
	wants := []uint64{5, 5, 5, 5} // in 185 s: IKE every 30 to 40 s and one CHILD; by bytes every 18 to 21 s
	s.Eventually(200*time.Second, "rekeys", func() error {
		for _, m := range s.plane.Measure(t.Context(), machineID) {
			for n, p := range peers {
				if m.Connection == p.want.Connection && m.Rekeys < wants[n] {
					return fmt.Errorf("%s has %d", m.Connection, m.Rekeys)
				}
			}
		}
		return nil
	})
	for n := range peers {
		if pings[n].Stop(); pings[n].Lost() > 0 {
			t.Errorf("%d: %v", n+1, pings[n])
		}
		s.becomes(id(n+1), true, time.Second)
		t.Logf("%d: %v", n+1, pings[n])
	}
}
