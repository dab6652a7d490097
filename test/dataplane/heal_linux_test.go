package dataplane

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestServerDies kills the server under a running ping and starts it again, then stops
// it as an operator would: packets do not notice, and nothing is made twice.
func TestServerDies(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	l := lab.New(t)
	s, o, id := c.joined(l)
	before := lab.Namespaces(c.prefix)
	daemons := lab.Pids(c.prefix + s.gateway)

	pings := s.workload.PingStart(o.inside)
	c.kill()
	c.start()
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	c.stop()
	c.start()
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 20 { // the three reasons may be there within half a second
		t.Errorf("under kill -9 and a restart: %v", p)
	}
	if after := lab.Namespaces(c.prefix); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("namespaces were %v, are %v", before, after)
	}
	if after := lab.Pids(c.prefix + s.gateway); fmt.Sprint(after) != fmt.Sprint(daemons) {
		t.Errorf("daemons were %v, are %v", daemons, after)
	}
	if err := o.RekeyChild("cloud-1"); err != nil {
		t.Errorf("an adopted tunnel rekeys: %v", err)
	}
	s.workload.Reaches(o.inside, lab.Patience)
}

// TestHostReboots takes away what a boot does while the server is down: namespaces,
// processes, the runtime directory and the workload's namespace, which comes back empty
// when the server runs already. From its rows alone the server makes everything again, for
// a tunnel by policy and one by route.
func TestHostReboots(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	l := lab.New(t)
	s, o, id := c.joined(l)
	branch, byRoute := s.branch(l)
	c.kill()
	l.Sweep(c.prefix)
	l.Sweep(s.workload.Name)
	c.loseRuntime()
	c.start()
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	s.workload.Renew()
	s.workload.Reaches(o.inside, 4*lab.Patience) // what has failed is tried again after half a minute at most
	s.netStatus(l, byRoute, "AVAILABLE", lab.Patience)
	s.workload.Reaches(branch.inside, lab.Patience)
	if at := s.workload.Run("ip", "-o", "address"); !strings.Contains(at, " "+s.inside+"/") {
		t.Errorf("the workload was %s, is now\n%s", s.inside, at)
	}
}

// loseRuntime takes the runtime directory away as a boot does. The server has put a tmpfs
// on it unless it was on one already.
func (c *cloud) loseRuntime() {
	c.lab.Helper()
	if err := syscall.Unmount(c.runtime, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL {
		c.lab.Fatalf("unmount %s: %v", c.runtime, err)
	}
	c.lab.Eventually(lab.Patience, "the runtime directory is gone", func() error { return os.RemoveAll(c.runtime) }) // killed daemons may write their last
}

// TestGatewayInTheWay puts a device of somebody else where a gateway's is to be. The
// gateway cannot be made, its owner and the operator are told, and once the device is
// gone it is made without another call.
func TestGatewayInTheWay(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	l := lab.New(t)
	s, o, id := c.joined(l)
	c.kill()
	l.Sweep(c.prefix)
	dev := "gwu" + strings.TrimPrefix(s.gateway, "vpngw-")
	// The namespace's end of the link takes this one along, a moment later.
	l.Eventually(lab.Patience, dev+" is somebody else's", func() error {
		_, err := c.host.Try("ip", "link", "add", dev, "type", "bridge")
		return err
	})
	c.start()
	var cause string
	l.Eventually(2*lab.Patience, s.gateway+" cannot be made", func() error {
		state := text(c.gateway(l, s.gateway), "State")
		cause = between(c.why(s.gateway), `"fault": "`, `"`)
		if state != "PENDING_ERROR" || !strings.Contains(cause, dev+": it is there already and not ours") {
			return fmt.Errorf("it is %s: %s", state, cause)
		}
		return nil
	})
	t.Logf("%s: %s", s.gateway, cause)
	c.host.Run("ip", "link", "del", dev)
	// Both ends wait before they try again, longer each time.
	l.Eventually(4*lab.Patience, s.gateway+" stands", func() error {
		if state := text(c.gateway(l, s.gateway), "State"); state != "AVAILABLE" {
			return fmt.Errorf("it is %s: %s", state, c.why(s.gateway))
		}
		return nil
	})
	s.netStatus(l, id, "AVAILABLE", 4*lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)
}

// TestDaemonDies kills a charon with SIGKILL: the tunnel is back within five seconds
// without help, and the tunnel of a neighbour loses nothing. A busy machine may be late for
// one of three, a broken product is for all.
func TestDaemonDies(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, id := shared.joined(l)
	near, far, _ := shared.joined(l)
	pings := near.workload.PingStart(far.inside)
	var away []time.Duration
	for len(away) < 3 && (len(away) == 0 || slices.Min(away) > 5*time.Second) {
		pids := lab.Pids(shared.prefix + s.gateway)
		if len(pids) != 1 {
			t.Fatalf("the gateway has processes %v", pids)
		}
		died := time.Now()
		if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		l.Eventually(2*lab.Patience, "the tunnel is back", func() error {
			if p := s.workload.Ping(o.inside, 1, "-W", "0.2"); p.Received == 0 {
				return errStill
			}
			return nil
		})
		away = append(away, time.Since(died).Round(time.Millisecond))
		s.netStatus(l, id, "AVAILABLE", lab.Patience)
	}
	t.Logf("back after %v", away)
	if slices.Min(away) > 5*time.Second {
		t.Errorf("never back within five seconds: %v", away)
	}
	if p := pings.Stop(); p.Lost() > 0 || p.Sent == 0 {
		t.Errorf("the neighbour: %v", p)
	}
}

// TestNamespaceDeleted removes a gateway's namespace by hand. The gateway is made again
// at once, and so are the routes of its VPC's router that went with its link.
func TestNamespaceDeleted(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, id := shared.joined(l)
	deleted := time.Now()
	l.Sweep(shared.prefix + s.gateway)
	l.Eventually(20*time.Second, "packets pass again", func() error {
		if p := s.workload.Ping(o.inside, 1, "-W", "0.2"); p.Received == 0 {
			return fmt.Errorf("%s", shared.why(s.gateway))
		}
		return nil
	})
	t.Logf("back after %v", time.Since(deleted).Round(time.Millisecond))
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
}

// TestChildDies kills the charon of a tunnel by route, which has a namespace of its own, and
// then takes that away by hand: packets pass again without help. The tunnel by route beside
// it loses none.
func TestChildDies(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	stays, _ := s.branch(l)
	o, id := s.branch(l)
	home := shared.prefix + id
	pings := s.workload.PingStart(stays.inside)
	for _, ruin := range []struct {
		what string
		do   func()
	}{
		{"its charon is killed", func() {
			pids := lab.Pids(home)
			if len(pids) != 1 {
				t.Fatalf("the tunnel has processes %v", pids)
			}
			if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}},
		{"its namespace is deleted", func() { l.Sweep(home) }},
	} {
		ruin.do()
		began := time.Now()
		s.workload.Reaches(o.inside, 2*lab.Patience)
		t.Logf("%s: back after %v", ruin.what, time.Since(began).Round(time.Millisecond))
		s.netStatus(l, id, "AVAILABLE", lab.Patience)
	}
	if p := pings.Stop(); p.Lost() > 0 || p.Sent == 0 {
		t.Errorf("the tunnel beside it: %v", p)
	}
}

// branch is an office with a tunnel by route that packets pass.
func (s *site) branch(l *lab.Lab) (*office, string) {
	l.Helper()
	o := s.cloud.office(l, "", false)
	o.Load(routed(o.tunnel(s, lab.IKEv2)).Text())
	s.route(l, o.lan)
	id := s.connect(l, o, lab.IKEv2, obj{"RouteType": "StaticRoute"})
	s.gatewayRoute(l, o.lan, id, 0)
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	s.workload.Reaches(o.inside, lab.Patience)
	return o, id
}

// TestRouterDeleted removes the namespace of a VPC's router by hand, and with it the links
// of its gateway and of its workload. Both are joined again without help, the workload at
// its address, and another VPC loses no packet.
func TestRouterDeleted(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, _ := shared.joined(l)
	near, far, _ := shared.joined(l)
	pings := near.workload.PingStart(far.inside)
	at := func() string { return s.workload.Run("ip", "-o", "link", "show", "type", "veth") }
	before, began := at(), time.Now()
	l.Sweep(shared.prefix + s.vpc)
	// A namespace without a name lives on for as long as somebody has it open.
	l.Eventually(2*lab.Patience, "the workload has another link", func() error {
		if now := at(); now == "" || now == before {
			return fmt.Errorf("it has %q", now)
		}
		return nil
	})
	s.workload.Reaches(o.inside, 2*lab.Patience)
	t.Logf("back after %v", time.Since(began).Round(time.Millisecond))
	l.Eventually(lab.Patience, "the office reaches the workload", func() error { // the gateway may not be done with its new link
		if p := o.Ping(s.inside, 20, "-I", o.inside); p.Lost() > 0 {
			return fmt.Errorf("%v", p)
		}
		return nil
	})
	if p := pings.Stop(); p.Lost() > 0 || p.Sent == 0 {
		t.Errorf("another VPC: %v", p)
	}
}

// TestNoClearPacket looks for packets of the tenant on the internet side, before a
// tunnel is up, while it is down and while it is up: there must be none.
func TestNoClearPacket(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	o := shared.office(l, "", false)
	s.route(l, o.lan)
	outside := l.Existing(shared.prefix + s.gateway).Capture("wan0")
	at := o.Capture("wan0")
	s.workload.Ping(o.inside, 10)
	o.Load(o.tunnel(s, lab.IKEv2).Text())
	id := s.connect(l, o, lab.IKEv2, nil)
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	s.workload.Reaches(o.inside, lab.Patience)
	pings := s.workload.PingStart(o.inside)
	o.Kill()
	s.workload.Ping(o.inside, 20)
	shared.call(l, "DeleteVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": id})
	l.Eventually(lab.Patience, "the connection is gone", gone(func() bool { return shared.connection(l, id) == nil }))
	s.workload.Ping(o.inside, 20)
	pings.Stop()
	for name, c := range map[string]*lab.Capture{"the gateway's": outside, "the office's": at} {
		c.Stop()
		if clear := c.Packets(lab.Touches(siteRange)); len(clear) > 0 {
			t.Errorf("%d packets in clear on %s internet side, such as %v", len(clear), name, clear[0])
		}
		if len(c.Packets(func(p lab.Packet) bool { return p.DstPort == 4500 })) == 0 {
			t.Errorf("the capture on %s internet side has not seen the tunnel", name)
		}
	}
}

// TestReasons makes connections that cannot come up: they stay down, the operator is
// told why, and a tunnel on the same gateway loses nothing.
func TestReasons(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, good, _ := shared.joined(l)
	pings := s.workload.PingStart(good.inside)
	for _, c := range []struct {
		name, cause string
		spoil       func(*lab.Tunnel)
	}{
		{"key", "key", func(t *lab.Tunnel) { t.Key = "another" }},
		{"proposal", "proposal", func(t *lab.Tunnel) { t.IKE = "aes256-sha512-modp4096" }},
		{"selectors", "selectors", func(t *lab.Tunnel) { t.RemoteTS = []string{"10.99.0.0/16"} }},
	} {
		o := shared.office(l, "", false)
		far := o.tunnel(s, lab.IKEv2)
		c.spoil(&far)
		o.Load(far.Text())
		id := s.connect(l, o, lab.IKEv2, nil)
		l.Eventually(lab.Patience, "the reason of a wrong "+c.name, func() error {
			if why := shared.why(id); !strings.Contains(between(why, `"cause": "`, `"`), c.cause) {
				return fmt.Errorf("it says %s", why)
			}
			return nil
		})
		s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
		t.Logf("wrong %s: %s", c.name, between(shared.why(id), `"cause": "`, `"`))
	}
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 20 { // the three reasons may be there within half a second
		t.Errorf("the neighbour: %v", p)
	}
}

// TestBlocked lets nothing through a gateway that the operator has blocked.
func TestBlocked(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, _ := shared.joined(l)
	shared.operate(l, "gateway", "block", s.gateway)
	l.Eventually(lab.Patience, "nothing passes", func() error {
		if p := s.workload.Ping(o.inside, 3, "-W", "0.2"); p.Received > 0 {
			return os.ErrExist
		}
		return nil
	})
	shared.operate(l, "gateway", "unblock", s.gateway)
	s.workload.Reaches(o.inside, lab.Patience)
}

// joined makes a site and an office with a tunnel between them that packets pass.
func (c *cloud) joined(l *lab.Lab) (*site, *office, string) {
	l.Helper()
	return c.joinedAt(l, 100)
}

func (c *cloud) joinedAt(l *lab.Lab, mbit int) (*site, *office, string) {
	l.Helper()
	s, o := c.site(l, mbit), c.office(l, "", false)
	return s, o, s.join(l, o)
}

// between is what stands between two texts.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
