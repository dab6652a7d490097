package vpc

import (
	"bytes"
	_ "embed" // the default price books
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// PriceBook is what an operator asks for gateways. It is immutable once read.
type PriceBook struct {
	Currency string `json:"currency"` // three capitals; shown, never converted
	// Terms is the share of the full price to pay for a prepaid term by its months,
	// such as 0.83 for 12; a term without an entry pays all of it.
	Terms  map[int]Amount `json:"terms"`
	Tables []PriceTable   `json:"tables"`
}

// PriceTable holds the prices of some regions, or of all that no other table names.
type PriceTable struct {
	Regions      []Region          `json:"regions"` // or "*" alone
	Monthly      map[Mbps]Amount   `json:"monthly"` // prepaid, by bandwidth in Mbps
	Hourly       map[Mbps]Amount   `json:"hourly"`  // postpaid, by bandwidth in Mbps
	TrafficPerGB Amount            `json:"trafficPerGB"`
	SeatsMonthly map[uint32]Amount `json:"seatsMonthly"` // of SSL types, by MaxConnection
	SeatsHourly  map[uint32]Amount `json:"seatsHourly"`
}

// Amount is Money that JSON writes as a number of whole units with up to six decimals.
type Amount Money

// maxAmount bounds what a price book may ask, in whole units.
const maxAmount = 1_000_000_000

// everyRegion stands for the regions that no table names.
const everyRegion Region = "*"

var (
	//go:embed prices_cn.json
	pricesCN []byte
	//go:embed prices_intl.json
	pricesIntl []byte
)

// DefaultPriceFile is the text of a site's own price book, for an operator to edit.
func DefaultPriceFile(s Site) []byte {
	if s == SiteIntl {
		return bytes.Clone(pricesIntl)
	}
	return bytes.Clone(pricesCN)
}

// DefaultPrices is a site's own price book.
func DefaultPrices(s Site) *PriceBook {
	b, err := ParsePrices(DefaultPriceFile(s))
	if err != nil {
		panic("vpc: the embedded price book: " + err.Error()) // a test reads both
	}
	return b
}

// MarshalJSON writes the number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(Money(a).String()), nil }

// UnmarshalJSON reads a plain decimal number; exponents and texts are refused.
func (a *Amount) UnmarshalJSON(text []byte) error {
	m, err := ParseMoney(string(text))
	if err != nil {
		return err
	}
	if m < 0 || m > Yuan(maxAmount) {
		return fmt.Errorf("the amount %s is not in 0..%d", text, maxAmount)
	}
	*a = Amount(m)
	return nil
}

// ParsePrices reads a price book. Unknown names, names that repeat, and a size without a
// price are errors.
func ParsePrices(text []byte) (*PriceBook, error) {
	if err := uniqueNames(json.NewDecoder(bytes.NewReader(text)), ""); err != nil {
		return nil, fmt.Errorf("price book: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	b := new(PriceBook)
	if err := dec.Decode(b); err != nil {
		return nil, fmt.Errorf("price book: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("price book: there is more behind its end")
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("price book: %w", err)
	}
	return b, nil
}

// uniqueNames reads one JSON value and reports a name that an object has twice, which
// decoding would let pass.
func uniqueNames(dec *json.Decoder, path string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		below := path
		if delim == '{' {
			name, err := dec.Token()
			if err != nil {
				return err
			}
			below = path + "." + name.(string) // the decoder takes nothing else there
			if seen[below] {
				return fmt.Errorf("%s is there twice", below[1:])
			}
			seen[below] = true
		}
		if err := uniqueNames(dec, below); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func (b *PriceBook) check() error {
	if len(b.Currency) != 3 || !allCapitals(b.Currency) {
		return fmt.Errorf("currency %q is not three capitals", b.Currency)
	}
	for months, share := range b.Terms {
		if !slices.Contains(Periods, months) || share <= 0 || Money(share) > moneyUnit {
			return fmt.Errorf("terms: %d months for %s of the price: the months are %v and the share above 0, at most 1", months, Money(share), Periods)
		}
	}
	seen := map[Region]bool{}
	for i := range b.Tables {
		t := &b.Tables[i]
		if err := t.check(seen); err != nil {
			return fmt.Errorf("table %d: %w", i+1, err)
		}
	}
	if !seen[everyRegion] {
		return errors.New(`no table has the regions ["*"]`)
	}
	return nil
}

func allCapitals(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < 'A' || c > 'Z' })
}

func (t *PriceTable) check(seen map[Region]bool) error {
	if len(t.Regions) == 0 {
		return errors.New("it names no region")
	}
	for _, r := range t.Regions {
		switch {
		case seen[r]:
			return fmt.Errorf("region %q is in a table twice", r)
		case r != everyRegion && !ValidRegion(string(r)):
			return fmt.Errorf("%q is not a region's name", r)
		case r == everyRegion && len(t.Regions) > 1:
			return errors.New(`"*" stands alone`)
		}
		seen[r] = true
	}
	return errors.Join(
		complete("monthly", t.Monthly, bandwidths),
		complete("hourly", t.Hourly, bandwidths),
		complete("seatsMonthly", t.SeatsMonthly, maxConnections),
		complete("seatsHourly", t.SeatsHourly, maxConnections),
	)
}

// complete reports a size without a price and a price without a size.
func complete[K ~uint32](name string, prices map[K]Amount, sizes []K) error {
	for _, s := range sizes {
		if _, ok := prices[s]; !ok {
			return fmt.Errorf("%s has no price for %d", name, s)
		}
	}
	for s := range prices {
		if !slices.Contains(sizes, s) {
			return fmt.Errorf("%s has a price for %d, which is no size; the sizes are %v", name, s, sizes)
		}
	}
	return nil
}

// table finds the prices of a region.
func (b *PriceBook) table(r Region) *PriceTable {
	var rest *PriceTable
	for i := range b.Tables {
		t := &b.Tables[i]
		if slices.Contains(t.Regions, r) {
			return t
		}
		if t.Regions[0] == everyRegion {
			rest = t
		}
	}
	return rest
}
