package store

import (
	"cmp"
	"iter"
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Index finds the rows of a table that answer a query Q, in the order of their
// creation. A row may be in an index once, several times (one entry per tag) or not
// at all.
type Index[R, Q any] struct {
	slot    int
	keys    func(r *R, n int) (q Q, more bool)
	compare func(a, b Q) int
	older   func(a, b *R) int
}

// entry is one appearance of a row in an index: its nth key.
type entry[R any] struct {
	row *R
	n   int
}

// In asks for rows of one account and region whose indexed field is Of.
type In[T any] struct {
	vpc.Scope
	Of T
}

// Of makes an In.
func Of[T any](scope vpc.Scope, of T) In[T] { return In[T]{scope, of} }

// Owned asks for rows of one account, whatever their region, whose indexed field is Of.
type Owned[T any] struct {
	Account vpc.AccountID
	Of      T
}

// OwnedBy makes an Owned.
func OwnedBy[T any](account vpc.AccountID, of T) Owned[T] { return Owned[T]{account, of} }

// newIndex declares an index with at most one key per row.
func newIndex[K, R, Q any](t *Table[K, R], key func(*R) (Q, bool), compare func(a, b Q) int) *Index[R, Q] {
	return newMultiIndex(t, func(r *R, n int) (Q, bool) {
		if n > 0 {
			var none Q
			return none, false
		}
		return key(r)
	}, compare)
}

// newMultiIndex declares an index with any number of keys per row: keys returns the
// nth, and false when there is no such key. The keys of one row must differ.
func newMultiIndex[K, R, Q any](t *Table[K, R], keys func(r *R, n int) (Q, bool), compare func(a, b Q) int) *Index[R, Q] {
	ix := &Index[R, Q]{keys: keys, compare: compare, older: t.older}
	ix.slot = newSlot(func(a, b entry[R]) bool { return ix.order(a, b) < 0 })
	t.indexes = append(t.indexes, ix)
	return ix
}

func (ix *Index[R, Q]) keyOf(e entry[R]) Q {
	q, _ := ix.keys(e.row, e.n)
	return q
}

func (ix *Index[R, Q]) order(a, b entry[R]) int {
	if c := ix.compare(ix.keyOf(a), ix.keyOf(b)); c != 0 {
		return c
	}
	return ix.older(a.row, b.row)
}

// Rank counts the entries whose key is less than q.
func (ix *Index[R, Q]) Rank(r Reader, q Q) int {
	return rank(treeOf[entry[R]](r, ix.slot), func(e entry[R]) bool { return ix.compare(ix.keyOf(e), q) < 0 })
}

func (ix *Index[R, Q]) after(r Reader, q Q) int {
	return rank(treeOf[entry[R]](r, ix.slot), func(e entry[R]) bool { return ix.compare(ix.keyOf(e), q) <= 0 })
}

// Count counts the rows with the key q.
func (ix *Index[R, Q]) Count(r Reader, q Q) int { return ix.after(r, q) - ix.Rank(r, q) }

// Page returns up to limit rows with the key q, the first offset of them skipped.
func (ix *Index[R, Q]) Page(r Reader, q Q, offset, limit int) []*R {
	from, to := ix.Rank(r, q), ix.after(r, q)
	offset = min(max(offset, 0), to-from)
	limit = min(max(limit, 0), to-from-offset)
	rows := make([]*R, 0, limit)
	walk(treeOf[entry[R]](r, ix.slot), from+offset, func(e entry[R]) bool {
		if len(rows) == limit {
			return false
		}
		rows = append(rows, e.row)
		return true
	})
	return rows
}

// First returns the oldest row with the key q.
func (ix *Index[R, Q]) First(r Reader, q Q) (*R, bool) {
	for row := range ix.All(r, q) {
		return row, true
	}
	return nil, false
}

// All yields the rows with the key q. On a Tx it yields the rows as they were when
// the loop began.
func (ix *Index[R, Q]) All(r Reader, q Q) iter.Seq[*R] { return ix.Range(r, q, q) }

// Range yields the rows whose key is at least from and at most to, in the order of
// their keys and then of their creation.
func (ix *Index[R, Q]) Range(r Reader, from, to Q) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		tr := frozenOf[entry[R]](r, ix.slot)
		start := rank(tr, func(e entry[R]) bool { return ix.compare(ix.keyOf(e), from) < 0 })
		walk(tr, start, func(e entry[R]) bool { return ix.compare(ix.keyOf(e), to) <= 0 && yield(e.row) })
	}
}

func (ix *Index[R, Q]) put(tx trees, old, row *R) {
	if old != nil {
		ix.drop(tx, old, row)
	}
	tr := tx.writable(ix.slot).(tree[entry[R]])
	for n := 0; ; n++ {
		if _, more := ix.keys(row, n); !more {
			return
		}
		tr.Set(entry[R]{row, n})
	}
}

// drop removes the entries of old that row does not replace in their place.
func (ix *Index[R, Q]) drop(tx trees, old, row *R) {
	tr := tx.writable(ix.slot).(tree[entry[R]])
	for n := 0; ; n++ {
		if _, more := ix.keys(old, n); !more {
			return
		}
		if !ix.has(row, entry[R]{old, n}) {
			tr.Delete(entry[R]{old, n})
		}
	}
}

func (ix *Index[R, Q]) has(row *R, e entry[R]) bool {
	for n := 0; row != nil; n++ {
		if _, more := ix.keys(row, n); !more {
			break
		}
		if ix.order(entry[R]{row, n}, e) == 0 {
			return true
		}
	}
	return false
}

func (ix *Index[R, Q]) remove(tx trees, row *R) { ix.drop(tx, row, nil) }

// keyed is an entry's key and its place among entries that stand in the order of their
// rows' creation.
type keyed[Q any] struct {
	key Q
	at  int
}

// load fills the index, empty before, with rows that stand in the order of their creation.
// Keys are read once and sorted beside each other: a million rows are far from each other.
func (ix *Index[R, Q]) load(tx trees, rows []*R) {
	entries, keys := make([]entry[R], 0, len(rows)), make([]keyed[Q], 0, len(rows))
	for _, row := range rows {
		for n := 0; ; n++ {
			key, more := ix.keys(row, n)
			if !more {
				break
			}
			keys = append(keys, keyed[Q]{key, len(entries)})
			entries = append(entries, entry[R]{row, n})
		}
	}
	sortKeyed(keys, ix.compare)
	tr := tx.writable(ix.slot).(tree[entry[R]])
	for _, k := range keys {
		tr.Load(entries[k.at])
	}
}

// sortKeyed sorts by keys, and leaves what has the same key in its order.
func sortKeyed[Q any](items []keyed[Q], compare func(a, b Q) int) {
	sortUnsorted(items, func(a, b keyed[Q]) int {
		if c := compare(a.key, b.key); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
}

// sortUnsorted sorts what is not sorted yet, as most of what is loaded is.
func sortUnsorted[T any](items []T, compare func(a, b T) int) {
	if !slices.IsSortedFunc(items, compare) {
		slices.SortFunc(items, compare)
	}
}

func compareScope(a, b vpc.Scope) int {
	if c := cmp.Compare(a.Account, b.Account); c != 0 {
		return c
	}
	return cmp.Compare(a.Region, b.Region)
}

// in orders Ins by scope, then by their field.
func in[T any](compare func(a, b T) int) func(a, b In[T]) int {
	return func(a, b In[T]) int {
		if c := compareScope(a.Scope, b.Scope); c != 0 {
			return c
		}
		return compare(a.Of, b.Of)
	}
}

// owned orders Owneds by account, then by their field.
func owned[T any](compare func(a, b T) int) func(a, b Owned[T]) int {
	return func(a, b Owned[T]) int {
		if c := cmp.Compare(a.Account, b.Account); c != 0 {
			return c
		}
		return compare(a.Of, b.Of)
	}
}
