package store

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// model is what the tables should hold, kept the simplest way.
type model struct {
	gateways map[vpc.GatewayID]vpc.Gateway
	taggings map[vpc.Resource]vpc.Tagging
}

func newModel() *model {
	return &model{map[vpc.GatewayID]vpc.Gateway{}, map[vpc.Resource]vpc.Tagging{}}
}

func (m *model) clone() *model { return &model{maps.Clone(m.gateways), maps.Clone(m.taggings)} }

// oldest are the gateways for which match holds, in the order of their creation.
func (m *model) oldest(match func(*vpc.Gateway) bool) []string {
	var rows []vpc.Gateway
	for _, g := range m.gateways {
		if match(&g) {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b vpc.Gateway) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	return printGateways(rows)
}

func (m *model) tagged(match func(*vpc.Tagging) bool) []string {
	var rows []vpc.Tagging
	for _, t := range m.taggings {
		if match(&t) {
			rows = append(rows, t)
		}
	}
	slices.SortFunc(rows, func(a, b vpc.Tagging) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	var out []string
	for _, t := range rows {
		out = append(out, fmt.Sprint(t.ID, t.Tags))
	}
	return out
}

// due are the gateways that time changes between two instants, the first one first.
func (m *model) due(from, to vpc.Instant) []string {
	var rows []vpc.Gateway
	for _, g := range m.gateways {
		if g.Due != 0 && from <= g.Due && g.Due <= to {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b vpc.Gateway) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	return printGateways(rows)
}

func printGateways(rows []vpc.Gateway) (out []string) {
	for i := range rows {
		out = append(out, printGateway(&rows[i]))
	}
	return out
}

func printGateway(g *vpc.Gateway) string { return fmt.Sprint(g.ID, " ", g.Name, " ", g.Bandwidth) }

func printTagging(t *vpc.Tagging) string { return fmt.Sprint(t.ID, t.Tags) }

func printed[R any](rows iter.Seq[*R], print func(*R) string) (out []string) {
	for row := range rows {
		out = append(out, print(row))
	}
	return out
}

// differ returns how two lists differ first, empty if they do not.
func differ(what string, got, want []string) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%s: %d rows, want %d: %q is missing", what, len(got), len(want), want[i])
		case i >= len(want):
			return fmt.Sprintf("%s: %d rows, want %d: %q is too much", what, len(got), len(want), got[i])
		case got[i] != want[i]:
			return fmt.Sprintf("%s: row %d is %q, want %q", what, i, got[i], want[i])
		}
	}
	return ""
}

// holds compares everything that r shows with the model, and returns the first
// difference. The numbers of pages come from rnd.
func (m *model) holds(r Reader, rnd *rand.Rand) string {
	for _, check := range []func(Reader, *rand.Rand) string{m.tableHolds, m.indexesHold, m.dueHolds, m.tagsHold} {
		if diff := check(r, rnd); diff != "" {
			return diff
		}
	}
	return ""
}

func (m *model) tableHolds(r Reader, _ *rand.Rand) string {
	if n := Gateways.Len(r); n != len(m.gateways) {
		return fmt.Sprintf("%d gateways, want %d", n, len(m.gateways))
	}
	var want []string
	for i, id := range slices.Sorted(maps.Keys(m.gateways)) {
		g := m.gateways[id]
		want = append(want, printGateway(&g))
		if row, ok := Gateways.Get(r, id); !ok || !reflect.DeepEqual(*row, g) {
			return fmt.Sprintf("gateway %s is %+v, want %+v", id, row, g)
		}
		if i%16 != 0 {
			continue
		}
		if n := Gateways.Rank(r, id+"x"); n != i+1 {
			return fmt.Sprintf("rank behind %s is %d, want %d", id, n, i+1)
		}
	}
	if _, ok := Gateways.Get(r, "vpngw-none"); ok {
		return "a gateway that was never put"
	}
	return differ("all gateways", printed(Gateways.All(r), printGateway), want)
}

func (m *model) indexesHold(r Reader, rnd *rand.Rand) string {
	for n := range domain + 1 { // one more than there are
		scope, g := someScope(n), vpc.Gateway{Name: someName(n), VPC: someVPC(n), CDC: someCDC(n), Network: someNetwork(n)}
		in := func(match func(*vpc.Gateway) bool) func(*vpc.Gateway) bool {
			return func(row *vpc.Gateway) bool { return row.Scope == scope && match(row) }
		}
		for _, diff := range []string{
			indexHolds(r, rnd, "scope", GatewaysByScope, scope, m.oldest(in(func(*vpc.Gateway) bool { return true }))),
			indexHolds(r, rnd, "name", GatewaysByName, Of(scope, g.Name), m.oldest(in(func(row *vpc.Gateway) bool { return row.Name == g.Name }))),
			indexHolds(r, rnd, "VPC", GatewaysByVPC, Of(scope, g.VPC), m.oldest(in(func(row *vpc.Gateway) bool { return row.VPC == g.VPC }))),
			indexHolds(r, rnd, "CDC", GatewaysByCDC, Of(scope, g.CDC), m.oldest(in(func(row *vpc.Gateway) bool { return row.CDC == g.CDC && g.CDC != "" }))),
			indexHolds(r, rnd, "network", GatewaysByNetwork, g.Network, m.oldest(func(row *vpc.Gateway) bool { return row.Network == g.Network && g.Network != "" })),
		} {
			if diff != "" {
				return diff
			}
		}
	}
	return ""
}

// indexHolds asks an index for q in every way there is.
func indexHolds[Q any](r Reader, rnd *rand.Rand, name string, ix *Index[vpc.Gateway, Q], q Q, want []string) string {
	what := fmt.Sprintf("gateways by %s %v", name, q)
	if n := ix.Count(r, q); n != len(want) {
		return fmt.Sprintf("%s: count %d, want %d", what, n, len(want))
	}
	if diff := differ(what, printed(ix.All(r, q), printGateway), want); diff != "" {
		return diff
	}
	if first, ok := ix.First(r, q); ok != (len(want) > 0) || ok && printGateway(first) != want[0] {
		return fmt.Sprintf("%s: first %v, %v, want the first of %q", what, first, ok, want)
	}
	for range 4 {
		offset, limit := rnd.IntN(len(want)+6)-3, rnd.IntN(30)-3
		from := min(max(offset, 0), len(want))
		to := min(from+max(limit, 0), len(want))
		page := printed(slices.Values(ix.Page(r, q, offset, limit)), printGateway)
		if diff := differ(fmt.Sprintf("%s, offset %d, limit %d", what, offset, limit), page, want[from:to]); diff != "" {
			return diff
		}
	}
	return ""
}

func (m *model) dueHolds(r Reader, rnd *rand.Rand) string {
	for range 4 {
		from, to := vpc.Instant(rnd.IntN(100)), vpc.Instant(rnd.IntN(100))
		got := printed(GatewaysByDue.Range(r, from, to), printGateway)
		if diff := differ(fmt.Sprintf("due from %d to %d", from, to), got, m.due(from, to)); diff != "" {
			return diff
		}
		if n, want := GatewaysByDue.Rank(r, to), len(m.due(0, to-1)); n != want {
			return fmt.Sprintf("%d gateways due before %d, want %d", n, to, want)
		}
	}
	return ""
}

func (m *model) tagsHold(r Reader, _ *rand.Rand) string {
	for n := range domain {
		tag := someTag(n)
		has := func(t *vpc.Tagging) bool { return slices.Contains(t.Tags, tag) }
		hasKey := func(t *vpc.Tagging) bool {
			return slices.ContainsFunc(t.Tags, func(o vpc.Tag) bool { return o.Key == tag.Key })
		}
		byTag := TaggingsByTag.All(r, Of(here, Tagged{"vpngw", tag}))
		if diff := differ(fmt.Sprint("tagged ", tag), printed(byTag, printTagging), m.tagged(has)); diff != "" {
			return diff
		}
		byKey := TaggingsByTagKey.All(r, Of(here, Tagged{"vpngw", vpc.Tag{Key: tag.Key}}))
		if diff := differ("tagged "+tag.Key, printed(byKey, printTagging), m.tagged(hasKey)); diff != "" {
			return diff
		}
		if got, want := TaggingsByAccountTag.Count(r, OwnedBy(here.Account, tag)), len(m.tagged(has)); got != want {
			return fmt.Sprintf("%d resources of the account tagged %v, want %d", got, tag, want)
		}
	}
	return ""
}

// domain is how many different values fields have in the model.
const domain = 5

func someScope(n int) vpc.Scope {
	return vpc.Scope{Account: vpc.AccountID(n%3 + 1), Region: vpc.Region("r" + fmt.Sprint(n%2))}
}
func someName(n int) string { return strings.Repeat("n", n) }
func someVPC(n int) vpc.VPCID {
	if n == 0 {
		return ""
	}
	return vpc.VPCID(fmt.Sprintf("vpc-%d", n))
}
func someCDC(n int) vpc.CDCID {
	if n < 3 {
		return ""
	}
	return vpc.CDCID(fmt.Sprintf("cluster-%d", n))
}
func someNetwork(n int) vpc.CCNID {
	if n < 3 {
		return ""
	}
	return vpc.CCNID(fmt.Sprintf("ccn-%d", n))
}

// someTag makes tags whose keys and values are prefixes of each other.
func someTag(n int) vpc.Tag {
	return vpc.Tag{Key: "k" + strings.Repeat("k", n/2), Value: strings.Repeat("v", n%3)}
}

// someGateway makes a gateway out of few values, so that they meet often.
func someGateway(rnd *rand.Rand) vpc.Gateway {
	n := rnd.IntN(2000)
	g := vpc.Gateway{
		ID:    vpc.GatewayID(fmt.Sprintf("vpngw-%04d", n)),
		Scope: someScope(rnd.IntN(domain)), Name: someName(rnd.IntN(domain)), VPC: someVPC(rnd.IntN(domain)),
		CDC: someCDC(rnd.IntN(domain)), Network: someNetwork(rnd.IntN(domain)),
		Public:    netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}),
		Bandwidth: vpc.Mbps(rnd.IntN(1000)), Created: vpc.Instant(rnd.IntN(50)),
	}
	if rnd.IntN(2) == 0 {
		g.Due = vpc.Instant(1 + rnd.IntN(99))
	}
	return g
}

func someTagging(rnd *rand.Rand) vpc.Tagging {
	var tags []vpc.Tag
	keys := map[string]bool{}
	for range rnd.IntN(4) {
		if tag := someTag(rnd.IntN(domain)); !keys[tag.Key] {
			keys[tag.Key] = true
			tags = append(tags, tag)
		}
	}
	id := fmt.Sprintf("vpngw-%03d", rnd.IntN(200))
	return vpc.Tagging{Resource: vpc.Resource{Prefix: "vpngw", ID: id}, Scope: here, Tags: tags, Created: vpc.Instant(rnd.IntN(9))}
}

// change does the same random things to tx and to m; deletions only, so that trees
// also shrink, or both.
func (m *model) change(tx *Tx, rnd *rand.Rand, deletions bool) string {
	for range 1 + rnd.IntN(20) {
		g := someGateway(rnd)
		_, there := m.gateways[g.ID]
		switch {
		case deletions || rnd.IntN(4) == 0:
			if Gateways.Delete(tx, g.ID) != there {
				return fmt.Sprintf("deleting %s did not report %v", g.ID, there)
			}
			delete(m.gateways, g.ID)
		default:
			Gateways.Put(tx, &g)
			m.gateways[g.ID] = g
		}
		t := someTagging(rnd)
		if rnd.IntN(4) == 0 {
			Taggings.Delete(tx, t.Resource)
			delete(m.taggings, t.Resource)
		} else {
			Taggings.Put(tx, &t)
			m.taggings[t.Resource] = t
		}
	}
	return ""
}

// TestAgainstModel does random transactions, some of which fail, on a store and on
// maps. What every view shows is compared with the maps as they were, while the writer
// goes on.
func TestAgainstModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	s := openOn(t, newMemory(), Options{Seed: 1, MasterKeyFile: filepath.Join(t.TempDir(), "master.key")})
	m := newModel()
	boom := errors.New("boom")
	var readers sync.WaitGroup
	defer readers.Wait()
	written := make(chan struct{})
	defer close(written)
	for n := range 450 {
		next, fails := m.clone(), rnd.IntN(5) == 0
		_, err := s.Update(t.Context(), func(tx *Tx) error {
			if diff := next.change(tx, rnd, n%150 > 100); diff != "" {
				return errors.New(diff)
			}
			if n%100 == 50 {
				if diff := next.holds(tx, rnd); diff != "" {
					return fmt.Errorf("in the transaction: %s", diff)
				}
			}
			if fails {
				return boom
			}
			return nil
		})
		if fails != errors.Is(err, boom) || err != nil && !fails {
			t.Fatalf("transaction %d: %v", n, err)
		}
		if !fails {
			m = next
		}
		if n%60 != 0 {
			continue
		}
		view, then, rnd := s.View(), m.clone(), rand.New(rand.NewPCG(seed, uint64(n)))
		readers.Go(func() {
			if n%120 == 0 {
				<-written // long after
			}
			if diff := then.holds(view, rnd); diff != "" {
				t.Errorf("view after transaction %d: %s", n, diff)
			}
		})
	}
	if diff := m.holds(s.View(), rnd); diff != "" {
		t.Errorf("at the end: %s", diff)
	}
	if diff := m.holds(openOn(t, s.kv, s.opts).View(), rnd); diff != "" {
		t.Errorf("after reading all rows again: %s", diff)
	}
}
