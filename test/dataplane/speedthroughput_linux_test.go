package dataplane

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// throughput compares a gateway with the same pair of daemons configured by hand, in
// turns, so that both see the same machine.
func (v speeds) throughput(t *testing.T) {
	c, l := newCloud(t), lab.New(t)
	s := c.site(l, 1000)
	o := c.office(l, "", false)
	o.Load(o.tunnel(s, lab.IKEv2).Text())
	s.route(l, o.lan)
	id := s.connect(l, o, lab.IKEv2, nil)
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	s.workload.Reaches(o.inside, lab.Patience)
	inside, far := c.byHand(l)
	v.turns("TCP through a gateway and by hand, Mbit/s",
		func(length time.Duration) float64 { return s.workload.Iperf(o.Namespace, o.inside, length) },
		func(length time.Duration) float64 { return inside.Iperf(far.Namespace, far.inside, length) })
}

// turns is a row of two rates that are measured in turns. The ratio is the median of the
// turns' own, so that a change of the machine's pace in between does not count.
func (v speeds) turns(what string, ours, theirs func(time.Duration) float64) {
	length := max(time.Second, time.Duration(v.seconds)*time.Second/2)
	var a, b, ratios []float64
	for range 2*v.seconds + 3 {
		a, b = append(a, ours(length)), append(b, theirs(length))
		ratios = append(ratios, a[len(a)-1]/b[len(b)-1])
	}
	v.row(what, len(ratios), fmt.Sprintf("%.0f and %.0f, ratio %.3f (%.2f to %.2f)",
		median(a), median(b), median(ratios), slices.Min(ratios), slices.Max(ratios)), hold("ratio 0.95", median(ratios) >= 0.95))
}

// byHand makes a tunnel between two peers, of the kind that a gateway has, and gives a
// machine behind the one and the other.
func (c *cloud) byHand(l *lab.Lab) (*lab.Namespace, *office) {
	l.Helper()
	far := c.office(l, "", false)
	near, inside := l.Namespace("by-hand"), l.Namespace("behind")
	number := offices.Add(1)
	s := &site{public: fmt.Sprintf("198.18.%d.%d", 200+number/200, 1+number%200)}
	near.Plug("wan0", l.Existing(c.host.Name), uplink, s.public+"/16")
	near.Cable("lan0", inside, "eth0")
	near.Address("lan0", "10.7.1.1/24")
	inside.Address("eth0", "10.7.1.2/24")
	inside.Route("default", "10.7.1.1")
	t := far.tunnel(s, lab.IKEv2)
	far.Load(t.Text())
	t.Local, t.Remote, t.LocalID, t.RemoteID = t.Remote, t.Local, t.RemoteID, t.LocalID
	t.LocalTS, t.RemoteTS = t.RemoteTS, t.LocalTS
	peer := near.Peer()
	peer.Load(t.Text())
	if err := peer.Up("cloud-1"); err != nil {
		l.Fatalf("%v", err)
	}
	inside.Reaches(far.inside, lab.Patience)
	return inside, far
}
