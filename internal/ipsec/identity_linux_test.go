package ipsec

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestKeys uses keys that configuration files would read as something else.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	keys := []string{
		"0x6162636465", "0sYWJjZGU=", `"quoted"`, "  spaces  ", `back\slash }{ # % $(id)`, "%any", "include /etc/passwd", "1",
		strings.Repeat("k", 128), "'", "\"",
	}
	for i, k := range keys {
		p := s.office(i + 1)
		p.want.Key, p.have.Key = vpc.Secret(k), k
		p.load()
		s.set(p)
	}
	s.apply()
	for i, k := range keys {
		s.becomes(id(i+1), true, lab.Patience)
		for _, e := range s.plane.Log(id(i + 1)) {
			if len(k) > 4 && strings.Contains(e.Text, k) {
				t.Errorf("the log shows the key %d: %s", i, e.Text)
			}
		}
	}
}

// TestIdentities uses names that charon would take for identities of another kind, or
// for any. The peer expects what the bytes are.
func TestIdentities(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	names := []string{
		"vpn.example.com", "192.0.2.7", "user@example.com", "@example.com", "@#6162", "#616263", "CN=gateway, O=us",
		"::1", "0x61", "{2}:x", `a "b" {c} \ $(id)`, "%defaultroute", "dns:x", "line", "grüezi.example", strings.Repeat("n", 250),
	}
	for i, name := range names {
		p := s.office(i + 1)
		p.want.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: name}
		p.have.LocalID = peerID(name)
		if len(name) > 124 {
			p.have.LocalID = "fqdn:" + name
		}
		p.load()
		s.set(p)
	}
	s.apply()
	for i := range names {
		s.becomes(id(i+1), true, lab.Patience)
	}
}

// peerID writes a name for swanctl.conf, byte for byte.
func peerID(name string) string { return `"fqdn:#` + hex.EncodeToString([]byte(name)) + `"` }

// TestAnywhere has two peers whose addresses nobody knows, told apart by their names,
// with keys of their own. One of them moves.
func TestAnywhere(t *testing.T) {
	for _, version := range []string{lab.IKEv2, lab.IKEv1Aggressive} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			var peers []*peer
			for n := 1; n <= 2; n++ {
				p := s.office(n)
				p.version(version)
				name := "office-" + string(id(n))
				p.want.Remote, p.want.Start = netip.Addr{}, vpc.NegotiatePassive
				p.want.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: name}
				p.want.Key = vpc.Secret("key of " + name)
				p.have.LocalID, p.have.Key = name, "key of "+name
				p.load()
				s.set(p)
				peers = append(peers, p)
			}
			s.apply()
			for n, p := range peers {
				if err := p.Up("gw-1"); err != nil {
					t.Fatalf("%d: %v", n+1, err)
				}
				s.becomes(id(n+1), true, lab.Patience)
				s.carries(p)
			}
			p := peers[0]
			p.Kill()
			p.Run("ip", "addr", "del", "198.51.100.11/24", "dev", "wan0")
			p.Address("wan0", "198.51.100.77/24")
			p.have.Local = "198.51.100.77"
			p.Start()
			p.load()
			if err := p.Up("gw-1"); err != nil {
				t.Fatal(err)
			}
			s.host.Reaches(p.inner(), lab.Patience)
			s.carries(peers[1])

			// The name alone does not do.
			p.Down("gw")
			p.have.Key = "key of somebody else"
			p.load()
			if err := p.Up("gw-1"); err == nil {
				t.Error("a peer with the wrong key came up")
			}
			s.carries(peers[1])
		})
	}
}
