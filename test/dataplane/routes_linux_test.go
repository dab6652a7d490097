package dataplane

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestRoutes has two tunnels for everything on one gateway, to two offices with one
// network: the primary carries while it is up and passes probes, the backup otherwise,
// and nothing leaves in clear when neither can.
func TestRoutes(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	primary, backup := shared.office(l, "172.30.7.0/24", false), shared.office(l, "172.30.7.0/24", false)
	s.route(l, primary.lan)
	check := obj{"RouteType": "StaticRoute", "EnableHealthCheck": true, "HealthCheckLocalIp": "169.254.130.1", "HealthCheckRemoteIp": "169.254.130.2",
		"HealthCheckConfig": obj{"ProbeType": "NQA", "ProbeInterval": 1000, "ProbeThreshold": 3, "ProbeTimeout": 500}}
	primary.Address("lo", "169.254.130.2/32")
	first := s.connect(l, primary, lab.IKEv2, check)
	second := s.connect(l, backup, lab.IKEv2, obj{"RouteType": "StaticRoute"})
	primary.Load(routed(primary.tunnel(s, lab.IKEv2)).Text())
	backup.Load(routed(backup.tunnel(s, lab.IKEv2)).Text())
	own := s.gatewayRoute(l, primary.lan, first, 0)
	other := s.gatewayRoute(l, primary.lan, second, 100)
	s.netStatus(l, first, "AVAILABLE", lab.Patience)
	s.netStatus(l, second, "AVAILABLE", lab.Patience)

	// Each office counts what comes out of its tunnel.
	over := func(o *office, within time.Duration) {
		t.Helper()
		l.Eventually(within, "packets go to "+o.public, func() error {
			before := o.arrived(t)
			s.workload.Ping(o.inside, 5)
			if n := o.arrived(t) - before; n < 5 {
				return fmt.Errorf("%d of 5 went there\n%s", n, shared.why(s.gateway))
			}
			return nil
		})
	}
	over(primary, 5*time.Second)
	primary.Run("ip", "addr", "del", "169.254.130.2/32", "dev", "lo")
	s.netStatus(l, first, "UNAVAILABLE", lab.Patience)
	over(backup, 2*time.Second)
	primary.Address("lo", "169.254.130.2/32")
	s.netStatus(l, first, "AVAILABLE", lab.Patience)
	over(primary, 2*time.Second)
	if p := s.workload.Ping(primary.inside, 50); p.Lost() > 0 {
		t.Errorf("%v", p)
	}

	// A route that is disabled carries nothing, and with none enabled nothing passes.
	status := func(route, status string) {
		t.Helper()
		shared.call(l, "ModifyVpnGatewayRoutes", obj{"VpnGatewayId": s.gateway, "Routes": []obj{{"RouteId": route, "Status": status}}})
	}
	status(own, "DISABLE")
	over(backup, lab.Patience)
	status(other, "DISABLE")
	l.Eventually(lab.Patience, "nothing passes", func() error {
		if s.workload.Ping(primary.inside, 1, "-W", "0.2").Received > 0 {
			return errPasses
		}
		return nil
	})
	status(own, "ENABLE")
	over(primary, lab.Patience)
}

// TestRestart ends the server twice under traffic through a child, once as a crash.
func TestRestart(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := newCloud(t)
	s := c.site(l, 100)
	o := c.office(l, "", false)
	s.route(l, o.lan)
	id := s.connect(l, o, lab.IKEv2, obj{"RouteType": "StaticRoute"})
	o.Load(routed(o.tunnel(s, lab.IKEv2)).Text())
	s.gatewayRoute(l, o.lan, id, 0)
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)
	pings := s.workload.PingStart(o.inside)
	c.kill()
	c.start()
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	c.stop()
	c.start()
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	if p := pings.Stop(); p.Lost() > 0 || p.Received < 50 {
		t.Errorf("%v", p)
	}
}

// TestClosed takes tunnels down under traffic: what cannot be encrypted stays inside.
func TestClosed(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"Policy", "StaticRoute", "anywhere"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			s := shared.site(l, 100)
			o := shared.office(l, "", false)
			s.route(l, o.lan)
			tunnel, more := o.tunnel(s, lab.IKEv2), obj{}
			switch kind {
			case "StaticRoute":
				tunnel, more = routed(tunnel), obj{"RouteType": "StaticRoute"}
			case "anywhere":
				tunnel = routed(tunnel)
				tunnel.LocalID = "branch.example"
				more = obj{"RouteType": "StaticRoute", "NegotiationType": "passive", "IKEOptionsSpecification": obj{"IKEVersion": "IKEV2", "RemoteIdentity": "FQDN", "RemoteFqdnName": "branch.example"}}
			}
			id := s.connect(l, o, lab.IKEv2, more)
			if kind != "Policy" {
				s.gatewayRoute(l, o.lan, id, 0)
			}
			o.Load(tunnel.Text())
			if kind == "anywhere" {
				l.Eventually(lab.Patience, "the office begins", func() error { return o.Up("cloud-1") })
			}
			s.netStatus(l, id, "AVAILABLE", lab.Patience)
			s.workload.Reaches(o.inside, lab.Patience)
			// What does not fit is cut or refused, and TCP learns its size.
			if p := s.workload.Ping(o.inside, 10, "-s", "1472", "-M", "dont"); p.Received == 0 {
				t.Errorf("packets of 1500 bytes: %v", p)
			}
			if got := s.workload.Iperf(o.Namespace, o.inside, 2*time.Second); got < 5 || got > 105 {
				t.Errorf("%.1f Mbit/s through a gateway of 100", got)
			}
			outside := l.Existing(shared.host.Name).Capture("gwu" + s.gateway[len("vpngw-"):])
			o.Kill()
			s.workload.Ping(o.inside, 50)
			pings := s.workload.PingStart(o.inside)
			shared.call(l, "DeleteVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": id})
			l.Eventually(lab.Patience, "the connection is gone", gone(func() bool { return shared.connection(l, id) == nil }))
			s.workload.Ping(o.inside, 50)
			pings.Stop()
			clear := outside.Packets(func(p lab.Packet) bool { return p.Dst.String() == o.inside || p.Src.String() == s.inside })
			if len(clear) > 0 {
				t.Errorf("%d in clear, such as %v", len(clear), clear[0])
			}
			if len(outside.Packets(func(lab.Packet) bool { return true })) == 0 {
				t.Error("nothing at all was seen")
			}
		})
	}
}

// arrived is how many packets have come out of the office's tunnels.
func (o *office) arrived(t *testing.T) int {
	t.Helper()
	var links []struct {
		Stats64 struct{ RX struct{ Packets int } }
	}
	if err := json.Unmarshal([]byte(o.Run("ip", "-j", "-s", "link", "show", "ipsec0")), &links); err != nil || len(links) != 1 {
		t.Fatal(err, links)
	}
	return links[0].Stats64.RX.Packets
}
