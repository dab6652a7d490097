package store

import "github.com/tidwall/btree"

// degree is a compromise: wide nodes make a copy-on-write step dearer and a search
// cheaper.
const degree = 32

// slots are all trees of a snapshot, in the order of their declaration.
var slots []slot

// slot knows how to make and to freeze one tree without knowing its type.
type slot struct {
	empty func() any
	copy  func(tree any) any
}

// newSlot declares a tree of T ordered by less.
func newSlot[T any](less func(a, b T) bool) int {
	slots = append(slots, slot{
		empty: func() any {
			return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true, Degree: degree})
		},
		copy: func(tree any) any { return tree.(*btree.BTreeG[T]).Copy() },
	})
	return len(slots) - 1
}

// Reader is where rows are read from: a *View or a *Tx.
type Reader interface {
	// tree returns a slot's tree; a Tx's may change with the next Put.
	tree(slot int) any
	// frozen returns a slot's tree as it is now, safe against later writes.
	frozen(slot int) any
}

func treeOf[T any](r Reader, slot int) *btree.BTreeG[T]   { return r.tree(slot).(*btree.BTreeG[T]) }
func frozenOf[T any](r Reader, slot int) *btree.BTreeG[T] { return r.frozen(slot).(*btree.BTreeG[T]) }

// rank counts the items of tr that below holds for; below must hold for a prefix of
// the order and for nothing after it.
func rank[T any](tr *btree.BTreeG[T], below func(T) bool) int {
	lo, hi := 0, tr.Len()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if item, _ := tr.GetAt(mid); below(item) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// walk yields the items from position from on, until yield says no.
func walk[T any](tr *btree.BTreeG[T], from int, yield func(T) bool) {
	if first, ok := tr.GetAt(from); ok {
		tr.Ascend(first, yield)
	}
}
