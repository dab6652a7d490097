package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Sources are where the figures of this host's data plane come from. A function that is
// nil has nothing to tell.
type Sources struct {
	Host    vpc.HostName
	Loops   func() reconcile.Figures
	Tunnels func(context.Context, vpc.GatewayID) []Tunnel // as counted by a gateway's daemons
	Probes  func() map[vpc.ConnectionID]Probe

	SSLServers func() map[vpc.SSLServerID]SSLServer
}

// Tunnel counts what has passed through one connection. Counters only grow while the
// server runs.
type Tunnel struct {
	Connection            vpc.ConnectionID
	IKESAs, ChildSAs      int
	BytesIn, BytesOut     uint64 // from the peer, to the peer
	PacketsIn, PacketsOut uint64
	Rekeys                uint64 // of either kind of SA
	DPDFailures           uint64 // how often the peer was taken for dead
}

// Probe counts the echoes of one health check.
type Probe struct {
	Sent, Lost uint64
	RTT        time.Duration // of the last answer
	Healthy    bool
}

// patience is how long a scrape waits for daemons. One that is busy longer leaves its
// counters out; its connection's other series are there.
const patience = 2 * time.Second

// Carry adds the series of what this host carries. Only these have ids as labels: their
// number is that of the host's tunnels, not that of the store's rows.
func (m *Metrics) Carry(s Sources) { m.registry.MustRegister(&carried{m.control, s}) }

// carried reads a host's gateways and tunnels at each scrape. What is configured has its
// series whether it is up or not.
type carried struct {
	c *control.Control
	Sources
}

var (
	ofGateway    = []string{"gateway"}
	ofConnection = []string{"gateway", "connection"}
	ofDirection  = []string{"gateway", "connection", "direction"}

	passes   = prometheus.NewDesc("gatewright_reconcile_passes_total", "Passes of the loops over this host's machines.", nil, nil)
	faults   = prometheus.NewDesc("gatewright_reconcile_faults_total", "Passes that failed.", nil, nil)
	machines = prometheus.NewDesc("gatewright_reconcile_machines", "Machines that the loops keep: gateways and routers.", nil, nil)
	failing  = prometheus.NewDesc("gatewright_reconcile_failing_machines", "Machines whose last pass failed.", nil, nil)

	gatewayUp    = prometheus.NewDesc("gatewright_gateway_up", "1 while the gateway's machine stands as it is wanted.", ofGateway, nil)
	connectionUp = prometheus.NewDesc("gatewright_connection_up", "1 while the connection carries traffic, 0 while it is configured and does not.", ofConnection, nil)
	ikeSAs       = prometheus.NewDesc("gatewright_connection_ike_sas", "IKE SAs of the connection.", ofConnection, nil)
	childSAs     = prometheus.NewDesc("gatewright_connection_child_sas", "CHILD SAs (IPsec SA pairs) of the connection.", ofConnection, nil)
	bytesTotal   = prometheus.NewDesc("gatewright_connection_bytes_total", "Bytes through the tunnel, from the peer (in) and to it (out).", ofDirection, nil)
	packetsTotal = prometheus.NewDesc("gatewright_connection_packets_total", "Packets through the tunnel, from the peer (in) and to it (out).", ofDirection, nil)
	rekeys       = prometheus.NewDesc("gatewright_connection_rekeys_total", "SAs of the connection that were replaced by new ones.", ofConnection, nil)
	dpdFailures  = prometheus.NewDesc("gatewright_connection_dpd_failures_total", "How often the peer was taken for dead.", ofConnection, nil)

	probeHealthy = prometheus.NewDesc("gatewright_probe_healthy", "1 while the connection's health check is answered.", ofConnection, nil)
	probeSent    = prometheus.NewDesc("gatewright_probe_sent_total", "Echoes of the health check.", ofConnection, nil)
	probeLost    = prometheus.NewDesc("gatewright_probe_lost_total", "Echoes of the health check that were not answered in time.", ofConnection, nil)
	probeRTT     = prometheus.NewDesc("gatewright_probe_rtt_seconds", "Round trip of the last answered echo.", ofConnection, nil)
)

func (s *carried) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range sslDescs {
		ch <- d
	}
	for _, d := range []*prometheus.Desc{
		passes, faults, machines, failing, gatewayUp, connectionUp, ikeSAs, childSAs, bytesTotal, packetsTotal, rekeys, dpdFailures,
		probeHealthy, probeSent, probeLost, probeRTT,
	} {
		ch <- d
	}
}

func (s *carried) Collect(ch chan<- prometheus.Metric) {
	out := series{ch}
	s.loops(out)
	s.sslServers(out)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	gateways, tunnels := s.c.Carried(s.Host)
	counted := map[vpc.ConnectionID]Tunnel{}
	for _, g := range gateways {
		out.gauge(gatewayUp, number(g.State == vpc.StateAvailable), string(g.ID))
		if s.Tunnels == nil {
			continue
		}
		for _, t := range s.Tunnels(ctx, g.ID) {
			counted[t.Connection] = t
		}
	}
	probes := map[vpc.ConnectionID]Probe{}
	if s.Probes != nil {
		probes = s.Probes()
	}
	for _, x := range tunnels {
		out.gauge(connectionUp, number(x.NetStatus == vpc.NetUp), string(x.Gateway), string(x.ID))
		t, ok := counted[x.ID]
		out.tunnel(x, t, ok)
		if p, ok := probes[x.ID]; ok {
			out.probe(x, p)
		}
	}
}

func (s *carried) loops(out series) {
	if s.Loops == nil {
		return
	}
	l := s.Loops()
	out.counter(passes, l.Passes)
	out.counter(faults, l.Faults)
	out.gauge(machines, float64(l.Machines))
	out.gauge(failing, float64(l.Failing))
}

// series writes single values of metrics.
type series struct{ ch chan<- prometheus.Metric }

func (s series) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s series) counter(d *prometheus.Desc, v uint64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

// tunnel writes a connection's SAs, 0 where its daemon does not know it, and its
// counters where it does.
func (s series) tunnel(x control.TunnelStanding, t Tunnel, counted bool) {
	g, id := string(x.Gateway), string(x.ID)
	s.gauge(ikeSAs, float64(t.IKESAs), g, id)
	s.gauge(childSAs, float64(t.ChildSAs), g, id)
	if !counted {
		return
	}
	s.counter(bytesTotal, t.BytesIn, g, id, "in")
	s.counter(bytesTotal, t.BytesOut, g, id, "out")
	s.counter(packetsTotal, t.PacketsIn, g, id, "in")
	s.counter(packetsTotal, t.PacketsOut, g, id, "out")
	s.counter(rekeys, t.Rekeys, g, id)
	s.counter(dpdFailures, t.DPDFailures, g, id)
}

func (s series) probe(x control.TunnelStanding, p Probe) {
	g, id := string(x.Gateway), string(x.ID)
	s.gauge(probeHealthy, number(p.Healthy), g, id)
	s.counter(probeSent, p.Sent, g, id)
	s.counter(probeLost, p.Lost, g, id)
	s.gauge(probeRTT, p.RTT.Seconds(), g, id)
}
