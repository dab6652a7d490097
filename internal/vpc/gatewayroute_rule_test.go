package vpc

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestNewGatewayRoute(t *testing.T) {
	good := GatewayRouteSpec{"172.16.0.0/16", "VPNCONN", "vpnx-aaaaaaaa", 0, "ENABLE", ""}
	with := func(change func(*GatewayRouteSpec)) GatewayRouteSpec { s := good; change(&s); return s }
	tests := []struct {
		name string
		spec GatewayRouteSpec
		want Code
	}{
		{"good", good, "OK"},
		{"all", with(func(s *GatewayRouteSpec) { s.Destination = "0.0.0.0/0" }), "OK"},
		{"host", with(func(s *GatewayRouteSpec) { s.Destination = "172.16.0.1/32" }), "OK"},
		{"disabled and low", with(func(s *GatewayRouteSpec) { s.Priority, s.Status = 100, "DISABLE" }), "OK"},
		{"CCN", with(func(s *GatewayRouteSpec) { s.NextHopType, s.NextHop = "CCN", "ccn-aaaaaaaa" }), "OK"},
		{"described", with(func(s *GatewayRouteSpec) { s.Description = "到\n北京 `x`" }), "OK"},
		{"host bits", with(func(s *GatewayRouteSpec) { s.Destination = "172.16.0.1/16" }), InvalidParameterValueMalformed},
		{"IPv6", with(func(s *GatewayRouteSpec) { s.Destination = "2001:db8::/32" }), InvalidParameterValueMalformed},
		{"no mask", with(func(s *GatewayRouteSpec) { s.Destination = "172.16.0.0" }), InvalidParameterValueMalformed},
		{"loopback", with(func(s *GatewayRouteSpec) { s.Destination = "127.0.0.0/8" }), InvalidParameterValueMalformed},
		{"in the VPC", with(func(s *GatewayRouteSpec) { s.Destination = "10.0.1.0/24" }), InvalidParameterValueVpcCidrConflict},
		{"around the VPC", with(func(s *GatewayRouteSpec) { s.Destination = "10.0.0.0/8" }), InvalidParameterValueVpcCidrConflict},
		{"other type", with(func(s *GatewayRouteSpec) { s.NextHopType = "VPC" }), InvalidParameterValueMalformed},
		{"no type", with(func(s *GatewayRouteSpec) { s.NextHopType = "" }), InvalidParameterValueMalformed},
		{"id of another kind", with(func(s *GatewayRouteSpec) { s.NextHop = "ccn-aaaaaaaa" }), InvalidParameterValueMalformed},
		{"priority 50", with(func(s *GatewayRouteSpec) { s.Priority = 50 }), InvalidParameterValueMalformed},
		{"priority 256", with(func(s *GatewayRouteSpec) { s.Priority = 256 }), InvalidParameterValueMalformed},
		{"priority -1", with(func(s *GatewayRouteSpec) { s.Priority = -1 }), InvalidParameterValueMalformed},
		{"status", with(func(s *GatewayRouteSpec) { s.Status = "enable" }), InvalidParameterValueMalformed},
		{"long description", with(func(s *GatewayRouteSpec) { s.Description = strings.Repeat("x", 256) }), InvalidParameterValueTooLong},
	}
	for _, tt := range tests {
		r, err := NewGatewayRoute("Routes.0", tt.spec, around().VPCRanges, nil)
		if code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
		if err != nil {
			continue
		}
		got := GatewayRouteSpec{r.Destination.String(), r.NextHopType, r.NextHop, int64(r.Priority), r.Status(), r.Description}
		if got != tt.spec || r.Type != "Static" {
			t.Errorf("%s: got %+v", tt.name, r)
		}
	}
}

func TestGatewayRouteChange(t *testing.T) {
	r := &GatewayRoute{ID: "vpnr-aaaaaaaa", Enabled: true, Description: "a", Created: 1, Updated: 1}
	tests := []struct {
		change GatewayRouteChange
		want   string
	}{
		{GatewayRouteChange{}, "ENABLE a 9"},
		{GatewayRouteChange{Status: text("DISABLE")}, "DISABLE a 9"},
		{GatewayRouteChange{Description: text("")}, "ENABLE  9"},
		{GatewayRouteChange{Status: text("OFF")}, "InvalidParameterValue.Malformed"},
		{GatewayRouteChange{Description: text("\x00")}, "InvalidParameterValue.Malformed"},
	}
	for _, tt := range tests {
		out, err := r.Change("Routes.0", tt.change, 9, nil)
		got := string(code(err))
		if err == nil {
			got = fmt.Sprintf("%s %s %d", out.Status(), out.Description, out.Updated)
		}
		if got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.change, got, tt.want)
		}
	}
}

func TestCheckGatewayRoutes(t *testing.T) {
	have := &GatewayRoute{ID: "vpnr-aaaaaaaa", Destination: netip.MustParsePrefix("172.16.0.0/16"), NextHopType: "VPNCONN", NextHop: "vpnx-aaaaaaaa", Enabled: true}
	tests := []struct {
		name    string
		version string
		change  func(*GatewayRoute)
		want    Code
	}{
		{"itself", "1.0", func(r *GatewayRoute) { r.ID = have.ID }, "OK"},
		{"same again", "4.0", func(r *GatewayRoute) { r.Priority = 100 }, InvalidParameterValueVpnGatewayRouteDuplicate},
		{"other next hop", "4.0", func(r *GatewayRoute) { r.NextHop = "vpnx-bbbbbbbb" }, "OK"},
		{"other next hop, old", "3.0", func(r *GatewayRoute) { r.NextHop = "vpnx-bbbbbbbb" }, UnsupportedOperationVpnUnsupportedRouteEcmpForCvmVpn},
		{"other priority, old", "3.0", func(r *GatewayRoute) { r.NextHop, r.Priority = "vpnx-bbbbbbbb", 100 }, "OK"},
		{"disabled, old", "3.0", func(r *GatewayRoute) { r.NextHop, r.Enabled = "vpnx-bbbbbbbb", false }, "OK"},
		{"other destination", "3.0", func(r *GatewayRoute) { r.Destination = netip.MustParsePrefix("172.16.0.0/17") }, "OK"},
	}
	for _, tt := range tests {
		r := *have
		r.ID = "vpnr-bbbbbbbb"
		tt.change(&r)
		if err := CheckGatewayRoutes("Routes.0", &r, []*GatewayRoute{have}, &Gateway{Version: tt.version}, nil); code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestPublishedRanges(t *testing.T) {
	p := netip.MustParsePrefix
	connections := []*Connection{
		{Policies: []PolicyRule{{p("10.0.0.0/16"), []netip.Prefix{p("192.168.9.0/24"), p("192.168.1.0/24")}}}},
		{Policies: []PolicyRule{{p("10.1.0.0/16"), []netip.Prefix{p("192.168.1.0/24")}}}},
		{Policies: []PolicyRule{{p("10.1.0.0/16"), []netip.Prefix{p("192.168.2.0/24")}}}, Deleted: 1},
		{RouteType: RouteStaticRoute},
	}
	routes := []*GatewayRoute{
		{Destination: p("192.168.0.0/16"), NextHopType: "VPNCONN", Enabled: true},
		{Destination: p("192.168.1.0/24"), NextHopType: "VPNCONN", Enabled: true},
		{Destination: p("192.168.3.0/24"), NextHopType: "VPNCONN"},
		{Destination: p("192.168.4.0/24"), NextHopType: "CCN", Enabled: true},
	}
	if got := fmt.Sprint(PublishedRanges(connections, routes)); got != "[192.168.0.0/16 192.168.1.0/24 192.168.9.0/24]" {
		t.Errorf("got %s", got)
	}
}

func TestGatewayCCNRouteID(t *testing.T) {
	free := func(GatewayRouteID) bool { return false }
	p := netip.MustParsePrefix("192.168.0.0/16")
	id := GatewayCCNRouteID("vpngw-aaaaaaaa", p, free)
	if !PrefixGatewayRoute.Match(string(id)) || id != GatewayCCNRouteID("vpngw-aaaaaaaa", p, free) {
		t.Errorf("got %s", id)
	}
	other := GatewayCCNRouteID("vpngw-aaaaaaaa", p, func(x GatewayRouteID) bool { return x == id })
	if other == id || other == GatewayCCNRouteID("vpngw-bbbbbbbb", p, free) {
		t.Errorf("got %s again", other)
	}
}
