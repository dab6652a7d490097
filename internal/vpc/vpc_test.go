package vpc

import (
	"net/netip"
	"strings"
	"testing"
)

func TestNewVPC(t *testing.T) {
	good := VPCSpec{Name: "a", CIDR: "10.0.0.0/16"}
	for _, c := range []struct {
		name   string
		change func(*VPCSpec)
		want   Code
	}{
		{"plain", func(*VPCSpec) {}, "OK"},
		{"60 bytes", func(s *VPCSpec) { s.Name = strings.Repeat("网", 20) }, "OK"},
		{"63 bytes", func(s *VPCSpec) { s.Name = strings.Repeat("网", 21) }, InvalidParameterValueTooLong},
		{"no name", func(s *VPCSpec) { s.Name = "" }, InvalidParameterValueEmpty},
		{"all of 10", func(s *VPCSpec) { s.CIDR = "10.0.0.0/8" }, InvalidParameterValue},
		{"public", func(s *VPCSpec) { s.CIDR = "8.8.0.0/16" }, InvalidParameterValue},
		{"host bits", func(s *VPCSpec) { s.CIDR = "10.0.0.1/16" }, InvalidParameterValueMalformed},
		{"word", func(s *VPCSpec) { s.CIDR = "lan" }, InvalidParameterValueMalformed},
		{"multicast", func(s *VPCSpec) { s.Multicast = "True" }, "OK"},
		{"multicast maybe", func(s *VPCSpec) { s.Multicast = "maybe" }, InvalidParameterValue},
		{"four servers", func(s *VPCSpec) { s.DNS = []string{"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"} }, "OK"},
		{"five servers", func(s *VPCSpec) { s.DNS = make([]string, 5) }, InvalidParameterValueLimitExceeded},
		{"server by name", func(s *VPCSpec) { s.DNS = []string{"dns"} }, InvalidParameterValueMalformed},
		{"server 0", func(s *VPCSpec) { s.DNS = []string{"0.0.0.0"} }, InvalidParameterValueMalformed},
		{"domain", func(s *VPCSpec) { s.Domain = "www.demo-1.com" }, "OK"},
		{"domain with a space", func(s *VPCSpec) { s.Domain = "a b" }, InvalidParameterValueMalformed},
		{"domain with an option", func(s *VPCSpec) { s.Domain = "a\noption" }, InvalidParameterValueMalformed},
		{"domain with a hyphen first", func(s *VPCSpec) { s.Domain = "-a" }, InvalidParameterValueMalformed},
		{"domain with an empty label", func(s *VPCSpec) { s.Domain = "a..b" }, InvalidParameterValueMalformed},
		{"long domain", func(s *VPCSpec) { s.Domain = strings.Repeat("a.", 40) + "a" }, InvalidParameterValueTooLong},
	} {
		spec := good
		c.change(&spec)
		_, err := NewVPC(spec, nil)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestVPCChange(t *testing.T) {
	text := func(s string) *string { return &s }
	yes := true
	old := &VPC{ID: "vpc-1", Name: "a", DNS: []string{"1.1.1.1"}, Domain: "d"}
	for _, c := range []struct {
		name    string
		ch      VPCChange
		subnets []*Subnet
		want    Code
	}{
		{"nothing", VPCChange{}, nil, "OK"},
		{"60 characters", VPCChange{Name: text(strings.Repeat("网", 60))}, nil, "OK"},
		{"61 characters", VPCChange{Name: text(strings.Repeat("网", 61))}, nil, InvalidParameterValueTooLong},
		{"no servers", VPCChange{DNS: []string{}}, nil, "OK"},
		{"no domain", VPCChange{Domain: text("")}, nil, "OK"},
		{"bad domain", VPCChange{Domain: text("-")}, nil, InvalidParameterValueMalformed},
		{"multicast", VPCChange{Multicast: text("on")}, nil, InvalidParameterValue},
		{"publish cdc without one", VPCChange{CDCPublish: &yes}, []*Subnet{{}}, UnsupportedOperationCdcPublishNeedCdcId},
		{"publish cdc", VPCChange{CDCPublish: &yes}, []*Subnet{{CDC: "c1"}, {}, {CDC: "c1"}}, "OK"},
		{"publish two", VPCChange{CDCPublish: &yes}, []*Subnet{{CDC: "c1"}, {CDC: "c2"}}, UnsupportedOperationSubnetMismatchVpcCdcId},
	} {
		v, err := c.ch.Apply(old, c.subnets, nil)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if c.ch.DNS != nil && v.DNS != nil {
			t.Errorf("%s: servers %v are left", c.name, v.DNS)
		}
	}
	if old.Name != "a" || old.Domain != "d" || len(old.DNS) != 1 {
		t.Errorf("the old row changed: %+v", old)
	}
}

func TestPickIPv6(t *testing.T) {
	n := uint64(0)
	next := func() uint64 { n++; return n }
	taken := map[netip.Prefix]bool{}
	for _, c := range []struct{ kind, want string }{
		{GlobalIPv6, "2001:db8:0:100::/56"},
		{GlobalIPv6, "2001:db8:0:200::/56"},
		{LocalIPv6, "fd00:0:0:300::/56"},
	} {
		p, ok := PickIPv6Range(c.kind, next, func(p netip.Prefix) bool { return taken[p] })
		if !ok || p.String() != c.want {
			t.Errorf("%s: %s, want %s", c.kind, p, c.want)
		}
		taken[p] = true
	}
	p, ok := PickIPv6Range(GlobalIPv6, func() uint64 { return 1<<24 + 1 }, func(p netip.Prefix) bool { return taken[p] })
	if ok {
		t.Errorf("a taken range was given again: %s", p)
	}
	full := map[netip.Prefix]bool{}
	whole := []netip.Prefix{netip.MustParsePrefix("2001:db8:0:100::/56")}
	for i := range 256 {
		p, ok := PickIPv6Subnet(whole, func(p netip.Prefix) bool { return full[p] })
		if !ok || !Covers(whole[0], p) || p.Bits() != 64 || full[p] {
			t.Fatalf("subnet %d: %s", i, p)
		}
		full[p] = true
	}
	if p, ok := PickIPv6Subnet(whole, func(p netip.Prefix) bool { return full[p] }); ok {
		t.Errorf("a 257th subnet: %s", p)
	}
}

func TestCheckIPv6Range(t *testing.T) {
	for s, want := range map[string]Code{
		"2001:db8::/56":          "OK",
		"2001:0db8:0000::/56":    "OK",
		"2001:db8::1/56":         InvalidParameterValueMalformed,
		"2001:db8::":             InvalidParameterValueMalformed,
		"fe80::%eth0/64":         InvalidParameterValueMalformed,
		"::ffff:10.0.0.0/104":    InvalidParameterValueMalformed,
		"10.0.0.0/8":             InvalidParameterValueMalformed,
		"2001:db8::/129":         InvalidParameterValueMalformed,
		"2001:db8:20:1200::/56 ": InvalidParameterValueMalformed,
	} {
		if _, err := CheckIPv6Range("Ipv6CidrBlock", s, nil); codeOf(err) != want {
			t.Errorf("%s: %s, want %s", s, codeOf(err), want)
		}
	}
	for kind, want := range map[string]Code{"": "OK", "GUA": "OK", "ULA": "OK", "gua": InvalidParameterValueMalformed} {
		if _, err := CheckIPv6Kind(kind, nil); codeOf(err) != want {
			t.Errorf("%q: %s, want %s", kind, codeOf(err), want)
		}
	}
	if IPv6Quota(GlobalIPv6) == IPv6Quota(LocalIPv6) {
		t.Error("both kinds have one quota")
	}
}
