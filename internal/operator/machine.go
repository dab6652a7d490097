package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// MachineRef is the inputs of debug plan, observed and diff.
type MachineRef struct {
	ID string `json:"id"` // a gateway's or a VPC's
}

// Machine is one machine of this host, printed.
type Machine struct {
	Plan     string `json:"plan"`            // as it was applied last
	Observed string `json:"observed"`        // what was seen last
	Diff     string `json:"diff"`            // to what its rows want now; empty: nothing is left to do
	Fault    string `json:"fault,omitempty"` // of the last pass
	Passes   uint64 `json:"passes"`
	Faults   uint64 `json:"faults"` // passes that failed
}

// ConnectionRef is the inputs of debug connection.
type ConnectionRef struct {
	ID vpc.ConnectionID `json:"id"`
}

// Connection is how a connection stands and what was negotiated, oldest first.
type Connection struct {
	control.TunnelStanding
	Log []string `json:"log"`
}

var errNoPlane = vpc.Refuse(vpc.UnsupportedOperation, "", "this server has no data plane; gatewright doctor tells why", "该服务器没有数据面，原因见 gatewright doctor")

func (s *Server) machine(r *request, in MachineRef) (Machine, error) {
	if s.Machine == nil {
		return Machine{}, errNoPlane
	}
	return s.Machine(r, in.ID)
}

func (s *Server) connection(r *request, in ConnectionRef) (Connection, error) {
	standing, err := s.Control.Tunnel(r, in.ID)
	if err != nil || s.Negotiations == nil {
		return Connection{TunnelStanding: standing}, err
	}
	log, err := s.Negotiations(r, in.ID)
	return Connection{standing, log}, err
}

// Machine looks into one machine of the server's host.
func (c *Client) Machine(ctx context.Context, id string) (Machine, error) {
	return ask[Machine](ctx, c, "debug machine", MachineRef{id})
}

// Connection tells how a connection stands and why.
func (c *Client) Connection(ctx context.Context, id vpc.ConnectionID) (Connection, error) {
	return ask[Connection](ctx, c, "debug connection", ConnectionRef{id})
}
