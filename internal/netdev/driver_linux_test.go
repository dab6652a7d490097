package netdev

import (
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestTraffic sends packets from a workload through the router to another one, and to a
// gateway that lets nothing in but pings.
func TestTraffic(t *testing.T) {
	r := newRig(t)
	r.uplink()
	one, two := r.lab.Namespace("one"), r.lab.Namespace("two")
	router := r.routerPlan("vpc-00000001", one.Name, two.Name)
	gateway := r.gatewayPlan(1, "vpc-00000001")
	o := r.apply(router)
	for key, w := range o.Workloads {
		if !w.Ready {
			t.Errorf("workload %s: %s", key, w.Cause)
		}
	}
	if len(o.Workloads) != 2 {
		t.Errorf("%d workloads, want 2", len(o.Workloads))
	}
	r.apply(gateway)
	one.Reaches("10.0.1.11", lab.Patience)
	r.host.Reaches("198.51.100.11", lab.Patience)
	if p := r.in("vpngw-00000001").Ping("198.51.100.1", 1); p.Received != 0 {
		t.Error("the gateway pings the internet, but its output drops")
	}
	if p := one.Ping("172.16.0.1", 1); p.Received != 0 {
		t.Error("a dropping route lets packets through")
	}
	r.still(router, gateway)
	dumps := r.dump(r.in("vpc-00000001")) + r.dump(r.in("vpngw-00000001"))
	for _, want := range []string{"blackhole 172.16.0.0/16", "proto 83", "qdisc tbf 83:", "rt ipsec exists", "meta ipsec exists", "counter name \"pings\""} {
		if !strings.Contains(dumps, want) {
			t.Errorf("no %q", want)
		}
	}
	r.apply(gone(gateway), gone(router))
	for _, ns := range []string{"vpc-00000001", "vpngw-00000001"} {
		if exists(r.name(ns)) {
			t.Errorf("%s is still there", ns)
		}
	}
	if links := r.host.Run("ip", "-o", "link"); strings.Contains(links, "gwu00000001") {
		t.Errorf("the end on the uplink is still there: %s", links)
	}
}
