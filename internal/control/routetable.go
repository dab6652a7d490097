package control

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// RouteTableView is a route table as its owner sees it at one moment.
type RouteTableView struct {
	*vpc.RouteTable
	Tags     []vpc.Tag
	Subnets  []*vpc.Subnet // those bound to it
	Sent     []vpc.Route   // computed routes to the CCN that the VPC is attached to
	Local    []netip.Prefix
	Attached bool // to a CCN, so that local and published routes are known there
}

func routeTableView(r store.Reader, t *vpc.RouteTable, now vpc.Instant) RouteTableView {
	out := RouteTableView{RouteTable: t, Tags: tagsOf(r, routeTableResource(t.ID))}
	for s := range store.SubnetsByRouteTable.All(r, store.Of(t.Scope, t.ID)) {
		out.Subnets = append(out.Subnets, s)
	}
	v := ownVPC(r, t.Scope, t.VPC)
	if v == nil {
		return out
	}
	out.Attached, out.Sent = ccnSent(r, v, t, now)
	if v.Publish {
		out.Local = v.Ranges()
		return out
	}
	for _, s := range out.Subnets {
		out.Local = append(out.Local, s.CIDR)
	}
	return out
}

func routeTableResource(id vpc.RouteTableID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixRouteTable), ID: string(id)}
}

// findRouteTable finds one of the caller's route tables in the call's region.
func findRouteTable(r store.Reader, caller *Caller, id string) (*vpc.RouteTable, error) {
	if refusal := vpc.CheckID(vpc.PrefixRouteTable, "RouteTableId", id, caller.Codes); refusal != nil {
		return nil, refusal
	}
	t := ownRouteTable(r, caller.Scope(), vpc.RouteTableID(id))
	if t == nil {
		return nil, vpc.NotFound(vpc.PrefixRouteTable, "RouteTableId", id, caller.Codes)
	}
	return t, nil
}

// ownRouteTable finds a route table of a scope; nil stands for "no such table of yours".
func ownRouteTable(r store.Reader, scope vpc.Scope, id vpc.RouteTableID) *vpc.RouteTable {
	t, ok := store.RouteTables.Get(r, id)
	if !ok || t.Scope != scope {
		return nil
	}
	return t
}

func dropRouteTable(tx *store.Tx, id vpc.RouteTableID) {
	untag(tx, routeTableResource(id))
	store.RouteTables.Delete(tx, id)
}

// CreateRouteTable makes a route table in a VPC.
func (c *Control) CreateRouteTable(ctx context.Context, caller *Caller, id, name string, tags []vpc.Tag) (RouteTableView, error) {
	var out RouteTableView
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		if refusal := vpc.RouteTableName.Check("RouteTableName", name, caller.Codes); refusal != nil {
			return refusal
		}
		have := store.RouteTablesByVPC.Count(tx, store.Of(v.Scope, v.ID))
		if refusal := vpc.OverQuota(vpc.LimitExceeded, "VpcId", vpc.QuotaRouteTables, have, quota(tx, caller.Account, vpc.QuotaRouteTables)); refusal != nil {
			return refusal
		}
		t := &vpc.RouteTable{ID: newID(tx, store.RouteTables, vpc.PrefixRouteTable), Scope: v.Scope, VPC: v.ID, Name: name, Created: tx.Now()}
		store.RouteTables.Put(tx, t)
		if err := c.tagNew(tx, acct, t.Scope, routeTableResource(t.ID), tags, t.Created, caller.Codes); err != nil {
			return err
		}
		out = routeTableView(tx, t, tx.Now())
		return nil
	})
	return out, err
}

// DeleteRouteTable deletes a route table that is not the main one and serves no subnet.
func (c *Control) DeleteRouteTable(ctx context.Context, caller *Caller, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findRouteTable(tx, caller, id)
		if err != nil {
			return err
		}
		if t.Main {
			return vpc.Refuse(vpc.UnsupportedOperationDelDefaultRoute, "RouteTableId", "it is the VPC's main route table", "默认路由表不可删除")
		}
		if n := store.SubnetsByRouteTable.Count(tx, store.Of(t.Scope, t.ID)); n > 0 {
			return vpc.Refuse(vpc.UnsupportedOperationDelRouteWithSubnet, "RouteTableId", "it serves %d subnets", "已关联 %d 个子网", n)
		}
		dropRouteTable(tx, t.ID)
		return nil
	})
}

// RenameRouteTable changes a route table's name.
func (c *Control) RenameRouteTable(ctx context.Context, caller *Caller, id, name string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findRouteTable(tx, caller, id)
		if err != nil {
			return err
		}
		if refusal := vpc.RouteTableName.Check("RouteTableName", name, caller.Codes); refusal != nil {
			return refusal
		}
		changed := *t
		changed.Name = name
		store.RouteTables.Put(tx, &changed)
		return nil
	})
}

// BindRouteTable makes a route table the one of a subnet of the same VPC.
func (c *Control) BindRouteTable(ctx context.Context, caller *Caller, id string, subnet *string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findRouteTable(tx, caller, id)
		if err != nil {
			return err
		}
		if subnet == nil {
			return vpc.Refuse(vpc.MissingParameter, "SubnetId", "it is missing", "缺少该参数")
		}
		s, err := findSubnet(tx, caller, *subnet)
		if err != nil {
			return err
		}
		if s.VPC != t.VPC {
			return vpc.Refuse(vpc.UnsupportedOperationVpcMismatch, "SubnetId", "`%s` is in `%s`, the route table in `%s`", "`%s` 属于 `%s`，路由表属于 `%s`", s.ID, s.VPC, t.VPC)
		}
		changed := *s
		changed.RouteTable = t.ID
		store.Subnets.Put(tx, &changed)
		return nil
	})
}

var routeTables = listing[vpc.RouteTable]{
	idParam: "RouteTableIds", idPrefix: vpc.PrefixRouteTable, malformed: vpc.InvalidParameterValueMalformed, unknown: vpc.ResourceNotFound,
	get:   getRouteTable,
	scope: func(t *vpc.RouteTable) vpc.Scope { return t.Scope },
	all:   func(r store.Reader, s vpc.Scope) source[vpc.RouteTable] { return from(r, store.RouteTablesByScope, s) },
	filters: map[string]filterRule[vpc.RouteTable]{
		"route-table-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.RouteTable] {
				return one(ownRouteTable(r, s, vpc.RouteTableID(v)))
			},
			Value: func(_ store.Reader, t *vpc.RouteTable) (string, bool) { return string(t.ID), true },
		},
		"route-table-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.RouteTable] {
				return from(r, store.RouteTablesByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, t *vpc.RouteTable) (string, bool) { return t.Name, true },
		},
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.RouteTable] {
				return from(r, store.RouteTablesByVPC, store.Of(s, vpc.VPCID(v)))
			},
			Value: func(_ store.Reader, t *vpc.RouteTable) (string, bool) { return string(t.VPC), true },
		},
		"association.main": mainFilter,
		"main":             mainFilter,
		// Every table here is one that its owner may see.
		"visible": {Match: func(_ store.Reader, _ *vpc.RouteTable, v string) bool { return isSwitch(v, true) }},
		// It picks routes, not tables: see RouteTables.
		nextHopFilter: {Match: func(store.Reader, *vpc.RouteTable, string) bool { return true }},
	},
	filter: tagFilter(vpc.PrefixRouteTable, getRouteTable, func(t *vpc.RouteTable) string { return string(t.ID) }),
}

const nextHopFilter = "next-hop-type"

var mainFilter = filterRule[vpc.RouteTable]{
	Match: func(_ store.Reader, t *vpc.RouteTable, v string) bool { return isSwitch(v, t.Main) },
}

func getRouteTable(r store.Reader, id string) (*vpc.RouteTable, bool) {
	return store.RouteTables.Get(r, vpc.RouteTableID(id))
}

// RouteTables lists the caller's route tables of the call's region. The filter
// next-hop-type, which needs route-table-id and vpc-id beside it, leaves a table only
// its routes of those types.
func (c *Control) RouteTables(ctx context.Context, caller *Caller, q Query) (int, []RouteTableView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	hops, refusal := nextHops(q.Filters)
	if refusal != nil {
		return 0, nil, refusal
	}
	total, rows, err := routeTables.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	out := make([]RouteTableView, len(rows))
	for i, t := range rows {
		out[i] = routeTableView(view, t, c.st.Now())
		if hops != nil {
			out[i].keepHops(hops)
		}
	}
	return total, out, nil
}

// nextHops are the values of the filter next-hop-type; nil if it is not there.
func nextHops(filters []Filter) ([]string, *vpc.Error) {
	var hops []string
	beside := 0
	for _, f := range filters {
		switch f.Name {
		case nextHopFilter:
			hops = append([]string{}, f.Values...)
		case "route-table-id", "vpc-id":
			beside++
		}
	}
	if hops != nil && beside < 2 {
		return nil, vpc.Refuse(vpc.InvalidParameterFilterMissParameter, "Filters",
			"%s needs route-table-id and vpc-id beside it", "%s 须与 route-table-id、vpc-id 同时使用", nextHopFilter)
	}
	return hops, nil
}
