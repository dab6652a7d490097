package netdev

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// numbers are what differs between two builds of the same: device numbers and handles.
var numbers = regexp.MustCompile(`(?m)^\d+: |@if\d+|link-netns(id)? \S+|packets \d+ bytes \d+|state (UP|LOWERLAYERDOWN|DOWN)|NO-CARRIER,| linkdown|,LOWER_UP|LOWER_UP,`)

// facts prints all namespaces of a rig without numbers.
func (r *rig) facts(namespaces ...*lab.Namespace) string {
	r.Helper()
	var b strings.Builder
	for _, ns := range namespaces {
		fmt.Fprintf(&b, "== %s\n%s", ns.Name, numbers.ReplaceAllString(sortLinks(r.dump(ns)), ""))
	}
	return b.String()
}

// sortLinks puts the lines of each command in order: links that were made anew come
// later in dumps. Chains and rules are left as they are.
func sortLinks(dump string) string {
	ip, nft, _ := strings.Cut(dump, "table ip ")
	lines := strings.Split(numbers.ReplaceAllString(ip, ""), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { // of ip(8), about a namespace of another test
		return strings.Contains(l, "Peer netns reference is invalid")
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n") + nft
}

// TestRepair changes things by hand and looks that a pass puts them right.
func TestRepair(t *testing.T) {
	r := newRig(t)
	r.uplink()
	work := r.lab.Namespace("work")
	router, gateway := r.routerPlan("vpc-00000001", work.Name), r.gatewayPlan(1, "vpc-00000001")
	gateway.Namespaces[0].LocalRule, gateway.Namespaces[0].Links[1].MTU = 100, 1500
	gateway.Namespaces[0].Rules = []plan.Rule{{Priority: 10, In: "wan0", From: prefix("192.0.2.0/24"), To: prefix("198.51.100.11/32"), Mark: 7, Table: 77}}
	gateway.Namespaces[0].Routes = append(gateway.Namespaces[0].Routes, plan.Route{To: prefix("192.168.0.0/16"), Hops: []plan.Hop{
		{Via: addr("169.254.0.1"), Dev: "lan0"}, {Via: addr("198.51.100.1"), Dev: "wan0"},
	}}, plan.Route{To: prefix("203.0.113.7/32"), Hops: []plan.Hop{{Dev: "wan0"}}})
	r.apply(router, gateway)
	gw, vpc := r.in("vpngw-00000001"), r.in("vpc-00000001")
	want := r.facts(gw, vpc, work, r.host)

	for _, c := range []struct {
		ns      *lab.Namespace
		command string
	}{
		{gw, "ip link del wan0"},
		{gw, "ip link del lan0"},
		{gw, "ip link set lan0 down"},
		{gw, "ip link set lo down"},
		{gw, "ip link set lan0 mtu 1400"},
		{gw, "ip link set lan0 alias x"},
		{gw, "ip addr del 169.254.0.2/32 dev lan0"},
		{gw, "ip addr add 1.2.3.4/32 dev lan0"},
		{gw, "ip addr add 1.2.3.4/32 dev lo"},
		{gw, "ip route del default"},
		{gw, "ip route del blackhole 172.16.0.0/16"},
		{gw, "ip route replace default via 198.51.100.2 dev wan0 proto 83"},
		{gw, "ip route replace 192.168.0.0/16 via 169.254.0.1 dev lan0 onlink proto 83"},
		{gw, "ip route replace blackhole 203.0.113.7/32 proto 83"},
		{gw, "ip route add 9.9.9.0/24 dev wan0 proto 83"},
		{gw, "ip route add blackhole 9.9.9.0/24 table 12 proto 83"},
		{gw, "ip route flush table all proto 83"},
		{gw, "ip rule add pref 20 fwmark 3 table 12 proto 83"},
		{gw, "ip rule add pref 20 blackhole proto 83"},
		{gw, "ip rule del pref 10"},
		{gw, "ip neigh del proxy 198.51.100.11 dev wan0"},
		{gw, "ip neigh add proxy 198.51.100.12 dev wan0"},
		{gw, "ip rule del pref 100"},
		{gw, "ip rule add pref 0 table local"},
		{gw, "tc qdisc del dev lan0 root"},
		{gw, "tc qdisc replace dev lan0 root handle 83: tbf rate 1mbit burst 10k limit 20k"},
		{gw, "tc qdisc replace dev lan0 root handle 7: tbf rate 1mbit burst 10k limit 20k"},
		{gw, "nft delete table ip gatewright"},
		{gw, "nft flush chain ip gatewright input"},
		{gw, "nft flush ruleset"},
		{gw, "nft insert rule ip gatewright input accept"},
		{gw, "nft chain ip gatewright input { policy accept; }"},
		{gw, "nft add chain ip gatewright more"},
		{gw, "nft add counter ip gatewright more"},
		{gw, "sysctl -qw net.ipv4.ip_forward=0"},
		{gw, "sysctl -qw net.ipv4.conf.all.rp_filter=1"},
		{gw, "sysctl -qw net.ipv4.conf.lan0.accept_local=1"},
		{vpc, "ip link set at0 nomaster"},
		{vpc, "ip link del at0"},
		{vpc, "ip link del sn1"},
		{vpc, "tc qdisc del dev gw00000001 root"},
		{vpc, "ip addr flush dev gw00000001"},
		{vpc, "ip rule add pref 5 table 12 proto 83"},
		{work, "ip link del vpc0"},
		{work, "ip link set vpc0 down"},
		{work, "ip addr flush dev vpc0"},
		{work, "ip addr add 10.0.1.77/24 dev vpc0"},
		{work, "ip route del default"},
		{work, "ip route replace default via 10.0.1.9 dev vpc0 proto 83"},
		{r.host, "ip link set gwu00000001 nomaster"},
		{r.host, "ip link del gwu00000001"},
		{r.host, "ip netns del " + gw.Name},
		{r.host, "ip netns del " + vpc.Name},
	} {
		c.ns.Run(strings.Fields(c.command)...)
		r.apply(router, gateway, router)
		if got := r.facts(gw, vpc, work, r.host); got != want {
			t.Fatalf("%s in %s: not put right:\n%s", c.command, c.ns.Name, differing(want, got))
		}
		r.still(router, gateway)
	}
}

// differing shows the lines that only one of two texts has.
func differing(want, got string) string {
	var b strings.Builder
	for _, l := range strings.Split(want, "\n") {
		if !strings.Contains(got, l) {
			b.WriteString("- " + l + "\n")
		}
	}
	for _, l := range strings.Split(got, "\n") {
		if !strings.Contains(want, l) {
			b.WriteString("+ " + l + "\n")
		}
	}
	return b.String()
}

// TestFaults lets every single write fail once, the first, the second and so on, and
// looks that the next pass ends where an undisturbed one does.
func TestFaults(t *testing.T) {
	r := newRig(t)
	r.uplink()
	work := r.lab.Namespace("work")
	r.host.Cable("eth1", r.host, "eth1peer")
	r.host.Run("ip", "link", "set", "eth1", "alias", "cable to rack 4")
	router, gateway := r.routerPlan("vpc-00000001", work.Name), r.gatewayPlan(1, "vpc-00000001")
	router.Namespaces[0].Links = append(router.Namespaces[0].Links,
		plan.Link{Name: "dev0", Kind: plan.LinkMoved, Parent: "eth1", Master: "sn1"})
	bare := r.facts(r.host, work)
	r.apply(router, gateway)
	gw, vpc := r.in("vpngw-00000001"), r.in("vpc-00000001")
	want := r.facts(gw, vpc, work, r.host)
	small := router
	small.Namespaces = []plan.Namespace{router.Namespaces[0]}
	small.Namespaces[0].Links = router.Namespaces[0].Links[:1]

	steps := []struct {
		what     string
		machines []plan.Machine
		after    func() string
		want     string
	}{
		{"gone", []plan.Machine{gone(gateway), gone(router)}, func() string { return r.facts(r.host, work) }, bare},
		{"built", []plan.Machine{router, gateway}, func() string { return r.facts(gw, vpc, work, r.host) }, want},
		{"detached", []plan.Machine{small}, func() string { return r.facts(work) }, facts(bare, work.Name)},
		{"attached", []plan.Machine{router}, func() string { return r.facts(gw, vpc, work, r.host) }, want},
	}
	failed := 0
	for n := 1; ; n++ {
		fired := false
		for _, s := range steps {
			hit := r.failAt(n, s.machines)
			fired = fired || hit
			if hit {
				failed++
			}
			r.apply(s.machines...)
			if got := s.after(); got != s.want {
				t.Fatalf("%s, after write %d had failed with %v:\n%s", s.what, n, kernelSays[n%len(kernelSays)], differing(s.want, got))
			}
		}
		if !fired {
			break
		}
	}
	t.Logf("%d passes failed half-way", failed)
	if failed < 60 {
		t.Errorf("only %d writes failed", failed)
	}
}

// facts cuts one namespace out of a text of facts.
func facts(all, name string) string {
	_, rest, _ := strings.Cut(all, "== "+name)
	one, _, _ := strings.Cut(rest, "== ")
	return "== " + name + one
}

// kernelSays are the errors that netlink gives for what is no fault of the caller's: what is
// there already or no more, no memory, no room in a socket, busy, interrupted.
var kernelSays = []syscall.Errno{unix.EEXIST, unix.ENOMEM, unix.ENOBUFS, unix.EBUSY, unix.ENODEV, unix.EINTR}

// failAt runs the planes as the loop would, with the nth write and all after it failing,
// and says whether there was one. Every second time the nth is done, and yet said to have
// failed. A driver of a later run goes on.
func (r *rig) failAt(n int, machines []plan.Machine) bool {
	r.Helper()
	d := r.another(r.tag)
	errno, done := kernelSays[n%len(kernelSays)], n/len(kernelSays)%2 == 1
	writes := 0
	d.fault = func(op, object, namespace string, write func() error) error {
		writes++
		if writes == n && done {
			if err := write(); err != nil {
				return err
			}
		}
		if writes >= n {
			return errno
		}
		return write()
	}
	var err error
	for _, m := range machines {
		if _, err = d.Build().Apply(context.Background(), m); err == nil {
			var o plan.Observed
			if o, err = d.Prune().Apply(context.Background(), m); err != nil && o.Gone {
				r.Fatalf("it says that %s is gone, and fails: %v", m.ID, err)
			}
		}
		if err != nil {
			break
		}
	}
	if (err != nil) != (writes >= n) || err != nil && !errors.Is(err, errno) {
		r.Fatalf("%d writes, the %dth fails with %v: %v", writes, n, errno, err)
	}
	d.Close()
	return err != nil
}
