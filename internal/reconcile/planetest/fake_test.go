package planetest_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/vpc"
)

func machine(n int, size vpc.Mbps) plan.Machine {
	id := vpc.GatewayID(fmt.Sprintf("vpngw-%08d", n))
	return plan.CompileGateway(plan.GatewaySnapshot{ID: id, Host: plan.Host{Tag: "abcdef"}, Gateway: &vpc.Gateway{
		ID: id, VPC: "vpc-aaaaaaaa", Type: vpc.TypeIPsec, Bandwidth: size, Public: netip.MustParseAddr("198.51.100.10")}})
}

func TestFake(t *testing.T) {
	planetest.Conformance(t, func(*testing.T) planetest.Subject {
		f := planetest.NewFake()
		return planetest.Subject{
			Planes:  []reconcile.Plane{f},
			Machine: func(n int) plan.Machine { return machine(n, 5) },
			Changed: func(n int) plan.Machine { return machine(n, 10) },
			State: func(t *testing.T) string {
				ids, err := f.Machines(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var b strings.Builder
				for n := range 2 {
					fmt.Fprintln(&b, f.Has(machine(n, 5).ID))
				}
				fmt.Fprintln(&b, len(ids))
				return b.String()
			},
			Fail: func(n int) func() bool {
				var seen atomic.Int64
				f.SetFault(func(context.Context, plan.MachineID, string) error {
					if seen.Add(1) == int64(n)+1 {
						return planetest.ErrInjected
					}
					return nil
				})
				return func() bool { f.SetFault(nil); return seen.Load() > int64(n) }
			},
		}
	})
}
