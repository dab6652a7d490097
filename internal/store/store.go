package store

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Store is an open store. Every method may be called from any goroutine.
type Store struct {
	opts    Options
	log     *slog.Logger
	kv      kv
	sealer  atomic.Pointer[sealer]
	writer  *writer
	view    atomic.Pointer[View]
	trouble troubles
	reads   gate
	pins    pins
	audit   audit
	noSpace atomic.Bool        // etcd has refused for lack of space; its alarm may be on
	stop    context.CancelFunc // no more work
	kill    context.CancelFunc // not even what is on its way
	running context.Context    // ends with stop
	done    sync.WaitGroup
	closed  atomic.Bool

	host struct {
		sync.Mutex           // of one Announce or Withdraw at a time
		presence   *presence // on a cluster
		alone      vpc.HostName
	}
}

// Open opens the store of opts: the etcd member inside this process, or the cluster of
// opts.Endpoints. It makes the store if there is none, migrates an older one after a
// backup, and returns when all rows are in memory. A cluster that does not answer is
// waited for until ctx ends; ctx means nothing to the store once it is open.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts = opts.filled()
	db, err := openEtcd(ctx, opts)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, db, opts)
	if err != nil {
		db.close()
		return nil, err
	}
	return s, nil
}

func openEtcd(ctx context.Context, opts Options) (*etcd, error) {
	if len(opts.Endpoints) > 0 {
		return dial(opts)
	}
	return startMember(ctx, opts)
}

// OpenMemory opens an empty store that keeps nothing: for tests, also inside a
// synctest bubble. All but the durable side is that of Open. Without a DataDir the
// master key lives in memory too, and there are no audit files.
func OpenMemory(opts Options) (*Store, error) {
	return open(context.Background(), newMemory(), opts.filled())
}

// open makes a store over db work.
func open(ctx context.Context, db kv, opts Options) (*Store, error) {
	s := &Store{opts: opts, log: opts.Logger, kv: db}
	s.audit.full = make(chan struct{}, 1)
	s.writer = newWriter(s)
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	if err := s.forgetHosts(ctx); err != nil {
		return nil, err
	}
	if err := s.writer.load(ctx); err != nil {
		return nil, err
	}
	var run, hard context.Context
	hard, s.kill = context.WithCancel(context.WithoutCancel(ctx))
	run, s.stop = context.WithCancel(hard)
	s.running = run
	s.done.Go(func() { s.writer.run(run, hard) })
	s.done.Go(func() { s.maintain(run) })
	return s, nil
}

// Close refuses further writes, lets the one that is on its way end, and closes the
// durable side. It is safe to call it twice.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.trouble.set(problem{kind: troubleClosed, unready: true, cause: "the server is shutting down", zh: "服务器正在关闭"})
	s.stop()
	late := time.AfterFunc(closeTime, s.kill)
	s.done.Wait()
	late.Stop()
	s.kill()
	return s.kv.close()
}

// View is the newest snapshot of this process.
func (s *Store) View() *View { return s.view.Load() }

// Update evaluates fn on the newest rows and commits what it changed. It returns the
// revision from which on every View shows the change. When fn returns an error
// nothing is changed and that error is returned as it is.
//
// fn may run more than once, on another goroutine, and must depend on nothing but the
// Tx. A store that cannot write answers with a *vpc.Error of code ServiceUnavailable,
// which has ErrUnknownOutcome in its chain when the change may have been kept.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) (Revision, error) {
	return s.writer.submit(&call{ctx: ctx, fn: fn, done: make(chan struct{})})
}

// now is the store's clock.
func (s *Store) now() vpc.Instant { return vpc.At(s.opts.Clock()) }
