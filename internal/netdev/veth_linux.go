package netdev

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// workload notes the state of the attachment that a link is for, if it is for one. What
// the workload lacks, or has in the way, is its state and no error.
func (p *pass) workload(l plan.Link, err error) error {
	if l.Peer.Workload == "" {
		return err
	}
	state := plan.WorkloadState{Ready: err == nil}
	if err != nil {
		state.Cause = err.Error()
	}
	if p.workloads == nil {
		p.workloads = map[string]plan.WorkloadState{}
	}
	p.workloads[l.Peer.Workload] = state
	for _, own := range []error{host.ErrNoNamespace, errForeign, errNoDevice, errBusy} {
		if errors.Is(err, own) {
			return nil
		}
	}
	return err
}

// cable makes a veth and settles both ends.
func (p *pass) cable(v *view, l plan.Link) error {
	fv, f, err := p.farEnd(l.Peer)
	if err != nil {
		return err
	}
	n := v.links[l.Name]
	isNew := n == nil || f == nil || !paired(v.s, n, fv.s, f)
	if isNew {
		if err := p.makeRoom(v, n, fv, f); err != nil {
			return err
		}
		if err := p.addVeth(v, fv, l); err != nil {
			return err
		}
	}
	if err := p.settle(v, v.links[l.Name], near(l)); err != nil {
		return err
	}
	if err := p.settle(fv, fv.links[l.Peer.Name], far(l.Peer)); err != nil {
		return err
	}
	if isNew && l.Peer.Master != "" {
		p.d.announce(v.s.name, v.links[l.Name], l.Addrs)
	}
	if l.Peer.Default.IsValid() {
		return p.defaultRoute(fv, fv.links[l.Peer.Name], l.Peer)
	}
	return nil
}

// farEnd looks at the other end's place, which may be a namespace of the same machine.
func (p *pass) farEnd(e plan.End) (*view, netlink.Link, error) {
	if p.isOwn(e.Namespace) {
		v, err := p.view(e.Namespace)
		if err != nil {
			return nil, nil, err
		}
		return v, v.links[e.Name], nil
	}
	s, err := p.open(e.Namespace)
	if err != nil {
		return nil, nil, err
	}
	return p.far(s, e.Name)
}

// paired says whether two links are the ends of one cable.
func paired(s *space, n netlink.Link, fs *space, f netlink.Link) bool {
	a, b := n.Attrs(), f.Attrs()
	return n.Type() == "veth" && f.Type() == "veth" &&
		a.ParentIndex == b.Index && b.ParentIndex == a.Index && sees(s, n, fs)
}

// makeRoom removes what a former cable left of either end. In a namespace of others only
// what bears this machine's mark is removed.
func (p *pass) makeRoom(v *view, n netlink.Link, fv *view, f netlink.Link) error {
	if f != nil {
		id, ours := p.d.owner(f.Attrs().Alias)
		if (!ours || id != p.want.ID) && !p.isOwn(fv.s.name) {
			return &host.Error{
				Op: "add link", Object: f.Attrs().Name, Namespace: fv.s.name, Err: errForeign,
				Hint: fmt.Sprintf("remove or rename the %s that has this name", f.Type()),
			}
		}
		if err := p.remove(fv, f); err != nil {
			return err
		}
	}
	if n != nil {
		return p.remove(v, n)
	}
	return nil
}

func (p *pass) addVeth(v, fv *view, l plan.Link) error {
	cable := &netlink.Veth{
		LinkAttrs:        p.attrs(v.s, l.Name, l.MTU),
		PeerName:         l.Peer.Name,
		PeerHardwareAddr: p.d.hardware(fv.s.name, l.Peer.Name),
		PeerMTU:          uint32(l.Peer.MTU),
	}
	if v.s != fv.s {
		cable.PeerNamespace = netlink.NsFd(fv.s.fd)
	}
	if err := p.add(v, cable); err != nil {
		return err
	}
	return p.look(fv, l.Peer.Name)
}

// defaultRoute gives a workload its way out, unless it has one of its own.
func (p *pass) defaultRoute(v *view, l netlink.Link, e plan.End) error {
	all, err := v.s.routes()
	if err != nil {
		return err
	}
	want := plan.Route{To: everywhere, Hops: []plan.Hop{{Via: e.Default, Dev: e.Name}}}
	names := map[int]string{l.Attrs().Index: e.Name}
	for _, r := range all {
		if keyOf(r) != keyOfPlan(want) {
			continue
		}
		switch {
		case r.Protocol != protocol:
			return &host.Error{
				Op: "add route", Object: "default", Namespace: v.s.name, Err: errForeign,
				Hint: "the workload has a default route of its own; remove it, or give it a metric",
			}
		case textOf(r, names) == textOfPlan(want):
			return nil
		case r.LinkIndex != l.Attrs().Index: // by another attachment of this namespace
			return &host.Error{
				Op: "add route", Object: "default", Namespace: v.s.name, Err: errForeign,
				Hint: "another attachment gives this namespace its default route",
			}
		}
	}
	r, err := netRoute(want, map[string]netlink.Link{e.Name: l})
	if err != nil {
		return err
	}
	return p.do("set route", "default", v.s.name, func() error { return v.s.nl.RouteReplace(r) })
}

// staleDefault is a workload's route over its own end that is no longer wanted.
func staleDefault(r netlink.Route, l netlink.Link, e plan.End) bool {
	if r.Protocol != protocol || r.LinkIndex != l.Attrs().Index {
		return false
	}
	want := plan.Route{To: everywhere, Hops: []plan.Hop{{Via: e.Default, Dev: e.Name}}}
	return !e.Default.IsValid() || keyOf(r) != keyOfPlan(want) || r.Table != unix.RT_TABLE_MAIN
}
