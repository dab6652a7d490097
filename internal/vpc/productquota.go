package vpc

import "slices"

// ProductQuota is how DescribeProductQuota describes a quota.
type ProductQuota struct {
	Product  string
	Name     string // the quota's
	EN, ZH   string
	Regional bool // it counts per region
}

// quotaProducts are the products that DescribeProductQuota takes. Nothing of the last
// three is here, so they have no quotas.
var quotaProducts = []string{"vpc", "ccn", "vpn", "dc", "dfw", "clb", "eip"}

// productQuotas describes every quota, by product.
var productQuotas = []ProductQuota{
	{"vpc", QuotaVPCs, "VPCs", "私有网络数", true},
	{"vpc", QuotaSubnets, "subnets of a VPC", "每个私有网络的子网数", true},
	{"vpc", QuotaRouteTables, "route tables of a VPC", "每个私有网络的路由表数", true},
	{"vpc", QuotaRoutes, "routes of a route table", "每个路由表的路由策略数", true},
	{"vpc", QuotaAssistants, "assistant ranges of a VPC", "每个私有网络的辅助网段数", true},
	{"vpc", "vpc-max-network-acls", "network ACLs of a VPC", "每个私有网络的网络 ACL 数", true},
	{"vpc", "network-acl-max-inbound-policies", "inbound rules of a network ACL", "每个网络 ACL 的入站规则数", true},
	{"vpc", "network-acl-max-outbound-policies", "outbound rules of a network ACL", "每个网络 ACL 的出站规则数", true},
	{"vpc", "vpc-max-vpcpeers", "peering connections of a VPC", "每个私有网络的对等连接数", true},
	{"vpc", "vpc-max-available-vpcpeers", "available peering connections of a VPC", "每个私有网络可用的对等连接数", true},
	{"vpc", "vpc-max-basic-network-interconnections", "classic network hosts of a VPC", "每个私有网络的基础网络互通主机数", true},
	{"vpc", "vpc-max-nat-gateways", "NAT gateways of a VPC", "每个私有网络的 NAT 网关数", true},
	{"vpc", "nat-gateway-max-eips", "public addresses of a NAT gateway", "每个 NAT 网关的弹性公网 IP 数", true},
	{"vpc", "nat-gateway-max-dnapts", "port forwards of a NAT gateway", "每个 NAT 网关的端口转发规则数", true},
	{"vpc", "vpc-max-enis", "network interfaces of a VPC", "每个私有网络的弹性网卡数", true},
	{"vpc", "eni-max-private-ips", "private addresses of a network interface", "每个弹性网卡的内网 IP 数", true},
	{"vpc", "eni-max-ipv6s", "IPv6 addresses of a network interface", "每个弹性网卡的 IPv6 地址数", true},
	{"vpc", "vpc-max-havips", "HAVIPs of a VPC", "每个私有网络的高可用虚拟 IP 数", true},
	{"vpc", "vpc-max-ipv6s", "IPv6 ranges of a VPC", "每个私有网络的 IPv6 网段数", true},
	{"vpc", "vpc-max-bgp-ipv6-cidrs", "BGP IPv6 ranges of a VPC", "每个私有网络的 BGP IPv6 网段数", true},
	{"vpc", "vpc-max-cmcc-ipv6-cidrs", "China Mobile IPv6 ranges of a VPC", "每个私有网络的移动 IPv6 网段数", true},
	{"vpc", "vpc-max-ctcc-ipv6-cidrs", "China Telecom IPv6 ranges of a VPC", "每个私有网络的电信 IPv6 网段数", true},
	{"vpc", "vpc-max-cucc-ipv6-cidrs", "China Unicom IPv6 ranges of a VPC", "每个私有网络的联通 IPv6 网段数", true},
	{"vpc", "vpc-max-custom-ipv6-cidrs", "own IPv6 ranges of a VPC", "每个私有网络的自定义 IPv6 网段数", true},
	{"vpc", "vpc-max-ula-ipv6-cidrs", "unique local IPv6 ranges of a VPC", "每个私有网络的 ULA IPv6 网段数", true},
	{"vpc", "appid-max-end-point-services", "endpoint services", "终端节点服务数", true},
	{"vpc", "appid-max-end-point-service-white-lists", "accounts on an endpoint service's list", "每个终端节点服务的白名单数", true},
	{"ccn", QuotaCCNs, "CCNs", "云联网数", false},
	{"ccn", QuotaCCNAttachments, "networks attached to a CCN", "每个云联网关联的网络实例数", false},
	{"vpn", QuotaGateways, "VPN gateways of a VPC", "每个私有网络的 VPN 网关数", true},
	{"vpn", QuotaCCNGateways, "VPN gateways of the CCN types", "云联网型 VPN 网关数", true},
	{"vpn", QuotaCustomerGateways, "customer gateways", "对端网关数", true},
	{"vpn", QuotaConnections, "VPN connections", "VPN 通道数", true},
	{"vpn", QuotaGatewayConnections, "connections of a VPN gateway", "每个 VPN 网关的通道数", true},
	{"vpn", QuotaCustomerConnections, "connections of a customer gateway", "每个对端网关的通道数", true},
	{"vpn", QuotaPolicyRules, "SPD rules of a connection", "每个通道的 SPD 策略数", true},
	{"vpn", QuotaPolicyRemotes, "remote ranges of an SPD rule", "每条 SPD 策略的对端网段数", true},
	{"vpn", QuotaPolicyPairs, "SPD pairs of a VPN gateway", "每个 VPN 网关的 SPD 网段对数", true},
	{"vpn", QuotaSSLClients, "SSL clients of an SSL server", "每个 SSL 服务端的客户端数", true},
	{"vpn", QuotaGatewayRoutes, "routes of a VPN gateway", "每个 VPN 网关的路由数", true},
	{"dc", "direct-connection-max-snats", "source NATs of a direct connect gateway", "每个专线网关的源 IP 转换数", true},
	{"dc", "direct-connection-max-dnats", "destination NATs of a direct connect gateway", "每个专线网关的目的 IP 转换数", true},
	{"dc", "direct-connection-max-snapts", "source port NATs of a direct connect gateway", "每个专线网关的源 IP 端口转换数", true},
	{"dc", "direct-connection-max-dnapts", "destination port NATs of a direct connect gateway", "每个专线网关的目的 IP 端口转换数", true},
}

// ProductQuotas returns the quotas of a product, and false for one that
// DescribeProductQuota does not take.
func ProductQuotas(product string) ([]ProductQuota, bool) {
	if !slices.Contains(quotaProducts, product) {
		return nil, false
	}
	var out []ProductQuota
	for _, q := range productQuotas {
		if q.Product == product {
			out = append(out, q)
		}
	}
	return out, true
}
