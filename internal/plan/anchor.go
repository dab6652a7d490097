package plan

import (
	"net/netip"
	"slices"
)

// localhost is an address of every namespace's own.
var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// anchored gives a namespace an address in each local range of its tunnels: without one
// charon's user-space engine installs no CHILD_SA. It is the first of the range, which
// is a host's own only where the range is that host alone; so what comes out of a tunnel
// for it goes to the VPC before the table local is asked, and packets from it are taken.
// Where there is no VPC it goes nowhere.
func (g *gateway) anchored(ns *Namespace, tunnels ...*wired) {
	if g.Host.Engine != EngineLibipsec {
		return
	}
	way := Rule{Priority: preferAnchor, In: LibipsecDevice, Table: tableVPC}
	if !g.inVPC() {
		way = Rule{Priority: preferAnchor, In: LibipsecDevice, Drop: true}
	}
	for _, w := range tunnels {
		for _, c := range w.children() {
			for _, p := range c.Local {
				ns.anchor(p, way)
			}
		}
	}
}

func (ns *Namespace) anchor(p netip.Prefix, way Rule) {
	at := one(p.Masked().Addr())
	if p.Contains(localhost) || slices.Contains(ns.Loopback, at) {
		return
	}
	ns.Loopback, ns.LocalRule = append(ns.Loopback, at), preferLocal
	way.To = at
	ns.Rules = append(ns.Rules, way)
	for i := range ns.Links {
		if ns.Links[i].Name == lanDevice {
			ns.Links[i].AcceptLocal = true
		}
	}
}
