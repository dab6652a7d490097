package vpc

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Money is an amount in millionths of the site's currency (CNY for cn, USD for intl).
// Its arithmetic stops at the ends of the range instead of wrapping round.
type Money int64

const (
	moneyUnit Money = 1_000_000
	moneyCent Money = 10_000
)

// Yuan converts whole currency units.
func Yuan(n int64) Money { return moneyUnit.Times(n) }

// Float returns whole units for an answer's price fields.
func (m Money) Float() float64 { return float64(m) / float64(moneyUnit) }

// Plus adds.
func (m Money) Plus(n Money) Money {
	sum := m + n
	switch {
	case m > 0 && n > 0 && sum < 0:
		return math.MaxInt64
	case m < 0 && n < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}

// Minus subtracts.
func (m Money) Minus(n Money) Money {
	if n == math.MinInt64 {
		return m.Plus(math.MaxInt64).Plus(1)
	}
	return m.Plus(-n)
}

// Times multiplies.
func (m Money) Times(n int64) Money { return m.Share(n, 1) }

// Share returns m times num over den, rounded to the nearest millionth, halves away
// from zero. A den below 1 counts as 1.
func (m Money) Share(num, den int64) Money {
	negative := (m < 0) != (num < 0)
	hi, lo := bits.Mul64(magnitude(int64(m)), magnitude(num))
	d := uint64(max(den, 1))
	if hi >= d {
		return saturated(negative, math.MaxUint64)
	}
	q, r := bits.Div64(hi, lo, d)
	if r >= d-r && q < math.MaxUint64 {
		q++
	}
	return saturated(negative, q)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func saturated(negative bool, q uint64) Money {
	switch {
	case negative && q > math.MaxInt64:
		return math.MinInt64
	case negative:
		return -Money(q)
	case q > math.MaxInt64:
		return math.MaxInt64
	}
	return Money(q)
}

// Cents rounds to hundredths of the currency, halves away from zero: no charge is finer.
func (m Money) Cents() Money { return m.Share(1, int64(moneyCent)).Times(int64(moneyCent)) }

// String writes an amount in whole units, such as 380 or 0.078.
func (m Money) String() string {
	sign, n := "", magnitude(int64(m))
	if m < 0 {
		sign = "-"
	}
	whole, part := n/uint64(moneyUnit), n%uint64(moneyUnit)
	if part == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%06d", part), "0")
}

// ParseMoney reads an amount in whole units with at most six decimals: -12, 0.078.
func ParseMoney(s string) (Money, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, part, dotted := strings.Cut(digits, ".")
	if !allDigits(whole) || dotted && !allDigits(part) || len(part) > 6 || len(whole) > 12 {
		return 0, fmt.Errorf("%q is not an amount with at most 12 digits and six decimals", s)
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", 6-len(part)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not an amount: %w", s, err)
	}
	if negative {
		n = -n
	}
	return Money(n), nil
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
