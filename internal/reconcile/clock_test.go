package reconcile_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestClockJumps sets the wall clock hours forward and back, at rest, while a tunnel falls
// and while a plane fails. What is told stays true and as prompt as ever, a failing machine
// is tried as often as ever, and no loop spins. Only what ends at an hour of the clock
// follows it.
func TestClockJumps(t *testing.T) {
	bubble(t, func(r *rig) {
		r.gateway(1, func(g *vpc.Gateway) { g.Type = vpc.TypeSSL })
		r.sslServer(1, nil)
		r.sslClient("vpnc-hours", 4*time.Hour)
		r.sslClient("vpnc-month", 30*24*time.Hour)
		r.gateway(2, nil)
		r.connection(2, 2, func(x *vpc.Connection) { x.Health.Enable = false })
		r.tunnel(2, 2, true, true)
		up := func() bool { return r.connectionStatus(2).Up }
		r.within(time.Second, "the tunnel is up", up)
		r.within(time.Second, "both are in", func() bool { return r.admitted() == "vpnc-hours vpnc-month " })
		hours := 0
		for _, jump := range []int{6, -6, -48, 54, -6, 200, -400} {
			hours += jump
			r.skew.Add(int64(jump) * int64(time.Hour))
			r.afterJump(jump, up)
			want := "vpnc-hours vpnc-month "
			switch {
			case hours > 0:
				want = "vpnc-month "
			case hours < 0: // the certificates are not valid yet
				want = ""
			}
			r.within(time.Minute, "who is let in goes by the clock", func() bool { return r.admitted() == want })
		}
		if r.lie != "" {
			t.Error(r.lie)
		}
	})
}

// afterJump looks at what must not follow the wall clock.
func (r *rig) afterJump(hours int, up func() bool) {
	r.Helper()
	id := plan.GatewayMachine(gatewayID(2))
	calls := r.fakes[0].Calls(id)
	for range 120 {
		time.Sleep(5 * time.Second)
		if !up() || !r.gatewayStatus(2).Ready {
			r.Fatalf("%d hours: gateway %+v, connection %+v", hours, r.gatewayStatus(2), r.connectionStatus(2))
		}
	}
	if n := r.fakes[0].Calls(id) - calls; n < 8 || n > 25 {
		r.Errorf("%d hours: %d passes in ten minutes", hours, n)
	}

	r.tunnel(2, 2, false, false)
	r.within(time.Second, "a tunnel that fell is told of", func() bool { return !up() })
	r.tunnel(2, 2, true, true)
	r.within(time.Second, "and that it is up", up)

	// A jump in the midst of failures puts off no further try.
	r.fault(func(context.Context, plan.MachineID, string) error { return planetest.ErrInjected })
	r.gateway(2, func(g *vpc.Gateway) { g.Bandwidth += 5 })
	time.Sleep(5 * time.Minute)
	r.skew.Add(int64(-hours) * int64(time.Hour))
	time.Sleep(time.Millisecond)
	r.skew.Add(int64(hours) * int64(time.Hour))
	tried := r.fakes[0].Calls(id)
	time.Sleep(5 * time.Minute)
	if n := r.fakes[0].Calls(id) - tried; n < 8 || n > 40 {
		r.Errorf("%d hours: %d tries in five minutes", hours, n)
	}
	r.fault(nil)
	r.within(2*time.Minute, "it stands again", func() bool { s := r.gatewayStatus(2); return s.Ready && s.Cause == "" })
}
