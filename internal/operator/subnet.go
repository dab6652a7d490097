package operator

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Attached is what subnet attach answers, for scripts to go on with.
type Attached struct {
	Address   string // of the interface, with the subnet's length; empty for a device
	Gateway   string // the subnet's router
	Interface string // in the namespace, or the device
}

// SubnetRef names a subnet of any account; empty is all.
type SubnetRef struct {
	Subnet vpc.SubnetID `json:"subnet,omitempty"`
}

// Workload is something that is attached to a subnet.
type Workload struct {
	ID        vpc.WorkloadID `json:"id"`
	Account   vpc.AccountID  `json:"uin"`
	Subnet    vpc.SubnetID   `json:"subnet"`
	Host      vpc.HostName   `json:"host"`
	Namespace string         `json:"namespace,omitempty"`
	Device    string         `json:"device,omitempty"`
	Address   string         `json:"address,omitempty"`
	State     string         `json:"state"`
	Cause     string         `json:"cause,omitempty"` // why it is not AVAILABLE
}

func workloadOf(v control.WorkloadView) Workload {
	return Workload{
		ID: v.ID, Account: v.Account, Subnet: v.Subnet, Host: v.Host, Namespace: v.Namespace, Device: v.Device,
		Address: addressIn(v), State: v.State, Cause: v.Cause,
	}
}

func addressIn(v control.WorkloadView) string {
	if !v.Address.IsValid() {
		return ""
	}
	return netip.PrefixFrom(v.Address, v.Range.Bits()).String()
}

func (s *Server) attachSubnet(r *request, in vpc.WorkloadSpec) (Attached, error) {
	v, err := s.Control.AttachSubnet(r, r.caller, in)
	if err != nil {
		return Attached{}, err
	}
	return Attached{Address: addressIn(v), Gateway: v.Gateway.String(), Interface: v.Interface()}, nil
}

func (s *Server) detachSubnet(r *request, in vpc.WorkloadSpec) (Workload, error) {
	v, err := s.Control.DetachSubnet(r, r.caller, in)
	if err != nil {
		return Workload{}, err
	}
	return workloadOf(v), nil
}

func (s *Server) listWorkloads(r *request, in SubnetRef) ([]Workload, error) {
	views, err := s.Control.AttachedTo(r, in.Subnet)
	if err != nil {
		return nil, err
	}
	out := make([]Workload, len(views))
	for i, v := range views {
		out[i] = workloadOf(v)
	}
	return out, nil
}

// AttachSubnet attaches a namespace or a device to a subnet and waits until it is done.
func (c *Client) AttachSubnet(ctx context.Context, in vpc.WorkloadSpec) (Attached, error) {
	return ask[Attached](ctx, c, "subnet attach", in)
}

// DetachSubnet takes a namespace or a device off a subnet.
func (c *Client) DetachSubnet(ctx context.Context, in vpc.WorkloadSpec) (Workload, error) {
	return ask[Workload](ctx, c, "subnet detach", in)
}

// Workloads lists what is attached to a subnet, or to all.
func (c *Client) Workloads(ctx context.Context, subnet vpc.SubnetID) ([]Workload, error) {
	return ask[[]Workload](ctx, c, "subnet list", SubnetRef{subnet})
}
