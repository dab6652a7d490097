package netdev

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// errForeign is matched by errors about things that others made where ours should be.
var errForeign = errors.New("it is there already and not ours")

// errNoDevice is matched by errors about a device of the host that is not there.
var errNoDevice = fmt.Errorf("no such device in the host's namespace: %w", unix.ENODEV)

// pass is one Apply of one machine. It goes on after an error with everything that does
// not depend on what failed.
type pass struct {
	d     *Driver
	ctx   context.Context
	want  plan.Machine
	alias string

	spaces    map[string]*space
	views     map[string]*view // of the machine's own namespaces
	errs      []error
	facts     []string
	workloads map[string]plan.WorkloadState
}

func (d *Driver) pass(ctx context.Context, want plan.Machine) *pass {
	return &pass{
		d: d, ctx: ctx, want: want, alias: d.mark.alias(want.ID),
		spaces: map[string]*space{}, views: map[string]*view{},
	}
}

func (p *pass) close() {
	for _, s := range p.spaces {
		p.d.done(s)
	}
}

// fail notes an error and says whether there was one.
func (p *pass) fail(err error) bool {
	if err != nil {
		p.errs = append(p.errs, err)
	}
	return err != nil
}

func (p *pass) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("netdev: %s: %w", p.want.ID, errors.Join(p.errs...))
}

func (p *pass) observed() plan.Observed {
	o := plan.Observed{Ready: len(p.errs) == 0, Facts: p.facts, Workloads: p.workloads}
	if p.want.Gone {
		o.Gone = o.Ready
	}
	var causes []string
	for _, err := range p.errs {
		causes = append(causes, err.Error())
	}
	o.Cause = strings.Join(causes, "; ")
	return o
}

// open gives a namespace for the length of the pass.
func (p *pass) open(name string) (*space, error) {
	if s := p.spaces[name]; s != nil {
		return s, nil
	}
	s, err := p.d.open(name)
	if errors.Is(err, host.ErrNoNamespace) {
		p.d.index.miss(p.want.ID, device{namespace: name})
	}
	if err != nil {
		return nil, err
	}
	p.spaces[name] = s
	return s, nil
}

// do is the one way to change something on the host.
func (p *pass) do(op, object, namespace string, fn func() error) error {
	err := p.ctx.Err()
	write := func() error {
		p.d.writes.Add(1)
		return fn()
	}
	switch {
	case err != nil:
	case p.d.fault != nil:
		err = p.d.fault(op, object, namespace, write)
	default:
		err = write()
	}
	if err == nil {
		return nil
	}
	return &host.Error{Op: op, Object: object, Namespace: namespace, Err: err, Hint: host.Hint(err)}
}

// view is what a namespace held when it was looked at.
type view struct {
	s       *space
	links   map[string]netlink.Link
	addrs   map[int][]netip.Prefix
	shapers map[int]netlink.Qdisc // roots, by link
}

func newView(s *space) *view {
	return &view{s: s, links: map[string]netlink.Link{}, addrs: map[int][]netip.Prefix{}, shapers: map[int]netlink.Qdisc{}}
}

// names gives the devices by number.
func (v *view) names() map[int]string {
	out := make(map[int]string, len(v.links))
	for name, l := range v.links {
		out[l.Attrs().Index] = name
	}
	return out
}

// view looks at the links of a namespace, once a pass.
func (p *pass) view(name string) (*view, error) {
	if v := p.views[name]; v != nil {
		return v, nil
	}
	s, err := p.open(name)
	if err != nil {
		return nil, err
	}
	v := newView(s)
	if err := v.read(); err != nil {
		return nil, &host.Error{Op: "read links", Namespace: name, Err: err, Hint: host.Hint(err)}
	}
	p.views[name] = v
	return v, nil
}

// read reads all links. A read that met a change is made again.
func (v *view) read() error {
	links, err := again(v.s.nl.LinkList)
	if err != nil {
		return err
	}
	addrs, err := again(func() ([]netlink.Addr, error) { return v.s.nl.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return err
	}
	qdiscs, err := again(func() ([]netlink.Qdisc, error) { return v.s.nl.QdiscList(nil) })
	if err != nil {
		return err
	}
	for _, l := range links {
		v.links[l.Attrs().Name] = l
	}
	for _, a := range addrs {
		v.addrs[a.LinkIndex] = append(v.addrs[a.LinkIndex], prefixOf(a.IPNet))
	}
	for _, q := range qdiscs {
		if q.Attrs().Parent == netlink.HANDLE_ROOT {
			v.shapers[q.Attrs().LinkIndex] = q
		}
	}
	return nil
}

// readLink reads one link; there may be hundreds beside it.
func (v *view) readLink(l netlink.Link) error {
	index := l.Attrs().Index
	addrs, err := v.s.addresses(index)
	if err != nil {
		return err
	}
	q, err := v.s.shaper(index)
	if err != nil {
		return err
	}
	v.links[l.Attrs().Name], v.addrs[index], v.shapers[index] = l, addrs, q
	return nil
}

// far looks at one link in a namespace that is not wholly the machine's; nil when it is
// not there.
func (p *pass) far(s *space, name string) (*view, netlink.Link, error) {
	v := newView(s)
	l, err := s.link(name)
	if err == nil && l != nil {
		err = v.readLink(l)
	}
	if err != nil {
		return nil, nil, &host.Error{Op: "read link", Object: name, Namespace: s.name, Err: err, Hint: host.Hint(err)}
	}
	return v, l, nil
}

// link finds a link by its name; nil when there is none.
func (s *space) link(name string) (netlink.Link, error) {
	l, err := s.nl.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil, nil
	}
	return l, err
}

// again makes a dump again when the kernel says that it changed meanwhile.
func again[T any](dump func() ([]T, error)) ([]T, error) {
	for range 10 {
		out, err := dump()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			return out, err
		}
	}
	return dump()
}

// ends lists the far ends of the machine's veths, with the links they belong to.
func ends(m plan.Machine) []plan.Link {
	var out []plan.Link
	for _, ns := range m.Namespaces {
		for _, l := range ns.Links {
			if l.Kind == plan.LinkVeth {
				out = append(out, l)
			}
		}
	}
	return out
}

// isOwn says whether a namespace is the machine's.
func (p *pass) isOwn(name string) bool {
	return slices.ContainsFunc(p.want.Namespaces, func(n plan.Namespace) bool { return n.Name == name })
}
