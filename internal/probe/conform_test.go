package probe

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/vpc"
)

func TestConformance(t *testing.T) {
	planetest.Conformance(t, func(*testing.T) planetest.Subject {
		p := newPlane(slog.New(slog.DiscardHandler), (&far{}).open)
		probed := func(n int, every time.Duration) plan.Machine {
			x := path
			x.Connection, x.Interval = vpc.ConnectionID(fmt.Sprintf("vpnx-%08d", n)), every
			return plan.Machine{ID: plan.GatewayMachine(vpc.GatewayID(fmt.Sprintf("vpngw-%08d", n))), Probes: []plan.Probe{x}}
		}
		return planetest.Subject{
			Planes:  []reconcile.Plane{p},
			Machine: func(n int) plan.Machine { return probed(n, 20*time.Millisecond) },
			Changed: func(n int) plan.Machine { return probed(n, 30*time.Millisecond) },
			State:   func(*testing.T) string { return p.state() },
		}
	})
}

// state prints what is probed, without what changes by itself.
func (p *Plane) state() string {
	ids, _ := p.Machines(context.Background()) // never fails
	slices.SortFunc(ids, func(a, b plan.MachineID) int { return cmp.Compare(a.String(), b.String()) })
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, id := range ids {
		for _, x := range sorted(p.machines[id]) {
			fmt.Fprintf(&b, "%s %+v\n", id, p.machines[id][x].want)
		}
	}
	return b.String()
}
