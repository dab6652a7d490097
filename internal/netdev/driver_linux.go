package netdev

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/gatewright/gatewright/internal/plan"
)

// Driver gives two planes, Build and Prune, over one set of netlink handles.
type Driver struct {
	mark
	log    *slog.Logger
	home   string // the namespace that counts as the host's
	writes atomic.Uint64
	fault  func(op, object, namespace string, write func() error) error // for tests: in place of every write

	lacks  func() map[feature]bool // probed once
	uplink atomic.Pointer[string]  // the device that EnsureUplink has found good; empty before

	spaces struct {
		sync.Mutex
		open map[string]*space
	}
	index index
	owned owned
}

// New makes a driver for the server with this tag. It opens nothing yet.
func New(tag string, log *slog.Logger) (*Driver, error) {
	if !tagForm.MatchString(tag) {
		return nil, fmt.Errorf("netdev: %q is no tag: up to eight of a-z and 0-9", tag)
	}
	d := &Driver{mark: mark{tag}, log: log, home: plan.HostNamespace}
	d.spaces.open = map[string]*space{}
	d.uplink.Store(new(string))
	d.lacks = sync.OnceValue(d.probe)
	d.index.init()
	return d, nil
}

// Close closes the handles. What was made on the host stays.
func (d *Driver) Close() {
	d.spaces.Lock()
	defer d.spaces.Unlock()
	for name := range d.spaces.open {
		d.forgetLocked(name)
	}
}

// Build is the plane that adds and changes. What is no longer wanted stays until Prune.
type Build struct{ d *Driver }

// Build gives the plane that adds and changes.
func (d *Driver) Build() Build { return Build{d} }

// Name names the plane.
func (b Build) Name() string { return "netdev" }

// Machines names the machines that have a namespace or a link on the host.
func (b Build) Machines(ctx context.Context) ([]plan.MachineID, error) { return b.d.machines(ctx) }

// Run watches namespaces and links for both planes.
func (b Build) Run(ctx context.Context, wake func(plan.MachineID)) error {
	return b.d.watch(ctx, wake)
}

// Apply makes what the plan names. A machine that is gone is left to Prune.
func (b Build) Apply(ctx context.Context, want plan.Machine) (plan.Observed, error) {
	b.d.index.learn(want)
	p := b.d.pass(ctx, want)
	defer p.close()
	if !want.Gone {
		p.build()
	}
	return p.observed(), p.err()
}

// Prune is the plane that removes what bears the machine's mark and is not in its plan.
type Prune struct{ d *Driver }

// Prune gives the plane that removes.
func (d *Driver) Prune() Prune { return Prune{d} }

// Name names the plane.
func (p Prune) Name() string { return "netdev-prune" }

// Machines names the machines that have a namespace or a link on the host.
func (p Prune) Machines(ctx context.Context) ([]plan.MachineID, error) { return p.d.machines(ctx) }

// Run has nothing to do: Build's watches for both.
func (p Prune) Run(ctx context.Context, _ func(plan.MachineID)) error {
	<-ctx.Done()
	return ctx.Err()
}

// Apply removes what the plan no longer names; of a machine that is gone, everything.
func (p Prune) Apply(ctx context.Context, want plan.Machine) (plan.Observed, error) {
	ps := p.d.pass(ctx, want)
	defer ps.close()
	ps.prune()
	return ps.observed(), ps.err()
}
