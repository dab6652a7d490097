package vpc

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// testWorld is a VPC with the gateway vpngw-aaaaaaaa, attached to ccn-aaaaaaaa, which
// sends a route to 10.9.0.0/16; vpngw-bbbbbbbb is another VPC's, ccn-bbbbbbbb another CCN.
func testWorld() RouteWorld {
	n := uint64(0)
	return RouteWorld{
		VPC: &VPC{
			ID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.0.0/16"), Assistants: []netip.Prefix{netip.MustParsePrefix("172.16.0.0/24")},
			IPv6: []IPv6Range{{CIDR: netip.MustParsePrefix("2001:db8::/56")}},
		},
		Gateway: func(id GatewayID) (VPCID, bool) {
			return map[GatewayID]VPCID{"vpngw-aaaaaaaa": "vpc-1", "vpngw-bbbbbbbb": "vpc-2"}[id], strings.Contains("vpngw-aaaaaaaa vpngw-bbbbbbbb", string(id))
		},
		CCN:     func(id CCNID) (bool, bool) { return id == "ccn-bbbbbbbb", id == "ccn-aaaaaaaa" },
		CCNSent: []Route{{ID: "rti-cccccccc", Number: 77, Destination: netip.MustParsePrefix("10.9.0.0/16"), GatewayType: HopCCN, Gateway: "ccn-aaaaaaaa", Type: RouteCCN}},
		Quota:   5,
		Draw:    func() uint64 { n++; return n },
		Now:     1,
		Codes:   func(c Code) bool { return !strings.HasPrefix(string(c), "InvalidVpnGatewayId.") },
	}
}

// testTable has an enabled, a disabled and a published route.
func testTable() *RouteTable {
	return &RouteTable{ID: "rtb-1", Routes: []Route{
		{ID: "rti-aaaaaaaa", Number: 11, Destination: netip.MustParsePrefix("192.168.1.0/24"), GatewayType: HopVPN, Gateway: "vpngw-aaaaaaaa", Type: RouteUser},
		{ID: "rti-bbbbbbbb", Number: 12, Destination: netip.MustParsePrefix("192.168.1.0/24"), GatewayType: HopEIP, Gateway: "0", Type: RouteUser, Disabled: true},
		{ID: "rti-pppppppp", Number: 13, Destination: netip.MustParsePrefix("192.168.3.0/24"), GatewayType: HopNormalCVM, Gateway: "10.0.0.9", Type: RouteUser, Published: true},
	}}
}

// spec makes a RouteSpec of "destination type gateway".
func spec(text string) RouteSpec {
	f := strings.Fields(text)
	s := RouteSpec{Destination: &f[0]}
	if strings.Contains(f[0], ":") {
		s = RouteSpec{Destination6: &f[0]}
	}
	if len(f) > 1 {
		s.GatewayType = &f[1]
	}
	if len(f) > 2 {
		s.Gateway = &f[2]
	}
	return s
}

func printRoutes(routes []Route, err *Error) string {
	if err != nil {
		return string(err.Code)
	}
	var out []string
	for _, r := range routes {
		s := fmt.Sprintf("%s %s %s", r.Destination, r.GatewayType, r.Gateway)
		if r.Disabled {
			s += " off"
		}
		if r.Published {
			s += " published"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestAddRoutes(t *testing.T) {
	for _, c := range []struct{ route, want string }{
		{"192.168.2.0/24 VPN vpngw-aaaaaaaa", "192.168.2.0/24 VPN vpngw-aaaaaaaa"},
		{"0.0.0.0/0 EIP 0", "0.0.0.0/0 EIP 0"},
		{"10.0.0.0/8 VPN vpngw-aaaaaaaa", "10.0.0.0/8 VPN vpngw-aaaaaaaa"},
		{"192.168.2.0/24 NORMAL_CVM 10.0.0.9", "192.168.2.0/24 NORMAL_CVM 10.0.0.9"},
		{"192.168.2.0/24 NORMAL_CVM 172.16.0.9", "192.168.2.0/24 NORMAL_CVM 172.16.0.9"},
		{"192.168.2.0/24 USER_CCN ccn-aaaaaaaa", "192.168.2.0/24 USER_CCN ccn-aaaaaaaa"},
		{"2001:db8:9::/48 NORMAL_CVM 2001:db8::9", "2001:db8:9::/48 NORMAL_CVM 2001:db8::9"},
		{"::/0 USER_CCN ccn-aaaaaaaa", "::/0 USER_CCN ccn-aaaaaaaa"},
		{"192.168.2.0/24 VPN vpngw-bbbbbbbb", "InvalidParameterValue.RouteNextHopInvalid"},
		{"192.168.2.0/24 VPN vpngw-zzzzzzzz", "ResourceNotFound"},
		{"192.168.2.0/24 VPN vpngw_1", "InvalidParameterValue.Malformed"},
		{"192.168.2.0/24 NORMAL_CVM 10.1.0.9", "InvalidParameterValue.RouteNextHopInvalid"},
		{"192.168.2.0/24 NORMAL_CVM ins-1", "InvalidParameterValue.Malformed"},
		{"192.168.2.0/24 NORMAL_CVM 2001:db8::9", "InvalidParameterValue.Malformed"},
		{"192.168.2.0/24 EIP 1", "InvalidParameterValue.RouteNextHopInvalid"},
		{"192.168.2.0/24 USER_CCN ccn-bbbbbbbb", "InvalidParameterValue.RouteNextHopInvalid"},
		{"192.168.2.0/24 USER_CCN ccn-zzzzzzzz", "ResourceNotFound"},
		{"192.168.2.0/24 NAT nat-aaaaaaaa", "ResourceNotFound"},
		{"192.168.2.0/24 LOCAL_GATEWAY lgw-aaaaaaaa", "UnsupportedOperation.NormalSubnetNotSupportLocalGateway"},
		{"192.168.2.0/24 CCN ccn-aaaaaaaa", "UnsupportedOperation.SystemRoute"},
		{"192.168.2.0/24 MOON x", "InvalidParameterValue"},
		{"192.168.2.0/24 VPN", "MissingParameter"},
		{"192.168.2.0/24", "MissingParameter"},
		{"2001:db8:9::/48 VPN vpngw-aaaaaaaa", "UnsupportedOperation"},
		{"192.168.2.1/24 EIP 0", "InvalidParameterValue.Malformed"},
		{"2001:db8:9::1/48 USER_CCN ccn-aaaaaaaa", "InvalidParameterValue.Malformed"},
		{"10.0.1.0/24 EIP 0", "InvalidParameterValue.VpcCidrConflict"},
		{"10.0.0.0/16 EIP 0", "InvalidParameterValue.VpcCidrConflict"},
		{"172.16.0.0/28 EIP 0", "InvalidParameterValue.VpcCidrOverlapRoute"},
		{"2001:db8:0:9::/64 USER_CCN ccn-aaaaaaaa", "InvalidParameterValue.VpcCidrConflict"},
		{"127.0.0.0/8 EIP 0", "InvalidParameterValue"},
		{"224.0.0.0/8 EIP 0", "InvalidParameterValue"},
		{"0.0.0.0/8 EIP 0", "InvalidParameterValue"},
		{"ff00::/8 USER_CCN ccn-aaaaaaaa", "InvalidParameterValue"},
		{"192.168.1.0/24 VPN vpngw-aaaaaaaa", "InvalidParameterValue.Duplicate"},
		{"192.168.1.0/24 EIP 0", "InvalidParameterValue.Duplicate"},
		{"192.168.1.0/24 NORMAL_CVM 10.0.0.9", "UnsupportedOperation.EcmpWithUserRoute"},
		{"10.9.0.0/16 EIP 0", "UnsupportedOperation.EcmpWithCcnRoute"},
	} {
		all, added, err := testWorld().AddRoutes(testTable(), []RouteSpec{spec(c.route)})
		if got := printRoutes(added, err); got != c.want {
			t.Errorf("%s: %s, want %s", c.route, got, c.want)
		}
		if err == nil && (len(all) != 4 || added[0].ID == "" || added[0].Number == 0 || added[0].Type != RouteUser) {
			t.Errorf("%s: %+v", c.route, all)
		}
	}
}

func TestAddRoutesTogether(t *testing.T) {
	system, off, both := "NETD", false, spec("192.168.2.0/24 EIP 0")
	both.Destination6 = new(string)
	*both.Destination6 = "::/0"
	netd := spec("192.168.2.0/24 EIP 0")
	netd.Type = &system
	disabled := spec("192.168.1.0/24 NORMAL_CVM 10.0.0.9")
	disabled.Enabled = &off
	long := spec("192.168.2.0/24 EIP 0")
	text := strings.Repeat("x", 256)
	long.Description = &text
	for _, c := range []struct {
		name  string
		specs []RouteSpec
		want  string
	}{
		{"two", []RouteSpec{spec("192.168.4.0/24 EIP 0"), spec("192.168.5.0/24 EIP 0")}, "192.168.4.0/24 EIP 0, 192.168.5.0/24 EIP 0"},
		{"over the quota", []RouteSpec{spec("192.168.4.0/24 EIP 0"), spec("192.168.5.0/24 EIP 0"), spec("192.168.6.0/24 EIP 0")}, "LimitExceeded"},
		{"the same twice", []RouteSpec{spec("192.168.4.0/24 EIP 0"), spec("192.168.4.0/24 EIP 0")}, "InvalidParameterValue.Duplicate"},
		{"two ways", []RouteSpec{spec("192.168.4.0/24 EIP 0"), spec("192.168.4.0/24 NORMAL_CVM 10.0.0.9")}, "UnsupportedOperation.EcmpWithUserRoute"},
		{"none", nil, "MissingParameter"},
		{"101", make([]RouteSpec, 101), "InvalidParameterValue.LimitExceeded"},
		{"another type", []RouteSpec{netd}, "UnsupportedOperation.SystemRoute"},
		{"two destinations", []RouteSpec{both}, "InvalidParameterValue"},
		{"disabled beside an enabled one", []RouteSpec{disabled}, "192.168.1.0/24 NORMAL_CVM 10.0.0.9 off"},
		{"long description", []RouteSpec{long}, "InvalidParameterValue.TooLong"},
	} {
		_, added, err := testWorld().AddRoutes(testTable(), c.specs)
		if got := printRoutes(added, err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	cluster := testWorld()
	cluster.CDC = true
	for route, want := range map[string]string{
		"192.168.2.0/24 EIP 0":                      "UnsupportedOperation.CdcSubnetNotSupportUnLocalGateway",
		"192.168.2.0/24 LOCAL_GATEWAY lgw-aaaaaaaa": "ResourceNotFound",
	} {
		_, added, err := cluster.AddRoutes(testTable(), []RouteSpec{spec(route)})
		if got := printRoutes(added, err); got != want {
			t.Errorf("cluster, %s: %s, want %s", route, got, want)
		}
	}
}

func TestReplaceRoutes(t *testing.T) {
	named := func(id RouteItemID, text string) RouteSpec {
		s := RouteSpec{}
		if text != "" {
			s = spec(text)
		}
		s.ID = id
		return s
	}
	on := true
	enabled := named("rti-bbbbbbbb", "")
	enabled.Enabled = &on
	for _, c := range []struct {
		name  string
		specs []RouteSpec
		want  string
	}{
		{"destination", []RouteSpec{named("rti-aaaaaaaa", "192.168.9.0/24")}, "192.168.9.0/24 VPN vpngw-aaaaaaaa"},
		{"as it is", []RouteSpec{named("rti-aaaaaaaa", "192.168.1.0/24 VPN vpngw-aaaaaaaa")}, "192.168.1.0/24 VPN vpngw-aaaaaaaa"},
		{"by number", []RouteSpec{{Number: 11}}, "192.168.1.0/24 VPN vpngw-aaaaaaaa"},
		{"stays published", []RouteSpec{named("rti-pppppppp", "192.168.8.0/24")}, "192.168.8.0/24 NORMAL_CVM 10.0.0.9 published"},
		{"cannot stay published", []RouteSpec{named("rti-pppppppp", "192.168.8.0/24 EIP 0")}, "192.168.8.0/24 EIP 0"},
		{"exchange", []RouteSpec{named("rti-aaaaaaaa", "192.168.3.0/24"), named("rti-pppppppp", "192.168.1.0/24")}, "192.168.3.0/24 VPN vpngw-aaaaaaaa, 192.168.1.0/24 NORMAL_CVM 10.0.0.9 published"},
		{"enable beside another", []RouteSpec{enabled}, "UnsupportedOperation.EcmpWithUserRoute"},
		{"onto another", []RouteSpec{named("rti-aaaaaaaa", "192.168.3.0/24")}, "UnsupportedOperation.EcmpWithUserRoute"},
		{"twice", []RouteSpec{named("rti-aaaaaaaa", ""), named("rti-aaaaaaaa", "")}, "InvalidParameterValue.Duplicate"},
		{"twice by two names", []RouteSpec{named("rti-aaaaaaaa", ""), {Number: 11}}, "InvalidParameterValue.Duplicate"},
		{"unknown", []RouteSpec{named("rti-zzzzzzzz", "")}, "InvalidRouteId.NotFound"},
		{"malformed", []RouteSpec{named("rti_1", "")}, "InvalidParameterValue.Malformed"},
		{"no name", []RouteSpec{spec("192.168.9.0/24")}, "InvalidParameterValue.Malformed"},
		{"the CCN's", []RouteSpec{named("rti-cccccccc", "")}, "UnsupportedOperation.SystemRoute"},
		{"none", nil, "MissingParameter"},
	} {
		table := testTable()
		_, before, after, err := testWorld().ReplaceRoutes(table, c.specs)
		if got := printRoutes(after, err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if len(before) != len(after) {
			t.Errorf("%s: %d before, %d after", c.name, len(before), len(after))
		}
		if got := printRoutes(table.Routes, nil); got != printRoutes(testTable().Routes, nil) {
			t.Errorf("%s: the old row changed: %s", c.name, got)
		}
	}
}

func TestRemoveAndResetRoutes(t *testing.T) {
	for _, c := range []struct {
		name     string
		specs    []RouteSpec
		attached bool
		want     string
	}{
		{"one", []RouteSpec{{ID: "rti-aaaaaaaa"}}, true, "192.168.1.0/24 EIP 0 off, 192.168.3.0/24 NORMAL_CVM 10.0.0.9 published"},
		{"by number", []RouteSpec{{Number: 13}}, false, "192.168.1.0/24 VPN vpngw-aaaaaaaa, 192.168.1.0/24 EIP 0 off"},
		{"published", []RouteSpec{{Number: 13}}, true, "UnsupportedOperation.DisabledNotifyCcn"},
		{"the CCN's", []RouteSpec{{Number: 77}}, true, "UnsupportedOperation.SystemRoute"},
		{"unknown number", []RouteSpec{{Number: 78}}, true, "InvalidRouteId.NotFound"},
		{"none", nil, true, "MissingParameter"},
	} {
		left, removed, err := testWorld().RemoveRoutes(testTable(), c.specs, c.attached)
		if got := printRoutes(left, err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if err == nil && len(removed) != len(c.specs) {
			t.Errorf("%s: removed %v", c.name, removed)
		}
	}
	for _, c := range []struct {
		specs []RouteSpec
		want  string
	}{
		{nil, ""},
		{[]RouteSpec{spec("192.168.1.0/24 EIP 0")}, "192.168.1.0/24 EIP 0"},
		{[]RouteSpec{spec("10.0.1.0/24 EIP 0")}, "InvalidParameterValue.VpcCidrConflict"},
	} {
		if got := printRoutes(testWorld().ResetRoutes(c.specs)); got != c.want {
			t.Errorf("reset: %s, want %s", got, c.want)
		}
	}
}

func TestSwitchRoutes(t *testing.T) {
	for _, c := range []struct {
		name             string
		ids              []RouteItemID
		enable, attached bool
		want             string
	}{
		{"disable", []RouteItemID{"rti-aaaaaaaa"}, false, true, "192.168.1.0/24 VPN vpngw-aaaaaaaa off, 192.168.1.0/24 EIP 0 off, 192.168.3.0/24 NORMAL_CVM 10.0.0.9 published"},
		{"disable a published one", []RouteItemID{"rti-pppppppp"}, false, true, "UnsupportedOperation.DisabledNotifyCcn"},
		{"enable what is enabled", []RouteItemID{"rti-aaaaaaaa"}, true, true, "192.168.1.0/24 VPN vpngw-aaaaaaaa, 192.168.1.0/24 EIP 0 off, 192.168.3.0/24 NORMAL_CVM 10.0.0.9 published"},
		{"enable beside another", []RouteItemID{"rti-bbbbbbbb"}, true, true, "UnsupportedOperation.EcmpWithUserRoute"},
		{"the CCN's", []RouteItemID{"rti-cccccccc"}, false, true, "UnsupportedOperation.SystemRoute"},
		{"twice", []RouteItemID{"rti-aaaaaaaa", "rti-aaaaaaaa"}, true, true, "InvalidParameterValue.Duplicate"},
		{"none", nil, true, true, "MissingParameter"},
	} {
		var specs []RouteSpec
		for _, id := range c.ids {
			specs = append(specs, RouteSpec{ID: id})
		}
		if got := printRoutes(testWorld().SwitchRoutes(testTable(), specs, "RouteItemIds", c.enable, c.attached)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPublishRoutes(t *testing.T) {
	for _, c := range []struct {
		name              string
		id                RouteItemID
		publish, attached bool
		want              Code
	}{
		{"a gateway's", "rti-aaaaaaaa", true, true, "OK"},
		{"again", "rti-pppppppp", true, true, "OK"},
		{"withdraw", "rti-pppppppp", false, true, "OK"},
		{"withdraw after the CCN is gone", "rti-pppppppp", false, false, "OK"},
		{"no CCN", "rti-aaaaaaaa", true, false, UnsupportedOperationCcnNotAttached},
		{"not publishable", "rti-bbbbbbbb", true, true, UnsupportedOperationNotifyCcn},
		{"not published", "rti-aaaaaaaa", false, true, UnsupportedOperationNotifyCcn},
		{"disabled", "rti-dddddddd", true, true, UnsupportedOperationInvalidStatusNotifyCcn},
		{"the CCN's", "rti-cccccccc", true, true, UnsupportedOperationSystemRoute},
		{"unknown", "rti-zzzzzzzz", true, true, InvalidRouteIdNotFound},
	} {
		table := testTable()
		table.Routes = append(table.Routes, Route{ID: "rti-dddddddd", Destination: netip.MustParsePrefix("192.168.7.0/24"), GatewayType: HopVPN, Gateway: "vpngw-aaaaaaaa", Type: RouteUser, Disabled: true})
		_, err := testWorld().PublishRoutes(table, []string{string(c.id)}, c.publish, c.attached)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestRouteConflicts(t *testing.T) {
	w := testWorld()
	for p, want := range map[string]string{
		"192.168.1.0/24": "192.168.1.0/24 VPN vpngw-aaaaaaaa",
		"192.168.1.0/25": "",
		"10.9.0.0/16":    "10.9.0.0/16 CCN ccn-aaaaaaaa",
	} {
		if got := printRoutes(RouteConflicts(testTable(), w.CCNSent, netip.MustParsePrefix(p)), nil); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
}
