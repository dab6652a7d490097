package vpc

import (
	"net/netip"
	"slices"
)

// HostName names a machine that carries gateways.
type HostName string

// Host is a machine with a data plane, as it says of itself. The row lives under a lease
// of its own: when the host falls silent the row goes, and what the host had reported
// counts no longer. Written by store.Announce alone.
type Host struct {
	Name       HostName    `json:"name"`
	Home       string      `json:"home,omitempty"`       // the machine and the data directory; a new run at the same home takes the name over at once
	Epoch      string      `json:"epoch"`                // of this run's lease; statuses carry it
	Engine     string      `json:"engine"`               // who encrypts; empty: nobody, so no tunnel can be
	Algorithms []string    `json:"algorithms,omitempty"` // the API's names of ciphers, digests and groups that it has
	Pool       []AddrRange `json:"pool,omitempty"`       // public addresses that reach it
	Since      Instant     `json:"since"`
}

// Has reports whether the host has an algorithm, by the API's name for it.
func (h *Host) Has(algorithm string) bool { return slices.Contains(h.Algorithms, algorithm) }

// Heard reports whether what a run of a host has reported still counts, where h is the
// row of that host now, nil for none.
func (h *Host) Heard(epoch string) bool { return h != nil && h.Epoch == epoch }

// GatewayStatus is what a gateway's host last saw of it. Written by the host's loop
// alone, and only when something in it changes.
type GatewayStatus struct {
	ID         GatewayID `json:"id"`
	Host       HostName  `json:"host"`
	Epoch      string    `json:"epoch"`
	Generation uint64    `json:"generation"`      // of the row that was applied last
	Ready      bool      `json:"ready"`           // its machine stands as it is wanted; of tunnels it says nothing
	Stood      uint64    `json:"stood,omitempty"` // the last generation that was Ready in this epoch; kept by control
	Cause      string    `json:"cause,omitempty"`
	Changed    Instant   `json:"changed"`
}

// ConnectionStatus is what a connection's host last saw of its tunnel. Written like a
// GatewayStatus.
type ConnectionStatus struct {
	ID         ConnectionID `json:"id"`
	Host       HostName     `json:"host"`
	Epoch      string       `json:"epoch"`
	Generation uint64       `json:"generation"`        // of the row that the daemon holds
	Up         bool         `json:"up"`                // a CHILD_SA is installed and, with a health check, its probes come back
	Healthy    bool         `json:"healthy,omitempty"` // the health check's verdict
	Cause      string       `json:"cause,omitempty"`   // why it is not up
	Hint       string       `json:"hint,omitempty"`    // what to change
	Changed    Instant      `json:"changed"`
}

// SSLServerStatus is what an SSL server's host last saw of its process. Written like a
// GatewayStatus.
type SSLServerStatus struct {
	ID         SSLServerID `json:"id"`
	Host       HostName    `json:"host"`
	Epoch      string      `json:"epoch"`
	Generation uint64      `json:"generation"`        // of the row that was applied last
	Ready      bool        `json:"ready"`             // the process runs with that row's settings and takes clients
	Stood      uint64      `json:"stood,omitempty"`   // the last generation that was Ready, in any epoch; kept by control
	Cause      string      `json:"cause,omitempty"`   // why it is not
	Clients    uint64      `json:"clients,omitempty"` // of the server's ClientChanges, the last that was carried out; control keeps the greatest
	Changed    Instant     `json:"changed"`
}

// WorkloadID names what is attached to a subnet: att-xxxxxxxx.
type WorkloadID string

// Workload is a network namespace or a device of a host that is attached to a subnet.
// Written by the operator's commands alone.
type Workload struct {
	ID     WorkloadID `json:"id"`
	Subnet SubnetID   `json:"subnet"`
	Scope
	VPC        VPCID      `json:"vpc"`
	Host       HostName   `json:"host"`
	Namespace  string     `json:"namespace,omitempty"` // a name below /run/netns; empty with Device
	Device     string     `json:"device,omitempty"`    // a device of the host's namespace
	Address    netip.Addr `json:"address,omitzero"`    // of the namespace's interface; none with Device
	Created    Instant    `json:"created"`
	Deleted    Instant    `json:"deleted,omitempty"`
	Generation uint64     `json:"generation"`
}

// Name is what the operator calls it: its namespace or its device.
func (w *Workload) Name() string { return w.Namespace + w.Device }

// State is what a workload reads, and why it is not AVAILABLE. host is the row of its
// host, nil for none, and seen what that says in its present epoch, nil for nothing.
func (w *Workload) State(host *Host, seen *WorkloadStatus) (State, string) {
	switch {
	case w.Deleted != 0:
		return StateDeleting, ""
	case host == nil:
		return StatePending, "host " + string(w.Host) + " is gone"
	case seen == nil || seen.Generation < w.Generation:
		return StatePending, ""
	case seen.Ready:
		return StateAvailable, ""
	case seen.Cause != "":
		return StateFailed, seen.Cause
	}
	return StatePending, ""
}

// WorkloadStatus is what its host last saw of a workload.
type WorkloadStatus struct {
	ID         WorkloadID `json:"id"`
	Host       HostName   `json:"host"`
	Epoch      string     `json:"epoch"`
	Generation uint64     `json:"generation"`
	Ready      bool       `json:"ready"`
	Cause      string     `json:"cause,omitempty"`
	Changed    Instant    `json:"changed"`
}

// Report is what a host's loop says after a pass over one machine: the statuses, of
// which those that changed are kept, and the rows of which nothing is left on the host.
// In the statuses Host, Epoch, Changed and Stood need not be filled in.
type Report struct {
	Host  HostName
	Epoch string // of the Host row that the loop saw; a report of an older one is refused

	Gateways    []GatewayStatus
	Connections []ConnectionStatus
	Workloads   []WorkloadStatus
	SSLServers  []SSLServerStatus

	GoneGateways    []GatewayID
	GoneConnections []ConnectionID
	GoneWorkloads   []WorkloadID
}
