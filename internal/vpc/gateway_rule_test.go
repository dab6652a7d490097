package vpc

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func ptr[T any](v T) *T { return &v }

// gatewayWorld is an account with one VPC and nothing in it.
func gatewayWorld() *GatewayEnv {
	v := &VPC{ID: "vpc-aaaaaaaa", CIDR: netip.MustParsePrefix("10.0.0.0/16"), Assistants: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/24")}}
	return &GatewayEnv{
		Site: SiteCN, Zones: DefaultZones("ap-guangzhou"), Scope: Scope{Account: 1, Region: "ap-guangzhou"},
		Account: &Account{ID: 1, Verified: true, TagQuota: DefaultTagQuota, Balance: Yuan(1000), CDCs: []CDCID{"cluster-aaaaaaaa"}},
		Prices:  DefaultPrices(SiteCN), Stock: stock(),
		VPC:          func(id VPCID) (*VPC, bool) { return v, id == v.ID },
		InVPC:        func(VPCID) int { return 0 },
		OfCCN:        func() int { return 0 },
		CDCHolds:     func(CDCID, GatewayType) bool { return false },
		Destinations: func(VPCID) []Destination { return nil },
		Quota: func(name string) int {
			return QuotaOf(1, name, func(AccountID, string) (int, bool) { return 0, false })
		},
	}
}

func baseGateway() *GatewaySpec {
	return &GatewaySpec{VPC: "vpc-aaaaaaaa", Name: "gw", Bandwidth: 5}
}

func TestCheckGatewaySpec(t *testing.T) {
	prepaid := func(period uint64, flag *string) func(*GatewaySpec, *GatewayEnv) {
		return func(s *GatewaySpec, _ *GatewayEnv) {
			s.Charge, s.Prepaid = ptr("PREPAID"), &PrepaidSpec{Period: &period, RenewFlag: flag}
		}
	}
	typed := func(name string, bandwidth uint64) func(*GatewaySpec, *GatewayEnv) {
		return func(s *GatewaySpec, _ *GatewayEnv) {
			s.Type, s.Bandwidth = &name, bandwidth
			if strings.HasSuffix(name, "CCN") {
				s.VPC = ""
			}
		}
	}
	spec := func(f func(*GatewaySpec)) func(*GatewaySpec, *GatewayEnv) {
		return func(s *GatewaySpec, _ *GatewayEnv) { f(s) }
	}
	for _, c := range []struct {
		name string
		make func(*GatewaySpec, *GatewayEnv)
		want Code
	}{
		{"least", spec(func(*GatewaySpec) {}), "OK"},
		{"empty optional texts", spec(func(s *GatewaySpec) { s.Type, s.Zone, s.Charge, s.CDC = ptr(""), ptr(""), ptr(""), ptr("") }), "OK"},
		{"IPSEC by name", typed("IPSEC", 3000), "OK"},
		{"SSL", typed("SSL", 1000), "OK"},
		{"CCN", typed("CCN", 5), "OK"},
		{"SSL_CCN", typed("SSL_CCN", 5), "OK"},
		{"L2TP", typed("L2TP", 5), InvalidParameterValue},
		{"type in small letters", typed("ipsec", 5), InvalidParameterValue},

		{"no VPC", spec(func(s *GatewaySpec) { s.VPC = "" }), UnsupportedOperationVpnGwVpcIdMustHave},
		{"SSL without VPC", spec(func(s *GatewaySpec) { s.VPC, s.Type = "", ptr("SSL") }), UnsupportedOperationVpnGwVpcIdMustHave},
		{"CCN with VPC", spec(func(s *GatewaySpec) { s.Type = ptr("CCN") }), UnsupportedOperationVpnGwVpcIdNotHave},
		{"SSL_CCN with VPC", spec(func(s *GatewaySpec) { s.Type = ptr("SSL_CCN") }), UnsupportedOperationVpnGwVpcIdNotHave},
		{"malformed VPC", spec(func(s *GatewaySpec) { s.VPC = "vpc_1" }), InvalidVpcIdMalformed},
		{"unknown VPC", spec(func(s *GatewaySpec) { s.VPC = "vpc-zzzzzzzz" }), InvalidVpcIdNotFound},

		{"no name", spec(func(s *GatewaySpec) { s.Name = "" }), InvalidParameterValueEmpty},
		{"60 bytes", spec(func(s *GatewaySpec) { s.Name = strings.Repeat("网", 20) }), "OK"},
		{"61 bytes", spec(func(s *GatewaySpec) { s.Name = strings.Repeat("x", 61) }), InvalidParameterValueTooLong},
		{"21 Chinese characters", spec(func(s *GatewaySpec) { s.Name = strings.Repeat("网", 21) }), InvalidParameterValueTooLong},
		{"NUL in the name", spec(func(s *GatewaySpec) { s.Name = "a\x00" }), InvalidParameterValueMalformed},

		{"7 Mbps", spec(func(s *GatewaySpec) { s.Bandwidth = 7 }), InvalidParameterValue},
		{"0 Mbps", spec(func(s *GatewaySpec) { s.Bandwidth = 0 }), InvalidParameterValue},
		{"2^32+5 Mbps", spec(func(s *GatewaySpec) { s.Bandwidth = 1<<32 + 5 }), InvalidParameterValue},
		{"200 Mbps abroad", func(s *GatewaySpec, e *GatewayEnv) { s.Bandwidth, e.Site = 200, SiteIntl }, InvalidParameterValue},
		{"3000 Mbps SSL", typed("SSL", 3000), UnsupportedOperation},
		{"3000 Mbps SSL_CCN", typed("SSL_CCN", 3000), UnsupportedOperation},

		{"charge", spec(func(s *GatewaySpec) { s.Charge = ptr("FREE") }), InvalidParameterValue},
		{"PREPAID alone", spec(func(s *GatewaySpec) { s.Charge = ptr("PREPAID") }), InvalidParameterValueEmpty},
		{"PREPAID without period", spec(func(s *GatewaySpec) { s.Charge, s.Prepaid = ptr("PREPAID"), &PrepaidSpec{} }), InvalidParameterValueEmpty},
		{"one month", prepaid(1, nil), "OK"},
		{"by hand", prepaid(1, ptr(string(RenewManually))), "OK"},
		{"10 months", prepaid(10, nil), InvalidParameterValue},
		{"0 months", prepaid(0, nil), InvalidParameterValue},
		{"2^63 months", prepaid(1<<63, nil), InvalidParameterValue},
		{"never renew", prepaid(1, ptr(string(RenewNever))), InvalidParameterValue},
		{"renew flag", prepaid(1, ptr("YES")), InvalidParameterValue},

		{"MaxConnection of IPSEC", spec(func(s *GatewaySpec) { s.MaxConnection = ptr(uint64(5)) }), UnsupportedOperation},
		{"MaxConnection of CCN", spec(func(s *GatewaySpec) { s.VPC, s.Type, s.MaxConnection = "", ptr("CCN"), ptr(uint64(5)) }), UnsupportedOperation},
		{"MaxConnection 6", spec(func(s *GatewaySpec) { s.Type, s.MaxConnection = ptr("SSL"), ptr(uint64(6)) }), InvalidParameterValue},
		{"MaxConnection 1000", spec(func(s *GatewaySpec) { s.Type, s.MaxConnection = ptr("SSL"), ptr(uint64(1000)) }), "OK"},
		{"MaxConnection 200 abroad", func(s *GatewaySpec, e *GatewayEnv) {
			s.Type, s.MaxConnection, e.Site = ptr("SSL"), ptr(uint64(200)), SiteIntl
		}, InvalidParameterValue},

		{"BGP", spec(func(s *GatewaySpec) { s.Bandwidth, s.BGPASN = 200, ptr(uint64(64600)) }), "OK"},
		{"BGP of CCN", spec(func(s *GatewaySpec) {
			s.VPC, s.Type, s.Bandwidth, s.BGPASN = "", ptr("CCN"), 3000, ptr(uint64(4294967295))
		}), "OK"},
		{"BGP at 5 Mbps", spec(func(s *GatewaySpec) { s.BGPASN = ptr(uint64(64600)) }), UnsupportedOperationVpnUnsupportedBgp},
		{"BGP of SSL", spec(func(s *GatewaySpec) { s.Type, s.Bandwidth, s.BGPASN = ptr("SSL"), 200, ptr(uint64(64600)) }), UnsupportedOperationVpnUnsupportedBgp},
		{"ASN 0", spec(func(s *GatewaySpec) { s.Bandwidth, s.BGPASN = 200, ptr(uint64(0)) }), InvalidParameterValue},
		{"ASN 2^32", spec(func(s *GatewaySpec) { s.Bandwidth, s.BGPASN = 200, ptr(uint64(1<<32)) }), InvalidParameterValue},
		{"the vendor's ASN", spec(func(s *GatewaySpec) { s.Bandwidth, s.BGPASN = 200, ptr(uint64(45090)) }), InvalidParameterValue},

		{"zone", spec(func(s *GatewaySpec) { s.Zone = ptr("ap-guangzhou-2") }), "OK"},
		{"malformed zone", spec(func(s *GatewaySpec) { s.Zone = ptr("guangzhou") }), InvalidParameterValueMalformed},
		{"unknown zone", spec(func(s *GatewaySpec) { s.Zone = ptr("ap-guangzhou-99") }), ResourceNotFound},
		{"cluster", spec(func(s *GatewaySpec) { s.CDC = ptr("cluster-aaaaaaaa") }), "OK"},
		{"malformed cluster", spec(func(s *GatewaySpec) { s.CDC = ptr("x") }), InvalidParameterValueMalformed},
		{"unknown cluster", spec(func(s *GatewaySpec) { s.CDC = ptr("cluster-zzzzzzzz") }), ResourceNotFound},
		{"taken cluster", func(s *GatewaySpec, e *GatewayEnv) {
			s.CDC, e.CDCHolds = ptr("cluster-aaaaaaaa"), func(_ CDCID, t GatewayType) bool { return t == TypeIPsec }
		}, InvalidParameterValueDuplicate},
		{"cluster taken by another type", func(s *GatewaySpec, e *GatewayEnv) {
			s.CDC, e.CDCHolds = ptr("cluster-aaaaaaaa"), func(_ CDCID, t GatewayType) bool { return t == TypeSSL }
		}, "OK"},

		{"range behind another gateway", func(_ *GatewaySpec, e *GatewayEnv) {
			e.Destinations = func(VPCID) []Destination {
				return []Destination{{Range: Everywhere}, {Range: netip.MustParsePrefix("192.168.0.0/16")}}
			}
		}, InvalidParameterValueVpnConnCidrConflict},
		{"everything behind another gateway", func(_ *GatewaySpec, e *GatewayEnv) {
			e.Destinations = func(VPCID) []Destination {
				return []Destination{{Range: Everywhere}, {Range: netip.MustParsePrefix("172.16.0.0/16")}}
			}
		}, "OK"},

		{"tenth in the VPC", func(_ *GatewaySpec, e *GatewayEnv) { e.InVPC = func(VPCID) int { return 9 } }, "OK"},
		{"eleventh in the VPC", func(_ *GatewaySpec, e *GatewayEnv) { e.InVPC = func(VPCID) int { return 10 } }, LimitExceeded},
		{"eleventh for CCNs", func(s *GatewaySpec, e *GatewayEnv) {
			s.VPC, s.Type, e.OfCCN = "", ptr("CCN"), func() int { return 10 }
		}, LimitExceeded},

		{"tag", spec(func(s *GatewaySpec) { s.Tags = []Tag{{"qcs:a", ""}} }), UnsupportedOperationTagSystemReservedTagKey},
		{"not verified", func(_ *GatewaySpec, e *GatewayEnv) { e.Account.Verified = false }, UnauthorizedOperationNoRealNameAuthentication},
		{"no money, prepaid", func(s *GatewaySpec, e *GatewayEnv) { prepaid(1, nil)(s, e); e.Account.Balance = 0 }, UnsupportedOperationInsufficientFunds},
		{"just enough money", func(s *GatewaySpec, e *GatewayEnv) { prepaid(1, nil)(s, e); e.Account.Balance = Yuan(380) }, "OK"},
		{"a little too little", func(s *GatewaySpec, e *GatewayEnv) { prepaid(1, nil)(s, e); e.Account.Balance = Yuan(380) - 1 }, UnsupportedOperationInsufficientFunds},
		{"no money, postpaid", func(_ *GatewaySpec, e *GatewayEnv) { e.Account.Balance = 0 }, UnsupportedOperationInsufficientFunds},

		{"type before VPC", spec(func(s *GatewaySpec) { s.Type, s.VPC = ptr("x"), "vpc_1" }), InvalidParameterValue},
		{"VPC before name", spec(func(s *GatewaySpec) { s.VPC, s.Name = "vpc-zzzzzzzz", "" }), InvalidVpcIdNotFound},
		{"name before bandwidth", spec(func(s *GatewaySpec) { s.Name, s.Bandwidth = "", 7 }), InvalidParameterValueEmpty},
		{"quota before tags and account", func(s *GatewaySpec, e *GatewayEnv) {
			s.Tags, e.Account.Verified, e.InVPC = []Tag{{"", ""}}, false, func(VPCID) int { return 10 }
		}, LimitExceeded},
		{"tags before account", func(s *GatewaySpec, e *GatewayEnv) { s.Tags, e.Account.Verified = []Tag{{"", ""}}, false }, InvalidParameterValueTagInvalidKeyLen},
	} {
		s, e := baseGateway(), gatewayWorld()
		e.Listed = listed(t, "CreateVpnGateway")
		c.make(s, e)
		_, err := CheckGatewaySpec(s, e)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if err != nil && !e.Listed.Has(err.Code) {
			t.Errorf("%s: the action does not document %s", c.name, err.Code)
		}
		if err != nil && strings.Contains(err.EN+err.ZH, "%!") {
			t.Errorf("%s: broken text %q %q", c.name, err.EN, err.ZH)
		}
	}
}

func TestGatewayOrderMakesARow(t *testing.T) {
	now, life := at("2026-08-31 12:00:00"), Life{Settle: time.Second, Grace: 7 * 24 * time.Hour}
	public := netip.MustParseAddr("100.64.0.1")

	order, err := CheckGatewaySpec(baseGateway(), gatewayWorld())
	if err != nil {
		t.Fatal(err)
	}
	g, entry := order.Make("vpngw-aaaaaaaa", public, now, life)
	want := Gateway{
		ID: "vpngw-aaaaaaaa", Scope: Scope{1, "ap-guangzhou"}, Name: "gw", VPC: "vpc-aaaaaaaa", Type: TypeIPsec, Zone: "ap-guangzhou-1",
		Bandwidth: 5, Public: public, Version: "4.0", Charge: Postpaid, RenewFlag: RenewByItself, Rate: 480_000, RateSince: now, Created: now, Generation: 1,
	}
	if !reflect.DeepEqual(*g, want) {
		t.Errorf("made %+v\nwant %+v", *g, want)
	}
	if entry != (LedgerEntry{Account: 1, At: now, Kind: LedgerRate, Resource: "vpngw-aaaaaaaa", Rate: 480_000}) {
		t.Errorf("entry %+v", entry)
	}

	spec := baseGateway()
	spec.Type, spec.Charge, spec.Prepaid = ptr("SSL"), ptr("PREPAID"), &PrepaidSpec{Period: ptr(uint64(1))}
	spec.Zone, spec.CDC, spec.Tags = ptr("ap-guangzhou-4"), ptr("cluster-aaaaaaaa"), []Tag{{"a", "b"}}
	if order, err = CheckGatewaySpec(spec, gatewayWorld()); err != nil {
		t.Fatal(err)
	}
	g, entry = order.Make("vpngw-bbbbbbbb", public, now, life)
	expires := at("2026-09-30 12:00:00")
	want = Gateway{
		ID: "vpngw-bbbbbbbb", Scope: Scope{1, "ap-guangzhou"}, Name: "gw", VPC: "vpc-aaaaaaaa", Type: TypeSSL, Zone: "ap-guangzhou-4", CDC: "cluster-aaaaaaaa",
		Bandwidth: 5, MaxConnection: 5, Public: public, Version: "4.0", Charge: Prepaid, RenewFlag: RenewByItself, Expires: expires, Due: expires, Created: now, Generation: 1,
	}
	if !reflect.DeepEqual(*g, want) {
		t.Errorf("made %+v\nwant %+v", *g, want)
	}
	if entry != (LedgerEntry{Account: 1, At: now, Kind: LedgerPurchase, Resource: "vpngw-bbbbbbbb", Amount: -Yuan(480)}) {
		t.Errorf("entry %+v", entry)
	}
}

func TestRenewFlagOfTheSite(t *testing.T) {
	env := gatewayWorld()
	env.Site, env.Prices = SiteIntl, DefaultPrices(SiteIntl)
	spec := baseGateway()
	spec.Charge, spec.Prepaid = ptr("PREPAID"), &PrepaidSpec{Period: ptr(uint64(1))}
	order, err := CheckGatewaySpec(spec, env)
	if err != nil || order.RenewFlag != RenewManually || order.Cost != Yuan(62) {
		t.Errorf("%+v %v", order, err)
	}
}

func TestGatewaySizes(t *testing.T) {
	sizes := SiteCN.GatewaySizes()
	if len(sizes) != 9 || sizes[0] != (GatewaySize{5, "cdmini", "微小型"}) || sizes[8].Bandwidth != 3000 || len(SiteIntl.GatewaySizes()) != 5 {
		t.Errorf("%v", sizes)
	}
	for i, s := range sizes {
		if s.Bandwidth != bandwidths[i] {
			t.Errorf("size %d is %d Mbps, want %d", i, s.Bandwidth, bandwidths[i])
		}
	}
}
