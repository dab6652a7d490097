package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// HostRef names a machine that carries gateways.
type HostRef struct {
	Host vpc.HostName `json:"host"`
}

// Hosts is the answer of host list.
type Hosts struct {
	Hosts []control.HostStanding `json:"hosts"`
}

func (s *Server) listHosts(r *request, _ struct{}) (Hosts, error) {
	all, err := s.Control.HostStandings(r)
	return Hosts{all}, err
}

func (s *Server) forgetHost(r *request, in HostRef) (control.Forgotten, error) {
	return s.Control.ForgetHost(r, r.caller, in.Host)
}

// Hosts lists the machines that carry gateways, and those that are gone and should.
func (c *Client) Hosts(ctx context.Context) (Hosts, error) {
	return ask[Hosts](ctx, c, "host list", struct{}{})
}

// ForgetHost ends the deletions that wait for a host that is gone for good.
func (c *Client) ForgetHost(ctx context.Context, name vpc.HostName) (control.Forgotten, error) {
	return ask[control.Forgotten](ctx, c, "host forget", HostRef{name})
}
