package control

import (
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Carried are the gateways that a host carries and their tunnels, in the order of their
// ids, as the newest snapshot has them.
func (c *Control) Carried(host vpc.HostName) (gateways []GatewayStanding, tunnels []TunnelStanding) {
	if host == "" {
		return nil, nil
	}
	view, now := c.st.View(), c.st.Now()
	for g := range store.GatewaysByHost.All(view, host) {
		gateways = append(gateways, c.gatewayStanding(view, g, now))
		for x := range store.ConnectionsByGateway.All(view, store.Of(g.Scope, g.ID)) {
			tunnels = append(tunnels, c.tunnelStanding(view, x, now))
		}
	}
	return gateways, tunnels
}
