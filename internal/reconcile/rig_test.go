package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	hostName = vpc.HostName("host-1")
	aVPC     = vpc.VPCID("vpc-aaaaaaaa")
)

var here = vpc.Scope{Account: 7, Region: "ap-guangzhou"}

// rig is a host: a store in memory, planes in memory, and loops between them. It lives
// in a bubble.
type rig struct {
	*testing.T
	st    *store.Store
	fakes []*planetest.Fake
	loops *reconcile.Loops
	stop  func()
	skew  atomic.Int64 // nanoseconds by which the wall clock is wrong

	mu      sync.Mutex
	refuse  error // what Report answers
	reports []vpc.Report
	lie     string
	everUp  map[vpc.ConnectionID]bool
}

func newRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	r := &rig{T: t, fakes: []*planetest.Fake{planetest.NewFake(), planetest.NewFake()}, everUp: map[vpc.ConnectionID]bool{}}
	clock := func() time.Time { return time.Now().Add(time.Duration(r.skew.Load())) }
	st, err := store.OpenMemory(store.Options{Seed: seed, Logger: quiet, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	r.st = st
	r.loops = reconcile.New(reconcile.Options{
		Host: plan.Host{Name: hostName, Tag: "abcdef", Engine: plan.EngineLibipsec, Uplink: plan.Uplink{
			Device: "up", Kind: plan.UplinkBridge, Prefix: netip.MustParsePrefix("198.51.100.0/24"), Router: netip.MustParseAddr("198.51.100.1"), MTU: 1500}},
		View: st.View, Now: st.Now, Unseal: st.Unseal, Report: r.report, Planes: []reconcile.Plane{r.fakes[0], r.fakes[1]}, Log: quiet, Seed: seed,
	})
	r.update(func(tx *store.Tx) {
		store.Accounts.Put(tx, &vpc.Account{ID: here.Account})
		store.VPCs.Put(tx, &vpc.VPC{ID: aVPC, Scope: here, CIDR: netip.MustParsePrefix("10.7.0.0/16")})
	})
	r.epoch("epoch-1")
	return r
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// start runs the loops; close ends them and the store.
func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.loops.Run(ctx)
	}()
	r.stop = func() { cancel(); <-done }
}

func (r *rig) close() {
	if r.stop != nil {
		r.stop()
	}
	if err := r.st.Close(); err != nil {
		r.Error(err)
	}
}

func (r *rig) update(do func(*store.Tx)) {
	r.Helper()
	if _, err := r.st.Update(context.Background(), func(tx *store.Tx) error { do(tx); return nil }); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) epoch(name string) {
	r.update(func(tx *store.Tx) { store.Hosts.Put(tx, &vpc.Host{Name: hostName, Epoch: name}) })
}

// report keeps a report and does with it what control does.
func (r *rig) report(_ context.Context, rep vpc.Report) error {
	r.mu.Lock()
	r.reports = append(r.reports, rep)
	refuse := r.refuse
	for _, s := range rep.Connections {
		if s.Up && !r.everUp[s.ID] {
			r.lie = fmt.Sprintf("%s was never up", s.ID)
		}
	}
	r.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	_, err := r.st.Update(context.Background(), func(tx *store.Tx) error {
		if h, ok := store.Hosts.Get(tx, rep.Host); !ok || h.Epoch != rep.Epoch {
			return errors.New("no such host")
		}
		for _, s := range rep.Gateways {
			if g, ok := store.Gateways.Get(tx, s.ID); ok && s.Generation <= g.Generation {
				s.Host, s.Epoch = rep.Host, rep.Epoch
				store.GatewayStatuses.Put(tx, &s)
			}
		}
		for _, s := range rep.Connections {
			if x, ok := store.Connections.Get(tx, s.ID); ok && s.Generation <= x.Generation {
				s.Host, s.Epoch = rep.Host, rep.Epoch
				store.ConnectionStatuses.Put(tx, &s)
			}
		}
		for _, s := range rep.SSLServers {
			s.Host, s.Epoch = rep.Host, rep.Epoch
			store.SSLServerStatuses.Put(tx, &s)
		}
		for _, s := range rep.Workloads {
			s.Host, s.Epoch = rep.Host, rep.Epoch
			store.WorkloadStatuses.Put(tx, &s)
		}
		return removeGone(tx, rep)
	})
	return err
}

func removeGone(tx *store.Tx, rep vpc.Report) error {
	for _, id := range rep.GoneGateways {
		if g, ok := store.Gateways.Get(tx, id); ok && g.Deleted != 0 {
			store.Gateways.Delete(tx, id)
			store.GatewayStatuses.Delete(tx, id)
		}
	}
	for _, id := range rep.GoneConnections {
		if x, ok := store.Connections.Get(tx, id); ok && x.Deleted != 0 {
			store.Connections.Delete(tx, id)
			store.ConnectionStatuses.Delete(tx, id)
		}
	}
	for _, id := range rep.GoneWorkloads {
		store.Workloads.Delete(tx, id)
		store.WorkloadStatuses.Delete(tx, id)
	}
	return nil
}

func gatewayID(n int) vpc.GatewayID       { return vpc.GatewayID(fmt.Sprintf("vpngw-%08d", n)) }
func connectionID(n int) vpc.ConnectionID { return vpc.ConnectionID(fmt.Sprintf("vpnx-%08d", n)) }

// gateway puts a gateway, or changes it.
func (r *rig) gateway(n int, change func(*vpc.Gateway)) {
	r.Helper()
	r.update(func(tx *store.Tx) { putGateway(tx, n, change) })
}

func putGateway(tx *store.Tx, n int, change func(*vpc.Gateway)) {
	g := vpc.Gateway{ID: gatewayID(n), Scope: here, VPC: aVPC, Type: vpc.TypeIPsec, Bandwidth: 5, Host: hostName, Charge: vpc.Postpaid,
		Public: netip.AddrFrom4([4]byte{198, 51, 100, byte(10 + n)})}
	if old, ok := store.Gateways.Get(tx, gatewayID(n)); ok {
		g = *old
	}
	if change != nil {
		change(&g)
	}
	g.Generation++
	store.Gateways.Put(tx, &g)
}

// connection puts a connection of a gateway, or changes it.
func (r *rig) connection(n, gateway int, change func(*vpc.Connection)) {
	r.Helper()
	sealed, err := r.st.Seal(store.Connections.Row(connectionID(n)), "psk", []byte("secret"))
	if err != nil {
		r.Fatal(err)
	}
	peer := vpc.CustomerGatewayID(fmt.Sprintf("cgw-%08d", n))
	r.update(func(tx *store.Tx) {
		store.CustomerGateways.Put(tx, &vpc.CustomerGateway{ID: peer, Scope: here, Addr: netip.AddrFrom4([4]byte{203, 0, 113, byte(n)})})
		x := vpc.Connection{ID: connectionID(n), Scope: here, Gateway: gatewayID(gateway), CustomerGateway: peer, RouteType: vpc.RouteStaticRoute, PreSharedKey: sealed}
		if old, ok := store.Connections.Get(tx, x.ID); ok {
			x = *old
		}
		if change != nil {
			change(&x)
		}
		x.Generation++
		store.Connections.Put(tx, &x)
	})
}

// tunnel says what a connection's tunnel does.
func (r *rig) tunnel(n, gateway int, up, healthy bool) {
	if up {
		r.mu.Lock()
		r.everUp[connectionID(n)] = true
		r.mu.Unlock()
	}
	r.fakes[1].Set(plan.GatewayMachine(gatewayID(gateway)), connectionID(n), up, healthy)
	r.fakes[0].Set(plan.GatewayMachine(gatewayID(gateway)), connectionID(n), up, healthy)
}

// fault sets the fault of all planes.
func (r *rig) fault(f func(context.Context, plan.MachineID, string) error) {
	for _, p := range r.fakes {
		p.SetFault(f)
	}
}

func (r *rig) gatewayStatus(n int) vpc.GatewayStatus {
	if s, ok := store.GatewayStatuses.Get(r.st.View(), gatewayID(n)); ok {
		return *s
	}
	return vpc.GatewayStatus{}
}

func (r *rig) connectionStatus(n int) vpc.ConnectionStatus {
	if s, ok := store.ConnectionStatuses.Get(r.st.View(), connectionID(n)); ok {
		return *s
	}
	return vpc.ConnectionStatus{}
}

// within waits, in the bubble's time, until something holds.
func (r *rig) within(d time.Duration, what string, ok func() bool) {
	r.Helper()
	for end := time.Now().Add(d); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("not within %v: %s", d, what)
		}
	}
}
