package vpc

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func text(s string) *string { return &s }
func num(n uint64) *uint64  { return &n }
func signed(n int64) *int64 { return &n }
func yes() *bool            { b := true; return &b }

// around is a gateway of version 4.0 that can speak BGP, in a VPC of 10.0.0.0/16.
func around(others ...*Connection) *Surroundings {
	return &Surroundings{
		Site:            SiteCN,
		Gateway:         &Gateway{ID: "vpngw-aaaaaaaa", VPC: "vpc-aaaaaaaa", Type: TypeIPsec, Public: netip.MustParseAddr("198.51.100.1"), Version: "4.0", Bandwidth: 200, BGPASN: 64600},
		CustomerGateway: &CustomerGateway{ID: "cgw-aaaaaaaa", Addr: netip.MustParseAddr("203.0.113.7"), BGPASN: 65010},
		VPCRanges:       []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")},
		Others:          others,
		Quota:           func(name string) int { n, _ := QuotaDefault(name); return n },
	}
}

func policy(local string, remotes ...string) []PolicySpec {
	return []PolicySpec{{Local: local, Remotes: remotes}}
}

// base is the smallest connection by policy.
func base() ConnectionSpec {
	return ConnectionSpec{Tunnel: TunnelSpec{Policies: policy("10.0.0.0/24", "192.168.0.0/24")}}
}

func routed(t RouteType) ConnectionSpec { return ConnectionSpec{RouteType: text(string(t))} }

func bgpSpec() ConnectionSpec {
	s := routed(RouteBGP)
	s.Tunnel.BGP = &BGPSpec{"169.254.128.0/30", "169.254.128.1", "169.254.128.2"}
	return s
}

func code(err *Error) Code {
	if err == nil {
		return "OK"
	}
	return err.Code
}

func TestConnectionDefaults(t *testing.T) {
	tests := []struct {
		name string
		site Site
		spec ConnectionSpec
		want string
	}{
		{"cn", SiteCN, base(), "STATIC active ike{3DES-CBC SHA MAIN ADDRESS ADDRESS 198.51.100.1 203.0.113.7   GROUP1 86400 IKEV1} ipsec{AES-CBC-128 SHA1 NULL 14400 4096000000} dpd{false 30 restart} [{10.0.0.0/24 [192.168.0.0/24]}]"},
		{"intl", SiteIntl, base(), "STATIC active ike{3DES-CBC MD5 MAIN ADDRESS ADDRESS 198.51.100.1 203.0.113.7   GROUP1 86400 IKEV1} ipsec{AES-CBC-128 SHA1 NULL 14400 4096000000} dpd{false 30 restart} [{10.0.0.0/24 [192.168.0.0/24]}]"},
		{"StaticRoute", SiteCN, routed(RouteStaticRoute), "StaticRoute active ike{3DES-CBC SHA MAIN ADDRESS ADDRESS 198.51.100.1 203.0.113.7   GROUP1 86400 IKEV1} ipsec{AES-CBC-128 SHA1 NULL 14400 4096000000} dpd{false 30 restart} [{0.0.0.0/0 [0.0.0.0/0]}]"},
		{"Bgp", SiteCN, bgpSpec(), "Bgp active ike{3DES-CBC SHA MAIN ADDRESS ADDRESS 198.51.100.1 203.0.113.7   GROUP1 86400 IKEV1} ipsec{AES-CBC-128 SHA1 NULL 14400 4096000000} dpd{false 30 restart} []"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := around()
			s.Site = tt.site
			x, err := NewConnection(tt.spec, s)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%v %v ike%v ipsec%v dpd%v %v", x.RouteType, x.Negotiation, x.IKE, x.IPsec, x.DPD, x.Shown())
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestConnectionOptions gives one option at a time, each value of each list.
func TestConnectionOptions(t *testing.T) {
	type change func(*TunnelSpec, string)
	ike := func(set func(*IKESpec, *string)) change {
		return func(t *TunnelSpec, v string) { t.IKE = &IKESpec{}; set(t.IKE, &v) }
	}
	ipsec := func(set func(*IPsecSpec, *string)) change {
		return func(t *TunnelSpec, v string) { t.IPsec = &IPsecSpec{}; set(t.IPsec, &v) }
	}
	lists := []struct {
		name    string
		set     change
		good    string
		refused string
	}{
		{"PropoEncryAlgorithm", ike(func(s *IKESpec, v *string) { s.Encryption = v }), "3DES-CBC AES-CBC-128 AES-CBC-192 AES-CBS-192 AES-CBC-256 DES-CBC SM4 AES128GCM128 AES192GCM128 AES256GCM128", "NULL aes-cbc-128 AES128 _"},
		{"PropoAuthenAlgorithm", ike(func(s *IKESpec, v *string) { s.Integrity = v }), "MD5 SHA SHA1 SHA-1 SHA-256 SHA-512", "sha SHA256 SHA-384 SM3 _"},
		{"ExchangeMode", ike(func(s *IKESpec, v *string) { s.Exchange = v }), "MAIN AGGRESSIVE", "main _"},
		{"DhGroupName", ike(func(s *IKESpec, v *string) { s.DHGroup = v }), "GROUP1 GROUP2 GROUP5 GROUP14 GROUP15 GROUP16 GROUP19 GROUP20 GROUP21 GROUP24", "GROUP3 GROUP31 DH-GROUP1 _"},
		{"IKEVersion", ike(func(s *IKESpec, v *string) { s.Version = v }), "IKEV1 IKEV2", "ikev2 IKEv2 _"},
		{"LocalIdentity", ike(func(s *IKESpec, v *string) { s.LocalIdentity = v }), "ADDRESS", "address IP _"},
		{"EncryptAlgorithm", ipsec(func(s *IPsecSpec, v *string) { s.Encryption = v }), "3DES-CBC AES-CBC-128 AES-CBC-192 AES-CBC-256 DES-CBC SM4 NULL AES128GCM128 AES192GCM128 AES256GCM128", "null _"},
		{"IntegrityAlgorith", ipsec(func(s *IPsecSpec, v *string) { s.Integrity = v }), "MD5 SHA1 SHA-256 SHA-512 SHA-384 SM3", "SHA1024 sha1 _"},
		{"PfsDhGroup", ipsec(func(s *IPsecSpec, v *string) { s.PFS = v }), "NULL DH-GROUP1 DH-GROUP2 DH-GROUP5 DH-GROUP14 DH-GROUP15 DH-GROUP16 DH-GROUP19 DH-GROUP20 DH-GROUP21 DH-GROUP24", "GROUP1 DH-GROUP3 _"},
		{"NegotiationType", func(t *TunnelSpec, v string) { t.Negotiation = &v }, "active passive flowTrigger", "Active flowtrigger _"},
		{"DpdAction", func(t *TunnelSpec, v string) { t.DPD.Action = &v }, "clear restart", "trap _"},
		{"DpdTimeout", func(t *TunnelSpec, v string) { t.DPD.Timeout = &v }, "1 30 60 3600", "0 -1 030 +30 30s 3601 99999999999 _"},
		{"LocalAddress", ike(func(s *IKESpec, v *string) { s.LocalAddress = v }), "1.1.1.1 10.0.0.1 _", "0.0.0.0 127.0.0.1 224.0.0.1 1.1.1.1/32 010.1.1.1 ::1 %any"},
		{"ProbeType", func(t *TunnelSpec, v string) { t.Health.Config = &ProbeSpec{Type: &v} }, "NQA", "nqa ICMP _"},
	}
	for _, l := range lists {
		for want, values := range map[Code]string{"OK": l.good, InvalidParameterValueMalformed: l.refused} {
			for _, v := range strings.Fields(values) {
				spec := base()
				l.set(&spec.Tunnel, strings.Trim(v, "_"))
				if _, err := NewConnection(spec, around()); code(err) != want {
					t.Errorf("%s=%q: got %v, want %s", l.name, v, err, want)
				}
			}
		}
	}
}

func TestConnectionNumbers(t *testing.T) {
	tests := []struct {
		name        string
		set         func(*TunnelSpec, int64)
		least, most int64
	}{
		{"IKESaLifetimeSeconds", func(t *TunnelSpec, n int64) { t.IKE = &IKESpec{Lifetime: num(uint64(n))} }, 60, 604800},
		{"IPSECSaLifetimeSeconds", func(t *TunnelSpec, n int64) { t.IPsec = &IPsecSpec{Lifetime: num(uint64(n))} }, 180, 604800},
		{"IPSECSaLifetimeTraffic", func(t *TunnelSpec, n int64) { t.IPsec = &IPsecSpec{LifetimeKiB: num(uint64(n))} }, 2560, 4294967295},
		{"ProbeInterval", func(t *TunnelSpec, n int64) { t.Health.Config = &ProbeSpec{Interval: &n} }, 1000, 5000},
		{"ProbeThreshold", func(t *TunnelSpec, n int64) { t.Health.Config = &ProbeSpec{Threshold: &n} }, 3, 8},
		{"ProbeTimeout", func(t *TunnelSpec, n int64) { t.Health.Config = &ProbeSpec{Timeout: &n} }, 10, 5000},
		{"DpdEnable", func(t *TunnelSpec, n int64) { t.DPD.Enable = &n }, 0, 1},
	}
	for _, tt := range tests {
		for n, want := range map[int64]Code{tt.least: "OK", tt.most: "OK", tt.least - 1: InvalidParameterValueMalformed, tt.most + 1: InvalidParameterValueMalformed} {
			spec := base()
			tt.set(&spec.Tunnel, n)
			if _, err := NewConnection(spec, around()); code(err) != want {
				t.Errorf("%s=%d: got %v, want %s", tt.name, n, err, want)
			}
		}
	}
}

func TestConnectionAliases(t *testing.T) {
	spec := base()
	spec.Tunnel.IKE = &IKESpec{Encryption: text("AES-CBS-192"), Integrity: text("SHA-1")}
	x, err := NewConnection(spec, around())
	if err != nil || x.IKE.Encryption != "AES-CBC-192" || x.IKE.Integrity != "SHA" {
		t.Errorf("got %v, %v", x, err)
	}
}

func TestGCMNeedsVersion4(t *testing.T) {
	for version, want := range map[string]Code{"4.0": "OK", "ver4.1": "OK", "10.0": "OK", "3.1": UnsupportedOperation, "IKEV1": UnsupportedOperation, "": UnsupportedOperation} {
		s := around()
		s.Gateway.Version = version
		spec := base()
		spec.Tunnel.IPsec = &IPsecSpec{Encryption: text("AES256GCM128")}
		if _, err := NewConnection(spec, s); code(err) != want {
			t.Errorf("%q: got %v, want %s", version, err, want)
		}
	}
}

func TestPreSharedKey(t *testing.T) {
	tests := []struct {
		key  string
		want Code
	}{
		{"a", "OK"},
		{strings.Repeat("k", 128), "OK"},
		{"0x1234", "OK"}, {"0sMTIz", "OK"}, {" both ends ", "OK"}, {`"}#${ENV}$(id)`, "OK"}, {"include /etc/shadow", "OK"}, {"~!", "OK"},
		{"", InvalidParameterValueEmpty},
		{strings.Repeat("k", 129), InvalidParameterValueTooLong},
		{"a\nb", InvalidParameterValueMalformed}, {"a\x00", InvalidParameterValueMalformed}, {"a\x7f", InvalidParameterValueMalformed}, {"ключ", InvalidParameterValueMalformed}, {"a\xff", InvalidParameterValueMalformed},
	}
	for _, tt := range tests {
		err := CheckPreSharedKey(Secret(tt.key), nil)
		if code(err) != tt.want {
			t.Errorf("%q: got %v, want %s", tt.key, err, tt.want)
		}
		if err != nil && len(tt.key) > 1 && strings.Contains(err.Error()+err.ZH, tt.key) {
			t.Errorf("%q: the message repeats the key", tt.key)
		}
	}
}

func TestIdentities(t *testing.T) {
	tests := []struct {
		name string
		want Code
	}{
		{"peer.example.com", "OK"}, {"192.0.2.1", "OK"}, {"@#0a0b", "OK"}, {`C=CN, CN=x"}`, "OK"}, {"站点", "OK"}, {strings.Repeat("x", 255), "OK"}, {"a%any", "OK"},
		{"", InvalidParameterValueEmpty},
		{strings.Repeat("x", 256), InvalidParameterValueTooLong},
		{"%any", InvalidParameterValueMalformed}, {"%ANY6", InvalidParameterValueMalformed}, {"keyid:x", InvalidParameterValueMalformed}, {"ASN1DN:#30", InvalidParameterValueMalformed},
		{"*", InvalidParameterValueMalformed}, {"0.0.0.0", InvalidParameterValueMalformed}, {"::", InvalidParameterValueMalformed},
		{"a\nb", InvalidParameterValueMalformed}, {"a\x00", InvalidParameterValueMalformed}, {"a\u0085", InvalidParameterValueMalformed}, {"\xff", InvalidParameterValueMalformed},
	}
	for _, tt := range tests {
		spec := base()
		spec.Tunnel.IKE = &IKESpec{RemoteIdentity: text("FQDN"), RemoteFQDN: text(tt.name), RemoteAddress: text("1.2.3.4")}
		x, err := NewConnection(spec, around())
		if code(err) != tt.want {
			t.Errorf("%q: got %v, want %s", tt.name, err, tt.want)
		}
		if err == nil && (x.IKE.RemoteFQDN != tt.name || x.IKE.RemoteAddress != "" || x.IKE.LocalAddress != "198.51.100.1") {
			t.Errorf("%q: got %v", tt.name, x.IKE)
		}
	}
}

func TestPolicies(t *testing.T) {
	other := &Connection{ID: "vpnx-bbbbbbbb", RouteType: RoutePolicy, Policies: []PolicyRule{{netip.MustParsePrefix("10.0.0.0/24"), []netip.Prefix{netip.MustParsePrefix("172.16.0.0/16")}}}}
	full := &Connection{ID: "vpnx-cccccccc", Policies: make([]PolicyRule, 199)}
	for i := range full.Policies {
		full.Policies[i] = PolicyRule{netip.MustParsePrefix("10.9.0.0/24"), []netip.Prefix{netip.PrefixFrom(numberAddr(0xc0000000+uint32(i)<<8), 24)}}
	}
	remotes := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("172.20.%d.0/24", i))
		}
		return out
	}
	rules := func(n int) (out []PolicySpec) {
		for i := range n {
			out = append(out, PolicySpec{"10.0.0.0/24", []string{fmt.Sprintf("172.21.%d.0/24", i)}})
		}
		return out
	}
	tests := []struct {
		name   string
		rules  []PolicySpec
		others []*Connection
		want   Code
	}{
		{"plain", policy("10.0.0.0/24", "192.168.0.0/24"), nil, "OK"},
		{"none", []PolicySpec{}, nil, InvalidParameterValueEmpty},
		{"left out", nil, nil, InvalidParameterValueEmpty},
		{"no remote", policy("10.0.0.0/24"), nil, InvalidParameterValueEmpty},
		{"everywhere", policy("0.0.0.0/0", "0.0.0.0/0"), nil, "OK"},
		{"everything else", policy("10.0.0.0/16", "0.0.0.0/0"), nil, "OK"},
		{"mask 33", policy("10.0.0.0/33", "192.168.0.0/24"), nil, InvalidParameterValueMalformed},
		{"trailing comma", policy("10.0.0.0/8,", "192.168.0.0/24"), nil, InvalidParameterValueMalformed},
		{"no mask", policy("10.0.0.0", "192.168.0.0/24"), nil, InvalidParameterValueMalformed},
		{"IPv6", policy("10.0.0.0/24", "2001:db8::/32"), nil, InvalidParameterValueMalformed},
		{"loopback", policy("10.0.0.0/24", "127.0.0.0/8"), nil, InvalidParameterValueMalformed},
		{"multicast", policy("10.0.0.0/24", "224.1.0.0/16"), nil, InvalidParameterValueMalformed},
		{"broadcast", policy("10.0.0.0/24", "255.255.255.255/32"), nil, InvalidParameterValueMalformed},
		{"zero", policy("10.0.0.0/24", "0.0.0.0/32"), nil, InvalidParameterValueMalformed},
		{"twice", policy("10.0.0.0/24", "192.168.0.0/24", "192.168.0.9/24"), nil, InvalidParameterValueDuplicate},
		{"own ends overlap", policy("10.1.0.0/24", "10.1.0.0/16"), nil, InvalidParameterValueVpnConnSpdCidrConflict},
		{"remote in VPC", policy("10.1.0.0/24", "10.0.5.0/24"), nil, InvalidParameterValueVpcCidrConflict},
		{"other tunnel", policy("10.0.0.0/16", "172.16.5.0/24"), []*Connection{other}, InvalidParameterValueVpnConnCidrConflict},
		{"other tunnel, other local", policy("10.0.1.0/24", "172.16.5.0/24"), []*Connection{other}, "OK"},
		{"50 remotes", policy("10.0.0.0/24", remotes(50)...), nil, "OK"},
		{"51 remotes", policy("10.0.0.0/24", remotes(51)...), nil, InvalidParameterValueLimitExceeded},
		{"10 rules", rules(10), nil, "OK"},
		{"11 rules", rules(11), nil, InvalidParameterValueLimitExceeded},
		{"200 pairs", rules(1), []*Connection{full}, "OK"},
		{"201 pairs", rules(2), []*Connection{full}, InvalidParameterValueLimitExceeded},
	}
	for _, tt := range tests {
		spec := base()
		spec.Tunnel.Policies = tt.rules
		if _, err := NewConnection(spec, around(tt.others...)); code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestHostBitsAreCleared(t *testing.T) {
	spec := base()
	spec.Tunnel.Policies = policy("10.0.0.5/24", "172.123.10.5/16")
	x, err := NewConnection(spec, around())
	if got := fmt.Sprint(x.Policies); err != nil || got != "[{10.0.0.0/24 [172.123.0.0/16]}]" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestRouteTypes(t *testing.T) {
	byRoute := &Connection{ID: "vpnx-bbbbbbbb", RouteType: RouteStaticRoute}
	byBGP := &Connection{ID: "vpnx-bbbbbbbb", RouteType: RouteBGP, BGP: &BGP{Tunnel: netip.MustParsePrefix("169.254.128.4/30")}}
	with := func(s ConnectionSpec, change func(*ConnectionSpec)) ConnectionSpec { change(&s); return s }
	tests := []struct {
		name   string
		spec   ConnectionSpec
		others []*Connection
		want   Code
	}{
		{"off list", routed("static"), nil, InvalidParameterValueMalformed},
		{"policy", with(base(), func(s *ConnectionSpec) { s.RouteType = text("Policy") }), nil, "OK"},
		{"route", routed(RouteStaticRoute), nil, "OK"},
		{"route with what it shows", with(routed(RouteStaticRoute), func(s *ConnectionSpec) { s.Tunnel.Policies = policy("0.0.0.0/0", "0.0.0.0/0") }), nil, "OK"},
		{"route with rules", with(base(), func(s *ConnectionSpec) { s.RouteType = text("StaticRoute") }), nil, InvalidParameterCoexist},
		{"BGP with rules", with(bgpSpec(), func(s *ConnectionSpec) { s.Tunnel.Policies = policy("0.0.0.0/0", "0.0.0.0/0") }), nil, InvalidParameterCoexist},
		{"first route", with(routed(RouteStaticRoute), func(s *ConnectionSpec) { s.Route = &ConnectionRouteSpec{} }), nil, "OK"},
		{"first route by policy", with(base(), func(s *ConnectionSpec) { s.Route = &ConnectionRouteSpec{} }), nil, InvalidParameterCoexist},
		{"BGP", bgpSpec(), nil, "OK"},
		{"BGP beside BGP", bgpSpec(), []*Connection{byBGP}, "OK"},
		{"BGP beside routes", bgpSpec(), []*Connection{byRoute}, UnsupportedOperationVpnConnRouteTypeMixed},
		{"routes beside BGP", routed(RouteStaticRoute), []*Connection{byBGP}, UnsupportedOperationVpnConnRouteTypeMixed},
		{"BGP without config", routed(RouteBGP), nil, InvalidParameterValueEmpty},
		{"config without BGP", with(bgpSpec(), func(s *ConnectionSpec) { s.RouteType = text("StaticRoute") }), nil, InvalidParameterCoexist},
	}
	for _, tt := range tests {
		if _, err := NewConnection(tt.spec, around(tt.others...)); code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestBGP(t *testing.T) {
	taken := &Connection{ID: "vpnx-bbbbbbbb", RouteType: RouteBGP, BGP: &BGP{Tunnel: netip.MustParsePrefix("169.254.128.0/30")}}
	probed := &Connection{ID: "vpnx-bbbbbbbb", RouteType: RouteBGP, Health: HealthCheck{Enable: true, Local: netip.MustParseAddr("169.254.128.1")}}
	tests := []struct {
		name   string
		bgp    BGPSpec
		others []*Connection
		change func(*Surroundings)
		want   Code
	}{
		{"host bits", BGPSpec{"169.254.128.3/30", "169.254.128.2", "169.254.128.1"}, nil, nil, "OK"},
		{"/31", BGPSpec{"169.254.128.0/31", "169.254.128.0", "169.254.128.1"}, nil, nil, InvalidParameterValueVpnConnBgpTunnelCidrMask},
		{"no range", BGPSpec{"169.254.128.0", "169.254.128.1", "169.254.128.2"}, nil, nil, InvalidParameterValueMalformed},
		{"IPv6", BGPSpec{"fe80::/30", "fe80::1", "fe80::2"}, nil, nil, InvalidParameterValueMalformed},
		{"local outside", BGPSpec{"169.254.128.0/30", "169.254.128.5", "169.254.128.2"}, nil, nil, InvalidParameterValueVpnConnBgpTunnelCidrNotSupported},
		{"remote is the broadcast", BGPSpec{"169.254.128.0/30", "169.254.128.1", "169.254.128.3"}, nil, nil, InvalidParameterValueVpnConnBgpTunnelCidrNotSupported},
		{"local is the network", BGPSpec{"169.254.128.0/30", "169.254.128.0", "169.254.128.2"}, nil, nil, InvalidParameterValueVpnConnBgpTunnelCidrNotSupported},
		{"same ends", BGPSpec{"169.254.128.0/30", "169.254.128.1", "169.254.128.1"}, nil, nil, InvalidParameterValueVpnConnBgpTunnelCidrNotSupported},
		{"no address", BGPSpec{"169.254.128.0/30", "", "169.254.128.1"}, nil, nil, InvalidParameterValueMalformed},
		{"other tunnel", *bgpSpec().Tunnel.BGP, []*Connection{taken}, nil, InvalidParameterValueVpnConnBgpTunnelCidrConflict},
		{"other's probe", *bgpSpec().Tunnel.BGP, []*Connection{probed}, nil, InvalidParameterValueVpnConnBgpTunnelCidrConflict},
		{"in the VPC", BGPSpec{"10.0.0.0/30", "10.0.0.1", "10.0.0.2"}, nil, nil, InvalidParameterValueVpnConnBgpTunnelCidrConflict},
		{"slow gateway", *bgpSpec().Tunnel.BGP, nil, func(s *Surroundings) { s.Gateway.Bandwidth = 100 }, UnsupportedOperationVpnUnsupportedBgp},
		{"old gateway", *bgpSpec().Tunnel.BGP, nil, func(s *Surroundings) { s.Gateway.Version = "3.1" }, UnsupportedOperationVpnUnsupportedBgp},
		{"gateway without a number", *bgpSpec().Tunnel.BGP, nil, func(s *Surroundings) { s.Gateway.BGPASN = 0 }, UnsupportedOperationVpnUnsupportedNotExistBgpAsn},
		{"peer without a number", *bgpSpec().Tunnel.BGP, nil, func(s *Surroundings) { s.CustomerGateway.BGPASN = 0 }, UnsupportedOperationVpnUnsupportedUsrGwNotExistBgpAsn},
		{"same number", *bgpSpec().Tunnel.BGP, nil, func(s *Surroundings) { s.CustomerGateway.BGPASN = 64600 }, UnsupportedOperationVpnUnsupportedBgpAsnEqual},
	}
	for _, tt := range tests {
		s, spec := around(tt.others...), bgpSpec()
		spec.Tunnel.BGP = &tt.bgp
		if tt.change != nil {
			tt.change(s)
		}
		if _, err := NewConnection(spec, s); code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestHealthCheck(t *testing.T) {
	probed := func(local, remote string) *Connection {
		return &Connection{ID: "vpnx-bbbbbbbb", RouteType: RouteStaticRoute, Health: HealthCheck{Enable: true, Local: netip.MustParseAddr(local), Remote: netip.MustParseAddr(remote)}}
	}
	first := probed("169.254.128.1", "169.254.128.2")
	tests := []struct {
		name   string
		spec   ConnectionSpec
		health HealthSpec
		others []*Connection
		want   string
	}{
		{"off", routed(RouteStaticRoute), HealthSpec{}, nil, "false invalid IP invalid IP  0 0 0"},
		{"off with addresses", routed(RouteStaticRoute), HealthSpec{Local: text("0.0.0.0"), Remote: text("169.254.128.9")}, nil, "false invalid IP 169.254.128.9  0 0 0"},
		{"defaults", routed(RouteStaticRoute), HealthSpec{Enable: yes()}, nil, "true 169.254.128.1 169.254.128.2 NQA 5000 3 150"},
		{"next pair", routed(RouteStaticRoute), HealthSpec{Enable: yes()}, []*Connection{first}, "true 169.254.128.5 169.254.128.6 NQA 5000 3 150"},
		{"half config", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Config: &ProbeSpec{Interval: signed(1000)}}, nil, "true 169.254.128.1 169.254.128.2 NQA 1000 3 150"},
		{"only local", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("169.254.200.2")}, nil, "true 169.254.200.2 169.254.200.1 NQA 5000 3 150"},
		{"only remote", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Remote: text("192.168.7.1")}, nil, "true 192.168.7.2 192.168.7.1 NQA 5000 3 150"},
		{"remote without neighbour", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Remote: text("192.168.7.4")}, nil, "true 169.254.128.1 192.168.7.4 NQA 5000 3 150"},
		{"neighbour taken", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("192.168.7.1")}, []*Connection{probed("192.168.7.2", "192.168.7.9")}, "true 192.168.7.1 169.254.128.1 NQA 5000 3 150"},
		{"empty is none", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text(""), Remote: text("")}, nil, "true 169.254.128.1 169.254.128.2 NQA 5000 3 150"},
		{"beside BGP", bgpSpec(), HealthSpec{Enable: yes()}, nil, "true 169.254.128.5 169.254.128.6 NQA 5000 3 150"},
		{"taken", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("169.254.128.2"), Remote: text("169.254.128.9")}, []*Connection{first}, "InvalidParameterValue.VpnConnHealthCheckIpConflict"},
		{"in the VPC", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("10.0.1.1")}, nil, "InvalidParameterValue.VpnConnHealthCheckIpConflict"},
		{"multicast", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Remote: text("224.0.0.5")}, nil, "InvalidParameterValue.VpnConnHealthCheckIpConflict"},
		{"zero", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("0.0.0.0")}, nil, "InvalidParameterValue.VpnConnHealthCheckIpConflict"},
		{"same ends", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("169.254.128.1"), Remote: text("169.254.128.1")}, nil, "InvalidParameterValue.VpnConnHealthCheckIpConflict"},
		{"gateway's own", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("198.51.100.1")}, nil, "InvalidParameterValue.VpnConnHealthCheckIpConflict"},
		{"IPv6", routed(RouteStaticRoute), HealthSpec{Enable: yes(), Local: text("::1")}, nil, "InvalidParameterValue.Malformed"},
		{"by policy", base(), HealthSpec{Enable: yes()}, nil, "UnsupportedOperation.VpnConnCidrNotSupportedHealthCheck"},
		{"by policy for all", ConnectionSpec{Tunnel: TunnelSpec{Policies: policy("0.0.0.0/0", "0.0.0.0/0")}}, HealthSpec{Enable: yes()}, nil, "true 169.254.128.1 169.254.128.2 NQA 5000 3 150"},
	}
	for _, tt := range tests {
		tt.spec.Tunnel.Health = tt.health
		x, err := NewConnection(tt.spec, around(tt.others...))
		got := string(code(err))
		if err == nil {
			h := x.Health
			got = fmt.Sprintf("%v %v %v %s %d %d %d", h.Enable, h.Local, h.Remote, h.Probe, h.Interval, h.Threshold, h.Timeout)
		}
		if got != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestPickProbesExhausted(t *testing.T) {
	if local, remote := PickProbes(func(netip.Addr) bool { return true }); local.IsValid() || remote.IsValid() {
		t.Errorf("got %v, %v", local, remote)
	}
	last := netip.MustParseAddr("169.254.255.253")
	if local, _ := PickProbes(func(a netip.Addr) bool { return a.Less(last) }); local != last {
		t.Errorf("got %v, want the last pair of the pool", local)
	}
}

func TestConnectionChange(t *testing.T) {
	was := around().CustomerGateway
	made := func(spec ConnectionSpec) *Connection {
		x, err := NewConnection(spec, around())
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	full := base()
	full.Tunnel.IKE = &IKESpec{Version: text("IKEV2"), DHGroup: text("GROUP14"), RemoteAddress: text("1.2.3.4")}
	full.Tunnel.DPD = DPDSpec{Enable: signed(1), Timeout: text("45"), Action: text("clear")}
	show := func(x *Connection) string {
		return fmt.Sprintf("%s %v %v %v %v %v %v", x.CustomerGateway, x.Policies, x.IKE.Version, x.IKE.DHGroup, x.IKE.RemoteAddress, x.DPD, x.Health.Local)
	}
	tests := []struct {
		name   string
		from   ConnectionSpec
		change TunnelSpec
		around func(*Surroundings)
		want   string
	}{
		{"nothing", full, TunnelSpec{}, nil, "cgw-aaaaaaaa [{10.0.0.0/24 [192.168.0.0/24]}] IKEV2 GROUP14 1.2.3.4 {true 45 clear} invalid IP"},
		{"an object replaces the whole", full, TunnelSpec{IKE: &IKESpec{DHGroup: text("GROUP2")}}, nil, "cgw-aaaaaaaa [{10.0.0.0/24 [192.168.0.0/24]}] IKEV1 GROUP2 203.0.113.7 {true 45 clear} invalid IP"},
		{"DPD one by one", full, TunnelSpec{DPD: DPDSpec{Timeout: text("60")}}, nil, "cgw-aaaaaaaa [{10.0.0.0/24 [192.168.0.0/24]}] IKEV2 GROUP14 1.2.3.4 {true 60 clear} invalid IP"},
		{"policies", full, TunnelSpec{Policies: policy("10.0.9.0/24", "10.9.0.0/24")}, nil, "cgw-aaaaaaaa [{10.0.9.0/24 [10.9.0.0/24]}] IKEV2 GROUP14 1.2.3.4 {true 45 clear} invalid IP"},
		{"the address follows the peer", base(), TunnelSpec{}, func(s *Surroundings) {
			s.CustomerGateway = &CustomerGateway{ID: "cgw-bbbbbbbb", Addr: netip.MustParseAddr("203.0.113.8")}
		}, "cgw-bbbbbbbb [{10.0.0.0/24 [192.168.0.0/24]}] IKEV1 GROUP1 203.0.113.8 {false 30 restart} invalid IP"},
		{"an address of its own stays", full, TunnelSpec{}, func(s *Surroundings) {
			s.CustomerGateway = &CustomerGateway{ID: "cgw-bbbbbbbb", Addr: netip.MustParseAddr("203.0.113.8")}
		}, "cgw-bbbbbbbb [{10.0.0.0/24 [192.168.0.0/24]}] IKEV2 GROUP14 1.2.3.4 {true 45 clear} invalid IP"},
		{"untouched parts are not held against new surroundings", base(), TunnelSpec{Negotiation: text("passive")}, func(s *Surroundings) {
			s.VPCRanges = append(s.VPCRanges, netip.MustParsePrefix("192.168.0.0/16"))
		}, "cgw-aaaaaaaa [{10.0.0.0/24 [192.168.0.0/24]}] IKEV1 GROUP1 203.0.113.7 {false 30 restart} invalid IP"},
		{"health on", routed(RouteStaticRoute), TunnelSpec{Health: HealthSpec{Enable: yes()}}, nil, "cgw-aaaaaaaa [] IKEV1 GROUP1 203.0.113.7 {false 30 restart} 169.254.128.1"},
		{"health on by policy", base(), TunnelSpec{Health: HealthSpec{Enable: yes()}}, nil, "UnsupportedOperation.VpnConnCidrNotSupportedHealthCheck"},
		{"policies gone", base(), TunnelSpec{Policies: []PolicySpec{}}, nil, "InvalidParameterValue.Empty"},
		{"policies of routes", routed(RouteStaticRoute), TunnelSpec{Policies: policy("10.0.0.0/24", "10.9.0.0/24")}, nil, "InvalidParameter.Coexist"},
		{"BGP of routes", routed(RouteStaticRoute), TunnelSpec{BGP: bgpSpec().Tunnel.BGP}, nil, "InvalidParameter.Coexist"},
		{"BGP to a peer without a number", bgpSpec(), TunnelSpec{}, func(s *Surroundings) {
			s.CustomerGateway = &CustomerGateway{ID: "cgw-bbbbbbbb", Addr: netip.MustParseAddr("203.0.113.8")}
		}, "UnsupportedOperation.VpnUnsupportedUsrGwNotExistBgpAsn"},
	}
	for _, tt := range tests {
		x, s := made(tt.from), around()
		if tt.around != nil {
			tt.around(s)
		}
		before := fmt.Sprintf("%+v", *x)
		y, err := x.Change(tt.change, was, s)
		got := string(code(err))
		if err == nil {
			got = show(y)
		}
		if got != tt.want {
			t.Errorf("%s: got\n%s (%v), want\n%s", tt.name, got, err, tt.want)
		}
		if after := fmt.Sprintf("%+v", *x); after != before {
			t.Errorf("%s: the old row changed", tt.name)
		}
	}
}

func TestGatewayIsNotItsOwnPeer(t *testing.T) {
	s := around()
	x, err := NewConnection(base(), s)
	if err != nil {
		t.Fatal(err)
	}
	was := *s.CustomerGateway
	s.CustomerGateway = &CustomerGateway{ID: "cgw-bbbbbbbb", Addr: s.Gateway.Public}
	if _, err := NewConnection(base(), s); code(err) != UnsupportedOperation {
		t.Errorf("new connection: %v", err)
	}
	if _, err := x.Change(TunnelSpec{}, &was, s); code(err) != UnsupportedOperation {
		t.Errorf("change: %v", err)
	}
}

func TestCheckPeer(t *testing.T) {
	others := []*Connection{{ID: "vpnx-bbbbbbbb", CustomerGateway: "cgw-bbbbbbbb"}, {ID: "vpnx-cccccccc", CustomerGateway: "cgw-cccccccc", Deleted: 1}}
	for peer, want := range map[CustomerGatewayID]Code{"cgw-aaaaaaaa": "OK", "cgw-bbbbbbbb": InvalidParameterValueDuplicate, "cgw-cccccccc": ResourceInUse} {
		if err := CheckPeer(peer, others, nil); code(err) != want {
			t.Errorf("%s: got %v, want %s", peer, err, want)
		}
	}
}

func TestConnectionState(t *testing.T) {
	at := func(s float64) Instant { return Instant(1e18 + s*1e9) }
	tests := []struct {
		x    Connection
		now  Instant
		want ConnectionState
	}{
		{Connection{Created: at(0)}, at(0.9), ConnectionPending},
		{Connection{Created: at(0)}, at(1), ConnectionAvailable},
		{Connection{Created: at(0), Changed: at(5)}, at(5.5), ConnectionUpdating},
		{Connection{Created: at(0), Changed: at(5)}, at(6), ConnectionAvailable},
		{Connection{Created: at(0), Changed: at(5), Deleted: at(5.1)}, at(5.5), ConnectionDeleting},
	}
	for i, tt := range tests {
		if got := tt.x.State(&Sighting{Gateway: &Gateway{}}, tt.now, time.Second); got != tt.want {
			t.Errorf("%d: got %s, want %s", i, got, tt.want)
		}
	}
	if ConnectionUpdating.Shown() != "AVAILABLE" || ConnectionPending.Shown() != "PENDING" {
		t.Error("UPDATING is never shown")
	}
}
