package vpc

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
)

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

// The types of routes. Users make and change those of type USER only; those of type CCN
// are computed from the CCN that the VPC is attached to.
const (
	RouteUser = "USER"
	RouteCCN  = "CCN"
)

// MainRouteTableName is the name of the table that a VPC is made with.
const MainRouteTableName = "default"

// Sent is a CCN's route as a table of an attached VPC shows it. Its ids are derived from
// what it is, so that it needs no row; its number is above all those of users' routes. It
// is disabled beside a user's enabled route with the same destination.
func (t *RouteTable) Sent(ccn CCNID, route *CCNRoute) Route {
	sum := sha256.Sum256([]byte(string(t.ID) + " " + route.ID))
	draw := binary.BigEndian.Uint64(sum[:8])
	return Route{
		ID:          NewID[RouteItemID](PrefixRouteItem, func() uint64 { return draw }),
		Number:      maxRouteNumber + 1 + draw%maxRouteNumber,
		Destination: route.Destination, GatewayType: HopCCN, Gateway: string(ccn), Type: RouteCCN, Created: route.Since,
		Disabled: slices.ContainsFunc(t.Routes, func(r Route) bool { return !r.Disabled && r.Destination == route.Destination }),
	}
}
