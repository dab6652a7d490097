package vpc

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func at(s string) Instant {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, beijing)
	if err != nil {
		panic(err)
	}
	return At(t)
}

func TestDefaultPrices(t *testing.T) {
	cn, intl := DefaultPrices(SiteCN), DefaultPrices(SiteIntl)
	five := Item{Region: "ap-guangzhou", Type: TypeIPsec, Bandwidth: 5}
	show := func(p Price) string {
		line := func(i ItemPrice) string {
			return strings.Join([]string{i.Unit.String(), i.ChargeUnit, i.Original.String(), i.Discount.String()}, " ")
		}
		return line(p.Instance) + " | " + line(p.Bandwidth)
	}
	in := func(r Region, bandwidth Mbps) Item { return Item{Region: r, Type: TypeIPsec, Bandwidth: bandwidth} }
	for _, c := range []struct{ name, got, want string }{
		{"cn prepaid", show(cn.CreatePrice(five, Prepaid, 1)), "0 none 380 380 | 0 none 0 0"},
		{"cn prepaid year", show(cn.CreatePrice(five, Prepaid, 12)), "0 none 4560 4560 | 0 none 0 0"},
		{"cn postpaid", show(cn.CreatePrice(five, Postpaid, 0)), "0.48 HOUR 0.48 0.48 | 0.8 GB 0.8 0.8"},
		{"cn renew", show(cn.RenewPrice(five, 1)), "0  380 380 | 0  0 0"},
		{"intl postpaid", show(intl.CreatePrice(five, Postpaid, 0)), "0.078 HOUR 0.078 0.078 | 0.12 GB 0.12 0.12"},
		{"intl large", intl.Hourly(in("ap-guangzhou", 200)).String(), "0.46"},
		{"Hong Kong", intl.Hourly(in("ap-hongkong", 5)).String() + " " + intl.Hourly(in("ap-hongkong", 1000)).String(), "0.088 0.62"},
		{"Singapore", intl.Hourly(in("ap-singapore", 5)).String(), "0.12"},
		{"SSL seats", cn.Monthly(Item{Type: TypeSSL, Bandwidth: 5, MaxConnection: 10}).String(), "580"},
		{"SSL seats by the hour", cn.Hourly(Item{Type: TypeSSLCCN, Bandwidth: 5, MaxConnection: 10}).String(), "0.88"},
		{"no seats for IPsec", cn.Monthly(Item{Type: TypeCCN, Bandwidth: 5, MaxConnection: 10}).String(), "380"},
		{"currencies", cn.Currency + intl.Currency, "CNYUSD"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestUpgrade(t *testing.T) {
	cn := DefaultPrices(SiteCN)
	five, hundred := Item{Bandwidth: 5}, Item{Bandwidth: 100}
	now := at("2026-08-01 00:00:00")
	for _, c := range []struct {
		from, to Item
		left     time.Duration
		want     string
	}{
		{five, hundred, 30 * 24 * time.Hour, "5300"},
		{five, hundred, 15 * 24 * time.Hour, "2650"},
		{five, hundred, time.Second, "0"}, // 0.002 is no cent
		{five, hundred, 5 * time.Second, "0.01"},
		{five, hundred, 0, "0"},
		{five, hundred, -time.Hour, "0"},
		{hundred, five, 15 * 24 * time.Hour, "-2650"},
		{five, five, 15 * 24 * time.Hour, "0"},
	} {
		if got := cn.Upgrade(c.from, c.to, now, now.Add(c.left)).String(); got != c.want {
			t.Errorf("%v to %v, %v left: %s, want %s", c.from, c.to, c.left, got, c.want)
		}
	}
	if p := cn.UpgradePrice(five, hundred, now, now.Add(15*24*time.Hour)); p.Instance.Discount != Yuan(2650) || p.Instance.ChargeUnit != "none" {
		t.Errorf("%+v", p)
	}
}

func TestTermDiscount(t *testing.T) {
	text := strings.Replace(string(DefaultPriceFile(SiteCN)), `"terms": {}`, `"terms": {"12": 0.83, "1": 0.466842}`, 1)
	b, err := ParsePrices([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for months, want := range map[int]string{1: "380 177.4", 2: "760 760", 12: "4560 3784.8"} {
		original, discount := b.Term(Item{Bandwidth: 5}, months)
		if got := original.String() + " " + discount.String(); got != want {
			t.Errorf("%d months: %s, want %s", months, got, want)
		}
	}
}

func TestAccrued(t *testing.T) {
	since := at("2026-08-01 10:30:00")
	rate := Money(480_000)
	for _, c := range []struct {
		from, to time.Duration
		want     string
	}{
		{0, 0, "0"},
		{0, 1, "0.48"},
		{0, time.Hour, "0.48"},
		{0, time.Hour + 1, "0.96"},
		{30 * time.Minute, time.Hour, "0"},
		{time.Hour, 2 * time.Hour, "0.48"},
		{-time.Hour, 30 * time.Minute, "0.48"},
		{-2 * time.Hour, -time.Hour, "0"},
		{time.Hour, 0, "0"},
		{0, 24 * time.Hour, "11.52"},
	} {
		if got := Accrued(rate, since, since.Add(c.from), since.Add(c.to)).String(); got != c.want {
			t.Errorf("%v to %v: %s, want %s", c.from, c.to, got, c.want)
		}
	}
	if Accrued(rate, 0, 1, since) != 0 || Accrued(0, since, since, since.Add(time.Hour)) != 0 {
		t.Error("something that is not postpaid accrues")
	}
}

func TestAccruedDoesNotDependOnSettlements(t *testing.T) {
	source := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		since := Instant(1e18 + source.Int64N(1e15))
		end := since.Add(time.Duration(source.Int64N(int64(1000 * time.Hour))))
		whole := Accrued(Yuan(1), since, since, end)
		var parts Money
		for from := since; from < end; {
			to := min(end, from.Add(time.Duration(source.Int64N(int64(100*time.Hour)))))
			parts, from = parts.Plus(Accrued(Yuan(1), since, from, to)), to
		}
		if parts != whole {
			t.Fatalf("from %d to %d: %v in parts, %v at once", since, end, parts, whole)
		}
	}
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-31 10:00:00", 1, "2026-02-28 10:00:00"},
		{"2028-01-31 10:00:00", 1, "2028-02-29 10:00:00"},
		{"2028-02-29 10:00:00", 12, "2029-02-28 10:00:00"},
		{"2026-08-31 23:59:59", 1, "2026-09-30 23:59:59"},
		{"2026-12-15 00:00:00", 1, "2027-01-15 00:00:00"},
		{"2026-01-01 07:00:00", 1, "2026-02-01 07:00:00"}, // December in UTC
		{"2026-03-31 00:00:00", 36, "2029-03-31 00:00:00"},
		{"2026-10-31 12:00:00", 4, "2027-02-28 12:00:00"},
	} {
		if got := AddMonths(at(c.from), c.months).String(); got != c.want {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.months, got, c.want)
		}
	}
	i := at("2026-01-31 10:00:00") + 123456789
	if AddMonths(i, 1)%1e9 != i%1e9 {
		t.Error("nanoseconds are lost")
	}
	if got := AddMonths(at("2261-12-31 00:00:00"), 36); got != endOfTime {
		t.Errorf("past the end of time: %s", got)
	}
}

func TestPricesSurviveWriting(t *testing.T) {
	for _, site := range []Site{SiteCN, SiteIntl} {
		b := DefaultPrices(site)
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParsePrices(text); err != nil || !reflect.DeepEqual(again, b) {
			t.Errorf("%s: %v, read back %+v", site, err, again)
		}
	}
}

func TestParsePricesRefuses(t *testing.T) {
	good := string(DefaultPriceFile(SiteCN))
	for name, change := range map[string][2]string{
		"unknown name":           {`"currency"`, `"coin": 1, "currency"`},
		"repeated name":          {`"currency": "CNY"`, `"currency": "CNY", "currency": "USD"`},
		"repeated size":          {`"5": 380`, `"5": 380, "5": 1`},
		"missing size":           {`"5": 380, `, ``},
		"size too many":          {`"5": 380`, `"5": 380, "7": 1`},
		"seats of no size":       {`"5": 0.2`, `"5": 0.2, "6": 1`},
		"negative":               {`380`, `-380`},
		"too much":               {`380`, `1000000001`},
		"exponent":               {`380`, `3e2`},
		"text":                   {`380`, `"380"`},
		"seven decimals":         {`0.48`, `0.4800001`},
		"null":                   {`380`, `null`},
		"currency":               {`CNY`, `cny`},
		"no rest":                {`["*"]`, `["ap-guangzhou"]`},
		"rest among others":      {`["*"]`, `["*", "ap-guangzhou"]`},
		"no regions":             {`["*"]`, `[]`},
		"region twice":           {`["*"]`, `["ap-guangzhou", "ap-guangzhou"]`},
		"no region":              {`["*"]`, `["Guangzhou"]`},
		"term of no period":      {`"terms": {}`, `"terms": {"11": 0.9}`},
		"share above one":        {`"terms": {}`, `"terms": {"12": 1.1}`},
		"share of nothing":       {`"terms": {}`, `"terms": {"12": 0}`},
		"more behind":            {good, good + "{}"},
		"not JSON":               {good, "prices"},
		"empty":                  {good, ""},
		"half":                   {good, good[:len(good)/2]},
		"no tables":              {good, `{"currency":"CNY","terms":{},"tables":[]}`},
		"list instead of object": {good, `[]`},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ParsePrices([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzParsePrices(f *testing.F) {
	f.Add(DefaultPriceFile(SiteCN))
	f.Add(DefaultPriceFile(SiteIntl))
	f.Add([]byte(`{"tables":[{"regions":[]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ParsePrices(text)
		if err != nil {
			return
		}
		for _, r := range []Region{"ap-guangzhou", "*", ""} {
			for _, size := range bandwidths {
				it := Item{Region: r, Type: TypeSSL, Bandwidth: size, MaxConnection: 5}
				original, discount := b.Term(it, 36)
				if original < 0 || discount < 0 || discount > original || b.Hourly(it) < 0 {
					t.Errorf("%s %d Mbps: %v %v", r, size, original, discount)
				}
			}
		}
	})
}
