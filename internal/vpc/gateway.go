package vpc

import "net/netip"

// GatewayID names a VPN gateway: vpngw-xxxxxxxx.
type GatewayID string

// Mbps is a bandwidth in megabits per second.
type Mbps uint32

// ASN is a BGP autonomous system number; 0 means none.
type ASN uint32

// GatewayType says what a gateway connects.
type GatewayType string

// The gateway types of CreateVpnGateway's Type.
const (
	TypeIPsec  GatewayType = "IPSEC"
	TypeSSL    GatewayType = "SSL"
	TypeCCN    GatewayType = "CCN"
	TypeSSLCCN GatewayType = "SSL_CCN"
)

// SSL reports whether people dial in to gateways of this type.
func (t GatewayType) SSL() bool { return t == TypeSSL || t == TypeSSLCCN }

// CCN reports whether gateways of this type serve a CCN and stand in no VPC.
func (t GatewayType) CCN() bool { return t == TypeCCN || t == TypeSSLCCN }

// Tunnels reports whether gateways of this type carry VPN connections.
func (t GatewayType) Tunnels() bool { return t == TypeIPsec || t == TypeCCN }

// ChargeType says how a gateway is paid.
type ChargeType string

// The charge types of InstanceChargeType.
const (
	Postpaid ChargeType = "POSTPAID_BY_HOUR"
	Prepaid  ChargeType = "PREPAID"
)

// RenewFlag says what happens when a prepaid term ends.
type RenewFlag string

// The renew flags.
const (
	RenewManually RenewFlag = "NOTIFY_AND_MANUAL_RENEW"
	RenewByItself RenewFlag = "NOTIFY_AND_AUTO_RENEW"
	RenewNever    RenewFlag = "NOT_NOTIFY_AND_NOT_RENEW"
)

// Gateway is a VPN gateway as its owner wants it. Written by control alone; what is
// observed of it lives elsewhere.
//
// State is computed (see GatewayState), never stored:
//
//	create -> PENDING -(settled, or its host says so)-> AVAILABLE
//	       -(delete)-> DELETING -(due, or its host says so)-> gone
//
// A prepaid gateway's term ends at Expires: it is renewed, becomes postpaid, or is
// isolated (Isolated set) and deleted when the grace time is over.
type Gateway struct {
	ID GatewayID `json:"id"`
	Scope
	Name          string      `json:"name"`
	VPC           VPCID       `json:"vpc,omitempty"` // empty for the CCN types
	Type          GatewayType `json:"type"`
	Zone          Zone        `json:"zone"`
	CDC           CDCID       `json:"cdc,omitempty"`
	Bandwidth     Mbps        `json:"bandwidth"`
	MaxConnection uint32      `json:"maxConnection,omitempty"` // SSL types only
	BGPASN        ASN         `json:"bgpAsn,omitempty"`        // 0 unless the user set one
	Public        netip.Addr  `json:"public"`                  // unique among all gateways, never changes
	Network       CCNID       `json:"network,omitempty"`       // the CCN a CCN-type gateway is attached to
	Blocked       bool        `json:"blocked,omitempty"`       // operator's IsAddressBlocked
	Monitored     bool        `json:"monitored,omitempty"`     // its traffic can be looked at
	Limits        []FlowLimit `json:"limits,omitempty"`        // by their address; see FlowLimit
	Version       string      `json:"version"`
	Host          HostName    `json:"host,omitempty"` // the host that carries it; empty with no data plane

	Charge          ChargeType `json:"charge"`
	RenewFlag       RenewFlag  `json:"renewFlag"`
	Expires         Instant    `json:"expires,omitempty"`   // end of the prepaid term; 0 when postpaid
	ConvertAtExpiry bool       `json:"convert,omitempty"`   // NewPurchasePlan PREPAID_TO_POSTPAID
	Isolated        Instant    `json:"isolated,omitempty"`  // since when PROTECTIVELY_ISOLATED
	Rate            Money      `json:"rate,omitempty"`      // postpaid price per hour; 0 when prepaid
	RateSince       Instant    `json:"rateSince,omitempty"` // start of the open postpaid interval

	Created    Instant `json:"created"`
	Deleted    Instant `json:"deleted,omitempty"` // when deletion was asked for
	Due        Instant `json:"due,omitempty"`     // when time next changes this row; 0 never
	Generation uint64  `json:"generation"`        // grows with every change of what is wanted
}

// ReleasedAddress keeps a public address out of the pool for a while after its
// gateway is gone, so that a peer's stale packets do not reach a stranger.
type ReleasedAddress struct {
	Addr netip.Addr `json:"addr"`
	Due  Instant    `json:"due"` // when it returns to the pool
}
