package main

import (
	"io"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/spf13/cobra"
)

func newStatus() *cobra.Command {
	return operation[operator.Status]{
		use: "status", short: "Show the server, its gateways, connections and SSL servers by state, and why they are down", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.Status, error) {
			return c.Status(cmd.Context())
		},
		show: showStatus,
	}.command()
}

func showStatus(w io.Writer, s operator.Status) {
	row(w, "version", s.Version)
	row(w, "started", s.Started)
	row(w, "region", s.Region)
	row(w, "API", orElse(s.API, "-"))
	row(w, "API, TLS", orElse(s.HTTPS, "-"))
	row(w, "metrics", orElse(s.Metrics, "-"))
	row(w, "data plane", s.Dataplane)
	row(w, "store", storeState(s))
	row(w, "revision", s.Revision)
	for _, part := range []struct {
		title  string
		counts map[string]int
	}{{"rows", s.Rows}, {"gateways", s.Gateways}, {"connections", s.Connections}, {"tunnels", s.Tunnels}, {"causes", s.Causes}, {"SSL servers", s.SSLServers}} {
		row(w, "\n"+part.title)
		for _, name := range sortedKeys(part.counts) {
			row(w, "  "+name, part.counts[name])
		}
		if len(part.counts) == 0 {
			row(w, "  none")
		}
	}
	showHosts(w, s.Hosts)
	showStandings(w, s)
}

func showHosts(w io.Writer, hosts []control.HostStanding) {
	if len(hosts) > 0 {
		row(w, "\nhost", "engine", "live", "gateways")
	}
	for _, h := range hosts {
		row(w, h.Name, orElse(h.Engine, "-"), h.Live, h.Gateways)
	}
}

// showStandings lists gateways, tunnels and SSL servers that carry packets, or should.
func showStandings(w io.Writer, s operator.Status) {
	if len(s.GatewayList) > 0 {
		row(w, "\ngateway", "address", "host", "state", "cause")
	}
	for _, g := range s.GatewayList {
		row(w, g.ID, g.Public, g.Host, g.State, orElse(g.Cause, "-"))
	}
	if len(s.TunnelList) > 0 {
		row(w, "\ntunnel", "gateway", "state", "net status", "cause")
	}
	for _, t := range s.TunnelList {
		row(w, t.ID, t.Gateway, t.State, t.NetStatus, orElse(t.Cause, "-"))
	}
	if len(s.SSLServerList) > 0 {
		row(w, "\nSSL server", "gateway", "state", "cause")
	}
	for _, x := range s.SSLServerList {
		row(w, x.ID, x.Gateway, x.State, orElse(x.Cause, "-"))
	}
}

func storeState(s operator.Status) string {
	h, text := s.Health, "reads and writes"
	switch {
	case !h.Ready:
		text = "shows nothing"
	case !h.Writable && h.Stale:
		text = "reads, which may be old"
	case !h.Writable:
		text = "reads only"
	case h.Stale:
		text = "writes, and reads that may be old"
	}
	if h.Cause != "" {
		text += ": " + h.Cause
	}
	if h.Hint != "" {
		text += " (" + h.Hint + ")"
	}
	return text
}
