package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// dump prints every key below a prefix.
func dump(t *testing.T, db kv, prefix string) string {
	t.Helper()
	snap, err := db.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = eachPage(t.Context(), snap, prefix, func(page []pair) error {
		for _, p := range page {
			fmt.Fprintf(&b, "%s=%s\n", p.key, p.value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// mixed does everything to rows that a closure can do: there are vpc-1, vpc-2 and
// vpc-3 before.
func mixed(tx *Tx) error {
	put := func(id vpc.VPCID, name string, created vpc.Instant) {
		VPCs.Put(tx, &vpc.VPC{ID: id, Scope: here, Name: name, Created: created})
	}
	put("vpc-new", "new", 1)
	put("vpc-1", "changed", 1)
	put("vpc-1", "changed twice, and older", 0)
	VPCs.Delete(tx, "vpc-2")
	put("vpc-2", "back", 5)
	VPCs.Delete(tx, "vpc-3")
	put("vpc-passing", "passing", 1)
	VPCs.Delete(tx, "vpc-passing")
	VPCs.Delete(tx, "vpc-never")
	Taggings.Put(tx, &vpc.Tagging{Resource: vpc.Resource{Prefix: "vpc", ID: "vpc-1"}, Scope: here, Tags: []vpc.Tag{{Key: "c"}, {Key: "a"}}})
	tx.Append(Audit, vpc.AuditEntry{Action: "Mixed"})
	tx.Append(Ledger, &vpc.LedgerEntry{Account: 7, Kind: "test"})
	return nil
}

// before is what is there before mixed.
func before(tx *Tx) error {
	for i, id := range []vpc.VPCID{"vpc-1", "vpc-2", "vpc-3"} {
		VPCs.Put(tx, &vpc.VPC{ID: id, Scope: here, Name: "first", Created: vpc.Instant(i + 1)})
	}
	Taggings.Put(tx, &vpc.Tagging{Resource: vpc.Resource{Prefix: "vpc", ID: "vpc-1"}, Scope: here, Tags: []vpc.Tag{{Key: "a"}, {Key: "b"}}})
	return nil
}

// shown prints what the tables and indexes show that mixed changes.
func shown(r Reader) string {
	var b strings.Builder
	print := func(v *vpc.VPC) string { return fmt.Sprint(v.ID, " ", v.Name) }
	fmt.Fprintln(&b, "table:", strings.Join(printed(VPCs.All(r), print), ", "))
	fmt.Fprintln(&b, "index:", strings.Join(printed(VPCsByScope.All(r, here), print), ", "))
	for _, key := range []string{"a", "b", "c"} {
		n := TaggingsByTagKey.Count(r, Of(here, Tagged{"vpc", vpc.Tag{Key: key}}))
		fmt.Fprintf(&b, "tagged %s: %d\n", key, n)
	}
	return b.String()
}

func TestMixedChange(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	update(t, s, before)
	var inside string
	update(t, s, func(tx *Tx) error {
		err := mixed(tx)
		inside = shown(tx)
		return err
	})
	const want = `table: vpc-1 changed twice, and older, vpc-2 back, vpc-new new
index: vpc-1 changed twice, and older, vpc-new new, vpc-2 back
tagged a: 1
tagged b: 0
tagged c: 1
`
	if got := shown(s.View()); got != want || inside != want {
		t.Errorf("the view shows\n%sthe transaction showed\n%swant\n%s", got, inside, want)
	}
}

// TestUndo lets closures fail in every way after they have changed something. Nothing
// of it is left, and the other calls of the same batch are not disturbed.
func TestUndo(t *testing.T) {
	boom := errors.New("boom")
	for name, fn := range map[string]func(*Tx) error{
		"an error": func(tx *Tx) error { return errors.Join(mixed(tx), boom) },
		"a panic":  func(tx *Tx) error { mixed(tx); panic("boom") },
		"an entry out of JSON": func(tx *Tx) error {
			tx.Append(Audit, vpc.AuditEntry{Params: json.RawMessage("boom")})
			return mixed(tx)
		},
		"too many rows": func(tx *Tx) error {
			for i := range maxOps + 1 {
				VPCs.Put(tx, &vpc.VPC{ID: vpc.VPCID(fmt.Sprint("boom-", i)), Scope: here})
			}
			return mixed(tx)
		},
		"a row too large": func(tx *Tx) error {
			VPCs.Put(tx, &vpc.VPC{ID: "boom", Scope: here, Name: strings.Repeat("x", maxBytes)})
			return mixed(tx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			s := openOn(t, m, Options{Seed: 1})
			update(t, s, before)
			view, keys := shown(s.View()), dump(t, m, rowPrefix)
			release := hold(t, s)
			first := queue(t, s, 1, putSubnet("subnet-1"))
			failing := queue(t, s, 2, fn)
			last := queue(t, s, 3, putSubnet("subnet-2"))
			release()
			if err := (<-failing).err; err == nil || errors.As(err, new(*vpc.Error)) || !strings.Contains(err.Error(), wantOf(name)) {
				t.Errorf("error %v", err)
			}
			if err := errors.Join((<-first).err, (<-last).err); err != nil {
				t.Error("the calls around it:", err)
			}
			if got := shown(s.View()); got != view {
				t.Errorf("the view shows\n%swant\n%s", got, view)
			}
			if n := Subnets.Len(s.View()); n != 2 {
				t.Errorf("%d subnets of the calls around it", n)
			}
			update(t, s, func(tx *Tx) error { Subnets.Delete(tx, "subnet-1"); return nil })
			update(t, s, func(tx *Tx) error { Subnets.Delete(tx, "subnet-2"); return nil })
			if got := dump(t, m, rowPrefix); got != keys {
				t.Errorf("the durable side holds\n%swant\n%s", got, keys)
			}
			if got := dump(t, m, journals); got != "" {
				t.Errorf("journals hold %s", got)
			}
		})
	}
}

func wantOf(name string) string {
	switch {
	case strings.Contains(name, "JSON"):
		return "encode audit entry"
	case strings.HasPrefix(name, "a row") || strings.HasPrefix(name, "too many"):
		return "transaction is too large"
	}
	return "boom"
}

func putSubnet(id vpc.SubnetID) func(*Tx) error {
	return func(tx *Tx) error {
		Subnets.Put(tx, &vpc.Subnet{ID: id, Scope: here})
		return nil
	}
}

// TestPanicNamesItsPlace puts a row that is none: whoever reads the log finds the line,
// and no tree has it.
func TestPanicNamesItsPlace(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	_, err := s.Update(t.Context(), func(tx *Tx) error {
		var none *vpc.VPC
		VPCs.Put(tx, none)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "tx_test.go") {
		t.Errorf("error %v", err)
	}
	update(t, s, putVPC("vpc-1"))
}

// TestLoopsInTx deletes and adds rows while it loops over them: the loop sees them as
// they were when it began.
func TestLoopsInTx(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	update(t, s, before)
	var seen []string
	update(t, s, func(tx *Tx) error {
		for v := range VPCsByScope.All(tx, here) {
			seen = append(seen, string(v.ID))
			VPCs.Delete(tx, v.ID)
			VPCs.Put(tx, &vpc.VPC{ID: v.ID + "x", Scope: here, Created: 9})
		}
		for v := range VPCs.All(tx) {
			seen = append(seen, string(v.ID))
			VPCs.Delete(tx, v.ID)
		}
		return nil
	})
	if got, want := strings.Join(seen, " "), "vpc-1 vpc-2 vpc-3 vpc-1x vpc-2x vpc-3x"; got != want {
		t.Errorf("saw %s, want %s", got, want)
	}
	if got := vpcsIn(s.View()); got != "" {
		t.Errorf("left: %s", got)
	}
}

// TestClockGoesBack: a transaction is never before an earlier one.
func TestClockGoesBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := openOn(t, newMemory(), Options{Seed: 1, Clock: func() time.Time { return now }})
	at := func() (at vpc.Instant) {
		update(t, s, func(tx *Tx) error { at = tx.Now(); return nil })
		return at
	}
	first := at()
	now = now.Add(-time.Hour)
	if second := at(); second < first {
		t.Errorf("a transaction at %v after one at %v", second, first)
	}
	if s.Now() != vpc.At(now) {
		t.Errorf("the clock for readers says %v", s.Now())
	}
}

// TestSeed: the same seed gives the same ids.
func TestSeed(t *testing.T) {
	draw := func(seed uint64) (n uint64) {
		s := openOn(t, newMemory(), Options{Seed: seed})
		update(t, s, func(tx *Tx) error { n = tx.Rand().Uint64(); return nil })
		return n
	}
	if one, two := draw(5), draw(5); one != two {
		t.Error("one seed gave two numbers")
	}
	if one, two := draw(0), draw(0); one == two {
		t.Error("chance gave one number twice")
	}
}

// TestOldViews: a view stays as it was, and knows when it is not the newest any more.
func TestOldViews(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	var views []*View
	for i := range 5 {
		views = append(views, s.View())
		rev := update(t, s, putVPC(vpc.VPCID(fmt.Sprint("vpc-", i))))
		if got := s.View().Revision(); got != rev {
			t.Errorf("a view at %d after a commit at %d", got, rev)
		}
	}
	views = append(views, s.View())
	for i, v := range views {
		if n := VPCs.Len(v); n != i {
			t.Errorf("view %d shows %d rows", i, n)
		}
		if i > 0 && v.Revision() <= views[i-1].Revision() {
			t.Errorf("view %d has revision %d after %d", i, v.Revision(), views[i-1].Revision())
		}
		select {
		case <-v.Changed():
			if i == len(views)-1 {
				t.Error("the newest view says that there is a newer one")
			}
		default:
			if i < len(views)-1 {
				t.Errorf("view %d does not know of a newer one", i)
			}
		}
	}
	if rev, err := s.Update(context.Background(), func(*Tx) error { return nil }); err != nil || rev != views[5].Revision() || s.View() != views[5] {
		t.Errorf("a transaction that changes nothing: revision %d, %v, want %d and the same view", rev, err, views[5].Revision())
	}
}
