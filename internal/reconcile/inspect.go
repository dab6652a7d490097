package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Pass is one pass over a machine in which planes were asked.
type Pass struct {
	Machine plan.MachineID
	Took    time.Duration
	Err     error
}

// Figures count what the loops have done and hold now.
type Figures struct {
	Passes uint64 // since the start
	Faults uint64 // passes that failed

	Machines int // that are kept
	Failing  int // whose last pass failed
	Running  int // that a pass is under way for
}

// Figures counts.
func (l *Loops) Figures() Figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.mu.total
	f.Machines = len(l.mu.machines)
	for _, m := range l.mu.machines {
		if m.tries > 0 {
			f.Failing++
		}
		if m.running {
			f.Running++
		}
	}
	return f
}

// Machines names the machines that are kept, in the order of their names.
func (l *Loops) Machines() []plan.MachineID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Keys(l.mu.machines), func(a, b plan.MachineID) int { return cmp.Compare(a.String(), b.String()) })
}

// Inspection is what there is to see of one machine. No secret is in it.
type Inspection struct {
	Plan     string // as it was applied last
	Observed string // what the planes have seen last
	Diff     string // from the plan that was applied last to what rows want now

	Passes, Faults uint64
	LastError      string // of the last pass; empty when it succeeded
	Last           time.Time
	Took           time.Duration // the last pass
}

// Inspect shows a machine, or reports that there is none.
func (l *Loops) Inspect(id plan.MachineID) (Inspection, bool) {
	l.mu.Lock()
	m := l.mu.machines[id]
	if m == nil {
		l.mu.Unlock()
		return Inspection{}, false
	}
	s := m.shown
	l.mu.Unlock()
	wanted := l.snapshot(&machine{id: id, seen: s.seen}).compile()
	return Inspection{
		Plan: s.plan.Text(), Observed: l.observedText(s.observed), Diff: plan.Diff(s.plan, wanted),
		Passes: s.passes, Faults: s.faults, LastError: causeOf(s.err), Last: s.last, Took: s.took,
	}, true
}

// observedText prints what planes have seen, one fact a line.
func (l *Loops) observedText(all []plan.Observed) string {
	var b strings.Builder
	for i, o := range all {
		fmt.Fprintf(&b, "%s: ready %v gone %v %s\n", l.Planes[i].Name(), o.Ready, o.Gone, o.Cause)
		for _, fact := range o.Facts {
			fmt.Fprintf(&b, "  %s\n", fact)
		}
		for _, id := range slices.Sorted(maps.Keys(o.Tunnels)) {
			t := o.Tunnels[id]
			fmt.Fprintf(&b, "  tunnel %s loaded %v up %v %s %s\n", id, t.Loaded, t.Up, t.Cause, t.Hint)
		}
		for _, id := range slices.Sorted(maps.Keys(o.Probes)) {
			fmt.Fprintf(&b, "  probe %s healthy %v %s\n", id, o.Probes[id].Healthy, o.Probes[id].Cause)
		}
		for _, id := range slices.Sorted(maps.Keys(o.Workloads)) {
			fmt.Fprintf(&b, "  workload %s ready %v %s\n", id, o.Workloads[id].Ready, o.Workloads[id].Cause)
		}
		for _, id := range slices.Sorted(maps.Keys(o.SSLServers)) {
			fmt.Fprintf(&b, "  sslserver %s ready %v %s\n", id, o.SSLServers[id].Ready, o.SSLServers[id].Cause)
		}
	}
	return b.String()
}

// Tunnel is what is known of one connection of a gateway.
func (l *Loops) Tunnel(g vpc.GatewayID, id vpc.ConnectionID) (plan.TunnelState, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.mu.machines[plan.GatewayMachine(g)]
	if m == nil {
		return plan.TunnelState{}, false
	}
	return (&machine{observed: m.shown.observed}).tunnel(id)
}
