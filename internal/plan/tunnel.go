package plan

import (
	"net/netip"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Engine says who encrypts.
type Engine string

// The engines. A third, charon's IKE with an ESP of our own, has its place here.
const (
	EngineNone     Engine = ""
	EngineKernel   Engine = "kernel"   // XFRM
	EngineLibipsec Engine = "libipsec" // in charon, over a TUN named ipsec0
	LibipsecDevice        = "ipsec0"   // the TUN of EngineLibipsec, one a daemon
	LibipsecTable         = 220        // where charon puts routes to its TUN, chosen by a rule of the same priority
)

// Daemon is one IKE daemon. A gateway has one in its own namespace for the tunnels that
// can share it, and one in a child namespace for each that cannot.
type Daemon struct {
	Name       string // unique on the host: a gateway's or a connection's id
	Namespace  string
	Engine     Engine
	Aggressive bool // answers IKEv1 aggressive mode with pre-shared keys
	Tunnels    []Tunnel
}

// Tunnel is one connection as its daemon must hold it. The names of algorithms are the
// API's; the ipsec plane translates them.
type Tunnel struct {
	Connection vpc.ConnectionID
	Generation uint64 // of the connection's row
	Resets     uint32 // grows with ResetVpnConnection
	Local      netip.Addr
	Remote     netip.Addr // invalid: any
	LocalID    Identity
	RemoteID   Identity
	Key        vpc.Secret
	IKE        vpc.IKEOptions
	IPsec      vpc.IPsecOptions
	DPD        vpc.DPD
	Start      vpc.Negotiation
	Children   []Child
}

// Identity is an IKE identity, never to be parsed as anything else.
type Identity struct {
	Kind string // vpc.IdentityAddress or vpc.IdentityFQDN
	Text string
}

// Child is what is asked for in one CHILD_SA: pairs of ranges. IKEv1 has one pair in each; in
// IKEv2 a peer may take several for them.
type Child struct {
	Name   string // unique within the daemon
	Local  []netip.Prefix
	Remote []netip.Prefix
}

// Probe is a health check: pings from Local to Remote, sent inside Namespace.
type Probe struct {
	Connection vpc.ConnectionID
	Namespace  string
	Local      netip.Addr
	Remote     netip.Addr
	Interval   time.Duration
	Timeout    time.Duration
	Threshold  int // failures, or answers, in a row that change the verdict
}
