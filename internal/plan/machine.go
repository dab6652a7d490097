package plan

import (
	"fmt"
	"net/netip"
	"strings"

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

// Machine is the wanted state of one gateway or one VPC's router. Two equal Machines
// need the same things of the host. Planes add their parts here as they come.
type Machine struct {
	ID        MachineID
	Gone      bool // every object of this machine is to be removed
	Namespace string
	Public    netip.Addr // a gateway's own address on the uplink; the zero Addr for a router
	Bandwidth vpc.Mbps   // cap in both directions; 0 is none
	Isolated  bool       // pass nothing
}

// Text prints the machine as its tests compare it: one fact a line, in a fixed order.
func (m Machine) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "machine %s\n", m.ID)
	if m.Gone {
		b.WriteString("gone\n")
		return b.String()
	}
	fmt.Fprintf(&b, "namespace %s\n", m.Namespace)
	if m.Public.IsValid() {
		fmt.Fprintf(&b, "public %s\n", m.Public)
	}
	if m.Bandwidth > 0 {
		fmt.Fprintf(&b, "bandwidth %d Mbit/s\n", m.Bandwidth)
	}
	if m.Isolated {
		b.WriteString("isolated\n")
	}
	return b.String()
}

// Observed is what a plane saw after Apply, also when Apply failed.
type Observed struct {
	Gone  bool     // nothing of the machine is left in this plane
	Ready bool     // everything that the plan asks of this plane stands
	Cause string   // why not, for an operator; empty when Ready
	Facts []string // one a line, for `gatewright debug observed`
}
