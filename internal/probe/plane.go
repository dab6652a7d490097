package probe

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// patience is how long Apply waits for the first outcome of a new probe. A tunnel that
// answers does so sooner, so that after a restart its verdict is there with the first
// pass; for one that does not the pass goes on.
const patience = 200 * time.Millisecond

// Plane is the health checks of this host.
type Plane struct {
	open func(plan.Probe) (line, error)
	log  *slog.Logger
	life context.Context // of the probers; ends with Run
	end  context.CancelFunc
	wake atomic.Pointer[func(plan.MachineID)]

	mu       sync.Mutex
	machines map[plan.MachineID]map[vpc.ConnectionID]*prober
}

// New makes a plane without probes.
func New(log *slog.Logger) *Plane { return newPlane(log, open) }

func newPlane(log *slog.Logger, open func(plan.Probe) (line, error)) *Plane {
	p := &Plane{open: open, log: log, machines: map[plan.MachineID]map[vpc.ConnectionID]*prober{}}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// Name is the plane's name.
func (p *Plane) Name() string { return "probe" }

// Run wakes machines whose verdicts change until ctx ends, and the probes with it.
func (p *Plane) Run(ctx context.Context, wake func(plan.MachineID)) error {
	p.wake.Store(&wake)
	<-ctx.Done()
	p.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, probers := range p.machines {
		for _, r := range probers {
			<-r.done
		}
	}
	return nil
}

// Machines names every machine that is probed.
func (p *Plane) Machines(context.Context) ([]plan.MachineID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []plan.MachineID{}
	for id := range p.machines {
		out = append(out, id)
	}
	return out, nil
}

// Apply starts, keeps and ends the machine's probes and reports their verdicts.
func (p *Plane) Apply(ctx context.Context, want plan.Machine) (plan.Observed, error) {
	probers, fresh := p.match(want)
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, r := range fresh {
		select {
		case <-r.first:
		case <-wait.Done():
		}
	}
	return observed(want.Gone, probers), ctx.Err()
}

// match makes the probers those of the plan. An equal probe goes on undisturbed.
func (p *Plane) match(want plan.Machine) (probers map[vpc.ConnectionID]*prober, fresh []*prober) {
	p.mu.Lock()
	defer p.mu.Unlock()
	had := p.machines[want.ID]
	probers = map[vpc.ConnectionID]*prober{}
	for _, x := range wanted(want) {
		old := had[x.Connection]
		if old != nil && old.want == x {
			probers[x.Connection] = old
			continue
		}
		if old != nil {
			old.stop()
		}
		r := start(p.life, x, old, p.open, func() { p.changed(want.ID, x.Connection) })
		probers[x.Connection] = r
		fresh = append(fresh, r)
	}
	for id, r := range had {
		if probers[id] == nil {
			r.stop()
		}
	}
	if len(probers) == 0 {
		delete(p.machines, want.ID)
	} else {
		p.machines[want.ID] = probers
	}
	return probers, fresh
}

func wanted(m plan.Machine) []plan.Probe {
	if m.Gone {
		return nil
	}
	return m.Probes
}

func (p *Plane) changed(m plan.MachineID, x vpc.ConnectionID) {
	p.log.Info("health check changed", "connection", x)
	if wake := p.wake.Load(); wake != nil {
		(*wake)(m)
	}
}

func observed(gone bool, probers map[vpc.ConnectionID]*prober) plan.Observed {
	out := plan.Observed{Gone: gone, Ready: !gone, Probes: map[vpc.ConnectionID]plan.ProbeState{}}
	for _, x := range sorted(probers) {
		state, counts := probers[x].seen()
		out.Probes[x] = state
		out.Facts = append(out.Facts, fmt.Sprintf("probe %s %s > %s healthy=%t sent=%d lost=%d rtt=%v %s",
			x, probers[x].want.Local, probers[x].want.Remote, state.Healthy, counts.Sent, counts.Lost, counts.RTT, state.Cause))
	}
	return out
}

func sorted(probers map[vpc.ConnectionID]*prober) []vpc.ConnectionID {
	out := []vpc.ConnectionID{}
	for x := range probers {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b vpc.ConnectionID) int { return cmp.Compare(a, b) })
	return out
}

// Counts are the counts of every probe.
func (p *Plane) Counts() map[vpc.ConnectionID]Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[vpc.ConnectionID]Counts{}
	for _, probers := range p.machines {
		for x, r := range probers {
			_, out[x] = r.seen()
		}
	}
	return out
}
