package vpc

import (
	"strings"
	"testing"
)

// anHost has what charon has in Debian, as far as the tests ask for it.
var anHost = &Host{Name: "h", Engine: "libipsec", Algorithms: []string{
	"3DES-CBC", "AES-CBC-128", "AES256GCM128", "NULL", "SHA", "SHA1", "SHA-256", "GROUP1", "GROUP14", "DH-GROUP14",
}}

// TestHostLacks: what the host does not have is refused, with the input that asks for it
// and the name of the engine; without a host all that the API knows goes.
func TestHostLacks(t *testing.T) {
	for _, c := range []struct {
		name  string
		ike   IKESpec
		ipsec IPsecSpec
		param string // empty: taken
	}{
		{name: "defaults"},
		{name: "all of it", ike: IKESpec{Encryption: text("AES-CBC-128"), Integrity: text("SHA-256"), DHGroup: text("GROUP14")}, ipsec: IPsecSpec{Encryption: text("NULL"), Integrity: text("SHA-256"), PFS: text("DH-GROUP14")}},
		{name: "SM4 in phase 1", ike: IKESpec{Encryption: text("SM4")}, param: "IKEOptionsSpecification.PropoEncryAlgorithm"},
		{name: "MD5 in phase 1", ike: IKESpec{Integrity: text("MD5")}, param: "IKEOptionsSpecification.PropoAuthenAlgorithm"},
		{name: "group", ike: IKESpec{DHGroup: text("GROUP24")}, param: "IKEOptionsSpecification.DhGroupName"},
		{name: "SM4 in phase 2", ipsec: IPsecSpec{Encryption: text("SM4")}, param: "IPSECOptionsSpecification.EncryptAlgorithm"},
		{name: "SM3 in phase 2", ipsec: IPsecSpec{Integrity: text("SM3")}, param: "IPSECOptionsSpecification.IntegrityAlgorith"},
		{name: "PFS", ipsec: IPsecSpec{PFS: text("DH-GROUP24")}, param: "IPSECOptionsSpecification.PfsDhGroup"},
		{name: "GCM in phase 1 of IKEv1", ike: IKESpec{Encryption: text("AES256GCM128")}, param: "IKEOptionsSpecification.PropoEncryAlgorithm"},
		{name: "GCM in phase 1 of IKEv2", ike: IKESpec{Encryption: text("AES256GCM128"), Version: text("IKEV2")}},
	} {
		spec := base()
		spec.Tunnel.IKE, spec.Tunnel.IPsec = &c.ike, &c.ipsec
		if _, err := NewConnection(spec, around()); err != nil {
			t.Errorf("%s, no host: %v", c.name, err)
		}
		s := around()
		s.Host = anHost
		_, err := NewConnection(spec, s)
		check := func(how string, err *Error) {
			switch {
			case c.param == "" && err != nil:
				t.Errorf("%s, %s: %v", c.name, how, err)
			case c.param != "" && (err == nil || err.Param != c.param || err.Code != InvalidParameterValue):
				t.Errorf("%s, %s: %v, want a refusal of %s", c.name, how, err, c.param)
			case c.param != "" && !strings.Contains(c.name, "GCM") && !strings.Contains(err.EN, "`libipsec`"):
				t.Errorf("%s, %s: %q does not name the engine", c.name, how, err.EN)
			}
		}
		check("created", err)
		x, err := NewConnection(base(), around())
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.Change(TunnelSpec{IKE: &c.ike, IPsec: &c.ipsec}, s.CustomerGateway, s)
		check("changed", err)
	}
	s := around()
	s.Host = &Host{Name: "h"}
	if _, err := NewConnection(base(), s); code(err) != UnsupportedOperation || err.Param != "VpnGatewayId" {
		t.Errorf("a host without an engine: %v", err)
	}
}

// TestHostHoldsNames: charon cuts long names of peers without a word, so a host refuses
// what it would not hold whole, at both ends, made or changed; without a host all goes.
func TestHostHoldsNames(t *testing.T) {
	for _, c := range []struct {
		name string
		bad  bool
	}{
		{name: strings.Repeat("x", 250)},
		{name: strings.Repeat("x", 251), bad: true},
		{name: strings.Repeat("x", 255), bad: true},
		{name: "#" + strings.Repeat("x", 123)},
		{name: "#" + strings.Repeat("x", 124), bad: true},
		{name: strings.Repeat("站", 41)}, // 123 bytes
		{name: strings.Repeat("站", 42), bad: true},
	} {
		for _, ike := range []IKESpec{
			{LocalIdentity: text(IdentityFQDN), LocalFQDN: &c.name},
			{RemoteIdentity: text(IdentityFQDN), RemoteFQDN: &c.name},
		} {
			param := "IKEOptionsSpecification.LocalFqdnName"
			if ike.RemoteFQDN != nil {
				param = "IKEOptionsSpecification.RemoteFqdnName"
			}
			spec := base()
			spec.Tunnel.IKE = &ike
			if _, err := NewConnection(spec, around()); err != nil {
				t.Errorf("%.9s…, %d bytes, no host: %v", c.name, len(c.name), err)
			}
			s := around()
			s.Host = anHost
			_, made := NewConnection(spec, s)
			x, err := NewConnection(base(), around())
			if err != nil {
				t.Fatal(err)
			}
			_, changed := x.Change(TunnelSpec{IKE: &ike}, s.CustomerGateway, s)
			for _, err := range []*Error{made, changed} {
				if (err != nil) != c.bad || err != nil && (err.Param != param || !strings.HasPrefix(string(err.Code), "InvalidParameterValue")) {
					t.Errorf("%.9s…, %d bytes, %s: %v", c.name, len(c.name), param, err)
				}
			}
		}
	}
}

// TestPeersFromAnywhere: one routed connection of a gateway may have a peer of unknown
// address, and any number by policy.
func TestPeersFromAnywhere(t *testing.T) {
	passive := func(s ConnectionSpec, version, exchange string) ConnectionSpec {
		s.Tunnel.Negotiation = text("passive")
		s.Tunnel.IKE = &IKESpec{RemoteIdentity: text("FQDN"), RemoteFQDN: text("branch.example"), Version: text(version), Exchange: text(exchange)}
		return s
	}
	named := func(name string, s ConnectionSpec) ConnectionSpec {
		ike := *s.Tunnel.IKE
		ike.RemoteFQDN = text(name)
		s.Tunnel.IKE = &ike
		return s
	}
	first, err := NewConnection(passive(routed(RouteStaticRoute), "IKEV2", "MAIN"), around())
	if err != nil {
		t.Fatal(err)
	}
	first.ID = "vpnx-first"
	everything := base()
	everything.Tunnel.Policies = policy("10.0.0.0/24", "0.0.0.0/0")
	for _, c := range []struct {
		name   string
		spec   ConnectionSpec
		refuse bool
	}{
		{"by route, IKEv2", passive(routed(RouteStaticRoute), "IKEV2", "MAIN"), true},
		{"by route, aggressive", passive(routed(RouteStaticRoute), "IKEV1", "AGGRESSIVE"), true},
		{"by route, main mode", passive(routed(RouteStaticRoute), "IKEV1", "MAIN"), false},
		{"by route, fixed address", routed(RouteStaticRoute), false},
		{"by policy", named("other.example", passive(base(), "IKEV2", "MAIN")), false},
		{"by a policy of everything", passive(everything, "IKEV2", "MAIN"), true},
	} {
		s := around(first)
		s.Host = anHost
		_, err := NewConnection(c.spec, s)
		if c.refuse != (err != nil) || err != nil && (err.Code != UnsupportedOperation || err.Param != "NegotiationType" || !strings.Contains(err.EN, "vpnx-first")) {
			t.Errorf("%s: %v, want a refusal: %v", c.name, err, c.refuse)
		}
		s.Host = nil
		if _, err := NewConnection(c.spec, s); err != nil {
			t.Errorf("%s, no host: %v", c.name, err)
		}
	}
	s := around(first)
	s.Host = anHost
	if _, err := NewConnection(named("Branch.Example", passive(base(), "IKEV2", "MAIN")), s); code(err) != UnsupportedOperation || err.Param != "IKEOptionsSpecification.RemoteFqdnName" {
		t.Errorf("by policy, the same name: %v", err)
	}
	kernel := *anHost
	kernel.Engine = "kernel"
	s.Host = &kernel
	if _, err := NewConnection(routed(RouteStaticRoute), s); code(err) != UnsupportedOperation || err.Param != "NegotiationType" {
		t.Errorf("by route, beside one of unknown address in the kernel: %v", err)
	}
	if _, err := NewConnection(base(), s); err != nil {
		t.Errorf("by policy, beside one of unknown address in the kernel: %v", err)
	}
	// A change may not bring about what cannot be made.
	s = around(first)
	s.Host = anHost
	x, err := NewConnection(routed(RouteStaticRoute), s)
	if err != nil {
		t.Fatal(err)
	}
	spec := passive(ConnectionSpec{}, "IKEV2", "MAIN").Tunnel
	if _, err := x.Change(spec, s.CustomerGateway, s); code(err) != UnsupportedOperation {
		t.Errorf("changed: %v", err)
	}
	first.Deleted = 1
	if _, err := x.Change(spec, s.CustomerGateway, s); err != nil {
		t.Errorf("changed after the first one's end: %v", err)
	}
}
