package store

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	maxQueue = 4096            // calls waiting
	patience = 5 * time.Second // of a caller
)

// call is one Update on its way.
//
//	waiting -> taken by the writer -> done
//	waiting -> abandoned by its caller: nothing of it ever happens
//
// A taken call whose batch lost its race is waiting again.
type call struct {
	ctx   context.Context
	fn    func(*Tx) error
	claim atomic.Int32
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

// submit queues a call and waits for its answer, no longer than patience.
func (w *writer) submit(c *call) (Revision, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if err := w.s.trouble.refusal(); err != nil {
		return 0, err
	}
	select {
	case <-w.stopped:
		return 0, errClosed
	default:
	}
	select {
	case w.calls <- c:
	default:
		return 0, errBusy
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-c.done:
		return c.rev, c.err
	case <-w.stopped:
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

// gather takes what is waiting already.
func (w *writer) gather(first *call) []*call {
	calls := []*call{first}
	for len(calls) < maxOps {
		select {
		case c := <-w.calls:
			calls = append(calls, c)
		default:
			return calls
		}
	}
	return calls
}
