package dataplane

import (
	"fmt"
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
	length := time.Duration(v.seconds) * time.Second
	var ours, theirs []float64
	for range 5 {
		ours = append(ours, s.workload.Iperf(o.Namespace, o.inside, length))
		theirs = append(theirs, inside.Iperf(far.Namespace, far.inside, length))
	}
	a, b := median(ours), median(theirs)
	v.row("TCP through a gateway and by hand, Mbit/s", len(ours), fmt.Sprintf("%.0f and %.0f, ratio %.2f", a, b, a/b), "ratio 0.95")
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
