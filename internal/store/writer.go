package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	maxOps   = 128 - 1 // etcd's default limit of operations, less the head key
	maxBytes = 1 << 20 // of keys and values; etcd takes 1.5 MiB by default
	maxQueue = 4096    // calls waiting
	patience = 5 * time.Second
)

// call is one Update on its way.
type call struct {
	ctx   context.Context
	fn    func(*Tx) error
	claim atomic.Int32 // waiting, taken by the writer, or given up by the caller
	done  chan struct{}
	rev   Revision
	err   error
}

const (
	waiting int32 = iota
	taken
	abandoned
)

func (c *call) answer(rev Revision, err error) {
	c.rev, c.err = rev, err
	close(c.done)
}

// writer owns the mutable trees. Only run's goroutine touches its fields, calls and
// published view aside.
type writer struct {
	s        *Store
	calls    chan *call
	stopping chan struct{}
	ws       *workspace
	changes  <-chan commits // of other replicas; nil when there are none
	head     int64          // revision of the head key that the trees show
	rev      int64          // the trees show everything up to here
	last     fates
	batch    uint64
	now      vpc.Instant
	rand     *rand.Rand
}

func newWriter(s *Store) *writer {
	return &writer{
		s: s, calls: make(chan *call, maxQueue), stopping: make(chan struct{}),
		ws: newWorkspace(), rand: newRand(s.opts.Seed),
	}
}

func newRand(seed uint64) *rand.Rand {
	if seed == 0 {
		return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return rand.New(rand.NewPCG(seed, seed))
}

// submit queues a call and waits for its answer, no longer than patience.
func (w *writer) submit(c *call) (Revision, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-w.stopping:
		return 0, errClosed
	default:
	}
	select {
	case w.calls <- c:
	default:
		return 0, errBusy
	}
	select {
	case <-c.done:
		return c.rev, c.err
	case <-w.stopping:
		return w.abandon(c, errClosed)
	case <-c.ctx.Done():
		return w.abandon(c, c.ctx.Err())
	case <-late.C:
		return w.abandon(c, errLate)
	}
}

// abandon gives a call up: with err if the writer has not begun it.
func (w *writer) abandon(c *call, err error) (Revision, error) {
	if c.claim.CompareAndSwap(waiting, abandoned) {
		return 0, err
	}
	select {
	case <-c.done:
		return c.rev, c.err
	default:
		return 0, errUnknown
	}
}

// load reads every row at one revision.
func (w *writer) load(ctx context.Context) error {
	snap, err := w.s.kv.snapshot(ctx)
	if err != nil {
		return err
	}
	w.rev = snap.revision()
	w.publish()
	return nil
}

func (w *writer) publish() {
	old := w.s.view.Load()
	w.s.view.Store(w.ws.publish(old, Revision(w.rev)))
	if old != nil {
		close(old.changed)
	}
}

func (w *writer) run(ctx context.Context) {
	defer close(w.stopping)
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-w.calls:
			w.serve(ctx, w.gather(c))
		}
	}
}

// gather takes what is waiting already.
func (w *writer) gather(first *call) []*call {
	waiting := []*call{first}
	for len(waiting) < maxOps {
		select {
		case c := <-w.calls:
			waiting = append(waiting, c)
		default:
			return waiting
		}
	}
	return waiting
}

// serve evaluates and commits calls until all have an answer.
func (w *writer) serve(ctx context.Context, calls []*call) {
	for len(calls) > 0 {
		b := w.evaluate(calls)
		calls = calls[b.took:]
		w.commit(ctx, b)
	}
}

// batch is the calls of one commit.
type batch struct {
	took  int    // calls looked at, also those with no answer to wait for
	stamp string // names the batch's journal keys; sorts by time
	calls []*call
	errs  []error
	txs   []*Tx
	ops   map[string][]byte
	lines map[string][]byte // key of a journal's part: its lines
	bytes int
}

// evaluate runs calls one after another until the batch is full.
func (w *writer) evaluate(calls []*call) *batch {
	w.batch++
	b := &batch{stamp: w.stamp(), ops: map[string][]byte{}, lines: map[string][]byte{}}
	for _, c := range calls {
		if !c.claim.CompareAndSwap(waiting, taken) && c.claim.Load() == abandoned {
			b.took++
			continue
		}
		tx := w.begin()
		err := tx.run(c.fn)
		if err == nil && !b.add(tx) {
			tx.undo()
			if len(b.calls) > 0 {
				return b
			}
			err = errTooLarge
		} else if err != nil {
			tx.undo()
		}
		b.took++
		b.calls, b.errs, b.txs = append(b.calls, c), append(b.errs, err), append(b.txs, tx)
	}
	return b
}

var errTooLarge = fmt.Errorf("transaction is too large: more than %d changes or %d bytes", maxOps, maxBytes)

func (w *writer) begin() *Tx {
	w.now = max(w.now, w.s.now())
	return &Tx{ws: w.ws, now: w.now, rand: w.rand}
}

// run calls fn; a panic in it fails this call alone.
func (tx *Tx) run(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.err
}

// add encodes what tx changed; it reports false, and adds nothing, if that does not
// fit.
func (b *batch) add(tx *Tx) bool {
	ops, err := tx.ops()
	if err != nil {
		tx.err = err
		return false
	}
	lines := map[string][]byte{}
	for _, l := range tx.journal {
		key := b.lineKey(l)
		lines[key] = append(append(lines[key], l.json...), '\n')
	}
	count, size := len(b.ops)+len(b.lines), b.bytes
	for key, value := range ops {
		size += len(key) + len(value)
		if _, again := b.ops[key]; !again {
			count++
		}
	}
	for key, value := range lines {
		size += len(key) + len(value)
		if _, again := b.lines[key]; !again {
			count++
		}
	}
	if count > maxOps || size > maxBytes {
		return false
	}
	for key, value := range ops {
		b.ops[key] = value
	}
	for key, value := range lines {
		b.lines[key] = append(b.lines[key], value...)
	}
	b.bytes = size
	return true
}

// lineKey is where a journal's lines of this batch go.
func (b *batch) lineKey(l line) string {
	if l.part == "" {
		return fmt.Sprintf("%s%s/%s", journals, l.journal, b.stamp)
	}
	return fmt.Sprintf("%s%s/%s/%s", journals, l.journal, l.part, b.stamp)
}

func (w *writer) stamp() string {
	w.now = max(w.now, w.s.now())
	return fmt.Sprintf("%016x-%s-%x", uint64(w.now), w.s.opts.Replica, w.batch)
}

// ops encodes the last state of every row that tx changed.
func (tx *Tx) ops() (map[string][]byte, error) {
	ops := make(map[string][]byte, len(tx.log))
	for i := len(tx.log) - 1; i >= 0; i-- {
		c := tx.log[i]
		key := rowPrefix + c.table.Name() + "/" + c.table.rowID(c.row)
		if _, newer := ops[key]; newer {
			continue
		}
		if c.deleted {
			ops[key] = nil
			continue
		}
		value, err := encode(c.row)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", strings.TrimPrefix(key, rowPrefix), err)
		}
		ops[key] = value
	}
	return ops, nil
}

// commit makes b durable and answers its calls.
func (w *writer) commit(ctx context.Context, b *batch) {
	if len(b.ops)+len(b.lines) == 0 {
		b.answer(Revision(w.rev), nil)
		return
	}
	t := txn{guard: w.head, head: w.headValue()}
	for key, value := range b.ops {
		t.ops = append(t.ops, op{key, value})
	}
	for key, value := range b.lines {
		t.ops = append(t.ops, op{key, value})
	}
	out, err := w.s.kv.commit(context.WithoutCancel(ctx), t)
	if err == nil && !out.ok {
		err = errors.New("the head key changed under its only writer")
	}
	if err != nil {
		b.undo()
		b.answer(0, err)
		return
	}
	w.head, w.rev = out.rev, out.rev
	w.publish()
	b.answer(Revision(w.rev), nil)
}

func (b *batch) undo() {
	for i := len(b.txs) - 1; i >= 0; i-- {
		b.txs[i].undo()
	}
}

// answer gives every call its own error, or else err.
func (b *batch) answer(rev Revision, err error) {
	for i, c := range b.calls {
		if b.errs[i] != nil {
			c.answer(0, b.errs[i])
		} else {
			c.answer(rev, err)
		}
	}
}
