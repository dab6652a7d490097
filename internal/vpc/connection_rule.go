package vpc

import (
	"net/netip"
	"slices"
)

// ConnectionSpec is what CreateVpnConnection asks for. Nil fields were left out.
type ConnectionSpec struct {
	Gateway         string
	CustomerGateway string
	VPC             string // empty: that of the gateway
	Name            string
	PreSharedKey    Secret
	RouteType       *string
	Tunnel          TunnelSpec
	Route           *ConnectionRouteSpec
	Tags            []Tag
}

// ConnectionRouteSpec is a first gateway route, made together with a connection.
type ConnectionRouteSpec struct {
	Destination string
	Priority    int64
	Description string
}

// ConnectionChange is what ModifyVpnConnectionAttribute asks for. Nil fields stay.
type ConnectionChange struct {
	Name            *string
	PreSharedKey    *Secret
	CustomerGateway *string
	Tunnel          TunnelSpec
}

// TunnelSpec is what creating and changing have in common. An object or list that is
// given replaces the whole of what was; nil was left out.
type TunnelSpec struct {
	Policies    []PolicySpec
	IKE         *IKESpec
	IPsec       *IPsecSpec
	Negotiation *string
	DPD         DPDSpec
	Health      HealthSpec
	BGP         *BGPSpec
}

// Surroundings is everything that a connection must fit into.
type Surroundings struct {
	Site            Site
	Gateway         *Gateway
	Host            *Host // that carries the gateway; nil: none, so that anything goes
	CustomerGateway *CustomerGateway
	VPCRanges       []netip.Prefix // of the gateway's VPC; empty for the CCN types
	Pools           []netip.Prefix // client ranges of the VPC's SSL servers
	Others          []*Connection  // the gateway's other connections, those being deleted too
	Quota           func(name string) int
	Codes           Listed
}

var routeTypes = []string{string(RouteStatic), string(RouteStaticRoute), string(RoutePolicy), string(RouteBGP)}

// NewConnection returns a connection with every option set: given ones checked, the
// others at their defaults. Ids, names, secrets and times are the caller's to fill in.
func NewConnection(spec ConnectionSpec, around *Surroundings) (*Connection, *Error) {
	o := &options{codes: around.Codes}
	x := &Connection{
		VPC:             around.Gateway.VPC,
		Gateway:         around.Gateway.ID,
		CustomerGateway: around.CustomerGateway.ID,
		RouteType:       RouteType(o.word("RouteType", spec.RouteType, string(RouteStatic), routeTypes)),
		Negotiation:     NegotiateActive,
		DPD:             DPD{Timeout: defaultDPDTimeout, Action: "restart"},
	}
	t := spec.Tunnel
	if t.IKE == nil {
		t.IKE = &IKESpec{}
	}
	if t.IPsec == nil {
		t.IPsec = &IPsecSpec{}
	}
	if x.RouteType.ByPolicy() && t.Policies == nil {
		t.Policies = []PolicySpec{}
	}
	if t.BGP == nil {
		o.bgp(nil, x.RouteType)
	}
	o.lay(x, t, around)
	if spec.Route != nil && x.RouteType != RouteStaticRoute {
		o.refuse(Refuse(o.codes.Pick(InvalidParameterCoexist, UnsupportedOperation), "Route",
			"it goes with RouteType `StaticRoute`, not `%s`", "仅用于路由类型 `StaticRoute`，当前为 `%s`", x.RouteType))
	}
	if o.err != nil {
		return nil, o.err
	}
	for _, check := range []func(*Connection, *Surroundings) *Error{checkEnds, checkMixed, checkBGP, checkPolicies, checkHealth, checkHost, checkAnywhere} {
		if err := check(x, around); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// Change returns a copy of x with the changes laid over it. Surroundings hold the
// customer gateway after the change, was the one before it. Only what a change touches
// is held against its surroundings again.
func (x *Connection) Change(t TunnelSpec, was *CustomerGateway, around *Surroundings) (*Connection, *Error) {
	y := *x
	y.CustomerGateway = around.CustomerGateway.ID
	if t.IKE == nil && y.IKE.RemoteAddress == was.Addr.String() {
		y.IKE.RemoteAddress = around.CustomerGateway.Addr.String()
	}
	o := &options{codes: around.Codes}
	o.lay(&y, t, around)
	if o.err != nil {
		return nil, o.err
	}
	for _, c := range []struct {
		touched bool
		check   func(*Connection, *Surroundings) *Error
	}{
		{y.CustomerGateway != x.CustomerGateway, checkEnds},
		{t.BGP != nil || y.CustomerGateway != x.CustomerGateway, checkBGP},
		{t.Policies != nil, checkPolicies},
		{t.Health.given() || t.Policies != nil, checkHealth},
		{t.IKE != nil || t.IPsec != nil, checkHost},
		{t.IKE != nil || t.Policies != nil || t.Negotiation != nil, checkAnywhere},
	} {
		if !c.touched {
			continue
		}
		if err := c.check(&y, around); err != nil {
			return nil, err
		}
	}
	return &y, nil
}

// lay reads what was given over x.
func (o *options) lay(x *Connection, t TunnelSpec, around *Surroundings) {
	switch {
	case t.Policies == nil:
	case x.RouteType.ByPolicy():
		x.Policies = o.policies(t.Policies, around)
	default:
		o.policiesOfRoutes(t.Policies, x.RouteType)
	}
	if t.IKE != nil {
		x.IKE = o.ike(*t.IKE, around)
	}
	if t.IPsec != nil {
		x.IPsec = o.ipsec(*t.IPsec, around.Gateway)
	}
	x.Negotiation = Negotiation(o.word("NegotiationType", t.Negotiation, string(x.Negotiation), negotiations))
	x.DPD = o.dpd(t.DPD, x.DPD)
	x.Health = o.health(t.Health, x.Health)
	if t.BGP != nil {
		x.BGP = o.bgp(t.BGP, x.RouteType)
	}
}

// checkEnds refuses a gateway as its own peer.
func checkEnds(_ *Connection, around *Surroundings) *Error {
	if around.CustomerGateway.Addr != around.Gateway.Public {
		return nil
	}
	return Refuse(UnsupportedOperation, "CustomerGatewayId",
		"its address `%s` is that of gateway `%s` itself", "其地址 `%s` 就是网关 `%s` 自身的地址", around.Gateway.Public, around.Gateway.ID)
}

// checkMixed refuses dynamic and other connections on one gateway.
func checkMixed(x *Connection, around *Surroundings) *Error {
	others := around.Others
	i := slices.IndexFunc(others, func(o *Connection) bool { return (o.RouteType == RouteBGP) != (x.RouteType == RouteBGP) })
	if i < 0 {
		return nil
	}
	return Refuse(UnsupportedOperationVpnConnRouteTypeMixed, "RouteType",
		"`%s` cannot share a gateway with connection `%s` of RouteType `%s`", "`%s` 不能与路由类型为 `%[3]s` 的通道 `%[2]s` 共用网关", x.RouteType, others[i].ID, others[i].RouteType)
}

// CheckPeer refuses a second connection between one gateway and one customer gateway.
// While the first is still being deleted the refusal invites another try.
func CheckPeer(peer CustomerGatewayID, others []*Connection, codes Listed) *Error {
	i := slices.IndexFunc(others, func(o *Connection) bool { return o.CustomerGateway == peer })
	switch {
	case i < 0:
		return nil
	case others[i].Deleted != 0:
		return Refuse(codes.Pick(ResourceInUse, UnsupportedOperation), "CustomerGatewayId",
			"connection `%s` to it is still being deleted", "与其相连的通道 `%s` 正在删除", others[i].ID)
	}
	return Refuse(codes.Pick(InvalidParameterValueDuplicate, UnsupportedOperation), "CustomerGatewayId",
		"connection `%s` of this gateway goes to it already", "该网关的通道 `%s` 已与其相连", others[i].ID)
}

// CheckMove refuses another customer gateway for a connection of a gateway older than
// version 4.0, or one that another of its connections goes to.
func CheckMove(g *Gateway, peer CustomerGatewayID, others []*Connection, codes Listed) *Error {
	if !versionFrom(g.Version, 4, 0) {
		return Refuse(UnsupportedOperation, "CustomerGatewayId",
			"changing it needs a gateway of version 4.0, this one is %s", "更换对端网关需要 4.0 版本的网关，当前为 %s", g.Version)
	}
	return CheckPeer(peer, others, codes)
}
