package netdev

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// TestCleanup has two servers on one host. Cleaning up after one leaves the other's
// things and what was there before.
func TestCleanup(t *testing.T) {
	r := newRig(t)
	r.host.Bridge("mine", "192.168.7.1/24")
	r.host.Cable("eth1", r.host, "eth1peer")
	before := r.facts(r.host)
	r.uplink()
	work := r.lab.Namespace("work")
	router, gateway := r.routerPlan("vpc-00000001", work.Name), r.gatewayPlan(1, "vpc-00000001")
	router.Namespaces[0].Links = append(router.Namespaces[0].Links, plan.Link{Name: "dev0", Kind: plan.LinkMoved, Parent: "eth1", Master: "sn1"})
	r.apply(router, gateway)
	// A namespace that was made, but not yet marked.
	if err := host.CreateNamespace(r.name("vpnx-00000001"), false); err != nil {
		t.Fatal(err)
	}

	second := &rig{T: t, Driver: r.another("z" + r.tag[:5]), lab: r.lab, host: r.host}
	t.Cleanup(func() { r.lab.Sweep(second.prefix()) })
	second.uplink()
	other := second.routerPlan("vpc-00000001")
	second.apply(other, second.gatewayPlan(2, "vpc-00000001"))
	theirs := second.facts(second.in("vpc-00000001"), second.in("vpngw-00000002"))

	later := r.another(r.tag)
	ids, err := later.Prune().Machines(context.Background())
	if err != nil || len(ids) != 2 || ids[0] != gateway.ID || ids[1] != router.ID {
		t.Errorf("a later run finds %v, %v", ids, err)
	}
	if _, err := later.Cleanup(context.Background()); err != nil {
		t.Fatal(err)
	}
	if names, err := host.Namespaces(r.prefix()); err != nil || len(names) != 0 {
		t.Errorf("left: %v, %v", names, err)
	}
	if got := second.facts(second.in("vpc-00000001"), second.in("vpngw-00000002")); got != theirs {
		t.Errorf("the other server's:\n%s", differing(theirs, got))
	}
	second.still(other, second.gatewayPlan(2, "vpc-00000001"))
	if _, err := second.Cleanup(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := later.Cleanup(context.Background()); err != nil {
		t.Fatal(err)
	}
	if after := r.facts(r.host); after != before {
		t.Errorf("not as before:\n%s", differing(before, after))
	}
}

// TestLostName deletes a namespace's name while a process still lives there, as a daemon
// does: a new one is made in its place, and the old cables go.
func TestLostName(t *testing.T) {
	r := newRig(t)
	r.uplink()
	router, gateway := r.routerPlan("vpc-00000001"), r.gatewayPlan(1, "vpc-00000001")
	r.apply(router, gateway)
	want := r.facts(r.in("vpngw-00000001"), r.in("vpc-00000001"), r.host)
	squatter := r.in("vpngw-00000001").Start("sleep", "60")
	defer squatter.Kill()
	r.host.Run("ip", "netns", "del", r.name("vpngw-00000001"))
	later := r.another(r.tag)
	ids, err := later.Build().Machines(context.Background())
	if err != nil || len(ids) != 2 {
		t.Errorf("found %v, %v", ids, err)
	}
	applyTo(t, later, gateway)
	if got := r.facts(r.in("vpngw-00000001"), r.in("vpc-00000001"), r.host); got != want {
		t.Errorf("differs:\n%s", differing(want, got))
	}
	r.host.Reaches("198.51.100.11", lab.Patience)
	r.host.Run("ip", "netns", "del", r.name("vpngw-00000001"))
	last := r.another(r.tag)
	applyTo(t, last, gone(gateway))
	if ids, err := last.Build().Machines(context.Background()); err != nil || len(ids) != 1 {
		t.Errorf("found %v, %v", ids, err)
	}
	if links := r.host.Run("ip", "-o", "link"); strings.Contains(links, "gwu") {
		t.Errorf("left at home: %s", links)
	}
	_ = squatter.Stop(syscall.SIGKILL)
}

// TestForeign puts things of others among ours, and looks that they stay.
func TestForeign(t *testing.T) {
	r := newRig(t)
	r.uplink()
	router, gateway := r.routerPlan("vpc-00000001"), r.gatewayPlan(1, "vpc-00000001")
	r.apply(router, gateway)
	gw, vpc := r.in("vpngw-00000001"), r.in("vpc-00000001")
	for _, c := range []string{
		"ip tuntap add ipsec0 mode tun", "ip link set ipsec0 up", "ip addr add 10.9.9.9/32 dev ipsec0",
		"ip route add 192.168.5.0/24 dev ipsec0 table 220", "ip rule add pref 220 table 220",
		"ip route add 192.168.6.0/24 via 198.51.100.1 dev wan0 proto static",
		"nft add table ip other", "nft add chain ip other forward", "ip link add spare type bridge",
	} {
		gw.Run(strings.Fields(c)...)
	}
	vpc.Run("ip", "rule", "add", "pref", "77", "table", "77")
	want := r.facts(gw, vpc)
	r.still(router, gateway)
	applyTo(t, r.another(r.tag), gateway, router)
	if got := r.facts(gw, vpc); got != want {
		t.Errorf("differs:\n%s", differing(want, got))
	}
	// A route of others is in the way of ours.
	gateway.Namespaces[0].Routes = append(gateway.Namespaces[0].Routes, plan.Route{To: prefix("192.168.6.0/24")})
	o, err := r.Build().Apply(context.Background(), gateway)
	if !errors.Is(err, errForeign) || o.Ready || !strings.Contains(o.Cause, "192.168.6.0/24") {
		t.Errorf("%v; %+v", err, o)
	}
	if got := r.facts(gw, vpc); got != want {
		t.Errorf("differs:\n%s", differing(want, got))
	}
	// The uplink's port has a name that somebody else's device has.
	r.host.Bridge("gwu00000002")
	if _, err := r.Build().Apply(context.Background(), r.gatewayPlan(2, "vpc-00000001")); !errors.Is(err, errForeign) {
		t.Errorf("took a foreign device: %v", err)
	}
	r.apply(gone(r.gatewayPlan(2, "vpc-00000001")))
	if links := r.host.Run("ip", "-o", "link"); !strings.Contains(links, "gwu00000002") {
		t.Errorf("a foreign device is gone: %s", links)
	}
	// A plan with a namespace that is not ours to make.
	bad := r.alone()
	bad.Namespaces[0].Name = "somebody"
	if _, err := r.Build().Apply(context.Background(), bad); err == nil || exists("somebody") {
		t.Errorf("made a namespace without the prefix: %v", err)
	}
	stolen := r.alone()
	stolen.Namespaces[0].Name = router.Namespaces[0].Name
	if _, err := r.Build().Apply(context.Background(), stolen); !errors.Is(err, errForeign) {
		t.Errorf("took another machine's namespace: %v", err)
	}
}

// TestUplink asks for all kinds of devices.
func TestUplink(t *testing.T) {
	r := newRig(t)
	r.host.Cable("eth0", r.host, "port")
	r.host.Address("eth0", "203.0.113.2/24")
	r.host.Bridge("br0")
	r.host.Run("ip", "link", "set", "port", "master", "br0")
	r.host.Cable("eth5", r.host, "eth6")
	r.host.Run("ip", "link", "set", "eth5", "down")
	r.host.Run("ip", "tuntap", "add", "tun0", "mode", "tun")
	r.host.Run("ip", "link", "set", "tun0", "up")
	for name, want := range map[string]plan.LinkKind{"eth0": plan.LinkMacvlan, "br0": plan.LinkVeth, "eth5": "", "port": "", "lo": "", "tun0": "", "none": ""} {
		up, err := r.EnsureUplink(context.Background(), name, netip.Prefix{})
		if up.Kind != want || (err != nil) != (want == "") || len(up.Addrs) > 0 != (name == "eth0") {
			t.Errorf("%s: %+v, %v", name, up, err)
		}
	}
	r.uplink()
	r.uplink()
	if got := r.host.Run("ip", "-o", "-4", "addr"); !strings.Contains(got, "198.51.100.1/24") {
		t.Errorf("%s", got)
	}
	r.host.Run("ip", "link", "set", "eth5", "master", OwnUplink)
	if ports, err := r.Driver.Cleanup(context.Background()); err != nil || !slices.Equal(ports, []string{"eth5"}) {
		t.Errorf("with another's port on the bridge: %v, %v", ports, err)
	}
	r.host.Run("ip", "link", "set", "eth5", "nomaster")
	if ports, err := r.Driver.Cleanup(context.Background()); err != nil || len(ports) > 0 {
		t.Errorf("with none: %v, %v", ports, err)
	}
	if got := r.host.Run("ip", "-o", "link"); strings.Contains(got, OwnUplink) {
		t.Errorf("the bridge is left: %s", got)
	}
	if _, err := r.Driver.Cleanup(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.host.Bridge(OwnUplink)
	if _, err := r.EnsureUplink(context.Background(), "", netip.Prefix{}); !errors.Is(err, errForeign) {
		t.Errorf("took a foreign bridge: %v", err)
	}
	if _, err := r.Driver.Cleanup(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := r.host.Run("ip", "-o", "link"); !strings.Contains(got, OwnUplink) {
		t.Error("removed a foreign bridge")
	}
}
