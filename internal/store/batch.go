package store

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

const (
	maxOps   = 128 - 1 // etcd's default limit of operations, less the head key
	maxBytes = 1 << 20 // of keys and values; etcd takes 1.5 MiB by default
)

// errTooLarge is a fault of the program: no call that a caller can make needs as much.
var errTooLarge = fmt.Errorf("transaction is too large: more than %d changes or %d bytes", maxOps, maxBytes)

// batch is the calls of one commit, evaluated one after another on the writer's trees.
type batch struct {
	number uint64
	stamp  string // names the batch's journal keys; sorts by time
	calls  []*call
	errs   []error // of the closures
	txs    []*Tx
	ops    map[string][]byte // by key; nil: delete
	lines  map[string][]byte // by key of a journal's part
	bytes  int
}

// evaluate runs calls until the batch is full, and returns those left over.
func (w *writer) evaluate(calls []*call) (*batch, []*call) {
	w.batch++
	w.tick()
	b := &batch{number: w.batch, ops: map[string][]byte{}, lines: map[string][]byte{}}
	b.stamp = fmt.Sprintf("%016x-%s-%x", uint64(w.now), w.s.opts.Replica, w.batch)
	refused := w.refusal()
	for i, c := range calls {
		if !c.claim.CompareAndSwap(waiting, taken) {
			continue // abandoned
		}
		if refused != nil {
			c.answer(0, refused)
			continue
		}
		if !w.try(b, c) {
			c.claim.Store(waiting)
			return b, calls[i:]
		}
	}
	return b, nil
}

// try evaluates c into b. It reports false, and leaves no trace, if c does not fit
// behind what b holds already.
func (w *writer) try(b *batch, c *call) bool {
	w.tick()
	tx := &Tx{ws: w.ws, now: w.now, rand: w.rand}
	err := tx.run(c.fn)
	if err == nil {
		err = w.fits(tx)
	}
	if err == nil {
		err = b.add(tx)
	}
	if err != nil {
		tx.undo()
	}
	if err == errTooLarge && len(b.calls) > 0 {
		return false
	}
	b.calls, b.errs, b.txs = append(b.calls, c), append(b.errs, err), append(b.txs, tx)
	return true
}

// tick reads the clock; a transaction is never before an earlier one.
func (w *writer) tick() { w.now = max(w.now, w.s.now()) }

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

// add encodes what tx changed into b. Nothing is added when it fails.
func (b *batch) add(tx *Tx) error {
	ops, err := tx.ops()
	if err != nil {
		return err
	}
	lines := map[string][]byte{}
	for _, l := range tx.journal {
		key := b.lineKey(l)
		lines[key] = append(append(lines[key], l.json...), '\n')
	}
	count, size := len(b.ops)+len(b.lines), b.bytes
	for key, value := range ops {
		old, again := b.ops[key]
		size += len(value) - len(old)
		if !again {
			size += len(key)
			count++
		}
	}
	for key, value := range lines {
		size += len(value)
		if _, again := b.lines[key]; !again {
			size += len(key)
			count++
		}
	}
	if count > maxOps || size > maxBytes {
		return errTooLarge
	}
	for key, value := range ops {
		b.ops[key] = value
	}
	for key, value := range lines {
		b.lines[key] = append(b.lines[key], value...)
	}
	b.bytes = size
	return nil
}

// lineKey is where a journal's lines of this batch go.
func (b *batch) lineKey(l line) string {
	if l.part == "" {
		return fmt.Sprintf("%s%s/%s", journals, l.journal, b.stamp)
	}
	return fmt.Sprintf("%s%s/%s/%s", journals, l.journal, l.part, b.stamp)
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

// changes are the batch's operations in the order of their keys.
func (b *batch) changes() []op {
	ops := make([]op, 0, len(b.ops)+len(b.lines)+1)
	for key, value := range b.ops {
		ops = append(ops, op{key, value})
	}
	for key, value := range b.lines {
		ops = append(ops, op{key, value})
	}
	slices.SortFunc(ops, func(x, y op) int { return cmp.Compare(x.key, y.key) })
	return ops
}

// undo takes back what the batch did to the trees.
func (b *batch) undo() {
	for i := len(b.txs) - 1; i >= 0; i-- {
		b.txs[i].undo()
	}
}

// again makes the batch's calls wait once more, in their old order before rest.
func (b *batch) again(rest []*call) []*call {
	for _, c := range b.calls {
		c.claim.Store(waiting)
	}
	return append(b.calls, rest...)
}

// answer gives every call its closure's error, or else err.
func (b *batch) answer(rev Revision, err error) {
	for i, c := range b.calls {
		switch {
		case b.errs[i] != nil:
			c.answer(0, b.errs[i])
		case err != nil:
			c.answer(0, err)
		default:
			c.answer(rev, nil)
		}
	}
}

// fits refuses what would let a full store grow.
func (w *writer) fits(tx *Tx) error {
	full := w.s.trouble.tight()
	if full == nil {
		return nil
	}
	rows := 0
	for _, c := range tx.log {
		switch {
		case c.deleted:
			rows--
		case c.old == nil:
			rows++
		}
	}
	if rows > 0 {
		return full
	}
	return nil
}
