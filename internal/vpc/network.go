package vpc

import "net/netip"

// VPCID names a virtual private cloud: vpc-xxxxxxxx.
type VPCID string

// VPC is a private network: a main range, extra (assistant) ranges, subnets and route tables.
type VPC struct {
	ID VPCID `json:"id"`
	Scope
	Name        string         `json:"name"`
	CIDR        netip.Prefix   `json:"cidr"`
	Assistants  []netip.Prefix `json:"assistants,omitempty"`
	IPv6        []IPv6Range    `json:"ipv6,omitempty"`
	Default     bool           `json:"default,omitempty"`
	Multicast   bool           `json:"multicast,omitempty"`
	DNS         []string       `json:"dns,omitempty"`
	Domain      string         `json:"domain,omitempty"`
	DHCP        string         `json:"dhcp,omitempty"` // dopt-xxxxxxxx
	Publish     bool           `json:"publish,omitempty"`
	PublishIPv6 bool           `json:"publishIpv6,omitempty"`
	CDCPublish  bool           `json:"cdcPublish,omitempty"`
	Created     Instant        `json:"created"`
}

// IPv6Range is an IPv6 range of a VPC.
type IPv6Range struct {
	CIDR netip.Prefix `json:"cidr"`
	ISP  string       `json:"isp"`  // BGP
	Type string       `json:"type"` // GUA or ULA
}

// SubnetID names a subnet: subnet-xxxxxxxx.
type SubnetID string

// Subnet is a range of a VPC in one zone, bound to one route table.
type Subnet struct {
	ID SubnetID `json:"id"`
	Scope
	VPC        VPCID        `json:"vpc"`
	Name       string       `json:"name"`
	CIDR       netip.Prefix `json:"cidr"`
	IPv6       netip.Prefix `json:"ipv6,omitzero"`
	Zone       Zone         `json:"zone"`
	RouteTable RouteTableID `json:"routeTable"`
	CDC        CDCID        `json:"cdc,omitempty"`
	Default    bool         `json:"default,omitempty"`
	Broadcast  bool         `json:"broadcast,omitempty"`
	Created    Instant      `json:"created"`
}

// RouteTableID names a route table: rtb-xxxxxxxx.
type RouteTableID string

// RouteItemID names one route of a route table: rti-xxxxxxxx.
type RouteItemID string

// RouteTable is a VPC's route table with its user routes. The local route is implied.
type RouteTable struct {
	ID RouteTableID `json:"id"`
	Scope
	VPC     VPCID   `json:"vpc"`
	Name    string  `json:"name"`
	Main    bool    `json:"main,omitempty"`
	Routes  []Route `json:"routes,omitempty"`
	Created Instant `json:"created"`
}

// Route sends a destination to a gateway. A route to a deleted VPN gateway stays and drops.
type Route struct {
	ID          RouteItemID  `json:"id"`
	Number      uint64       `json:"number"` // RouteId, the vendor's older number of the same route
	Destination netip.Prefix `json:"destination"`
	GatewayType string       `json:"gatewayType"` // VPN, CCN, NORMAL_CVM, ...
	Gateway     string       `json:"gateway"`
	Description string       `json:"description,omitempty"`
	Disabled    bool         `json:"disabled,omitempty"`
	Type        string       `json:"type"` // USER, NETD, CCN
	Published   bool         `json:"published,omitempty"`
	Created     Instant      `json:"created"`
}
