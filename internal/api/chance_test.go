package api_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// chance is a client that calls at random: with ids that are its own, another account's,
// nobody's or none at all, and with inputs that are good or bad.
type chance struct {
	*session
	rand *rand.Rand
	view *store.View // what there was when the call was made up
}

type inputs map[string]any

// deed is one action that a client may think of, more often the greater its weight.
type deed struct {
	weight int
	action string
	body   func(c *chance) inputs
}

var deeds = []deed{
	{6, "CreateVpc", func(c *chance) inputs {
		return inputs{"VpcName": c.name(), "CidrBlock": c.one("10.0.0.0/16", "10.1.0.0/16", "192.168.0.0/20", "8.8.8.0/24", "10.0.0.0/33")}
	}},
	{2, "DeleteVpc", func(c *chance) inputs { return inputs{"VpcId": c.vpc()} }},
	{2, "ModifyVpcAttribute", func(c *chance) inputs { return inputs{"VpcId": c.vpc(), "VpcName": c.name()} }},
	{6, "CreateSubnet", func(c *chance) inputs {
		return inputs{"VpcId": c.vpc(), "SubnetName": c.name(), "CidrBlock": c.subRange(), "Zone": c.one("ap-guangzhou-3", "ap-guangzhou-4", "mars-1")}
	}},
	{3, "DeleteSubnet", func(c *chance) inputs { return inputs{"SubnetId": c.subnet()} }},
	{3, "CreateRouteTable", func(c *chance) inputs { return inputs{"VpcId": c.vpc(), "RouteTableName": c.name()} }},
	{2, "DeleteRouteTable", func(c *chance) inputs { return inputs{"RouteTableId": c.table()} }},
	{3, "ReplaceRouteTableAssociation", func(c *chance) inputs {
		return inputs{"RouteTableId": c.table(), "SubnetId": c.subnet()}
	}},
	{5, "CreateRoutes", func(c *chance) inputs {
		return inputs{"RouteTableId": c.table(), "Routes": []inputs{c.route()}}
	}},
	{2, "DeleteRoutes", func(c *chance) inputs {
		return inputs{"RouteTableId": c.table(), "Routes": []inputs{{"RouteItemId": c.routeItem()}}}
	}},
	{9, "CreateVpnGateway", (*chance).newGateway},
	{4, "DeleteVpnGateway", func(c *chance) inputs { return inputs{"VpnGatewayId": c.gateway()} }},
	{2, "ModifyVpnGatewayAttribute", func(c *chance) inputs {
		return inputs{"VpnGatewayId": c.gateway(), "VpnGatewayName": c.name(), "InstanceChargeType": c.one("PREPAID", "POSTPAID_BY_HOUR", "FREE")}
	}},
	{3, "RenewVpnGateway", func(c *chance) inputs {
		return inputs{"VpnGatewayId": c.gateway(), "InstanceChargePrepaid": c.term()}
	}},
	{3, "ResetVpnGatewayInternetMaxBandwidth", func(c *chance) inputs {
		return inputs{"VpnGatewayId": c.gateway(), "InternetMaxBandwidthOut": c.bandwidth()}
	}},
	{2, "ModifyGatewayFlowQos", func(c *chance) inputs {
		return inputs{"GatewayId": c.gateway(), "Bandwidth": c.number(-1, 0, 5, 50), "IpAddresses": []string{c.one("10.0.1.2", "10.1.0.3", "192.168.0.4", "8.8.8.8", "x")}}
	}},
	{2, "SetVpnGatewaysRenewFlag", func(c *chance) inputs {
		return inputs{"VpnGatewayIds": []string{c.gateway()}, "AutoRenewFlag": c.rand.IntN(4), "Type": c.one("IPSEC", "SSL", "CCN", "x")}
	}},
	{6, "CreateCustomerGateway", func(c *chance) inputs {
		return inputs{"CustomerGatewayName": c.name(), "IpAddress": c.one("10.0.0.1", "x", fmt.Sprintf("58.211.1.%d", c.rand.IntN(20)), fmt.Sprintf("58.211.2.%d", c.rand.IntN(20)))}
	}},
	{2, "DeleteCustomerGateway", func(c *chance) inputs { return inputs{"CustomerGatewayId": c.peer()} }},
	{2, "ModifyCustomerGatewayAttribute", func(c *chance) inputs {
		return inputs{"CustomerGatewayId": c.peer(), "CustomerGatewayName": c.name()}
	}},
	{14, "CreateVpnConnection", (*chance).newConnection},
	{4, "ModifyVpnConnectionAttribute", func(c *chance) inputs {
		in := inputs{"VpnConnectionId": c.connection(), "VpnConnectionName": c.name()}
		if c.rand.IntN(2) == 0 {
			in["CustomerGatewayId"] = c.peer()
		}
		return in
	}},
	{2, "ResetVpnConnection", (*chance).pair},
	{4, "DeleteVpnConnection", (*chance).pair},
	{7, "CreateVpnGatewayRoutes", func(c *chance) inputs {
		return inputs{"VpnGatewayId": c.gateway(), "Routes": []inputs{c.gatewayRoute()}}
	}},
	{2, "ModifyVpnGatewayRoutes", func(c *chance) inputs {
		gateway, route := c.laid()
		return inputs{"VpnGatewayId": gateway, "Routes": []inputs{{"RouteId": route, "Status": c.one("ENABLE", "DISABLE", "MAYBE")}}}
	}},
	{2, "DeleteVpnGatewayRoutes", func(c *chance) inputs {
		gateway, route := c.laid()
		return inputs{"VpnGatewayId": gateway, "RouteIds": []string{route}}
	}},
	{3, "CreateCcn", func(c *chance) inputs {
		return inputs{"CcnName": c.name(), "InstanceChargeType": c.one("POSTPAID", "PREPAID", "GRATIS")}
	}},
	{6, "AttachCcnInstances", (*chance).attachment},
	{3, "DetachCcnInstances", (*chance).detached},
	{2, "AcceptAttachCcnInstances", (*chance).request},
	{1, "RejectAttachCcnInstances", (*chance).request},
	{2, "DeleteCcn", func(c *chance) inputs { return inputs{"CcnId": c.ccn()} }},
	{5, "TagResources", func(c *chance) inputs {
		return inputs{"ResourceList": []string{c.bearer()}, "Tags": []inputs{{"TagKey": c.one("a", "b", "c", "qcs:x", ""), "TagValue": c.one("1", "2")}}}
	}},
	{3, "UnTagResources", func(c *chance) inputs {
		return inputs{"ResourceList": []string{c.bearer()}, "TagKeys": []string{c.one("a", "b", "c")}}
	}},
	{2, "DeleteTag", func(c *chance) inputs { return inputs{"TagKey": c.one("a", "b", "c"), "TagValue": c.one("1", "2")} }},
	{4, "CreateVpnGatewaySslServer", func(c *chance) inputs {
		return inputs{"VpnGatewayId": c.gateway(), "SslVpnServerName": c.name(), "RemoteAddress": c.one("172.16.0.0/24", "172.17.0.0/28", "224.0.0.0/24")}
	}},
	{1, "DeleteVpnGatewaySslServer", func(c *chance) inputs { return inputs{"SslVpnServerId": c.server()} }},
	{4, "CreateVpnGatewaySslClient", func(c *chance) inputs {
		return inputs{"SslVpnServerId": c.server(), "SslVpnClientName": c.name()}
	}},
	{2, "DeleteVpnGatewaySslClient", func(c *chance) inputs { return inputs{"SslVpnClientId": c.dialler()} }},
}

// think picks a deed and makes up its inputs. Now and then one is left out.
func (c *chance) think() (action string, body inputs) {
	total := 0
	for _, d := range deeds {
		total += d.weight
	}
	n := c.rand.IntN(total)
	for _, d := range deeds {
		if n -= d.weight; n < 0 {
			action, body = d.action, d.body(c)
			break
		}
	}
	if c.rare() {
		delete(body, c.one("VpcId", "VpnGatewayId", "CidrBlock", "RouteTableId", "Routes", "CcnId"))
	}
	return action, body
}

func (c *chance) rare() bool { return c.rand.IntN(20) == 0 }

func (c *chance) one(words ...string) string { return words[c.rand.IntN(len(words))] }

func (c *chance) name() string {
	if c.rare() {
		return c.one("", strings.Repeat("n", 300), "\x00", "'; drop table")
	}
	return fmt.Sprintf("n%d", c.rand.IntN(1000))
}

func (c *chance) number(good ...int) int {
	if c.rare() {
		return c.rand.IntN(1 << 30)
	}
	return good[c.rand.IntN(len(good))]
}

func (c *chance) bandwidth() int { return c.number(5, 10, 20, 50, 100, 200) }

func (c *chance) term() inputs {
	return inputs{"Period": c.number(1, 1, 3, 12), "RenewFlag": c.one("NOTIFY_AND_AUTO_RENEW", "NOTIFY_AND_MANUAL_RENEW")}
}

func (c *chance) subRange() string {
	return fmt.Sprintf("%s.%d.0/%d", c.one("10.0", "10.1", "192.168"), c.rand.IntN(12), c.number(24, 24, 23))
}

// id picks one of a table's rows: nearly always of the caller's account, and sometimes
// another's, one that nobody has or one that is no id.
func id[K ~string, R any](c *chance, t *store.Table[K, R], prefix string, of func(*R) (K, vpc.Scope)) string {
	var own, foreign []string
	for row := range t.All(c.view) {
		if key, scope := of(row); scope.Account == c.account() {
			own = append(own, string(key))
		} else {
			foreign = append(foreign, string(key))
		}
	}
	n := c.rand.IntN(20)
	switch {
	case n == 0 && len(foreign) > 0:
		return c.one(foreign...)
	case n == 1:
		return c.one("", prefix, prefix+"-", "vpc-../../x", strings.Repeat("z", 200), prefix+"-ABCDEFGH")
	case n == 2 || len(own) == 0:
		return fmt.Sprintf("%s-%08d", prefix, c.rand.IntN(100_000_000))
	}
	return c.one(own...)
}

func (c *chance) vpc() string {
	return id(c, store.VPCs, "vpc", func(v *vpc.VPC) (vpc.VPCID, vpc.Scope) { return v.ID, v.Scope })
}

func (c *chance) subnet() string {
	return id(c, store.Subnets, "subnet", func(s *vpc.Subnet) (vpc.SubnetID, vpc.Scope) { return s.ID, s.Scope })
}

func (c *chance) table() string {
	return id(c, store.RouteTables, "rtb", func(t *vpc.RouteTable) (vpc.RouteTableID, vpc.Scope) { return t.ID, t.Scope })
}

func (c *chance) gateway() string {
	return id(c, store.Gateways, "vpngw", func(g *vpc.Gateway) (vpc.GatewayID, vpc.Scope) { return g.ID, g.Scope })
}

func (c *chance) peer() string {
	return id(c, store.CustomerGateways, "cgw", func(p *vpc.CustomerGateway) (vpc.CustomerGatewayID, vpc.Scope) { return p.ID, p.Scope })
}

func (c *chance) connection() string {
	return id(c, store.Connections, "vpnx", func(x *vpc.Connection) (vpc.ConnectionID, vpc.Scope) { return x.ID, x.Scope })
}

func (c *chance) ccn() string {
	return id(c, store.CCNs, "ccn", func(n *vpc.CCN) (vpc.CCNID, vpc.Scope) { return n.ID, n.Scope })
}

func (c *chance) server() string {
	return id(c, store.SSLServers, "vpns", func(s *vpc.SSLServer) (vpc.SSLServerID, vpc.Scope) { return s.ID, s.Scope })
}

func (c *chance) dialler() string {
	return id(c, store.SSLClients, "vpnc", func(d *vpc.SSLClient) (vpc.SSLClientID, vpc.Scope) { return d.ID, d.Scope })
}

func (c *chance) newGateway() inputs {
	in := inputs{"VpnGatewayName": c.name(), "InternetMaxBandwidthOut": c.bandwidth(), "Type": c.one("IPSEC", "IPSEC", "SSL", "SSL", "CCN")}
	switch in["Type"] {
	case "SSL":
		in["VpcId"], in["MaxConnection"] = c.vpc(), c.number(5, 10)
	case "IPSEC":
		in["VpcId"] = c.vpc()
	}
	if c.rand.IntN(3) == 0 {
		in["InstanceChargeType"], in["InstanceChargePrepaid"] = "PREPAID", c.term()
	}
	if c.rand.IntN(3) == 0 {
		in["Tags"] = []inputs{{"Key": c.one("a", "b", ""), "Value": c.one("1", "2")}}
	}
	return in
}

func (c *chance) newConnection() inputs {
	in := inputs{"VpnGatewayId": c.gateway(), "CustomerGatewayId": c.peer(), "VpnConnectionName": c.name(), "PreShareKey": c.one("123456", "123456", "k", "")}
	in["RouteType"] = c.one("StaticRoute", "StaticRoute", "Static", "Policy", "Bgp")
	if in["RouteType"] != "StaticRoute" {
		in["SecurityPolicyDatabases"] = spd(c.one("10.0.0.0/24", "10.1.0.0/24", "0.0.0.0/0", "10"), fmt.Sprintf("172.%d.0.0/24", c.rand.IntN(200)))
	}
	if c.rand.IntN(3) == 0 {
		in["Tags"] = []inputs{{"Key": c.one("a", "b"), "Value": c.one("1", "2")}}
	}
	return in
}

// pair names a connection, mostly with its gateway.
func (c *chance) pair() inputs {
	name := c.connection()
	in := inputs{"VpnConnectionId": name, "VpnGatewayId": c.gateway()}
	if x, ok := store.Connections.Get(c.view, vpc.ConnectionID(name)); ok && !c.rare() {
		in["VpnGatewayId"] = x.Gateway
	}
	return in
}

func (c *chance) route() inputs {
	in := inputs{"DestinationCidrBlock": fmt.Sprintf("172.%d.0.0/16", c.rand.IntN(40)), "GatewayType": c.one("VPN", "VPN", "EIP", "NORMAL_CVM", "MOON"), "GatewayId": "0"}
	switch in["GatewayType"] {
	case "VPN":
		in["GatewayId"] = c.gateway()
	case "NORMAL_CVM":
		in["GatewayId"] = c.one("10.0.0.9", "10.1.0.9")
	}
	return in
}

func (c *chance) routeItem() string {
	var items []string
	for t := range store.RouteTables.All(c.view) {
		for _, r := range t.Routes {
			items = append(items, string(r.ID))
		}
	}
	return c.one(append(items, "rti-00000000", "rti")...)
}

// gatewayRoute leads to a connection or a CCN, which need not be the gateway's.
func (c *chance) gatewayRoute() inputs {
	in := inputs{
		"DestinationCidrBlock": fmt.Sprintf("172.%d.0.0/16", c.rand.IntN(40)), "InstanceType": "VPNCONN", "InstanceId": c.connection(),
		"Priority": c.number(0, 100), "Status": c.one("ENABLE", "ENABLE", "DISABLE"),
	}
	if c.rand.IntN(4) == 0 {
		in["InstanceType"], in["InstanceId"] = "CCN", c.ccn()
	}
	return in
}

// laid names a gateway route with its gateway.
func (c *chance) laid() (gateway, route string) {
	route = id(c, store.GatewayRoutes, "vpnr", func(r *vpc.GatewayRoute) (vpc.GatewayRouteID, vpc.Scope) { return r.ID, r.Scope })
	if r, ok := store.GatewayRoutes.Get(c.view, vpc.GatewayRouteID(route)); ok {
		return string(r.Gateway), route
	}
	return c.gateway(), route
}

// attachment is one network and a CCN, now and then that of the other account.
func (c *chance) attachment() inputs {
	instance := inputs{"InstanceId": c.vpc(), "InstanceRegion": c.region, "InstanceType": "VPC"}
	if c.rand.IntN(3) == 0 {
		instance["InstanceId"], instance["InstanceType"] = c.gateway(), "VPNGW"
	}
	in := inputs{"CcnId": c.ccn(), "Instances": []inputs{instance}}
	if c.rand.IntN(4) == 0 {
		for n := range store.CCNs.All(c.view) {
			if n.Account != c.account() {
				in["CcnId"] = string(n.ID)
			}
		}
	}
	if n, ok := store.CCNs.Get(c.view, vpc.CCNID(in["CcnId"].(string))); ok && n.Account != c.account() {
		in["CcnUin"] = fmt.Sprint(n.Account)
	}
	return in
}

// detached is what attachment would be for a call that knows no CcnUin.
func (c *chance) detached() inputs {
	in := c.attachment()
	delete(in, "CcnUin")
	return in
}

// request is the oldest attachment that waits for somebody's answer, or any.
func (c *chance) request() inputs {
	for a := range store.Attachments.All(c.view) {
		if a.State == vpc.AttachmentPending {
			instance := inputs{"InstanceId": a.Instance, "InstanceRegion": a.Region, "InstanceType": a.InstanceType}
			return inputs{"CcnId": a.CCN, "Instances": []inputs{instance}}
		}
	}
	return c.detached()
}

// bearer is the full name of something that may bear tags.
func (c *chance) bearer() string {
	switch kind := c.one("vpc", "subnet", "rtb", "vpngw", "cgw", "vpnx", "ccn", "x"); kind {
	case "vpc":
		return c.named(kind, c.vpc())
	case "subnet":
		return c.named(kind, c.subnet())
	case "rtb":
		return c.named(kind, c.table())
	case "vpngw":
		return c.named(kind, c.gateway())
	case "cgw":
		return c.named(kind, c.peer())
	case "vpnx":
		return c.named(kind, c.connection())
	case "ccn":
		return c.named(kind, c.ccn())
	}
	return "x"
}

func (c *chance) named(prefix, id string) string {
	return fmt.Sprintf("qcs::vpc:%s:uin/%d:%s/%s", c.region, c.account(), prefix, id)
}
