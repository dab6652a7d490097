package store

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Health says what a store can do at the moment.
type Health struct {
	Ready    bool   // rows are loaded and may be shown
	Stale    bool   // reads may miss acknowledged writes: the cluster does not answer
	Writable bool   // writes are taken
	Cause    string // what is wrong, for an operator; empty when all is well
	Hint     string // what mends it
}

// trouble is something that keeps a store from its work. The first in this order is
// what callers and operators are told.
type trouble int

const (
	troubleClosed trouble = iota
	troubleDamaged
	troubleKey
	troubleSchema
	troubleRestoring
	troubleSpace
	troubleQuota
	troubleQuorum
	troubleBehind
	troubleStalled
)

// problem is one trouble at work.
type problem struct {
	kind      trouble
	cause, zh string // for callers: no address, no path
	hint      string // for the operator
	unready   bool   // rows must not be shown
	stale     bool   // reads may be old
	writes    writes
}

// writes says which writes a problem refuses.
type writes int

const (
	refuseAll writes = iota
	refuseGrowth
	refuseNone
)

// troubles are the problems of a store. The zero value has none.
type troubles struct {
	mu   sync.Mutex
	list atomic.Pointer[[]problem] // replaced, never changed
}

func (t *troubles) all() []problem {
	if l := t.list.Load(); l != nil {
		return *l
	}
	return nil
}

// set adds a problem or replaces the one of its kind; it reports whether it is new.
func (t *troubles) set(p problem) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.all()
	list := slices.DeleteFunc(slices.Clone(old), func(o problem) bool { return o.kind == p.kind })
	isNew := len(list) == len(old)
	list = append(list, p)
	slices.SortFunc(list, func(a, b problem) int { return cmp.Compare(a.kind, b.kind) })
	t.list.Store(&list)
	return isNew
}

// clear removes a problem; it reports whether there was one.
func (t *troubles) clear(kind trouble) bool {
	if !t.has(kind) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.all()
	list := slices.DeleteFunc(slices.Clone(old), func(o problem) bool { return o.kind == kind })
	t.list.Store(&list)
	return len(list) < len(old)
}

func (t *troubles) has(kind trouble) bool {
	return slices.ContainsFunc(t.all(), func(p problem) bool { return p.kind == kind })
}

// stale reports whether reads may be old.
func (t *troubles) stale() bool {
	return slices.ContainsFunc(t.all(), func(p problem) bool { return p.stale })
}

// refusal is the error for every write, nil if there is none.
func (t *troubles) refusal() error {
	for _, p := range t.all() {
		if p.kind == troubleClosed {
			return errClosed
		}
		if p.writes == refuseAll {
			return unavailable(p.cause, p.zh)
		}
	}
	return nil
}

// tight is the error for a write that would grow the store, nil if it may.
func (t *troubles) tight() error {
	for _, p := range t.all() {
		if p.writes == refuseGrowth {
			return unavailable(p.cause, p.zh)
		}
	}
	return nil
}

// unready is the error for a read, nil if rows may be shown.
func (t *troubles) unready() error {
	for _, p := range t.all() {
		if p.unready {
			return vpc.Refuse("ServiceUnavailable", "", "the store cannot be read at the moment: "+p.cause, "存储暂时无法读取："+p.zh)
		}
	}
	return nil
}

// Health reports what the store can do now.
func (s *Store) Health() Health {
	h := Health{Ready: true, Writable: true}
	for i, p := range s.trouble.all() {
		h.Ready = h.Ready && !p.unready
		h.Stale = h.Stale || p.stale
		h.Writable = h.Writable && p.writes == refuseNone
		if i == 0 {
			h.Cause, h.Hint = p.cause, p.hint
		}
	}
	return h
}
