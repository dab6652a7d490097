package sslvpn

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// openVPN is the program.
const openVPN = "/usr/sbin/openvpn"

// childName is what the process of a server is called among the children.
func childName(id vpc.SSLServerID) string { return "openvpn-" + string(id) }

// Plane keeps the OpenVPN servers of this host. Its methods may be called from any
// goroutine.
type Plane struct {
	children *host.Children
	log      *slog.Logger
	program  string                    // OpenVPN
	brittle  func(change string) error // of tests: makes a change of the host fail; nil elsewhere
	wake     atomic.Pointer[func(plan.MachineID)]

	mu      sync.Mutex
	servers map[vpc.SSLServerID]*server
}

// New finds the processes that an earlier run has left. Nothing is done to them until a
// plan says what is wanted.
func New(children *host.Children, log *slog.Logger) (*Plane, error) {
	p := &Plane{children: children, log: log, program: openVPN, servers: map[vpc.SSLServerID]*server{}}
	all, err := children.All()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		id, ours := strings.CutPrefix(c.Name, childName(""))
		if !ours {
			c.Release()
			continue
		}
		p.found(vpc.SSLServerID(id)).child = c
	}
	return p, p.findFiles()
}

// found makes the entry of a server that an earlier run has left.
func (p *Plane) found(id vpc.SSLServerID) *server {
	machine := plan.GatewayMachine(vpc.GatewayID(id)) // names no gateway: without a note it goes
	if note, err := os.ReadFile(p.children.Path(childName(id), endMachine)); err == nil && vpc.PrefixGateway.Match(string(note)) {
		machine = plan.GatewayMachine(vpc.GatewayID(note))
	}
	return p.server(id, machine)
}

// findFiles finds servers of which only files are left: their process ended while no
// program was there.
func (p *Plane) findFiles() error {
	notes, err := filepath.Glob(p.children.Path(childName("*"), endMachine))
	for _, path := range notes {
		id := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), childName("")), endMachine)
		if p.servers[vpc.SSLServerID(id)] == nil {
			p.found(vpc.SSLServerID(id))
		}
	}
	return err
}

// Name is the plane's name.
func (p *Plane) Name() string { return "sslvpn" }

// server finds or makes the entry of a server.
func (p *Plane) server(id vpc.SSLServerID, machine plan.MachineID) *server {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.servers[id]
	if !ok {
		s = &server{id: id, log: p.log, children: p.children, program: p.program, brittle: p.brittle, sessions: map[uint64]Session{}, coming: map[uint64]Session{}, answered: make(chan struct{}), tally: newTally()}
		s.socket, s.notes = p.children.Path(childName(id), endSocket), p.children.Path(childName(id), endNotes)
		s.wake = func() { p.call(*s.machine.Load()) }
		p.servers[id] = s
	}
	s.machine.Store(&machine)
	return s
}

func (p *Plane) call(id plan.MachineID) {
	if wake := p.wake.Load(); wake != nil {
		(*wake)(id)
	}
}

// Run wakes machines until ctx ends. The servers go on.
func (p *Plane) Run(ctx context.Context, wake func(plan.MachineID)) error {
	p.wake.Store(&wake)
	<-ctx.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.servers {
		s.leave()
	}
	return nil
}

// Machines names every machine that has a server.
func (p *Plane) Machines(context.Context) ([]plan.MachineID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[plan.MachineID]bool{}
	var out []plan.MachineID
	for _, s := range p.servers {
		if machine := *s.machine.Load(); !seen[machine] {
			seen[machine] = true
			out = append(out, machine)
		}
	}
	return out, nil
}

// Apply makes the servers of a machine match its plan.
func (p *Plane) Apply(ctx context.Context, m plan.Machine) (plan.Observed, error) {
	out := plan.Observed{SSLServers: map[string]plan.SSLServerState{}}
	wanted := map[vpc.SSLServerID]bool{}
	var errs error
	if !m.Gone {
		for _, want := range m.SSLServers {
			want.Clients, want.Invalid = slices.Clone(want.Clients), slices.Clone(want.Invalid) // the server's own goroutine looks at it long after
			wanted[want.ID] = true
			s := p.server(want.ID, m.ID)
			if err := s.apply(ctx, &want); err != nil {
				errs = errors.Join(errs, err)
				out.SSLServers[string(want.ID)] = plan.SSLServerState{Cause: err.Error()}
				continue
			}
			state, fact := s.state()
			out.SSLServers[string(want.ID)], out.Facts = state, append(out.Facts, fact)
		}
	}
	errs = errors.Join(errs, p.remove(ctx, m.ID, wanted))
	return p.observed(m, out, errs), errs
}

func (p *Plane) observed(m plan.Machine, out plan.Observed, errs error) plan.Observed {
	out.Ready = errs == nil
	if errs != nil {
		out.Cause = errs.Error()
	}
	for id, s := range out.SSLServers {
		if !s.Ready {
			out.Ready, out.Cause = false, "SSL server "+id+": "+s.Cause
		}
	}
	out.Gone = errs == nil && m.Gone
	return out
}

// remove ends the servers of a machine that are not wanted.
func (p *Plane) remove(ctx context.Context, id plan.MachineID, wanted map[vpc.SSLServerID]bool) error {
	p.mu.Lock()
	var gone []*server
	for _, s := range p.servers {
		if *s.machine.Load() == id && !wanted[s.id] {
			gone = append(gone, s)
		}
	}
	p.mu.Unlock()
	var errs error
	for _, s := range gone {
		if err := errors.Join(s.halt(ctx), s.removeFiles(logEndings)); err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		p.mu.Lock()
		delete(p.servers, s.id)
		p.mu.Unlock()
	}
	return errs
}

// Sessions are the connected clients of a server, and how many were refused, by reason;
// false when this host has no such server.
func (p *Plane) Sessions(id vpc.SSLServerID) (sessions []Session, refusals map[string]int, ok bool) {
	p.mu.Lock()
	s, ok := p.servers[id]
	p.mu.Unlock()
	if !ok {
		return nil, nil, false
	}
	sessions, refusals = s.view()
	return sessions, refusals, true
}

// Invalid are the clients of a server that may not come in because of the times of their
// certificates.
func (p *Plane) Invalid(id vpc.SSLServerID) []plan.SSLClient {
	p.mu.Lock()
	s, ok := p.servers[id]
	p.mu.Unlock()
	if !ok {
		return nil
	}
	return s.invalid()
}

// Counts are what every server of this host has counted.
func (p *Plane) Counts() map[vpc.SSLServerID]Count {
	p.mu.Lock()
	servers := slices.Collect(maps.Values(p.servers))
	p.mu.Unlock()
	out := map[vpc.SSLServerID]Count{}
	for _, s := range servers {
		out[s.id] = s.count()
	}
	return out
}
