package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Limit is a call rate. An empty account or action means all.
type Limit struct {
	AccountRef
	Action string `json:"action,omitempty"`
	Rate   int    `json:"rate"` // calls a second in each region; 0 is no limit
}

// Limits is what limit list answers.
type Limits struct {
	Limits    []vpc.RateLimit `json:"limits"`
	Otherwise int             `json:"otherwise"` // where none of them applies
}

func (s *Server) setLimit(r *request, in Limit) (Done, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return Done{}, err
	}
	err = s.Control.SetRateLimit(r, r.caller, vpc.RateLimit{Account: account, Action: in.Action, Rate: in.Rate})
	return Done{err == nil}, err
}

func (s *Server) clearLimit(r *request, in Limit) (Done, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return Done{}, err
	}
	found, err := s.Control.ClearRateLimit(r, r.caller, account, in.Action)
	return Done{found}, err
}

func (s *Server) listLimits(r *request, _ struct{}) (Limits, error) {
	rows, otherwise, err := s.Control.RateLimits(r)
	out := Limits{Limits: make([]vpc.RateLimit, 0, len(rows)), Otherwise: otherwise}
	for _, l := range rows {
		out.Limits = append(out.Limits, *l)
	}
	return out, err
}

// SetLimit sets a call rate.
func (c *Client) SetLimit(ctx context.Context, in Limit) error {
	_, err := ask[Done](ctx, c, "limit set", in)
	return err
}

// ClearLimit takes a call rate back and reports whether there was one.
func (c *Client) ClearLimit(ctx context.Context, in Limit) (bool, error) {
	out, err := ask[Done](ctx, c, "limit clear", in)
	return out.Done, err
}

// Limits lists the call rates.
func (c *Client) Limits(ctx context.Context) (Limits, error) {
	return ask[Limits](ctx, c, "limit list", struct{}{})
}
