package netdev

import (
	"net/netip"

	"github.com/vishvananda/netlink"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// proxy is an address that a device answers ARP for.
type proxy struct {
	dev  string
	addr netip.Addr
}

// proxies are the addresses that a rule takes away before the table local: the kernel
// looks along the same rules for whether an ARP request asks for an address of its own,
// and would not answer the neighbours that the rule is for.
func proxies(ns plan.Namespace) map[proxy]bool {
	out := map[proxy]bool{}
	for _, r := range ns.Rules {
		if r.Priority < ns.LocalRule && r.In != "" && r.To.IsSingleIP() {
			out[proxy{r.In, r.To.Addr()}] = true
		}
	}
	return out
}

func (s *space) proxies(names map[int]string) (map[proxy]int, error) {
	all, err := again(func() ([]netlink.Neigh, error) { return s.nl.NeighProxyList(0, netlink.FAMILY_V4) })
	if err != nil {
		return nil, &host.Error{Op: "read proxies", Namespace: s.name, Err: err, Hint: host.Hint(err)}
	}
	out := map[proxy]int{}
	for _, n := range all {
		addr, _ := netip.AddrFromSlice(n.IP)
		out[proxy{names[n.LinkIndex], addr.Unmap()}] = n.LinkIndex
	}
	return out, nil
}

// proxy adds what is missing.
func (p *pass) proxy(ns plan.Namespace) error {
	want := proxies(ns)
	if len(want) == 0 {
		return nil
	}
	v, err := p.view(ns.Name)
	if err != nil {
		return err
	}
	have, err := v.s.proxies(v.names())
	if err != nil {
		return err
	}
	for x := range want {
		if _, there := have[x]; there || v.links[x.dev] == nil {
			continue
		}
		n := x.neighbour(v.links[x.dev].Attrs().Index)
		err := p.do("answer for", x.addr.String()+" on "+x.dev, ns.Name, func() error { return v.s.nl.NeighSet(n) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (x proxy) neighbour(link int) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: link, Family: netlink.FAMILY_V4, Flags: netlink.NTF_PROXY, IP: x.addr.AsSlice()}
}

// pruneProxies removes those of the machine's own links that are not wanted.
func (p *pass) pruneProxies(v *view, ns plan.Namespace) error {
	have, err := v.s.proxies(v.names())
	if err != nil {
		return err
	}
	want := proxies(ns)
	for x, link := range have {
		if l := v.links[x.dev]; want[x] || l == nil || l.Attrs().Alias != p.alias {
			continue
		}
		err := p.do("answer no more for", x.addr.String()+" on "+x.dev, ns.Name, func() error { return v.s.nl.NeighDel(x.neighbour(link)) })
		if err != nil {
			return err
		}
	}
	return nil
}
