package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	attemptTime = 3 * time.Second // one try to commit
	stallTime   = 4 * time.Second // after which new writes are refused at once
	closeTime   = 2 * time.Second // for the commit on its way when the store closes
)

// writer owns the mutable trees. Only run's goroutine touches its fields; calls, jobs
// and stopped apart.
type writer struct {
	s       *Store
	calls   chan *call
	jobs    chan func()
	stopped chan struct{} // closed when run has returned
	hard    context.Context

	ws     *workspace
	head   int64  // revision of the head key that the trees show
	store  int64  // revision of the store key that the trees were loaded under
	rev    int64  // the trees show every commit up to here; of leased keys, up to fed
	fed    int64  // the feed, or the load before it, has told everything up to here
	last   fates  // what the head key says
	blank  bool   // no rows were loaded yet
	frozen bool   // the rows of other replicas are not followed: they are in motion
	batch  uint64 // number of the newest batch
	now    vpc.Instant
	rand   *rand.Rand
	feed   feed
}

func newWriter(s *Store) *writer {
	return &writer{
		s: s, calls: make(chan *call, maxQueue), jobs: make(chan func()), stopped: make(chan struct{}),
		rand: newRand(s.opts.Seed),
	}
}

func newRand(seed uint64) *rand.Rand {
	if seed == 0 {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return rand.New(rand.NewPCG(seed, seed))
}

// run serves calls, jobs and the changes of other replicas until ctx ends. What is on
// its way then may go on until hard ends.
func (w *writer) run(ctx, hard context.Context) {
	defer close(w.stopped)
	w.hard = hard
	w.feed.start(hard, w.s.kv, w.fed)
	defer func() { w.feed.stop() }()
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-w.calls:
			w.serve(ctx, w.gather(c))
		case job := <-w.jobs:
			job()
		case c, ok := <-w.feed.commits:
			w.receive(c, ok)
		case <-w.feed.again:
			w.feed.start(hard, w.s.kv, w.fed)
		}
	}
}

// do runs job on the writer's goroutine, between batches.
func (w *writer) do(ctx context.Context, job func() error) error {
	done := make(chan error, 1)
	select {
	case w.jobs <- func() { done <- job() }:
		return <-done
	case <-w.stopped:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve evaluates and commits calls until all have an answer.
func (w *writer) serve(ctx context.Context, calls []*call) {
	for lost := 0; len(calls) > 0; {
		b, rest := w.evaluate(calls)
		if len(b.calls) == 0 {
			return
		}
		if w.commit(b) {
			calls, lost = rest, 0
			continue
		}
		calls = b.again(rest)
		lost++
		if !w.pause(ctx, lost) {
			return // the callers see that the writer has stopped
		}
	}
}

// pause waits a random while, longer after each race that was lost.
func (w *writer) pause(ctx context.Context, lost int) bool {
	longest := min(time.Millisecond<<min(lost, 10), 200*time.Millisecond)
	select {
	case <-time.After(time.Duration(w.rand.Int64N(int64(longest)))):
		return true
	case <-ctx.Done():
		return false
	}
}

// commit makes b durable and answers its calls. It reports false when another replica
// was faster and b has been undone, so that its calls must be evaluated again.
func (w *writer) commit(b *batch) bool {
	t := txn{conds: []cond{{headKey, w.head}, {storeKey, w.store}}, ops: b.changes()}
	if len(t.ops) == 0 {
		if w.s.kv.exclusive() {
			b.answer(Revision(w.rev), nil)
			return true
		}
	} else {
		t.ops = append(t.ops, op{headKey, w.last.with(w.s.opts.Replica, b.number).value()})
	}
	out, err := w.send(t)
	switch {
	case err != nil:
		b.undo()
		w.failed(err)
		b.answer(0, refused(err))
		return true
	case !out.ok:
		return w.lost(b, out)
	case len(t.ops) > 0:
		w.advance(b, out.rev)
	}
	b.answer(Revision(w.rev), nil)
	return true
}

// advance publishes the trees with b, which was committed at rev.
func (w *writer) advance(b *batch, rev int64) {
	w.head, w.rev = rev, rev
	w.last = w.last.with(w.s.opts.Replica, b.number)
	w.publish()
	w.s.appended(b)
}

// refused is what callers see of a commit that failed.
func refused(err error) error {
	if errors.As(err, new(rejection)) {
		return fmt.Errorf("%w (%w)", unavailable("the store rejects the write; nothing was changed", "存储拒绝写入，未做任何更改"), err)
	}
	return fmt.Errorf("%w (%w)", errUnknown, err)
}

func (w *writer) failed(err error) {
	if errors.Is(err, rpctypes.ErrNoSpace) {
		w.s.noSpace.Store(true)
		w.s.troubled(true, outOfSpace)
	}
	w.s.log.Error("a write failed", "error", err)
}

// send commits t and does not rest until its fate is known, so that nothing is
// evaluated twice: the same transaction is sent again, and its conditions let it
// happen only once. It gives up only when the store closes.
func (w *writer) send(t txn) (outcome, error) {
	stalled := time.AfterFunc(stallTime, w.s.stalled)
	defer func() {
		stalled.Stop()
		if w.s.trouble.clear(troubleStalled) {
			w.s.log.Info("writes are answered again")
		}
	}()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		ctx, cancel := context.WithTimeout(w.hard, attemptTime)
		out, err := w.s.kv.commit(ctx, t)
		cancel()
		if err == nil || errors.As(err, new(rejection)) {
			return out, err
		}
		w.s.log.Warn("no answer to a write, trying again", "error", err)
		select {
		case <-time.After(wait):
		case <-w.hard.Done():
			return outcome{}, err
		}
	}
}

// stalled marks the store as not answering.
func (s *Store) stalled() {
	if s.closed.Load() {
		return
	}
	s.trouble.set(problem{kind: troubleStalled,
		cause: "etcd does not answer", zh: "etcd 没有应答",
		hint: "look at the disk of the data directory, or at the etcd cluster's quorum; writes go on by themselves"})
}

// lost looks at what stands where b's conditions did not hold. After a lost answer
// that may be b itself.
func (w *writer) lost(b *batch, out outcome) bool {
	head, store := out.seen[0], out.seen[1]
	last, err := parseHead(head.value)
	if err != nil {
		w.failed(err)
	}
	kept, certain := last.kept(w.s.opts.Replica, b.number)
	if kept && last[0].Batch == b.number && last[0].Replica == w.s.opts.Replica && store.mod == w.store {
		w.advance(b, head.mod)
		b.answer(Revision(w.rev), nil)
		return true
	}
	b.undo()
	w.catchUp(head.mod, store.mod)
	switch {
	case kept:
		b.answer(Revision(w.rev), nil)
	case !certain && len(b.ops)+len(b.lines) > 0:
		b.answer(0, errUnknown)
	default:
		return false
	}
	return true
}

// publish makes what the trees show the newest view.
func (w *writer) publish() {
	old := w.s.view.Load()
	v := w.ws.publish(old, Revision(w.rev))
	v.head = w.head
	w.s.view.Store(v)
	rows, all := w.ws.since()
	if old != nil {
		old.step = Step{View: v, Rows: rows, All: all}
		close(old.changed)
	}
}

// refusal is why no call can be served now, nil if they can.
func (w *writer) refusal() error {
	w.s.checkSpace()
	return w.s.trouble.refusal()
}
