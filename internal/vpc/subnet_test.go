package vpc

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func testSubnets() []*Subnet {
	return []*Subnet{
		{ID: "subnet-aaaaaaaa", CIDR: netip.MustParsePrefix("10.0.1.0/24")},
		{ID: "subnet-bbbbbbbb", CIDR: netip.MustParsePrefix("10.0.2.0/24"), IPv6: netip.MustParsePrefix("2001:db8:0:100::/64")},
		{ID: "subnet-cccccccc", CIDR: netip.MustParsePrefix("10.0.3.0/24"), CDC: "cluster-aaaaaaaa"},
	}
}

func TestNewSubnet(t *testing.T) {
	v := &VPC{ID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.0.0/16"), Assistants: []netip.Prefix{netip.MustParsePrefix("172.16.0.0/24")}}
	for _, c := range []struct {
		name, cidr string
		want       Code
	}{
		{"a", "10.0.9.0/24", "OK"},
		{"a", "172.16.0.0/28", "OK"},
		{"a", "10.0.9.0/29", "OK"},
		{"", "10.0.9.0/24", InvalidParameterValueEmpty},
		{strings.Repeat("a", 61), "10.0.9.0/24", InvalidParameterValueTooLong},
		{"a", "10.0.9.1/24", InvalidParameterValueMalformed},
		{"a", "10.0.9.0/30", InvalidParameterValue},
		{"a", "10.1.0.0/24", InvalidParameterValueSubnetRange},
		{"a", "10.0.1.0/24", InvalidParameterValueSubnetConflict},
		{"a", "10.0.1.0/25", InvalidParameterValueSubnetOverlap},
		{"a", "10.0.0.0/16", InvalidParameterValueSubnetOverlap},
	} {
		_, err := NewSubnet(SubnetSpec{Name: c.name, CIDR: c.cidr}, v, testSubnets(), "", nil)
		if got := codeOf(err); got != c.want {
			t.Errorf("%q %s: %s, want %s", c.name, c.cidr, got, c.want)
		}
	}
}

func TestSubnetAddresses(t *testing.T) {
	for _, c := range []struct {
		cidr, gateway string
		total         uint64
	}{{"10.0.1.0/24", "10.0.1.1", 253}, {"10.0.0.0/16", "10.0.0.1", 65533}, {"10.0.0.8/29", "10.0.0.9", 5}} {
		s := &Subnet{CIDR: netip.MustParsePrefix(c.cidr)}
		if s.Total() != c.total || s.Gateway().String() != c.gateway || s.GatewayIPv6().IsValid() {
			t.Errorf("%s: %d addresses, gateway %s", c.cidr, s.Total(), s.Gateway())
		}
	}
	if got := testSubnets()[1].GatewayIPv6().String(); got != "2001:db8:0:100::1" {
		t.Errorf("IPv6 gateway %s", got)
	}
}

func TestDefaultSubnet(t *testing.T) {
	v := DefaultVPC()
	var have []*Subnet
	for i := range 16 {
		s, ok := DefaultSubnet(v, "ap-guangzhou-1", have)
		if want := fmt.Sprintf("172.16.%d.0/20", i*16); !ok || s.CIDR.String() != want {
			t.Fatalf("subnet %d: %+v, want %s", i, s, want)
		}
		have = append(have, s)
	}
	if s, ok := DefaultSubnet(v, "ap-guangzhou-1", have); ok {
		t.Errorf("a 17th: %s", s.CIDR)
	}
	have[3] = &Subnet{CIDR: netip.MustParsePrefix("172.16.63.0/24")}
	if _, ok := DefaultSubnet(v, "z", have); ok {
		t.Error("a range that is partly taken was given")
	}
}

func TestSubnetIPv6(t *testing.T) {
	v := &VPC{ID: "vpc-1", IPv6: []IPv6Range{{CIDR: netip.MustParsePrefix("2001:db8:0:100::/56"), Type: GlobalIPv6}}}
	a, b, cdc := SubnetID("subnet-aaaaaaaa"), SubnetID("subnet-bbbbbbbb"), SubnetID("subnet-cccccccc")
	for _, c := range []struct {
		name  string
		v     *VPC
		specs []SubnetIPv6
		want  string
	}{
		{"any", v, []SubnetIPv6{{ID: a}}, "subnet-aaaaaaaa 2001:db8:0:101::/64"},
		{"one", v, []SubnetIPv6{{ID: a, Range: "2001:db8:0:1ff::/64"}}, "subnet-aaaaaaaa 2001:db8:0:1ff::/64"},
		{"taken", v, []SubnetIPv6{{ID: a, Range: "2001:db8:0:100::/64"}}, "InvalidParameterValue.SubnetConflict"},
		{"outside", v, []SubnetIPv6{{ID: a, Range: "2001:db8:0:200::/64"}}, "InvalidParameterValue.SubnetRange"},
		{"too wide", v, []SubnetIPv6{{ID: a, Range: "2001:db8:0:1f0::/60"}}, "InvalidParameterValue.SubnetRange"},
		{"malformed", v, []SubnetIPv6{{ID: a, Range: "10.0.0.0/24"}}, "InvalidParameterValue.Malformed"},
		{"has one", v, []SubnetIPv6{{ID: b}}, "LimitExceeded.SubnetCidrBlock"},
		{"cluster", v, []SubnetIPv6{{ID: cdc}}, "UnsupportedOperation.GUANotSupportAllocateCdcSubnet"},
		{"twice", v, []SubnetIPv6{{ID: a}, {ID: a}}, "InvalidParameterValue.Duplicate"},
		{"unknown", v, []SubnetIPv6{{ID: "subnet-zzzzzzzz"}}, "ResourceNotFound"},
		{"bad id", v, []SubnetIPv6{{ID: "subnet_1"}}, "InvalidParameterValue.Malformed"},
		{"none", v, nil, "MissingParameter"},
		{"no range", &VPC{}, []SubnetIPv6{{ID: a}}, "ResourceNotFound"},
		{"local for a cluster", &VPC{IPv6: []IPv6Range{{CIDR: netip.MustParsePrefix("fd00:0:0:100::/56"), Type: LocalIPv6}}}, []SubnetIPv6{{ID: cdc}}, "subnet-cccccccc fd00:0:0:100::/64"},
	} {
		if got := printIPv6(AssignIPv6(c.v, testSubnets(), c.specs, nil)); got != c.want {
			t.Errorf("assign %s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name  string
		specs []SubnetIPv6
		want  string
	}{
		{"whatever", []SubnetIPv6{{ID: b}}, "subnet-bbbbbbbb invalid Prefix"},
		{"named", []SubnetIPv6{{ID: b, Range: "2001:db8:0:100::/64"}}, "subnet-bbbbbbbb invalid Prefix"},
		{"another", []SubnetIPv6{{ID: b, Range: "2001:db8:0:101::/64"}}, "ResourceNotFound"},
		{"malformed", []SubnetIPv6{{ID: b, Range: "x"}}, "InvalidParameterValue.Malformed"},
		{"has none", []SubnetIPv6{{ID: a}}, "ResourceNotFound"},
		{"twice", []SubnetIPv6{{ID: b}, {ID: b}}, "InvalidParameterValue.Duplicate"},
	} {
		if got := printIPv6(UnassignIPv6(Network{Subnets: testSubnets()}, c.specs, nil)); got != c.want {
			t.Errorf("unassign %s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestKeepsOpen(t *testing.T) {
	s := &Subnet{ID: "subnet-1", CIDR: netip.MustParsePrefix("10.0.1.0/24")}
	for _, c := range []struct {
		route Route
		want  Code
	}{
		{Route{GatewayType: HopNormalCVM, Gateway: "10.0.1.9"}, ResourceInUse},
		{Route{GatewayType: HopNormalCVM, Gateway: "10.0.1.9", Disabled: true}, "OK"},
		{Route{GatewayType: HopNormalCVM, Gateway: "10.0.2.9"}, "OK"},
		{Route{GatewayType: HopVPN, Gateway: "vpngw-aaaaaaaa"}, "OK"},
	} {
		n := Network{Tables: []*RouteTable{{Routes: []Route{c.route}}}}
		if got := codeOf(n.KeepsOpen(s, "SubnetId", s.CIDR, s.IPv6)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.route, got, c.want)
		}
	}
}

func printIPv6(subnets []*Subnet, err *Error) string {
	if err != nil {
		return string(err.Code)
	}
	var out []string
	for _, s := range subnets {
		out = append(out, string(s.ID)+" "+s.IPv6.String())
	}
	return strings.Join(out, ", ")
}

func TestCheckSubnetCount(t *testing.T) {
	for _, c := range []struct {
		n      int
		tagged bool
		want   Code
	}{{0, false, MissingParameter}, {100, false, "OK"}, {101, false, InvalidParameterValueLimitExceeded}, {30, true, "OK"}, {31, true, InvalidParameterValueLimitExceeded}} {
		if got := codeOf(CheckSubnetCount(c.n, c.tagged, nil)); got != c.want {
			t.Errorf("%d, tagged %t: %s, want %s", c.n, c.tagged, got, c.want)
		}
	}
}
