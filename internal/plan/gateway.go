package plan

import (
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// gateway is a gateway's machine while it is worked out.
type gateway struct {
	GatewaySnapshot
	tables  tables
	tunnels []*wired // that there will be, in the order of their ids
	refused []Refusal
}

// CompileGateway works out the machine of one gateway: its namespace, a child for each
// tunnel that cannot share its daemon, and nothing in clear between the VPC and the
// internet side.
func CompileGateway(s GatewaySnapshot) Machine {
	m := Machine{ID: GatewayMachine(s.ID)}
	if s.Gateway == nil {
		m.Gone = true
		return m
	}
	m.Generation = s.Gateway.Generation
	if s.Gateway.Deleted != 0 {
		m.Gone = true
		return m
	}
	g := &gateway{GatewaySnapshot: s, tables: tables{}}
	g.wire()
	m.Refused = g.refused
	if g.inVPC() {
		m.Needs = []MachineID{RouterMachine(s.Gateway.VPC)}
	}
	m.Namespaces = []Namespace{g.namespace()}
	m.SSLServers = g.sslServers()
	m.Until = certificateDue(m.SSLServers, g.Now)
	if own := g.own(); len(own) > 0 {
		m.Daemons = append(m.Daemons, g.daemon(string(s.ID), g.home(), own...))
	}
	for _, w := range g.tunnels {
		home := g.home()
		if w.child != "" {
			home = w.child
			m.Namespaces = append(m.Namespaces, g.childNamespace(w))
			m.Daemons = append(m.Daemons, g.daemon(w.id, w.child, w))
		}
		m.Probes = append(m.Probes, w.probe(home)...)
	}
	return m
}

// home is the gateway's own namespace.
func (g *gateway) home() string { return g.Host.namespace(string(g.ID)) }

// inVPC reports whether the gateway stands in a VPC.
func (g *gateway) inVPC() bool { return !g.Gateway.Type.CCN() && g.Gateway.VPC != "" }

// ranges are where packets out of tunnels may go.
func (g *gateway) ranges() []netip.Prefix {
	if !g.inVPC() {
		return nil
	}
	out := slices.Clone(g.Ranges)
	slices.SortFunc(out, comparePrefix)
	return out
}

// isolated reports whether the gateway is held back because it is not paid for.
func (g *gateway) isolated() bool {
	return g.Account != nil && vpc.RestrictState(g.Gateway, g.Account) == vpc.Restricted
}

// shut reports whether nothing may pass.
func (g *gateway) shut() bool { return g.Gateway.Blocked || g.isolated() }

// own are the tunnels that share the gateway's own daemon.
func (g *gateway) own() []*wired { return g.placed(false) }

// parted are the tunnels with a child of their own.
func (g *gateway) parted() []*wired { return g.placed(true) }

func (g *gateway) placed(child bool) []*wired {
	var out []*wired
	for _, w := range g.tunnels {
		if (w.child != "") == child {
			out = append(out, w)
		}
	}
	return out
}

// namespace is the gateway's own namespace.
func (g *gateway) namespace() Namespace {
	ns := Namespace{Name: g.home(), Forward: true, LocalRule: preferLocal, Links: []Link{g.wan()}, Firewall: g.firewall()}
	if g.Host.Uplink.Router.IsValid() {
		ns.Routes = append(ns.Routes, Route{To: vpc.Everywhere, Hops: g.outward()})
	}
	ns.Rules = append(ns.Rules, g.outerRule())
	if g.inVPC() {
		ns.Links = append(ns.Links, g.lan())
		ns.Routes = append(ns.Routes, g.destinations()...)
		ns.Routes = append(ns.Routes, g.towardsVPC(routerEnd)...)
		ns.Rules = append(ns.Rules, g.innerRules()...)
		ns.Rules = append(ns.Rules, Rule{Priority: preferTunnels, In: lanDevice, Table: tableTunnels}, Rule{Priority: preferNone, In: lanDevice, Drop: true})
	}
	for _, s := range g.dialled() {
		ns.Rules = append(ns.Rules, Rule{Priority: preferDialled, To: s.Row.Remote})
	}
	for _, w := range g.own() {
		g.probed(&ns, w)
	}
	for _, w := range g.parted() {
		g.adopt(&ns, w)
	}
	g.anchored(&ns, g.own()...)
	sortRules(ns.Rules)
	return ns
}

// wan is the link to the internet side.
func (g *gateway) wan() Link {
	up := g.Host.Uplink
	l := Link{Name: wanDevice, Kind: LinkVeth, MTU: up.MTU, Addrs: []netip.Prefix{g.public()}}
	if up.Kind == UplinkInterface {
		l.Kind, l.Parent = LinkMacvlan, up.Device
		return l
	}
	l.Peer = End{Namespace: HostNamespace, Name: device("gwu", string(g.ID)), Master: up.Device, MTU: up.MTU}
	return l
}

// public is the gateway's address with the mask of the uplink's network, or alone when
// it is not of that network.
func (g *gateway) public() netip.Prefix {
	if p := g.Host.Uplink.Prefix; p.IsValid() && p.Contains(g.Gateway.Public) {
		return netip.PrefixFrom(g.Gateway.Public, p.Bits())
	}
	return one(g.Gateway.Public)
}

// lan is the link to the VPC's router, where the traffic of all tunnels is clear and
// together: each end holds what leaves through it to the gateway's bandwidth.
func (g *gateway) lan() Link {
	shape := ShapeFor(g.Gateway.Bandwidth)
	return Link{
		Name: lanDevice, Kind: LinkVeth, Addrs: []netip.Prefix{one(gatewayEnd)}, Shape: shape,
		Peer: End{
			Namespace: g.Host.namespace(string(g.Gateway.VPC)), Name: device("gw", string(g.ID)),
			Addrs: []netip.Prefix{one(routerEnd)}, Shape: shape,
		},
	}
}

// outerRule sends what daemons send by the table main, whatever they have put into
// tables of theirs.
func (g *gateway) outerRule() Rule {
	return Rule{Priority: preferOuter, In: loopback, From: one(g.Gateway.Public)}
}

// innerRules send what came out of tunnels to the VPC or nowhere.
func (g *gateway) innerRules() []Rule {
	var out []Rule
	for _, p := range g.ranges() {
		out = append(out, Rule{Priority: preferVPC, To: p, Table: tableVPC})
	}
	if g.Host.Engine == EngineKernel {
		return append(out, Rule{Priority: preferInside, Mark: decrypted, Drop: true})
	}
	return append(out, Rule{Priority: preferInside, In: LibipsecDevice, Drop: true})
}

// probed lets a namespace be an end of a connection's health check. While the user-space
// engine has no tunnel for them, probes drop; the kernel's takes them at the way out.
func (g *gateway) probed(ns *Namespace, w *wired) {
	for _, p := range w.probe(ns.Name) {
		ns.Loopback = append(ns.Loopback, one(p.Local))
		if g.Host.Engine == EngineLibipsec {
			ns.Rules = append(ns.Rules, Rule{Priority: preferNone, In: loopback, From: one(p.Local), Drop: true})
		}
	}
	if w.Row.BGP != nil {
		ns.Loopback = append(ns.Loopback, one(w.Row.BGP.Local))
	}
}

func sortRules(rules []Rule) {
	slices.SortStableFunc(rules, func(a, b Rule) int { return a.Priority - b.Priority })
}
