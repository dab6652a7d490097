package vpc

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"strconv"
)

// GatewayRouteSpec is one route that CreateVpnGatewayRoutes asks for.
type GatewayRouteSpec struct {
	Destination string
	NextHopType string
	NextHop     string
	Priority    int64
	Status      string
	Description string
}

// GatewayRouteChange is one route of ModifyVpnGatewayRoutes. Nil fields stay.
type GatewayRouteChange struct {
	Route       string
	Status      *string
	Description *string
}

// GatewayCCNRouteChange is one route of ModifyVpnGatewayCcnRoutes. Nil fields stay;
// Destination only repeats what the route is.
type GatewayCCNRouteChange struct {
	Route       string
	Status      *string
	Destination *string
}

// The kinds of next hop, the states and the types of a gateway route.
const (
	NextHopConnection = "VPNCONN"
	NextHopCCN        = "CCN"

	RouteEnabled  = "ENABLE"
	RouteDisabled = "DISABLE"

	GatewayRouteStatic = "Static"
)

// The priorities of a gateway route; the lower wins.
const (
	PriorityHigh = 0
	PriorityLow  = 100
)

// NewGatewayRoute checks the text of one route. param names it, such as Routes.0; ids,
// scope and times are the caller's to fill in.
func NewGatewayRoute(param string, s GatewayRouteSpec, vpcRanges []netip.Prefix, codes Listed) (*GatewayRoute, *Error) {
	o := &options{codes: codes}
	r := &GatewayRoute{
		Destination: o.destination(param+".DestinationCidrBlock", s.Destination, vpcRanges),
		NextHopType: o.word(param+".InstanceType", &s.NextHopType, NextHopConnection, []string{NextHopConnection, NextHopCCN}),
		NextHop:     s.NextHop,
		Priority:    o.priority(param+".Priority", s.Priority),
		Enabled:     o.enabled(param+".Status", s.Status),
		Type:        GatewayRouteStatic,
		Description: s.Description,
	}
	prefix := PrefixConnection
	if r.NextHopType == NextHopCCN {
		prefix = PrefixCCN
	}
	o.refuse(CheckID(prefix, param+".InstanceId", s.NextHop, codes))
	o.refuse(RouteDescription.Check(param+".Description", s.Description, codes))
	return r, o.err
}

// destination reads a canonical range that hosts can have and that does not touch the
// VPC; 0.0.0.0/0 may.
func (o *options) destination(param, text string, vpcRanges []netip.Prefix) netip.Prefix {
	p, err := CheckRange(param, text, o.codes)
	if err != nil {
		o.refuse(err)
		return p
	}
	if !trafficRange(p) {
		o.malformed(param, "no host can have an address of `%s`", "`%s` 不是主机可用的网段", p)
	}
	if own, clash := FirstOverlap(p, vpcRanges); clash && p != Everywhere {
		code := o.codes.Pick(InvalidParameterValueVpcCidrConflict, UnsupportedOperation)
		o.refuse(Refuse(code, param, "`%s` overlaps the VPC's range `%s`", "`%s` 与私有网络网段 `%s` 重叠", p, own))
	}
	return p
}

func (o *options) priority(param string, n int64) uint8 {
	if n != PriorityHigh && n != PriorityLow {
		o.malformed(param, "%d is neither %d nor %d", "%d 既不是 %d 也不是 %d", n, PriorityHigh, PriorityLow)
	}
	return uint8(n)
}

func (o *options) enabled(param, status string) bool {
	return o.word(param, &status, RouteDisabled, []string{RouteEnabled, RouteDisabled}) == RouteEnabled
}

// Status is how an answer spells whether the route is in use.
func (r *GatewayRoute) Status() string { return routeStatus(r.Enabled) }

// Status is how an answer spells whether the range is offered to the CCN.
func (r *GatewayCCNRoute) Status() string { return routeStatus(r.Enabled) }

func routeStatus(enabled bool) string {
	if enabled {
		return RouteEnabled
	}
	return RouteDisabled
}

// Change returns a copy of r with the change laid over it.
func (r *GatewayRoute) Change(param string, change GatewayRouteChange, now Instant, codes Listed) (*GatewayRoute, *Error) {
	out := *r
	o := &options{codes: codes}
	if change.Status != nil {
		out.Enabled = o.enabled(param+".Status", *change.Status)
	}
	if change.Description != nil {
		o.refuse(RouteDescription.Check(param+".Description", *change.Description, codes))
		out.Description = *change.Description
	}
	out.Updated = now
	return &out, o.err
}

// Change returns a copy of r with the change laid over it.
func (r *GatewayCCNRoute) Change(param string, change GatewayCCNRouteChange, now Instant, codes Listed) (*GatewayCCNRoute, *Error) {
	o := &options{codes: codes}
	if d := change.Destination; d != nil && *d != "" && *d != r.Destination.String() {
		o.malformed(param+".DestinationCidrBlock", "`%s` is not the range of route `%s`", "`%s` 不是路由 `%s` 的网段", Clip(*d), r.ID)
	}
	out := *r
	if change.Status != nil {
		out.Enabled = o.enabled(param+".Status", *change.Status)
	}
	if out.Created == 0 {
		out.Created = now
	}
	return &out, o.err
}

// CheckGatewayRoutes holds one route against the gateway's others: the same destination
// and next hop once only, and two next hops for one destination at one priority only on
// a gateway of version 3.1 or later.
func CheckGatewayRoutes(param string, r *GatewayRoute, others []*GatewayRoute, g *Gateway, codes Listed) *Error {
	for _, o := range others {
		if o.ID == r.ID || o.Destination != r.Destination {
			continue
		}
		if o.NextHopType == r.NextHopType && o.NextHop == r.NextHop {
			return Refuse(codes.Pick(InvalidParameterValueVpnGatewayRouteDuplicate, InvalidParameterValueMalformed), param,
				"route `%s` to `%s` over `%s` is there already", "已有路由 `%s`：经 `%[3]s` 到 `%[2]s`", o.ID, r.Destination, r.NextHop)
		}
		if o.Enabled && r.Enabled && o.Priority == r.Priority && !versionFrom(g.Version, 3, 1) {
			return Refuse(UnsupportedOperationVpnUnsupportedRouteEcmpForCvmVpn, param,
				"two next hops for `%s` need a gateway of version 3.1, this one is %s", "到 `%s` 的等价路由需要 3.1 版本的网关，当前为 %s", r.Destination, g.Version)
		}
	}
	return nil
}

// PublishedRanges returns the ranges behind a CCN-type gateway that it offers to its
// CCN: the remote ranges of its connections and the destinations of its routes over
// them, each once, in address order.
func PublishedRanges(connections []*Connection, routes []*GatewayRoute) []netip.Prefix {
	var out []netip.Prefix
	for _, x := range connections {
		if x.Deleted != 0 {
			continue
		}
		for _, p := range pairs(x.Policies) {
			out = append(out, p.remote)
		}
	}
	for _, r := range routes {
		if r.Enabled && r.NextHopType == NextHopConnection {
			out = append(out, r.Destination)
		}
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	return slices.Compact(out)
}

// GatewayCCNRouteID derives the id of a published range, so that it stays the same for
// as long as the gateway publishes it. taken says which ids something else has.
func GatewayCCNRouteID(g GatewayID, destination netip.Prefix, taken func(GatewayRouteID) bool) GatewayRouteID {
	for salt := 0; ; salt++ {
		h := fnv.New64a()
		h.Write([]byte(string(g) + " " + destination.String() + " " + strconv.Itoa(salt)))
		if id := NewID[GatewayRouteID](PrefixGatewayRoute, h.Sum64); !taken(id) {
			return id
		}
	}
}
