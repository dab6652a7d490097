package netdev

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
)

var (
	_ reconcile.Plane = Build{}
	_ reconcile.Plane = Prune{}
)

// rig is a driver whose host is a namespace of the test.
type rig struct {
	*testing.T
	*Driver
	lab  *lab.Lab
	host *lab.Namespace
}

var rigs atomic.Int64

func newRig(t *testing.T) *rig {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	l := lab.New(t)
	tag := fmt.Sprintf("%05s%d", strconv.FormatInt(int64(os.Getpid())%(36*36*36*36*36), 36), rigs.Add(1)%10)
	tag = strings.ReplaceAll(tag, " ", "0")
	r := &rig{T: t, lab: l, host: l.Namespace("home")}
	r.Driver = r.another(tag)
	t.Cleanup(func() {
		r.Close()
		l.Sweep("gwr-" + tag + "-")
	})
	return r
}

// another is a driver of a later run, or with another tag, on the same host.
func (r *rig) another(tag string) *Driver {
	r.Helper()
	d, err := New(tag, slog.New(slog.DiscardHandler))
	if err != nil {
		r.Fatal(err)
	}
	d.home = r.host.Name
	r.T.Cleanup(d.Close)
	return d
}

// apply runs both planes and wants them to succeed.
func (r *rig) apply(machines ...plan.Machine) plan.Observed {
	r.Helper()
	return applyTo(r.T, r.Driver, machines...)
}

func applyTo(t *testing.T, d *Driver, machines ...plan.Machine) plan.Observed {
	t.Helper()
	var last plan.Observed
	for _, m := range machines {
		built, err := d.Build().Apply(context.Background(), m)
		if err != nil {
			t.Fatalf("build: %v", err)
		}
		pruned, err := d.Prune().Apply(context.Background(), m)
		if err != nil {
			t.Fatalf("prune: %v", err)
		}
		if !built.Ready || !pruned.Ready || pruned.Gone != m.Gone {
			t.Fatalf("%s: built %+v, pruned %+v", m.ID, built, pruned)
		}
		last = built
	}
	return last
}

// still applies and wants nothing to be written.
func (r *rig) still(machines ...plan.Machine) {
	r.Helper()
	before := r.writes.Load()
	r.apply(machines...)
	if n := r.writes.Load() - before; n != 0 {
		r.Fatalf("applied again, it wrote %d times", n)
	}
}

// name is a namespace of this rig.
func (r *rig) name(id string) string { return r.prefix() + id }

// in gives tools for a namespace of the plan.
func (r *rig) in(id string) *lab.Namespace { return r.lab.Existing(r.name(id)) }

// uplink makes the bridge.
func (r *rig) uplink() {
	r.Helper()
	up, err := r.EnsureUplink(context.Background(), "", netip.Prefix{})
	if err != nil || up.Kind != plan.LinkVeth || up.Device != OwnUplink {
		r.Fatalf("%+v, %v", up, err)
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }

func prefixes(s ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range s {
		out = append(out, prefix(p))
	}
	return out
}

// routerPlan is a VPC's router with a subnet and a workload in each of the namespaces.
func (r *rig) routerPlan(id string, workloads ...string) plan.Machine {
	ns := plan.Namespace{
		Name:    r.name(id),
		Forward: true,
		Rules: []plan.Rule{
			{Priority: 1000, Table: 0},
			{Priority: 2000, In: "sn1", Table: 1001},
			{Priority: 3000, Drop: true},
		},
		Routes: []plan.Route{{Table: 1001, To: prefix("172.16.0.0/16")}},
		Links:  []plan.Link{{Name: "sn1", Kind: plan.LinkBridge, Addrs: prefixes("10.0.1.1/24")}},
	}
	for i, w := range workloads {
		ns.Links = append(ns.Links, plan.Link{
			Name: fmt.Sprintf("at%d", i), Kind: plan.LinkVeth, Master: "sn1",
			Peer: plan.End{
				Namespace: w, Name: "vpc0", Workload: "w" + strconv.Itoa(i), Default: addr("10.0.1.1"),
				Addrs: []netip.Prefix{netip.PrefixFrom(addr("10.0.1.10").Next(), 24)},
			},
		})
		ns.Links[len(ns.Links)-1].Peer.Addrs = prefixes(fmt.Sprintf("10.0.1.%d/24", 10+i))
	}
	return plan.Machine{ID: plan.MachineID{Kind: plan.KindRouter, ID: id}, Namespaces: []plan.Namespace{ns}}
}

// gatewayPlan is a gateway on the uplink and on a router. It drops whatever it is not
// told of.
func (r *rig) gatewayPlan(n int, router string) plan.Machine {
	id := fmt.Sprintf("vpngw-%08d", n)
	public := fmt.Sprintf("198.51.100.%d/24", 10+n)
	return plan.Machine{ID: plan.MachineID{Kind: plan.KindGateway, ID: id}, Namespaces: []plan.Namespace{{
		Name:    r.name(id),
		Forward: true,
		Links: []plan.Link{
			{Name: "wan0", Kind: plan.LinkVeth, Addrs: prefixes(public),
				Peer: plan.End{Name: fmt.Sprintf("gwu%08d", n), Master: OwnUplink}},
			{Name: "lan0", Kind: plan.LinkVeth, Addrs: prefixes("169.254.0.2/32"), Shape: plan.ShapeFor(100),
				Peer: plan.End{Namespace: r.name(router), Name: fmt.Sprintf("gw%08d", n), Addrs: prefixes("169.254.0.1/32"), Shape: plan.ShapeFor(100)}},
		},
		Routes: []plan.Route{
			{To: prefix("0.0.0.0/0"), Hops: []plan.Hop{{Via: addr("198.51.100.1"), Dev: "wan0"}}},
			{To: prefix("10.0.0.0/16"), Hops: []plan.Hop{{Via: addr("169.254.0.1"), Dev: "lan0"}}},
			{To: prefix("172.16.0.0/16"), Metric: 1000},
		},
		Firewall: plan.Firewall{Chains: []plan.Chain{
			{Hook: plan.HookInput, Rules: []plan.Filter{
				{In: "lo", Verdict: plan.Accept},
				{In: "wan0", Proto: "icmp", ICMPType: "echo-request", Counter: "pings", Verdict: plan.Accept},
				{In: "wan0", Proto: "udp", DstPort: 500, Verdict: plan.Accept},
			}},
			{Hook: plan.HookForward, Rules: []plan.Filter{
				{In: "lan0", Out: "wan0", IPsecOut: true, Verdict: plan.Accept},
				{In: "wan0", Out: "lan0", IPsecIn: true, Verdict: plan.Accept},
			}},
			{Hook: plan.HookOutput, Rules: []plan.Filter{
				{Proto: "icmp", ICMPType: "echo-reply", Verdict: plan.Accept},
				{Proto: "icmp", ICMPType: "errors", Verdict: plan.Accept},
			}},
		}},
	}}}
}

// gone is the end of a machine.
func gone(m plan.Machine) plan.Machine { return plan.Machine{ID: m.ID, Gone: true} }

// dump prints everything of a namespace that the driver may change.
func (r *rig) dump(ns *lab.Namespace) string {
	r.Helper()
	var b strings.Builder
	for _, args := range [][]string{
		{"ip", "-o", "link"}, {"ip", "-o", "-4", "addr"}, {"ip", "route", "show", "table", "all"}, {"ip", "rule"}, {"ip", "neigh", "show", "proxy"},
		{"sysctl", "net.ipv4.ip_forward"}, {"tc", "qdisc"}, {"nft", "list", "ruleset"},
	} {
		fmt.Fprintln(&b, ns.Run(args...))
	}
	return b.String()
}

func exists(name string) bool { return host.NamespaceExists(name) }
