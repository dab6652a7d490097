package vpc

import (
	"math"
	"slices"
	"time"
)

// Periods are the months that a prepaid term may have.
var Periods = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36}

// ValidPeriod reports whether a prepaid term may have so many months.
func ValidPeriod(months uint64) bool {
	return months <= 36 && slices.Contains(Periods, int(months))
}

// priceMonth is what a month counts as where a part of one is paid.
const priceMonth = 30 * 24 * time.Hour

// Item is what has a price: a gateway of some size in some region.
type Item struct {
	Region        Region
	Type          GatewayType
	Bandwidth     Mbps
	MaxConnection uint32 // counts for the SSL types only
}

// Item returns what is paid for a gateway.
func (g *Gateway) Item() Item {
	return Item{Region: g.Region, Type: g.Type, Bandwidth: g.Bandwidth, MaxConnection: g.MaxConnection}
}

// ItemPrice is one line of an inquiry's answer. Unit is per hour or per gigabyte;
// Original and Discount are totals, and Discount is what is charged.
type ItemPrice struct {
	Unit, Original, Discount Money
	ChargeUnit               string // HOUR, GB, none or empty
}

// Price is the answer to an inquiry.
type Price struct {
	Instance, Bandwidth ItemPrice
}

// total is the price of a whole: nothing per unit.
func total(unit string, original, discount Money) Price {
	return Price{
		Instance:  ItemPrice{ChargeUnit: unit, Original: original, Discount: discount},
		Bandwidth: ItemPrice{ChargeUnit: unit},
	}
}

// each is a price per unit, where all three amounts are the same.
func each(unit string, m Money) ItemPrice {
	return ItemPrice{Unit: m, Original: m, Discount: m, ChargeUnit: unit}
}

// Monthly is the price of one month, before any discount for a long term.
func (b *PriceBook) Monthly(it Item) Money {
	t := b.table(it.Region)
	m := Money(t.Monthly[it.Bandwidth])
	if it.Type.SSL() {
		m = m.Plus(Money(t.SeatsMonthly[it.MaxConnection]))
	}
	return m
}

// Hourly is the price of one started hour of a postpaid gateway, without its traffic.
func (b *PriceBook) Hourly(it Item) Money {
	t := b.table(it.Region)
	m := Money(t.Hourly[it.Bandwidth])
	if it.Type.SSL() {
		m = m.Plus(Money(t.SeatsHourly[it.MaxConnection]))
	}
	return m
}

// Term is the price of a prepaid term of so many months, without and with the discount
// for its length, rounded to cents.
func (b *PriceBook) Term(it Item, months int) (original, discount Money) {
	original = b.Monthly(it).Times(int64(months))
	discount = original
	if share, ok := b.Terms[months]; ok {
		discount = original.Share(int64(share), int64(moneyUnit))
	}
	return original.Cents(), discount.Cents()
}

// Upgrade is what it costs to have `to` instead of `from` for the rest of a term: the
// difference of the monthly prices for every started second, a month counting 30 days,
// rounded to cents. It is below zero for a smaller size and zero after the term.
func (b *PriceBook) Upgrade(from, to Item, now, until Instant) Money {
	if until <= now {
		return 0
	}
	seconds := ceilDiv(int64(until-now), int64(time.Second))
	diff := b.Monthly(to).Minus(b.Monthly(from))
	return diff.Share(seconds, int64(priceMonth/time.Second)).Cents()
}

// CreatePrice answers what a new gateway costs.
func (b *PriceBook) CreatePrice(it Item, charge ChargeType, months int) Price {
	if charge == Prepaid {
		original, discount := b.Term(it, months)
		return total("none", original, discount)
	}
	traffic := Money(b.table(it.Region).TrafficPerGB)
	return Price{Instance: each("HOUR", b.Hourly(it)), Bandwidth: each("GB", traffic)}
}

// RenewPrice answers what so many more months cost.
func (b *PriceBook) RenewPrice(it Item, months int) Price {
	original, discount := b.Term(it, months)
	return total("", original, discount)
}

// UpgradePrice answers what a new size costs to the end of the term.
func (b *PriceBook) UpgradePrice(from, to Item, now, until Instant) Price {
	diff := b.Upgrade(from, to, now, until)
	return total("none", diff, diff)
}

// Accrued is what a postpaid rate comes to between two instants, when it has been
// running since a third: one rate for each hour that starts in between, counted from
// that third. Splitting a span into parts never changes the sum.
func Accrued(rate Money, since, from, to Instant) Money {
	if rate == 0 || since == 0 {
		return 0
	}
	from, to = max(from, since), max(to, since)
	if to <= from {
		return 0
	}
	return rate.Times(startedHours(since, to) - startedHours(since, from))
}

func startedHours(since, at Instant) int64 { return ceilDiv(int64(at-since), int64(time.Hour)) }

// ceilDiv divides rounding up; both are at least 0 and d is not 0.
func ceilDiv(n, d int64) int64 {
	q := n / d
	if n%d > 0 {
		q++
	}
	return q
}

// endOfTime is the last Instant, in the year 2262.
const endOfTime Instant = math.MaxInt64

// AddMonths moves an instant by calendar months in UTC+8; a day that the month does not
// have becomes its last. Past the end of what an Instant can hold it stops there.
func AddMonths(i Instant, months int) Instant {
	t := i.Time().In(beijing)
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), beijing).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	moved := first.AddDate(0, 0, min(t.Day(), last)-1)
	if moved.After(endOfTime.Time()) {
		return endOfTime
	}
	return At(moved)
}
