package vpc

import "net/netip"

// GatewayRouteID names a route of a VPN gateway: vpnr-xxxxxxxx.
type GatewayRouteID string

// GatewayRoute is a destination route of a route-type VPN gateway.
type GatewayRoute struct {
	ID GatewayRouteID `json:"id"`
	Scope
	Gateway     GatewayID    `json:"gateway"`
	Destination netip.Prefix `json:"destination"`
	NextHopType string       `json:"nextHopType"` // VPNCONN or CCN
	NextHop     string       `json:"nextHop"`     // a connection's or CCN's id
	Priority    uint8        `json:"priority"`    // 0 wins over 100
	Enabled     bool         `json:"enabled"`
	Type        string       `json:"type"` // Static for routes that callers made
	Description string       `json:"description,omitempty"`
	Created     Instant      `json:"created"`
	Updated     Instant      `json:"updated"`
}

// GatewayCCNRoute is a range behind a CCN-type gateway that it publishes to its CCN.
// The set follows the gateway's connections and routes; only Enabled is the caller's.
type GatewayCCNRoute struct {
	ID GatewayRouteID `json:"id"`
	Scope
	Gateway     GatewayID    `json:"gateway"`
	Destination netip.Prefix `json:"destination"`
	Enabled     bool         `json:"enabled"`
	Created     Instant      `json:"created"`
}
