package reconcile

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	reportTime = 10 * time.Second       // of one report
	flapEvery  = 800 * time.Millisecond // of one connection's changes, beyond the first few; a change is told within a second
	flapFirst  = 2                      // changes that are told at once before that
)

// reporter tells what the loops have seen: changes only, many machines' in one report,
// and no connection's much more often than once in flapEvery. The newest counts; what could
// not be told is told later.
type reporter struct {
	host   vpc.HostName
	view   func() *store.View
	send   func(context.Context, vpc.Report) error
	log    *slog.Logger
	jitter func(time.Duration) time.Duration
	due    chan struct{}

	mu          sync.Mutex
	epoch       string // that what was told was told in
	gateways    board[vpc.GatewayID, vpc.GatewayStatus]
	connections board[vpc.ConnectionID, vpc.ConnectionStatus]
	workloads   board[vpc.WorkloadID, vpc.WorkloadStatus]
	sslServers  board[vpc.SSLServerID, vpc.SSLServerStatus]
}

func newReporter(o Options, jitter func(time.Duration) time.Duration) *reporter {
	r := &reporter{host: o.Host.Name, view: o.View, send: o.Report, log: o.Log, jitter: jitter, due: make(chan struct{}, 1)}
	r.gateways, r.workloads = newBoard[vpc.GatewayID, vpc.GatewayStatus](0), newBoard[vpc.WorkloadID, vpc.WorkloadStatus](0)
	r.connections, r.sslServers = newBoard[vpc.ConnectionID, vpc.ConnectionStatus](flapEvery), newBoard[vpc.SSLServerID, vpc.SSLServerStatus](flapEvery)
	return r
}

// board keeps what is to be told of the rows of one kind.
type board[K comparable, S comparable] struct {
	every time.Duration
	now   map[K]S         // as it is
	told  map[K]S         // as it was told last
	open  map[K]bool      // now and told may differ
	gone  map[K]bool      // nothing is left, to be told
	busy  map[K]time.Time // until when a row has used up its share of reports
}

func newBoard[K comparable, S comparable](every time.Duration) board[K, S] {
	return board[K, S]{every: every, now: map[K]S{}, told: map[K]S{}, open: map[K]bool{}, gone: map[K]bool{}, busy: map[K]time.Time{}}
}

func (b *board[K, S]) set(id K, s S) {
	if old, ok := b.now[id]; ok && old == s {
		return
	}
	b.now[id], b.open[id] = s, true
}

// forget drops a row that is no longer there.
func (b *board[K, S]) forget(id K) {
	delete(b.now, id)
	delete(b.told, id)
	delete(b.open, id)
	delete(b.busy, id)
}

func (b *board[K, S]) left(id K) {
	b.forget(id)
	b.gone[id] = true
}

// again makes everything untold.
func (b *board[K, S]) again() {
	clear(b.told)
	clear(b.busy)
	for id := range b.now {
		b.open[id] = true
	}
}

// take returns what may be told at an instant, and when there will be more; zero is
// never.
func (b *board[K, S]) take(at time.Time) (out map[K]S, next time.Time) {
	out = map[K]S{}
	for id := range b.open {
		if old, ok := b.told[id]; ok && old == b.now[id] {
			delete(b.open, id)
			continue
		}
		if may := b.busy[id].Add(-flapFirst * b.every); may.After(at) {
			next = earlier(next, may)
			continue
		}
		out[id] = b.now[id]
	}
	return out, next
}

// done notes what was told.
func (b *board[K, S]) done(told map[K]S, gone []K, at time.Time) {
	for id, s := range told {
		if _, there := b.now[id]; !there {
			continue
		}
		b.told[id] = s
		if b.every > 0 {
			b.busy[id] = later(b.busy[id], at).Add(b.every)
		}
		if b.now[id] == s {
			delete(b.open, id)
		}
	}
	for _, id := range gone {
		delete(b.gone, id)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// look makes the reporter look whether there is something to tell.
func (r *reporter) look() {
	select {
	case r.due <- struct{}{}:
	default:
	}
}

// everything makes the reporter tell everything again: rows have been read anew, and
// what was told may be lost.
func (r *reporter) everything() {
	r.change(func() { r.againLocked() })
}

func (r *reporter) againLocked() {
	r.gateways.again()
	r.connections.again()
	r.workloads.again()
	r.sslServers.again()
}

func (r *reporter) change(do func()) {
	r.mu.Lock()
	do()
	r.mu.Unlock()
	r.look()
}

// run tells until ctx ends.
func (r *reporter) run(ctx context.Context) {
	wait := firstWait
	for {
		t, next := r.gather()
		if !t.empty() {
			if err := r.tell(ctx, t); err != nil && ctx.Err() == nil {
				r.log.Warn("what was seen of gateways could not be reported, trying again", "error", err)
				sleep(ctx, r.jitter(wait))
				wait = min(2*wait, 5*time.Second)
				if ctx.Err() == nil {
					continue
				}
			}
			wait = firstWait
		}
		if !r.await(ctx, next) {
			return
		}
	}
}

// await waits until there may be something to tell.
func (r *reporter) await(ctx context.Context, next time.Time) bool {
	var timer <-chan time.Time
	if !next.IsZero() {
		t := time.NewTimer(time.Until(next))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-r.due:
	case <-timer:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// telling is one report and what it was made of.
type telling struct {
	vpc.Report
	gateways    map[vpc.GatewayID]vpc.GatewayStatus
	connections map[vpc.ConnectionID]vpc.ConnectionStatus
	workloads   map[vpc.WorkloadID]vpc.WorkloadStatus
	sslServers  map[vpc.SSLServerID]vpc.SSLServerStatus
}

func (t telling) empty() bool {
	return len(t.Gateways)+len(t.Connections)+len(t.Workloads)+len(t.SSLServers)+len(t.GoneGateways)+len(t.GoneConnections)+len(t.GoneWorkloads) == 0
}

// gather makes a report of what may be told now. Without a row of this host, nothing
// may: nobody would believe it.
func (r *reporter) gather() (t telling, next time.Time) {
	h, ok := store.Hosts.Get(r.view(), r.host)
	if !ok {
		return t, next
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.Epoch != r.epoch {
		r.epoch = h.Epoch
		r.againLocked()
	}
	now := time.Now()
	t.Host, t.Epoch = r.host, r.epoch
	var a, b, c, d time.Time
	t.gateways, a = r.gateways.take(now)
	t.connections, b = r.connections.take(now)
	t.workloads, c = r.workloads.take(now)
	t.sslServers, d = r.sslServers.take(now)
	t.SSLServers = values(t.sslServers)
	t.Gateways, t.GoneGateways = values(t.gateways), keys(r.gateways.gone)
	t.Connections, t.GoneConnections = values(t.connections), keys(r.connections.gone)
	t.Workloads, t.GoneWorkloads = values(t.workloads), keys(r.workloads.gone)
	return t, earlier(earlier(a, b), earlier(c, d))
}

func (r *reporter) tell(ctx context.Context, t telling) error {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	if err := r.send(ctx, t.Report); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epoch != t.Epoch {
		return nil
	}
	now := time.Now()
	r.gateways.done(t.gateways, t.GoneGateways, now)
	r.connections.done(t.connections, t.GoneConnections, now)
	r.workloads.done(t.workloads, t.GoneWorkloads, now)
	r.sslServers.done(t.sslServers, nil, now)
	return nil
}

// told are the rows of which a machine has something on the boards.
type told struct {
	connections []vpc.ConnectionID
	workloads   []vpc.WorkloadID
	sslServers  []vpc.SSLServerID
}

// tell puts what a machine's planes have seen on the boards.
func (l *Loops) tell(m *machine, s snapshot, gone bool) {
	l.report.change(func() {
		before := m.told
		m.told = told{}
		switch {
		case m.id.Kind == plan.KindGateway:
			l.report.gateway(m, s.gateway, gone)
		default:
			l.report.router(m, s.router)
		}
		for _, id := range dropped(before.connections, m.told.connections) {
			l.report.connections.forget(id)
		}
		for _, id := range dropped(before.workloads, m.told.workloads) {
			l.report.workloads.forget(id)
		}
		for _, id := range dropped(before.sslServers, m.told.sslServers) {
			l.report.sslServers.forget(id)
		}
	})
}
