package plan

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// sslGateway is a gateway with an SSL server and two clients, one of them disabled.
func sslGateway(change func(*vpc.SSLServer)) GatewaySnapshot {
	s := &vpc.SSLServer{
		ID: "vpns-aaaaaaaa", Gateway: "vpngw-aaaaaaaa", VPC: "vpc-aaaaaaaa", Port: 1194, Encryption: "AES-128-CBC", Integrity: "SHA1",
		Local: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}, Remote: netip.MustParsePrefix("172.16.0.0/24"), RootCert: "ROOT", Cert: "CERT",
	}
	if change != nil {
		change(s)
	}
	return GatewaySnapshot{
		ID: "vpngw-aaaaaaaa", Host: Host{Tag: "abcdef", Engine: EngineLibipsec, Uplink: Uplink{Device: "up0", Kind: UplinkBridge}},
		Gateway: &vpc.Gateway{ID: "vpngw-aaaaaaaa", VPC: "vpc-aaaaaaaa", Type: vpc.TypeSSL, Bandwidth: 5, MaxConnection: 5, Public: netip.MustParseAddr("198.51.100.7")},
		Ranges:  []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")},
		SSLServers: []SSLServerSnapshot{{Row: s, Key: "SECRET", Crypt: "SECRET", Clients: []*vpc.SSLClient{
			{ID: "vpnc-bbbbbbbb", Seat: 1, Serial: "b", Disabled: true}, {ID: "vpnc-aaaaaaaa", Seat: 0, Serial: "a"},
		}}},
	}
}

// TestSSLServer holds what becomes of a gateway's SSL server: who may come in, what they
// reach, and that no key is printed.
func TestSSLServer(t *testing.T) {
	m := CompileGateway(sslGateway(nil))
	if len(m.SSLServers) != 1 || len(m.SSLServers[0].Clients) != 1 || m.SSLServers[0].Clients[0].ID != "vpnc-aaaaaaaa" || m.SSLServers[0].Clients[0].Serial != "a" || m.SSLServers[0].Clients[0].Address != netip.MustParseAddr("172.16.0.2") {
		t.Fatalf("%+v", m.SSLServers)
	}
	if strings.Contains(m.Text(), "SECRET") {
		t.Error("a key is printed")
	}
	pool, vpcSide := netip.MustParsePrefix("172.16.0.0/24"), netip.MustParsePrefix("10.0.1.0/24")
	wantForward(t, m, Filter{In: SSLDevice, Out: lanDevice, Src: pool, Dst: vpcSide, Verdict: Accept}, true)
	wantForward(t, m, Filter{In: lanDevice, Out: SSLDevice, Src: vpcSide, Dst: pool, Verdict: Accept}, true)
	wantForward(t, m, Filter{In: SSLDevice, Out: SSLDevice, Src: pool, Dst: pool, Verdict: Accept}, false)

	policies := CompileGateway(sslGateway(func(s *vpc.SSLServer) {
		s.AccessPolicy = true
		s.Policies = []vpc.AccessPolicy{{Target: netip.MustParsePrefix("10.0.1.128/25"), Clients: []vpc.SSLClientID{"vpnc-aaaaaaaa", "vpnc-bbbbbbbb"}}, {Target: s.Remote}}
	}))
	wantForward(t, policies, Filter{In: SSLDevice, Out: lanDevice, Src: pool, Dst: vpcSide, Verdict: Accept}, false)
	wantForward(t, policies, Filter{In: SSLDevice, Out: lanDevice, Src: netip.MustParsePrefix("172.16.0.2/32"), Dst: netip.MustParsePrefix("10.0.1.128/25"), Verdict: Accept}, true)
	wantForward(t, policies, Filter{In: SSLDevice, Out: lanDevice, Src: netip.MustParsePrefix("172.16.0.3/32"), Dst: netip.MustParsePrefix("10.0.1.128/25"), Verdict: Accept}, false)
	wantForward(t, policies, Filter{In: SSLDevice, Out: SSLDevice, Src: pool, Dst: pool, Verdict: Accept}, true)

	blocked := sslGateway(nil)
	blocked.Gateway.Blocked = true
	if m := CompileGateway(blocked); len(m.SSLServers) != 0 {
		t.Error("a blocked gateway has an SSL server")
	}
	if m := CompileGateway(sslGateway(func(s *vpc.SSLServer) { s.Deleted = 1 })); len(m.SSLServers) != 0 {
		t.Error("a deleted SSL server stays")
	}
}

func wantForward(t *testing.T, m Machine, f Filter, want bool) {
	t.Helper()
	got := false
	for _, c := range m.Namespaces[0].Firewall.Chains {
		for _, have := range c.Rules {
			got = got || c.Hook == HookForward && have == f
		}
	}
	if got != want {
		t.Errorf("forwards %+v: %t", f, got)
	}
}

// TestClientPool holds the way back from a VPC to SSL clients.
func TestClientPool(t *testing.T) {
	s := RouterSnapshot{
		ID: "vpc-aaaaaaaa", Host: Host{Tag: "abcdef"}, VPC: &vpc.VPC{ID: "vpc-aaaaaaaa"},
		Gateways: []GatewayPort{{ID: "vpngw-aaaaaaaa", Ready: true}}, Pools: []ClientPool{{"vpngw-aaaaaaaa", netip.MustParsePrefix("172.16.0.0/24")}},
	}
	if text := CompileRouter(s).Text(); !strings.Contains(text, "172.16.0.0/24") || !strings.Contains(text, "gwaaaaaaaa") {
		t.Errorf("no way back:\n%s", text)
	}
	s.Gateways[0].Ready = false
	if text := CompileRouter(s).Text(); !strings.Contains(text, "172.16.0.0/24") || strings.Contains(text, "gwaaaaaaaa via") {
		t.Errorf("a way to a gateway that is not ready:\n%s", text)
	}
}

// TestClientPoolBeforeTables has a client range go before any route of the subnets' tables,
// also a more specific one.
func TestClientPoolBeforeTables(t *testing.T) {
	m := CompileRouter(RouterSnapshot{
		ID: "vpc-aaaaaaaa", Host: Host{Tag: "abcdef"}, VPC: &vpc.VPC{ID: "vpc-aaaaaaaa"},
		Subnets: []*vpc.Subnet{{ID: "subnet-aaaaaaaa", CIDR: netip.MustParsePrefix("10.0.0.0/24"), RouteTable: "rtb-aaaaaaaa"}},
		Tables: []*vpc.RouteTable{{ID: "rtb-aaaaaaaa", Routes: []vpc.Route{
			{Destination: netip.MustParsePrefix("172.16.0.2/32"), GatewayType: vpc.HopVPN, Gateway: "vpngw-bbbbbbbb"}}}},
		Gateways: []GatewayPort{{"vpngw-aaaaaaaa", true}, {"vpngw-bbbbbbbb", true}},
		Pools:    []ClientPool{{"vpngw-aaaaaaaa", netip.MustParsePrefix("172.16.0.0/24")}},
	})
	pool, table := -1, -1
	for i, r := range m.Namespaces[0].Rules {
		switch {
		case r.To == netip.MustParsePrefix("172.16.0.0/24") && !r.Drop:
			pool = i
		case r.In == bridgeOf("subnet-aaaaaaaa"):
			table = i
		}
	}
	if pool < 0 || table < 0 || m.Namespaces[0].Rules[pool].Priority >= m.Namespaces[0].Rules[table].Priority {
		t.Errorf("the range's rule is %d, the table's %d:\n%s", pool, table, m.Text())
	}
	if !strings.Contains(m.Text(), "172.16.0.2/32") {
		t.Errorf("the route is not kept:\n%s", m.Text())
	}
}
