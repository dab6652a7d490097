package control

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// LimitFlows limits what machines of a gateway's VPC send and receive through it.
func (c *Control) LimitFlows(ctx context.Context, caller *Caller, id string, addresses []string, bandwidth int64) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		g, err := monitored(tx, caller, "GatewayId", id)
		if err != nil {
			return err
		}
		var ranges []netip.Prefix
		if v, ok := store.VPCs.Get(tx, g.VPC); ok {
			ranges = v.Ranges()
		}
		changed, refusal := vpc.LimitFlows(g, addresses, bandwidth, ranges, tx.Now(), caller.Codes)
		if refusal != nil {
			return refusal
		}
		if changed != g {
			store.Gateways.Put(tx, changed)
		}
		return nil
	})
}

// FlowLimits lists the limits of a gateway and counts them: of the addresses that are
// asked for, or with none all of them.
func (c *Control) FlowLimits(ctx context.Context, caller *Caller, id string, addresses []string, offset, limit int) (*vpc.Gateway, int, []vpc.FlowLimit, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, 0, nil, err
	}
	g, err := monitored(view, caller, "GatewayId", id)
	if err != nil {
		return nil, 0, nil, err
	}
	all, refusal := vpc.FlowLimits(g, addresses, caller.Codes)
	if refusal != nil {
		return nil, 0, nil, refusal
	}
	lo := min(offset, len(all))
	return g, len(all), all[lo:min(lo+limit, len(all))], nil
}
