package netdev

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

var comments = regexp.MustCompile(` comment "[0-9a-f]+"`)

// alone is a machine of one namespace with a firewall.
func (r *rig) alone(chains ...plan.Chain) plan.Machine {
	id := "vpngw-000000fw"
	return plan.Machine{ID: plan.MachineID{Kind: plan.KindGateway, ID: id}, Namespaces: []plan.Namespace{{
		Name: r.name(id), Forward: true, Firewall: plan.Firewall{Chains: chains},
	}}}
}

// TestFilters compiles a rule for every field, and has nft(8) read them back.
func TestFilters(t *testing.T) {
	r := newRig(t)
	m := r.alone(plan.Chain{Hook: plan.HookForward, Rules: []plan.Filter{
		{In: "lan0", Out: "tw*", Verdict: plan.Accept},
		{In: "*", Src: prefix("10.1.2.3/32"), Dst: prefix("10.0.0.0/8"), Verdict: plan.Drop},
		{SrcNot: prefix("192.0.2.7/32"), DstNot: prefix("172.16.0.0/12"), Verdict: plan.Accept},
		{Proto: "udp", SrcPort: 500, DstPort: 4500, Verdict: plan.Accept},
		{Proto: "tcp", DstPort: 1194, Verdict: plan.Drop},
		{Proto: "esp", Counter: "esp", Verdict: plan.Accept},
		{Proto: "icmp", ICMPType: "echo-request", Verdict: plan.Accept},
		{Proto: "icmp", ICMPType: "echo-reply", Counter: "replies"},
		{Proto: "icmp", ICMPType: "errors", Verdict: plan.Accept},
		{Proto: "icmp", ICMPType: "errors", Quoted: prefix("198.51.100.7/32"), SetMark: 7},
		{IPsecIn: true, Verdict: plan.Accept},
		{IPsecOut: true, SetMark: 0x2a, Counter: "esp"},
		{Out: "wan0", ClampMSS: true},
		{Proto: "tcp", MSS: 1300},
		{In: "lan0", Src: prefix("10.7.1.2/32"), Over: plan.Rate{Bytes: 640 << 10, Burst: 128 << 10}, Verdict: plan.Drop},
		{In: "lan0", Out: "ssl0", Reply: true, Verdict: plan.Accept},
	}}, plan.Chain{Hook: plan.HookPrerouting, Accept: true, Rules: []plan.Filter{{In: "wan0", NoTrack: true}}}, plan.Chain{Hook: plan.HookInput}, plan.Chain{Hook: plan.HookOutput, Accept: true})
	if o := r.apply(m); len(o.Facts) != 0 {
		t.Errorf("facts: %v", o.Facts)
	}
	r.still(m)
	got := comments.ReplaceAllString(r.in("vpngw-000000fw").Run("nft", "list", "ruleset"), "")
	const want = `table ip gatewright {
	counter esp {
		packets 0 bytes 0
	}

	counter replies {
		packets 0 bytes 0
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		iifname "lan0" oifname "tw*" accept
		ip saddr 10.1.2.3 ip daddr 10.0.0.0/8 drop
		ip saddr != 192.0.2.7 ip daddr != 172.16.0.0/12 accept
		udp sport 500 udp dport 4500 accept
		tcp dport 1194 drop
		meta l4proto esp counter name "esp" accept
		icmp type echo-request accept
		icmp type echo-reply counter name "replies"
		icmp type destination-unreachable accept
		icmp type time-exceeded accept
		icmp type parameter-problem accept
		icmp type destination-unreachable @th,192,32 0xc6336407 meta mark set 0x00000007
		icmp type time-exceeded @th,192,32 0xc6336407 meta mark set 0x00000007
		icmp type parameter-problem @th,192,32 0xc6336407 meta mark set 0x00000007
		meta ipsec exists accept
		rt ipsec exists meta mark set 0x0000002a counter name "esp"
		oifname "wan0" tcp flags syn / syn,rst tcp option maxseg size set rt mtu
		tcp flags syn / syn,rst tcp option maxseg size set 1300
		iifname "lan0" ip saddr 10.7.1.2 limit rate over 640 kbytes/second burst 128 kbytes drop
		iifname "lan0" oifname "ssl0" ct direction reply accept
	}

	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname "wan0" notrack
	}

	chain input {
		type filter hook input priority filter; policy drop;
	}

	chain output {
		type filter hook output priority filter; policy accept;
	}
}
`
	if got != want {
		t.Errorf("%s\n%s", differing(want, got), got)
	}
}

// TestFiltersRefused has rules that make no sense, and a ruleset that the kernel refuses:
// what stood before stands on.
func TestFiltersRefused(t *testing.T) {
	r := newRig(t)
	good := r.alone(plan.Chain{Hook: plan.HookInput, Rules: []plan.Filter{{Proto: "udp", DstPort: 500, Verdict: plan.Accept}}})
	r.apply(good)
	want := r.facts(r.in("vpngw-000000fw"))
	for _, f := range []plan.Filter{
		{Proto: "sctp"}, {DstPort: 5}, {ICMPType: "echo-reply"}, {Proto: "icmp", ICMPType: "ping"}, {Proto: "icmp", Quoted: prefix("10.0.0.1/32")}, {Verdict: "reject"},
		{Proto: "udp", ClampMSS: true}, {Counter: strings.Repeat("x", 300)},
	} {
		bad := r.alone(plan.Chain{Hook: plan.HookInput, Accept: true, Rules: []plan.Filter{f}})
		if o, err := r.Build().Apply(context.Background(), bad); err == nil || o.Ready {
			t.Errorf("%+v was taken", f)
		}
		if got := r.facts(r.in("vpngw-000000fw")); got != want {
			t.Errorf("%+v changed it:\n%s", f, differing(want, got))
		}
	}
	if _, err := r.Build().Apply(context.Background(), r.alone(plan.Chain{Hook: "ingress"})); err == nil {
		t.Error("a hook that there is none of was taken")
	}
}

// TestLacking compiles for kernels without some expressions: what accepts is left out,
// what drops is refused.
func TestLacking(t *testing.T) {
	r := newRig(t)
	r.lacks = func() map[feature]bool {
		return map[feature]bool{ipsecIn: true, ipsecOut: true, clampMSS: true, tracking: true}
	}
	chain := plan.Chain{Hook: plan.HookForward, Rules: []plan.Filter{
		{IPsecIn: true, Verdict: plan.Accept}, {IPsecOut: true, Verdict: plan.Accept}, {ClampMSS: true}, {In: "lan0", Verdict: plan.Accept},
		{In: "ssl0", Reply: true, Verdict: plan.Accept},
	}}
	o := r.apply(r.alone(chain, plan.Chain{Hook: plan.HookPrerouting, Accept: true, Rules: []plan.Filter{{NoTrack: true}}}))
	if len(o.Facts) != 5 || !slices.ContainsFunc(o.Facts, func(f string) bool { return strings.Contains(f, "does not track connections") }) {
		t.Errorf("facts: %q", o.Facts)
	}
	got := r.in("vpngw-000000fw").Run("nft", "list", "ruleset")
	if strings.Contains(got, "ipsec") || strings.Contains(got, "maxseg") || strings.Contains(got, "ct ") || strings.Contains(got, "notrack") ||
		!strings.Contains(got, `iifname "lan0" accept`) || !strings.Contains(got, `iifname "ssl0" accept`) {
		t.Errorf("%s", got)
	}
	for _, drop := range []plan.Filter{{IPsecIn: true, Verdict: plan.Drop}, {Reply: true, Verdict: plan.Drop}} {
		chain.Rules[0] = drop
		if _, err := r.Build().Apply(context.Background(), r.alone(chain)); err == nil {
			t.Errorf("%+v, which the kernel cannot do, was left out", drop)
		}
	}
}

// TestCounters counts pings, and goes on counting when the ruleset changes.
func TestCounters(t *testing.T) {
	r := newRig(t)
	r.uplink()
	r.apply(r.routerPlan("vpc-00000001"))
	m := r.gatewayPlan(1, "vpc-00000001")
	r.apply(m)
	r.host.Reaches("198.51.100.11", lab.Patience)
	count := func() Traffic {
		t.Helper()
		c, err := r.Counters(context.Background(), m.Namespaces[0].Name)
		if err != nil {
			t.Fatal(err)
		}
		return c["pings"]
	}
	first := count()
	if first.Packets == 0 || first.Bytes != first.Packets*84 {
		t.Errorf("%+v", first)
	}
	changed := r.gatewayPlan(1, "vpc-00000001")
	in := &changed.Namespaces[0].Firewall.Chains[0]
	in.Rules = append(in.Rules, plan.Filter{Proto: "esp", Counter: "esp", Verdict: plan.Accept})
	pings := r.host.PingStart("198.51.100.11")
	r.lab.Eventually(lab.Patience, "pings", func() error {
		return atLeast(count().Packets, first.Packets+10)
	})
	r.apply(changed)
	mid := count()
	r.apply(m)
	r.lab.Eventually(lab.Patience, "pings go on", func() error {
		return atLeast(count().Packets, mid.Packets+10)
	})
	if p := pings.Stop(); p.Lost() != 0 {
		t.Errorf("while the ruleset changed: %v", p)
	}
	links, err := r.LinkCounters(context.Background(), m.Namespaces[0].Name)
	if err != nil || links["wan0"].In.Packets < 20 || links["wan0"].Out.Bytes == 0 {
		t.Errorf("%+v, %v", links, err)
	}
	if c, err := r.Counters(context.Background(), r.name("vpc-00000001")); err != nil || len(c) != 0 {
		t.Errorf("of a namespace without a firewall: %v, %v", c, err)
	}
}

func atLeast(got, want uint64) error {
	if got < want {
		return fmt.Errorf("%d packets, want %d", got, want)
	}
	return nil
}

// TestDropsByDefault sends all kinds of packets at a gateway and through it, and looks
// at both of its sides.
func TestDropsByDefault(t *testing.T) {
	r := newRig(t)
	r.uplink()
	work := r.lab.Namespace("work")
	router, gateway := r.routerPlan("vpc-00000001", work.Name), r.gatewayPlan(1, "vpc-00000001")
	r.apply(router, gateway)
	router.Namespaces[0].Routes = []plan.Route{{Table: 1001, To: prefix("0.0.0.0/0"), Hops: []plan.Hop{{Via: addr("169.254.0.2"), Dev: "gw00000001"}}}}
	r.apply(router)
	r.host.Route("10.0.0.0/16", "198.51.100.11")
	work.Reaches("10.0.1.1", lab.Patience)
	r.host.Reaches("198.51.100.11", lab.Patience)
	gw := r.in("vpngw-00000001")
	wan, lan := r.host.Capture("gwu00000001"), gw.Capture("lan0")
	for range 3 {
		_, _ = work.Try("bash", "-c", "echo x >/dev/udp/198.51.100.1/9; timeout 0.2 bash -c 'echo >/dev/tcp/198.51.100.1/9'")
		_, _ = r.host.Try("bash", "-c", "echo x >/dev/udp/10.0.1.10/9; timeout 0.2 bash -c 'echo >/dev/tcp/10.0.1.10/9'")
		_, _ = gw.Try("bash", "-c", "echo x >/dev/udp/198.51.100.1/9; timeout 0.2 bash -c 'echo >/dev/tcp/198.51.100.1/9'")
	}
	work.Ping("198.51.100.1", 3)
	r.host.Ping("10.0.1.10", 3)
	if p := gw.Ping("198.51.100.1", 3); p.Received != 0 {
		t.Errorf("the gateway's own pings: %v", p)
	}
	fromInside := func(p lab.Packet) bool { return p.Src == addr("10.0.1.10") }
	fromOutside := func(p lab.Packet) bool { return p.Src == addr("198.51.100.1") }
	if got := lan.Packets(fromInside); len(got) == 0 {
		t.Error("nothing came to the gateway from inside; the test is blind")
	}
	if got := wan.Packets(fromOutside); len(got) == 0 {
		t.Error("nothing came to the gateway from outside; the test is blind")
	}
	if got := wan.Packets(fromInside); len(got) != 0 {
		t.Errorf("passed from inside: %v", got)
	}
	if got := lan.Packets(fromOutside); len(got) != 0 {
		t.Errorf("passed from outside: %v", got)
	}
	if got := wan.Packets(func(p lab.Packet) bool { return p.Src == addr("198.51.100.11") && p.Proto != 1 }); len(got) != 0 {
		t.Errorf("the gateway sent: %v", got)
	}
}

// TestClamp sees the MSS of SYNs become what the route's MTU, or the rule, allows.
func TestClamp(t *testing.T) {
	r := newRig(t)
	a, b := r.lab.Namespace("a"), r.lab.Namespace("b")
	m := r.alone()
	ns := &m.Namespaces[0]
	ns.Links = []plan.Link{
		{Name: "l0", Kind: plan.LinkVeth, Addrs: prefixes("10.1.0.1/24"), Peer: plan.End{Namespace: a.Name, Name: "e0", Addrs: prefixes("10.1.0.2/24"), Default: addr("10.1.0.1"), Workload: "a"}},
		{Name: "l1", Kind: plan.LinkVeth, MTU: 1400, Addrs: prefixes("10.2.0.1/24"), Peer: plan.End{Namespace: b.Name, Name: "e0", Addrs: prefixes("10.2.0.2/24"), Default: addr("10.2.0.1"), Workload: "b"}},
	}
	seen := b.Capture
	for _, c := range []struct {
		rules []plan.Filter
		mss   int
	}{{nil, 1460}, {[]plan.Filter{{ClampMSS: true}}, 1360}, {[]plan.Filter{{MSS: 1200}}, 1200}, {[]plan.Filter{{MSS: 9000}}, 1460}} {
		ns.Firewall = plan.Firewall{Chains: []plan.Chain{{Hook: plan.HookForward, Accept: true, Rules: c.rules}}}
		r.apply(m)
		a.Reaches("10.2.0.2", lab.Patience)
		capture := seen("e0")
		_, _ = a.Try("timeout", "1", "bash", "-c", "echo >/dev/tcp/10.2.0.2/9")
		r.lab.Eventually(lab.Patience, "a SYN", func() error {
			syns := capture.Packets(func(p lab.Packet) bool { return p.Proto == 6 && p.DstPort == 9 })
			if len(syns) == 0 {
				return errors.New("none was seen")
			}
			if got := mssOf(syns[0].Payload); got != c.mss {
				t.Errorf("%+v: the SYN has MSS %d, want %d", c.rules, got, c.mss)
			}
			return nil
		})
		capture.Stop()
	}
}

// mssOf reads the option of a TCP segment.
func mssOf(tcp []byte) int {
	for o := tcp[20:]; len(o) >= 4; {
		switch {
		case o[0] == 2:
			return int(o[2])<<8 | int(o[3])
		case o[0] == 1:
			o = o[1:]
		default:
			o = o[o[1]:]
		}
	}
	return 0
}
