package netdev

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestShape measures what TCP gets through a shaped link at every size that is sold, and
// what a ping takes meanwhile. Both ends of the cable are shaped, so each way is capped.
func TestShape(t *testing.T) {
	r := newRig(t)
	a, b := r.lab.Namespace("a"), r.lab.Namespace("b")
	m := r.alone()
	ns := &m.Namespaces[0]
	sizes := []int{5, 10, 50, 100, 200, 500, 1000}
	if testing.Short() {
		sizes = []int{5, 100}
	}
	for _, mbps := range sizes {
		shape := plan.ShapeFor(vpc.Mbps(mbps))
		ns.Links = []plan.Link{
			{Name: "l0", Kind: plan.LinkVeth, Addrs: prefixes("10.1.0.1/24"), Shape: shape, Peer: plan.End{Namespace: a.Name, Name: "e0", Addrs: prefixes("10.1.0.2/24"), Default: addr("10.1.0.1"), Workload: "a", Shape: shape}},
			{Name: "l1", Kind: plan.LinkVeth, Addrs: prefixes("10.2.0.1/24"), Peer: plan.End{Namespace: b.Name, Name: "e0", Addrs: prefixes("10.2.0.2/24"), Default: addr("10.2.0.1"), Workload: "b"}},
		}
		r.apply(m)
		r.still(m)
		a.Reaches("10.2.0.2", lab.Patience)
		for _, way := range [][]string{{}, {"-R", "-C", "cubic"}} {
			r.measure(a, b, mbps, way)
		}
	}
	ns.Links[0].Shape, ns.Links[0].Peer.Shape = plan.Shape{}, plan.Shape{}
	r.apply(m)
	r.still(m)
	if got := a.Iperf(b, "10.2.0.2", time.Second); got < 1200 {
		t.Errorf("without a shaper, TCP got %.0f Mbit/s", got)
	}
}

// measure looks up to three times: on a busy machine both ends may miss their turn.
func (r *rig) measure(a, b *lab.Namespace, mbps int, way []string) {
	r.Helper()
	var report string
	for range 3 {
		pings := a.PingStart("10.2.0.2", "-i", "0.05")
		got := a.Iperf(b, "10.2.0.2", 3*time.Second, append([]string{"-O", "1"}, way...)...)
		mean, worst := pings.Stop().Times()
		share := got / float64(mbps)
		report = fmt.Sprintf("%d Mbit/s %v: TCP got %.2f (%.1f %%), ping %v, worst %v", mbps, way, got, 100*share, mean, worst)
		r.Log(report)
		if share >= 0.95 && share <= 1.05 && mean < 50*time.Millisecond {
			return
		}
	}
	r.Error(report)
}
