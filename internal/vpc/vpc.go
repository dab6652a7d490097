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
