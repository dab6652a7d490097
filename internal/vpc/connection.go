package vpc

import "net/netip"

// ConnectionID names a VPN connection (a tunnel): vpnx-xxxxxxxx.
type ConnectionID string

// RouteType says how traffic is chosen for a connection.
type RouteType string

// The route types of CreateVpnConnection. STATIC is the old name of Policy.
const (
	RouteStatic      RouteType = "STATIC"
	RouteStaticRoute RouteType = "StaticRoute"
	RoutePolicy      RouteType = "Policy"
	RouteBGP         RouteType = "Bgp"
)

// Negotiation says who starts the tunnel.
type Negotiation string

// The negotiation types.
const (
	NegotiateActive  Negotiation = "active"
	NegotiatePassive Negotiation = "passive"
	NegotiateOnFlow  Negotiation = "flowTrigger"
)

// PolicyRule is one rule of a security policy database: one local range and the
// remote ranges it may talk to, host bits cleared.
type PolicyRule struct {
	Local   netip.Prefix   `json:"local"`
	Remotes []netip.Prefix `json:"remotes"`
}

// IKEOptions are the phase 1 options, all set (defaults filled in).
type IKEOptions struct {
	Encryption     string `json:"enc"`
	Integrity      string `json:"integ"`
	Exchange       string `json:"exchange"` // MAIN or AGGRESSIVE
	LocalIdentity  string `json:"localId"`  // ADDRESS or FQDN
	RemoteIdentity string `json:"remoteId"`
	LocalAddress   string `json:"localAddr,omitempty"`  // with ADDRESS
	RemoteAddress  string `json:"remoteAddr,omitempty"` // with ADDRESS
	LocalFQDN      string `json:"localFqdn,omitempty"`  // with FQDN
	RemoteFQDN     string `json:"remoteFqdn,omitempty"` // with FQDN
	DHGroup        string `json:"dh"`
	Lifetime       uint32 `json:"life"`    // seconds
	Version        string `json:"version"` // IKEV1 or IKEV2
}

// IPsecOptions are the phase 2 options, all set.
type IPsecOptions struct {
	Encryption  string `json:"enc"`
	Integrity   string `json:"integ"`
	PFS         string `json:"pfs"`  // NULL or DH-GROUPn
	Lifetime    uint32 `json:"life"` // seconds
	LifetimeKiB uint32 `json:"kib"`  // kilobytes as the API counts them
}

// DPD is dead peer detection.
type DPD struct {
	Enable  bool   `json:"enable,omitempty"`
	Timeout uint32 `json:"timeout"` // seconds
	Action  string `json:"action"`  // clear or restart
}

// HealthCheck is the probe through a tunnel; a zero HealthCheck is none.
type HealthCheck struct {
	Enable    bool       `json:"enable,omitempty"`
	Local     netip.Addr `json:"local,omitzero"`
	Remote    netip.Addr `json:"remote,omitzero"`
	Probe     string     `json:"probe,omitempty"`    // NQA
	Interval  uint32     `json:"interval,omitempty"` // milliseconds
	Threshold uint32     `json:"threshold,omitempty"`
	Timeout   uint32     `json:"timeout,omitempty"` // milliseconds
}

// BGP is the inner addressing of a Bgp connection.
type BGP struct {
	Tunnel netip.Prefix `json:"tunnel"` // a /30
	Local  netip.Addr   `json:"local"`
	Remote netip.Addr   `json:"remote"`
}

// Connection is an IPsec tunnel as its owner wants it. Written by control alone.
//
//	create -> PENDING -(settled, or its daemon holds it)-> AVAILABLE
//	       -(delete)-> DELETING -(due, or its daemon has let go)-> gone
//
// A change makes it read UPDATING to itself until Changed has settled, or until its
// daemon holds the change; the vendor shows that only in refusals (InvalidState).
type Connection struct {
	ID ConnectionID `json:"id"`
	Scope
	Name            string            `json:"name"`
	VPC             VPCID             `json:"vpc,omitempty"`
	Gateway         GatewayID         `json:"gateway"`
	CustomerGateway CustomerGatewayID `json:"customerGateway"`
	PreSharedKey    Sealed            `json:"psk"`
	RouteType       RouteType         `json:"routeType"`
	Negotiation     Negotiation       `json:"negotiation"`
	Policies        []PolicyRule      `json:"policies,omitempty"` // empty for StaticRoute and Bgp
	IKE             IKEOptions        `json:"ike"`
	IPsec           IPsecOptions      `json:"ipsec"`
	DPD             DPD               `json:"dpd"`
	Health          HealthCheck       `json:"health,omitzero"`
	BGP             *BGP              `json:"bgp,omitempty"`

	Created    Instant `json:"created"`
	Changed    Instant `json:"changed,omitempty"` // last change of what is wanted, or last reset
	Resets     uint32  `json:"resets,omitempty"`  // grows with ResetVpnConnection
	Deleted    Instant `json:"deleted,omitempty"`
	Due        Instant `json:"due,omitempty"`
	Generation uint64  `json:"generation"`
}
