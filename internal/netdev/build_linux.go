package netdev

import (
	"errors"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// build makes what the plan names. Firewalls come before the links that they guard.
func (p *pass) build() {
	var made []plan.Namespace
	for _, ns := range p.want.Namespaces {
		if !p.fail(p.namespace(ns)) && !p.fail(p.firewall(ns)) {
			made = append(made, ns)
		}
	}
	for _, ns := range made {
		for _, l := range bridgesFirst(ns.Links) {
			p.fail(p.link(ns.Name, l))
		}
	}
	for _, ns := range made {
		p.fail(p.sysctls(ns))
		p.fail(p.proxy(ns))
		p.fail(p.routes(ns))
		p.fail(p.rules(ns))
	}
}

func bridgesFirst(links []plan.Link) []plan.Link {
	out := slices.Clone(links)
	slices.SortStableFunc(out, func(a, b plan.Link) int {
		switch {
		case a.Kind == b.Kind || a.Kind != plan.LinkBridge && b.Kind != plan.LinkBridge:
			return 0
		case a.Kind == plan.LinkBridge:
			return -1
		}
		return 1
	})
	return out
}

// namespace makes a namespace of the machine, or adopts it, and settles its lo.
func (p *pass) namespace(ns plan.Namespace) error {
	if !strings.HasPrefix(ns.Name, p.d.prefix()) {
		return &host.Error{Op: "create", Object: "namespace " + ns.Name, Err: errors.New("the name lacks this server's prefix " + p.d.prefix())}
	}
	if !host.NamespaceExists(ns.Name) {
		err := p.do("create namespace", ns.Name, "", func() error {
			return host.CreateNamespace(ns.Name, ns.Forward, func() error {
				return netlink.LinkSetAlias(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: 1}}, p.alias)
			})
		})
		if err != nil {
			return err
		}
	}
	p.d.owned.add(p.want.ID, ns.Name)
	v, err := p.view(ns.Name)
	if err != nil {
		return err
	}
	lo := v.links["lo"]
	if id, ok := p.d.owner(lo.Attrs().Alias); ok && id != p.want.ID {
		return &host.Error{Op: "adopt", Object: "namespace " + ns.Name, Err: errForeign, Hint: "it is marked as part of " + id.String()}
	}
	return p.settle(v, lo, settings{addrs: ns.Loopback})
}

// sysctls sets what the namespace and its links need. Changing forwarding resets
// others, so it looks again after writing.
func (p *pass) sysctls(ns plan.Namespace) error {
	all := host.NamespaceSysctls(ns.Forward)
	v, err := p.view(ns.Name)
	if err != nil {
		return err
	}
	for _, l := range ns.Links {
		if v.links[l.Name] != nil {
			all = append(all, acceptLocal(l.Name, l.AcceptLocal))
		}
	}
	for x := range proxies(ns) {
		if v.links[x.dev] != nil { // a neighbour would else wait for up to 0.8 s
			all = append(all, host.Sysctl{Path: "net/ipv4/neigh/" + x.dev + "/proxy_delay", Value: "0"})
		}
	}
	for range 3 {
		var differ []host.Sysctl
		err := host.In(ns.Name, func() (err error) { differ, err = host.DifferingSysctls(all); return err })
		if err == nil && len(differ) > 0 {
			err = p.do("set sysctls", differ[0].Path, ns.Name, func() error {
				return host.In(ns.Name, func() error { return host.WriteSysctls(differ) })
			})
		}
		if err != nil || len(differ) == 0 {
			return err
		}
	}
	return nil
}

func acceptLocal(dev string, on bool) host.Sysctl {
	s := host.Sysctl{Path: "net/ipv4/conf/" + dev + "/accept_local", Value: "0"}
	if on {
		s.Value = "1"
	}
	return s
}
