package control

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// RouteView is a route with the table that it is in.
type RouteView struct {
	vpc.Route
	Table    vpc.RouteTableID
	Attached bool // the VPC is attached to a CCN, so that Published counts
}

// keepHops drops routes whose next hop is of another type.
func (v *RouteTableView) keepHops(hops []string) {
	other := func(r vpc.Route) bool { return !slices.Contains(hops, r.GatewayType) }
	kept := *v.RouteTable
	kept.Routes = slices.DeleteFunc(slices.Clone(kept.Routes), other)
	v.RouteTable = &kept
	v.Sent = slices.DeleteFunc(slices.Clone(v.Sent), other)
}

// AllRoutes are the table's own routes and then the computed ones.
func (v *RouteTableView) AllRoutes() []RouteView { return v.show(v.Routes, v.Sent) }

func (v *RouteTableView) show(lists ...[]vpc.Route) []RouteView {
	var out []RouteView
	for _, list := range lists {
		for _, r := range list {
			out = append(out, RouteView{Route: r, Table: v.ID, Attached: v.Attached})
		}
	}
	return out
}

// routeWorld is what the rules of routes look at around a table.
func routeWorld(tx *store.Tx, caller *Caller, t RouteTableView) vpc.RouteWorld {
	w := vpc.RouteWorld{
		VPC: ownVPC(tx, t.Scope, t.VPC), CCNSent: t.Sent, Quota: quota(tx, caller.Account, vpc.QuotaRoutes),
		Draw: tx.Rand().Uint64, Now: tx.Now(), Codes: caller.Codes,
		CDC: slices.ContainsFunc(t.Subnets, func(s *vpc.Subnet) bool { return s.CDC != "" }),
		Gateway: func(id vpc.GatewayID) (vpc.VPCID, bool) {
			g := ownGateway(tx, t.Scope, id)
			if g == nil {
				return "", false
			}
			return g.VPC, true
		},
	}
	w.CCN = func(id vpc.CCNID) (exists, attached bool) {
		a, ok := store.Attachments.Get(tx, store.AttachmentKey{CCN: id, Instance: string(t.VPC)})
		ccn, own := store.CCNs.Get(tx, id)
		return own && ccn.Account == caller.Account, ok && a.StateAt(tx.Now()) == vpc.AttachmentActive
	}
	return w
}

// changeRoutes gives fn a table and its world, and puts the table with the routes that
// fn returns and what else fn changed of its copy.
func (c *Control) changeRoutes(ctx context.Context, caller *Caller, id string, fn func(t *vpc.RouteTable, v RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error)) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findRouteTable(tx, caller, id)
		if err != nil {
			return err
		}
		view := routeTableView(tx, t, tx.Now())
		changed := *t
		routes, refusal := fn(&changed, view, routeWorld(tx, caller, view))
		if refusal != nil {
			return refusal
		}
		changed.Routes = routes
		store.RouteTables.Put(tx, &changed)
		return nil
	})
}

// CreateRoutes adds routes to a table, all of them or none, and returns the table and
// the new routes.
func (c *Control) CreateRoutes(ctx context.Context, caller *Caller, id string, specs []vpc.RouteSpec) (RouteTableView, []RouteView, error) {
	var table RouteTableView
	var made []RouteView
	err := c.changeRoutes(ctx, caller, id, func(t *vpc.RouteTable, v RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error) {
		all, added, refusal := w.AddRoutes(t, specs)
		table, made = v, v.show(added)
		return all, refusal
	})
	return table, made, err
}

// DeleteRoutes removes routes from a table, all of them or none, and returns them.
func (c *Control) DeleteRoutes(ctx context.Context, caller *Caller, id string, specs []vpc.RouteSpec) ([]RouteView, error) {
	var gone []RouteView
	err := c.changeRoutes(ctx, caller, id, func(t *vpc.RouteTable, v RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error) {
		left, removed, refusal := w.RemoveRoutes(t, specs, v.Attached)
		gone = v.show(removed)
		return left, refusal
	})
	return gone, err
}

// ReplaceRoutes changes routes of a table, all of them or none, and returns them as they
// were and as they are.
func (c *Control) ReplaceRoutes(ctx context.Context, caller *Caller, id string, specs []vpc.RouteSpec) (before, after []RouteView, err error) {
	err = c.changeRoutes(ctx, caller, id, func(t *vpc.RouteTable, v RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error) {
		all, old, now, refusal := w.ReplaceRoutes(t, specs)
		before, after = v.show(old), v.show(now)
		return all, refusal
	})
	return before, after, err
}

// ResetRoutes renames a table and puts other routes in the place of all it has.
func (c *Control) ResetRoutes(ctx context.Context, caller *Caller, id, name string, specs []vpc.RouteSpec) error {
	return c.changeRoutes(ctx, caller, id, func(t *vpc.RouteTable, _ RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error) {
		if refusal := vpc.RouteTableName.Check("RouteTableName", name, caller.Codes); refusal != nil {
			return nil, refusal
		}
		t.Name = name
		return w.ResetRoutes(specs)
	})
}

// SwitchRoutes enables or disables routes of a table, all of them or none. They are
// named by numbers or by items, not by both.
func (c *Control) SwitchRoutes(ctx context.Context, caller *Caller, id string, numbers []uint64, items []string, enable bool) error {
	specs, list, refusal := namedRoutes(numbers, items)
	if refusal != nil {
		return refusal
	}
	return c.changeRoutes(ctx, caller, id, func(t *vpc.RouteTable, v RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error) {
		return w.SwitchRoutes(t, specs, list, enable, v.Attached)
	})
}

func namedRoutes(numbers []uint64, items []string) (specs []vpc.RouteSpec, list string, refusal *vpc.Error) {
	if len(numbers) > 0 && len(items) > 0 {
		return nil, "", vpc.Refuse(vpc.InvalidParameterCoexist, "RouteIds", "it cannot be combined with `RouteItemIds`", "不能与 `RouteItemIds` 同时使用")
	}
	if len(numbers) > 0 {
		for _, n := range numbers {
			specs = append(specs, vpc.RouteSpec{Number: n})
		}
		return specs, "RouteIds", nil
	}
	for _, item := range items {
		specs = append(specs, vpc.RouteSpec{ID: vpc.RouteItemID(item)})
	}
	return specs, "RouteItemIds", nil
}

// PublishRoutes publishes routes of a table to the VPC's CCN, or withdraws them.
func (c *Control) PublishRoutes(ctx context.Context, caller *Caller, id string, items []string, publish bool) error {
	return c.changeRoutes(ctx, caller, id, func(t *vpc.RouteTable, v RouteTableView, w vpc.RouteWorld) ([]vpc.Route, *vpc.Error) {
		return w.PublishRoutes(t, items, publish, v.Attached)
	})
}

// RouteConflict is a destination and the routes that a table has to it.
type RouteConflict struct {
	Destination netip.Prefix
	Routes      []RouteView
}

// RouteConflicts finds, for each destination, the enabled routes of a table to it.
func (c *Control) RouteConflicts(ctx context.Context, caller *Caller, id string, destinations []string) ([]RouteConflict, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	t, err := findRouteTable(view, caller, id)
	if err != nil {
		return nil, err
	}
	table := routeTableView(view, t, c.st.Now())
	out := make([]RouteConflict, len(destinations))
	for i, text := range destinations {
		param := "DestinationCidrBlocks." + strconv.Itoa(i)
		read := vpc.CheckRange
		if strings.Contains(text, ":") {
			read = vpc.CheckIPv6Range
		}
		p, refusal := read(param, text, caller.Codes)
		if refusal != nil {
			return nil, refusal
		}
		out[i] = RouteConflict{Destination: p, Routes: table.show(vpc.RouteConflicts(t, table.Sent, p))}
	}
	return out, nil
}

// routeFilters tell whether a route matches a filter of DescribeRoutes.
var routeFilters = map[string]func(t *vpc.RouteTable, r *vpc.Route, v string) bool{
	"vpc-id":         func(t *vpc.RouteTable, _ *vpc.Route, v string) bool { return string(t.VPC) == v },
	"route-table-id": func(t *vpc.RouteTable, _ *vpc.Route, v string) bool { return string(t.ID) == v },
	"gateway-id":     func(_ *vpc.RouteTable, r *vpc.Route, v string) bool { return r.Gateway == v },
	"description":    func(_ *vpc.RouteTable, r *vpc.Route, v string) bool { return r.Description == v },
	"dest-cidr":      func(_ *vpc.RouteTable, r *vpc.Route, v string) bool { return isRange(r.Destination, v) },
}

const maxRouteFilters = 10

// routed lists tables with routes of their own, or those that a filter names.
var routed = listing[vpc.RouteTable]{
	get: getRouteTable, scope: routeTables.scope,
	all: func(r store.Reader, s vpc.Scope) source[vpc.RouteTable] { return from(r, store.RouteTablesByRouted, s) },
	filters: map[string]filterRule[vpc.RouteTable]{
		"vpc-id": routeTables.filters["vpc-id"], "route-table-id": routeTables.filters["route-table-id"],
	},
}

// Routes lists routes of the caller's tables. Computed routes are shown where a filter
// names the table or the VPC.
func (c *Control) Routes(ctx context.Context, caller *Caller, q Query) (int, []RouteView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	tables, narrowed, err := routedTables(view, caller, q.Filters)
	if err != nil {
		return 0, nil, err
	}
	now := c.st.Now()
	total, out := 0, []RouteView(nil)
	for _, t := range tables {
		shown := RouteTableView{RouteTable: t}
		if narrowed {
			shown = routeTableView(view, t, now)
		} else {
			shown.Attached = attachedToCCN(view, t.VPC, now)
		}
		for _, r := range shown.AllRoutes() {
			if !routeMatches(t, &r.Route, q.Filters) {
				continue
			}
			if total >= q.Offset && len(out) < q.Limit {
				out = append(out, r)
			}
			total++
		}
	}
	return total, out, nil
}

// routedTables are the tables that the filters leave, and whether a filter names tables
// or VPCs. A malformed id among the values is refused.
func routedTables(r store.Reader, caller *Caller, filters []Filter) ([]*vpc.RouteTable, bool, error) {
	var some []Filter
	if len(filters) > maxRouteFilters {
		return nil, false, vpc.Refuse(vpc.InvalidParameterValueLimitExceeded, "Filters", "at most %d filters are allowed", "最多允许 %d 个过滤条件", maxRouteFilters)
	}
	for i, f := range filters {
		at := "Filters." + strconv.Itoa(i)
		if len(f.Values) > MaxLimit {
			return nil, false, vpc.Refuse(vpc.InvalidParameterValueLimitExceeded, at+".Values", "at most %d values are allowed", "最多允许 %d 个取值", MaxLimit)
		}
		if _, ok := routeFilters[f.Name]; !ok {
			return nil, false, caller.Codes.Narrow(vpc.Refuse(vpc.InvalidParameterFilterInvalidKey, at+".Name", "`%s` is not a filter of this call", "本接口不支持过滤条件 `%s`", vpc.Clip(f.Name)))
		}
		prefix := map[string]vpc.Prefix{"vpc-id": vpc.PrefixVPC, "route-table-id": vpc.PrefixRouteTable}[f.Name]
		if prefix == "" {
			continue
		}
		for n, id := range f.Values {
			if refusal := vpc.CheckID(prefix, at+".Values."+strconv.Itoa(n), id, caller.Codes); refusal != nil {
				return nil, false, refusal
			}
		}
		some = append(some, f)
	}
	_, tables, err := routed.list(r, caller.Scope(), Query{Filters: some, Limit: store.RouteTablesByScope.Count(r, caller.Scope())})
	return tables, len(some) > 0, narrow(caller, err)
}

func routeMatches(t *vpc.RouteTable, r *vpc.Route, filters []Filter) bool {
	for _, f := range filters {
		match := routeFilters[f.Name]
		if !slices.ContainsFunc(f.Values, func(v string) bool { return match(t, r, v) }) {
			return false
		}
	}
	return true
}

// ccnSent are the routes that the CCNs of a VPC put into its tables, as one table shows
// them, and whether the VPC is attached to any.
func ccnSent(r store.Reader, v *vpc.VPC, t *vpc.RouteTable, now vpc.Instant) (attached bool, routes []vpc.Route) {
	for a := range store.AttachmentsByInstance.All(r, string(v.ID)) {
		ccn, ok := store.CCNs.Get(r, a.CCN)
		if !ok || a.StateAt(now) != vpc.AttachmentActive {
			continue
		}
		attached = true
		for _, route := range vpc.CCNRoutes(ccn, ccnMembers(r, ccn, now)) {
			if route.Enabled && route.Instance != string(v.ID) {
				routes = append(routes, t.Sent(ccn.ID, &route))
			}
		}
	}
	return attached, routes
}

func attachedToCCN(r store.Reader, id vpc.VPCID, now vpc.Instant) bool {
	for a := range store.AttachmentsByInstance.All(r, string(id)) {
		if a.StateAt(now) == vpc.AttachmentActive {
			return true
		}
	}
	return false
}
