package netdev

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// wakes gathers what Run says.
type wakes struct {
	mu sync.Mutex
	n  map[plan.MachineID]int
}

func (w *wakes) wake(id plan.MachineID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n[id]++
}

func (w *wakes) count(id plan.MachineID) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n[id]
}

// watching runs the driver's watch until the test ends.
func (r *rig) watching() *wakes {
	w := &wakes{n: map[plan.MachineID]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Build().Run(ctx, w.wake) }()
	r.T.Cleanup(func() {
		cancel()
		if err := <-done; err != context.Canceled {
			r.Errorf("Run: %v", err)
		}
	})
	// Deaf until its sockets are open: it hears when a name comes and goes.
	r.lab.Eventually(lab.Patience, "the watch", func() error {
		probe := r.name("probe")
		r.index.learn(plan.Machine{ID: plan.MachineID{Kind: "probe", ID: "probe"}, Namespaces: []plan.Namespace{{Name: probe}}})
		defer r.index.learn(plan.Machine{ID: plan.MachineID{Kind: "probe", ID: "probe"}, Gone: true})
		if err := host.CreateNamespace(probe, false); err != nil {
			return err
		}
		err := lab.Poll(200*time.Millisecond, func() error { return w.woken(plan.MachineID{Kind: "probe", ID: "probe"}, 0) })
		return firstOf(err, host.DeleteNamespace(probe))
	})
	return w
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *wakes) woken(id plan.MachineID, before int) error {
	if n := w.count(id); n <= before {
		return fmt.Errorf("%s was not woken", id)
	}
	return nil
}

// TestWorkloadComesAndGoes has a workload whose namespace is made late, goes and comes
// back: it is no fault of the router, and each wakes it.
func TestWorkloadComesAndGoes(t *testing.T) {
	r := newRig(t)
	w := r.watching()
	name := r.name("work")
	router := r.routerPlan("vpc-00000001", name)
	expect := func(ready bool) {
		t.Helper()
		o := r.apply(router)
		if s := o.Workloads["w0"]; s.Ready != ready || ready != (s.Cause == "") {
			t.Fatalf("workload: %+v, want ready %v", s, ready)
		}
	}
	await := func(what string, before int) {
		t.Helper()
		r.lab.Eventually(lab.Patience, what, func() error { return w.woken(router.ID, before) })
	}
	expect(false)
	for range 3 {
		n := w.count(router.ID)
		if err := host.CreateNamespace(name, false); err != nil {
			t.Fatal(err)
		}
		await("a namespace comes", n)
		expect(true)
		r.lab.Existing(name).Reaches("10.0.1.1", lab.Patience)
		n = w.count(router.ID)
		if err := host.DeleteNamespace(name); err != nil {
			t.Fatal(err)
		}
		await("a namespace goes", n)
		expect(false)
	}
}

// TestWakes deletes a machine's things by hand, each of which wakes it, and only it.
func TestWakes(t *testing.T) {
	r := newRig(t)
	r.uplink()
	w := r.watching()
	router, one, two := r.routerPlan("vpc-00000001"), r.gatewayPlan(1, "vpc-00000001"), r.gatewayPlan(2, "vpc-00000001")
	r.apply(router, one, two)
	quiet := func() { // what the passes themselves caused is over when it stops
		t.Helper()
		last, same := -1, 0
		r.lab.Eventually(lab.Patience, "quiet", func() error {
			if n := w.count(one.ID) + w.count(two.ID) + w.count(router.ID); n != last {
				last, same = n, 0
			}
			if same++; same < 20 {
				return fmt.Errorf("%d wakes, the last only just now", last)
			}
			return nil
		})
	}
	for _, c := range []struct {
		ns      *lab.Namespace
		command string
	}{
		{r.in("vpngw-00000001"), "ip link del wan0"},
		{r.in("vpngw-00000001"), "ip link set lan0 down"},
		{r.in("vpc-00000001"), "ip link del gw00000001"},
		{r.host, "ip link del gwu00000001"},
		{r.host, "ip netns del " + r.name("vpngw-00000001")},
	} {
		quiet()
		n, others := w.count(one.ID), w.count(two.ID)
		c.ns.Run(strings.Fields(c.command)...)
		r.lab.Eventually(lab.Patience, c.command, func() error { return w.woken(one.ID, n) })
		if w.count(two.ID) != others {
			t.Errorf("%s: woke another gateway too", c.command)
		}
		r.apply(one)
	}
	quiet()
	n := w.count(router.ID)
	r.host.Run("ip", "netns", "del", r.name("vpc-00000001"))
	r.lab.Eventually(lab.Patience, "the router's namespace goes", func() error {
		return firstOf(w.woken(router.ID, n), w.woken(one.ID, 0), w.woken(two.ID, 0))
	})
	r.apply(router, one, two)
}

// TestMissingRouter builds a gateway before its router: it fails, and is woken when the
// router has come.
func TestMissingRouter(t *testing.T) {
	r := newRig(t)
	r.uplink()
	w := r.watching()
	router, gateway := r.routerPlan("vpc-00000001"), r.gatewayPlan(1, "vpc-00000001")
	o, err := r.Build().Apply(context.Background(), gateway)
	if err == nil || o.Ready || !strings.Contains(o.Cause, "vpc-00000001") {
		t.Fatalf("%v; %+v", err, o)
	}
	r.apply(router)
	r.lab.Eventually(lab.Patience, "the router comes", func() error { return w.woken(gateway.ID, 0) })
	r.apply(gateway)
	// The router's route over the gateway's link needs that link.
	late := r.routerPlan("vpc-00000001")
	late.Namespaces[0].Routes = []plan.Route{{Table: 1001, To: prefix("172.16.0.0/16"), Hops: []plan.Hop{{Via: addr("169.254.0.2"), Dev: "gw00000002"}}}}
	n := w.count(router.ID)
	if _, err := r.Build().Apply(context.Background(), late); err == nil {
		t.Fatal("a route over a link that is not there")
	}
	r.apply(r.gatewayPlan(2, "vpc-00000001"))
	r.lab.Eventually(lab.Patience, "the link comes", func() error { return w.woken(router.ID, n) })
	r.apply(late)
}

// TestWorkloadConflicts has workloads whose own things are in the way.
func TestWorkloadConflicts(t *testing.T) {
	r := newRig(t)
	taken, routed, fine := r.lab.Namespace("taken"), r.lab.Namespace("routed"), r.lab.Namespace("fine")
	taken.Bridge("vpc0")
	routed.Bridge("br0", "192.168.9.1/24")
	routed.Route("default", "192.168.9.2")
	router := r.routerPlan("vpc-00000001", taken.Name, routed.Name, fine.Name)
	before := r.facts(taken)
	for range 2 {
		o := r.apply(router)
		for key, want := range map[string]string{"w0": "rename", "w1": "default route of its own", "w2": ""} {
			if s := o.Workloads[key]; s.Ready != (want == "") || !strings.Contains(s.Cause, want) {
				t.Errorf("%s: %+v, want %q", key, s, want)
			}
		}
	}
	if after := r.facts(taken); after != before {
		t.Errorf("changed:\n%s", differing(before, after))
	}
	if got := routed.Run("ip", "route", "show", "default"); !strings.Contains(got, "192.168.9.2") {
		t.Errorf("the workload's own default route: %q", got)
	}
	fine.Reaches("10.0.1.1", lab.Patience)
	taken.Run("ip", "link", "del", "vpc0")
	routed.Run("ip", "route", "del", "default")
	for key, s := range r.apply(router).Workloads {
		if !s.Ready {
			t.Errorf("%s: %+v", key, s)
		}
	}
	r.apply(gone(router))
	if got := routed.Run("ip", "-o", "link"); strings.Contains(got, "vpc0") {
		t.Errorf("left in the workload: %s", got)
	}
}
