package control

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// gatewayRoutes lists the routes of one gateway.
func gatewayRoutes(id vpc.GatewayID) *listing[vpc.GatewayRoute] {
	return &listing[vpc.GatewayRoute]{
		scope: func(r *vpc.GatewayRoute) vpc.Scope { return r.Scope },
		all: func(r store.Reader, s vpc.Scope) source[vpc.GatewayRoute] {
			return from(r, store.GatewayRoutesByGateway, store.Of(s, id))
		},
		filters: map[string]filterRule[vpc.GatewayRoute]{
			"DestinationCidr": {Value: func(_ store.Reader, r *vpc.GatewayRoute) (string, bool) { return r.Destination.String(), true }},
			"InstanceId":      {Value: func(_ store.Reader, r *vpc.GatewayRoute) (string, bool) { return r.NextHop, true }},
			"InstanceType":    {Value: func(_ store.Reader, r *vpc.GatewayRoute) (string, bool) { return r.NextHopType, true }},
		},
	}
}

// GatewayRoutes lists the routes of one of the caller's gateways.
func (c *Control) GatewayRoutes(ctx context.Context, caller *Caller, gateway string, q Query) (int, []*vpc.GatewayRoute, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	_, g, err := c.findGateway(view, caller, gateway)
	if err != nil {
		return 0, nil, err
	}
	return gatewayRoutes(g.ID).list(view, caller.Scope(), q)
}

// CreateGatewayRoutes makes routes, all or none.
func (c *Control) CreateGatewayRoutes(ctx context.Context, caller *Caller, gateway string, specs []vpc.GatewayRouteSpec) ([]*vpc.GatewayRoute, error) {
	var made []*vpc.GatewayRoute
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		made = nil
		acct, g, err := c.findGateway(tx, caller, gateway)
		if err != nil {
			return err
		}
		if err := someRoutes("Routes", len(specs), caller); err != nil {
			return err
		}
		if err := c.carries(tx, caller, acct, g); err != nil {
			return err
		}
		around := c.surroundings(tx, caller, g, nil, "")
		for i, spec := range specs {
			r, err := addRoute(tx, caller, around, "Routes."+strconv.Itoa(i), spec)
			if err != nil {
				return err
			}
			made = append(made, r)
		}
		return nil
	})
	return made, err
}

// maxRoutesAtOnce keeps the rows of one call within a transaction of the store.
const maxRoutesAtOnce = 100

// someRoutes refuses an empty list and one that is too long for one call.
func someRoutes(param string, n int, caller *Caller) error {
	switch {
	case n == 0:
		return vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameter, vpc.InvalidParameterValueMalformed), param, "it is empty", "不能为空")
	case n > maxRoutesAtOnce:
		code := caller.Codes.Pick(vpc.InvalidParameterValueLimitExceeded, vpc.InvalidParameter, vpc.InvalidParameterValueMalformed)
		return vpc.Refuse(code, param, "it has %d entries, the most is %d", "共 %d 项，最多 %d 项", n, maxRoutesAtOnce)
	}
	return nil
}

// addRoute makes one route of the surroundings' gateway.
func addRoute(tx *store.Tx, caller *Caller, around *vpc.Surroundings, param string, spec vpc.GatewayRouteSpec) (*vpc.GatewayRoute, error) {
	g := around.Gateway
	r, refusal := vpc.NewGatewayRoute(param, spec, around.VPCRanges, caller.Codes)
	if refusal != nil {
		return nil, refusal
	}
	if err := vpc.CheckPools(param+".DestinationCidrBlock", r.Destination, around.Pools, caller.Codes); err != nil {
		return nil, err
	}
	if err := checkNextHop(tx, caller, g, r, param+".InstanceId"); err != nil {
		return nil, err
	}
	others := routesOf(tx, g)
	if err := vpc.CheckGatewayRoutes(param, r, others, g, caller.Codes); err != nil {
		return nil, err
	}
	code := caller.Codes.Pick(vpc.LimitExceededVpnGatewayRoutesLimitExceeded, vpc.LimitExceeded)
	if err := vpc.OverQuota(code, "", vpc.QuotaGatewayRoutes, len(others), quota(tx, caller.Account, vpc.QuotaGatewayRoutes)); err != nil {
		return nil, err
	}
	r.ID = newID(tx, store.GatewayRoutes, vpc.PrefixGatewayRoute)
	r.Scope, r.Gateway, r.Created, r.Updated = g.Scope, g.ID, tx.Now(), tx.Now()
	for _, o := range others { // routes of one call keep its order in lists
		r.Created = max(r.Created, o.Created+1)
	}
	store.GatewayRoutes.Put(tx, r)
	return r, nil
}

// checkNextHop refuses a next hop that is not one of the gateway's own: a connection
// that takes what is routed to it, or the CCN that the gateway is attached to.
func checkNextHop(r store.Reader, caller *Caller, g *vpc.Gateway, route *vpc.GatewayRoute, param string) error {
	if route.NextHopType == vpc.NextHopCCN {
		switch {
		case g.Type != vpc.TypeCCN:
			return vpc.Refuse(vpc.UnsupportedOperation, param, "gateway `%s` is not of type CCN", "网关 `%s` 不是云联网型", g.ID)
		case string(g.Network) != route.NextHop:
			return vpc.NotFound(vpc.PrefixCCN, param, route.NextHop, caller.Codes)
		}
		return nil
	}
	x := ownConnection(r, g.Scope, route.NextHop)
	switch {
	case x == nil || x.Gateway != g.ID || x.Deleted != 0:
		return vpc.NotFound(vpc.PrefixConnection, param, route.NextHop, caller.Codes)
	case x.RouteType.ByPolicy():
		return vpc.Refuse(vpc.UnsupportedOperation, param,
			"connection `%s` chooses its traffic by policy; routes need RouteType `StaticRoute` or `Bgp`", "通道 `%s` 按策略转发；路由需要类型为 `StaticRoute` 或 `Bgp` 的通道", x.ID)
	}
	return nil
}

func routesOf(r store.Reader, g *vpc.Gateway) []*vpc.GatewayRoute {
	var out []*vpc.GatewayRoute
	for route := range store.GatewayRoutesByGateway.All(r, store.Of(g.Scope, g.ID)) {
		out = append(out, route)
	}
	return out
}

// firstRoute makes the route that may come with a new connection.
func firstRoute(tx *store.Tx, caller *Caller, around *vpc.Surroundings, x *vpc.Connection, spec *vpc.ConnectionRouteSpec) error {
	if spec == nil {
		return nil
	}
	_, err := addRoute(tx, caller, around, "Route", vpc.GatewayRouteSpec{
		Destination: spec.Destination, NextHopType: vpc.NextHopConnection, NextHop: string(x.ID),
		Priority: spec.Priority, Status: vpc.RouteEnabled, Description: spec.Description,
	})
	return err
}

// ModifyGatewayRoutes changes routes, all or none, and returns them.
func (c *Control) ModifyGatewayRoutes(ctx context.Context, caller *Caller, gateway string, changes []vpc.GatewayRouteChange) ([]*vpc.GatewayRoute, error) {
	var out []*vpc.GatewayRoute
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		out = nil
		acct, g, err := c.findGateway(tx, caller, gateway)
		if err != nil {
			return err
		}
		if err := someRoutes("Routes", len(changes), caller); err != nil {
			return err
		}
		if err := c.carries(tx, caller, acct, g); err != nil {
			return err
		}
		for i, change := range changes {
			r, err := changeRoute(tx, caller, g, "Routes."+strconv.Itoa(i), change)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		forgetCCNRoutes(tx, g)
		return nil
	})
	return out, err
}

func changeRoute(tx *store.Tx, caller *Caller, g *vpc.Gateway, param string, change vpc.GatewayRouteChange) (*vpc.GatewayRoute, error) {
	old, err := findRoute(tx, caller, g, param+".RouteId", change.Route)
	if err != nil {
		return nil, err
	}
	r, refusal := old.Change(param, change, tx.Now(), caller.Codes)
	if refusal != nil {
		return nil, refusal
	}
	if err := vpc.CheckGatewayRoutes(param, r, routesOf(tx, g), g, caller.Codes); err != nil {
		return nil, err
	}
	store.GatewayRoutes.Put(tx, r)
	return r, nil
}

// findRoute finds a route of a gateway.
func findRoute(r store.Reader, caller *Caller, g *vpc.Gateway, param, id string) (*vpc.GatewayRoute, error) {
	if err := vpc.CheckID(vpc.PrefixGatewayRoute, param, id, caller.Codes); err != nil {
		return nil, err
	}
	route, ok := store.GatewayRoutes.Get(r, vpc.GatewayRouteID(id))
	if !ok || route.Scope != g.Scope || route.Gateway != g.ID {
		return nil, vpc.NotFound(vpc.PrefixGatewayRoute, param, id, caller.Codes)
	}
	return route, nil
}

// DeleteGatewayRoutes forgets routes, all or none. An id that is given twice counts once.
func (c *Control) DeleteGatewayRoutes(ctx context.Context, caller *Caller, gateway string, ids []string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		_, g, err := c.findGateway(tx, caller, gateway)
		if err != nil {
			return err
		}
		if err := someRoutes("RouteIds", len(ids), caller); err != nil {
			return err
		}
		var gone []*vpc.GatewayRoute
		for i, id := range ids {
			route, err := findRoute(tx, caller, g, "RouteIds."+strconv.Itoa(i), id)
			if err != nil {
				return err
			}
			gone = append(gone, route)
		}
		for _, route := range gone {
			store.GatewayRoutes.Delete(tx, route.ID)
		}
		forgetCCNRoutes(tx, g)
		return nil
	})
}

// publishedRanges are the ranges behind a CCN-type gateway; another publishes none.
func publishedRanges(r store.Reader, g *vpc.Gateway) []netip.Prefix {
	if g.Type != vpc.TypeCCN {
		return nil
	}
	return vpc.PublishedRanges(connectionsOf(r, g), routesOf(r, g))
}

// gatewayCCNRoutes are the ranges that a gateway publishes, in address order. Only those
// that the owner switched off have a row; the others follow from the gateway's
// connections and routes.
func gatewayCCNRoutes(r store.Reader, g *vpc.Gateway) []*vpc.GatewayCCNRoute {
	off := map[netip.Prefix]*vpc.GatewayCCNRoute{}
	for row := range store.GatewayCCNRoutesByGateway.All(r, store.Of(g.Scope, g.ID)) {
		off[row.Destination] = row
	}
	used := map[vpc.GatewayRouteID]bool{}
	taken := func(id vpc.GatewayRouteID) bool {
		_, route := store.GatewayRoutes.Get(r, id)
		_, ccn := store.GatewayCCNRoutes.Get(r, id)
		return route || ccn || used[id]
	}
	var out []*vpc.GatewayCCNRoute
	for _, p := range publishedRanges(r, g) {
		row := off[p]
		if row == nil {
			row = &vpc.GatewayCCNRoute{ID: vpc.GatewayCCNRouteID(g.ID, p, taken), Scope: g.Scope, Gateway: g.ID, Destination: p, Enabled: true}
		}
		used[row.ID] = true
		out = append(out, row)
	}
	return out
}

// offeredRanges are the published ranges of a gateway that its owner has not switched
// off.
func offeredRanges(r store.Reader, g *vpc.Gateway) []netip.Prefix {
	var out []netip.Prefix
	for _, row := range gatewayCCNRoutes(r, g) {
		if row.Enabled {
			out = append(out, row.Destination)
		}
	}
	return out
}

// maxForgotten bounds the rows that forgetCCNRoutes adds to a transaction.
const maxForgotten = 20

// forgetCCNRoutes drops the switches of ranges that the gateway no longer publishes. When
// very many go at once the last of them go with the next change.
func forgetCCNRoutes(tx *store.Tx, g *vpc.Gateway) {
	index, of := store.GatewayCCNRoutesByGateway, store.Of(g.Scope, g.ID)
	if index.Count(tx, of) == 0 {
		return
	}
	published, left := publishedRanges(tx, g), maxForgotten
	for row := range index.All(tx, of) {
		if left > 0 && !slices.Contains(published, row.Destination) {
			store.GatewayCCNRoutes.Delete(tx, row.ID)
			left--
		}
	}
}

// GatewayCCNRoutes lists the ranges that one of the caller's gateways publishes.
func (c *Control) GatewayCCNRoutes(ctx context.Context, caller *Caller, gateway string, q Query) (int, []*vpc.GatewayCCNRoute, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	_, g, err := c.findGateway(view, caller, gateway)
	if err != nil {
		return 0, nil, err
	}
	rows := gatewayCCNRoutes(view, g)
	lo := min(q.Offset, len(rows))
	return len(rows), rows[lo:min(lo+q.Limit, len(rows))], nil
}

// ModifyGatewayCCNRoutes switches published ranges on or off, all or none.
func (c *Control) ModifyGatewayCCNRoutes(ctx context.Context, caller *Caller, gateway string, changes []vpc.GatewayCCNRouteChange) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		_, g, err := c.findGateway(tx, caller, gateway)
		if err != nil {
			return err
		}
		if err := someRoutes("Routes", len(changes), caller); err != nil {
			return err
		}
		rows := gatewayCCNRoutes(tx, g)
		for i, change := range changes {
			if err := switchRange(tx, caller, rows, "Routes."+strconv.Itoa(i), change); err != nil {
				return err
			}
		}
		return nil
	})
}

// switchRange switches one of the rows on or off. A row that is on is not kept.
func switchRange(tx *store.Tx, caller *Caller, rows []*vpc.GatewayCCNRoute, param string, change vpc.GatewayCCNRouteChange) error {
	if err := vpc.CheckID(vpc.PrefixGatewayRoute, param+".RouteId", change.Route, caller.Codes); err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(r *vpc.GatewayCCNRoute) bool { return string(r.ID) == change.Route })
	if i < 0 {
		return vpc.NotFound(vpc.PrefixGatewayRoute, param+".RouteId", change.Route, caller.Codes)
	}
	row, refusal := rows[i].Change(param, change, tx.Now(), caller.Codes)
	switch {
	case refusal != nil:
		return refusal
	case row.Enabled:
		store.GatewayCCNRoutes.Delete(tx, row.ID)
	default:
		store.GatewayCCNRoutes.Put(tx, row)
	}
	rows[i] = row
	return nil
}

// dropRoutesOver forgets routes over a next hop of a scope, a portion at a time, and
// reports whether none is left.
func dropRoutesOver(tx *store.Tx, s vpc.Scope, nextHop string) bool {
	over := store.GatewayRoutesByNextHop.Page(tx, store.Of(s, nextHop), 0, portion)
	for _, route := range over {
		store.GatewayRoutes.Delete(tx, route.ID)
	}
	return len(over) < portion
}
