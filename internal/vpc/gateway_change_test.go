package vpc

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

func moment(now string, balance Money) *GatewayMoment {
	a := &Account{ID: 1, Balance: balance, SettledAt: at("2026-07-31 00:00:00")}
	return &GatewayMoment{Site: SiteCN, Now: at(now), Life: life, Account: a, Prices: DefaultPrices(SiteCN)}
}

// listed is what an action of the tables documents.
func listed(t *testing.T, action string) Listed {
	t.Helper()
	a, ok := wire.Actions[action]
	if !ok {
		t.Fatalf("no action %s", action)
	}
	return func(c Code) bool { return slices.Contains(a.Codes, string(c)) }
}

// outcome is the code of a refusal, or what was made.
func outcome(g *Gateway, entries []LedgerEntry, err *Error) string {
	if err != nil {
		if strings.Contains(err.EN+err.ZH, "%!") {
			return "broken text " + err.EN + err.ZH
		}
		return string(err.Code)
	}
	return show(g, entries)
}

func TestModifyGateway(t *testing.T) {
	ssl := func(g *Gateway) *Gateway { g.Type, g.MaxConnection, g.Bandwidth = TypeSSL, 5, 5; return g }
	const noon = "2026-08-16 12:00:00"
	const prepaid = "PREPAID 5M expires 2026-08-31 12:00:00 due 2026-08-31 12:00:00"
	const postpaid = "POSTPAID_BY_HOUR 200M rate 2.83 since 2026-07-31 12:00:00"
	for _, c := range []struct {
		name   string
		g      *Gateway
		now    string
		change GatewayChange
		want   string
	}{
		{"nothing", postpaidGateway(), noon, GatewayChange{}, postpaid},
		{"name", postpaidGateway(), noon, GatewayChange{Name: ptr("x")}, postpaid},
		{"no name", postpaidGateway(), noon, GatewayChange{Name: ptr("")}, "InvalidParameterValue.Malformed"},
		{"long name", postpaidGateway(), noon, GatewayChange{Name: ptr(strings.Repeat("x", 61))}, "InvalidParameterValue.TooLong"},
		{"pending", postpaidGateway(), "2026-07-31 12:00:00", GatewayChange{Name: ptr("x")}, "UnsupportedOperation.InvalidState"},
		{"deleting", func() *Gateway { g := postpaidGateway(); g.Deleted = 1; return g }(), noon, GatewayChange{Name: ptr("x")}, "UnsupportedOperation.InvalidState"},
		{"to postpaid", prepaidGateway(), noon, GatewayChange{Charge: ptr("POSTPAID_BY_HOUR")}, prepaid + " PREPAID_TO_POSTPAID"},
		{"postpaid to postpaid", postpaidGateway(), noon, GatewayChange{Charge: ptr("POSTPAID_BY_HOUR")}, postpaid},
		{"to prepaid", postpaidGateway(), noon, GatewayChange{Charge: ptr("PREPAID")}, "InvalidParameterValue.Malformed"},
		{"ASN", postpaidGateway(), noon, GatewayChange{BGPASN: ptr(uint64(64600))}, postpaid},
		{"ASN at 5 Mbps", prepaidGateway(), noon, GatewayChange{BGPASN: ptr(uint64(64600))}, "UnsupportedOperation.VpnUnsupportedModifyBgpAsn"},
		{"ASN 0 of none", prepaidGateway(), noon, GatewayChange{BGPASN: ptr(uint64(0))}, prepaid},
		{"ASN 2^32", postpaidGateway(), noon, GatewayChange{BGPASN: ptr(uint64(1 << 32))}, "InvalidParameterValue.Malformed"},
		{"the vendor's ASN", postpaidGateway(), noon, GatewayChange{BGPASN: ptr(uint64(58835))}, "InvalidParameterValue.Malformed"},
		{"ASN in use", postpaidGateway(), noon, GatewayChange{BGPASN: ptr(uint64(64600)), BGPInUse: true}, "UnsupportedOperation.VpnUnsupportedModifyBgpAsn"},
		{"seats of IPSEC", prepaidGateway(), noon, GatewayChange{MaxConnection: ptr(uint64(5))}, "InvalidParameterValue.Malformed"},
		{"6 seats", ssl(prepaidGateway()), noon, GatewayChange{MaxConnection: ptr(uint64(6))}, "InvalidParameterValue.Malformed"},
		{"more seats", ssl(prepaidGateway()), noon, GatewayChange{MaxConnection: ptr(uint64(10))}, prepaid + "; resize -50 at 2026-08-16 12:00:00"},
		{"as many seats", ssl(prepaidGateway()), noon, GatewayChange{MaxConnection: ptr(uint64(5))}, prepaid},
		{"more seats than money", ssl(prepaidGateway()), noon, GatewayChange{MaxConnection: ptr(uint64(1000))}, "UnsupportedOperation"},
		{"fewer seats", func() *Gateway { g := ssl(prepaidGateway()); g.MaxConnection = 10; return g }(), noon, GatewayChange{MaxConnection: ptr(uint64(5))}, "UnsupportedOperation.InvalidState"},
		{"other seats by the hour", ssl(postpaidGateway()), "2026-07-31 13:30:00", GatewayChange{MaxConnection: ptr(uint64(10))},
			"POSTPAID_BY_HOUR 5M rate 0.88 since 2026-07-31 13:30:00; use -5.66 at 2026-07-31 13:30:00; rate 0 rate 0.88 at 2026-07-31 13:30:00"},
	} {
		m := moment(c.now, Yuan(1000))
		m.Listed = listed(t, "ModifyVpnGatewayAttribute")
		before := *c.g
		g, entries, err := ModifyGateway(c.g, &c.change, m)
		if got := outcome(g, entries, err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if !reflect.DeepEqual(*c.g, before) {
			t.Errorf("%s: the old row has changed", c.name)
		}
	}
}

func TestResizeGateway(t *testing.T) {
	const noon = "2026-08-16 12:00:00" // fifteen days before the term ends
	sized := func(g *Gateway, b Mbps) *Gateway { g.Bandwidth = b; return g }
	for _, c := range []struct {
		name    string
		g       *Gateway
		now     string
		balance Money
		to      uint64
		want    string
	}{
		{"up", prepaidGateway(), noon, Yuan(2650), 100, "PREPAID 100M expires 2026-08-31 12:00:00 due 2026-08-31 12:00:00; resize -2650 at 2026-08-16 12:00:00"},
		{"up without money", prepaidGateway(), noon, Yuan(2650) - 1, 100, "UnsupportedOperation"},
		{"the same", prepaidGateway(), noon, 0, 5, "PREPAID 5M expires 2026-08-31 12:00:00 due 2026-08-31 12:00:00"},
		{"down", sized(prepaidGateway(), 10), noon, 0, 5, "UnsupportedOperation.VpnUnsupportedModifyBandwidth"},
		{"down by the hour", sized(postpaidGateway(), 1000), noon, 0, 200, "POSTPAID_BY_HOUR 200M rate 2.83 since 2026-07-31 12:00:00"},
		{"across the bands", prepaidGateway(), noon, Yuan(1e6), 200, "UnsupportedOperation"},
		{"across the bands downwards", postpaidGateway(), noon, Yuan(1e6), 100, "UnsupportedOperation"},
		{"to 3000", postpaidGateway(), noon, Yuan(1e6), 3000, "InvalidParameterValue.Malformed"},
		{"from 3000", sized(postpaidGateway(), 3000), noon, Yuan(1e6), 1000, "UnsupportedOperation"},
		{"3000 stays, at its own rate", sized(postpaidGateway(), 3000), noon, Yuan(1e6), 3000, "POSTPAID_BY_HOUR 3000M rate 8.49 since 2026-08-16 12:00:00; use -1086.72 at 2026-08-16 12:00:00; rate 0 rate 8.49 at 2026-08-16 12:00:00"},
		{"7", prepaidGateway(), noon, 0, 7, "InvalidParameterValue.Malformed"},
		{"2^32+5", prepaidGateway(), noon, 0, 1<<32 + 5, "InvalidParameterValue.Malformed"},
		{"expired", prepaidGateway(), "2026-08-31 12:00:00", Yuan(1e6), 100, "UnsupportedOperation.InvalidState"},
		{"pending", prepaidGateway(), "2026-07-31 12:00:00", Yuan(1e6), 100, "UnsupportedOperation.InvalidState"},
	} {
		m := moment(c.now, c.balance)
		m.Listed = listed(t, "ResetVpnGatewayInternetMaxBandwidth")
		g, entries, err := ResizeGateway(c.g, c.to, m)
		if got := outcome(g, entries, err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestRenewGateway(t *testing.T) {
	isolated := func() *Gateway { g := prepaidGateway(); g.Isolated = g.Expires; return g }
	ssl := func() *Gateway { g := prepaidGateway(); g.Type, g.MaxConnection = TypeSSL, 5; return g }
	until := func(end string) *Gateway { g := prepaidGateway(); g.Expires = at(end); return g }
	months := func(n uint64) *PrepaidSpec { return &PrepaidSpec{Period: &n} }
	for _, c := range []struct {
		name    string
		g       *Gateway
		now     string
		balance Money
		p       *PrepaidSpec
		want    string
	}{
		{"a month", prepaidGateway(), "2026-08-01 00:00:00", Yuan(380), months(1), "PREPAID 5M expires 2026-09-30 12:00:00 due 2026-09-30 12:00:00; renew -380 at 2026-08-01 00:00:00"},
		{"a year", prepaidGateway(), "2026-08-01 00:00:00", Yuan(4560), months(12), "PREPAID 5M expires 2027-08-31 12:00:00 due 2027-08-31 12:00:00; renew -4560 at 2026-08-01 00:00:00"},
		{"out of isolation", isolated(), "2026-09-03 00:00:00", Yuan(380), months(1), "PREPAID 5M expires 2026-09-30 12:00:00 due 2026-09-30 12:00:00; renew -380 at 2026-09-03 00:00:00"},
		{"too late for one month", isolated(), "2026-10-03 00:00:00", Yuan(380), months(1), "PREPAID 5M expires 2026-09-30 12:00:00 isolated 2026-08-31 12:00:00 due 2026-09-07 12:00:00; renew -380 at 2026-10-03 00:00:00"},
		{"no money", prepaidGateway(), "2026-08-01 00:00:00", Yuan(380) - 1, months(1), "UnsupportedOperation.InsufficientFunds"},
		{"postpaid", postpaidGateway(), "2026-08-01 00:00:00", Yuan(1e6), months(1), "UnsupportedOperation"},
		{"SSL", ssl(), "2026-08-01 00:00:00", Yuan(1e6), months(1), "UnsupportedOperation"},
		{"to ten years ahead", until("2033-08-01 00:00:00"), "2026-08-01 00:00:00", Yuan(1e6), months(36), "PREPAID 5M expires 2036-08-01 00:00:00 due 2036-08-01 00:00:00; renew -13680 at 2026-08-01 00:00:00"},
		{"a second more", until("2033-08-01 00:00:01"), "2026-08-01 00:00:00", Yuan(1e6), months(36), "InvalidParameterValue.Malformed"},
		{"to the end of time", until("2261-12-31 00:00:00"), "2026-08-01 00:00:00", Yuan(1e6), months(36), "InvalidParameterValue.Malformed"},
		{"10 months", prepaidGateway(), "2026-08-01 00:00:00", Yuan(1e6), months(10), "InvalidParameterValue.Malformed"},
		{"no period", prepaidGateway(), "2026-08-01 00:00:00", Yuan(1e6), &PrepaidSpec{}, "InvalidParameterValue.Malformed"},
		{"nothing", prepaidGateway(), "2026-08-01 00:00:00", Yuan(1e6), nil, "InvalidParameterValue.Malformed"},
		{"flag", prepaidGateway(), "2026-08-01 00:00:00", Yuan(1e6), &PrepaidSpec{Period: ptr(uint64(1)), RenewFlag: ptr("x")}, "InvalidParameterValue.Malformed"},
	} {
		m := moment(c.now, c.balance)
		m.Listed = listed(t, "RenewVpnGateway")
		g, entries, err := RenewGateway(c.g, c.p, m)
		if got := outcome(g, entries, err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if _, err := InquireRenewal(c.g, c.p, m); (err == nil) != (strings.Contains(c.want, "renew ") || c.name == "no money") {
			t.Errorf("%s: the inquiry answers %v", c.name, err)
		}
	}
}

func TestRenewKeepsOrSetsTheFlag(t *testing.T) {
	m := moment("2026-08-01 00:00:00", Yuan(1e6))
	for _, c := range []struct {
		have RenewFlag
		ask  *string
		want RenewFlag
	}{
		{RenewNever, nil, RenewNever},
		{RenewManually, ptr(""), RenewManually},
		{RenewNever, ptr(string(RenewByItself)), RenewByItself},
	} {
		g := prepaidGateway()
		g.RenewFlag = c.have
		next, _, err := RenewGateway(g, &PrepaidSpec{Period: ptr(uint64(1)), RenewFlag: c.ask}, m)
		if err != nil || next.RenewFlag != c.want {
			t.Errorf("%v: %+v %v", c, next, err)
		}
	}
}

func TestSetRenewFlag(t *testing.T) {
	for n, want := range map[int64]RenewFlag{0: RenewManually, 1: RenewByItself, 2: RenewNever} {
		flag, err := ParseRenewNumber(n)
		if err != nil || flag != want {
			t.Errorf("%d: %s %v", n, flag, err)
		}
		if g, err := SetRenewFlag(prepaidGateway(), flag, nil); err != nil || g.RenewFlag != want || g.Generation != 2 {
			t.Errorf("%d: %+v %v", n, g, err)
		}
	}
	for _, n := range []int64{-1, 3, 1 << 62} {
		if _, err := ParseRenewNumber(n); codeOf(err) != InvalidParameterValue {
			t.Errorf("%d: %v", n, err)
		}
	}
	if _, err := SetRenewFlag(postpaidGateway(), RenewByItself, nil); codeOf(err) != UnsupportedOperation {
		t.Errorf("postpaid: %v", err)
	}
}

func TestDeleteGateway(t *testing.T) {
	with := func(change func(*Gateway)) *Gateway { g := postpaidGateway(); change(g); return g }
	for _, c := range []struct {
		name string
		g    *Gateway
		now  string
		use  GatewayUse
		want string
	}{
		{"postpaid", postpaidGateway(), "2026-07-31 13:00:01", GatewayUse{},
			"POSTPAID_BY_HOUR 200M deleted 2026-07-31 13:00:01 due 2026-07-31 13:00:02; use -5.66 at 2026-07-31 13:00:01; rate 0 at 2026-07-31 13:00:01"},
		{"pending", postpaidGateway(), "2026-07-31 12:00:00", GatewayUse{},
			"POSTPAID_BY_HOUR 200M deleted 2026-07-31 12:00:00 due 2026-07-31 12:00:01; use 0 at 2026-07-31 12:00:00; rate 0 at 2026-07-31 12:00:00"},
		{"connections", postpaidGateway(), "2026-08-01 00:00:00", GatewayUse{Connections: 1}, "UnsupportedOperation"},
		{"SSL servers", postpaidGateway(), "2026-08-01 00:00:00", GatewayUse{SSLServers: 1}, "UnsupportedOperation"},
		{"attached", with(func(g *Gateway) { g.Network = "ccn-aaaaaaaa" }), "2026-08-01 00:00:00", GatewayUse{}, "UnsupportedOperation"},
		{"twice", with(func(g *Gateway) { g.Deleted = 1 }), "2026-08-01 00:00:00", GatewayUse{}, "UnsupportedOperation"},
		{"paid", prepaidGateway(), "2026-08-31 11:59:59", GatewayUse{}, "UnsupportedOperation"},
		{"no longer paid", prepaidGateway(), "2026-08-31 12:00:00", GatewayUse{},
			"PREPAID 5M expires 2026-08-31 12:00:00 deleted 2026-08-31 12:00:00 due 2026-08-31 12:00:01"},
	} {
		m := moment(c.now, 0)
		m.Listed = listed(t, "DeleteVpnGateway")
		g, entries, err := DeleteGateway(c.g, c.use, m)
		if got := outcome(g, entries, err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestUseIsChargedOnce(t *testing.T) {
	m := moment("2026-08-01 00:00:00", 0)
	m.Account.SettledAt = at("2026-07-31 18:00:00") // six of the twelve hours are paid
	_, entries, err := DeleteGateway(postpaidGateway(), GatewayUse{}, m)
	if err != nil || entries[0].Amount != Money(2_830_000).Times(-6) {
		t.Errorf("%+v %v", entries, err)
	}
}

func TestInquiries(t *testing.T) {
	prices := DefaultPrices(SiteCN)
	codes := listed(t, "InquiryPriceCreateVpnGateway")
	month := &PrepaidSpec{Period: ptr(uint64(1))}
	for _, c := range []struct {
		name string
		spec GatewayPriceSpec
		want string
	}{
		{"postpaid", GatewayPriceSpec{Bandwidth: 5}, "0.48"},
		{"prepaid", GatewayPriceSpec{Bandwidth: 5, Charge: ptr("PREPAID"), Prepaid: month}, "380"},
		{"SSL", GatewayPriceSpec{Bandwidth: 5, Type: ptr("SSL"), MaxConnection: ptr(uint64(5)), Charge: ptr("PREPAID"), Prepaid: month}, "480"},
		{"SSL without seats", GatewayPriceSpec{Bandwidth: 5, Type: ptr("SSL")}, "InvalidParameterValue"},
		{"IPSEC with seats", GatewayPriceSpec{Bandwidth: 5, MaxConnection: ptr(uint64(5))}, "UnsupportedOperation"},
		{"PREPAID alone", GatewayPriceSpec{Bandwidth: 5, Charge: ptr("PREPAID")}, "InvalidParameterValue"},
		{"7 Mbps", GatewayPriceSpec{Bandwidth: 7}, "InvalidParameterValue"},
		{"type", GatewayPriceSpec{Bandwidth: 5, Type: ptr("x")}, "InvalidParameterValue"},
	} {
		p, err := InquireGateway(&c.spec, SiteCN, "ap-guangzhou", prices, codes)
		got := p.Instance.Discount.String()
		if err != nil {
			got = string(err.Code)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestInquiriesSayWhatIsCharged compares each inquiry with the ledger's line of the
// change that it is about.
func TestInquiriesSayWhatIsCharged(t *testing.T) {
	m := moment("2026-08-16 12:34:56", Yuan(1e6))
	m.Listed = listed(t, "InquiryPriceRenewVpnGateway")
	for _, p := range Periods {
		spec := &PrepaidSpec{Period: ptr(uint64(p))}
		asked, err := InquireRenewal(prepaidGateway(), spec, m)
		if err != nil {
			t.Fatal(err)
		}
		if _, entries, err := RenewGateway(prepaidGateway(), spec, m); err != nil || entries[0].Amount != -asked.Instance.Discount {
			t.Errorf("%d months: asked %v, charged %+v %v", p, asked, entries, err)
		}
	}
	for _, b := range []uint64{10, 20, 50, 100} {
		asked, err := InquireBandwidth(prepaidGateway(), b, m)
		if err != nil {
			t.Fatal(err)
		}
		if _, entries, err := ResizeGateway(prepaidGateway(), b, m); err != nil || entries[0].Amount != -asked.Instance.Discount {
			t.Errorf("%d Mbps: asked %v, charged %+v %v", b, asked, entries, err)
		}
	}
	for name, ask := range map[string]func() (Price, *Error){
		"postpaid": func() (Price, *Error) { return InquireBandwidth(postpaidGateway(), 500, m) },
		"renewal": func() (Price, *Error) {
			return InquireRenewal(postpaidGateway(), &PrepaidSpec{Period: ptr(uint64(1))}, m)
		},
		"band": func() (Price, *Error) { return InquireBandwidth(prepaidGateway(), 200, m) },
		"expired": func() (Price, *Error) {
			late := *m
			late.Now = late.Now.Add(31 * 24 * time.Hour)
			return InquireBandwidth(prepaidGateway(), 10, &late)
		},
		"downwards": func() (Price, *Error) { g := prepaidGateway(); g.Bandwidth = 10; return InquireBandwidth(g, 5, m) },
		"no renewal": func() (Price, *Error) {
			g := prepaidGateway()
			g.Type = TypeSSL
			return InquireRenewal(g, &PrepaidSpec{Period: ptr(uint64(1))}, m)
		},
	} {
		if _, err := ask(); codeOf(err) != UnsupportedOperation {
			t.Errorf("%s: %v", name, err)
		}
	}
}
