package vpc

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	grace  = 7 * 24 * time.Hour
	settle = time.Second
)

var life = Life{Settle: settle, Grace: grace}

func prepaidGateway() *Gateway {
	return &Gateway{
		ID: "vpngw-aaaaaaaa", Scope: Scope{1, "ap-guangzhou"}, Type: TypeIPsec, Bandwidth: 5, Charge: Prepaid, RenewFlag: RenewManually,
		Created: at("2026-07-31 12:00:00"), Expires: at("2026-08-31 12:00:00"), Due: at("2026-08-31 12:00:00"), Generation: 1,
	}
}

func postpaidGateway() *Gateway {
	return &Gateway{
		ID: "vpngw-bbbbbbbb", Scope: Scope{1, "ap-guangzhou"}, Type: TypeIPsec, Bandwidth: 200, Charge: Postpaid, RenewFlag: RenewByItself,
		Rate: 2_830_000, RateSince: at("2026-07-31 12:00:00"), Created: at("2026-07-31 12:00:00"), Generation: 1,
	}
}

// show prints what a step made of a gateway.
func show(g *Gateway, entries []LedgerEntry) string {
	var b strings.Builder
	if g == nil {
		b.WriteString("gone")
	} else {
		fmt.Fprintf(&b, "%s %dM", g.Charge, g.Bandwidth)
		if g.Expires != 0 {
			b.WriteString(" expires " + g.Expires.String())
		}
		if g.Isolated != 0 {
			b.WriteString(" isolated " + g.Isolated.String())
		}
		if g.Deleted != 0 {
			b.WriteString(" deleted " + g.Deleted.String())
		}
		if g.RateSince != 0 {
			fmt.Fprintf(&b, " rate %s since %s", g.Rate, g.RateSince)
		}
		if g.Due != 0 {
			b.WriteString(" due " + g.Due.String())
		}
		if plan := g.PurchasePlan(); plan != "" {
			b.WriteString(" " + plan)
		}
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "; %s %s", e.Kind, e.Amount)
		if e.Rate != 0 {
			fmt.Fprintf(&b, " rate %s", e.Rate)
		}
		b.WriteString(" at " + e.At.String())
	}
	return b.String()
}

func TestAdvanceGateway(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Gateway)
		balance Money
		now     string
		want    string
	}{
		{"before the end", func(*Gateway) {}, 0, "2026-08-31 11:59:59",
			"PREPAID 5M expires 2026-08-31 12:00:00 due 2026-08-31 12:00:00"},
		{"by hand", func(*Gateway) {}, Yuan(1000), "2026-08-31 12:00:00",
			"PREPAID 5M expires 2026-08-31 12:00:00 isolated 2026-08-31 12:00:00 due 2026-09-07 12:00:00"},
		{"never", func(g *Gateway) { g.RenewFlag = RenewNever }, Yuan(1000), "2026-09-01 00:00:00",
			"PREPAID 5M expires 2026-08-31 12:00:00 isolated 2026-08-31 12:00:00 due 2026-09-07 12:00:00"},
		{"grace over", func(*Gateway) {}, 0, "2026-09-07 12:00:00", "gone"},
		{"by itself", func(g *Gateway) { g.RenewFlag = RenewByItself }, Yuan(380), "2026-08-31 12:00:00",
			"PREPAID 5M expires 2026-09-30 12:00:00 due 2026-09-30 12:00:00; renew -380 at 2026-08-31 12:00:00"},
		{"by itself without money", func(g *Gateway) { g.RenewFlag = RenewByItself }, Yuan(380) - 1, "2026-08-31 12:00:00",
			"PREPAID 5M expires 2026-08-31 12:00:00 isolated 2026-08-31 12:00:00 due 2026-09-07 12:00:00"},
		{"by itself, looked at late", func(g *Gateway) { g.RenewFlag = RenewByItself }, Yuan(10000), "2026-11-15 00:00:00",
			"PREPAID 5M expires 2026-11-30 12:00:00 due 2026-11-30 12:00:00; renew -380 at 2026-08-31 12:00:00; renew -380 at 2026-09-30 12:00:00; renew -380 at 2026-10-30 12:00:00"},
		{"by itself until the money ends", func(g *Gateway) { g.RenewFlag = RenewByItself }, Yuan(500), "2026-10-01 00:00:00",
			"PREPAID 5M expires 2026-09-30 12:00:00 isolated 2026-09-30 12:00:00 due 2026-10-07 12:00:00; renew -380 at 2026-08-31 12:00:00"},
		{"by itself until it is gone", func(g *Gateway) { g.RenewFlag = RenewByItself }, Yuan(500), "2027-01-01 00:00:00",
			"gone; renew -380 at 2026-08-31 12:00:00"},
		{"becomes postpaid", func(g *Gateway) { g.RenewFlag, g.ConvertAtExpiry = RenewByItself, true }, 0, "2026-08-31 13:00:00",
			"POSTPAID_BY_HOUR 5M rate 0.48 since 2026-08-31 12:00:00; rate 0 rate 0.48 at 2026-08-31 12:00:00"},
		{"deleted", func(g *Gateway) { g.Deleted = at("2026-09-01 00:00:00") }, 0, "2026-09-01 00:00:01", "gone"},
		{"deleted a moment ago", func(g *Gateway) { g.Deleted = at("2026-09-01 00:00:00") }, 0, "2026-09-01 00:00:00",
			"PREPAID 5M expires 2026-08-31 12:00:00 deleted 2026-09-01 00:00:00 due 2026-09-01 00:00:01"},
	} {
		g := prepaidGateway()
		c.change(g)
		before := *g
		next, entries, gone := AdvanceGateway(g, &Account{ID: 1, Balance: c.balance}, at(c.now), DefaultPrices(SiteCN), life)
		if gone != (next == nil) {
			t.Errorf("%s: gone %v with %v", c.name, gone, next)
		}
		if got := show(next, entries); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if !reflect.DeepEqual(*g, before) {
			t.Errorf("%s: the old row has changed", c.name)
		}
	}
}

func TestAdvanceDoesNotDependOnHowOftenItRuns(t *testing.T) {
	prices := DefaultPrices(SiteCN)
	for _, flag := range []RenewFlag{RenewByItself, RenewManually} {
		end := at("2027-02-10 00:00:00")
		g := prepaidGateway()
		g.RenewFlag = flag
		account := &Account{ID: 1, Balance: Yuan(1500)}
		once, allAtOnce, goneOnce := AdvanceGateway(g, account, end, prices, life)

		var entries []LedgerEntry
		stepped, gone := g, false
		for now := g.Created; now < end && !gone; now = now.Add(31 * time.Hour) {
			var some []LedgerEntry
			stepped, some, gone = AdvanceGateway(stepped, account, now, prices, life)
			for _, e := range some {
				account.Balance = account.Balance.Plus(e.Amount)
			}
			entries = append(entries, some...)
		}
		if !gone {
			t.Fatalf("%s: not gone after half a year", flag)
		}
		if got, want := show(stepped, entries), show(once, allAtOnce); got != want || goneOnce != gone {
			t.Errorf("%s: in steps %s\nat once %s", flag, got, want)
		}
	}
}

func TestGatewayStates(t *testing.T) {
	g := prepaidGateway()
	for _, c := range []struct {
		now  Instant
		want State
	}{
		{g.Created, StatePending},
		{g.Created.Add(settle - 1), StatePending},
		{g.Created.Add(settle), StateAvailable},
	} {
		if got := GatewayState(g, nil, c.now, settle); got != c.want {
			t.Errorf("%s: %s, want %s", c.now, got, c.want)
		}
	}
	if GatewayState(g, nil, g.Created, 0) != StateAvailable {
		t.Error("PENDING although nothing has to settle")
	}
	g.Deleted = g.Created
	if GatewayState(g, nil, g.Created, settle) != StateDeleting {
		t.Error("deleted at once and not DELETING")
	}

	poor, rich := &Account{Balance: -1}, &Account{}
	isolated := prepaidGateway()
	isolated.Isolated = isolated.Expires
	for _, c := range []struct {
		name    string
		g       *Gateway
		account *Account
		want    Restriction
	}{
		{"prepaid of an account that owes", prepaidGateway(), poor, Unrestricted},
		{"isolated", isolated, rich, Restricted},
		{"postpaid", postpaidGateway(), rich, Unrestricted},
		{"postpaid of an account that owes", postpaidGateway(), poor, Restricted},
	} {
		if got := RestrictState(c.g, c.account); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
