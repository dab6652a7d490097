package reconcile_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

var simSeed = flag.Uint64("seed", 0, "run this simulation alone")

func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }
func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// TestSimulation changes rows, tunnels and the epoch at random while planes fail, hang
// and forget, then lets everything heal: rows and hosts must agree, and what was told
// must be true.
func TestSimulation(t *testing.T) {
	seeds := []uint64{*simSeed}
	if *simSeed == 0 {
		seeds = nil
		for n := range uint64(60) {
			seeds = append(seeds, n+1)
		}
	}
	for _, seed := range seeds {
		synctest.Test(t, func(t *testing.T) { simulate(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d: run it alone with -seed=%d", seed, seed)
		}
	}
}

// sim is one simulation.
type sim struct {
	*rig
	mu   sync.Mutex
	rand *rand.Rand
	up   map[int]bool
	sick map[int]bool
}

const simGateways, simConnections = 5, 9

func simulate(t *testing.T, seed uint64) {
	s := &sim{rig: newRig(t, seed), rand: rand.New(rand.NewPCG(seed, 2)), up: map[int]bool{}, sick: map[int]bool{}}
	defer s.close()
	s.fault(s.trouble)
	s.start()
	for range 150 {
		s.step()
		time.Sleep(time.Duration(s.n(400)) * time.Millisecond)
	}
	s.fault(nil)
	time.Sleep(15 * time.Minute)
	s.check()
}

func (s *sim) n(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.IntN(n)
}

// trouble makes a few changes fail, be slow, or hang until their deadline.
func (s *sim) trouble(ctx context.Context, _ plan.MachineID, _ string) error {
	switch n := s.n(1000); {
	case n < 15:
		return planetest.ErrInjected
	case n < 17:
		<-ctx.Done()
		return ctx.Err()
	case n < 60:
		time.Sleep(time.Duration(n) * time.Millisecond)
	}
	return nil
}

// step does one thing to the world.
func (s *sim) step() {
	n, g := s.n(simConnections), s.n(simGateways)
	owner := n % simGateways
	_, gateway := store.Gateways.Get(s.st.View(), gatewayID(g))
	switch s.n(10) {
	case 0, 1:
		s.gateway(g, func(x *vpc.Gateway) { x.Bandwidth = vpc.Mbps(5 + s.n(2)*5) })
	case 2:
		if gateway {
			s.gateway(g, func(x *vpc.Gateway) { x.Deleted = 9 })
		}
	case 3, 4:
		if have, ok := store.Gateways.Get(s.st.View(), gatewayID(owner)); ok && have.Deleted == 0 {
			s.connection(n, owner, func(x *vpc.Connection) { x.Health.Enable = false })
		}
	case 5:
		if _, ok := store.Connections.Get(s.st.View(), connectionID(n)); ok {
			s.connection(n, owner, func(x *vpc.Connection) { x.Deleted = 9 })
		}
	case 6, 7:
		s.up[n], s.sick[n] = s.n(3) > 0, s.n(3) == 0
		s.tunnel(n, owner, s.up[n], !s.sick[n])
	case 8:
		s.epoch([]string{"one", "two", "three"}[s.n(3)])
	case 9:
		s.fakes[s.n(2)].Leave(plan.GatewayMachine(gatewayID(g)), "made by hand")
	}
}

// check compares rows, planes and statuses when everything is at rest.
func (s *sim) check() {
	view := s.st.View()
	wanted := map[plan.MachineID]bool{}
	for g := range store.Gateways.All(view) {
		if g.Deleted != 0 {
			s.Errorf("%s is still there", g.ID)
			continue
		}
		wanted[plan.GatewayMachine(g.ID)], wanted[plan.RouterMachine(g.VPC)] = true, true
		if st, ok := store.GatewayStatuses.Get(view, g.ID); !ok || !st.Ready || st.Generation != g.Generation || st.Cause != "" {
			s.Errorf("%s generation %d: status %+v", g.ID, g.Generation, st)
		}
	}
	for n := range simConnections {
		s.checkConnection(view, n)
	}
	for i, f := range s.fakes {
		ids, _ := f.Machines(context.Background())
		for _, id := range ids {
			if !wanted[id] {
				s.Errorf("plane %d has %s, which nothing wants", i, id)
			}
		}
	}
	for id := range wanted {
		in, ok := s.loops.Inspect(id)
		if !ok || in.Diff != "" || in.LastError != "" {
			s.Errorf("%s: %v, difference %q, error %q", id, ok, in.Diff, in.LastError)
			continue
		}
		for i, f := range s.fakes {
			if !f.HoldsText(id, in.Plan) {
				s.Errorf("plane %d does not hold the plan of %s", i, id)
			}
		}
	}
	if len(s.loops.Machines()) != len(wanted) {
		s.Errorf("machines %v, want %v", s.loops.Machines(), wanted)
	}
	if s.lie != "" {
		s.Error(s.lie)
	}
}

func (s *sim) checkConnection(view *store.View, n int) {
	x, ok := store.Connections.Get(view, connectionID(n))
	if !ok {
		return
	}
	if g, ok := store.Gateways.Get(view, x.Gateway); !ok || g.Deleted != 0 {
		return
	}
	h, _ := store.Hosts.Get(view, hostName)
	st, ok := store.ConnectionStatuses.Get(view, x.ID)
	switch {
	case x.Deleted != 0:
		s.Errorf("%s is still there", x.ID)
	case !ok || st.Epoch != h.Epoch || st.Generation != x.Generation || st.Up != s.up[n] || st.Up != (st.Cause == ""):
		s.Errorf("%s generation %d, up %v: status %+v", x.ID, x.Generation, s.up[n], st)
	}
}
