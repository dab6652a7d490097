package netdev

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// TestMany makes a hundred gateways at once, looks at them again and again, removes
// them, and counts what is left.
func TestMany(t *testing.T) {
	r := newRig(t)
	r.uplink()
	router := r.routerPlan("vpc-00000001")
	r.apply(router, r.gatewayPlan(200, "vpc-00000001"), gone(r.gatewayPlan(200, "vpc-00000001")))
	before := r.census()
	var machines []plan.Machine
	for n := range 100 {
		machines = append(machines, r.gatewayPlan(n, "vpc-00000001"))
	}
	took := func(what string, each func(plan.Machine) error) time.Duration {
		t.Helper()
		start := time.Now()
		errs := make(chan error, len(machines))
		var wg sync.WaitGroup
		for _, m := range machines {
			wg.Go(func() { errs <- each(m) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		d := time.Since(start)
		t.Logf("%s: %v, %v each", what, d, d/time.Duration(len(machines)))
		return d
	}
	both := func(m plan.Machine) error {
		if _, err := r.Build().Apply(context.Background(), m); err != nil {
			return err
		}
		o, err := r.Prune().Apply(context.Background(), m)
		if err == nil && o.Gone != m.Gone {
			err = fmt.Errorf("%s: %+v", m.ID, o)
		}
		return err
	}
	took("100 gateways made", both)
	writes := r.writes.Load()
	same := took("100 gateways looked at", both)
	if r.writes.Load() != writes {
		t.Errorf("wrote %d times", r.writes.Load()-writes)
	}
	if same > 5*time.Second { // 0.1 s on two idle cores
		t.Errorf("a pass that changes nothing took %v", same)
	}
	ids, err := r.Prune().Machines(context.Background())
	if err != nil || len(ids) != 101 {
		t.Errorf("%d machines, %v", len(ids), err)
	}
	took("100 gateways removed", func(m plan.Machine) error { return both(gone(m)) })
	r.lab.Eventually(lab.Patience, "nothing is left", func() error {
		after := r.census()
		// What a former test had open may be closed meanwhile.
		after.files, after.goroutines = max(after.files, before.files), max(after.goroutines, before.goroutines)
		if after != before {
			return fmt.Errorf("before %+v, after %+v", before, after)
		}
		return nil
	})
	if ids, err := r.Prune().Machines(context.Background()); err != nil || len(ids) != 1 {
		t.Errorf("%v, %v", ids, err)
	}
}

// census counts what could leak.
type census struct{ namespaces, hostLinks, routerLinks, routes, rules, files, goroutines int }

func (r *rig) census() census {
	r.Helper()
	names, err := host.Namespaces(r.prefix())
	if err != nil {
		r.Fatal(err)
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		r.Fatal(err)
	}
	lines := func(text string) int { return strings.Count(text, "\n") }
	return census{
		len(names), lines(r.host.Run("ip", "-o", "link")), lines(r.in("vpc-00000001").Run("ip", "-o", "link")),
		lines(r.in("vpc-00000001").Run("ip", "route", "show", "table", "all")), lines(r.host.Run("ip", "rule")),
		len(fds), runtime.NumGoroutine(),
	}
}
