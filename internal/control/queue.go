package control

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// What time alone changes stands in one queue, ordered by time: every row with a Due
// instant, whatever its kind, and every account's next settlement. Nothing ticks per row.

// dueKind is one kind of row in the queue. It lists at most n rows that are due,
// earliest first, as steps; at is when the earliest row that is not yet due will be
// (0: none).
type dueKind func(c *Control, r store.Reader, now vpc.Instant, n int) (steps []dueStep, at vpc.Instant)

// dueStep does what is due to one row; the transaction may find it already done.
type dueStep func(tx *store.Tx) error

// dueBatch bounds how many steps go to the store at once.
const dueBatch = 64

// dueRest is the shortest pause between two looks at the queue while rows change.
const dueRest = 20 * time.Millisecond

// runQueue does what is due, when it is due, until ctx ends.
func (c *Control) runQueue(ctx context.Context) {
	for ctx.Err() == nil {
		view := c.st.View()
		at, err := c.RunDue(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("queue: something that is due could not be done, trying again", "error", err)
			pause(ctx, time.Second)
			continue
		}
		wait := time.Hour
		if at != 0 {
			wait = max(at.Time().Sub(c.st.Now().Time()), 0)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-view.Changed():
			pause(ctx, dueRest)
		}
		timer.Stop()
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// RunDue does everything that is due now and returns when something will be due next;
// 0 means nothing is waiting. Run calls it; tests with their own clock may, too.
func (c *Control) RunDue(ctx context.Context) (vpc.Instant, error) {
	for {
		view, now := c.st.View(), c.st.Now()
		var steps []dueStep
		var at vpc.Instant
		for _, k := range dueKinds {
			s, next := k(c, view, now, dueBatch)
			steps = append(steps, s...)
			if next != 0 && (at == 0 || next < at) {
				at = next
			}
		}
		if len(steps) == 0 {
			return at, nil
		}
		if err := c.doDue(ctx, steps); err != nil {
			return 0, err
		}
	}
}

// doDue hands all steps to the store at once, which joins them into few commits.
func (c *Control) doDue(ctx context.Context, steps []dueStep) error {
	errs := make([]error, len(steps))
	var wg sync.WaitGroup
	for i, step := range steps {
		wg.Go(func() {
			_, errs[i] = c.st.Update(ctx, step)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// forever is an instant that does not come.
const forever = vpc.Instant(math.MaxInt64)

// dueRows makes a dueKind of a table's due index. The step gets the row as the
// transaction sees it, and only if it is still due.
func dueRows[K, R any](table *store.Table[K, R], index *store.Index[R, vpc.Instant], key func(*R) K, due func(*R) vpc.Instant, step func(*Control, *store.Tx, *R) error) dueKind {
	return func(c *Control, r store.Reader, now vpc.Instant, n int) ([]dueStep, vpc.Instant) {
		var steps []dueStep
		for row := range index.Range(r, 1, forever) {
			if due(row) > now {
				return steps, due(row)
			}
			if len(steps) == n {
				break
			}
			id := key(row)
			steps = append(steps, func(tx *store.Tx) error {
				row, ok := table.Get(tx, id)
				if !ok || !due(row).Before(tx.Now()) {
					return nil
				}
				return step(c, tx, row)
			})
		}
		return steps, 0
	}
}
