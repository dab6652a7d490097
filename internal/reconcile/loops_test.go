package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// bubble runs a test on a started rig in a bubble.
func bubble(t *testing.T, test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		r.start()
		test(r)
	})
}

// TestLife follows a gateway and its connection from their rows to nothing.
func TestLife(t *testing.T) {
	bubble(t, func(r *rig) {
		r.gateway(1, nil)
		r.within(100*time.Millisecond, "the gateway is ready", func() bool { s := r.gatewayStatus(1); return s.Ready && s.Generation == 1 && s.Epoch == "epoch-1" })
		r.connection(1, 1, nil)
		r.within(100*time.Millisecond, "the connection is loaded", func() bool { s := r.connectionStatus(1); return s.Generation == 1 && !s.Up && s.Cause != "" })
		r.tunnel(1, 1, true, true)
		r.within(100*time.Millisecond, "the tunnel is up", func() bool { s := r.connectionStatus(1); return s.Up && s.Cause == "" })
		r.connection(1, 1, func(x *vpc.Connection) { x.Deleted = 5 })
		r.within(100*time.Millisecond, "the connection is gone", func() bool { _, ok := store.Connections.Get(r.st.View(), connectionID(1)); return !ok })
		r.gateway(1, func(g *vpc.Gateway) { g.Deleted = 5 })
		r.within(100*time.Millisecond, "the gateway is gone", func() bool { _, ok := store.Gateways.Get(r.st.View(), gatewayID(1)); return !ok })
		synctest.Wait()
		time.Sleep(time.Second)
		for _, f := range r.fakes {
			if ids, _ := f.Machines(t.Context()); len(ids) != 0 {
				t.Errorf("left: %v", ids)
			}
		}
		if ids := r.loops.Machines(); len(ids) != 0 {
			t.Errorf("kept: %v", ids)
		}
	})
}

// TestNothingDelaysOthers lets machines hang and fail while another is made.
func TestNothingDelaysOthers(t *testing.T) {
	bubble(t, func(r *rig) {
		hangs := map[plan.MachineID]bool{}
		for n := range 40 {
			hangs[plan.GatewayMachine(gatewayID(n))] = true
		}
		r.fault(func(ctx context.Context, id plan.MachineID, _ string) error {
			if hangs[id] {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		for n := range 40 {
			r.gateway(n, nil)
		}
		time.Sleep(5 * time.Second)
		r.gateway(100, nil)
		r.within(time.Second, "a gateway beside forty that hang", func() bool { return r.gatewayStatus(100).Ready })
		if r.gatewayStatus(3).Ready {
			t.Error("a gateway that hangs is ready")
		}
		r.fault(nil)
		r.within(3*time.Minute, "those that hung are made", func() bool { return r.gatewayStatus(3).Ready && r.gatewayStatus(39).Ready })
	})
}

// TestFaultHealsWithBackoff counts how often a machine that fails is tried.
func TestFaultHealsWithBackoff(t *testing.T) {
	bubble(t, func(r *rig) {
		id := plan.GatewayMachine(gatewayID(1))
		r.fault(func(_ context.Context, m plan.MachineID, _ string) error {
			if m == id {
				return planetest.ErrInjected
			}
			return nil
		})
		r.gateway(1, nil)
		time.Sleep(10 * time.Minute)
		s := r.gatewayStatus(1)
		if s.Ready || !strings.Contains(s.Cause, "injected fault") {
			t.Errorf("status %+v", s)
		}
		if n := r.fakes[0].Calls(id); n < 15 || n > 60 {
			t.Errorf("%d passes in ten minutes", n)
		}
		in, ok := r.loops.Inspect(id)
		if !ok || in.Faults == 0 || !strings.Contains(in.LastError, "injected") || in.Plan == "" {
			t.Errorf("inspection %+v", in)
		}
		r.fault(nil)
		r.within(50*time.Second, "it heals", func() bool { return r.gatewayStatus(1).Ready && r.gatewayStatus(1).Cause == "" })
		if f := r.loops.Figures(); f.Machines != 2 || f.Failing != 0 || f.Faults == 0 || f.Passes < f.Faults {
			t.Errorf("figures %+v", f)
		}
	})
}

// TestResync mends what changed behind the loops' back, and costs nothing otherwise.
func TestResync(t *testing.T) {
	bubble(t, func(r *rig) {
		id := plan.GatewayMachine(gatewayID(1))
		r.gateway(1, nil)
		r.within(time.Second, "ready", func() bool { return r.gatewayStatus(1).Ready })
		r.fakes[0].Leave(id, "something strange")
		r.within(2*time.Minute, "mended", func() bool { return !strings.Contains(r.fakes[0].Has(id), "strange") })
		changes, passes := r.fakes[0].Changes(), r.fakes[0].Calls(id)
		time.Sleep(10 * time.Minute)
		if n := r.fakes[0].Calls(id) - passes; n < 6 || n > 20 {
			t.Errorf("%d passes in ten minutes of rest", n)
		}
		if r.fakes[0].Changes() != changes {
			t.Error("something is changed again and again")
		}
	})
}

// TestUnchangedPlanIsNotApplied changes rows that mean nothing to a machine.
func TestUnchangedPlanIsNotApplied(t *testing.T) {
	bubble(t, func(r *rig) {
		for n := range 20 {
			r.gateway(n, nil)
		}
		r.within(time.Second, "ready", func() bool { return r.gatewayStatus(19).Ready })
		time.Sleep(time.Second)
		before := r.loops.Figures().Passes
		for n := range 50 {
			r.update(func(tx *store.Tx) { store.Accounts.Put(tx, &vpc.Account{ID: here.Account, Balance: vpc.Money(n)}) })
			time.Sleep(10 * time.Millisecond)
		}
		// The first change of the account is looked at, since nothing was known of it.
		if n := r.loops.Figures().Passes - before; n > 25 {
			t.Errorf("%d passes for rows that change nothing", n)
		}
		r.update(func(tx *store.Tx) { store.Accounts.Put(tx, &vpc.Account{ID: here.Account, Balance: -1}) })
		r.within(time.Second, "isolated", func() bool {
			return !strings.Contains(r.fakes[0].Has(plan.GatewayMachine(gatewayID(3))), "echo-request")
		})
	})
}

// TestLeftovers removes what a former run left, but not before what rows want stands.
func TestLeftovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		left, adopted := plan.GatewayMachine("vpngw-left0000"), plan.GatewayMachine(gatewayID(1))
		r.fakes[0].Leave(left, "a namespace")
		r.fakes[1].Leave(left, "a daemon")
		r.fakes[0].Leave(adopted, "namespace of before")
		r.gateway(1, nil)
		free := make(chan struct{})
		r.fault(func(ctx context.Context, id plan.MachineID, what string) error {
			if id != adopted {
				return nil
			}
			select {
			case <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			return nil
		})
		r.start()
		time.Sleep(10 * time.Second)
		if r.fakes[0].Has(left) == "" {
			t.Error("something was removed before what is wanted has been looked at")
		}
		close(free)
		r.within(time.Minute, "leftovers are gone", func() bool { return r.fakes[0].Has(left) == "" && r.fakes[1].Has(left) == "" })
		r.within(time.Minute, "the adopted one stands", func() bool { return r.gatewayStatus(1).Ready })
		if in := r.loops.Machines(); len(in) != 2 {
			t.Errorf("machines %v", in)
		}
	})
}

// TestEmptyStoreRemovesNothing starts beside a store that is not filled yet.
func TestEmptyStoreRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		r.update(func(tx *store.Tx) { store.Accounts.Delete(tx, here.Account) })
		r.fakes[0].Leave(plan.GatewayMachine(gatewayID(1)), "a namespace")
		r.start()
		time.Sleep(10 * time.Minute)
		if r.fakes[0].Has(plan.GatewayMachine(gatewayID(1))) == "" {
			t.Error("removed, though no row was there to tell")
		}
	})
}

// TestFailover moves a route when a probe's verdict or a tunnel changes, and tells it.
func TestFailover(t *testing.T) {
	bubble(t, func(r *rig) {
		g := plan.GatewayMachine(gatewayID(1))
		r.gateway(1, nil)
		check := func(x *vpc.Connection) {
			x.Health = vpc.HealthCheck{Enable: true, Local: addr("169.254.128.1"), Remote: addr("169.254.128.2")}
		}
		r.connection(1, 1, check)
		r.connection(2, 1, nil)
		r.update(func(tx *store.Tx) {
			for n, priority := range []uint8{0, 100} {
				store.GatewayRoutes.Put(tx, &vpc.GatewayRoute{ID: vpc.GatewayRouteID(fmt.Sprint("vpnr-0000000", n)), Scope: here, Gateway: gatewayID(1), Destination: prefix("10.2.0.0/16"),
					NextHopType: vpc.NextHopConnection, NextHop: string(connectionID(n + 1)), Priority: priority, Enabled: true})
			}
		})
		over := func(n int) func() bool {
			return func() bool {
				return strings.Contains(r.fakes[0].Has(g), fmt.Sprintf("10.2.0.0/16 table 101 via 169.254.0.4 dev tl%08d", n))
			}
		}
		r.tunnel(2, 1, true, true)
		r.within(time.Second, "the backup carries", over(2))
		r.tunnel(1, 1, true, true)
		r.within(time.Second, "the primary carries", over(1))
		r.within(time.Second, "it is told", func() bool { s := r.connectionStatus(1); return s.Up && s.Healthy })
		r.tunnel(1, 1, true, false)
		r.within(time.Second, "the backup carries while the primary is sick", over(2))
		r.within(time.Second, "it is told", func() bool { s := r.connectionStatus(1); return !s.Up && !s.Healthy && s.Cause == "no answer" })
		r.tunnel(1, 1, true, true)
		r.within(time.Second, "the primary carries again", over(1))
	})
}

// TestRestartKeepsRoutes starts again with what the last run has told, and moves nothing
// while the planes are still looking.
func TestRestartKeepsRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		r.gateway(1, nil)
		r.connection(1, 1, nil)
		r.connection(2, 1, nil)
		r.update(func(tx *store.Tx) {
			for n, priority := range []uint8{0, 100} {
				store.GatewayRoutes.Put(tx, &vpc.GatewayRoute{ID: vpc.GatewayRouteID(fmt.Sprint("vpnr-0000000", n)), Scope: here, Gateway: gatewayID(1), Destination: prefix("10.2.0.0/16"),
					NextHopType: vpc.NextHopConnection, NextHop: string(connectionID(n + 1)), Priority: priority, Enabled: true})
			}
			store.ConnectionStatuses.Put(tx, &vpc.ConnectionStatus{ID: connectionID(2), Host: hostName, Epoch: "before", Up: true})
		})
		r.tunnel(2, 1, true, true)
		primary := false
		r.fault(func(_ context.Context, _ plan.MachineID, what string) error {
			primary = primary || strings.Contains(what, "10.2.0.0/16 table 101 via 169.254.0.4 dev tl00000001")
			return nil
		})
		r.start()
		r.within(time.Second, "told", func() bool { return r.connectionStatus(2).Epoch == "epoch-1" && r.connectionStatus(2).Up })
		if primary {
			t.Error("the route was moved to a tunnel that is down, for a moment")
		}
	})
}

// TestFlapping bounds how often a connection is told, and ends with the truth.
func TestFlapping(t *testing.T) {
	bubble(t, func(r *rig) {
		r.gateway(1, nil)
		r.connection(1, 1, nil)
		r.within(time.Second, "loaded", func() bool { return r.connectionStatus(1).Generation == 1 })
		time.Sleep(time.Minute)
		r.tunnel(1, 1, true, true)
		r.within(50*time.Millisecond, "the first change is told at once", func() bool { return r.connectionStatus(1).Up })
		before := r.told(1)
		for n := range 200 {
			r.tunnel(1, 1, n%2 == 0, true)
			time.Sleep(50 * time.Millisecond)
		}
		if n := r.told(1) - before; n < 5 || n > 16 {
			t.Errorf("told %d times in ten seconds", n)
		}
		r.within(time.Second, "the truth is told in the end", func() bool { return !r.connectionStatus(1).Up })
	})
}

// told counts the reports of a connection.
func (r *rig) told(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := 0
	for _, rep := range r.reports {
		for _, s := range rep.Connections {
			if s.ID == connectionID(n) {
				count++
			}
		}
	}
	return count
}

// TestReports are made together, made again when they fail, and made anew in a new epoch.
func TestReports(t *testing.T) {
	bubble(t, func(r *rig) {
		r.mu.Lock()
		r.refuse = errors.New("no quorum")
		r.mu.Unlock()
		for n := range 30 {
			r.gateway(n, nil)
		}
		time.Sleep(2 * time.Second)
		r.mu.Lock()
		r.refuse = nil
		tries := len(r.reports)
		r.mu.Unlock()
		r.within(10*time.Second, "told after the fault", func() bool { return r.gatewayStatus(29).Ready })
		r.mu.Lock()
		if n := len(r.reports) - tries; n > 3 || tries > 20 {
			t.Errorf("%d reports in vain, %d for thirty gateways", tries, n)
		}
		r.mu.Unlock()
		r.epoch("epoch-2")
		r.within(time.Second, "told in the new epoch", func() bool { return r.gatewayStatus(29).Epoch == "epoch-2" })
		r.update(func(tx *store.Tx) { store.Hosts.Delete(tx, hostName) })
		r.gateway(50, nil)
		time.Sleep(time.Minute)
		if r.gatewayStatus(50).Ready {
			t.Error("told without a row of the host")
		}
		r.epoch("epoch-3")
		r.within(time.Second, "told when the row is back", func() bool { return r.gatewayStatus(50).Ready })
	})
}

// TestRouter has a router for as long as the VPC has a workload or a gateway here.
func TestRouter(t *testing.T) {
	bubble(t, func(r *rig) {
		router := plan.RouterMachine(aVPC)
		r.update(func(tx *store.Tx) {
			store.RouteTables.Put(tx, &vpc.RouteTable{ID: "rtb-aaaaaaaa", Scope: here, VPC: aVPC, Routes: []vpc.Route{{Destination: prefix("10.2.0.0/16"), GatewayType: vpc.HopVPN, Gateway: string(gatewayID(1))}}})
			store.Subnets.Put(tx, &vpc.Subnet{ID: "subnet-aaaaaaaa", Scope: here, VPC: aVPC, CIDR: prefix("10.7.1.0/24"), RouteTable: "rtb-aaaaaaaa"})
		})
		time.Sleep(time.Second)
		if len(r.loops.Machines()) != 0 {
			t.Error("a router without need")
		}
		work := &vpc.Workload{ID: "att-aaaaaaaa", Subnet: "subnet-aaaaaaaa", Scope: here, VPC: aVPC, Host: hostName, Namespace: "web", Address: addr("10.7.1.2"), Generation: 1}
		r.update(func(tx *store.Tx) { store.Workloads.Put(tx, work) })
		r.within(time.Second, "the workload is told", func() bool {
			s, ok := store.WorkloadStatuses.Get(r.st.View(), work.ID)
			return ok && s.Ready && s.Generation == 1
		})
		route := func(way string) func() bool {
			return func() bool { return strings.Contains(r.fakes[0].Has(router), way) }
		}
		if !route("drop")() || route("via 169.254.0.2 dev gw00000001")() {
			t.Error(r.fakes[0].Has(router))
		}
		r.gateway(1, nil)
		r.within(time.Second, "the route goes over the gateway", route("via 169.254.0.2 dev gw00000001"))
		r.gateway(1, func(g *vpc.Gateway) { g.Deleted = 9 })
		r.within(time.Second, "the route drops", func() bool { return !route("via 169.254.0.2 dev gw00000001")() })
		gone := *work
		gone.Deleted = 9
		r.update(func(tx *store.Tx) { store.Workloads.Put(tx, &gone) })
		r.within(time.Second, "the workload is gone", func() bool { _, ok := store.Workloads.Get(r.st.View(), work.ID); return !ok })
		r.within(time.Second, "the router is gone", func() bool { return r.fakes[0].Has(router) == "" && len(r.loops.Machines()) == 0 })
	})
}
