package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/api"
	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Bad inputs: each is accepted and stored byte for byte, or refused with its code and
// nothing has changed; never half of either.

// slowSettle is how long new things read PENDING here: longer than any test runs, so
// that only settle moves them on.
const slowSettle = 10 * time.Minute

func newSlowHarness(t *testing.T, logger *slog.Logger) *harness {
	t.Helper()
	h := &harness{clock: &clock{}}
	st, err := store.OpenMemory(store.Options{Clock: h.clock.now, Seed: 1, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	pool, err := vpc.ParseAddrRange("100.64.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	h.store = st
	h.control = control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: slowSettle, Pool: []vpc.AddrRange{pool}, Rate: -1, Logger: logger})
	h.handler = api.New(api.Config{Control: h.control, Region: "ap-guangzhou", Logger: logger}).Handler()
	return h
}

// tunnel is a session with an available gateway and a customer gateway to try
// connections between.
type tunnel struct {
	*session
	vpc, gateway, peer string
}

// newTunnel makes both ends; asn is the gateway's, 0 for one that speaks no BGP.
func newTunnel(t *testing.T, h *harness, asn int) *tunnel {
	t.Helper()
	s := &tunnel{session: h.session(t)}
	s.vpc = s.made(t, "CreateVpc", `{"VpcName":"v","CidrBlock":"10.0.0.0/16"}`, "Vpc.VpcId")
	size := `"InternetMaxBandwidthOut":5`
	if asn != 0 {
		size = fmt.Sprintf(`"InternetMaxBandwidthOut":200,"BgpAsn":%d`, asn)
	}
	s.gateway = s.made(t, "CreateVpnGateway", fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"g",%s}`, s.vpc, size), "VpnGateway.VpnGatewayId")
	s.peer = s.made(t, "CreateCustomerGateway", `{"CustomerGatewayName":"c","IpAddress":"58.211.1.12","BgpAsn":65010}`, "CustomerGateway.CustomerGatewayId")
	s.settle(t)
	return s
}

func (s *tunnel) settle(t *testing.T) {
	t.Helper()
	if err := s.advance(slowSettle); err != nil {
		t.Fatal(err)
	}
}

// made is a call that must succeed, and the text at a path of its answer.
func (s *tunnel) made(t *testing.T, action, body, path string) string {
	t.Helper()
	reply := s.call(t, action, body)
	v, ok := lookup(reply, path)
	if !ok {
		t.Fatalf("%s %s: %s", action, body, compact(reply))
	}
	return plain(v)
}

// body is a whole CreateVpnConnection, with inputs replaced by name.
func (s *tunnel) body(t *testing.T, inputs map[string]any) string {
	t.Helper()
	all := map[string]any{
		"VpnGatewayId": s.gateway, "CustomerGatewayId": s.peer, "VpnConnectionName": "x", "PreShareKey": "123456",
		"SecurityPolicyDatabases": spd("10.0.0.0/24", "192.168.0.0/24"),
	}
	if r, ok := inputs["RouteType"]; ok && (r == "StaticRoute" || r == "Bgp") {
		delete(all, "SecurityPolicyDatabases")
	}
	for k, v := range inputs {
		all[k] = v
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func spd(local string, remotes ...string) []map[string]any {
	return []map[string]any{{"LocalCidrBlock": local, "RemoteCidrBlock": remotes}}
}

// lists are everything that the account can see of what the tests touch.
var lists = []struct{ action, body string }{
	{"DescribeVpnGateways", `{"Limit":100}`},
	{"DescribeCustomerGateways", `{"Limit":100}`},
	{"DescribeVpnConnections", `{"Limit":100}`},
	{"DescribeVpnGatewayRoutes", `{"VpnGatewayId":%q,"Limit":100}`},
	{"DescribeTags", `{}`},
}

// seen is the printed state of the account.
func (s *tunnel) seen(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, l := range lists {
		body := l.body
		if strings.Contains(body, "%q") {
			body = fmt.Sprintf(body, s.gateway)
		}
		reply := s.call(t, l.action, body).(map[string]any)
		delete(reply, "RequestId")
		b.WriteString(l.action + " " + compact(reply) + "\n")
	}
	return b.String()
}

// try makes a call that should answer want. Where it refuses, nothing may have changed.
func (s *tunnel) try(t *testing.T, name, action, body, want string) any {
	t.Helper()
	before := s.seen(t)
	reply := s.call(t, action, body)
	if got := codeOf(reply); got != want {
		t.Errorf("%s: got %s, want %s", name, compact(reply), want)
	}
	if after := s.seen(t); codeOf(reply) != "OK" && after != before {
		t.Errorf("%s: a refused call changed\n%s\nto\n%s", name, before, after)
	}
	return reply
}

// input is one input of CreateVpnConnection and what comes of it. Stored is what the
// connection then holds at path.
type input struct {
	name   string
	inputs map[string]any
	want   string
	path   string
	stored any
}

// tryInputs tries each input in an account of its own.
func tryInputs(t *testing.T, asn int, inputs []input) {
	t.Helper()
	h := newSlowHarness(t, nil)
	for _, in := range inputs {
		s := newTunnel(t, h, asn)
		reply := s.try(t, in.name, "CreateVpnConnection", s.body(t, in.inputs), in.want)
		if in.want != "OK" || in.path == "" {
			continue
		}
		id, _ := lookup(reply, "VpnConnection.VpnConnectionId")
		reply = s.call(t, "DescribeVpnConnections", fmt.Sprintf(`{"VpnConnectionIds":[%q]}`, plain(id)))
		got, _ := lookup(reply, "VpnConnectionSet.0."+in.path)
		if want := compact(in.stored); compact(got) != want {
			t.Errorf("%s: stored %s, want %s", in.name, compact(got), want)
		}
	}
}

func TestBadPreSharedKeys(t *testing.T) {
	var inputs []input
	for _, key := range []string{"1", strings.Repeat("k", 128), `"`, "0sMTIzNDU2", "0x31323334", " both ends ", "${ENV}", "include /etc/shadow", "`id`", `\`, "#}", "%s%n"} {
		inputs = append(inputs, input{"key " + key, map[string]any{"PreShareKey": key}, "OK", "PreShareKey", key})
	}
	for key, want := range map[string]string{
		"": "InvalidParameterValue.Empty", strings.Repeat("k", 129): "InvalidParameterValue.TooLong",
		"a\nb": "InvalidParameterValue.Malformed", "a\r": "InvalidParameterValue.Malformed", "a\x7f": "InvalidParameterValue.Malformed",
		"ключ": "InvalidParameterValue.Malformed", "\u00a0": "InvalidParameterValue.Malformed", "a\x00b": "InvalidParameterValue",
	} {
		inputs = append(inputs, input{fmt.Sprintf("key %q", key), map[string]any{"PreShareKey": key}, want, "", nil})
	}
	tryInputs(t, 0, inputs)
}

func TestBadIdentities(t *testing.T) {
	named := func(name string) map[string]any {
		return map[string]any{"IKEOptionsSpecification": map[string]any{
			"LocalIdentity": "FQDN", "LocalFqdnName": "hub", "RemoteIdentity": "FQDN", "RemoteFqdnName": name,
		}}
	}
	var inputs []input
	for _, name := range []string{"peer.example.com", "@#0a0b", "C=CN, CN=x\"}", "192.0.2.1", strings.Repeat("x", 255), "站点", "a b", "$(id)", "a*.example.com"} {
		inputs = append(inputs, input{"identity " + name, named(name), "OK", "IKEOptionsSpecification.RemoteFqdnName", name})
	}
	for name, want := range map[string]string{
		"": "InvalidParameterValue.Empty", strings.Repeat("x", 256): "InvalidParameterValue.TooLong",
		"%any": "InvalidParameterValue.Malformed", "%any6": "InvalidParameterValue.Malformed", "*": "InvalidParameterValue.Malformed", "*.example.com": "InvalidParameterValue.Malformed", "*peer": "InvalidParameterValue.Malformed", "0.0.0.0": "InvalidParameterValue.Malformed", "::": "InvalidParameterValue.Malformed",
		"keyid:x": "InvalidParameterValue.Malformed", "KEYID:x": "InvalidParameterValue.Malformed", "asn1dn:#30": "InvalidParameterValue.Malformed",
		"C=CN, CN=x\"\n}": "InvalidParameterValue.Malformed", "a\tb": "InvalidParameterValue.Malformed", "a\x00": "InvalidParameterValue",
	} {
		inputs = append(inputs, input{fmt.Sprintf("identity %q", name), named(name), want, "", nil})
	}
	for _, address := range []string{"%any", "0.0.0.0", "1.2.3.4/32", "010.1.1.1", "1.2.3.4\n", "::1", "localhost"} {
		inputs = append(inputs, input{"address " + address, map[string]any{"IKEOptionsSpecification": map[string]any{"RemoteAddress": address}}, "InvalidParameterValue.Malformed", "", nil})
	}
	tryInputs(t, 0, inputs)
}

// TestSameIdentity: one name on two connections of a gateway is told apart by address. That
// each has its own key, test/dataplane holds by packets.
func TestSameIdentity(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	named := map[string]any{"IKEOptionsSpecification": map[string]any{"RemoteIdentity": "FQDN", "RemoteFqdnName": "peer"}}
	s.try(t, "first", "CreateVpnConnection", s.body(t, named), "OK")
	s.peer = s.made(t, "CreateCustomerGateway", `{"CustomerGatewayName":"d","IpAddress":"58.211.1.13"}`, "CustomerGateway.CustomerGatewayId")
	named["SecurityPolicyDatabases"] = spd("10.0.0.0/24", "192.168.1.0/24")
	s.try(t, "second", "CreateVpnConnection", s.body(t, named), "OK")
}

func TestBadPeers(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	for _, addr := range []string{"0.0.0.0", "255.255.255.255", "127.0.0.1", "169.254.1.1", "224.0.0.1", "10.0.0.0", "10.255.255.255", "172.16.0.0", "192.0.2.255", "2001:db8::1", "::ffff:1.2.3.4", "1.2.3.4/32", "010.1.1.1", "1.2.3.4\n", " 1.2.3.4", "1.2.3.4 ", "0x01020304", "16909060", ""} {
		body, _ := json.Marshal(map[string]any{"CustomerGatewayName": "c", "IpAddress": addr})
		s.try(t, fmt.Sprintf("address %q", addr), "CreateCustomerGateway", string(body), "InvalidParameterValue.Malformed")
	}
	s.try(t, "twice", "CreateCustomerGateway", `{"CustomerGatewayName":"c","IpAddress":"58.211.1.12"}`, "UnsupportedOperation.RecordExists")
	own := s.made(t, "DescribeVpnGateways", `{}`, "VpnGatewaySet.0.PublicIpAddress")
	s.peer = s.made(t, "CreateCustomerGateway", fmt.Sprintf(`{"CustomerGatewayName":"self","IpAddress":%q}`, own), "CustomerGateway.CustomerGatewayId")
	s.try(t, "the gateway itself", "CreateVpnConnection", s.body(t, nil), "UnsupportedOperation")
	for name, want := range map[string]string{"站": "OK", "a\r\n\"}#;`id`$(id)../%s\u202e": "OK", "": "InvalidParameterValue.Malformed", strings.Repeat("站", 61): "InvalidParameterValue.TooLong", "a\x00": "InvalidParameterValue"} {
		body, _ := json.Marshal(map[string]any{"CustomerGatewayId": s.peer, "CustomerGatewayName": name})
		s.try(t, fmt.Sprintf("name %q", name), "ModifyCustomerGatewayAttribute", string(body), want)
		if want == "OK" {
			if got := s.made(t, "DescribeCustomerGateways", fmt.Sprintf(`{"CustomerGatewayIds":[%q]}`, s.peer), "CustomerGatewaySet.0.CustomerGatewayName"); got != name {
				t.Errorf("name %q: stored %q", name, got)
			}
		}
	}
	s.try(t, "lone surrogate", "CreateCustomerGateway", `{"CustomerGatewayName":"\ud800","IpAddress":"58.211.1.14"}`, "InvalidParameterValue")
}

func TestBadPolicies(t *testing.T) {
	rules := func(rules ...[]map[string]any) map[string]any {
		var all []map[string]any
		for _, r := range rules {
			all = append(all, r...)
		}
		return map[string]any{"SecurityPolicyDatabases": all}
	}
	many := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("172.16.%d.0/24", i))
		}
		return out
	}
	const set = "SecurityPolicyDatabaseSet"
	tryInputs(t, 0, []input{
		{"everywhere", rules(spd("0.0.0.0/0", "0.0.0.0/0")), "OK", set, spd("0.0.0.0/0", "0.0.0.0/0")},
		{"host bits", rules(spd("10.0.0.5/24", "172.123.10.5/16")), "OK", set, spd("10.0.0.0/24", "172.123.0.0/16")},
		{"one host", rules(spd("10.0.0.5/32", "192.168.0.9/32")), "OK", set, spd("10.0.0.5/32", "192.168.0.9/32")},
		{"order kept", rules(spd("10.0.2.0/24", "192.168.9.0/24", "192.168.1.0/24"), spd("10.0.1.0/24", "192.168.5.0/24")), "OK", set, append(spd("10.0.2.0/24", "192.168.9.0/24", "192.168.1.0/24"), spd("10.0.1.0/24", "192.168.5.0/24")...)},
		{"50 remotes", rules(spd("10.0.0.0/24", many(50)...)), "OK", set, spd("10.0.0.0/24", many(50)...)},
		{"51 remotes", rules(spd("10.0.0.0/24", many(51)...)), "LimitExceeded", "", nil},
		{"in the VPC", rules(spd("10.0.0.0/24", "10.0.1.0/24")), "InvalidParameterValue.VpcCidrConflict", "", nil},
		{"around the VPC", rules(spd("10.0.0.0/24", "10.0.0.0/8")), "InvalidParameterValue.VpnConnSpdCidrConflict", "", nil},
		{"twice", rules(spd("10.0.0.0/24", "192.168.0.0/24"), spd("10.0.0.9/24", "192.168.0.9/24")), "InvalidParameterValue.Duplicate", "", nil},
		{"mask 33", rules(spd("10.0.0.0/33", "192.168.0.0/24")), "InvalidParameterValue.Malformed", "", nil},
		{"mask -1", rules(spd("10.0.0.0/-1", "192.168.0.0/24")), "InvalidParameterValue.Malformed", "", nil},
		{"mask 08", rules(spd("10.0.0.0/08", "192.168.0.0/24")), "InvalidParameterValue.Malformed", "", nil},
		{"comma", rules(spd("10.0.0.0/8,", "192.168.0.0/24")), "InvalidParameterValue.Malformed", "", nil},
		{"two in one", rules(spd("10.0.0.0/24", "192.168.0.0/24,192.168.1.0/24")), "InvalidParameterValue.Malformed", "", nil},
		{"IPv6", rules(spd("10.0.0.0/24", "2001:db8::/32")), "InvalidParameterValue.Malformed", "", nil},
		{"mapped IPv6", rules(spd("10.0.0.0/24", "::ffff:192.168.0.0/120")), "InvalidParameterValue.Malformed", "", nil},
		{"no rule", map[string]any{"SecurityPolicyDatabases": []any{}}, "InvalidParameterValue.Empty", "", nil},
		{"no remote", map[string]any{"SecurityPolicyDatabases": []any{map[string]any{"LocalCidrBlock": "10.0.0.0/24", "RemoteCidrBlock": []any{}}}}, "InvalidParameterValue.Empty", "", nil},
		{"empty local", rules(spd("", "192.168.0.0/24")), "InvalidParameterValue.Malformed", "", nil},
	})
}

// TestPolicyPairs: 200 pairs of ranges fit on a gateway, over all its connections.
func TestPolicyPairs(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	pairs := func(first, n int) map[string]any {
		var rules []map[string]any
		for i := 0; i < n; i += 40 {
			var remotes []string
			for j := i; j < min(i+40, n); j++ {
				remotes = append(remotes, fmt.Sprintf("172.20.%d.0/24", j))
			}
			rules = append(rules, spd(fmt.Sprintf("10.0.%d.0/24", first+i/40), remotes...)...)
		}
		return map[string]any{"SecurityPolicyDatabases": rules}
	}
	s.try(t, "150", "CreateVpnConnection", s.body(t, pairs(0, 150)), "OK")
	s.peer = s.made(t, "CreateCustomerGateway", `{"CustomerGatewayName":"d","IpAddress":"58.211.1.13"}`, "CustomerGateway.CustomerGatewayId")
	s.try(t, "51 more", "CreateVpnConnection", s.body(t, pairs(100, 51)), "LimitExceeded")
	s.try(t, "overlapping another", "CreateVpnConnection", s.body(t, pairs(0, 1)), "InvalidParameterValue.VpnConnCidrConflict")
	s.try(t, "50 more", "CreateVpnConnection", s.body(t, pairs(100, 50)), "OK")
}

func TestBadOptions(t *testing.T) {
	ike := func(k string, v any) map[string]any {
		return map[string]any{"IKEOptionsSpecification": map[string]any{k: v}}
	}
	ipsec := func(options map[string]any) map[string]any {
		return map[string]any{"IPSECOptionsSpecification": options}
	}
	const malformed = "InvalidParameterValue.Malformed"
	tryInputs(t, 0, []input{
		{"wrong case", ike("IKEVersion", "ikev2"), malformed, "", nil},
		{"mixed case", ike("IKEVersion", "IKEv2"), malformed, "", nil},
		{"space", ike("IKEVersion", "IKEV2 "), malformed, "", nil},
		{"lifetime 59", ike("IKESaLifetimeSeconds", 59), malformed, "", nil},
		{"lifetime 60", ike("IKESaLifetimeSeconds", 60), "OK", "IKEOptionsSpecification.IKESaLifetimeSeconds", 60},
		{"lifetime 604800", ike("IKESaLifetimeSeconds", 604800), "OK", "IKEOptionsSpecification.IKESaLifetimeSeconds", 604800},
		{"lifetime 604801", ike("IKESaLifetimeSeconds", 604801), malformed, "", nil},
		{"lifetime 2^63", ike("IKESaLifetimeSeconds", uint64(1)<<63), malformed, "", nil},
		{"lifetime -1", ike("IKESaLifetimeSeconds", -1), "InvalidParameter", "", nil},
		{"traffic 2559", ipsec(map[string]any{"IPSECSaLifetimeTraffic": 2559}), malformed, "", nil},
		{"traffic 2^32-1", ipsec(map[string]any{"IPSECSaLifetimeTraffic": uint64(1)<<32 - 1}), "OK", "IPSECOptionsSpecification.IPSECSaLifetimeTraffic", uint64(1)<<32 - 1},
		{"traffic 2^32", ipsec(map[string]any{"IPSECSaLifetimeTraffic": uint64(1) << 32}), malformed, "", nil},
		{"both twins", ipsec(map[string]any{"IntegrityAlgorith": "MD5", "IntegrityAlgorithm": "SHA-256"}), "OK", "IPSECOptionsSpecification.IntegrityAlgorith", "SHA-256"},
		{"one twin wrong", ipsec(map[string]any{"IntegrityAlgorith": "MD5", "IntegrityAlgorithm": "sha-256"}), malformed, "", nil},
		{"GCM with integrity", ipsec(map[string]any{"EncryptAlgorithm": "AES256GCM128", "IntegrityAlgorith": "SHA-512"}), "OK", "IPSECOptionsSpecification.IntegrityAlgorith", "SHA-512"},
		{"no PFS with IKEV1", ipsec(map[string]any{"PfsDhGroup": "NULL"}), "OK", "IPSECOptionsSpecification.PfsDhGroup", "NULL"},
		{"null PFS", ipsec(map[string]any{"PfsDhGroup": nil}), "OK", "IPSECOptionsSpecification.PfsDhGroup", "NULL"},
		{"DPD as a number", map[string]any{"DpdTimeout": "045"}, malformed, "", nil},
		{"DPD negative", map[string]any{"DpdTimeout": "-30"}, malformed, "", nil},
		{"DPD huge", map[string]any{"DpdTimeout": strings.Repeat("9", 40)}, malformed, "", nil},
	})
}

func TestBadBGP(t *testing.T) {
	bgp := func(tunnel, local, remote string) map[string]any {
		return map[string]any{"RouteType": "Bgp", "BgpConfig": map[string]any{"TunnelCidr": tunnel, "LocalBgpIp": local, "RemoteBgpIp": remote}}
	}
	const code = "InvalidParameterValue.VpnConnBgpTunnelCidr"
	tryInputs(t, 64600, []input{
		{"outside 169.254/16", bgp("172.31.0.0/30", "172.31.0.1", "172.31.0.2"), "OK", "BgpConfig.TunnelCidr", "172.31.0.0/30"},
		{"host bits", bgp("169.254.130.2/30", "169.254.130.1", "169.254.130.2"), "OK", "BgpConfig.TunnelCidr", "169.254.130.0/30"},
		{"/31", bgp("169.254.128.0/31", "169.254.128.0", "169.254.128.1"), code + "Mask", "", nil},
		{"/29", bgp("169.254.128.0/29", "169.254.128.1", "169.254.128.2"), code + "Mask", "", nil},
		{"local = remote", bgp("169.254.128.0/30", "169.254.128.1", "169.254.128.1"), code + "NotSupported", "", nil},
		{"outside the tunnel", bgp("169.254.128.0/30", "169.254.128.1", "169.254.128.6"), code + "NotSupported", "", nil},
		{"in the VPC", bgp("10.0.0.0/30", "10.0.0.1", "10.0.0.2"), code + "Conflict", "", nil},
		{"IPv6", bgp("fe80::/30", "fe80::1", "fe80::2"), "InvalidParameterValue.Malformed", "", nil},
		{"loopback", bgp("127.0.0.0/30", "127.0.0.1", "127.0.0.2"), "InvalidParameterValue.Malformed", "", nil},
	})
	s := newTunnel(t, newSlowHarness(t, nil), 64600)
	s.try(t, "first", "CreateVpnConnection", s.body(t, bgp("169.254.128.0/30", "169.254.128.1", "169.254.128.2")), "OK")
	s.peer = s.made(t, "CreateCustomerGateway", `{"CustomerGatewayName":"d","IpAddress":"58.211.1.13","BgpAsn":64600}`, "CustomerGateway.CustomerGatewayId")
	s.try(t, "same number on both ends", "CreateVpnConnection", s.body(t, bgp("169.254.128.4/30", "169.254.128.5", "169.254.128.6")), "UnsupportedOperation.VpnUnsupportedBgpAsnEqual")
	s.peer = s.made(t, "CreateCustomerGateway", `{"CustomerGatewayName":"e","IpAddress":"58.211.1.14","BgpAsn":65011}`, "CustomerGateway.CustomerGatewayId")
	s.try(t, "tunnels overlap", "CreateVpnConnection", s.body(t, bgp("169.254.128.0/30", "169.254.128.1", "169.254.128.2")), code+"Conflict")
	for _, asn := range []string{"0", "4294967296", "-1", "45090"} {
		s.try(t, "ASN "+asn, "CreateCustomerGateway", fmt.Sprintf(`{"CustomerGatewayName":"f","IpAddress":"58.211.1.15","BgpAsn":%s}`, asn), "InvalidParameterValue")
	}
}
