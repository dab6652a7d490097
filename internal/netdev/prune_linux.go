package netdev

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// prune removes what the plan no longer names.
func (p *pass) prune() {
	owned, err := p.ownedNamespaces()
	if p.fail(err) {
		return
	}
	for _, ns := range p.want.Namespaces {
		if !p.want.Gone && host.NamespaceExists(ns.Name) {
			p.fail(p.pruneNamespace(ns))
		}
	}
	for _, l := range ends(p.want) {
		if !p.want.Gone && !p.isOwn(l.Peer.Namespace) {
			p.fail(p.pruneEnd(l))
		}
	}
	for _, name := range owned {
		if p.want.Gone || !p.isOwn(name) {
			p.fail(p.demolish(name))
		}
	}
	p.fail(p.pruneHome())
}

// ownedNamespaces lists the machine's namespaces. Of a machine that is gone all names
// are looked at anew; else those that were found at the start, and made since.
func (p *pass) ownedNamespaces() ([]string, error) {
	if p.want.Gone {
		if err := p.d.scan(p.ctx); err != nil {
			return nil, err
		}
	} else if err := p.d.scanOnce(p.ctx); err != nil {
		return nil, err
	}
	return p.d.owned.of(p.want.ID), nil
}

func (p *pass) pruneNamespace(ns plan.Namespace) error {
	v, err := p.view(ns.Name)
	if err != nil {
		return err
	}
	if err := p.pruneRules(v.s, ns); err != nil {
		return err
	}
	if err := p.pruneRoutes(v.s, ns); err != nil {
		return err
	}
	if err := p.pruneProxies(v, ns); err != nil {
		return err
	}
	wanted := map[string][]netip.Prefix{"lo": append(slices.Clone(ns.Loopback), loopback)}
	for _, l := range ns.Links {
		wanted[l.Name] = l.Addrs
	}
	for _, l := range p.want.Namespaces {
		for _, l := range l.Links {
			if l.Kind == plan.LinkVeth && l.Peer.Namespace == ns.Name {
				wanted[l.Peer.Name] = l.Peer.Addrs
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.links)) {
		l := v.links[name]
		id, ours := p.d.owner(l.Attrs().Alias)
		if !ours || id != p.want.ID {
			continue // a daemon's, or the end of another machine's cable
		}
		addrs, keep := wanted[name]
		if keep {
			err = p.pruneAddresses(v, l, addrs)
		} else {
			err = p.remove(v, l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var loopback = netip.MustParsePrefix("127.0.0.1/8")

func (p *pass) pruneRules(s *space, ns plan.Namespace) error {
	all, err := s.rules()
	if err != nil {
		return err
	}
	want := wantedRules(ns)
	for _, r := range all {
		if r.Protocol != protocol || want[ruleOf(r)] {
			continue
		}
		err := p.do("delete rule", r.IifName, ns.Name, func() error { return s.nl.RuleDel(ruleOf(r).netlink()) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) pruneRoutes(s *space, ns plan.Namespace) error {
	all, err := s.routes()
	if err != nil {
		return err
	}
	want := map[routeKey]bool{}
	for _, r := range ns.Routes {
		want[keyOfPlan(r)] = true
	}
	for _, r := range all {
		if r.Protocol != protocol || want[keyOf(r)] {
			continue
		}
		if err := p.deleteRoute(s, r); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) deleteRoute(s *space, r netlink.Route) error {
	k := keyOf(r)
	gone := &netlink.Route{
		Table: k.table, Dst: ipNet(k.to), Priority: k.metric,
		Protocol: protocol, Type: r.Type, Scope: r.Scope, LinkIndex: r.LinkIndex,
	}
	return p.do("delete route", k.to.String(), s.name, func() error { return s.nl.RouteDel(gone) })
}

func (p *pass) pruneAddresses(v *view, l netlink.Link, want []netip.Prefix) error {
	for _, a := range v.addrs[l.Attrs().Index] {
		if slices.Contains(want, a) {
			continue
		}
		err := p.do("delete address", a.String()+" of "+l.Attrs().Name, v.s.name, func() error {
			return v.s.nl.AddrDel(l, &netlink.Addr{IPNet: ipNet(a)})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pruneEnd looks after a far end in a namespace of others.
func (p *pass) pruneEnd(l plan.Link) error {
	s, err := p.open(l.Peer.Namespace)
	if err != nil {
		return nil // a namespace that is absent has nothing to prune
	}
	v, f, err := p.far(s, l.Peer.Name)
	if err != nil || f == nil || f.Attrs().Alias != p.alias {
		return err
	}
	if l.Peer.Workload != "" {
		all, err := s.routes()
		if err != nil {
			return err
		}
		for _, r := range all {
			if staleDefault(r, f, l.Peer) {
				if err := p.deleteRoute(s, r); err != nil {
					return err
				}
			}
		}
	}
	return p.pruneAddresses(v, f, l.Peer.Addrs)
}

// demolish takes a namespace apart: guests go home, cables go while both ends can still
// be seen to go, then the name.
func (p *pass) demolish(name string) error {
	if host.NamespaceExists(name) {
		v, err := p.view(name)
		if err != nil {
			return err
		}
		for _, l := range slices.Collect(maps.Values(v.links)) {
			_, guest := p.d.origin(l.Attrs().Alias)
			if guest || l.Type() == "veth" || l.Type() == "macvlan" {
				if err := p.remove(v, l); err != nil {
					return err
				}
			}
		}
	}
	err := p.do("delete namespace", name, "", func() error { return host.DeleteNamespace(name) })
	if err != nil {
		return err
	}
	delete(p.views, name)
	p.d.forget(name)
	p.d.owned.remove(p.want.ID, name)
	return nil
}

// pruneHome removes what the host's namespace has of the machine and the plan does not
// name: ends of cables whose other end has lost its name, devices on their way.
func (p *pass) pruneHome() error {
	strays := p.d.owned.strays(p.want.ID)
	if len(strays) == 0 {
		return nil
	}
	wanted := map[string]bool{}
	for _, l := range ends(p.want) {
		wanted[l.Peer.Name] = !p.want.Gone && l.Peer.Namespace == plan.HostNamespace
	}
	home, err := p.open(plan.HostNamespace)
	if err != nil {
		return err
	}
	for _, name := range strays {
		if wanted[name] {
			continue
		}
		if err := p.pruneStray(home, name); err != nil {
			return err
		}
	}
	p.d.owned.clearStrays(p.want.ID)
	return nil
}

func (p *pass) pruneStray(home *space, name string) error {
	l, err := home.link(name)
	if err != nil || l == nil {
		return err
	}
	if id, ours := p.d.owner(l.Attrs().Alias); !ours || id != p.want.ID {
		return nil
	}
	if o, moved := p.d.origin(l.Attrs().Alias); moved {
		return p.unmark(home, l, o)
	}
	return p.do("delete link", name, "", func() error {
		if err := home.nl.LinkDel(l); err != unix.ENODEV {
			return err
		}
		return nil
	})
}
