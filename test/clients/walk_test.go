package clients

import (
	"maps"
	"slices"
	"strings"
)

// traits are what a client cannot do, or does not show.
type traits struct {
	noTagService  bool // it has no client for the tag service
	noGatewayTags bool // its VpnGateway has no TagSet
	noCreatePrice bool // it has no InquiryPriceCreateVpnGateway
}

// A walk is the life of a VPC and of everything that stands in it, as one client sees it.
type walk struct {
	*caller
	traits
	vpc, gateway, address string
	customer, connection  string
}

// run makes, reads, changes and deletes everything.
func (w *walk) run() {
	w.makeVPC()
	w.makeGateway()
	w.readGateways()
	w.changeGateway()
	w.makeCustomerGateway()
	w.makeConnection()
	w.readConnections()
	w.changeConnection()
	w.routes()
	w.ccnGateway()
	if !w.noTagService {
		w.tagService()
	}
	w.errors()
	w.deleteAll()
}

func (w *walk) makeVPC() {
	made := w.ok("CreateVpc", obj{"VpcName": "网络 a/1+2", "CidrBlock": "10.8.0.0/16", "EnableMulticast": "false", "Tags": tagList("city", "上海")})
	w.vpc = made.text("Vpc.VpcId")
	made.same("Vpc.VpcName", "网络 a/1+2")
	made.same("Vpc.EnableMulticast", false)
	if got := made.tags("Vpc.TagSet"); got != "city=上海" {
		w.t.Errorf("TagSet of the VPC: %s", got)
	}
	w.ok("ModifyVpcAttribute", obj{"VpcId": w.vpc, "VpcName": "renamed"})
	for _, filter := range []obj{filter("vpc-id", w.vpc), filter("vpc-name", "renamed"), filter("cidr-block", "10.8.0.0/16"), filter("tag-key", "city"), filter("tag:city", "上海")} {
		found := w.ok("DescribeVpcs", obj{"Filters": []obj{filter}, "Offset": "0", "Limit": "20"})
		found.same("TotalCount", 1)
		w.only(found, "VpcSet", "VpcId", w.vpc)
	}
	tables := w.ok("DescribeRouteTables", obj{"Filters": []obj{filter("vpc-id", w.vpc), filter("association.main", "true")}})
	if main := tables.rows("RouteTableSet"); len(main) != 1 || main[0].get("Main") != true {
		w.t.Errorf("the VPC's main route table: %s", compact(tables.v))
	}
}

func (w *walk) makeGateway() {
	made := w.ok("CreateVpnGateway", obj{
		"VpcId": w.vpc, "VpnGatewayName": "gw test/1", "InternetMaxBandwidthOut": 5, "InstanceChargeType": "POSTPAID_BY_HOUR",
		"Type": "IPSEC", "Tags": tagList("city", "上海", "team", "net work"),
	})
	w.gateway = made.text("VpnGateway.VpnGatewayId")
	for path, want := range map[string]any{
		"State": "PENDING", "VpcId": w.vpc, "VpnGatewayName": "gw test/1", "Type": "IPSEC", "InternetMaxBandwidthOut": 5,
		"InstanceChargeType": "POSTPAID_BY_HOUR", "RestrictState": "NORMAL", "IsAddressBlocked": false,
	} {
		made.same("VpnGateway."+path, want)
	}
	if !w.noGatewayTags {
		if got := made.tags("VpnGateway.TagSet"); got != "city=上海 team=net work" {
			w.t.Errorf("TagSet of the gateway: %s", got)
		}
	}
	g := w.available("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", w.gateway).rows("VpnGatewaySet")[0]
	w.address = g.text("PublicIpAddress")
	if w.address == "" || g.text("Zone") == "" || g.text("CreatedTime") == "" || g.text("RenewFlag") != "NOTIFY_AND_AUTO_RENEW" {
		w.t.Errorf("the gateway: %s", compact(g.v))
	}
}

// readGateways finds the gateway by each filter alone and by all together, and finds
// nothing by a value of each that is not its.
func (w *walk) readGateways() {
	g := w.ok("DescribeVpnGateways", obj{"VpnGatewayIds": []string{w.gateway}}).rows("VpnGatewaySet")[0]
	own := map[string]string{
		"vpc-id": w.vpc, "vpn-gateway-id": w.gateway, "vpn-gateway-name": "gw test/1", "type": "IPSEC",
		"public-ip-address": w.address, "renew-flag": g.text("RenewFlag"), "zone": g.text("Zone"),
	}
	other := map[string]string{
		"vpc-id": "vpc-zzzzzzzz", "vpn-gateway-id": "vpngw-zzzzzzzz", "vpn-gateway-name": "gw test", "type": "SSL",
		"public-ip-address": "192.0.2.1", "renew-flag": "NOT_NOTIFY_AND_NOT_RENEW", "zone": "ap-guangzhou-1",
	}
	if own["zone"] == other["zone"] {
		other["zone"] = "ap-guangzhou-2"
	}
	w.byFilters("DescribeVpnGateways", "VpnGatewaySet", "VpnGatewayId", w.gateway, own, other)
	empty := w.ok("DescribeVpnGateways", obj{"VpnGatewayIds": []string{"vpngw-zzzzzzzz"}})
	empty.same("TotalCount", 0)
	w.only(empty, "VpnGatewaySet", "", "")
}

// byFilters asks with each filter, with all of them, with a second value and with a
// wrong one.
func (w *walk) byFilters(action, set, key, id string, own, other map[string]string) {
	w.t.Helper()
	var all []obj
	for _, name := range slices.Sorted(maps.Keys(own)) {
		all = append(all, filter(name, own[name]))
		for _, ask := range []obj{filter(name, own[name]), filter(name, other[name], own[name])} {
			w.only(w.ok(action, obj{"Filters": []obj{ask}, "Offset": 0, "Limit": 20}), set, key, id)
		}
		w.only(w.ok(action, obj{"Filters": []obj{filter(name, other[name])}}), set, "", "")
	}
	found := w.ok(action, obj{"Filters": all})
	found.same("TotalCount", 1)
	w.only(found, set, key, id)
}

// only checks that a set has one row, of that id; or none, for an empty key.
func (w *walk) only(r reply, set, key, id string) {
	w.t.Helper()
	rows := r.rows(set)
	if key == "" && len(rows) == 0 || len(rows) == 1 && key != "" && rows[0].text(key) == id {
		return
	}
	w.t.Errorf("%s: want only %q in %s", r.action, id, compact(r.v))
}

func (w *walk) changeGateway() {
	w.ok("ModifyVpnGatewayAttribute", obj{"VpnGatewayId": w.gateway, "VpnGatewayName": "renamed <&>"})
	w.ok("ResetVpnGatewayInternetMaxBandwidth", obj{"VpnGatewayId": w.gateway, "InternetMaxBandwidthOut": 100})
	g := w.ok("DescribeVpnGateways", obj{"VpnGatewayIds": []string{w.gateway}}).rows("VpnGatewaySet")[0]
	g.same("VpnGatewayName", "renamed <&>")
	g.same("InternetMaxBandwidthOut", 100)
	g.same("State", "AVAILABLE")
	if !w.noCreatePrice {
		price := w.ok("InquiryPriceCreateVpnGateway", obj{"InternetMaxBandwidthOut": 5, "InstanceChargeType": "PREPAID", "InstanceChargePrepaid": obj{"Period": 1}})
		if price.number("Price.InstancePrice.OriginalPrice") <= 0 {
			w.t.Errorf("a month costs %s", compact(price.v))
		}
	}
}

func (w *walk) makeCustomerGateway() {
	made := w.ok("CreateCustomerGateway", obj{"CustomerGatewayName": "办公室", "IpAddress": "58.211.1.12", "Tags": tagList("site", "a")})
	w.customer = made.text("CustomerGateway.CustomerGatewayId")
	made.same("CustomerGateway.IpAddress", "58.211.1.12")
	w.ok("ModifyCustomerGatewayAttribute", obj{"CustomerGatewayId": w.customer, "CustomerGatewayName": "office"})
	w.byFilters("DescribeCustomerGateways", "CustomerGatewaySet", "CustomerGatewayId", w.customer,
		map[string]string{"customer-gateway-id": w.customer, "customer-gateway-name": "office", "ip-address": "58.211.1.12"},
		map[string]string{"customer-gateway-id": "cgw-zzzzzzzz", "customer-gateway-name": "办公室", "ip-address": "58.211.1.13"})
	if vendors := w.ok("DescribeCustomerGatewayVendors", obj{}).rows("CustomerGatewayVendorSet"); len(vendors) == 0 {
		w.t.Error("no vendors")
	}
}

func (w *walk) makeConnection() {
	made := w.ok("CreateVpnConnection", obj{
		"VpcId": w.vpc, "VpnGatewayId": w.gateway, "CustomerGatewayId": w.customer, "VpnConnectionName": "to office", "PreShareKey": "s3cret<&>+%\"='",
		"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": "10.8.0.0/24", "RemoteCidrBlock": []string{"192.168.10.0/24", "192.168.11.0/24"}}},
		"IKEOptionsSpecification": obj{
			"PropoEncryAlgorithm": "AES-CBC-256", "PropoAuthenAlgorithm": "SHA-256", "ExchangeMode": "MAIN", "LocalIdentity": "ADDRESS", "LocalAddress": w.address,
			"RemoteIdentity": "FQDN", "RemoteFqdnName": "office.example", "DhGroupName": "GROUP14", "IKESaLifetimeSeconds": 86400, "IKEVersion": "IKEV2",
		},
		"IPSECOptionsSpecification": obj{"EncryptAlgorithm": "AES-CBC-256", "IntegrityAlgorith": "SHA-256", "IPSECSaLifetimeSeconds": 3600, "PfsDhGroup": "DH-GROUP14", "IPSECSaLifetimeTraffic": 1843200},
		"DpdEnable":                 1, "DpdTimeout": "45", "DpdAction": "clear", "Tags": tagList("site", "a"),
	})
	w.connection = made.text("VpnConnection.VpnConnectionId")
	x := w.available("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", w.connection).rows("VpnConnectionSet")[0]
	for path, want := range map[string]any{
		"PreShareKey": "s3cret<&>+%\"='", "VpnProto": "IPSEC", "NetStatus": "UNAVAILABLE", "DpdEnable": 1, "DpdTimeout": "45", "DpdAction": "clear",
		"IKEOptionsSpecification.DhGroupName": "GROUP14", "IKEOptionsSpecification.RemoteFqdnName": "office.example", "IPSECOptionsSpecification.IPSECSaLifetimeTraffic": 1843200,
		"SecurityPolicyDatabaseSet": []obj{{"LocalCidrBlock": "10.8.0.0/24", "RemoteCidrBlock": []string{"192.168.10.0/24", "192.168.11.0/24"}}},
	} {
		x.same(path, want)
	}
	if got := x.tags("TagSet"); got != "site=a" {
		w.t.Errorf("TagSet of the connection: %s", got)
	}
	config := w.ok("DownloadCustomerGatewayConfiguration", obj{
		"VpnGatewayId": w.gateway, "VpnConnectionId": w.connection, "InterfaceName": "eth0",
		"CustomerGatewayVendor": obj{"VendorName": "strongswan", "Platform": "linux", "SoftwareVersion": "V5.9"},
	}).text("CustomerGatewayConfiguration")
	if !strings.Contains(config, "remote_addrs = "+w.address+"\n") {
		w.t.Errorf("configuration of the customer gateway:\n%s", config)
	}
}

func (w *walk) readConnections() {
	w.byFilters("DescribeVpnConnections", "VpnConnectionSet", "VpnConnectionId", w.connection,
		map[string]string{"vpc-id": w.vpc, "vpn-gateway-id": w.gateway, "customer-gateway-id": w.customer, "vpn-connection-name": "to office", "vpn-connection-id": w.connection},
		map[string]string{"vpc-id": "vpc-zzzzzzzz", "vpn-gateway-id": "vpngw-zzzzzzzz", "customer-gateway-id": "cgw-zzzzzzzz", "vpn-connection-name": "x", "vpn-connection-id": "vpnx-zzzzzzzz"})
}

func (w *walk) changeConnection() {
	w.ok("ModifyVpnConnectionAttribute", obj{
		"VpnConnectionId": w.connection, "VpnConnectionName": "renamed", "PreShareKey": "other",
		"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": "10.8.0.0/16", "RemoteCidrBlock": []string{"192.168.20.0/24"}}},
	})
	x := w.available("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", w.connection).rows("VpnConnectionSet")[0]
	x.same("VpnConnectionName", "renamed")
	x.same("PreShareKey", "other")
	x.same("SecurityPolicyDatabaseSet", []obj{{"LocalCidrBlock": "10.8.0.0/16", "RemoteCidrBlock": []string{"192.168.20.0/24"}}})
	w.settled("ResetVpnConnection", obj{"VpnGatewayId": w.gateway, "VpnConnectionId": w.connection})
}

// routes need a connection that routes by destination, with a health check.
func (w *walk) routes() {
	customer := w.ok("CreateCustomerGateway", obj{"CustomerGatewayName": "b", "IpAddress": "58.211.1.13"}).text("CustomerGateway.CustomerGatewayId")
	made := w.ok("CreateVpnConnection", obj{
		"VpcId": w.vpc, "VpnGatewayId": w.gateway, "CustomerGatewayId": customer, "VpnConnectionName": "routed", "PreShareKey": "k",
		"RouteType": "StaticRoute", "EnableHealthCheck": true, "NegotiationType": "passive",
	})
	made.same("VpnConnection.EnableHealthCheck", true)
	connection := made.text("VpnConnection.VpnConnectionId")
	w.available("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", connection)
	routes := w.ok("CreateVpnGatewayRoutes", obj{"VpnGatewayId": w.gateway, "Routes": []obj{
		{"DestinationCidrBlock": "172.20.0.0/16", "InstanceType": "VPNCONN", "InstanceId": connection, "Priority": 0, "Status": "ENABLE"},
		{"DestinationCidrBlock": "172.21.0.0/16", "InstanceType": "VPNCONN", "InstanceId": connection, "Priority": 100, "Status": "DISABLE"},
	}}).rows("Routes")
	if len(routes) != 2 {
		w.t.Fatalf("%d routes", len(routes))
	}
	second := routes[1].text("RouteId")
	found := w.ok("DescribeVpnGatewayRoutes", obj{"VpnGatewayId": w.gateway, "Filters": []obj{filter("DestinationCidr", "172.21.0.0/16")}})
	w.only(found, "Routes", "RouteId", second)
	found.rows("Routes")[0].same("Priority", 100)
	for offset, want := range []int{1, 1, 0} {
		page := w.ok("DescribeVpnGatewayRoutes", obj{"VpnGatewayId": w.gateway, "Offset": offset, "Limit": 1})
		if got := len(page.rows("Routes")); got != want {
			w.t.Errorf("page of one from %d: %d routes", offset, got)
		}
	}
	w.ok("ModifyVpnGatewayRoutes", obj{"VpnGatewayId": w.gateway, "Routes": []obj{{"RouteId": second, "Status": "ENABLE"}}}).rows("Routes")[0].same("Status", "ENABLE")
	w.refused("UnsupportedOperation", "DeleteVpnGateway", obj{"VpnGatewayId": w.gateway})
	w.ok("DeleteVpnGatewayRoutes", obj{"VpnGatewayId": w.gateway, "RouteIds": []string{routes[0].text("RouteId"), second}})
	w.ok("DeleteVpnConnection", obj{"VpnGatewayId": w.gateway, "VpnConnectionId": connection})
	w.gone("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", connection)
	w.ok("DeleteCustomerGateway", obj{"CustomerGatewayId": customer})
}

// ccnGateway makes a gateway that stands in no VPC: VpcId is an empty text, which some
// clients send and others leave out.
func (w *walk) ccnGateway() {
	made := w.ok("CreateVpnGateway", obj{"VpcId": "", "VpnGatewayName": "cloud", "InternetMaxBandwidthOut": 200, "Type": "CCN"})
	id := made.text("VpnGateway.VpnGatewayId")
	made.same("VpnGateway.VpcId", "")
	made.same("VpnGateway.NetworkInstanceId", "")
	w.available("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", id)
	w.ok("DeleteVpnGateway", obj{"VpnGatewayId": id})
	w.gone("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", id)
}

// tagService reads and changes the gateway's tags through the other service.
func (w *walk) tagService() {
	ask := obj{"ServiceType": "vpc", "ResourcePrefix": "vpngw", "ResourceIds": []string{w.gateway}, "ResourceRegion": "ap-guangzhou", "Offset": 0, "Limit": 20}
	resource := "qcs::vpc:ap-guangzhou:uin/:vpngw/" + w.gateway
	w.tagged(ask, "city=上海 team=net work")
	w.ok("ModifyResourceTags", obj{"Resource": resource, "ReplaceTags": []obj{{"TagKey": "city", "TagValue": "广州"}}, "DeleteTags": []obj{{"TagKey": "team"}}})
	w.tagged(ask, "city=广州")
	w.ok("AddResourceTag", obj{"TagKey": "owner", "TagValue": "me", "Resource": resource})
	w.ok("TagResources", obj{"ResourceList": []string{resource}, "Tags": []obj{{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}}})
	w.tagged(ask, "a=1 b=2 city=广州 owner=me")
	w.ok("UnTagResources", obj{"ResourceList": []string{resource}, "TagKeys": []string{"a", "b"}})
	w.ok("DeleteResourceTag", obj{"TagKey": "owner", "Resource": resource})
	w.tagged(ask, "city=广州")
	found := w.ok("GetResources", obj{"TagFilters": []obj{{"TagKey": "city", "TagValue": []string{"广州"}}}}).rows("ResourceTagMappingList")
	if len(found) != 1 || !strings.HasSuffix(found[0].text("Resource"), "vpngw/"+w.gateway) {
		w.t.Errorf("resources with the tag: %d", len(found))
	}
	w.ok("CreateTag", obj{"TagKey": "spare", "TagValue": "x"})
	if got := w.ok("DescribeTags", obj{"TagKey": "spare"}).tags("Tags"); got != "spare=x" {
		w.t.Errorf("DescribeTags: %s", got)
	}
	if got := w.ok("DescribeTagValues", obj{"TagKeys": []string{"city"}}).tags("Tags"); got != "city=上海 city=广州" {
		w.t.Errorf("DescribeTagValues: %s", got)
	}
	if keys := w.ok("DescribeTagKeys", obj{"Limit": 100}).get("Tags"); !strings.Contains(compact(keys), `"city"`) {
		w.t.Errorf("DescribeTagKeys: %s", compact(keys))
	}
	w.ok("DeleteTag", obj{"TagKey": "spare", "TagValue": "x"})
}

func (w *walk) tagged(ask obj, want string) {
	w.t.Helper()
	if got := w.ok("DescribeResourceTagsByResourceIds", ask).tags("Tags"); got != want {
		w.t.Errorf("tags of the gateway: %q, want %q", got, want)
	}
}

// errors are seen as the SDK's own type, with code, message and request id.
func (w *walk) errors() {
	gateway := func(change obj) obj {
		in := obj{"VpcId": w.vpc, "VpnGatewayName": "gw", "InternetMaxBandwidthOut": 5}
		maps.Copy(in, change)
		return in
	}
	for _, c := range []struct {
		code, action string
		params       obj
	}{
		{"InvalidParameterValue", "CreateVpnGateway", gateway(obj{"InternetMaxBandwidthOut": 7})},
		{"InvalidVpcId.NotFound", "CreateVpnGateway", gateway(obj{"VpcId": "vpc-zzzzzzzz"})},
		{"InvalidVpcId.Malformed", "CreateVpnGateway", gateway(obj{"VpcId": "vpc_1"})},
		{"InvalidParameterValue.TooLong", "CreateVpnGateway", gateway(obj{"VpnGatewayName": strings.Repeat("上", 21)})},
		{"InvalidParameterValue.TagDuplicateKey", "CreateVpnGateway", gateway(obj{"Tags": tagList("a", "1", "a", "2")})},
		{"InvalidParameterValue.Empty", "CreateVpnGateway", gateway(obj{"InstanceChargeType": "PREPAID"})},
		{"UnsupportedOperation.VpnGwVpcIdNotHave", "CreateVpnGateway", gateway(obj{"Type": "CCN"})},
		{"MissingParameter", "CreateCustomerGateway", obj{"CustomerGatewayName": "x"}},
		{"InvalidParameterValue.Malformed", "CreateCustomerGateway", obj{"CustomerGatewayName": "x", "IpAddress": "127.0.0.1"}},
		{"ResourceNotFound", "DescribeVpcs", obj{"VpcIds": []string{"vpc-zzzzzzzz"}}},
		{"InvalidParameter.Coexist", "DescribeVpnGateways", obj{"VpnGatewayIds": []string{w.gateway}, "Filters": []obj{filter("vpc-id", w.vpc)}}},
	} {
		w.refused(c.code, c.action, c.params)
	}
}

// deleteAll removes everything in the only order that works.
func (w *walk) deleteAll() {
	w.settled("DeleteVpnConnection", obj{"VpnGatewayId": w.gateway, "VpnConnectionId": w.connection})
	w.gone("DescribeVpnConnections", "VpnConnectionIds", "VpnConnectionSet", w.connection)
	w.ok("DeleteCustomerGateway", obj{"CustomerGatewayId": w.customer})
	w.ok("DeleteVpnGateway", obj{"VpnGatewayId": w.gateway})
	w.gone("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", w.gateway)
	w.ok("DeleteVpc", obj{"VpcId": w.vpc})
	w.ok("DescribeVpcs", obj{}).same("TotalCount", 0)
}

func filter(name string, values ...string) obj { return obj{"Name": name, "Values": values} }

// tagList makes tags of keys and values in turn.
func tagList(pairs ...string) []obj {
	var tags []obj
	for pair := range slices.Chunk(pairs, 2) {
		tags = append(tags, obj{"Key": pair[0], "Value": pair[1]})
	}
	return tags
}
