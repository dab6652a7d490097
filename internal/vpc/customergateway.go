package vpc

import "net/netip"

// CustomerGatewayID names a customer gateway: cgw-xxxxxxxx.
type CustomerGatewayID string

// CustomerGateway is the far end of a tunnel as its owner describes it.
type CustomerGateway struct {
	ID CustomerGatewayID `json:"id"`
	Scope
	Name    string     `json:"name"`
	Addr    netip.Addr `json:"addr"`
	BGPASN  ASN        `json:"bgpAsn,omitempty"` // 0 unless the user set one
	Created Instant    `json:"created"`
}
