package netdev

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// TestMoved takes a device of the host into a router and gives it back as it was.
func TestMoved(t *testing.T) {
	r := newRig(t)
	far := r.lab.Namespace("far")
	r.host.Cable("eth1", far, "eth0")
	r.host.Run("ip", "link", "set", "eth1", "alias", "to rack 4")
	far.Address("eth0", "10.0.1.50/24")
	before := r.facts(r.host)

	router := r.routerPlan("vpc-00000001")
	without := router
	router.Namespaces = []plan.Namespace{router.Namespaces[0]}
	router.Namespaces[0].Links = append([]plan.Link{{Name: "eth1.2", Kind: plan.LinkMoved, Parent: "eth1", Master: "sn1"}}, router.Namespaces[0].Links...)

	for _, end := range []plan.Machine{without, gone(router)} {
		r.apply(router)
		r.still(router)
		if links := r.host.Run("ip", "-o", "link"); strings.Contains(links, "eth1") {
			t.Fatalf("the device is still at home:\n%s", links)
		}
		far.Reaches("10.0.1.1", 3e9)
		later := r.another(r.tag)
		n := later.writes.Load()
		applyTo(t, later, router)
		if later.writes.Load() != n {
			t.Error("a later run does not know the device again")
		}
		applyTo(t, later, end)
		if after := r.facts(r.host); after != before {
			t.Fatalf("not given back as it was:\n%s", differing(before, after))
		}
		r.Driver.Close()
	}
}

// TestMovedAbsent names a device that does not exist, and one of another machine.
func TestMovedAbsent(t *testing.T) {
	r := newRig(t)
	router := r.routerPlan("vpc-00000001")
	router.Namespaces[0].Links = append(router.Namespaces[0].Links, plan.Link{Name: "dev0", Kind: plan.LinkMoved, Parent: "eth1"})
	o, err := r.Build().Apply(context.Background(), router)
	if !errors.Is(err, unix.ENODEV) || o.Ready || !strings.Contains(o.Cause, "device eth1") {
		t.Errorf("%v; %+v", err, o)
	}
	r.host.Cable("eth1", r.host, "eth1peer")
	r.apply(router)
	other := r.routerPlan("vpc-00000002")
	other.Namespaces[0].Links = append(other.Namespaces[0].Links, plan.Link{Name: "dev0", Kind: plan.LinkMoved, Parent: "eth1"})
	if o, err := r.Build().Apply(context.Background(), other); err == nil || o.Ready {
		t.Errorf("two machines have one device: %+v", o)
	}
	r.still(router)
	r.apply(gone(router))
	r.apply(other)
}

// TestMovedBusy names devices of the host that must stay where they are. Nothing of them
// changes, and the router stands without them.
func TestMovedBusy(t *testing.T) {
	r := newRig(t)
	isp := r.lab.Namespace("isp")
	r.host.Cable("eth0", isp, "eth0")
	r.host.Address("eth0", "203.0.113.2/24")
	r.host.Bridge("br0")
	r.host.Cable("eth1", isp, "eth1")
	r.host.Run("ip", "link", "set", "eth1", "master", "br0")
	if _, err := r.EnsureUplink(context.Background(), "eth0", netip.Prefix{}); err != nil {
		t.Fatal(err)
	}
	r.lab.Eventually(lab.Patience, "the bridge is up", func() error {
		if now := r.host.Run("ip", "link", "show", "br0"); !strings.Contains(now, "state UP") {
			return errors.New(now)
		}
		return nil
	})
	before := r.facts(r.host)
	for device, why := range map[string]string{"lo": "loopback", "eth0": "uplink", "br0": "bridge", "eth1": "port"} {
		router := r.routerPlan("vpc-00000001")
		router.Namespaces[0].Links = append(router.Namespaces[0].Links, plan.Link{
			Name: device, Kind: plan.LinkMoved, Parent: device, Peer: plan.End{Workload: "w0"},
		})
		o, err := r.Build().Apply(context.Background(), router)
		state := o.Workloads["w0"]
		if err != nil || state.Ready || !strings.Contains(state.Cause, errBusy.Error()) || !strings.Contains(state.Cause, why) {
			t.Errorf("%s: %v; %+v", device, err, state)
		}
		if _, err := r.Prune().Apply(context.Background(), router); err != nil {
			t.Errorf("%s: %v", device, err)
		}
		if after := r.facts(r.host); after != before {
			t.Errorf("%s was changed:\n%s", device, differing(before, after))
		}
	}
	isp.Address("eth0", "203.0.113.9/24")
	isp.Reaches("203.0.113.2", lab.Patience)
}

// TestMacvlan puts a gateway on a real interface of the host.
func TestMacvlan(t *testing.T) {
	r := newRig(t)
	isp := r.lab.Namespace("isp")
	r.host.Cable("eth0", isp, "eth0")
	isp.Address("eth0", "198.51.100.1/24")
	up, err := r.EnsureUplink(context.Background(), "eth0", prefix("198.51.100.1/24"))
	if err != nil || up.Kind != plan.LinkMacvlan {
		t.Fatalf("%+v, %v", up, err)
	}
	r.apply(r.routerPlan("vpc-00000001"))
	m := r.gatewayPlan(1, "vpc-00000001")
	m.Namespaces[0].Links[0] = plan.Link{Name: "wan0", Kind: plan.LinkMacvlan, Parent: "eth0", Addrs: prefixes("198.51.100.11/24")}
	r.apply(m)
	r.still(m)
	isp.Reaches("198.51.100.11", 3e9)
	if addrs := r.host.Run("ip", "-4", "addr", "show", "dev", "eth0"); strings.Contains(addrs, "inet ") {
		t.Errorf("the host's device was changed: %s", addrs)
	}
	r.apply(gone(m))
	if links := r.host.Run("ip", "-o", "link"); strings.Contains(links, "macvlan") || !strings.Contains(links, "eth0") {
		t.Errorf("after the gateway: %s", links)
	}
}

// TestNeighboursAreTold has a neighbour that knows another one by a gateway's address, as
// when the address was another gateway's before. It knows better without a packet of its own.
func TestNeighboursAreTold(t *testing.T) {
	r := newRig(t)
	r.uplink()
	isp := r.lab.Namespace("isp")
	isp.Cable("eth0", r.host, "isp0")
	r.host.Run("ip", "link", "set", "isp0", "master", OwnUplink)
	isp.Address("eth0", "198.51.100.200/24")
	isp.Reaches("198.51.100.1", lab.Patience)
	isp.Run("ip", "neigh", "replace", "198.51.100.11", "lladdr", "02:00:00:00:00:99", "dev", "eth0", "nud", "stale")
	time.Sleep(1100 * time.Millisecond) // a second long the kernel keeps to what it has just learnt
	r.apply(r.routerPlan("vpc-00000001"), r.gatewayPlan(1, "vpc-00000001"))
	r.lab.Eventually(lab.Patience, "the neighbour knows the gateway", func() error {
		if known := isp.Run("ip", "neigh", "show", "198.51.100.11"); strings.Contains(known, "00:99") {
			return errors.New(known)
		}
		return nil
	})
}
