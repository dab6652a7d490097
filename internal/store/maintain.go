package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	lookTime    = time.Second      // between looks at space, quota and quorum
	quotaLooks  = 10               // looks between questions for the sizes of a cluster that is not filling
	keepHistory = 5 * time.Minute  // of a member inside the process
	keepShared  = 10 * time.Minute // of a cluster, for watches and backups of other replicas
	moveTime    = 30 * time.Minute // between moves of the audit journal to its files
)

// maintain does what a store needs beside its writes, until ctx ends.
func (s *Store) maintain(ctx context.Context) {
	if e, ok := s.kv.(*etcd); ok {
		k := &keeper{s: s, etcd: e, quota: s.opts.quota, filling: true}
		s.done.Go(func() { k.run(ctx) })
	}
	if s.opts.DataDir == "" {
		return
	}
	s.moveAudit(ctx)
	move := time.NewTicker(moveTime)
	defer move.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-move.C:
		case <-s.audit.full:
		}
		s.moveAudit(ctx)
	}
}

// keeper looks after the etcd below a store.
type keeper struct {
	s         *Store
	etcd      *etcd
	quota     int64 // of the member in this process
	looks     int
	filling   bool // the database of the cluster was more than half full at the last look, or was not looked at
	marks     []mark
	compacted int64 // the newest revision that this replica has compacted to
	uncounted int   // commits until etcd's sizes show what the newest compaction has freed
	defragged time.Time
}

// mark is a revision and when it was the newest.
type mark struct {
	at  time.Time
	rev int64
}

func (k *keeper) run(ctx context.Context) {
	look := time.NewTicker(lookTime)
	defer look.Stop()
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			k.look(ctx)
		case <-minute.C:
			k.compact(ctx)
			k.defragment(ctx)
		}
	}
}

// look finds out what stands in the way of reads and writes, and when it is gone.
func (k *keeper) look(ctx context.Context) {
	k.s.checkSpace()
	k.looks++
	if k.etcd.exclusive() {
		k.checkQuota(ctx)
		return
	}
	k.checkQuorum(ctx)
	if k.filling || k.s.noSpace.Load() || k.looks%quotaLooks == 0 {
		k.checkQuota(ctx)
	}
}

// checkQuorum asks the cluster for the head key, and compares.
func (k *keeper) checkQuorum(ctx context.Context) {
	try, cancel := context.WithTimeout(ctx, quorumTime)
	defer cancel()
	head, err := k.etcd.get(try, headKey)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		k.s.noQuorum(err)
		return
	}
	if k.s.trouble.clear(troubleQuorum) {
		k.s.log.Info("store: the etcd cluster answers again")
	}
	if k.s.trouble.has(troubleBehind) && k.s.View().head >= head.mod {
		k.s.trouble.clear(troubleBehind)
		k.s.log.Info("store: this replica has caught up")
	}
}

// compact forgets history that nobody needs any more.
func (k *keeper) compact(ctx context.Context) {
	now, keep := time.Now(), keepShared
	if k.etcd.exclusive() {
		keep = keepHistory
	}
	k.marks = append(k.marks, mark{now, int64(k.s.View().revision)})
	old := -1
	for i, m := range k.marks {
		if now.Sub(m.at) >= keep {
			old = i
		}
	}
	if old >= 0 {
		k.compactTo(ctx, k.marks[old].rev)
		k.marks = k.marks[old+1:]
	}
}

func (k *keeper) compactTo(ctx context.Context, rev int64) {
	rev = k.s.pins.limit(rev)
	if rev <= max(k.compacted, 1) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := k.etcd.compact(ctx, rev); err == nil {
		k.compacted, k.uncounted = rev, recounts
	} else if ctx.Err() == nil {
		k.s.log.Warn("etcd's history cannot be compacted", "error", err)
	}
}

// pins are revisions that somebody in this process still reads at.
type pins struct {
	mu   sync.Mutex
	revs []int64
}

// hold keeps rev from being compacted until release is called.
func (p *pins) hold(rev int64) (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revs = append(p.revs, rev)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		i := slices.Index(p.revs, rev)
		p.revs = slices.Delete(p.revs, i, i+1)
	}
}

// limit is the highest revision up to rev that nobody needs.
func (p *pins) limit(rev int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.revs {
		rev = min(rev, r)
	}
	return rev
}
