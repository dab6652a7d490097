package peerconfig

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// office is a gateway's daemon and a customer's host, joined by a bridge that stands for
// the internet.
type office struct {
	*lab.Lab
	gateway *lab.Peer
	host    *lab.Namespace
}

const (
	gatewayAddr = "198.51.100.2"
	officeAddr  = "198.51.100.30"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
}

func newOffice(t *testing.T) *office {
	t.Helper()
	l := lab.New(t)
	inet, gw, host := l.Namespace("inet"), l.Namespace("gw"), l.Namespace("office")
	inet.Bridge("net", "198.51.100.1/24")
	gw.Plug("wan0", inet, "net", gatewayAddr+"/24")
	host.Plug("wan0", inet, "net", officeAddr+"/24")
	gw.Address("lo", "10.7.0.1/24")
	host.Address("lo", "192.168.1.1/24")
	host.Address("lo", "192.168.2.1/23") // ESP in user space wants an address in each range
	for _, n := range []*lab.Namespace{gw, host} {
		n.Route("default", "198.51.100.1")
	}
	return &office{l, gw.Peer(), host}
}

// live is a connection between the two, with a key and a name that would be syntax.
func live(change func(*vpc.Connection)) Site {
	x := connection()
	x.IKE.RemoteIdentity, x.IKE.RemoteFQDN, x.IKE.RemoteAddress = vpc.IdentityFQDN, `office "1" } # {`, ""
	x.Policies = x.Policies[:1]
	change(x)
	s := site(vpc.Vendor{Name: "strongswan", Platform: "linux", Version: "V5.9"}, x)
	s.Interface, s.Key = "wan0", `0s"} include /etc/shadow # \`
	s.Customer = &vpc.CustomerGateway{Addr: netip.MustParseAddr(officeAddr)}
	return s
}

// swanID is a name as swanctl.conf takes any name.
func swanID(kind, address, name string) string {
	if kind == vpc.IdentityFQDN {
		return `"fqdn:#` + hex.EncodeToString([]byte(name)) + `"`
	}
	return address
}

var settings = regexp.MustCompile(`(?m)^# +(charon \{ .* \})$`)

// TestStrongSwan: a strongSwan as it is shipped that is given nothing but the text, with
// the settings that the text asks for, brings the tunnel up by itself, or answers where
// the gateway begins, and packets pass.
func TestStrongSwan(t *testing.T) {
	needRoot(t)
	version := func(v, exchange string) func(*vpc.Connection) {
		return func(x *vpc.Connection) { x.IKE.Version, x.IKE.Exchange = v, exchange }
	}
	for _, c := range []struct {
		name, version string
		change        func(*vpc.Connection)
		ike, esp      string
		gateway, far  []string // the gateway's selectors
	}{
		{"IKEv2", lab.IKEv2, version("IKEV2", "MAIN"), "aes128-sha1-modp1024", "aes256-sha1-modp1536", []string{"10.7.0.0/16"}, []string{"192.168.1.0/24", "192.168.2.0/23"}},
		{"IKEv1 main by addresses", lab.IKEv1Main, func(x *vpc.Connection) {
			x.IKE.RemoteIdentity, x.IKE.RemoteAddress = vpc.IdentityAddress, officeAddr
		}, "aes128-sha1-modp1024", "aes256-sha1-modp1536", []string{"10.7.0.0/16"}, []string{"192.168.1.0/24", "192.168.2.0/23"}},
		{"IKEv1 aggressive", lab.IKEv1Aggressive, version("IKEV1", "AGGRESSIVE"), "aes128-sha1-modp1024", "aes256-sha1-modp1536", []string{"10.7.0.0/16"}, []string{"192.168.1.0/24", "192.168.2.0/23"}},
		{"IKEv1 aggressive, the gateway begins", lab.IKEv1Aggressive, func(x *vpc.Connection) {
			x.IKE.Version, x.IKE.Exchange, x.Negotiation = "IKEV1", "AGGRESSIVE", vpc.NegotiateActive
		}, "aes128-sha1-modp1024", "aes256-sha1-modp1536", []string{"10.7.0.0/16"}, []string{"192.168.1.0/24", "192.168.2.0/23"}},
		{"IKEv2 GCM by route", lab.IKEv2, func(x *vpc.Connection) {
			x.IKE.Version, x.IKE.Encryption, x.IKE.Integrity, x.IKE.DHGroup = "IKEV2", "AES256GCM128", "SHA-512", "GROUP20"
			x.IPsec.Encryption, x.IPsec.PFS = "AES128GCM128", "NULL"
			x.RouteType, x.Policies = vpc.RouteStaticRoute, nil
		}, "aes256gcm16-prfsha512-ecp384", "aes128gcm16", []string{"0.0.0.0/0"}, []string{"0.0.0.0/0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			s := live(c.change)
			s.Networks = []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16")}
			k := s.Connection.IKE
			gateway := lab.Tunnel{
				Name: "office", Version: c.version, Local: gatewayAddr, Remote: officeAddr, Key: s.Key.Reveal(), IKE: c.ike, ESP: c.esp,
				LocalID: gatewayAddr, RemoteID: swanID(k.RemoteIdentity, k.RemoteAddress, k.RemoteFQDN), LocalTS: c.gateway, RemoteTS: c.far,
			}
			text, err := Write(s, nil)
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			if m := settings.FindStringSubmatch(text.Reveal()); m != nil {
				said = m[1]
			}
			peer := o.host.StockPeer(said)
			if s.Connection.Negotiation == vpc.NegotiateActive {
				gateway.Start = "start"
				peer.Load(text.Reveal())
				o.gateway.Load(gateway.Text())
			} else {
				o.gateway.Load(gateway.Text())
				peer.Load(text.Reveal())
			}
			peer.Installed("vpnx-abcdefgh-1", 10*time.Second)
			o.host.Reaches("10.7.0.1", lab.Patience, "-I", "192.168.1.1")
			if p := o.host.Ping("10.7.0.1", 5, "-I", "192.168.1.1"); p.Lost() != 0 {
				t.Errorf("pings through the tunnel: %v", p)
			}
		})
	}
}

// TestLibreswan: a Libreswan that is given nothing but the text and its own defaults
// establishes an IKE_SA. There is no ESP of the kernel's on every machine, so the test
// ends there.
func TestLibreswan(t *testing.T) {
	needRoot(t)
	root := lab.UnpackLibreswan(t)
	for _, version := range []string{"IKEV2", "IKEV1"} {
		t.Run(version, func(t *testing.T) {
			o := newOffice(t)
			s := live(func(x *vpc.Connection) {
				x.IKE.Version, x.IKE.Encryption, x.IKE.Integrity, x.IKE.DHGroup, x.IPsec.PFS = version, "AES-CBC-256", "SHA-256", "GROUP14", "DH-GROUP14"
				x.IKE.RemoteFQDN = "office-1.example"
				if version == "IKEV1" { // in main mode a key is found by address
					x.IKE.RemoteIdentity, x.IKE.RemoteAddress, x.IKE.RemoteFQDN = vpc.IdentityAddress, officeAddr, ""
				}
			})
			s.Vendor = vpc.Vendor{Name: "libreswan", Platform: "linux", Version: "V5.0"}
			remote := swanID(s.Connection.IKE.RemoteIdentity, s.Connection.IKE.RemoteAddress, s.Connection.IKE.RemoteFQDN)
			mode := map[string]string{"IKEV2": lab.IKEv2, "IKEV1": lab.IKEv1Main}[version]
			o.gateway.Load(lab.Tunnel{
				Name: "office", Version: mode, Local: gatewayAddr, Remote: officeAddr, LocalID: gatewayAddr, RemoteID: remote, Key: s.Key.Reveal(),
				IKE: "aes256-sha256-modp2048", ESP: "aes256-sha1-modp2048", LocalTS: []string{"10.7.0.0/16"}, RemoteTS: []string{"192.168.1.0/24"},
			}.Text())
			text, err := Write(s, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := o.host.Libreswan(root, text.Reveal())
			o.Eventually(20*time.Second, "an IKE_SA with Libreswan", func() error {
				if sas := o.gateway.SAs(); !strings.Contains(sas, "ESTABLISHED") {
					return fmt.Errorf("the gateway has\n%s\nlog\n%s\npluto\n%s", sas, tail(o.gateway.Log()), tail(p.Log()))
				}
				return nil
			})
		})
	}
}

func tail(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
