package store

import (
	"context"
	"sync"
	"time"
)

// quorumTime is how long a linearizable read waits before it is answered from what
// this replica has.
const quorumTime = 2 * time.Second

// Read returns a snapshot that has every write which was acknowledged, by any replica,
// before the call. While the cluster does not answer it returns the newest snapshot
// of this replica, and Health says Stale. The error is a *vpc.Error of code
// ServiceUnavailable when rows may not be shown at all, or that of ctx.
func (s *Store) Read(ctx context.Context) (*View, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.trouble.unready(); err != nil {
		return nil, err
	}
	if s.kv.exclusive() || s.trouble.stale() {
		return s.View(), nil
	}
	return s.reads.wait(ctx, s)
}

// gate lets waiting reads share one look at the head key.
type gate struct {
	mu      sync.Mutex
	next    *round // for reads that came after the running round began
	running bool
}

// round is one look at the head key for all reads that wait for it.
type round struct{ done chan struct{} }

func (g *gate) wait(ctx context.Context, s *Store) (*View, error) {
	g.mu.Lock()
	if g.next == nil {
		g.next = &round{make(chan struct{})}
	}
	r := g.next
	if !g.running {
		g.running = true
		go g.run(s)
	}
	g.mu.Unlock()
	select {
	case <-r.done:
		return s.View(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.writer.stopped:
		return nil, errClosed
	}
}

// run looks until no read waits any more.
func (g *gate) run(s *Store) {
	for {
		g.mu.Lock()
		r := g.next
		g.next = nil
		g.running = r != nil
		g.mu.Unlock()
		if r == nil {
			return
		}
		s.reachHead()
		close(r.done)
	}
}

// reachHead waits until the view shows the newest commit of the cluster. If that does
// not come in time it marks the store as stale; the maintenance finds out when that is
// over.
func (s *Store) reachHead() {
	ctx, cancel := context.WithTimeout(context.Background(), quorumTime)
	defer cancel()
	p, err := s.kv.get(ctx, headKey)
	if err != nil {
		s.noQuorum(err)
		return
	}
	for v := s.View(); v.head < p.mod; v = s.View() {
		select {
		case <-v.Changed():
		case <-s.writer.stopped:
			return
		case <-ctx.Done():
			s.behind()
			return
		}
	}
}

// noQuorum marks the store as cut off from the cluster.
func (s *Store) noQuorum(err error) {
	isNew := s.trouble.set(problem{kind: troubleQuorum, stale: true,
		cause: "the etcd cluster does not answer; reads may be old", zh: "etcd 集群没有应答，读取结果可能过时",
		hint: "look at the cluster's members, its leader and the network to them; all goes on by itself"})
	if isNew {
		s.log.Error("store: the etcd cluster does not answer", "error", err)
	}
}

// behind marks the store as slow to follow the other replicas.
func (s *Store) behind() {
	s.troubled(true, problem{kind: troubleBehind, stale: true, writes: refuseNone,
		cause: "this replica is behind the others; reads may be old", zh: "本副本落后于其他副本，读取结果可能过时",
		hint: "it catches up by itself; if it stays behind, look at its processor and network"})
}
