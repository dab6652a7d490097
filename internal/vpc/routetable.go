package vpc

import "net/netip"

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
