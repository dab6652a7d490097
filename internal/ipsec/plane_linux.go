package ipsec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Plane keeps the IKE daemons of this host. Its methods may be called from any goroutine.
type Plane struct {
	children *host.Children
	key      []byte
	log      *slog.Logger
	dial     dialer
	life     context.Context // of the daemons' goroutines; ends with Run
	end      context.CancelFunc
	wake     atomic.Pointer[func(plan.MachineID)]

	mu      sync.Mutex
	daemons map[string]*daemon
}

// New finds the daemons that an earlier run has left. Nothing is done to them until a
// plan says what is wanted.
func New(children *host.Children, log *slog.Logger) (*Plane, error) {
	key, err := stampKey(children.Path("stamp", ".key"))
	if err != nil {
		return nil, err
	}
	p := &Plane{children: children, key: key, log: log, dial: dialUnix, daemons: map[string]*daemon{}}
	p.life, p.end = context.WithCancel(context.Background())
	all, err := children.All()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if err := p.claim(c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// claim starts the goroutine of a daemon that was found. One of which nobody knows whose
// it is ends: a killed run was about to record it, or was only probing.
func (p *Plane) claim(c *host.Child) error {
	name, ours := daemonName(c.Name)
	r, err := readRecord(p.children.Path(c.Name, endRecord))
	if ours && (err != nil || r.Machine.ID == "") {
		return c.Stop(p.life, stopGrace)
	}
	c.Release() // the goroutine takes it up again
	if ours {
		p.daemon(name, r.Machine)
	}
	return nil
}

// Name is the plane's name.
func (p *Plane) Name() string { return "ipsec" }

// Run wakes machines until ctx ends. The daemons go on.
func (p *Plane) Run(ctx context.Context, wake func(plan.MachineID)) error {
	p.wake.Store(&wake)
	<-ctx.Done()
	p.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.daemons {
		<-d.done
	}
	return nil
}

// Machines names every machine that has a daemon.
func (p *Plane) Machines(context.Context) ([]plan.MachineID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[plan.MachineID]bool{}
	var out []plan.MachineID
	for _, d := range p.daemons {
		if d.machine.ID != "" && !seen[d.machine] {
			seen[d.machine] = true
			out = append(out, d.machine)
		}
	}
	return out, nil
}

// Apply makes the daemons of a machine match its plan, all at the same time.
func (p *Plane) Apply(ctx context.Context, m plan.Machine) (plan.Observed, error) {
	wanted := map[string]*plan.Daemon{}
	if !m.Gone {
		for i := range m.Daemons {
			wanted[m.Daemons[i].Name] = &m.Daemons[i]
		}
	}
	errs := p.each(p.of(m.ID), func(d *daemon) error {
		if wanted[d.name] != nil {
			return nil
		}
		return p.stop(ctx, d)
	})
	var daemons []*daemon
	for name := range wanted {
		daemons = append(daemons, p.daemon(name, m.ID))
	}
	errs = errors.Join(errs, p.each(daemons, func(d *daemon) error { return d.order(ctx, order{want: wanted[d.name]}) }))
	return p.observe(m, errs), errs
}

// each does something to daemons, to all at once.
func (p *Plane) each(daemons []*daemon, do func(*daemon) error) error {
	errs := make([]error, len(daemons))
	var wg sync.WaitGroup
	for i, d := range daemons {
		wg.Go(func() {
			if err := do(d); err != nil {
				errs[i] = fmt.Errorf("IKE daemon %s: %w", d.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// of are the daemons of a machine.
func (p *Plane) of(id plan.MachineID) (out []*daemon) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.daemons {
		if d.machine == id {
			out = append(out, d)
		}
	}
	return out
}

// daemon finds a daemon's goroutine or starts it.
func (p *Plane) daemon(name string, machine plan.MachineID) *daemon {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.daemons[name]; d != nil {
		return d
	}
	d := &daemon{
		name: name, machine: machine, host: p.children, key: p.key, log: p.log, dial: p.dial,
		orders: make(chan order), packets: make(chan flow, 16), done: make(chan struct{}),
		tunnels: map[vpc.ConnectionID]*tunnel{}, strange: map[uint32]*stranger{}, dirty: map[vpc.ConnectionID]bool{},
	}
	d.changed = func() {
		if wake := p.wake.Load(); wake != nil {
			(*wake)(machine)
		}
	}
	p.daemons[name] = d
	go d.run(p.life)
	return d
}

// stop ends a daemon for good.
func (p *Plane) stop(ctx context.Context, d *daemon) error {
	if err := d.order(ctx, order{}); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.daemons, d.name)
	return nil
}

func (d *daemon) order(ctx context.Context, o order) error {
	o.reply = make(chan error, 1)
	select {
	case d.orders <- o:
	case <-d.done:
		return errors.New("the plane has ended")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.reply:
		return err
	case <-d.done:
		select {
		case err := <-o.reply: // it ended because of this order
			return err
		default:
			return errors.New("the plane has ended")
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// observe reads what the daemons of a machine show.
func (p *Plane) observe(m plan.Machine, err error) plan.Observed {
	o := plan.Observed{Ready: err == nil, Tunnels: map[vpc.ConnectionID]plan.TunnelState{}}
	if err != nil {
		o.Cause = err.Error()
	}
	daemons := p.of(m.ID)
	o.Gone = m.Gone && len(daemons) == 0
	for _, d := range daemons {
		d.shown.Lock()
		for id, s := range d.shown.states {
			o.Tunnels[id] = s
		}
		o.Facts = append(o.Facts, d.shown.facts...)
		if d.shown.fault != "" {
			o.Ready, o.Cause = false, d.shown.fault
		}
		d.shown.Unlock()
	}
	return o
}

// Log is what was negotiated for a connection lately, the oldest line first. It starts
// anew with the server.
func (p *Plane) Log(connection vpc.ConnectionID) []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.daemons {
		d.shown.Lock()
		h := d.shown.histories[connection]
		d.shown.Unlock()
		if h != nil {
			return h.all()
		}
	}
	return nil
}

// Measure counts for the connections of a machine now or, when a daemon is busy until
// ctx ends, as of the last half minute.
func (p *Plane) Measure(ctx context.Context, id plan.MachineID) []Measure {
	daemons := p.of(id)
	if err := p.each(daemons, func(d *daemon) error { return d.order(ctx, order{count: true}) }); err != nil {
		p.log.Debug("measure", "machine", id, "error", err)
	}
	var out []Measure
	for _, d := range daemons {
		d.shown.Lock()
		out = append(out, d.shown.measures...)
		d.shown.Unlock()
	}
	return out
}
