package netdev

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

var everywhere = netip.MustParsePrefix("0.0.0.0/0")

// routeKey is what the kernel tells routes apart by.
type routeKey struct {
	table  int
	to     netip.Prefix
	metric int
}

func keyOfPlan(r plan.Route) routeKey {
	k := routeKey{r.Table, r.To, r.Metric}
	if k.table == 0 {
		k.table = unix.RT_TABLE_MAIN
	}
	return k
}

func keyOf(r netlink.Route) routeKey {
	k := routeKey{r.Table, prefixOf(r.Dst), r.Priority}
	if r.Dst == nil {
		k.to = everywhere
	}
	return k
}

// textOf and textOfPlan print a route's way, so that two can be compared.
func textOf(r netlink.Route, names map[int]string) string {
	switch r.Type {
	case unix.RTN_BLACKHOLE:
		return "drop"
	case unix.RTN_THROW:
		return "throw"
	}
	var hops []string
	add := func(gw []byte, link int) {
		via, _ := netip.AddrFromSlice(gw)
		hops = append(hops, hopText(via.Unmap(), names[link]))
	}
	for _, h := range r.MultiPath {
		add(h.Gw, h.LinkIndex)
	}
	if len(hops) == 0 {
		add(r.Gw, r.LinkIndex)
	}
	slices.Sort(hops)
	return fmt.Sprint(r.Type, " ", strings.Join(hops, ", "))
}

func textOfPlan(r plan.Route) string {
	switch {
	case len(r.Hops) == 0 && r.Throw:
		return "throw"
	case len(r.Hops) == 0:
		return "drop"
	}
	var hops []string
	for _, h := range r.Hops {
		hops = append(hops, hopText(h.Via, h.Dev))
	}
	slices.Sort(hops)
	return fmt.Sprint(unix.RTN_UNICAST, " ", strings.Join(hops, ", "))
}

func hopText(via netip.Addr, dev string) string {
	if !via.IsValid() {
		return "dev " + dev
	}
	return "via " + via.String() + " dev " + dev
}

// routes lists the IPv4 routes of all tables.
func (s *space) routes() ([]netlink.Route, error) {
	all, err := again(func() ([]netlink.Route, error) {
		return s.nl.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, &host.Error{Op: "read routes", Namespace: s.name, Err: err, Hint: host.Hint(err)}
	}
	return all, nil
}

// routes adds and changes routes. A changed route is replaced in one step. A route
// whose device is missing leaves the others standing.
func (p *pass) routes(ns plan.Namespace) error {
	v, err := p.view(ns.Name)
	if err != nil {
		return err
	}
	all, err := v.s.routes()
	if err != nil {
		return err
	}
	names := v.names()
	have := map[routeKey]netlink.Route{}
	for _, r := range all {
		if _, taken := have[keyOf(r)]; !taken || r.Protocol == protocol {
			have[keyOf(r)] = r
		}
	}
	for _, want := range ns.Routes {
		cur, there := have[keyOfPlan(want)]
		if there && cur.Protocol != protocol {
			p.fail(&host.Error{Op: "add route", Object: want.To.String(), Namespace: ns.Name, Err: errForeign})
			continue
		}
		if !there || textOf(cur, names) != textOfPlan(want) {
			p.fail(p.route(v, want))
		}
	}
	return nil
}

func (p *pass) route(v *view, want plan.Route) error {
	for _, h := range want.Hops {
		if err := p.ensureDevice(v, h.Dev); err != nil {
			return &host.Error{Op: "add route", Object: want.To.String(), Namespace: v.s.name, Err: err, Hint: "its device " + h.Dev + " is not there yet"}
		}
	}
	r, err := netRoute(want, v.links)
	if err != nil {
		return err
	}
	return p.do("set route", want.To.String(), v.s.name, func() error { return v.s.nl.RouteReplace(r) })
}

// ensureDevice looks again for a device that another machine or a daemon makes.
func (p *pass) ensureDevice(v *view, name string) error {
	if v.links[name] != nil {
		return nil
	}
	l, err := v.s.link(name)
	if err != nil {
		return err
	}
	if l == nil {
		p.d.index.miss(p.want.ID, device{v.s.name, name})
		return unix.ENODEV
	}
	v.links[name] = l
	return nil
}

func netRoute(want plan.Route, links map[string]netlink.Link) (*netlink.Route, error) {
	r := &netlink.Route{
		Table: keyOfPlan(want).table, Dst: ipNet(want.To), Priority: want.Metric,
		Protocol: protocol, Type: unix.RTN_UNICAST,
	}
	var hops []*netlink.NexthopInfo
	for _, h := range want.Hops {
		hop := &netlink.NexthopInfo{LinkIndex: links[h.Dev].Attrs().Index}
		if h.Via.IsValid() {
			hop.Gw, hop.Flags = h.Via.AsSlice(), int(netlink.FLAG_ONLINK)
		}
		hops = append(hops, hop)
	}
	switch len(hops) {
	case 0:
		r.Type = unix.RTN_BLACKHOLE
		if want.Throw {
			r.Type = unix.RTN_THROW
		}
	case 1:
		r.LinkIndex, r.Gw, r.Flags = hops[0].LinkIndex, hops[0].Gw, hops[0].Flags
		if r.Gw == nil {
			r.Scope = netlink.SCOPE_LINK
		}
	default:
		r.MultiPath = hops
	}
	return r, nil
}
