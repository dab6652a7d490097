package store

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Store is an open store. Every method may be called from any goroutine.
type Store struct {
	opts   Options
	kv     kv
	sealer sealer
	writer *writer
	view   atomic.Pointer[View]
	stop   context.CancelFunc
	done   sync.WaitGroup
	closed atomic.Bool
}

// OpenMemory opens an empty store that keeps nothing: for tests, also inside a
// synctest bubble. All but the durable side is that of Open. DataDir may be empty.
func OpenMemory(opts Options) (*Store, error) {
	return openMemory(newMemory(), newMasterKey(), opts)
}

func openMemory(m *memory, key []byte, opts Options) (*Store, error) {
	seal, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	return start(context.Background(), m, seal, opts.filled())
}

// start loads the rows and sets the writer going.
func start(ctx context.Context, db kv, seal sealer, opts Options) (*Store, error) {
	s := &Store{opts: opts, kv: db, sealer: seal}
	s.writer = newWriter(s)
	if err := s.writer.load(ctx); err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.done.Go(func() { s.writer.run(run) })
	return s, nil
}

// Close refuses further writes, lets the one that is on its way end, and closes the
// durable side. It is safe to call it twice.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.stop()
	s.done.Wait()
	return s.kv.close()
}

// View is the newest snapshot of this process.
func (s *Store) View() *View { return s.view.Load() }

// Read is a snapshot that has every write that was acknowledged, by any replica,
// before the call.
func (s *Store) Read(ctx context.Context) (*View, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.View(), nil
}

// Update evaluates fn on the newest rows and commits what it changed. It returns the
// revision from which on every View shows the change. When fn returns an error
// nothing is changed and that error is returned as it is.
//
// fn may run more than once, on another goroutine, and must depend on nothing but the
// Tx. A store that cannot write answers with a *vpc.Error of code ServiceUnavailable,
// which has ErrUnknownOutcome in its chain when the change may have been kept.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) (Revision, error) {
	c := &call{ctx: ctx, fn: fn, done: make(chan struct{})}
	return s.writer.submit(c)
}

// now is the store's clock.
func (s *Store) now() vpc.Instant { return vpc.At(s.opts.Clock()) }
