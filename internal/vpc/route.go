package vpc

import (
	"net/netip"
	"slices"
	"strconv"
)

// The next hops of routes.
const (
	HopVPN       = "VPN"
	HopCCN       = "CCN" // of computed routes
	HopUserCCN   = "USER_CCN"
	HopNormalCVM = "NORMAL_CVM"
	HopEIP       = "EIP"
	HopLocal     = "LOCAL_GATEWAY"
)

// absentHops are the next hops of a kind of which this server never has any.
var absentHops = []string{"CVM", "DIRECTCONNECT", "PEERCONNECTION", "HAVIP", "NAT", HopLocal, "INTRANAT", "GWLB_ENDPOINT"}

// maxRoutesPerCall is how many routes one call may name.
const maxRoutesPerCall = 100

// maxRouteNumber bounds RouteId, so that every client's numbers can hold it.
const maxRouteNumber = 1<<31 - 1

// RouteSpec is a route as a caller writes it. Nil was not sent; Number and ID name a
// route that there is.
type RouteSpec struct {
	Number       uint64
	ID           RouteItemID
	Destination  *string
	Destination6 *string
	GatewayType  *string
	Gateway      *string
	Description  *string
	Enabled      *bool
	Type         *string
}

// RouteWorld is what the rules of routes look at around a table.
type RouteWorld struct {
	VPC     *VPC
	Gateway func(GatewayID) (VPCID, bool)       // a VPN gateway of the caller's, here
	CCN     func(CCNID) (exists, attached bool) // whether this VPC is attached to it
	CCNSent []Route                             // the computed routes of this table
	CDC     bool                                // the table serves subnets of a dedicated cluster
	Quota   int                                 // routes per table
	Draw    func() uint64                       // for ids and numbers
	Now     Instant
	Codes   Listed
}

// routeCall checks the routes of one call against one table.
type routeCall struct {
	RouteWorld
	routes []Route // of the table, as they will be
}

// AddRoutes checks new routes and returns the table's routes with them, and them alone.
func (w RouteWorld) AddRoutes(t *RouteTable, specs []RouteSpec) (all, added []Route, err *Error) {
	if err := checkRouteCount("Routes", len(specs), w.Codes); err != nil {
		return nil, nil, err
	}
	c := routeCall{w, slices.Clone(t.Routes)}
	if err := OverQuotaBy(w.Codes.Pick(LimitExceeded), "Routes", QuotaRoutes, len(c.routes), len(specs), w.Quota); err != nil {
		return nil, nil, err
	}
	for i, spec := range specs {
		r, err := c.newRoute(spec, routeParam(i))
		if err != nil {
			return nil, nil, err
		}
		c.routes = append(c.routes, r)
	}
	return c.routes, c.routes[len(t.Routes):], nil
}

// ResetRoutes checks the routes that take the place of all of a table's.
func (w RouteWorld) ResetRoutes(specs []RouteSpec) ([]Route, *Error) {
	if len(specs) == 0 {
		return nil, nil
	}
	all, _, err := w.AddRoutes(&RouteTable{}, specs)
	return all, err
}

// ReplaceRoutes checks the specs, each of which names a route of the table and how it
// is to be. What a spec leaves out stays. It returns the table's routes, and the named
// ones before and after.
func (w RouteWorld) ReplaceRoutes(t *RouteTable, specs []RouteSpec) (all, before, after []Route, err *Error) {
	places, err := w.find(t, specs, "Routes")
	if err != nil {
		return nil, nil, nil, err
	}
	c := routeCall{w, slices.Clone(t.Routes)}
	for _, at := range places {
		before = append(before, t.Routes[at])
		c.routes[at].Disabled = true // out of the way of the others, until it is its turn
		c.routes[at].Destination = netip.Prefix{}
	}
	for i, spec := range specs {
		r, err := c.replaced(t.Routes[places[i]], spec, routeParam(i))
		if err != nil {
			return nil, nil, nil, err
		}
		c.routes[places[i]] = r
		after = append(after, r)
	}
	return c.routes, before, after, nil
}

// RemoveRoutes checks the specs and returns the table's routes without the named ones,
// and those. A route that is published to the CCN has to be withdrawn first.
func (w RouteWorld) RemoveRoutes(t *RouteTable, specs []RouteSpec, attached bool) (left, removed []Route, err *Error) {
	places, err := w.find(t, specs, "Routes")
	if err != nil {
		return nil, nil, err
	}
	for i, at := range places {
		r := t.Routes[at]
		if r.Published && attached {
			return nil, nil, refusePublished(routeParam(i), r)
		}
		removed = append(removed, r)
	}
	for i, r := range t.Routes {
		if !slices.Contains(places, i) {
			left = append(left, r)
		}
	}
	return left, removed, nil
}

// SwitchRoutes enables or disables the named routes and returns the table's routes. An
// enabled route is the only one with its destination.
func (w RouteWorld) SwitchRoutes(t *RouteTable, specs []RouteSpec, list string, enable, attached bool) ([]Route, *Error) {
	places, err := w.find(t, specs, list)
	if err != nil {
		return nil, err
	}
	c := routeCall{w, slices.Clone(t.Routes)}
	for i, at := range places {
		r, param := c.routes[at], list+"."+strconv.Itoa(i)
		if !enable && r.Published && attached {
			return nil, refusePublished(param, r)
		}
		c.routes[at].Disabled = true
		r.Disabled = !enable
		if err := c.alone(r, param); err != nil {
			return nil, err
		}
		c.routes[at] = r
	}
	return c.routes, nil
}

// PublishRoutes publishes the named routes to the VPC's CCN, or withdraws them, and
// returns the table's routes. Publishing twice is the same as once.
func (w RouteWorld) PublishRoutes(t *RouteTable, ids []string, publish, attached bool) ([]Route, *Error) {
	specs := make([]RouteSpec, len(ids))
	for i, id := range ids {
		specs[i].ID = RouteItemID(id)
	}
	const list = "RouteItemIds"
	places, err := w.find(t, specs, list)
	if err != nil {
		return nil, err
	}
	if publish && !attached {
		return nil, Refuse(UnsupportedOperationCcnNotAttached, "RouteTableId", "the VPC is attached to no CCN", "私有网络未关联云联网")
	}
	routes := slices.Clone(t.Routes)
	for i, at := range places {
		r, param := &routes[at], list+"."+strconv.Itoa(i)
		switch {
		case publish && !r.Publishable():
			return nil, Refuse(UnsupportedOperationNotifyCcn, param, "a route to `%s` by %s cannot be published", "经 %[2]s 到 `%[1]s` 的路由不能发布", r.Destination, r.GatewayType)
		case publish && r.Disabled:
			return nil, Refuse(UnsupportedOperationInvalidStatusNotifyCcn, param, "route `%s` is disabled", "路由 `%s` 已禁用", r.ID)
		case !publish && !r.Published:
			return nil, Refuse(UnsupportedOperationNotifyCcn, param, "route `%s` is not published", "路由 `%s` 未发布", r.ID)
		}
		r.Published = publish
	}
	return routes, nil
}

// Publishable reports whether a CCN takes the route: not a default route, and a next hop
// that carries traffic of others.
func (r *Route) Publishable() bool {
	return r.Destination.Bits() > 0 && (r.GatewayType == HopNormalCVM || r.GatewayType == HopVPN)
}

// RouteConflicts returns a table's enabled routes and its computed ones whose destination
// is p.
func RouteConflicts(t *RouteTable, computed []Route, p netip.Prefix) []Route {
	var out []Route
	for _, r := range append(slices.Clone(t.Routes), computed...) {
		if (!r.Disabled || r.Type == RouteCCN) && r.Destination == p {
			out = append(out, r)
		}
	}
	return out
}

func routeParam(i int) string { return "Routes." + strconv.Itoa(i) }

func checkRouteCount(param string, n int, codes Listed) *Error {
	switch {
	case n == 0:
		return Refuse(MissingParameter, param, "no route is named", "未指定路由")
	case n > maxRoutesPerCall:
		return Refuse(codes.Pick(InvalidParameterValueLimitExceeded, LimitExceeded, InvalidParameterValue), param,
			"%d routes, a call may name %d", "%d 条路由，每次最多 %d 条", n, maxRoutesPerCall)
	}
	return nil
}

func refusePublished(param string, r Route) *Error {
	return Refuse(UnsupportedOperationDisabledNotifyCcn, param,
		"route `%s` is published to the CCN and has to be withdrawn first", "路由 `%s` 已发布到云联网，请先撤回", r.ID)
}

// newRoute reads and checks a route that is to be.
func (c *routeCall) newRoute(spec RouteSpec, at string) (Route, *Error) {
	r := Route{Type: RouteUser, Created: c.Now}
	if err := c.fill(&r, spec, at); err != nil {
		return r, err
	}
	r.ID = c.freshID()
	r.Number = c.freshNumber()
	return r, nil
}

// replaced reads and checks what is to become of a route.
func (c *routeCall) replaced(r Route, spec RouteSpec, at string) (Route, *Error) {
	if err := c.fill(&r, spec, at); err != nil {
		return r, err
	}
	r.Published = r.Published && !r.Disabled && r.Publishable()
	return r, nil
}

// fill writes a spec over a route and checks what comes out.
func (c *routeCall) fill(r *Route, spec RouteSpec, at string) *Error {
	if spec.Type != nil && *spec.Type != "" && *spec.Type != RouteUser {
		return Refuse(UnsupportedOperationSystemRoute, at+".RouteType", "users make routes of type USER only", "用户只能创建 USER 类型的路由")
	}
	if err := c.readDestination(r, spec, at); err != nil {
		return err
	}
	for _, f := range []struct {
		param string
		given *string
		field *string
	}{{".GatewayType", spec.GatewayType, &r.GatewayType}, {".GatewayId", spec.Gateway, &r.Gateway}} {
		if f.given != nil {
			*f.field = *f.given
		} else if *f.field == "" {
			return Refuse(MissingParameter, at+f.param, "it is missing", "缺少该参数")
		}
	}
	if spec.Description != nil {
		if err := RouteDescription.Check(at+".RouteDescription", *spec.Description, c.Codes); err != nil {
			return err
		}
		r.Description = *spec.Description
	}
	if spec.Enabled != nil {
		r.Disabled = !*spec.Enabled
	}
	if err := c.checkHop(r, at); err != nil {
		return err
	}
	if err := c.distinct(*r, at); err != nil {
		return err
	}
	return c.alone(*r, at)
}

// readDestination reads the one destination that a spec names, IPv4 or IPv6.
func (c *routeCall) readDestination(r *Route, spec RouteSpec, at string) *Error {
	has4 := spec.Destination != nil && *spec.Destination != ""
	has6 := spec.Destination6 != nil && *spec.Destination6 != ""
	param := at + ".DestinationCidrBlock"
	var err *Error
	switch {
	case has4 && has6:
		return Refuse(c.Codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), param,
			"a route has one destination, IPv4 or IPv6", "一条路由只能有一个目的网段，IPv4 或 IPv6")
	case has4:
		r.Destination, err = CheckRange(param, *spec.Destination, c.Codes)
	case has6:
		param = at + ".DestinationIpv6CidrBlock"
		r.Destination, err = CheckIPv6Range(param, *spec.Destination6, c.Codes)
	case !r.Destination.IsValid():
		return Refuse(MissingParameter, param, "it is missing", "缺少该参数")
	}
	if err != nil {
		return err
	}
	return c.checkDestination(r.Destination, param)
}

// checkDestination refuses destinations that no packet can have, and those inside the VPC.
func (c *routeCall) checkDestination(p netip.Prefix, param string) *Error {
	if !routable(p) {
		return Refuse(c.Codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), param,
			"`%s` is not a range that packets are sent to", "`%s` 不是可路由的网段", p)
	}
	const en, zh = "`%s` lies inside the VPC's range `%s`", "`%s` 位于私有网络的网段 `%s` 之内"
	for _, own := range append([]netip.Prefix{c.VPC.CIDR}, c.VPC.IPv6Ranges()...) {
		if Covers(own, p) {
			return Refuse(c.Codes.Pick(InvalidParameterValueVpcCidrConflict, InvalidParameterValue), param, en, zh, p, own)
		}
	}
	for _, own := range c.VPC.Assistants {
		if Covers(own, p) {
			return Refuse(c.Codes.Pick(InvalidParameterValueVpcCidrOverlapRoute, InvalidParameterValueVpcCidrConflict, InvalidParameterValue), param, en, zh, p, own)
		}
	}
	return nil
}

// routable reports whether p is a default route or lies outside the blocks of this
// network, loopback, link-local, multicast and reserved addresses.
func routable(p netip.Prefix) bool {
	if p.Bits() == 0 {
		return true
	}
	for _, b := range []netip.Prefix{thisNetwork, loopback, multicast, reserved} {
		if Covers(b, p) {
			return false
		}
	}
	a := p.Addr()
	return a.Is4() || !a.IsMulticast() && !a.IsLinkLocalUnicast() && !a.IsLoopback() && !a.IsUnspecified()
}

// checkHop refuses a next hop that does not exist or cannot be reached from the table.
func (c *routeCall) checkHop(r *Route, at string) *Error {
	idParam, v6 := at+".GatewayId", r.Destination.Addr().Is6()
	if c.CDC && r.GatewayType != HopLocal && c.Codes.Has(UnsupportedOperationCdcSubnetNotSupportUnLocalGateway) {
		return Refuse(UnsupportedOperationCdcSubnetNotSupportUnLocalGateway, at+".GatewayType",
			"the table serves a subnet of a dedicated cluster, which takes LOCAL_GATEWAY only", "路由表关联了专属集群的子网，仅支持 LOCAL_GATEWAY")
	}
	if r.GatewayType == HopLocal && !c.CDC && c.Codes.Has(UnsupportedOperationNormalSubnetNotSupportLocalGateway) {
		return Refuse(UnsupportedOperationNormalSubnetNotSupportLocalGateway, at+".GatewayType",
			"the table serves no subnet of a dedicated cluster", "路由表未关联专属集群的子网")
	}
	if v6 && (r.GatewayType == HopVPN || r.GatewayType == HopEIP) {
		return Refuse(UnsupportedOperation, at+".GatewayType", "%s does not carry IPv6", "%s 不支持 IPv6", r.GatewayType)
	}
	switch r.GatewayType {
	case HopVPN:
		return c.checkVPN(GatewayID(r.Gateway), idParam)
	case HopUserCCN:
		return c.checkCCN(CCNID(r.Gateway), idParam)
	case HopNormalCVM:
		return c.checkInstance(r.Gateway, v6, idParam)
	case HopEIP:
		if r.Gateway != "0" {
			return Refuse(c.Codes.Pick(InvalidParameterValueRouteNextHopInvalid, InvalidParameterValue), idParam, "it is `0` for EIP", "EIP 的取值为 `0`")
		}
		return nil
	case HopCCN:
		return Refuse(UnsupportedOperationSystemRoute, at+".GatewayType", "routes to a CCN come from the CCN itself", "云联网路由由系统下发")
	}
	if slices.Contains(absentHops, r.GatewayType) {
		return Refuse(ResourceNotFound, idParam, "there is no %s `%s`", "%s `%s` 不存在", r.GatewayType, Clip(r.Gateway))
	}
	return Refuse(c.Codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), at+".GatewayType",
		"`%s` is not a type of next hop", "`%s` 不是下一跳类型", Clip(r.GatewayType))
}

func (c *routeCall) checkVPN(id GatewayID, param string) *Error {
	if err := CheckID(PrefixGateway, param, string(id), c.Codes); err != nil {
		return err
	}
	in, ok := c.Gateway(id)
	if !ok {
		return NotFound(PrefixGateway, param, string(id), c.Codes)
	}
	if in != c.VPC.ID {
		return Refuse(c.Codes.Pick(InvalidParameterValueRouteNextHopInvalid, InvalidParameterValue), param,
			"`%s` is not a gateway of this VPC", "`%s` 不是此私有网络的网关", id)
	}
	return nil
}

func (c *routeCall) checkCCN(id CCNID, param string) *Error {
	if err := CheckID(PrefixCCN, param, string(id), c.Codes); err != nil {
		return err
	}
	exists, attached := c.CCN(id)
	switch {
	case !exists && !attached:
		return NotFound(PrefixCCN, param, string(id), c.Codes)
	case !attached:
		return Refuse(c.Codes.Pick(InvalidParameterValueRouteNextHopInvalid, InvalidParameterValue), param,
			"the VPC is not attached to `%s`", "私有网络未关联 `%s`", id)
	}
	return nil
}

// checkInstance takes the private address of an instance; that it lies in the VPC is all
// that can be known of it.
func (c *routeCall) checkInstance(text string, v6 bool, param string) *Error {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Is6() != v6 || a.Zone() != "" {
		return Refuse(c.Codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param,
			"`%s` is not the private address of an instance", "`%s` 不是实例的内网地址", Clip(text))
	}
	if !c.VPC.Holds(a) {
		return Refuse(c.Codes.Pick(InvalidParameterValueRouteNextHopInvalid, InvalidParameterValue), param,
			"`%s` does not lie in the VPC", "`%s` 不在私有网络之内", a)
	}
	return nil
}

// distinct refuses a route that the table has already, enabled or not.
func (c *routeCall) distinct(r Route, at string) *Error {
	for _, o := range c.routes {
		if o.Destination == r.Destination && o.GatewayType == r.GatewayType && o.Gateway == r.Gateway {
			return Refuse(c.Codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValue), at+".DestinationCidrBlock",
				"the table has a route to `%s` by `%s` already", "路由表已有经 `%[2]s` 到 `%[1]s` 的路由", r.Destination, Clip(r.Gateway))
		}
	}
	return nil
}

// alone refuses an enabled route beside another enabled one with the same destination.
func (c *routeCall) alone(r Route, param string) *Error {
	if r.Disabled {
		return nil
	}
	const en, zh = "the table has an enabled route `%s` to `%s`", "路由表已启用到 `%[2]s` 的路由 `%[1]s`"
	for _, o := range c.routes {
		if !o.Disabled && o.Destination == r.Destination {
			return Refuse(c.Codes.Pick(UnsupportedOperationEcmpWithUserRoute, UnsupportedOperationEcmp), param, en, zh, o.ID, o.Destination)
		}
	}
	for _, o := range c.CCNSent {
		if !o.Disabled && o.Destination == r.Destination {
			return Refuse(c.Codes.Pick(UnsupportedOperationEcmpWithCcnRoute, UnsupportedOperationEcmp), param, en, zh, o.ID, o.Destination)
		}
	}
	return nil
}

func (c *routeCall) freshID() RouteItemID {
	for {
		id := NewID[RouteItemID](PrefixRouteItem, c.Draw)
		if !slices.ContainsFunc(c.routes, func(r Route) bool { return r.ID == id }) {
			return id
		}
	}
}

func (c *routeCall) freshNumber() uint64 {
	for {
		n := 1 + c.Draw()%maxRouteNumber
		if !slices.ContainsFunc(c.routes, func(r Route) bool { return r.Number == n }) {
			return n
		}
	}
}

// find finds the places of the routes that a list of a call names, all different ones.
func (w RouteWorld) find(t *RouteTable, specs []RouteSpec, list string) ([]int, *Error) {
	if err := checkRouteCount(list, len(specs), w.Codes); err != nil {
		return nil, err
	}
	places := make([]int, 0, len(specs))
	for i, spec := range specs {
		param := list + "." + strconv.Itoa(i)
		at, err := w.place(t, spec, param)
		if err != nil {
			return nil, err
		}
		if slices.Contains(places, at) {
			return nil, Refuse(w.Codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValueMalformed), param, "`%s` is there twice", "`%s` 重复", t.Routes[at].ID)
		}
		places = append(places, at)
	}
	return places, nil
}

func (w RouteWorld) place(t *RouteTable, spec RouteSpec, param string) (int, *Error) {
	name := string(spec.ID)
	named := func(r Route) bool { return r.ID == spec.ID }
	switch {
	case spec.ID != "":
		if err := CheckID(PrefixRouteItem, param, name, w.Codes); err != nil {
			return 0, err
		}
	case spec.Number != 0:
		name = strconv.FormatUint(spec.Number, 10)
		named = func(r Route) bool { return r.Number == spec.Number }
	default:
		return 0, Refuse(w.Codes.Pick(InvalidParameterValueMalformed), param, "a route is named by RouteItemId or RouteId", "须以 RouteItemId 或 RouteId 指定路由")
	}
	if slices.ContainsFunc(w.CCNSent, named) {
		return 0, Refuse(UnsupportedOperationSystemRoute, param, "route `%s` comes from the CCN", "路由 `%s` 由云联网下发", name)
	}
	at := slices.IndexFunc(t.Routes, named)
	if at < 0 {
		return 0, Refuse(w.Codes.Pick(InvalidRouteIdNotFound, ResourceNotFound), param, "the table has no route `%s`", "路由表没有路由 `%s`", name)
	}
	return at, nil
}
