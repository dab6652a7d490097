package plan

import (
	"net/netip"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Kind says what a Machine stands for.
type Kind string

// The kinds of machine.
const (
	KindGateway Kind = "gateway"
	KindRouter  Kind = "router" // a VPC's router
)

// MachineID names one machine of this host.
type MachineID struct {
	Kind Kind
	ID   string // a vpc.GatewayID or a vpc.VPCID
}

func (m MachineID) String() string { return string(m.Kind) + "/" + m.ID }

// GatewayMachine names a gateway's machine.
func GatewayMachine(id vpc.GatewayID) MachineID { return MachineID{KindGateway, string(id)} }

// RouterMachine names a VPC's router.
func RouterMachine(id vpc.VPCID) MachineID { return MachineID{KindRouter, string(id)} }

// Machine is the wanted state of one gateway or one VPC's router. Two Machines that are
// deeply equal need the same things of the host.
type Machine struct {
	ID         MachineID
	Generation uint64      // of the row that it was compiled from
	Gone       bool        // every object of this machine is to be removed
	Needs      []MachineID // in whose namespaces links of this one end
	Until      vpc.Instant // when time alone will change the plan; 0: it will not

	Namespaces []Namespace // the machine's own first; a child per daemon that needs one
	Daemons    []Daemon    // IKE daemons, each with at least one tunnel
	SSLServers []SSLServer // OpenVPN servers
	Probes     []Probe     // health checks through tunnels

	Refused []Refusal // connections that this host cannot carry
}

// Refusal is why a connection has no tunnel in a plan.
type Refusal struct {
	Connection vpc.ConnectionID
	Cause      string
	Hint       string
}

// Observed is what a plane saw after Apply, also when Apply failed.
type Observed struct {
	Gone  bool     // nothing of the machine is left in this plane
	Ready bool     // everything that the plan asks of this plane stands
	Cause string   // why not, for an operator; empty when Ready
	Facts []string // one a line, for `gatewright debug observed`

	Tunnels    map[vpc.ConnectionID]TunnelState // what is known of tunnels; the ipsec plane's
	Probes     map[vpc.ConnectionID]ProbeState  // verdicts of health checks; the probe plane's
	Workloads  map[string]WorkloadState         // attachments of a router's subnets, by their key; netdev's
	SSLServers map[string]SSLServerState        // by the server's id; the sslvpn plane's
}

// TunnelState is what is known of one connection's tunnel.
type TunnelState struct {
	Loaded bool       // the daemon holds it as it is wanted
	Up     bool       // a CHILD_SA is installed, and its peer answers
	Remote netip.Addr // where the peer is, when up and its address was not known
	Cause  string     // why it is not up, in plain words; empty when up
	Hint   string     // what to change
}

// ProbeState is the verdict of one health check.
type ProbeState struct {
	Healthy bool
	Cause   string
}

// WorkloadState is what is known of one thing attached to a subnet.
type WorkloadState struct {
	Ready bool
	Cause string
}

// SSLServerState is what is known of one OpenVPN server.
type SSLServerState struct {
	Ready   bool
	Cause   string
	Settled bool // nobody has a session but the plan's clients
}
