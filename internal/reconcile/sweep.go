package reconcile

import (
	"context"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
)

// sweepEvery is how often planes are asked what they find. What is left when nobody is
// looking is rare, and harmless for a while.
const sweepEvery = 5 * time.Minute

// sweep removes what planes find on the host of machines that no row wants: a former
// run's, or one's that was deleted while no server ran. It waits until every wanted
// machine has seen a pass: what is wanted has then been made or adopted.
func (l *Loops) sweep(ctx context.Context) {
	for !l.first() {
		if sleep(ctx, 50*time.Millisecond); ctx.Err() != nil {
			return
		}
	}
	for ctx.Err() == nil {
		for _, p := range l.Planes {
			l.sweepPlane(ctx, p)
		}
		sleep(ctx, l.jitter(sweepEvery))
	}
}

// first reports whether every machine has seen a pass.
func (l *Loops) first() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.mu.machines {
		if m.shown.passes == 0 {
			return false
		}
	}
	return true
}

// sweepPlane asks one plane. A machine that is found is looked at like any other: if a
// row has come to want it, it stays.
func (l *Loops) sweepPlane(ctx context.Context, p Plane) {
	var ids []plan.MachineID
	for try := range 5 {
		var err error
		if ids, err = l.found(ctx, p); err == nil {
			break
		}
		l.Log.Warn("cannot see what is left on the host", "plane", p.Name(), "error", err)
		sleep(ctx, l.jitter(firstWait<<try))
	}
	for _, id := range ids {
		if !l.knows(id) && ctx.Err() == nil {
			l.Log.Info("removing what is left of a machine that nothing wants", "machine", id.String(), "plane", p.Name())
			l.want(id, l.all())
		}
	}
}

func (l *Loops) found(ctx context.Context, p Plane) ([]plan.MachineID, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return p.Machines(ctx)
}

func (l *Loops) knows(id plan.MachineID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.machines[id] != nil
}
