package control

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// DefaultProbes returns a pair of probe addresses that no connection of the gateway
// has. It keeps them free for nobody.
func (c *Control) DefaultProbes(ctx context.Context, caller *Caller, gateway string) (local, remote netip.Addr, err error) {
	view, err := c.read(ctx)
	if err != nil {
		return local, remote, err
	}
	_, g, err := c.findGateway(view, caller, gateway)
	if err != nil {
		return local, remote, err
	}
	local, remote = vpc.FreeProbes(connectionsOf(view, g))
	if !local.IsValid() {
		return local, remote, vpc.Refuse(vpc.ResourceNotFound, "VpnGatewayId", "all probe addresses of gateway `%s` are in use", "网关 `%s` 的健康检查地址已用尽", g.ID)
	}
	return local, remote, nil
}

// connectionsOf are all connections of a gateway, those being deleted too.
func connectionsOf(r store.Reader, g *vpc.Gateway) []*vpc.Connection {
	var out []*vpc.Connection
	for x := range store.ConnectionsByGateway.All(r, store.Of(g.Scope, g.ID)) {
		out = append(out, x)
	}
	return out
}
