package store

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/tidwall/btree"
)

// memory is a kv without etcd, for tests that need no durability. Several stores may
// share one.
type memory struct {
	mu struct {
		sync.Mutex
		rev     int64
		keys    *btree.Map[string, pair]
		log     []event // every change after revision logged
		logged  int64
		changed chan struct{}
		leases  map[lease]*memoryLease
		leased  lease // the last one given
	}
	shared bool
	fail   func(txn) error // tests: an error for a commit, before it is done
	lose   func(txn) error // tests: an error for a commit, after it was done
	mute   func() error    // tests: an error for the renewal of a lease
}

func newMemory() *memory {
	m := &memory{}
	m.mu.rev = 1
	m.mu.logged = 1
	m.mu.keys = &btree.Map[string, pair]{}
	m.mu.changed = make(chan struct{})
	m.mu.leases = map[lease]*memoryLease{}
	return m
}

func (m *memory) exclusive() bool { return !m.shared }
func (m *memory) close() error    { return nil }

func (m *memory) compact(_ context.Context, rev int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.logged = max(m.mu.logged, rev)
	m.mu.log = slices.DeleteFunc(m.mu.log, func(e event) bool { return e.rev <= rev })
	return nil
}

func (m *memory) commit(ctx context.Context, t txn) (outcome, error) {
	if err := ctx.Err(); err != nil {
		return outcome{}, err
	}
	if m.fail != nil {
		if err := m.fail(t); err != nil {
			return outcome{}, err
		}
	}
	out := m.apply(t)
	if m.lose != nil {
		if err := m.lose(t); err != nil {
			return outcome{}, err
		}
	}
	return out, nil
}

func (m *memory) apply(t txn) outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := outcome{ok: true, rev: m.mu.rev}
	for _, c := range t.conds {
		p, _ := m.mu.keys.Get(c.key)
		p.key = c.key
		out.seen = append(out.seen, p)
		out.ok = out.ok && p.mod == c.mod
	}
	if !out.ok || len(t.ops) == 0 {
		return out
	}
	m.setAllLocked(t.ops)
	for _, o := range t.ops {
		m.bindLocked(o, t.under)
	}
	return outcome{ok: true, rev: m.mu.rev}
}

func (m *memory) setAllLocked(ops []op) {
	m.mu.rev++
	for _, o := range ops {
		m.setLocked(o)
	}
	close(m.mu.changed)
	m.mu.changed = make(chan struct{})
}

func (m *memory) setLocked(o op) {
	if o.value == nil {
		m.mu.keys.Delete(o.key)
	} else {
		m.mu.keys.Set(o.key, pair{o.key, bytes.Clone(o.value), m.mu.rev})
	}
	if m.shared && o.key >= headKey && o.key < watchEnd {
		m.mu.log = append(m.mu.log, event{o, m.mu.rev})
	}
}

func (m *memory) get(ctx context.Context, key string) (pair, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, _ := m.mu.keys.Get(key)
	p.key = key
	return p, ctx.Err()
}

// memorySnapshot is a frozen copy of the keys.
type memorySnapshot struct {
	rev  int64
	keys *btree.Map[string, pair]
}

func (m *memory) snapshot(ctx context.Context) (snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return memorySnapshot{m.mu.rev, m.mu.keys.Copy()}, ctx.Err()
}

func (s memorySnapshot) revision() int64 { return s.rev }

func (s memorySnapshot) page(ctx context.Context, from, to string, limit int) (out []pair, more bool, err error) {
	s.keys.Ascend(from, func(key string, p pair) bool {
		if to != lastKey && key >= to {
			return false
		}
		if more = len(out) == limit; more {
			return false
		}
		out = append(out, p)
		return true
	})
	return out, more, ctx.Err()
}

func (m *memory) watch(ctx context.Context, from int64) <-chan commits {
	out := make(chan commits)
	go func() {
		defer close(out)
		for {
			c, changed := m.since(from)
			if len(c.events) > 0 || c.err != nil {
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
				if c.err != nil {
					return
				}
				from = c.rev
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// since returns the changes after revision from and a channel that is closed at the
// next commit.
func (m *memory) since(from int64) (commits, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if from < m.mu.logged {
		return commits{err: errCompacted}, nil
	}
	c := commits{rev: m.mu.rev}
	for _, e := range m.mu.log {
		if e.rev > from {
			c.events = append(c.events, e)
		}
	}
	return c, m.mu.changed
}
