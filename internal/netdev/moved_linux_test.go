package netdev

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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
