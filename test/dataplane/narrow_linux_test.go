package dataplane

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// narrowMTU is what fits through the link before an office behind a router.
const narrowMTU = 1300

// TestNarrowPath has an office behind a router that forwards less than a full packet. It
// says so to the gateway, whose daemons are in the gateway's own namespace or in a
// child's; both then send what fits, and no size is a hole.
func TestNarrowPath(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"Policy", "StaticRoute"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			s := shared.site(l, 100)
			o, router := shared.officeBehind(l, narrowMTU)
			s.route(l, o.lan)
			far, more := o.tunnel(s, lab.IKEv2), obj{}
			if kind == "StaticRoute" {
				far, more["RouteType"] = routed(far), kind
			}
			o.Load(far.Text())
			id := s.connect(l, o, lab.IKEv2, more)
			if kind == "StaticRoute" {
				s.gatewayRoute(l, o.lan, id, 0)
			}
			s.netStatus(l, id, "AVAILABLE", lab.Patience)
			s.workload.Reaches(o.inside, lab.Patience)
			outside := router.Capture("wan0")
			l.Eventually(lab.Patience, "full packets arrive", func() error {
				if p := s.workload.Ping(o.inside, 10, "-s", fmt.Sprint(innerMTU-28)); p.Lost() > 0 {
					return fmt.Errorf("%v", p)
				}
				return nil
			})
			told := outside.Packets(func(p lab.Packet) bool {
				return p.Proto == 1 && p.Dst.String() == s.public && len(p.Payload) > 2 && p.Payload[0] == 3 && p.Payload[1] == 4
			})
			if len(told) == 0 {
				t.Error("the router has not said what fits")
			}
			if got := s.workload.Iperf(o.Namespace, o.inside, time.Second); got < 1 {
				t.Errorf("TCP gets %.2f Mbit/s", got)
			}
		})
	}
}

// officeBehind makes an office behind a router that answers for its address.
func (c *cloud) officeBehind(l *lab.Lab, mtu int) (*office, *lab.Namespace) {
	l.Helper()
	const hop = "169.254.9.1"
	o, router, n := newOffice(""), l.Namespace("router"), l.Namespace("office")
	o.own = o.public
	router.Plug("wan0", l.Existing(c.host.Name), uplink, fmt.Sprintf("198.18.251.%d/16", offices.Add(1)))
	router.Forward()
	router.Sysctl("net/ipv4/conf/wan0/proxy_arp", "1")
	router.Sysctl("net/ipv4/neigh/wan0/proxy_delay", "0")
	router.Cable("lan0", n, "wan0")
	router.Address("lan0", hop+"/32")
	n.Address("wan0", o.public+"/32")
	for end, dev := range map[*lab.Namespace]string{router: "lan0", n: "wan0"} {
		end.Run("ip", "link", "set", dev, "mtu", fmt.Sprint(mtu))
	}
	router.Run("ip", "route", "add", o.public, "dev", "lan0")
	n.Run("ip", "route", "add", hop, "dev", "wan0")
	n.Run("ip", "route", "add", "default", "via", hop, "dev", "wan0")
	o.open(n)
	o.enrol(l, c)
	return o, router
}

// TestOneHost has policies for a single host, with a daemon of its own because they also
// hold the office's public address.
func TestOneHost(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o := shared.site(l, 100), shared.office(l, "", false)
	s.route(l, o.lan)
	far := o.tunnel(s, lab.IKEv2)
	far.LocalTS, far.RemoteTS = []string{o.lan, o.public + "/32"}, []string{s.inside + "/32"}
	o.Load(far.Text())
	id := s.connect(l, o, lab.IKEv2, obj{"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": s.inside + "/32", "RemoteCidrBlock": far.LocalTS}}})
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	if len(lab.Namespaces(shared.prefix+id)) != 1 {
		t.Error("it has no child")
	}
	s.workload.Reaches(o.inside, lab.Patience)
	if p := o.Ping(s.inside, 20, "-I", o.inside); p.Lost() > 0 {
		t.Errorf("to the cloud: %v", p)
	}
	if p := s.workload.Ping(o.inside, 20); p.Lost() > 0 {
		t.Errorf("to the office: %v", p)
	}
}
