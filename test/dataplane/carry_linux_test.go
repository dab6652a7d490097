package dataplane

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestCaps holds TCP through the tunnel to the gateway's bandwidth in both directions,
// and to another one as soon as it is changed; a ping meanwhile does not wait long. It
// runs before the parallel tests: on a machine with nothing to spare an end of the tunnel
// misses its turn, and the bucket does not save for it.
func TestCaps(t *testing.T) {
	l := lab.New(t)
	var most [2]float64                                           // Mbit/s that two daemons in user space carry on this machine
	for _, caps := range [][]int{{1000, 200}, {100, 50, 20, 5}} { // a gateway stays in its band
		s, o, _ := shared.joinedAt(l, caps[0])
		ways := []struct {
			name string
			send func() float64
		}{
			{"to the office", func() float64 { return s.workload.Iperf(o.Namespace, o.inside, 2*time.Second, "-O", "1") }},
			{"to the cloud", func() float64 {
				return o.Iperf(s.workload, s.inside, 2*time.Second, "-O", "1", "-B", o.inside, "-C", "cubic")
			}},
		}
		for _, mbit := range caps {
			s.cap(l, mbit)
			for i, way := range ways {
				if mbit == 1000 {
					most[i] = way.send()
					t.Logf("%s: %.0f Mbit/s where the cap is 1000", way.name, most[i])
					continue
				}
				s.capped(t, o, fmt.Sprintf("%d Mbit/s %s", mbit, way.name), mbit, most[i], way.send)
			}
		}
	}
}

// cap sets the gateway's bandwidth and waits until the kernel has it.
func (s *site) cap(l *lab.Lab, mbit int) {
	l.Helper()
	shared.call(l, "ResetVpnGatewayInternetMaxBandwidth", obj{"VpnGatewayId": s.gateway, "InternetMaxBandwidthOut": mbit})
	l.Eventually(lab.Patience, "the cap is set", func() error {
		if out := l.Existing(shared.prefix+s.gateway).Run("tc", "qdisc", "show", "dev", "lan0"); between(out, "rate ", "bit ") != rateText(mbit) {
			return fmt.Errorf("lan0 has %s", out)
		}
		return nil
	})
}

// capped looks up to five times, since others may use the machine. A cap must never be
// passed; that it is reached can only be seen where the machine carries twice as much, and
// that is logged. A ping never waits long.
func (s *site) capped(t *testing.T, o *office, what string, mbit int, most float64, send func() float64) {
	t.Helper()
	var report string
	spare := mbit <= 20 || most > 2*float64(mbit)
	if !spare {
		t.Logf("%s: this machine carries %.0f, which is too near to it to see whether it is reached", what, most)
	}
	for range 5 {
		pings := s.workload.PingStart(o.inside, "-i", "0.05")
		got := send()
		mean, worst := pings.Stop().Times()
		share := got / float64(mbit)
		report = fmt.Sprintf("%s: TCP got %.2f (%.1f %%), ping %v, worst %v", what, got, 100*share, mean, worst)
		t.Log(report)
		if share > 1.05 {
			break
		}
		if got > 0 && (share >= 0.95 || !spare) && mean > 0 && mean < 50*time.Millisecond {
			return
		}
	}
	t.Error(report)
}

// rateText is a cap with its share of headers, as tc prints it.
func rateText(mbit int) string {
	if kbit := mbit * 1050; kbit%1000 != 0 {
		return fmt.Sprintf("%dK", kbit)
	}
	return fmt.Sprintf("%dM", mbit*1050/1000)
}

// TestFailover has two tunnels to one network, by two routers of the office. When the
// first falls silent its health check sends packets over the second, and back later. A
// third tunnel of the gateway, to another office, loses no packet meanwhile.
func TestFailover(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	first := shared.office(l, "", false)
	second := shared.office(l, first.lan, false)
	s.route(l, first.lan)
	var ids []string
	for i, o := range []*office{first, second} {
		check := fmt.Sprintf("169.254.200.%d", 21+i)
		o.Address("lo", check+"/32")
		far := routed(o.tunnel(s, lab.IKEv2))
		o.Load(far.Text())
		id := s.connect(l, o, lab.IKEv2, obj{
			"RouteType": "StaticRoute", "EnableHealthCheck": true, "HealthCheckLocalIp": fmt.Sprintf("169.254.200.%d", 11+i), "HealthCheckRemoteIp": check,
			"HealthCheckConfig": obj{"ProbeType": "NQA", "ProbeInterval": 1000, "ProbeThreshold": 3, "ProbeTimeout": 500},
		})
		s.gatewayRoute(l, first.lan, id, i*100)
		s.netStatus(l, id, "AVAILABLE", 20*time.Second)
		ids = append(ids, id)
	}
	reached := func(o *office) func() error {
		return func() error {
			c := o.Capture("ipsec0")
			defer c.Stop()
			s.workload.Ping(first.inside, 2, "-W", "0.2")
			if len(c.Packets(lab.Touches(s.inside+"/32"))) == 0 {
				return fmt.Errorf("nothing comes over it: %s", shared.why(s.gateway))
			}
			return nil
		}
	}
	other := shared.office(l, "", false)
	s.join(l, other)
	l.Eventually(lab.Patience, "packets take the first tunnel", reached(first))
	s.health(l, ids[0], "AVAILABLE")
	pings := s.workload.PingStart(other.inside)
	first.Run("ip", "addr", "del", "169.254.200.21/32", "dev", "lo")
	l.Eventually(20*time.Second, "packets take the second tunnel", reached(second))
	s.netStatus(l, ids[0], "UNAVAILABLE", lab.Patience)
	s.health(l, ids[0], "UNAVAILABLE")
	s.health(l, ids[1], "AVAILABLE")
	first.Address("lo", "169.254.200.21/32")
	l.Eventually(20*time.Second, "packets take the first tunnel again", reached(first))
	s.health(l, ids[0], "AVAILABLE")
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 50 {
		t.Errorf("the other office: %v", p)
	}
}

// health waits until a connection's HealthCheckStatus is as wanted.
func (s *site) health(l *lab.Lab, connection, want string) {
	l.Helper()
	l.Eventually(lab.Patience, connection+"'s health check is "+want, func() error {
		if got := text(s.cloud.connection(l, connection), "HealthCheckStatus"); got != want {
			return fmt.Errorf("it is %s:\n%s", got, s.cloud.why(connection))
		}
		return nil
	})
}
