package vpc

import (
	"math"
	"math/big"
	"testing"
)

func TestMoneyArithmetic(t *testing.T) {
	const top, bottom = Money(math.MaxInt64), Money(math.MinInt64)
	for _, c := range []struct {
		name      string
		got, want Money
	}{
		{"plus", Yuan(2).Plus(Yuan(3)), Yuan(5)},
		{"plus at the top", top.Plus(1), top},
		{"plus at the bottom", bottom.Plus(-1), bottom},
		{"minus", Yuan(2).Minus(Yuan(3)), Yuan(-1)},
		{"minus at the bottom", bottom.Minus(1), bottom},
		{"minus the bottom", Money(0).Minus(bottom), top},
		{"minus the bottom from below zero", Money(-1).Minus(bottom), top},
		{"times", Yuan(380).Times(12), Yuan(4560)},
		{"times negative", Yuan(380).Times(-2), Yuan(-760)},
		{"times over the top", top.Times(2), top},
		{"times under the bottom", top.Times(-2), bottom},
		{"bottom times one", bottom.Times(1), bottom},
		{"bottom times minus one", bottom.Times(-1), top},
		{"yuan over the top", Yuan(math.MaxInt64), top},
		{"share", Yuan(100).Share(1, 3), 33_333_333},
		{"share rounds halves up", Money(1).Share(1, 2), 1},
		{"share rounds negative halves down", Money(-1).Share(1, 2), -1},
		{"share of a large product", top.Share(1_000_000, 1_000_000), top},
		{"share by nothing", Yuan(1).Share(1, 0), Yuan(1)},
		{"cents", Money(15_000).Cents(), 20_000},
		{"cents down", Money(14_999).Cents(), 10_000},
		{"negative cents", Money(-15_000).Cents(), -20_000},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.name, c.got, c.want)
		}
	}
}

func TestParseMoney(t *testing.T) {
	for s, want := range map[string]Money{
		"0": 0, "380": Yuan(380), "0.078": 78_000, "-1.5": -1_500_000, "0.000001": 1, "007": Yuan(7), "999999999999.999999": 999_999_999_999_999_999,
	} {
		got, err := ParseMoney(s)
		if err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1.0000001", "1e3", "+1", "--1", "1 ", "0x1", "1,5", "9999999999999", "NaN", "1.2.3"} {
		if got, err := ParseMoney(s); err == nil {
			t.Errorf("%q was read as %d", s, got)
		}
	}
}

func FuzzMoney(f *testing.F) {
	f.Add(int64(1), int64(2), int64(3))
	f.Add(int64(math.MinInt64), int64(math.MinInt64), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, m, num, den int64) {
		got := Money(m).Share(num, den)
		product := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(m), big.NewInt(num)), big.NewInt(max(den, 1)))
		if limit := new(big.Rat).SetInt64(math.MaxInt64); new(big.Rat).Abs(product).Cmp(limit) < 0 {
			diff := new(big.Rat).Sub(product, new(big.Rat).SetInt64(int64(got)))
			if new(big.Rat).Abs(diff).Cmp(big.NewRat(1, 2)) > 0 {
				t.Errorf("%d*%d/%d = %d", m, num, den, got)
			}
		} else if got != math.MaxInt64 && got != math.MinInt64 {
			t.Errorf("%d*%d/%d = %d, want the end of the range", m, num, den, got)
		}
		if Money(m).Minus(Money(num)).Plus(0) > Money(m) && num > 0 {
			t.Errorf("%d minus %d grew", m, num)
		}
		if back, err := ParseMoney(Money(m % 1e17).String()); err != nil || back != Money(m%1e17) {
			t.Errorf("%d reads back as %d, %v", m%1e17, back, err)
		}
	})
}
