package netdev

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
)

// TestConformance holds both planes, as one subject, to what the loops rely on.
func TestConformance(t *testing.T) {
	planetest.Conformance(t, func(t *testing.T) planetest.Subject {
		r := newRig(t)
		r.uplink()
		router := r.routerPlan("vpc-00000001")
		r.apply(router)
		return planetest.Subject{
			Planes:  []reconcile.Plane{r.Build(), r.Prune()},
			Machine: func(n int) plan.Machine { return r.gatewayPlan(n, "vpc-00000001") },
			Changed: func(n int) plan.Machine { return r.changedPlan(n) },
			State:   r.state,
			Fail:    r.failOnce,
		}
	})
}

// changedPlan differs from gatewayPlan in something of every kind, and has a child.
func (r *rig) changedPlan(n int) plan.Machine {
	m := r.gatewayPlan(n, "vpc-00000001")
	gw := &m.Namespaces[0]
	child := strings.Replace(gw.Name, "vpngw-", "vpnx-", 1)
	gw.LocalRule = 100
	gw.Rules = []plan.Rule{{Priority: 50, In: "wan0", From: prefix("192.0.2.1/32"), To: prefix("198.51.100.10/32"), Table: 500}}
	gw.Routes = []plan.Route{{To: prefix("10.0.0.0/16"), Throw: true, Table: 500}, {To: prefix("172.16.0.0/16"), Metric: 1000, Hops: []plan.Hop{{Dev: "lan0"}}}}
	gw.Loopback = prefixes("192.0.2.9/32")
	gw.Links[1].Shape, gw.Links[1].Peer.Shape, gw.Links[1].MTU = plan.Shape{}, plan.ShapeFor(5), 1400
	gw.Links[0].Addrs = prefixes("198.51.100.200/32")
	gw.Links = append(gw.Links, plan.Link{Name: "tw0", Kind: plan.LinkVeth, AcceptLocal: true, Peer: plan.End{Namespace: child, Name: "wan0"}})
	gw.Firewall.Chains = gw.Firewall.Chains[:2]
	gw.Firewall.Chains[0].Accept, gw.Firewall.Chains[1].Rules = true, []plan.Filter{{Counter: "all"}}
	gw.Forward = false
	m.Namespaces = append(m.Namespaces, plan.Namespace{Name: child})
	return m
}

// state prints the host's namespace and all that are marked.
func (r *rig) state(t *testing.T) string {
	t.Helper()
	names, err := host.Namespaces(r.prefix())
	if err != nil {
		t.Fatal(err)
	}
	all := []*lab.Namespace{r.host}
	for _, name := range names {
		all = append(all, r.lab.Existing(name))
	}
	return r.facts(all...)
}

// failOnce makes the nth write from now on fail.
func (r *rig) failOnce(n int) func() bool {
	failed := false
	r.fault = func(_, _, _ string, write func() error) error {
		if n--; n != -1 {
			return write()
		}
		failed = true
		return unix.ENOBUFS
	}
	return func() bool {
		r.fault = nil
		return failed
	}
}
