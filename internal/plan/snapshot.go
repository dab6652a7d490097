package plan

import (
	"net/netip"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Host is what a plan has to know of the host that it is for.
type Host struct {
	Name   vpc.HostName
	Tag    string // six characters that stand for this server's data directory
	Engine Engine
	Uplink Uplink

	OldClients bool // SSL clients without AEAD are let in, which costs all clients the kernel's data channel
}

// UplinkKind says what the uplink is.
type UplinkKind string

// The kinds of uplink.
const (
	UplinkBridge    UplinkKind = "bridge"    // gateways are ports of it
	UplinkInterface UplinkKind = "interface" // gateways are macvlans above it
)

// Uplink is the host's device on the internet side.
type Uplink struct {
	Device string
	Kind   UplinkKind
	Prefix netip.Prefix // of the public network
	Router netip.Addr   // the way out of it; invalid: none
	MTU    int          // 0: 1500
}

// GatewaySnapshot is everything that a gateway's plan depends on, at one moment. The
// rows are those of the store and are not changed.
type GatewaySnapshot struct {
	Host        Host
	Now         vpc.Instant // when it was taken
	ID          vpc.GatewayID
	Gateway     *vpc.Gateway // nil: there is no such row, so what is left of it goes
	Account     *vpc.Account // its owner
	Ranges      []netip.Prefix
	Connections []ConnectionSnapshot
	Routes      []*vpc.GatewayRoute
	SSLServers  []SSLServerSnapshot
}

// ConnectionSnapshot is one of a gateway's connections.
type ConnectionSnapshot struct {
	Row  *vpc.Connection
	Peer *vpc.CustomerGateway // nil: its row is missing
	Key  vpc.Secret           // empty: it could not be unsealed
	Seen Seen
}

// Seen is what was observed of a connection last; the zero Seen is that of a new one.
type Seen struct {
	Up      bool // its tunnel is
	Healthy bool // its probes come back; means nothing without a health check

	Remote netip.Addr // where its peer was last, if it may be anywhere
}

// RouterSnapshot is everything that the plan of a VPC's router depends on.
type RouterSnapshot struct {
	Host      Host
	ID        vpc.VPCID
	VPC       *vpc.VPC // nil: there is no such row, or nothing on this host needs it
	Subnets   []*vpc.Subnet
	Tables    []*vpc.RouteTable
	Gateways  []GatewayPort   // those of the VPC on this host
	Pools     []ClientPool    // of SSL servers of the VPC on this host
	Workloads []*vpc.Workload // those of the VPC on this host
}

// ClientPool is where a gateway's SSL clients have their addresses.
type ClientPool struct {
	Gateway vpc.GatewayID
	Range   netip.Prefix
}

// GatewayPort is what a router knows of one gateway.
type GatewayPort struct {
	ID    vpc.GatewayID
	Ready bool // its link stands and traffic may go there
}
