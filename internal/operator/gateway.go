package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// GatewayRef names a gateway of any account.
type GatewayRef struct {
	Gateway vpc.GatewayID `json:"gateway"`
}

// Gateway is what the operator changes about a gateway.
type Gateway struct {
	ID      vpc.GatewayID `json:"gateway"`
	Account vpc.AccountID `json:"uin"`
	Public  string        `json:"public"`
	Blocked bool          `json:"blocked"`
}

func (s *Server) blockGateway(r *request, in GatewayRef) (Gateway, error) {
	return s.setBlocked(r, in.Gateway, true)
}

func (s *Server) unblockGateway(r *request, in GatewayRef) (Gateway, error) {
	return s.setBlocked(r, in.Gateway, false)
}

func (s *Server) setBlocked(r *request, id vpc.GatewayID, blocked bool) (Gateway, error) {
	g, err := s.Control.FindGateway(r, id)
	if err != nil {
		return Gateway{}, err
	}
	if err := s.Control.SetBlocked(r, r.on(g.Account), id, blocked); err != nil {
		return Gateway{}, err
	}
	return Gateway{ID: g.ID, Account: g.Account, Public: g.Public.String(), Blocked: blocked}, nil
}

// BlockGateway makes a gateway's address read as blocked.
func (c *Client) BlockGateway(ctx context.Context, id vpc.GatewayID) (Gateway, error) {
	return ask[Gateway](ctx, c, "gateway block", GatewayRef{id})
}

// UnblockGateway takes that back.
func (c *Client) UnblockGateway(ctx context.Context, id vpc.GatewayID) (Gateway, error) {
	return ask[Gateway](ctx, c, "gateway unblock", GatewayRef{id})
}
