package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// costly is a snapshot that counts, as etcd does, what is left of a range for each page.
type costly struct {
	keys  []string
	pages int
	cost  int
}

func (c *costly) revision() int64 { return 1 }

func (c *costly) page(_ context.Context, from, to string, limit int) ([]pair, bool, error) {
	lo := sort.SearchStrings(c.keys, from)
	hi := len(c.keys)
	if to != lastKey {
		hi = max(sort.SearchStrings(c.keys, to), lo)
	}
	c.pages++
	c.cost += hi - lo
	var out []pair
	for _, k := range c.keys[lo:min(hi, lo+limit)] {
		out = append(out, pair{key: k})
	}
	return out, hi-lo > limit, nil
}

// TestEachPage reads keys of many shapes: all of them, once, in order, and at a cost that
// does not grow with the square of their number.
func TestEachPage(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	for name, make := range map[string]func(i int) string{
		"ids":              func(int) string { return "gw/row/connection/vpnx-" + random(8) },
		"several tables":   func(i int) string { return "gw/row/" + []string{"a/x-", "gateway/vpngw-", "tag/"}[i%3] + random(8) },
		"numbers":          func(i int) string { return fmt.Sprintf("gw/row/%09d", i) },
		"all but one same": func(i int) string { return fmt.Sprintf("gw/row/%0200d", i) },
		"bytes of any value": func(int) string {
			return "gw/row/" + string([]byte{byte(r.UintN(256)), byte(r.UintN(256)), byte(r.UintN(256)), byte(r.UintN(256))})
		},
		"prefixes of each other": func(i int) string { return "gw/row/" + string(slices.Repeat([]byte{0xff}, i%2000)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := &costly{keys: []string{"gw/head", "gw/row", "gw/row0", "gw/rox"}}
			for i := range 400_000 {
				c.keys = append(c.keys, make(i))
			}
			slices.Sort(c.keys)
			c.keys = slices.Compact(c.keys)
			var want, got []string
			for _, k := range c.keys {
				if len(k) >= len(rowPrefix) && k[:len(rowPrefix)] == rowPrefix {
					want = append(want, k)
				}
			}
			err := eachPage(t.Context(), c, rowPrefix, func(page []pair) error {
				for _, p := range page {
					got = append(got, p.key)
				}
				return nil
			})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d keys instead of %d, %v", len(got), len(want), err)
			}
			if most := 8 * len(want); c.cost > most || c.pages > 8*len(want)/pageSize+200 {
				t.Errorf("%d keys in %d pages counted %d, more than %d", len(want), c.pages, c.cost, most)
			}
		})
	}
}
