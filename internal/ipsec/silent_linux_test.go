package ipsec

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestSilentPeer lets a peer fall silent without a word: within the timeout and five
// seconds the tunnel is not up, in IKEv2 too, and with restart it is back by itself.
func TestSilentPeer(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		for _, action := range []string{"clear", "restart"} {
			for _, timeout := range []uint32{1, 12} {
				t.Run(fmt.Sprintf("%s %s %d s", version, action, timeout), func(t *testing.T) {
					t.Parallel()
					s := newSite(t)
					p := s.office(1)
					p.version(version)
					p.want.DPD = vpc.DPD{Enable: true, Timeout: timeout, Action: action}
					p.want.Start = vpc.NegotiatePassive
					p.have.Options = []string{"dpd_delay = 0s"}
					p.load()
					s.set(p)
					s.apply()
					if err := p.Up("gw-1"); err != nil {
						t.Fatal(err)
					}
					s.becomes(id(1), true, lab.Patience)
					s.carries(p)
					s.plane.Measure(t.Context(), machineID) // what charon says now of packets heard is soon old

					p.Run("nft", "add table ip quiet; add chain ip quiet in { type filter hook input priority 0; policy drop; }")
					began := time.Now()
					limit := time.Duration(timeout+5) * time.Second
					s.becomes(id(1), false, limit)
					took := time.Since(began)
					t.Logf("timeout %d s: noticed after %v", timeout, took)
					if floor := time.Duration(timeout) * time.Second * 2 / 3; took < floor {
						t.Errorf("noticed after %v already", took)
					}
					s.fails(id(1), "silent", lab.Patience)
					p.Run("nft", "delete table ip quiet")
					if action == "restart" {
						s.becomes(id(1), true, lab.Patience)
						return
					}
					s.fails(id(1), "", lab.Patience)
					if st := s.state(id(1)); st.Up {
						t.Error("with clear it came back though it is for the peer to begin")
					}
				})
			}
		}
	}
}

// TestLivePeer has a timeout of a second with a peer that has nothing to say but answers.
func TestLivePeer(t *testing.T) {
	t.Parallel()
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		s := newSite(t)
		p := s.office(1)
		p.version(version)
		p.want.DPD = vpc.DPD{Enable: true, Timeout: 1, Action: "clear"}
		p.load()
		s.set(p)
		s.apply()
		s.becomes(id(1), true, lab.Patience)
		sas := spis(p.SAs())
		s.host.Ping("10.1.0.0", 8, "-i", "1") // the gateway's own address: eight seconds of nothing through the tunnel
		s.becomes(id(1), true, lab.Patience)
		if spis(p.SAs()) != sas {
			t.Error("it was taken down meanwhile")
		}
	}
}

// TestFlowTrigger starts a tunnel by its first packet, and again after the peer has
// closed it.
func TestFlowTrigger(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.office(1)
			p.version(version)
			p.want.Start = vpc.NegotiateOnFlow
			p.load()
			s.set(p)
			s.apply()
			s.fails(id(1), "waits for traffic", lab.Patience)
			s.host.Ping("10.9.9.9", 3) // to nowhere: not for this tunnel
			s.gateway.Ping(gatewayAddress, 1)
			s.fails(id(1), "waits for traffic", lab.Patience)

			s.host.Reaches(p.inner(), lab.Patience)
			s.becomes(id(1), true, lab.Patience)
			if err := p.Down("gw"); err != nil {
				t.Fatal(err)
			}
			s.becomes(id(1), false, lab.Patience)
			s.host.Reaches(p.inner(), lab.Patience)
			s.becomes(id(1), true, lab.Patience)
		})
	}
}
