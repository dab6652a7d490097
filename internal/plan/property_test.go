package plan

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// randomRows draws two VPCs with the same range, gateways of every type and state, and
// connections of every kind.
func randomRows(t *testing.T, r *rand.Rand) *rows {
	id := func(prefix vpc.Prefix) string { return vpc.NewID[string](prefix, r.Uint64) }
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var b strings.Builder
	fmt.Fprintf(&b, "host {\"Engine\":%q}\n", pick("libipsec", "libipsec", "kernel", ""))
	addr := 10
	for range 2 {
		v := id(vpc.PrefixVPC)
		fmt.Fprintf(&b, "vpc {\"id\":%q,\"cidr\":\"10.7.0.0/16\"}\n", v)
		for n := range r.IntN(3) {
			fmt.Fprintf(&b, "subnet {\"id\":%q,\"vpc\":%q,\"cidr\":\"10.7.%d.0/24\",\"routeTable\":%q}\n", id("subnet"), v, n, "rtb-"+v[4:])
		}
		fmt.Fprintf(&b, "table {\"id\":%q,\"vpc\":%q}\n", "rtb-"+v[4:], v)
		for range r.IntN(3) {
			g := id(vpc.PrefixGateway)
			fmt.Fprintf(&b, "gateway {\"id\":%q,\"vpc\":%q,\"public\":\"198.51.100.%d\",\"type\":%q,\"blocked\":%v}\n", g, v, addr, pick("IPSEC", "IPSEC", "CCN", "SSL"), r.IntN(5) == 0)
			addr++
			for n := range r.IntN(5) {
				x := id(vpc.PrefixConnection)
				remote := pick("0.0.0.0/0", fmt.Sprintf("10.%d.0.0/16", 20+n), "203.0.113.0/24")
				fmt.Fprintf(&b, "connection {\"id\":%q,\"gateway\":%q,\"peer\":\"203.0.113.%d\",\"up\":%v,\"routeType\":%q,\"negotiation\":%q,\"ike\":{\"version\":%q,\"remoteId\":%q},\"policies\":[{\"local\":\"10.7.%d.0/24\",\"remotes\":[%q]}],\"health\":{\"enable\":%v,\"local\":\"169.254.128.%d\",\"remote\":\"169.254.128.%d\"}}\n",
					x, g, 1+r.IntN(6), r.IntN(2) == 0, pick("StaticRoute", "Policy"), pick("active", "passive", "flowTrigger"), pick("IKEV1", "IKEV2"), pick("FQDN", "ADDRESS"), n, remote, r.IntN(2) == 0, n*4+1, n*4+2)
				fmt.Fprintf(&b, "route {\"id\":%q,\"gateway\":%q,\"destination\":%q,\"nextHop\":%q,\"priority\":%s}\n", id("vpnr"), g, remote, x, pick("0", "100"))
			}
		}
	}
	rows := parseRows(t, b.String())
	if t.Failed() {
		t.Log(b.String())
	}
	return rows
}

// TestProperties holds every plan of many random hosts against what must always be so.
func TestProperties(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := randomRows(t, r)
		machines := all.machines()
		if !reflect.DeepEqual(machines, all.machines()) {
			t.Fatalf("seed %d: compiled twice, two plans", seed)
		}
		r.Shuffle(len(all.connections), func(i, j int) {
			all.connections[i], all.connections[j] = all.connections[j], all.connections[i]
		})
		r.Shuffle(len(all.routes), func(i, j int) { all.routes[i], all.routes[j] = all.routes[j], all.routes[i] })
		if !reflect.DeepEqual(machines, all.machines()) {
			t.Fatalf("seed %d: the order of rows changes the plan", seed)
		}
		taken := map[string]MachineID{}
		for _, m := range machines {
			if err := check(m, taken); err != "" {
				t.Fatalf("seed %d: %s\n%s", seed, err, m.Text())
			}
		}
	}
}

// check returns what is wrong with a machine. taken has the names of all others.
func check(m Machine, taken map[string]MachineID) string {
	claim := func(name string) string {
		if by, ok := taken[name]; ok {
			return fmt.Sprintf("%s is also in %s", name, by)
		}
		taken[name] = m.ID
		return ""
	}
	own := map[string]bool{}
	for _, ns := range m.Namespaces {
		own[ns.Name] = true
		if err := claim("namespace " + ns.Name); err != "" {
			return err
		}
		for _, l := range ns.Links {
			if err := claim("link " + l.Name + " in " + ns.Name); err != "" {
				return err
			}
			if len(l.Name) > 15 || len(l.Peer.Name) > 15 {
				return "a device's name is too long: " + l.Name
			}
			if l.Peer.Name != "" {
				if err := claim("link " + l.Peer.Name + " in " + l.Peer.Namespace); err != "" {
					return err
				}
			}
		}
		if m.ID.Kind == KindGateway {
			if err := checkFilters(ns); err != "" {
				return err
			}
		}
	}
	return checkHomes(m, own)
}

// checkHomes looks for links, daemons and probes in namespaces that nobody makes.
func checkHomes(m Machine, own map[string]bool) string {
	host := Host{Tag: "abcdef"}
	for _, id := range m.Needs {
		own[host.namespace(id.ID)] = true
	}
	own[HostNamespace] = true
	for _, ns := range m.Namespaces {
		for _, l := range ns.Links {
			if l.Peer.Workload == "" && !own[l.Peer.Namespace] {
				return "nobody makes " + l.Peer.Namespace
			}
		}
	}
	for _, d := range m.Daemons {
		if !own[d.Namespace] || len(d.Tunnels) == 0 || d.Engine == EngineNone {
			return "daemon " + d.Name + " cannot run"
		}
	}
	for _, p := range m.Probes {
		if !own[p.Namespace] {
			return "nobody makes " + p.Namespace
		}
	}
	return ""
}

// checkFilters sends packets through the forward chain from every device where they are
// clear to every one where they should be encrypted, and back.
func checkFilters(ns Namespace) string {
	clear := []string{lanDevice, "tlaaaaaaaa", LibipsecDevice, "other"}
	for _, c := range ns.Firewall.Chains {
		if c.Hook != HookForward {
			continue
		}
		for _, in := range clear {
			for _, out := range []string{wanDevice, "twaaaaaaaa"} {
				if passes(c, in, out, false) {
					return in + " to " + out + " passes in clear in " + ns.Name
				}
				if passes(c, out, in, false) {
					return out + " to " + in + " passes without having been encrypted in " + ns.Name
				}
			}
		}
	}
	return ""
}

// passes reports whether some packet between two devices is accepted, where ipsec says
// whether the kernel has its hands in it.
func passes(c Chain, in, out string, ipsec bool) bool {
	for _, f := range c.Rules {
		if !matches(f.In, in) || !matches(f.Out, out) || (f.IPsecIn || f.IPsecOut) && !ipsec {
			continue
		}
		if f.Verdict == Accept {
			return true
		}
		if f.Verdict == Drop && f == (Filter{In: f.In, Out: f.Out, Verdict: Drop}) {
			return false
		}
	}
	return c.Accept
}

func matches(pattern, dev string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(dev, prefix)
	}
	return pattern == "" || pattern == dev
}

// TestCheckCanFail gives the check what it must refuse.
func TestCheckCanFail(t *testing.T) {
	open := Namespace{Name: "x", Firewall: Firewall{[]Chain{{Hook: HookForward, Rules: []Filter{between(lanDevice, wanDevice)}}}}}
	if checkFilters(open) == "" {
		t.Error("a way in clear is not seen")
	}
	twice := Machine{ID: MachineID{KindRouter, "a"}, Namespaces: []Namespace{{Name: "x"}}}
	taken := map[string]MachineID{}
	if check(twice, taken) != "" || check(twice, taken) == "" {
		t.Error("a name that is taken twice is not seen")
	}
}

// TestSecretsStayHidden looks for a key in a plan's text.
func TestSecretsStayHidden(t *testing.T) {
	text := CompileGateway(parseRows(t, `gateway {"id":"vpngw-aaaaaaaa","type":"CCN","public":"198.51.100.10"}
connection {"id":"vpnx-aaaaaaaa","peer":"203.0.113.5","secret":"hunter2"}`).gateway(&vpc.Gateway{ID: "vpngw-aaaaaaaa", Public: netip.MustParseAddr("198.51.100.10")})).Text()
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "key ***") {
		t.Error(text)
	}
}

// TestTables gives two ids of one hash two tables.
func TestTables(t *testing.T) {
	a, b := tables{}, tables{}
	n := a.of("vpnx-aaaaaaaa")
	b[n] = true
	if m := b.of("vpnx-aaaaaaaa"); m == n || n < firstTable {
		t.Error(n, m)
	}
}

func BenchmarkCompileGateway(b *testing.B) {
	var text strings.Builder
	text.WriteString("vpc {\"id\":\"vpc-aaaaaaaa\",\"cidr\":\"10.7.0.0/16\"}\ngateway {\"id\":\"vpngw-aaaaaaaa\",\"vpc\":\"vpc-aaaaaaaa\",\"public\":\"198.51.100.10\"}\n")
	for i := range 4 {
		fmt.Fprintf(&text, "connection {\"id\":\"vpnx-aaaaaaa%d\",\"peer\":\"203.0.113.%d\"}\n", i, i+1)
	}
	r := parseRows(b, text.String())
	s := r.gateway(r.gateways[0])
	for b.Loop() {
		CompileGateway(s)
	}
}
