package control

import (
	"context"
	"maps"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// GatewayStanding is how one gateway stands, for the operator.
type GatewayStanding struct {
	ID      vpc.GatewayID `json:"id"`
	Name    string        `json:"name"`
	Account vpc.AccountID `json:"account"`
	Public  string        `json:"public"`
	Host    vpc.HostName  `json:"host"`
	State   vpc.State     `json:"state"`
	Cause   string        `json:"cause,omitempty"` // why it does not stand
}

// TunnelStanding is how one connection stands, for the operator.
type TunnelStanding struct {
	ID        vpc.ConnectionID `json:"id"`
	Name      string           `json:"name"`
	Account   vpc.AccountID    `json:"account"`
	Gateway   vpc.GatewayID    `json:"gateway"`
	State     string           `json:"state"`
	NetStatus string           `json:"netStatus"`
	Cause     string           `json:"cause,omitempty"` // why it is not up
	Hint      string           `json:"hint,omitempty"`  // what to change
}

// HostStanding is how one host stands, for the operator.
type HostStanding struct {
	Name      vpc.HostName `json:"name"`
	Engine    string       `json:"engine"` // who encrypts; empty: nobody, or not known
	Live      bool         `json:"live"`
	Gateways  int          `json:"gateways"`  // that it carries, or should
	Workloads int          `json:"workloads"` // that are attached there, or should be
	Deleting  int          `json:"deleting"`  // of both, those that wait for its word
}

// hostStandings are the live hosts, and those that are gone and still have gateways or
// workloads.
func hostStandings(r store.Reader) []HostStanding {
	all := map[vpc.HostName]*HostStanding{}
	of := func(name vpc.HostName) *HostStanding {
		if all[name] == nil {
			all[name] = &HostStanding{Name: name}
		}
		return all[name]
	}
	for h := range store.Hosts.All(r) {
		s := of(h.Name)
		s.Engine, s.Live = h.Engine, true
	}
	for g := range store.Gateways.All(r) {
		if g.Host != "" {
			of(g.Host).Gateways++
			of(g.Host).Deleting += unit(g.Deleted != 0)
		}
	}
	for w := range store.Workloads.All(r) {
		of(w.Host).Workloads++
		of(w.Host).Deleting += unit(w.Deleted != 0)
	}
	out := []HostStanding{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[name])
	}
	return out
}

func unit(is bool) int {
	if is {
		return 1
	}
	return 0
}

// shownStandings is how many gateways and how many tunnels a glance shows.
const shownStandings = 50

// standings are some of the gateways and tunnels that hosts carry, those with something
// wrong first.
func (c *Control) standings(view *store.View, now vpc.Instant) (gateways []GatewayStanding, tunnels []TunnelStanding) {
	for g := range store.Gateways.All(view) {
		if g.Host != "" {
			gateways = append(gateways, c.gatewayStanding(view, g, now))
		}
	}
	for x := range store.Connections.All(view) {
		if carried(view, x) {
			tunnels = append(tunnels, c.tunnelStanding(view, x, now))
		}
	}
	slices.SortStableFunc(gateways, func(a, b GatewayStanding) int { return rank(a.Cause) - rank(b.Cause) })
	slices.SortStableFunc(tunnels, func(a, b TunnelStanding) int { return rank(a.Cause) - rank(b.Cause) })
	return gateways[:min(len(gateways), shownStandings)], tunnels[:min(len(tunnels), shownStandings)]
}

// rank puts what has a cause before what has none.
func rank(cause string) int { return unit(cause == "") }

func carried(r store.Reader, x *vpc.Connection) bool {
	g, ok := store.Gateways.Get(r, x.Gateway)
	return ok && g.Host != ""
}

func (c *Control) gatewayStanding(r store.Reader, g *vpc.Gateway, now vpc.Instant) GatewayStanding {
	return GatewayStanding{
		ID: g.ID, Name: g.Name, Account: g.Account, Public: g.Public.String(), Host: g.Host, State: c.gatewayState(r, g, now),
		Cause: vpc.GatewayCause(g, liveHost(r, g.Host), gatewaySeen(r, g)),
	}
}

func (c *Control) tunnelStanding(r store.Reader, x *vpc.Connection, now vpc.Instant) TunnelStanding {
	seen := sighting(r, x)
	out := TunnelStanding{ID: x.ID, Name: x.Name, Account: x.Account, Gateway: x.Gateway, State: x.State(seen, now, c.cfg.Settle).Shown(), NetStatus: x.NetStatus(seen)}
	out.Cause, out.Hint = x.TunnelCause(seen)
	return out
}

// Tunnel tells how a connection of any account stands.
func (c *Control) Tunnel(ctx context.Context, id vpc.ConnectionID) (TunnelStanding, error) {
	view, err := c.read(ctx)
	if err != nil {
		return TunnelStanding{}, err
	}
	x, ok := store.Connections.Get(view, id)
	if !ok {
		return TunnelStanding{}, vpc.NotFound(vpc.PrefixConnection, "connection", string(id), nil)
	}
	return c.tunnelStanding(view, x, c.st.Now()), nil
}
