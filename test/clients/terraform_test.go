package clients

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

// A provider replays what the Terraform provider calls for a resource, and checks what
// it reads without asking whether it is there. It reaches the server as TENCENTCLOUD_PROTOCOL
// and HTTP_PROXY make it do.
type provider struct {
	*caller
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	send := generic(shared.newAccount(t), proxied(t), newProfile(func(*profile.ClientProfile) {}))
	return &provider{&caller{t: t, send: send, raw: true}}
}

// has checks that fields are there and not null; the provider would crash.
func (r reply) has(fields ...string) {
	r.t.Helper()
	for _, f := range fields {
		if r.get(f) == nil {
			r.t.Errorf("%s: no %s in %s", r.action, f, compact(r.v))
		}
	}
}

// all compares several fields.
func (r reply) all(want obj) {
	r.t.Helper()
	for field, value := range want {
		r.same(field, value)
	}
}

// Fields that the provider dereferences.
var (
	vpcFields     = []string{"VpcId", "VpcName", "CidrBlock", "IsDefault", "EnableMulticast", "CreatedTime", "TagSet", "DnsServerSet"}
	gatewayFields = []string{
		"VpnGatewayId", "VpcId", "VpnGatewayName", "PublicIpAddress", "CreatedTime", "RenewFlag", "State", "InstanceChargeType", "ExpiredTime", "IsAddressBlocked",
		"InternetMaxBandwidthOut", "NewPurchasePlan", "RestrictState", "Zone", "Type", "NetworkInstanceId",
	}
	customerFields   = []string{"CustomerGatewayId", "CustomerGatewayName", "IpAddress", "CreatedTime"}
	connectionFields = []string{
		"VpnConnectionId", "VpnConnectionName", "VpcId", "VpnGatewayId", "CustomerGatewayId", "PreShareKey", "VpnProto", "EncryptProto", "RouteType", "CreatedTime",
		"State", "NetStatus", "EnableHealthCheck", "HealthCheckLocalIp", "HealthCheckRemoteIp", "DpdEnable", "DpdTimeout", "DpdAction", "SecurityPolicyDatabaseSet",
		"IKEOptionsSpecification.PropoEncryAlgorithm", "IKEOptionsSpecification.PropoAuthenAlgorithm", "IKEOptionsSpecification.ExchangeMode",
		"IKEOptionsSpecification.LocalIdentity", "IKEOptionsSpecification.RemoteIdentity", "IKEOptionsSpecification.LocalAddress",
		"IKEOptionsSpecification.RemoteAddress", "IKEOptionsSpecification.LocalFqdnName", "IKEOptionsSpecification.RemoteFqdnName",
		"IKEOptionsSpecification.DhGroupName", "IKEOptionsSpecification.IKESaLifetimeSeconds", "IKEOptionsSpecification.IKEVersion",
		"IPSECOptionsSpecification.EncryptAlgorithm", "IPSECOptionsSpecification.IntegrityAlgorith", "IPSECOptionsSpecification.IPSECSaLifetimeSeconds",
		"IPSECOptionsSpecification.PfsDhGroup", "IPSECOptionsSpecification.IPSECSaLifetimeTraffic",
	}
	routeFields = []string{"RouteId", "DestinationCidrBlock", "InstanceType", "InstanceId", "Priority", "Status", "Type", "CreateTime", "UpdateTime"}
	ccnFields   = []string{
		"CcnId", "CcnName", "CcnDescription", "InstanceCount", "CreateTime", "State", "QosLevel", "InstanceChargeType", "BandwidthLimitType", "RouteECMPFlag", "RouteOverlapFlag",
	}
	attachmentFields = []string{"InstanceType", "InstanceId", "InstanceRegion", "State", "AttachedTime", "CcnUin", "Description", "RouteTableId"}
	ccnRouteFields   = []string{"RouteId", "DestinationCidrBlock", "InstanceId", "InstanceType", "InstanceRegion", "Enabled"}
)

// sole is the one row of a set, with its fields.
func (p *provider) sole(r reply, set string, fields []string) reply {
	p.t.Helper()
	rows := r.rows(set)
	if len(rows) != 1 {
		p.t.Fatalf("%s: %d rows in %s, want one: %s", r.action, len(rows), set, compact(r.v))
	}
	rows[0].has(fields...)
	return rows[0]
}

// tagsOf reads a resource's tags as the provider does: pages of 20 until a short one.
func (p *provider) tagsOf(prefix, id string) string {
	p.t.Helper()
	page := p.ok("DescribeResourceTagsByResourceIds", obj{"ServiceType": "vpc", "ResourcePrefix": prefix, "ResourceIds": []string{id}, "ResourceRegion": "ap-guangzhou", "Offset": 0, "Limit": 20})
	page.has("TotalCount", "Offset", "Limit")
	for _, row := range page.rows("Tags") {
		row.has("TagKey", "TagValue", "ResourceId")
	}
	return page.tags("Tags")
}

// setTags replaces and deletes tags as the provider does, with a name that lacks the uin.
func (p *provider) setTags(prefix, id string, replace, remove []obj) {
	p.t.Helper()
	p.ok("ModifyResourceTags", obj{"Resource": "qcs::vpc:ap-guangzhou:uin/:" + prefix + "/" + id, "ReplaceTags": replace, "DeleteTags": remove})
}

// retag goes through the three changes of tags that a configuration may ask for.
func (p *provider) retag(prefix, id string) {
	p.t.Helper()
	p.setTags(prefix, id, []obj{{"TagKey": "env", "TagValue": "test"}, {"TagKey": "team", "TagValue": "net"}}, []obj{})
	p.sameTags(prefix, id, "env=test team=net")
	p.setTags(prefix, id, []obj{{"TagKey": "env", "TagValue": "prod"}}, []obj{{"TagKey": "team"}})
	p.sameTags(prefix, id, "env=prod")
}

func (p *provider) sameTags(prefix, id, want string) {
	p.t.Helper()
	if got := p.tagsOf(prefix, id); got != want {
		p.t.Errorf("tags of %s: %q, want %q", id, got, want)
	}
}

// createVPC is the resource vpc's create.
func (p *provider) createVPC() string {
	p.t.Helper()
	made := p.ok("CreateVpc", obj{
		"VpcName": "main", "CidrBlock": "10.20.0.0/16", "EnableMulticast": "false", "Tags": tagList("example", "terraform"),
		"EnableRouteVpcPublish": false, "EnableRouteVpcPublishIpv6": false,
	})
	id := made.text("Vpc.VpcId")
	p.readVPC(id)
	return id
}

func (p *provider) readVPC(id string) reply {
	p.t.Helper()
	found := p.ok("DescribeVpcs", obj{"Filters": []obj{filter("vpc-id", id)}, "Offset": "0", "Limit": "100"})
	found.same("TotalCount", 1)
	tables := p.ok("DescribeRouteTables", obj{"Filters": []obj{filter("vpc-id", id), filter("association.main", "true")}, "Offset": "0", "Limit": "100"})
	tables.same("TotalCount", 1)
	p.sole(tables, "RouteTableSet", []string{"RouteTableId", "RouteTableName", "Main", "AssociationSet", "RouteSet", "CreatedTime"})
	return p.sole(found, "VpcSet", vpcFields)
}

func TestTerraformVPC(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	id := p.createVPC()
	read := p.readVPC(id)
	if got := read.tags("TagSet"); got != "example=terraform" {
		t.Errorf("TagSet: %s", got)
	}
	p.ok("ModifyVpcAttribute", obj{"VpcId": id, "VpcName": "renamed", "EnableMulticast": "false", "DnsServers": read.get("DnsServerSet"), "EnableRouteVpcPublish": true})
	p.setTags("vpc", id, []obj{{"TagKey": "example", "TagValue": "changed"}}, []obj{})
	read = p.readVPC(id)
	read.same("VpcName", "renamed")
	read.same("EnableRouteVpcPublish", true)
	if got := read.tags("TagSet"); got != "example=changed" {
		t.Errorf("TagSet after a change through the tag service: %s", got)
	}
	p.ok("DeleteVpc", obj{"VpcId": id})
	p.ok("DescribeVpcs", obj{"Filters": []obj{filter("vpc-id", id)}, "Offset": "0", "Limit": "100"}).same("VpcSet", []any{})
	p.refused("ResourceNotFound", "DeleteVpc", obj{"VpcId": id})
}

// createGateway is the resource vpn_gateway's create, which never sends tags.
func (p *provider) createGateway(more obj) string {
	p.t.Helper()
	in := obj{"VpnGatewayName": "main", "InternetMaxBandwidthOut": 5, "InstanceChargeType": "POSTPAID_BY_HOUR", "Zone": "ap-guangzhou-3", "Type": "IPSEC"}
	for k, v := range more {
		in[k] = v
	}
	made := p.ok("CreateVpnGateway", in)
	made.has("VpnGateway.VpnGatewayId")
	id := made.text("VpnGateway.VpnGatewayId")
	p.readGateway(id) // what was made is there at once
	p.available("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", id)
	p.retag("vpngw", id)
	g := p.readGateway(id)
	for field, want := range in {
		if field != "InstanceChargePrepaid" {
			g.same(field, want)
		}
	}
	return id
}

func (p *provider) readGateway(id string) reply {
	p.t.Helper()
	return p.sole(p.ok("DescribeVpnGateways", obj{"VpnGatewayIds": []string{id}}), "VpnGatewaySet", gatewayFields)
}

// deleteGateway is the resource vpn_gateway's delete.
func (p *provider) deleteGateway(id string) {
	p.t.Helper()
	g := p.readGateway(id)
	if g.text("InstanceChargeType") == "POSTPAID_BY_HOUR" {
		g.same("ExpiredTime", "0000-00-00 00:00:00")
	}
	filters := []obj{filter("vpn-gateway-id", id)}
	if vpc := g.text("VpcId"); vpc != "" {
		filters = append(filters, filter("vpc-id", vpc))
	}
	p.ok("DescribeVpnConnections", obj{"Filters": filters, "Offset": 0}).same("VpnConnectionSet", []any{})
	p.ok("DeleteVpnGateway", obj{"VpnGatewayId": id})
	p.gone("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", id)
	p.sameTags("vpngw", id, "")
}

func TestTerraformGateway(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	vpc := p.createVPC()
	id := p.createGateway(obj{"VpcId": vpc})
	p.readGateway(id).same("RenewFlag", "NOTIFY_AND_AUTO_RENEW") // the provider's default; any other is a diff for ever
	p.ok("ModifyVpnGatewayAttribute", obj{"VpnGatewayId": id, "VpnGatewayName": "renamed"})
	p.ok("ResetVpnGatewayInternetMaxBandwidth", obj{"VpnGatewayId": id, "InternetMaxBandwidthOut": 10})
	g := p.readGateway(id)
	g.same("VpnGatewayName", "renamed")
	g.same("InternetMaxBandwidthOut", 10)
	if g.get("BgpAsn") != nil && g.number("BgpAsn") != 0 {
		t.Errorf("BgpAsn, which nobody set, is %v", g.get("BgpAsn"))
	}
	p.deleteGateway(id)
	p.ok("DeleteVpc", obj{"VpcId": vpc})
}

func TestTerraformPrepaidGateway(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	id := p.createGateway(obj{
		"VpcId": p.createVPC(), "InstanceChargeType": "PREPAID", "InstanceChargePrepaid": obj{"Period": 1, "RenewFlag": "NOTIFY_AND_MANUAL_RENEW"},
	})
	p.readGateway(id).same("RenewFlag", "NOTIFY_AND_MANUAL_RENEW")
	before := p.readGateway(id).text("ExpiredTime")
	p.ok("SetVpnGatewaysRenewFlag", obj{"VpnGatewayIds": []string{id}, "AutoRenewFlag": 1})
	p.ok("RenewVpnGateway", obj{"VpnGatewayId": id, "InstanceChargePrepaid": obj{"Period": 2}})
	g := p.readGateway(id)
	g.same("RenewFlag", "NOTIFY_AND_AUTO_RENEW") // a renewal without a flag keeps it
	after := g.text("ExpiredTime")
	if stamp := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`); !stamp.MatchString(after) || after <= before {
		t.Errorf("ExpiredTime went from %s to %s", before, after)
	}
	p.refused("UnsupportedOperation", "DeleteVpnGateway", obj{"VpnGatewayId": id})
	p.ok("ModifyVpnGatewayAttribute", obj{"VpnGatewayId": id, "VpnGatewayName": "main", "InstanceChargeType": "POSTPAID_BY_HOUR"})
	p.readGateway(id).same("NewPurchasePlan", "PREPAID_TO_POSTPAID")
}

// createCustomer is the resource vpn_customer_gateway's create.
func (p *provider) createCustomer(address string) string {
	p.t.Helper()
	made := p.ok("CreateCustomerGateway", obj{"CustomerGatewayName": "office", "IpAddress": address})
	id := made.text("CustomerGateway.CustomerGatewayId")
	p.readCustomer(id)
	return id
}

func (p *provider) readCustomer(id string) reply {
	p.t.Helper()
	return p.sole(p.ok("DescribeCustomerGateways", obj{"CustomerGatewayIds": []string{id}}), "CustomerGatewaySet", customerFields)
}

// deleteCustomer is the resource vpn_customer_gateway's delete.
func (p *provider) deleteCustomer(id string) {
	p.t.Helper()
	p.ok("DescribeVpnConnections", obj{"Filters": []obj{filter("customer-gateway-id", id)}, "Offset": 0}).same("VpnConnectionSet", []any{})
	p.ok("DeleteCustomerGateway", obj{"CustomerGatewayId": id})
	p.gone("DescribeCustomerGateways", "CustomerGatewayIds", "CustomerGatewaySet", id)
}

func TestTerraformCustomerGateway(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	id := p.createCustomer("203.0.113.10")
	p.retag("cgw", id)
	p.ok("ModifyCustomerGatewayAttribute", obj{"CustomerGatewayId": id, "CustomerGatewayName": "renamed"})
	c := p.readCustomer(id)
	c.same("CustomerGatewayName", "renamed")
	c.same("IpAddress", "203.0.113.10")
	p.deleteCustomer(id)
}

// connection is the inputs of the resource vpn_connection's create, with the provider's
// defaults filled in.
func connection(vpc, gateway, customer string) obj {
	return obj{
		"VpcId": vpc, "VpnGatewayId": gateway, "CustomerGatewayId": customer, "VpnConnectionName": "office", "PreShareKey": "change-me-before-use",
		"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": "10.20.0.0/16", "RemoteCidrBlock": []string{"192.168.10.0/24"}}},
		"IKEOptionsSpecification": obj{
			"PropoEncryAlgorithm": "3DES-CBC", "PropoAuthenAlgorithm": "MD5", "ExchangeMode": "MAIN", "LocalIdentity": "ADDRESS", "LocalAddress": "100.64.9.9",
			"RemoteIdentity": "ADDRESS", "RemoteAddress": "203.0.113.10", "DhGroupName": "GROUP1", "IKESaLifetimeSeconds": 86400, "IKEVersion": "IKEV1",
		},
		"IPSECOptionsSpecification": obj{"EncryptAlgorithm": "3DES-CBC", "IntegrityAlgorith": "MD5", "IPSECSaLifetimeSeconds": 3600, "PfsDhGroup": "NULL", "IPSECSaLifetimeTraffic": 1843200},
		"DpdEnable":                 0, "DpdTimeout": "30", "DpdAction": "clear", "RouteType": "STATIC", "NegotiationType": "active", "EnableHealthCheck": false,
	}
}

// createConnection is the resource vpn_connection's create.
func (p *provider) createConnection(in obj) string {
	p.t.Helper()
	gateway := in["VpnGatewayId"].(string)
	p.readGateway(gateway)
	made := p.ok("CreateVpnConnection", in)
	id := made.text("VpnConnection.VpnConnectionId")
	// Where the reply has no id, the provider looks for it like this.
	filters := []obj{filter("vpn-gateway-id", gateway), filter("customer-gateway-id", in["CustomerGatewayId"].(string))}
	if vpc := in["VpcId"].(string); vpc != "" {
		filters = append(filters, filter("vpc-id", vpc))
	}
	p.sole(p.ok("DescribeVpnConnections", obj{"Filters": filters, "Offset": 0, "Limit": 100}), "VpnConnectionSet", connectionFields).same("VpnConnectionId", id)
	p.available("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", id)
	p.retag("vpnx", id)
	return id
}

func (p *provider) readConnection(id string) reply {
	p.t.Helper()
	return p.sole(p.ok("DescribeVpnConnections", obj{"VpnConnectionIds": []string{id}}), "VpnConnectionSet", connectionFields)
}

func (p *provider) deleteConnection(gateway, id string) {
	p.t.Helper()
	p.settled("DeleteVpnConnection", obj{"VpnGatewayId": gateway, "VpnConnectionId": id})
	p.gone("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", id)
}

func TestTerraformConnection(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	vpc, customer := p.createVPC(), p.createCustomer("203.0.113.10")
	gateway := p.createGateway(obj{"VpcId": vpc})
	in := connection(vpc, gateway, customer)
	id := p.createConnection(in)
	x := p.readConnection(id)
	for field, want := range in {
		switch field {
		case "SecurityPolicyDatabases":
			x.same("SecurityPolicyDatabaseSet", want)
		case "IKEOptionsSpecification", "IPSECOptionsSpecification":
			for inner, value := range want.(obj) {
				x.same(field+"."+inner, value)
			}
		default:
			x.same(field, want) // not echoed as it was sent is a diff for ever
		}
	}
	ike := obj{"PropoEncryAlgorithm": "AES-CBC-128", "PropoAuthenAlgorithm": "SHA", "ExchangeMode": "AGGRESSIVE", "LocalIdentity": "FQDN", "LocalFqdnName": "a.example", "RemoteIdentity": "FQDN", "RemoteFqdnName": "b.example", "DhGroupName": "GROUP2", "IKESaLifetimeSeconds": 3600, "IKEVersion": "IKEV1"}
	p.ok("ModifyVpnConnectionAttribute", obj{"VpnConnectionId": id, "VpnConnectionName": "renamed", "IKEOptionsSpecification": ike, "DpdEnable": 1, "DpdTimeout": "40", "DpdAction": "restart"})
	p.available("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", id)
	x = p.readConnection(id)
	x.same("DpdTimeout", "40")
	x.same("IKEOptionsSpecification.LocalFqdnName", "a.example")
	x.same("IKEOptionsSpecification.LocalAddress", "") // FQDN: an address would be a diff
	p.settled("ResetVpnConnection", obj{"VpnGatewayId": gateway, "VpnConnectionId": id})
	p.refused("UnsupportedOperation", "DeleteVpnGateway", obj{"VpnGatewayId": gateway})
	p.deleteConnection(gateway, id)
	p.deleteCustomer(customer)
	p.deleteGateway(gateway)
	p.ok("DeleteVpc", obj{"VpcId": vpc})
}

// readRoutes pages as the provider does: until an empty page.
func (p *provider) readRoutes(gateway string) []reply {
	p.t.Helper()
	var all []reply
	for offset := 0; ; offset += 100 {
		page := p.ok("DescribeVpnGatewayRoutes", obj{"VpnGatewayId": gateway, "Offset": offset, "Limit": 100}).rows("Routes")
		if len(page) == 0 {
			return all
		}
		if all = append(all, page...); len(all) > 1000 {
			p.t.Fatal("the pages do not end")
		}
	}
}

func TestTerraformRoute(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	vpc, customer := p.createVPC(), p.createCustomer("203.0.113.11")
	gateway := p.createGateway(obj{"VpcId": vpc})
	in := connection(vpc, gateway, customer)
	delete(in, "SecurityPolicyDatabases")
	in["RouteType"] = "StaticRoute"
	x := p.createConnection(in)
	made := p.ok("CreateVpnGatewayRoutes", obj{"VpnGatewayId": gateway, "Routes": []obj{
		{"DestinationCidrBlock": "192.168.0.0/16", "InstanceType": "VPNCONN", "InstanceId": x, "Priority": 100, "Status": "DISABLE"},
	}})
	id := p.sole(made, "Routes", routeFields).text("RouteId")
	read := p.readRoutes(gateway)
	if len(read) != 1 || read[0].text("RouteId") != id {
		t.Fatalf("routes: %v", read)
	}
	read[0].has(routeFields...)
	read[0].all(obj{"DestinationCidrBlock": "192.168.0.0/16", "InstanceType": "VPNCONN", "InstanceId": x, "Priority": 100, "Status": "DISABLE"})
	changed := p.sole(p.ok("ModifyVpnGatewayRoutes", obj{"VpnGatewayId": gateway, "Routes": []obj{{"RouteId": id, "Status": "ENABLE"}}}), "Routes", routeFields)
	changed.same("Status", "ENABLE") // this reply becomes the provider's state
	changed.same("DestinationCidrBlock", "192.168.0.0/16")
	p.ok("DeleteVpnGatewayRoutes", obj{"VpnGatewayId": gateway, "RouteIds": []string{id}})
	if left := p.readRoutes(gateway); len(left) != 0 {
		t.Errorf("%d routes are left", len(left))
	}
	p.deleteConnection(gateway, x)
}

// createCCN is the resource ccn's create.
func (p *provider) createCCN() string {
	p.t.Helper()
	made := p.ok("CreateCcn", obj{"CcnName": "cloud", "CcnDescription": "of the test", "QosLevel": "AG", "InstanceChargeType": "POSTPAID", "BandwidthLimitType": "OUTER_REGION_LIMIT"})
	id := made.text("Ccn.CcnId")
	p.readCCN(id)
	return id
}

func (p *provider) readCCN(id string) reply {
	p.t.Helper()
	found := p.ok("DescribeCcns", obj{"Filters": []obj{filter("ccn-id", id)}, "Offset": 0, "Limit": 100})
	found.same("TotalCount", 1)
	return p.sole(found, "CcnSet", ccnFields)
}

// deleteCCN is the resource ccn's delete.
func (p *provider) deleteCCN(id string) {
	p.t.Helper()
	p.readCCN(id)
	p.ok("DeleteCcn", obj{"CcnId": id})
	p.until("gone", "DescribeCcns", obj{"Filters": []obj{filter("ccn-id", id)}, "Offset": 0, "Limit": 100}, func(r reply) bool { return len(r.rows("CcnSet")) == 0 })
}

func TestTerraformCCN(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	id := p.createCCN()
	p.retag("ccn", id)
	p.ok("ModifyCcnAttribute", obj{"CcnId": id, "CcnName": "renamed", "CcnDescription": "other"})
	p.ok("ModifyCcnAttribute", obj{"CcnId": id, "RouteECMPFlag": true, "RouteOverlapFlag": true})
	p.ok("ModifyCcnRegionBandwidthLimitsType", obj{"CcnId": id, "BandwidthLimitType": "INTER_REGION_LIMIT"})
	read := p.readCCN(id)
	read.all(obj{"CcnName": "renamed", "CcnDescription": "other", "QosLevel": "AG", "InstanceChargeType": "POSTPAID", "BandwidthLimitType": "INTER_REGION_LIMIT", "RouteECMPFlag": true, "RouteOverlapFlag": true, "InstanceCount": 0})
	p.deleteCCN(id)
}

// attachment reads as the resource ccn_attachment_v2 does; nil is not attached.
func (p *provider) attachment(ccn, kind, id string) []reply {
	p.t.Helper()
	found := p.ok("DescribeCcnAttachedInstances", obj{
		"CcnId": ccn, "Filters": []obj{filter("instance-type", kind), filter("instance-region", "ap-guangzhou"), filter("instance-id", id)},
	})
	for _, row := range found.rows("InstanceSet") {
		row.has(attachmentFields...)
	}
	for _, route := range p.ok("DescribeCcnRoutes", obj{"CcnId": ccn}).rows("RouteSet") {
		route.has(ccnRouteFields...)
	}
	return found.rows("InstanceSet")
}

func TestTerraformAttachment(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	ccn, vpc := p.createCCN(), p.createVPC()
	gateway, people := p.createGateway(obj{"VpcId": "", "Type": "CCN"}), p.createGateway(obj{"VpcId": "", "Type": "SSL_CCN"})
	gateways := []string{gateway, people}
	for _, id := range gateways {
		p.readGateway(id).same("NetworkInstanceId", "")
	}
	instances := map[string]string{vpc: "VPC", gateway: "VPNGW", people: "VPNGW"}
	for id, kind := range instances {
		p.ok("AttachCcnInstances", obj{"CcnId": ccn, "Instances": []obj{{"InstanceId": id, "InstanceRegion": "ap-guangzhou", "InstanceType": kind}}})
		attached := p.attachment(ccn, kind, id)
		if len(attached) != 1 {
			t.Fatalf("%s %s is attached %d times", kind, id, len(attached))
		}
		attached[0].all(obj{"InstanceType": kind, "InstanceId": id, "InstanceRegion": "ap-guangzhou", "State": "ACTIVE", "Description": ""})
		p.ok("ModifyCcnAttachedInstancesAttribute", obj{"CcnId": ccn, "Instances": []obj{{"InstanceId": id, "InstanceRegion": "ap-guangzhou", "InstanceType": kind, "Description": "changed"}}})
		p.attachment(ccn, kind, id)[0].same("Description", "changed")
	}
	p.readCCN(ccn).same("InstanceCount", 3)
	for _, id := range gateways {
		p.readGateway(id).same("NetworkInstanceId", ccn)
	}
	p.publish(gateway)
	p.refused("UnsupportedOperation", "DeleteVpnGateway", obj{"VpnGatewayId": gateway})
	for id, kind := range instances {
		p.ok("DetachCcnInstances", obj{"CcnId": ccn, "Instances": []obj{{"InstanceId": id, "InstanceRegion": "ap-guangzhou", "InstanceType": kind}}})
		if left := p.attachment(ccn, kind, id); len(left) != 0 {
			t.Errorf("%s is attached still: %v", id, left)
		}
	}
	for _, id := range gateways {
		p.readGateway(id).same("NetworkInstanceId", "")
		p.deleteGateway(id)
	}
	p.deleteCCN(ccn)
	p.ok("DeleteVpc", obj{"VpcId": vpc})
}

// publish is the resource vpn_gateway_ccn_routes: a connection's remote range is switched
// off and on.
func (p *provider) publish(gateway string) {
	p.t.Helper()
	customer := p.createCustomer("203.0.113.12")
	in := connection("", gateway, customer)
	in["SecurityPolicyDatabases"] = []obj{{"LocalCidrBlock": "10.20.0.0/16", "RemoteCidrBlock": []string{"192.168.50.0/24"}}}
	x := p.createConnection(in)
	for _, status := range []string{"DISABLE", "ENABLE"} {
		route := p.sole(p.ok("DescribeVpnGatewayCcnRoutes", obj{"VpnGatewayId": gateway}), "RouteSet", []string{"RouteId", "Status", "DestinationCidrBlock"})
		p.ok("ModifyVpnGatewayCcnRoutes", obj{"VpnGatewayId": gateway, "Routes": []obj{{"RouteId": route.text("RouteId"), "Status": status, "DestinationCidrBlock": "192.168.50.0/24"}}})
		p.sole(p.ok("DescribeVpnGatewayCcnRoutes", obj{"VpnGatewayId": gateway}), "RouteSet", nil).same("Status", status)
	}
	p.deleteConnection(gateway, x)
	p.deleteCustomer(customer)
}

// TestTerraformUnknown asks for what is not there. The provider crashes on an error for
// unknown gateways.
func TestTerraformUnknown(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.ok("DescribeVpnGateways", obj{"VpnGatewayIds": []string{"vpngw-zzzzzzzz"}}).same("VpnGatewaySet", []any{})
	for _, c := range []struct{ action, ids, id, set string }{
		{"DescribeCustomerGateways", "CustomerGatewayIds", "cgw-zzzzzzzz", "CustomerGatewaySet"},
		{"DescribeVpnConnections", "VpnConnectionIds", "vpnx-zzzzzzzz", "VpnConnectionSet"},
	} {
		text, err := p.send("vpc", c.action, obj{c.ids: []string{c.id}})
		if err != nil {
			p.refused("ResourceNotFound", c.action, obj{c.ids: []string{c.id}})
			continue
		}
		var v map[string]json.RawMessage
		if err := json.Unmarshal(text, &v); err != nil || string(v[c.set]) != "[]" {
			t.Errorf("%s: %s", c.action, text)
		}
	}
	for _, c := range []struct{ action, set string }{
		{"DescribeVpcs", "VpcSet"}, {"DescribeVpnGateways", "VpnGatewaySet"}, {"DescribeCustomerGateways", "CustomerGatewaySet"},
		{"DescribeVpnConnections", "VpnConnectionSet"}, {"DescribeCcns", "CcnSet"}, {"DescribeRouteTables", "RouteTableSet"}, {"DescribeSubnets", "SubnetSet"},
	} {
		empty := p.ok(c.action, obj{})
		empty.same(c.set, []any{})
		empty.same("TotalCount", 0)
	}
	p.sameTags("vpngw", "vpngw-zzzzzzzz", "")
}

// TestTerraformDataSources pages through lists as the data sources do: pages of 100, a
// short one is the last.
func TestTerraformDataSources(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	vpc, customer := p.createVPC(), p.createCustomer("203.0.113.13")
	gateway := p.createGateway(obj{"VpcId": vpc})
	p.createConnection(connection(vpc, gateway, customer))
	g := p.readGateway(gateway)
	for _, c := range []struct {
		action, set string
		fields      []string
		filters     []obj
	}{
		{"DescribeVpnGateways", "VpnGatewaySet", gatewayFields, []obj{
			filter("vpc-id", vpc), filter("vpn-gateway-id", gateway), filter("vpn-gateway-name", "main"), filter("public-ip-address", g.text("PublicIpAddress")), filter("zone", "ap-guangzhou-3"),
		}},
		{"DescribeCustomerGateways", "CustomerGatewaySet", customerFields, []obj{filter("customer-gateway-id", customer), filter("customer-gateway-name", "office"), filter("ip-address", "203.0.113.13")}},
		{"DescribeVpnConnections", "VpnConnectionSet", connectionFields, []obj{filter("vpn-connection-name", "office"), filter("vpn-gateway-id", gateway), filter("vpc-id", vpc), filter("customer-gateway-id", customer)}},
	} {
		p.sole(p.ok(c.action, obj{"Filters": c.filters, "Offset": 0, "Limit": 100}), c.set, c.fields)
	}
	p.sole(p.ok("DescribeVpcs", obj{"Filters": []obj{filter("vpc-name", "main")}, "Offset": "0", "Limit": "100"}), "VpcSet", vpcFields)
	p.ok("DescribeSubnets", obj{"Filters": []obj{filter("vpc-id", vpc)}, "Offset": "0", "Limit": "100"}).same("SubnetSet", []any{})
	vendors := p.ok("DescribeCustomerGatewayVendors", obj{}).rows("CustomerGatewayVendorSet")
	if len(vendors) == 0 {
		t.Error("no vendors")
	}
	for _, v := range vendors {
		v.has("Platform", "SoftwareVersion", "VendorName")
	}
	probes := p.ok("GenerateVpnConnectionDefaultHealthCheckIp", obj{"VpnGatewayId": gateway})
	if ips := []string{probes.text("HealthCheckLocalIp"), probes.text("HealthCheckRemoteIp")}; slices.Contains(ips, "") {
		t.Errorf("health check addresses: %v", ips)
	}
}
