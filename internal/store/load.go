package store

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// load fills new trees with every row at one revision, and publishes them.
func (w *writer) load(ctx context.Context) error {
	snap, err := w.s.kv.snapshot(ctx)
	if err != nil {
		return err
	}
	meta, err := readMeta(ctx, snap)
	if err != nil {
		return err
	}
	w.blank = w.blank || w.s.view.Load() == nil
	if w.frozen = w.inMotion(meta.store); w.frozen {
		w.settle(meta.store)
	}
	w.s.troubled(!w.frozen && !w.s.sealer.Load().opens(meta.seal), problem{kind: troubleKey, unready: true,
		cause: "the store's secrets are sealed under another master key", zh: "存储中的密文由其他主密钥加密",
		hint: "a backup with its master key was restored: give this replica the same master key file and start it again"})
	w.store, w.head, w.last, w.rev = meta.storeMod, meta.headMod, meta.last, snap.revision()
	w.fed = w.rev
	if w.frozen && !w.blank {
		return nil // the older rows stay in view until the new ones are whole
	}
	ws := newWorkspace()
	if !w.frozen {
		if err := loadRows(ctx, snap, ws); err != nil {
			return err
		}
		w.blank = false
	}
	w.ws = ws
	w.publish()
	w.settle(meta.store) // what was wrong is over when the rows are in view, not before
	return nil
}

// loadRows reads pages one after another and decodes them on all processors.
func loadRows(ctx context.Context, snap snapshot, ws *workspace) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var l loader
	var decoding sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0)+1)
	err := eachPage(ctx, snap, rowPrefix, func(page []pair) error {
		slots <- struct{}{}
		out := l.next()
		decoding.Go(func() {
			if err := out.decode(page); err != nil {
				cancel(err)
			}
			<-slots
		})
		return nil
	})
	decoding.Wait()
	if cause := context.Cause(ctx); cause != nil && err == nil || errors.Is(err, context.Canceled) && cause != nil {
		err = cause
	}
	if err != nil {
		return err
	}
	l.fill(ws)
	return nil
}

// loader collects decoded pages in the order of their keys.
type loader struct{ pages []*decoded }

// decoded is a page's rows. Keys are in order, so its tables come one after another.
type decoded struct {
	tables []table
	rows   [][]any
}

func (l *loader) next() *decoded {
	d := &decoded{}
	l.pages = append(l.pages, d)
	return d
}

func (d *decoded) decode(page []pair) error {
	for _, p := range page {
		t, id, err := rowTable(p.key)
		if err != nil {
			return err
		}
		row, err := t.decode(id, p.value)
		if err != nil {
			return err
		}
		if n := len(d.tables); n == 0 || d.tables[n-1] != t {
			d.tables, d.rows = append(d.tables, t), append(d.rows, make([]any, 0, len(page)))
		}
		last := len(d.rows) - 1
		d.rows[last] = append(d.rows[last], row)
	}
	return nil
}

// fill builds the trees, one table's after another's, the trees of one in parallel.
func (l *loader) fill(ws *workspace) {
	rows := map[table][]any{}
	for _, d := range l.pages {
		for i, t := range d.tables {
			rows[t] = append(rows[t], d.rows[i]...)
		}
	}
	l.pages = nil
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	var building sync.WaitGroup
	for t, list := range rows {
		for _, build := range t.load(ws, list) {
			room <- struct{}{}
			building.Go(func() {
				build()
				<-room
			})
		}
	}
	building.Wait()
}
