package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The tables with a number of their own. Those of children and route tables are hashed.
const (
	tableTunnels = 101 // from the VPC towards tunnels
	tableVPC     = 102 // towards the VPC
	tableClients = 103 // a router's, towards SSL clients
)

// The priorities of rules. Those of charon's user-space engine, at LibipsecTable, lie
// between preferTunnels, which leaves to it what its tunnels carry, and preferNone.
const (
	preferPeers   = 50  // a child's peer, before the public address is the gateway's own
	preferAnchor  = 60  // out of a tunnel, for an address that is a host's and the namespace's own
	preferLocal   = 100 // the table local
	preferOuter   = 110 // what is encrypted
	preferVPC     = 120
	preferDialled = 130 // SSL clients, whose range the table main has while their server runs
	preferInside  = 140 // what came out of a tunnel and is not for the VPC: nothing
	preferPolicy  = 145 // policies that children carry
	preferTunnels = 150
	preferNone    = 300 // what no tunnel took: nothing
)

// destinations are the routes from the VPC towards tunnels: for each range the enabled
// gateway route that is to be used now, or what a policy says. The rest drops.
func (g *gateway) destinations() []Route {
	out := map[netip.Prefix]Route{}
	for _, r := range g.byDestination() {
		out[r[0].Destination] = g.over(r[0].Destination, g.choose(r))
	}
	for _, w := range g.own() {
		for _, p := range remotes(w) {
			out[p] = g.over(p, []*wired{w})
		}
	}
	if _, ok := out[vpc.Everywhere]; !ok {
		out[vpc.Everywhere] = Route{Table: tableTunnels, To: vpc.Everywhere}
	}
	return sorted(out)
}

func sorted(routes map[netip.Prefix]Route) []Route {
	var out []Route
	for _, r := range routes {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Route) int { return comparePrefix(a.To, b.To) })
	return out
}

func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}

// remotes are the ranges behind a connection by policy.
func remotes(w *wired) []netip.Prefix {
	var out []netip.Prefix
	for _, r := range w.Row.Policies {
		out = append(out, r.Remotes...)
	}
	return out
}

// byDestination groups the enabled routes over connections, in the order of their ids.
func (g *gateway) byDestination() map[netip.Prefix][]*vpc.GatewayRoute {
	out := map[netip.Prefix][]*vpc.GatewayRoute{}
	for _, r := range g.Routes {
		if r.Enabled && r.NextHopType == vpc.NextHopConnection {
			out[r.Destination] = append(out[r.Destination], r)
		}
	}
	for _, routes := range out {
		slices.SortFunc(routes, func(a, b *vpc.GatewayRoute) int { return cmp.Compare(a.ID, b.ID) })
	}
	return out
}

// choose returns the connections that carry one destination now: those of the lowest
// priority that are up and healthy. Where none is, those of the lowest priority that are
// down: they drop until they are up, and a tunnel that starts with its first packet
// starts.
func (g *gateway) choose(routes []*vpc.GatewayRoute) []*wired {
	if usable := g.lowest(routes, (*wired).usable); len(usable) > 0 {
		return usable
	}
	return g.lowest(routes, func(w *wired) bool { return !w.Seen.Up })
}

// usable reports whether traffic may be sent to a connection.
func (w *wired) usable() bool { return w.Seen.Up && (!w.Row.Health.Enable || w.Seen.Healthy) }

func (g *gateway) lowest(routes []*vpc.GatewayRoute, ok func(*wired) bool) []*wired {
	var out []*wired
	var best uint8
	for _, r := range routes {
		w := g.tunnelOf(r.NextHop)
		if w == nil || !w.routed() || !ok(w) || len(out) > 0 && r.Priority > best {
			continue
		}
		if r.Priority < best {
			out = nil
		}
		out, best = append(out, w), r.Priority
	}
	return out
}

func (g *gateway) tunnelOf(id string) *wired {
	for _, w := range g.tunnels {
		if w.id == id {
			return w
		}
	}
	return nil
}

// over is the route to a range over connections. Children share flows between them; the
// gateway's own daemon is asked only where no child carries the range.
func (g *gateway) over(to netip.Prefix, via []*wired) Route {
	r := Route{Table: tableTunnels, To: to}
	for _, w := range via {
		if w.child != "" {
			r.Hops = append(r.Hops, Hop{childEnd, w.clear()})
		}
	}
	if len(via) == 0 || len(r.Hops) > 0 {
		return r
	}
	if g.Host.Engine == EngineKernel {
		r.Hops = g.outward()
	}
	r.Throw = g.Host.Engine == EngineLibipsec
	return r
}

// outward is the way to the internet.
func (g *gateway) outward() []Hop {
	if up := g.Host.Uplink.Router; up.IsValid() {
		return []Hop{{up, wanDevice}}
	}
	return []Hop{{Dev: wanDevice}}
}

// towardsVPC are the routes to the VPC's ranges over the near device.
func (g *gateway) towardsVPC(via netip.Addr) []Route {
	out := []Route{{Table: tableVPC, To: vpc.Everywhere}}
	for _, p := range g.ranges() {
		out = append(out, Route{Table: tableVPC, To: p, Hops: []Hop{{via, lanDevice}}})
	}
	return out
}
