package planetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// ErrInjected is what a Fake fails with.
var ErrInjected = errors.New("injected fault")

// Fake is a plane in memory: it holds what a plan asks for, one thing a line, and makes
// and removes it line by line. It may be told to fail, to be slow, and what tunnels do.
type Fake struct {
	mu    sync.Mutex
	fault func(ctx context.Context, machine plan.MachineID, what string) error
	have  map[plan.MachineID]map[string]bool
	up    map[vpc.ConnectionID]bool
	sick  map[vpc.ConnectionID]bool
	wake  func(plan.MachineID)
	calls map[plan.MachineID]int
	made  int
}

// NewFake makes a plane of nothing.
func NewFake() *Fake {
	return &Fake{have: map[plan.MachineID]map[string]bool{}, up: map[vpc.ConnectionID]bool{}, sick: map[vpc.ConnectionID]bool{}, calls: map[plan.MachineID]int{}}
}

// SetFault sets what is asked before every change; what it returns fails the change, and
// with it the rest of that Apply. It may block. Nil never fails.
func (f *Fake) SetFault(fault func(ctx context.Context, machine plan.MachineID, what string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Name names the plane.
func (f *Fake) Name() string { return "fake" }

// Apply makes what is missing, then removes what is too much.
func (f *Fake) Apply(ctx context.Context, want plan.Machine) (plan.Observed, error) {
	f.mu.Lock()
	f.calls[want.ID]++
	f.mu.Unlock()
	wanted := things(want)
	var err error
	for _, what := range f.differing(want.ID, wanted) {
		if err = f.change(ctx, want.ID, what, wanted[what]); err != nil {
			break
		}
	}
	return f.observe(want, err), err
}

// things are the lines of a plan that stand for something.
func things(m plan.Machine) map[string]bool {
	out := map[string]bool{}
	if !m.Gone {
		for text := range strings.Lines(m.Text()) {
			out[strings.TrimSuffix(text, "\n")] = true
		}
	}
	return out
}

// differing are the lines to make, then those to remove.
func (f *Fake) differing(id plan.MachineID, wanted map[string]bool) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var add, remove []string
	for what := range wanted {
		if !f.have[id][what] {
			add = append(add, what)
		}
	}
	for what := range f.have[id] {
		if !wanted[what] {
			remove = append(remove, what)
		}
	}
	slices.Sort(add)
	slices.Sort(remove)
	return append(add, remove...)
}

func (f *Fake) change(ctx context.Context, id plan.MachineID, what string, there bool) error {
	f.mu.Lock()
	fault := f.fault
	f.mu.Unlock()
	if fault != nil {
		if err := fault(ctx, id, what); err != nil {
			return fmt.Errorf("change %q: %w", what, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	switch {
	case !there:
		delete(f.have[id], what)
		if len(f.have[id]) == 0 {
			delete(f.have, id)
		}
	case f.have[id] == nil:
		f.have[id] = map[string]bool{what: true}
	default:
		f.have[id][what] = true
	}
	return nil
}

func (f *Fake) observe(want plan.Machine, err error) plan.Observed {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := plan.Observed{
		Gone: len(f.have[want.ID]) == 0, Ready: err == nil && !want.Gone,
		Tunnels: map[vpc.ConnectionID]plan.TunnelState{}, Probes: map[vpc.ConnectionID]plan.ProbeState{}, Workloads: map[string]plan.WorkloadState{},
		SSLServers: map[string]plan.SSLServerState{},
	}
	if err != nil {
		o.Cause = err.Error()
	}
	if want.Gone {
		return o
	}
	for _, d := range want.Daemons {
		for _, t := range d.Tunnels {
			s := plan.TunnelState{Loaded: err == nil, Up: err == nil && f.up[t.Connection]}
			if !s.Up {
				s.Cause = "the peer is silent"
			}
			o.Tunnels[t.Connection] = s
		}
	}
	for _, p := range want.Probes {
		o.Probes[p.Connection] = plan.ProbeState{Healthy: f.up[p.Connection] && !f.sick[p.Connection], Cause: "no answer"}
	}
	for _, s := range want.SSLServers {
		o.SSLServers[string(s.ID)] = plan.SSLServerState{Ready: err == nil, Cause: o.Cause, Settled: err == nil}
	}
	for _, ns := range want.Namespaces {
		for _, l := range ns.Links {
			if w := l.Peer.Workload; w != "" {
				o.Workloads[w] = plan.WorkloadState{Ready: err == nil}
			}
		}
	}
	return o
}

// Machines names what there is something of.
func (f *Fake) Machines(context.Context) ([]plan.MachineID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.have)), nil
}

// Run waits for the end of ctx.
func (f *Fake) Run(ctx context.Context, wake func(plan.MachineID)) error {
	f.mu.Lock()
	f.wake = wake
	f.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// Set says what a connection's tunnel does, and wakes its machine.
func (f *Fake) Set(machine plan.MachineID, id vpc.ConnectionID, up, healthy bool) {
	f.mu.Lock()
	f.up[id], f.sick[id] = up, !healthy
	wake := f.wake
	f.mu.Unlock()
	if wake != nil {
		wake(machine)
	}
}

// Leave puts something there that no plan of this run has made.
func (f *Fake) Leave(id plan.MachineID, what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.have[id] == nil {
		f.have[id] = map[string]bool{}
	}
	f.have[id][what] = true
}

// Has prints what there is of a machine, one thing a line.
func (f *Fake) Has(id plan.MachineID) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(f.have[id])), "\n")
}

// HoldsText reports whether exactly what the text of a plan asks for is there.
func (f *Fake) HoldsText(id plan.MachineID, text string) bool { return f.Has(id) == sortedLines(text) }

func sortedLines(text string) string {
	all := map[string]bool{}
	for line := range strings.Lines(text) {
		all[strings.TrimSuffix(line, "\n")] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), "\n")
}

// Calls counts how often a machine was applied.
func (f *Fake) Calls(id plan.MachineID) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[id]
}

// Changes counts what was made or removed, of all machines.
func (f *Fake) Changes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made
}
