package main

import (
	"context"

	"github.com/gatewright/gatewright/internal/metrics"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// carried are the figures of this host's data plane.
func (p *dataplane) carried(conf *Config) metrics.Sources {
	return metrics.Sources{
		Host:    vpc.HostName(conf.HostName),
		Loops:   p.loops.Figures,
		Tunnels: p.tunnels,
		Probes:  p.probes,

		SSLServers: p.sslServers,
	}
}

// sslServers are what this host's SSL servers have counted.
func (p *dataplane) sslServers() map[vpc.SSLServerID]metrics.SSLServer {
	out := map[vpc.SSLServerID]metrics.SSLServer{}
	for id, c := range p.sslvpn.Counts() {
		out[id] = metrics.SSLServer(c)
	}
	return out
}

// tunnels are what a gateway's daemons have counted.
func (p *dataplane) tunnels(ctx context.Context, id vpc.GatewayID) (out []metrics.Tunnel) {
	for _, m := range p.ipsec.Measure(ctx, plan.GatewayMachine(id)) {
		out = append(out, metrics.Tunnel{
			Connection: m.Connection, IKESAs: m.IKESAs, ChildSAs: m.ChildSAs, BytesIn: m.BytesIn, BytesOut: m.BytesOut,
			PacketsIn: m.PacketsIn, PacketsOut: m.PacketsOut, Rekeys: m.Rekeys, DPDFailures: m.DPDFailures,
		})
	}
	return out
}

func (p *dataplane) probes() map[vpc.ConnectionID]metrics.Probe {
	out := map[vpc.ConnectionID]metrics.Probe{}
	for x, c := range p.probe.Counts() {
		out[x] = metrics.Probe(c)
	}
	return out
}
