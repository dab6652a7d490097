package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Quota is the inputs of quota set and clear. An empty account means all.
type Quota struct {
	AccountRef
	Name  string `json:"name"`
	Value int    `json:"value"`
}

// Done says whether a command found something to do.
type Done struct {
	Done bool `json:"done"`
}

func (s *Server) setQuota(r *request, in Quota) (Done, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return Done{}, err
	}
	err = s.Control.SetQuota(r, r.caller, vpc.Quota{Account: account, Name: in.Name, Value: in.Value})
	return Done{err == nil}, err
}

func (s *Server) clearQuota(r *request, in Quota) (Done, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return Done{}, err
	}
	found, err := s.Control.ClearQuota(r, r.caller, account, in.Name)
	return Done{found}, err
}

func (s *Server) listQuotas(r *request, in AccountRef) ([]control.QuotaValue, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return nil, err
	}
	return s.Control.QuotaValues(r, account)
}

// SetQuota sets a quota.
func (c *Client) SetQuota(ctx context.Context, in Quota) error {
	_, err := ask[Done](ctx, c, "quota set", in)
	return err
}

// ClearQuota takes a quota's own value back and reports whether there was one.
func (c *Client) ClearQuota(ctx context.Context, in Quota) (bool, error) {
	out, err := ask[Done](ctx, c, "quota clear", in)
	return out.Done, err
}

// Quotas lists the quotas as they count for an account.
func (c *Client) Quotas(ctx context.Context, account string) ([]control.QuotaValue, error) {
	return ask[[]control.QuotaValue](ctx, c, "quota list", AccountRef{account})
}
