package reconcile_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// thousand runs loops over a thousand gateways with a connection each, and returns when
// all have seen a pass. Every later pass over a machine is sent to the channel.
func thousand(b *testing.B) (*store.Store, *reconcile.Loops, <-chan reconcile.Pass) {
	b.Helper()
	const n = 1000
	st, err := store.OpenMemory(store.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := st.Seal(store.Connections.Row(connectionID(0)), "psk", []byte("secret"))
	if err != nil {
		b.Fatal(err)
	}
	put := func(do func(*store.Tx)) {
		if _, err := st.Update(context.Background(), func(tx *store.Tx) error { do(tx); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	put(func(tx *store.Tx) {
		store.Accounts.Put(tx, &vpc.Account{ID: here.Account})
		store.Hosts.Put(tx, &vpc.Host{Name: hostName, Epoch: "one"})
		store.CustomerGateways.Put(tx, &vpc.CustomerGateway{ID: "cgw-aaaaaaaa", Scope: here, Addr: addr("203.0.113.5")})
	})
	for i := range n {
		id := vpc.VPCID(fmt.Sprintf("vpc-%08d", i))
		put(func(tx *store.Tx) {
			store.VPCs.Put(tx, &vpc.VPC{ID: id, Scope: here, CIDR: prefix("10.7.0.0/16")})
			putGateway(tx, i, func(g *vpc.Gateway) {
				g.VPC, g.Public = id, netip.AddrFrom4([4]byte{198, 18, byte(i / 250), byte(i%250 + 1)})
			})
			store.Connections.Put(tx, &vpc.Connection{ID: connectionID(i), Scope: here, Gateway: gatewayID(i), CustomerGateway: "cgw-aaaaaaaa", RouteType: vpc.RouteStaticRoute, PreSharedKey: sealed})
		})
	}
	passes := make(chan reconcile.Pass, 10*n)
	l := reconcile.New(reconcile.Options{
		Host: plan.Host{Name: hostName, Tag: "abcdef", Engine: plan.EngineLibipsec, Uplink: plan.Uplink{Device: "up", Kind: plan.UplinkBridge}},
		View: st.View, Now: st.Now, Unseal: st.Unseal, Report: func(context.Context, vpc.Report) error { return nil },
		Planes: []reconcile.Plane{planetest.NewFake()}, Log: quiet, Passed: func(p reconcile.Pass) { passes <- p },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-done; _ = st.Close() })
	for seen := map[plan.MachineID]bool{}; len(seen) < 2*n; {
		seen[(<-passes).Machine] = true
	}
	for l.Figures().Running > 0 {
		for len(passes) > 0 {
			<-passes
		}
	}
	for len(passes) > 0 {
		<-passes
	}
	return st, l, passes
}

// BenchmarkOneChange changes one of a thousand gateways and waits until it is applied.
func BenchmarkOneChange(b *testing.B) {
	st, _, passes := thousand(b)
	for b.Loop() {
		if _, err := st.Update(context.Background(), func(tx *store.Tx) error {
			putGateway(tx, 500, func(g *vpc.Gateway) { g.Bandwidth = 5 + g.Bandwidth%10 })
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		for (<-passes).Machine != plan.GatewayMachine(gatewayID(500)) {
		}
	}
}

// BenchmarkWholePass makes all of a thousand gateways and their routers due at once.
func BenchmarkWholePass(b *testing.B) {
	_, l, passes := thousand(b)
	for b.Loop() {
		ids := l.Machines()
		for _, id := range ids {
			l.Wake(id)
		}
		for range ids {
			<-passes
		}
	}
}
