package netdev

import (
	"context"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// TestChild has two namespaces with one public address: what one peer sends goes to the
// child by a rule before the table local, what others send stays with the gateway.
func TestChild(t *testing.T) {
	r := newRig(t)
	r.uplink()
	r.apply(r.routerPlan("vpc-00000001"))
	m := r.gatewayPlan(1, "vpc-00000001")
	gw := &m.Namespaces[0]
	gw.Links = append(gw.Links, plan.Link{
		Name: "tw00000009", Kind: plan.LinkVeth, Addrs: prefixes("169.254.0.3/32"), AcceptLocal: true,
		Peer: plan.End{Namespace: r.name("vpnx-00000009"), Name: "wan0", Addrs: prefixes("198.51.100.11/32", "169.254.0.4/32")},
	})
	gw.LocalRule = 100
	gw.Rules = []plan.Rule{{Priority: 50, In: "wan0", From: prefix("198.51.100.77/32"), To: prefix("198.51.100.11/32"), Table: 500}}
	gw.Routes = append(gw.Routes, plan.Route{Table: 500, To: prefix("198.51.100.11/32"), Hops: []plan.Hop{{Via: addr("169.254.0.4"), Dev: "tw00000009"}}})
	forward := &gw.Firewall.Chains[1]
	forward.Rules = append(forward.Rules,
		plan.Filter{In: "wan0", Out: "tw*", Verdict: plan.Accept}, plan.Filter{In: "tw*", Out: "wan0", Verdict: plan.Accept})
	m.Namespaces = append(m.Namespaces, plan.Namespace{
		Name:   r.name("vpnx-00000009"),
		Routes: []plan.Route{{To: everywhere, Hops: []plan.Hop{{Via: addr("169.254.0.3"), Dev: "wan0"}}}},
		Firewall: plan.Firewall{Chains: []plan.Chain{
			{Hook: plan.HookInput, Rules: []plan.Filter{{Proto: "icmp", ICMPType: "echo-request", Counter: "pings", Verdict: plan.Accept}}},
		}},
	})
	r.apply(m)
	r.still(m)
	r.host.Run("ip", "addr", "add", "198.51.100.77/24", "dev", OwnUplink)
	pings := func(ns string) uint64 {
		t.Helper()
		c, err := r.Counters(context.Background(), r.name(ns))
		if err != nil {
			t.Fatal(err)
		}
		return c["pings"].Packets
	}
	for _, c := range []struct {
		from           string
		gateway, child uint64
	}{{"198.51.100.77", 0, 5}, {"198.51.100.1", 5, 0}} {
		r.host.Reaches("198.51.100.11", lab.Patience, "-I", c.from)
		g, ch := pings("vpngw-00000001"), pings("vpnx-00000009")
		var p *lab.Pings
		if p = r.host.Ping("198.51.100.11", 5, "-I", c.from); p.Lost() != 0 {
			t.Errorf("from %s: %v", c.from, p)
		}
		g, ch = pings("vpngw-00000001")-g, pings("vpnx-00000009")-ch
		if min(g, 5) != c.gateway || min(ch, 5) != c.child { // a sixth may be under way when five are answered
			t.Errorf("from %s: %d to the gateway, %d to the child", c.from, g, ch)
		}
	}
	// Without the connection the child goes, and the rules are as the kernel had them.
	plain := r.gatewayPlan(1, "vpc-00000001")
	r.apply(plain)
	r.still(plain)
	if exists(r.name("vpnx-00000009")) {
		t.Error("the child is still there")
	}
	if got := r.in("vpngw-00000001").Run("ip", "rule"); got != "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n" {
		t.Errorf("rules: %s", got)
	}
}
