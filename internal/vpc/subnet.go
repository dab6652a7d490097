package vpc

import "net/netip"

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
