package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// feed is the watch for commits of other replicas. On a store of its own it never
// says anything.
type feed struct {
	commits <-chan commits
	cancel  context.CancelFunc
	again   <-chan time.Time // when to watch again after the watch broke
	broken  int
}

func (f *feed) start(ctx context.Context, db kv, from int64) {
	f.stop()
	if db.exclusive() {
		return
	}
	ctx, f.cancel = context.WithCancel(ctx)
	f.commits = db.watch(ctx, from)
}

func (f *feed) stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.commits, f.cancel, f.again = nil, nil, nil
}

// retry stops the feed and lets it begin again after a while.
func (f *feed) retry() {
	f.stop()
	f.broken++
	f.again = time.After(min(100*time.Millisecond<<min(f.broken, 5), 2*time.Second))
}

// receive takes what the feed sent; ok is false when it ended.
func (w *writer) receive(c commits, ok bool) {
	switch {
	case ok && c.err == nil:
		w.feed.broken = 0
		w.apply(c)
	case errors.Is(c.err, errCompacted):
		w.s.log.Warn("changes of other replicas are no longer kept, reading all rows again")
		w.reload()
	default:
		w.feed.retry()
	}
}

// apply brings foreign commits into the trees. Its own commits, which the feed tells
// too, are there already. What goes with a lease is under no guard: it may have happened
// before a commit of our own that the trees show already.
func (w *writer) apply(c commits) {
	changed := false
	for _, e := range c.events {
		if e.rev <= w.rev && !(leased(e.key) && e.rev > w.fed) {
			continue
		}
		changed = true
		if err := w.applyEvent(e); err != nil {
			w.damaged(err)
		}
	}
	w.rev, w.fed = max(w.rev, c.rev), max(w.fed, c.rev)
	if changed && !w.frozen {
		w.publish()
	}
}

func (w *writer) applyEvent(e event) error {
	switch {
	case e.key == headKey:
		last, err := parseHead(e.value)
		w.head, w.last = e.rev, last
		return err
	case e.key == storeKey:
		return w.storeChanged(e)
	case w.frozen:
		return nil
	case strings.HasPrefix(e.key, rowPrefix):
		return w.applyRow(e.op)
	}
	return nil
}

// applyRow puts or deletes one row as another replica has.
func (w *writer) applyRow(o op) error {
	t, id, err := rowTable(o.key)
	if err != nil {
		return err
	}
	if o.value != nil {
		row, err := t.decode(id, o.value)
		if err == nil {
			t.put(w.ws, row)
		}
		return err
	}
	old, err := t.byID(w.ws, id)
	if err == nil && old != nil {
		t.remove(w.ws, old)
	}
	return err
}

// leased reports whether a key goes with a lease, so that it changes outside of the
// writers' sequence.
func leased(key string) bool { return strings.HasPrefix(key, hostPrefix) }

// rowTable splits the key of a row into its table and its id there.
func rowTable(key string) (table, string, error) {
	name, id, ok := strings.Cut(strings.TrimPrefix(key, rowPrefix), "/")
	t, known := tables[name]
	if !ok || !known {
		return nil, "", damage{fmt.Errorf("key %q belongs to no table", key)}
	}
	return t, id, nil
}

// storeChanged follows another replica that restores or migrates the store.
func (w *writer) storeChanged(e event) error {
	row, err := parseStore(e.value)
	if err != nil {
		return err
	}
	w.store = e.rev
	if w.frozen && !w.inMotion(row) {
		w.reload() // which says that it is over when the rows are there
		return nil
	}
	w.settle(row)
	return nil
}

// damage is a row that this program cannot read.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

// damaged stops all work: the trees may no longer be what etcd holds.
func (w *writer) damaged(err error) {
	w.s.log.Error("a row cannot be read", "error", err)
	w.s.trouble.set(problem{kind: troubleDamaged, unready: true,
		cause: "a stored row cannot be read", zh: "存储中的记录无法读取",
		hint: "see the log for the key; run the newest version of the program, or restore a backup"})
}

// catchUp follows the feed until the trees show the head and store keys at these
// revisions; it reads everything again when the feed does not get there.
func (w *writer) catchUp(head, store int64) {
	deadline := time.After(attemptTime)
	for w.head < head || w.store < store {
		if w.s.kv.exclusive() {
			w.reload()
			return
		}
		select {
		case c, ok := <-w.feed.commits:
			w.receive(c, ok)
		case <-w.feed.again:
			w.feed.start(w.hard, w.s.kv, w.fed)
		case <-deadline:
			w.reload()
			return
		case <-w.hard.Done():
			return
		}
	}
}

// reload reads every row again and follows from there. It tries until it succeeds or
// the store closes.
func (w *writer) reload() {
	w.feed.stop()
	for wait := 100 * time.Millisecond; w.hard.Err() == nil; wait = min(2*wait, 5*time.Second) {
		err := w.load(w.hard)
		if errors.As(err, new(damage)) {
			w.damaged(err)
		}
		if err == nil {
			w.s.trouble.clear(troubleDamaged)
			w.feed.start(w.hard, w.s.kv, w.fed)
			return
		}
		w.s.log.Warn("rows cannot be read again, trying once more", "error", err)
		select {
		case <-time.After(wait):
		case <-w.hard.Done():
		}
	}
}
