package plan

import (
	"net/netip"

	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	ethernetMTU  = 1500
	libipsecMTU  = 1400 // of charon's TUN, whatever the uplink's
	encapsulated = 100  // bytes that ESP in UDP may add with any algorithm
	leastMTU     = 576
)

// innerMTU is what clear packets may measure so that they fit through the uplink when
// they are encrypted.
func (h Host) innerMTU() int {
	up := h.Uplink.MTU
	if up == 0 {
		up = ethernetMTU
	}
	return max(leastMTU, min(libipsecMTU, up-encapsulated))
}

// adopt adds to the gateway's namespace what joins a child to it. The child has the same
// public address; what its peer sends there goes to it before the address is the
// gateway's own, so that no address is translated and the peer sees one gateway.
func (g *gateway) adopt(ns *Namespace, w *wired) {
	ns.Links = append(ns.Links, g.outerLink(w))
	ns.Routes = append(ns.Routes, Route{Table: w.table, To: one(g.Gateway.Public), Hops: []Hop{{childEnd, w.crypted()}}})
	ns.Rules = append(ns.Rules,
		Rule{Priority: preferPeers, In: wanDevice, From: one(w.remote), To: one(g.Gateway.Public), Table: w.table},
		Rule{Priority: preferPeers, In: wanDevice, To: one(g.Gateway.Public), Mark: uint32(w.table), Table: w.table},
		Rule{Priority: preferOuter, In: w.crypted()})
	if !g.inVPC() {
		return
	}
	ns.Links = append(ns.Links, g.innerLink(w))
	ns.Rules = append(ns.Rules, Rule{Priority: preferInside, In: w.clear(), Drop: true})
	if w.routed() {
		return
	}
	ns.Routes = append(ns.Routes, Route{Table: w.table, To: vpc.Everywhere, Hops: []Hop{{childEnd, w.clear()}}})
	for _, r := range w.Row.Policies {
		for _, p := range r.Remotes {
			ns.Rules = append(ns.Rules, Rule{Priority: preferPolicy, In: lanDevice, From: r.Local, To: p, Table: w.table})
		}
	}
}

// outerLink carries what the child's daemon sends and receives. Packets from the child
// have the gateway's own address.
func (g *gateway) outerLink(w *wired) Link {
	return Link{
		Name: w.crypted(), Kind: LinkVeth, MTU: g.Host.Uplink.MTU, Addrs: []netip.Prefix{one(parentEnd)}, AcceptLocal: true,
		Peer: End{Namespace: w.child, Name: wanDevice, MTU: g.Host.Uplink.MTU, Addrs: []netip.Prefix{one(g.Gateway.Public), one(childEnd)}},
	}
}

// innerLink carries clear packets. Its MTU is that of the tunnel, so that the gateway
// says to senders what fits.
func (g *gateway) innerLink(w *wired) Link {
	mtu := g.Host.innerMTU()
	return Link{
		Name: w.clear(), Kind: LinkVeth, MTU: mtu, Addrs: []netip.Prefix{one(parentEnd)},
		Peer: End{Namespace: w.child, Name: lanDevice, MTU: mtu, Addrs: []netip.Prefix{one(childEnd)}},
	}
}

// childNamespace is the namespace of a tunnel with a daemon of its own. Its links are
// ends of the gateway's.
func (g *gateway) childNamespace(w *wired) Namespace {
	ns := Namespace{
		Name: w.child, Forward: true, Firewall: g.childFirewall(w),
		Routes: []Route{{To: vpc.Everywhere, Hops: []Hop{{parentEnd, wanDevice}}}},
		Rules:  []Rule{g.outerRule()},
	}
	if g.inVPC() {
		ns.Routes = append(ns.Routes, g.towardsVPC(parentEnd)...)
		ns.Rules = append(ns.Rules, g.innerRules()...)
	}
	if g.inVPC() && g.Host.Engine == EngineLibipsec {
		ns.Rules = append(ns.Rules, Rule{Priority: preferNone, In: lanDevice, Drop: true})
	}
	g.probed(&ns, w)
	g.anchored(&ns, w)
	sortRules(ns.Rules)
	return ns
}
