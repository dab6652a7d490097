package control

import (
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// What hosts have reported counts only while their row has the epoch of the report;
// everybody who asks for a state asks here.

// liveHost finds a host by its name; nil stands for none, or one that is gone.
func liveHost(r store.Reader, name vpc.HostName) *vpc.Host {
	if name == "" {
		return nil
	}
	h, ok := store.Hosts.Get(r, name)
	if !ok {
		return nil
	}
	return h
}

// gatewaySeen is what a gateway's host says of it; nil when it says nothing that counts.
func gatewaySeen(r store.Reader, g *vpc.Gateway) *vpc.GatewayStatus {
	host := liveHost(r, g.Host)
	if host == nil {
		return nil
	}
	s, ok := store.GatewayStatuses.Get(r, g.ID)
	if !ok || s.Host != g.Host || !host.Heard(s.Epoch) {
		return nil
	}
	return s
}

func (c *Control) gatewayState(r store.Reader, g *vpc.Gateway, now vpc.Instant) vpc.State {
	return vpc.GatewayState(g, gatewaySeen(r, g), now, c.cfg.Settle)
}

// sighting is what is known of a connection's tunnel.
func sighting(r store.Reader, x *vpc.Connection) *vpc.Sighting {
	out := &vpc.Sighting{Gateway: ownGateway(r, x.Scope, x.Gateway)}
	if out.Gateway == nil {
		return out
	}
	if out.Host = liveHost(r, out.Gateway.Host); out.Host == nil {
		return out
	}
	s, ok := store.ConnectionStatuses.Get(r, x.ID)
	if ok && s.Host == out.Host.Name && out.Host.Heard(s.Epoch) {
		out.Seen = s
	}
	return out
}
