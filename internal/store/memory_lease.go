package store

import (
	"context"
	"time"
)

// memoryLease is a lease of a memory, with what is put under it.
type memoryLease struct {
	ttl  time.Duration
	end  *time.Timer
	keys map[string]bool
}

func (m *memory) grant(ctx context.Context, ttl time.Duration) (lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.leased++
	id := m.mu.leased
	m.mu.leases[id] = &memoryLease{ttl: ttl, end: time.AfterFunc(ttl, func() { m.endLease(id) }), keys: map[string]bool{}}
	return id, ctx.Err()
}

func (m *memory) renew(ctx context.Context, id lease) error {
	if m.mute != nil {
		if err := m.mute(); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.mu.leases[id]
	if !ok {
		return errLeaseGone
	}
	l.end.Reset(l.ttl)
	return ctx.Err()
}

func (m *memory) revoke(ctx context.Context, id lease) error {
	m.endLease(id)
	return ctx.Err()
}

// endLease deletes what is under a lease, as a commit of nobody's.
func (m *memory) endLease(id lease) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.mu.leases[id]
	if !ok {
		return
	}
	l.end.Stop()
	delete(m.mu.leases, id)
	var gone []op
	for key := range l.keys {
		gone = append(gone, op{key: key})
	}
	if len(gone) > 0 {
		m.setAllLocked(gone)
	}
}

// bindLocked puts a key that was changed under a lease, and under no other.
func (m *memory) bindLocked(o op, under lease) {
	for id, l := range m.mu.leases {
		delete(l.keys, o.key)
		if id == under && o.value != nil {
			l.keys[o.key] = true
		}
	}
}
