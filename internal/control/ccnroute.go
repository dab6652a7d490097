package control

import (
	"context"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// ccnMembers gathers the networks that are attached to a CCN and what each brings.
func ccnMembers(r store.Reader, ccn *vpc.CCN, now vpc.Instant) []vpc.CCNMember {
	var members []vpc.CCNMember
	for a := range store.AttachmentsByCCN.All(r, ccn.ID) {
		if a.StateAt(now) != vpc.AttachmentActive {
			continue
		}
		m := vpc.CCNMember{Attachment: a}
		n, _ := networkOf(r, vpc.Scope{Account: a.Owner, Region: a.Region}, a.InstanceType, a.Instance)
		switch {
		case n.vpc != nil:
			m.Ranges = vpcRanges(r, n.vpc)
		case n.gateway != nil:
			m.Ranges = gatewayRanges(r, n.gateway)
		}
		members = append(members, m)
	}
	return members
}

// vpcRanges are what a VPC publishes: its whole ranges or, which is usual, its subnets,
// and those of its routes that were published. Subnets of a dedicated cluster are
// published only if the VPC says so.
func vpcRanges(r store.Reader, v *vpc.VPC) []vpc.CCNRange {
	var ranges []vpc.CCNRange
	if v.Publish {
		for _, p := range v.Ranges() {
			ranges = append(ranges, vpc.CCNRange{Destination: p, Since: v.Created})
		}
	}
	if v.PublishIPv6 {
		for _, p := range v.IPv6 {
			ranges = append(ranges, vpc.CCNRange{Destination: p.CIDR, Since: v.Created})
		}
	}
	for s := range store.SubnetsByVPC.All(r, store.Of(v.Scope, v.ID)) {
		if s.CDC != "" && !v.CDCPublish {
			continue
		}
		if !v.Publish {
			ranges = append(ranges, vpc.CCNRange{Destination: s.CIDR, Since: s.Created})
		}
		if !v.PublishIPv6 && s.IPv6.IsValid() {
			ranges = append(ranges, vpc.CCNRange{Destination: s.IPv6, Since: s.Created})
		}
	}
	for t := range store.RouteTablesByVPC.All(r, store.Of(v.Scope, v.ID)) {
		for _, route := range t.Routes {
			if route.Published && !route.Disabled {
				ranges = append(ranges, vpc.CCNRange{Destination: route.Destination, Since: route.Created})
			}
		}
	}
	return ranges
}

// gatewayRanges are the ranges behind a gateway that it publishes.
func gatewayRanges(r store.Reader, g *vpc.Gateway) []vpc.CCNRange {
	return vpc.GatewayRanges(offeredRanges(r, g), connectionsOf(r, g), routesOf(r, g))
}

// CCNRouteView is a route of a CCN, with the name of its next hop and, for the CCN's own
// account, the route table that it is in.
type CCNRouteView struct {
	vpc.CCNRoute
	Name  string
	Table string
}

// CCNRouteQuery asks for the routes of a CCN.
type CCNRouteQuery struct {
	Query
	CCN string
}

// CCNRoutes lists the routes of a CCN. An account that does not own the CCN but has
// instances in it sees the routes to those.
func (c *Control) CCNRoutes(ctx context.Context, caller *Caller, q CCNRouteQuery) (int, []CCNRouteView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	ccn, err := seenCCN(view, caller, q.CCN)
	if err != nil {
		return 0, nil, err
	}
	var rows []*vpc.CCNRoute
	for _, r := range vpc.CCNRoutes(ccn, ccnMembers(view, ccn, c.st.Now())) {
		if ccn.Account == caller.Account || r.Owner == caller.Account {
			rows = append(rows, &r)
		}
	}
	table := ""
	if ccn.Account == caller.Account {
		table = ccn.RouteTable
	}
	total, page, err := ccnRoutesAmong(table, rows).list(view, vpc.Scope{}, q.Query)
	if err != nil {
		return 0, nil, err
	}
	out := []CCNRouteView{}
	for _, r := range page {
		n, _ := networkOf(view, vpc.Scope{Account: r.Owner, Region: r.Region}, r.InstanceType, r.Instance)
		out = append(out, CCNRouteView{*r, n.name(), table})
	}
	return total, out, nil
}

// ccnRoutesAmong lists among the routes of one CCN that the caller may see, which are in
// the given table, empty where the caller does not know it.
func ccnRoutesAmong(table string, rows []*vpc.CCNRoute) *listing[vpc.CCNRoute] {
	match := func(field func(*vpc.CCNRoute) string) filterRule[vpc.CCNRoute] {
		return filterRule[vpc.CCNRoute]{Value: func(_ store.Reader, r *vpc.CCNRoute) (string, bool) { return field(r), true }}
	}
	return &listing[vpc.CCNRoute]{
		idParam: "RouteIds", idPrefix: vpc.PrefixCCNRoute, malformed: vpc.InvalidParameterValueMalformed, unknown: vpc.ResourceNotFound,
		get:   func(_ store.Reader, id string) (*vpc.CCNRoute, bool) { return routeNamed(rows, id) },
		scope: func(*vpc.CCNRoute) vpc.Scope { return vpc.Scope{} },
		all:   func(store.Reader, vpc.Scope) source[vpc.CCNRoute] { return gathered(rows) },
		filters: map[string]filterRule[vpc.CCNRoute]{
			"route-id":        match(func(r *vpc.CCNRoute) string { return r.ID }),
			"cidr-block":      match(func(r *vpc.CCNRoute) string { return r.Destination.String() }),
			"instance-type":   match(func(r *vpc.CCNRoute) string { return r.InstanceType }),
			"instance-region": match(func(r *vpc.CCNRoute) string { return string(r.Region) }),
			"instance-id":     match(func(r *vpc.CCNRoute) string { return r.Instance }),
			"route-table-id":  match(func(*vpc.CCNRoute) string { return table }),
		},
	}
}

func routeNamed(rows []*vpc.CCNRoute, id string) (*vpc.CCNRoute, bool) {
	for _, r := range rows {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

// EnableCCNRoutes takes routes of a CCN back into use, all or none.
func (c *Control) EnableCCNRoutes(ctx context.Context, caller *Caller, ccn string, ids []string) error {
	return c.switchRoutes(ctx, caller, ccn, ids, func(row *vpc.CCN, members []vpc.CCNMember) ([]string, *vpc.Error) {
		return vpc.EnableRoutes(row, members, ids, caller.Codes)
	})
}

// DisableCCNRoutes takes routes of a CCN out of use.
func (c *Control) DisableCCNRoutes(ctx context.Context, caller *Caller, ccn string, ids []string) error {
	return c.switchRoutes(ctx, caller, ccn, ids, func(row *vpc.CCN, members []vpc.CCNMember) ([]string, *vpc.Error) {
		return vpc.DisableRoutes(row, members, ids), nil
	})
}

func (c *Control) switchRoutes(ctx context.Context, caller *Caller, id string, ids []string, change func(*vpc.CCN, []vpc.CCNMember) ([]string, *vpc.Error)) error {
	if err := checkRouteIDs(ids, caller.Codes); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		old, err := findCCN(tx, caller, id)
		if err != nil {
			return err
		}
		members := ccnMembers(tx, old, tx.Now())
		if err := knownRoutes(old, members, ids, caller.Codes); err != nil {
			return err
		}
		disabled, refused := change(old, members)
		if refused != nil {
			return refused
		}
		ccn := *old
		ccn.DisabledRoutes = disabled
		store.CCNs.Put(tx, &ccn)
		return nil
	})
}

func checkRouteIDs(ids []string, codes vpc.Listed) error {
	if len(ids) == 0 {
		return vpc.Refuse(vpc.MissingParameter, "RouteIds", "it is empty", "不能为空")
	}
	if len(ids) > MaxLimit {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueLimitExceeded, vpc.InvalidParameterValueMalformed), "RouteIds", "at most %d ids are allowed", "最多允许 %d 个 ID", MaxLimit)
	}
	for i, id := range ids {
		if err := vpc.CheckID(vpc.PrefixCCNRoute, "RouteIds."+strconv.Itoa(i), id, codes); err != nil {
			return err
		}
	}
	return nil
}

func knownRoutes(ccn *vpc.CCN, members []vpc.CCNMember, ids []string, codes vpc.Listed) error {
	known := map[string]bool{}
	for _, r := range vpc.CCNRoutes(ccn, members) {
		known[r.ID] = true
	}
	for i, id := range ids {
		if !known[id] {
			return vpc.NotFound(vpc.PrefixCCNRoute, "RouteIds."+strconv.Itoa(i), id, codes)
		}
	}
	return nil
}
