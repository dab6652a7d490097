package reconcile

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Options are what the loops are given. Host, View, Now, Unseal, Report and Planes must be
// set.
type Options struct {
	Host   plan.Host
	View   func() *store.View
	Now    func() vpc.Instant // the store's clock
	Unseal func(row, field string, sealed vpc.Sealed) ([]byte, error)
	Report func(context.Context, vpc.Report) error // may be told the same again
	Planes []Plane                                 // in the order in which they are applied: what removes comes last
	Log    *slog.Logger                            // default slog.Default()
	Seed   uint64                                  // of the jitter; 0: from the system's randomness
	Passed func(Pass)                              // told of every pass; may be nil
}

const (
	places    = 16 // passes at once
	patience  = 500 * time.Millisecond
	deadline  = 20 * time.Second // of one plane's Apply
	resync    = time.Minute
	firstWait = 100 * time.Millisecond // before a pass that failed is tried again
	lastWait  = 30 * time.Second
	burst     = 2 * time.Millisecond // changes that come together are looked at together
)

// Loops keep the machines of one host. Every machine has a goroutine while there is
// something to do for it, and a timer otherwise.
//
//	unknown -(a row wants it, or it is left over)-> due -> in a pass -+-> at rest -(row, wake, resync)-> due
//	                                                                  +-> failed -(row, wake, backoff)-> due
//	                                                                  +-> unknown, when it is gone
type Loops struct {
	Options
	report *reporter
	places chan struct{}
	work   sync.WaitGroup

	mu struct {
		sync.Mutex
		ctx      context.Context // of Run; nil before it and after it: no pass begins
		rand     *rand.Rand
		machines map[plan.MachineID]*machine
		ready    map[vpc.GatewayID]bool // whose links have stood in this run
		debts    map[vpc.AccountID]bool // who owed money when last looked at
		total    Figures
	}
}

// planes is a set of planes, by their places in Options.
type planes uint64

// New makes loops. Nothing happens until Run.
func New(o Options) *Loops {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Loops{Options: o, places: make(chan struct{}, places)}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	l.mu.rand = rand.New(rand.NewPCG(o.Seed, o.Seed))
	l.mu.machines = map[plan.MachineID]*machine{}
	l.mu.ready = map[vpc.GatewayID]bool{}
	l.mu.debts = map[vpc.AccountID]bool{}
	l.report = newReporter(o, l.jitter)
	return l
}

// all is the set of all planes.
func (l *Loops) all() planes { return 1<<len(l.Planes) - 1 }

// Run keeps the machines until ctx ends, and then waits for what is on its way. What
// was made stays as it is.
func (l *Loops) Run(ctx context.Context) error {
	l.mu.Lock()
	l.mu.ctx = ctx
	l.mu.Unlock()
	var others sync.WaitGroup
	for i, p := range l.Planes {
		others.Go(func() { l.tend(ctx, p, 1<<i) })
	}
	others.Go(func() { l.report.run(ctx) })
	l.watch(ctx)
	l.stop()
	l.work.Wait()
	others.Wait()
	return nil
}

// tend runs a plane's own loop, and again when it breaks.
func (l *Loops) tend(ctx context.Context, p Plane, which planes) {
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, lastWait) {
		err := p.Run(ctx, func(id plan.MachineID) { l.kick(id, which) })
		if ctx.Err() != nil {
			return
		}
		l.Log.Error("a part of the data plane has stopped, starting it again", "plane", p.Name(), "error", err)
		sleep(ctx, l.jitter(wait))
	}
}

// stop lets no pass begin any more.
func (l *Loops) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.ctx = nil
	for _, m := range l.mu.machines {
		m.rest()
	}
}

// Wake makes the loops look at a machine again, if they know it.
func (l *Loops) Wake(id plan.MachineID) { l.kick(id, l.all()) }

// kick makes a pass over a known machine due. The planes in due are applied also when
// the plan is as it was.
func (l *Loops) kick(id plan.MachineID, due planes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.mu.machines[id]; m != nil {
		l.kickLocked(m, due)
	}
}

// want makes a pass over a machine due, known or not.
func (l *Loops) want(id plan.MachineID, due planes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.mu.machines[id]
	if m == nil {
		m = newMachine(id, len(l.Planes))
		l.mu.machines[id] = m
	}
	l.kickLocked(m, due)
}

func (l *Loops) kickLocked(m *machine, due planes) {
	if l.mu.ctx == nil {
		return
	}
	m.due |= due
	m.again = true
	if m.running {
		return
	}
	m.running = true
	m.rest()
	ctx := l.mu.ctx
	l.work.Go(func() { l.serve(ctx, m) })
}

// serve passes over a machine until nothing is due.
func (l *Loops) serve(ctx context.Context, m *machine) {
	for {
		due, more := l.begin(m)
		if !more {
			return
		}
		leave, err := l.enter(ctx)
		if err != nil {
			continue // begin sees that Run has ended
		}
		begun := time.Now()
		o := l.pass(ctx, m, due)
		leave()
		o.took = time.Since(begun)
		l.finish(m, o)
		if l.Passed != nil && o.applied {
			l.Passed(Pass{Machine: m.id, Took: o.took, Err: m.err})
		}
	}
}

// begin takes what is due, or ends the machine's goroutine.
func (l *Loops) begin(m *machine) (planes, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.ctx == nil || l.mu.ctx.Err() != nil || !m.again {
		m.running = false
		return 0, false
	}
	due := m.due
	m.due, m.again = 0, false
	return due, true
}

// enter waits for one of the places in which passes are made. Who stays longer than
// patience gives his up: a machine that hangs must not keep others out.
func (l *Loops) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	once := sync.OnceFunc(func() { <-l.places })
	late := time.AfterFunc(patience, once)
	return func() { late.Stop(); once() }, nil
}

// jitter spreads a time over its half and one and a half.
func (l *Loops) jitter(d time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.jitterLocked(d)
}

func (l *Loops) jitterLocked(d time.Duration) time.Duration {
	return d/2 + time.Duration(l.mu.rand.Int64N(int64(d)))
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
