package control

import (
	"context"
	"fmt"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// FlowMonitor is whether a gateway's traffic can be looked at, and how wide it is.
type FlowMonitor struct {
	Enabled   bool
	Bandwidth vpc.Mbps
}

// SetFlowMonitor lets a gateway's traffic be looked at, or not. What it carries stays as
// it is, so its generation does.
func (c *Control) SetFlowMonitor(ctx context.Context, caller *Caller, id string, on bool) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		g, err := monitored(tx, caller, "GatewayId", id)
		if err != nil {
			return err
		}
		if g.Deleted != 0 {
			return vpc.Refuse(caller.Codes.Pick(vpc.UnsupportedOperationInvalidState), "GatewayId", "`%s` is being deleted", "`%s` 正在删除", g.ID)
		}
		changed := *g
		changed.Monitored = on
		store.Gateways.Put(tx, &changed)
		return nil
	})
}

// FlowMonitor tells whether a gateway's traffic can be looked at.
func (c *Control) FlowMonitor(ctx context.Context, caller *Caller, id string) (FlowMonitor, error) {
	view, err := c.read(ctx)
	if err != nil {
		return FlowMonitor{}, err
	}
	g, err := monitored(view, caller, "GatewayId", id)
	if err != nil {
		return FlowMonitor{}, err
	}
	return FlowMonitor{g.Monitored, g.Bandwidth}, nil
}

// monitored finds the gateway of a call that takes gateways of several kinds and has a
// code for none of them.
func monitored(r store.Reader, caller *Caller, param, id string) (*vpc.Gateway, error) {
	if !vpc.PrefixGateway.Match(id) {
		return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValue, vpc.InvalidParameterValueMalformed), param,
			"`%s` is no id of a VPN gateway", "`%s` 不是 VPN 网关的 ID", vpc.Clip(id))
	}
	g := ownGateway(r, caller.Scope(), vpc.GatewayID(id))
	if g == nil {
		return nil, vpc.Refuse(caller.Codes.Pick(vpc.ResourceNotFound, vpc.UnsupportedOperation), param, "there is no gateway `%s`", "网关 `%s` 不存在", id)
	}
	return g, nil
}

// Traffic lists the peers of a gateway by their traffic in a minute, and counts
// them. A gateway that is not monitored shows none.
func (c *Control) Traffic(ctx context.Context, caller *Caller, q vpc.TrafficQuery, offset, limit int) (int, []vpc.PeerTraffic, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	minute, refusal := q.Check(c.st.Now(), caller.Codes)
	if refusal != nil {
		return 0, nil, refusal
	}
	g, err := monitored(view, caller, "VpnId", q.Gateway)
	if err != nil || !g.Monitored {
		return 0, nil, err
	}
	peers, err := c.peerTraffic(ctx, view, g, minute)
	if err != nil {
		return 0, nil, err
	}
	peers = q.Order(peers)
	lo := min(offset, len(peers))
	return len(peers), peers[lo:min(lo+limit, len(peers))], nil
}

// peerTraffic is the traffic of each of a gateway's connections; zero where nobody counts.
func (c *Control) peerTraffic(ctx context.Context, r store.Reader, g *vpc.Gateway, minute vpc.Instant) ([]vpc.PeerTraffic, error) {
	counted := map[vpc.ConnectionID]vpc.PeerTraffic{}
	if c.cfg.Traffic != nil && g.Host == c.cfg.HostName {
		all, err := c.cfg.Traffic(ctx, g.ID, minute)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			counted[p.Connection] = p
		}
	}
	var out []vpc.PeerTraffic
	for x := range store.ConnectionsByGateway.All(r, store.Of(g.Scope, g.ID)) {
		p := counted[x.ID]
		p.Connection = x.ID
		if peer := ownCustomerGateway(r, x.Scope, string(x.CustomerGateway)); peer != nil {
			p.Peer = peer.Addr
		}
		out = append(out, p)
	}
	return out, nil
}

// Meter puts what a gateway has sent to the internet side since the last call on its
// account's ledger, if it is postpaid, and tells how many of the bytes are too few for the
// smallest unit of money: the caller counts them again with the next. The loop of its host
// calls it every few minutes and before it says that the gateway is gone: nothing is
// written per packet.
func (c *Control) Meter(ctx context.Context, id vpc.GatewayID, bytes uint64) (left uint64, err error) {
	_, err = c.st.Update(ctx, func(tx *store.Tx) error {
		left = 0
		g, ok := store.Gateways.Get(tx, id)
		if !ok || g.Charge != vpc.Postpaid {
			return nil
		}
		var cost vpc.Money
		if cost, left = c.cfg.Prices.Traffic(g.Region, bytes); cost == 0 {
			return nil
		}
		return book(tx, vpc.LedgerEntry{
			Account: g.Account, At: tx.Now(), Kind: vpc.LedgerTraffic, Resource: string(g.ID), Amount: -cost, Note: fmt.Sprint(bytes-left, " bytes"),
		})
	})
	return left, err
}
