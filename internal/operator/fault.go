package operator

import (
	"context"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// NewFault is the inputs of fault add.
type NewFault struct {
	AccountRef
	Action  string   `json:"action"`
	Code    vpc.Code `json:"code,omitempty"`
	Times   int      `json:"times"` // negative: without end
	Latency Span     `json:"latency,omitempty"`
}

// Fault is a fault that is set.
type Fault struct {
	ID      string        `json:"id"`
	Account vpc.AccountID `json:"uin"`
	Action  string        `json:"action"`
	Code    vpc.Code      `json:"code"`
	Left    int           `json:"left"` // negative: without end
	Latency string        `json:"latency"`
	Created string        `json:"created"`
}

func faultOf(f *vpc.Fault) Fault {
	return Fault{ID: f.ID, Account: f.Account, Action: f.Action, Code: f.Code, Left: f.Left,
		Latency: time.Duration(f.Latency).String(), Created: stamp(f.Created)}
}

// FaultRef says which faults to clear: one by id, those of an account, or all.
type FaultRef struct {
	AccountRef
	ID string `json:"id,omitempty"`
}

// Cleared counts what was cleared.
type Cleared struct {
	Cleared int `json:"cleared"`
}

func (s *Server) addFault(r *request, in NewFault) (Fault, error) {
	if s.Serves != nil && !s.Serves(in.Action) {
		return Fault{}, vpc.Refuse(vpc.InvalidParameterValue, "action", "this server does not serve `%s`", "本服务不提供 `%s`", vpc.Clip(in.Action))
	}
	a, err := s.Control.FindAccount(r, in.Account)
	if err != nil {
		return Fault{}, err
	}
	f, err := s.Control.AddFault(r, r.on(a.ID), vpc.Fault{Account: a.ID, Action: in.Action, Code: in.Code, Left: in.Times, Latency: int64(in.Latency)})
	if err != nil {
		return Fault{}, err
	}
	return faultOf(f), nil
}

func (s *Server) listFaults(r *request, _ struct{}) ([]Fault, error) {
	rows, err := s.Control.Faults(r)
	out := make([]Fault, 0, len(rows))
	for _, f := range rows {
		out = append(out, faultOf(f))
	}
	return out, err
}

func (s *Server) clearFaults(r *request, in FaultRef) (Cleared, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return Cleared{}, err
	}
	n, err := s.Control.ClearFaults(r, r.caller, in.ID, account)
	return Cleared{n}, err
}

// AddFault sets a fault.
func (c *Client) AddFault(ctx context.Context, in NewFault) (Fault, error) {
	return ask[Fault](ctx, c, "fault add", in)
}

// Faults lists the faults that are set.
func (c *Client) Faults(ctx context.Context) ([]Fault, error) {
	return ask[[]Fault](ctx, c, "fault list", struct{}{})
}

// ClearFaults clears faults and counts them.
func (c *Client) ClearFaults(ctx context.Context, in FaultRef) (int, error) {
	out, err := ask[Cleared](ctx, c, "fault clear", in)
	return out.Cleared, err
}
