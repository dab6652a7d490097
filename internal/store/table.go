package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Table is one kind of row, ordered by its key K.
type Table[K, R any] struct {
	name    string
	slot    int
	key     func(*R) K
	setKey  func(*R, K)
	compare func(a, b K) int
	text    func(K) string
	parse   func(string) (K, error)
	created func(*R) vpc.Instant
	indexes []rowIndex[R]
	probes  sync.Pool
}

// table is a Table without its types, for the code that moves rows of any kind.
type table interface {
	Name() string
	put(tx trees, row any) (old any)
	remove(tx trees, row any) (old any)
	rowID(row any) string
	byID(r Reader, id string) (any, error)
	decode(id string, value []byte) (any, error)
	load(tx trees, rows []any) []func()
	each(r Reader, yield func(id string, row any) bool)
}

// tables are all tables by name.
var tables = map[string]table{}

// trees is what a table writes to.
type trees interface {
	writable(slot int) any
	touch(table string, row any)
}

// rowIndex is an Index without its query type.
type rowIndex[R any] interface {
	put(tx trees, old, row *R)
	remove(tx trees, row *R)
	load(tx trees, rows []*R)
}

// keyOf says how a table's key is found in a row, ordered and written.
type keyOf[K, R any] struct {
	key     func(*R) K
	set     func(*R, K)
	compare func(a, b K) int
	text    func(K) string
	parse   func(string) (K, error)
	created func(*R) vpc.Instant // nil: order by key alone
}

func newTable[K, R any](name string, k keyOf[K, R]) *Table[K, R] {
	t := &Table[K, R]{name: name, key: k.key, setKey: k.set, compare: k.compare, text: k.text, parse: k.parse, created: k.created}
	t.slot = newSlot(func(a, b *R) bool { return t.compare(t.key(a), t.key(b)) < 0 })
	t.probes.New = func() any { return new(R) }
	tables[name] = t
	return t
}

// newNamed declares a table whose key is the row's id, a string.
func newNamed[K ~string, R any](name string, key func(*R) *K, created func(*R) vpc.Instant) *Table[K, R] {
	return newTable(name, keyOf[K, R]{
		key:     func(r *R) K { return *key(r) },
		set:     func(r *R, k K) { *key(r) = k },
		compare: func(a, b K) int { return strings.Compare(string(a), string(b)) },
		text:    func(k K) string { return string(k) },
		parse:   func(s string) (K, error) { return K(s), nil },
		created: created,
	})
}

// Name is the table's name in keys and in the associated data of sealed fields.
func (t *Table[K, R]) Name() string { return t.name }

// Row names a row as Seal and Unseal want it.
func (t *Table[K, R]) Row(id K) string { return t.name + "/" + t.text(id) }

// Get returns the row with the key id.
func (t *Table[K, R]) Get(r Reader, id K) (*R, bool) {
	probe := t.probes.Get().(*R)
	t.setKey(probe, id)
	row, ok := treeOf[*R](r, t.slot).Get(probe)
	t.probes.Put(probe)
	return row, ok
}

// Len counts the rows.
func (t *Table[K, R]) Len(r Reader) int { return treeOf[*R](r, t.slot).Len() }

// All yields every row in the order of its key. On a Tx it yields the rows as they
// were when the loop began.
func (t *Table[K, R]) All(r Reader) iter.Seq[*R] {
	return func(yield func(*R) bool) { frozenOf[*R](r, t.slot).Scan(yield) }
}

// Rank counts the rows whose key is less than id.
func (t *Table[K, R]) Rank(r Reader, id K) int {
	return rank(treeOf[*R](r, t.slot), func(row *R) bool { return t.compare(t.key(row), id) < 0 })
}

// Put adds or replaces a row. The row must not be changed afterwards.
func (t *Table[K, R]) Put(tx *Tx, row *R) {
	_ = t.key(row) // a nil row must panic before it is in a tree
	tx.note(t, row, t.put(tx, row), false)
}

// Delete removes the row with the key id and reports whether there was one.
func (t *Table[K, R]) Delete(tx *Tx, id K) bool {
	row, ok := t.Get(tx, id)
	if ok {
		tx.note(t, row, t.remove(tx, row), true)
	}
	return ok
}

func (t *Table[K, R]) put(tx trees, row any) any {
	r := row.(*R)
	tx.touch(t.name, r)
	old, replaced := tx.writable(t.slot).(tree[*R]).Set(r)
	for _, ix := range t.indexes {
		ix.put(tx, old, r)
	}
	if !replaced {
		return nil
	}
	return old
}

func (t *Table[K, R]) remove(tx trees, row any) any {
	old, ok := tx.writable(t.slot).(tree[*R]).Delete(row.(*R))
	if !ok {
		return nil
	}
	tx.touch(t.name, old)
	for _, ix := range t.indexes {
		ix.remove(tx, old)
	}
	return old
}

// tree is the part of a tree that changes it.
type tree[T any] interface {
	Set(T) (T, bool)
	Delete(T) (T, bool)
	Load(T) (T, bool)
}

func (t *Table[K, R]) rowID(row any) string { return t.text(t.key(row.(*R))) }

func (t *Table[K, R]) byID(r Reader, id string) (any, error) {
	k, err := t.parse(id)
	if err != nil {
		return nil, damage{fmt.Errorf("key of %s %q: %w", t.name, id, err)}
	}
	if row, ok := t.Get(r, k); ok {
		return row, nil
	}
	return nil, nil
}

func (t *Table[K, R]) decode(id string, value []byte) (any, error) {
	row := new(R)
	if err := json.Unmarshal(value, row); err != nil {
		return nil, damage{fmt.Errorf("decode %s/%s: %w", t.name, id, err)}
	}
	if got := t.rowID(row); got != id {
		return nil, damage{fmt.Errorf("decode %s/%s: the row calls itself %q", t.name, id, got)}
	}
	return row, nil
}

// load returns one function per tree that fills it, empty before, with rows. They may
// run in parallel.
func (t *Table[K, R]) load(tx trees, rows []any) []func() {
	byKey := make([]*R, len(rows))
	for i, r := range rows {
		byKey[i] = r.(*R)
	}
	sortUnsorted(byKey, func(a, b *R) int { return t.compare(t.key(a), t.key(b)) })
	builds := []func(){func() {
		tr := tx.writable(t.slot).(tree[*R])
		for _, row := range byKey {
			tr.Load(row)
		}
	}}
	if len(t.indexes) == 0 {
		return builds
	}
	byAge := t.byAge(byKey)
	for _, ix := range t.indexes {
		builds = append(builds, func() { ix.load(tx, byAge) })
	}
	return builds
}

// byAge gives rows, which stand in the order of their keys, in the order of older.
func (t *Table[K, R]) byAge(byKey []*R) []*R {
	if t.created == nil {
		return byKey
	}
	ages := make([]keyed[vpc.Instant], len(byKey))
	for i, row := range byKey {
		ages[i] = keyed[vpc.Instant]{t.created(row), i}
	}
	sortKeyed(ages, cmp.Compare[vpc.Instant])
	out := make([]*R, len(ages))
	for i, a := range ages {
		out[i] = byKey[a.at]
	}
	return out
}

func (t *Table[K, R]) each(r Reader, yield func(id string, row any) bool) {
	for row := range t.All(r) {
		if !yield(t.rowID(row), row) {
			return
		}
	}
}

// older orders rows by their creation, then by key.
func (t *Table[K, R]) older(a, b *R) int {
	if t.created != nil {
		if x, y := t.created(a), t.created(b); x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return t.compare(t.key(a), t.key(b))
}
