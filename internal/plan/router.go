package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The priorities of a router's rules.
const (
	preferSubnets = 1000 // the VPC's own subnets, which the table main holds and nothing else
	preferClients = 1500 // the client ranges of the VPC's SSL servers
	preferTable   = 2000 // the route table of the subnet that a packet comes from
	preferNothing = 3000
)

// router is a VPC's router while it is worked out.
type router struct {
	RouterSnapshot
	numbers map[vpc.RouteTableID]int
}

// CompileRouter works out the machine that joins a VPC's subnets and the gateways of
// this host. Gateways make their links to it themselves.
func CompileRouter(s RouterSnapshot) Machine {
	m := Machine{ID: RouterMachine(s.ID)}
	if s.VPC == nil {
		m.Gone = true
		return m
	}
	r := &router{RouterSnapshot: s, numbers: map[vpc.RouteTableID]int{}}
	r.Subnets = byID(s.Subnets, func(n *vpc.Subnet) vpc.SubnetID { return n.ID })
	r.Tables = byID(s.Tables, func(t *vpc.RouteTable) vpc.RouteTableID { return t.ID })
	r.Workloads = byID(s.Workloads, func(w *vpc.Workload) vpc.WorkloadID { return w.ID })
	given := tables{}
	for _, t := range r.Tables {
		r.numbers[t.ID] = given.of(string(t.ID))
	}
	m.Namespaces = []Namespace{r.namespace()}
	return m
}

// byID returns the rows in the order of their ids.
func byID[R any, K cmp.Ordered](rows []R, id func(R) K) []R {
	return slices.SortedFunc(slices.Values(rows), func(a, b R) int { return cmp.Compare(id(a), id(b)) })
}

func (r *router) namespace() Namespace {
	ns := Namespace{
		Name: r.Host.namespace(string(r.ID)), Forward: true, Firewall: routerFirewall,
		Rules: []Rule{{Priority: preferSubnets}, {Priority: preferNothing, Drop: true}},
	}
	for _, s := range r.Subnets {
		ns.Links = append(ns.Links, Link{Name: bridgeOf(s.ID), Kind: LinkBridge, Addrs: []netip.Prefix{firstOf(s)}})
		if n, ok := r.numbers[s.RouteTable]; ok {
			ns.Rules = append(ns.Rules,
				Rule{Priority: preferTable, In: bridgeOf(s.ID), Table: n},
				Rule{Priority: preferTable, In: loopback, From: one(firstOf(s).Addr()), Table: n})
		}
	}
	r.clients(&ns)
	for _, w := range r.Workloads {
		if port, ok := r.port(w); ok {
			ns.Links = append(ns.Links, port)
		}
	}
	for _, t := range r.Tables {
		ns.Routes = append(ns.Routes, r.routes(t)...)
	}
	sortRules(ns.Rules)
	return ns
}

// bridgeOf is the device of a subnet.
func bridgeOf(id vpc.SubnetID) string { return device("sn", string(id)) }

// firstOf is the address that a subnet's router has in it.
func firstOf(s *vpc.Subnet) netip.Prefix {
	return netip.PrefixFrom(s.CIDR.Masked().Addr().Next(), s.CIDR.Bits())
}

// port joins a workload to its subnet's bridge.
func (r *router) port(w *vpc.Workload) (Link, bool) {
	i := slices.IndexFunc(r.Subnets, func(s *vpc.Subnet) bool { return s.ID == w.Subnet })
	if i < 0 || w.Deleted != 0 {
		return Link{}, false
	}
	s := r.Subnets[i]
	if w.Device != "" {
		return Link{Name: w.Device, Kind: LinkMoved, Parent: w.Device, Master: bridgeOf(s.ID), Peer: End{Workload: string(w.ID)}}, true
	}
	return Link{
		Name: device("at", string(w.ID)), Kind: LinkVeth, Master: bridgeOf(s.ID),
		Peer: End{
			Namespace: w.Namespace, Name: WorkloadInterface(w.ID), Workload: string(w.ID),
			Addrs: []netip.Prefix{netip.PrefixFrom(w.Address, s.CIDR.Bits())}, Default: firstOf(s).Addr(),
		},
	}, true
}

// routes are those of one route table: a route to a gateway that is ready goes over its
// link; one to a gateway that is gone, elsewhere or not ready drops, and so does what no
// route names.
func (r *router) routes(t *vpc.RouteTable) []Route {
	n := r.numbers[t.ID]
	out := map[netip.Prefix]Route{vpc.Everywhere: {Table: n, To: vpc.Everywhere}}
	for _, route := range t.Routes {
		if route.Disabled || !route.Destination.Addr().Is4() {
			continue
		}
		way := Route{Table: n, To: route.Destination}
		if route.GatewayType == vpc.HopVPN && r.ready(route.Gateway) {
			way.Hops = []Hop{{gatewayEnd, device("gw", route.Gateway)}}
		}
		out[route.Destination] = way
	}
	return sorted(out)
}

// clients routes the client ranges of SSL servers back to their gateways, whatever the
// route tables say; where a gateway is not ready it drops.
func (r *router) clients(ns *Namespace) {
	for _, p := range r.Pools {
		way := Route{Table: tableClients, To: p.Range}
		if r.ready(string(p.Gateway)) {
			way.Hops = []Hop{{gatewayEnd, device("gw", string(p.Gateway))}}
		}
		ns.Routes = append(ns.Routes, way)
		ns.Rules = append(ns.Rules, Rule{Priority: preferClients, To: p.Range, Table: tableClients})
	}
}

func (r *router) ready(id string) bool {
	return slices.ContainsFunc(r.Gateways, func(p GatewayPort) bool { return string(p.ID) == id && p.Ready })
}

// routerFirewall lets subnets talk to each other and to gateways, and gateways to
// subnets; to the router itself it lets pings.
var routerFirewall = Firewall{[]Chain{
	{Hook: HookInput, Rules: []Filter{Filter{}.from(loopback), icmp.from(anySubnet), icmp.from(anyGateway)}},
	{Hook: HookForward, Rules: []Filter{between(anySubnet, anySubnet), between(anySubnet, anyGateway), between(anyGateway, anySubnet)}},
	{Hook: HookOutput, Rules: []Filter{Filter{}.to(loopback), icmp.to(anySubnet), icmp.to(anyGateway)}},
}}
