package peerconfig

import (
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

var update = flag.Bool("update", false, "write the golden files")

// differs says where a text's facts are not what they should be.
func (r reader) differs(t reporter, got facts, s Site) string {
	want := expected(s)
	byRoute := s.Connection.RouteType != vpc.RoutePolicy
	if byRoute {
		got.byRoute(t, s)
		if r.opens && s.Connection.Negotiation == vpc.NegotiateOnFlow {
			want["start"] = []string{"begins"}
		}
	}
	if len(got["inner"]) == 0 { // the address is where its owner puts it
		delete(want, "ping")
	}
	got.inside(t, s)
	switch {
	case slices.Contains(want["network"], "0.0.0.0/0"): // left to the reader
		delete(want, "network")
	case !byRoute && !r.routes:
		delete(want, "network")
	case !byRoute:
		slices.Sort(want["network"])
		want["network"] = slices.Compact(want["network"])
		slices.Sort(got["network"])
	}
	for key, w := range want {
		may := slices.Contains(r.lacks, key) || s.Connection.IKE.Version == "IKEV1" && slices.Contains(r.lacksV1, key) || byRoute && slices.Contains(r.routeLacks, key) || slices.Contains(few, key) && !slices.Contains(r.says, key)
		if _, said := got[key]; !said && may {
			continue
		}
		if g := got[key]; !reflect.DeepEqual(g, w) {
			return fmt.Sprintf("%s: %q, want %q", key, g, w)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok && key != "label" {
			return fmt.Sprintf("%s: %q, want nothing", key, got[key])
		}
	}
	return ""
}

// byRoute reads the pairs of a tunnel by route: everything is offered, or what is behind
// the gateway is asked for.
func (f facts) byRoute(t reporter, s Site) {
	h := s.Connection.Health
	for _, p := range f.take("pair") {
		local, remote, _ := strings.Cut(p, " ")
		switch {
		case p == "0.0.0.0/0 0.0.0.0/0":
		case local == "0.0.0.0/0" && remote != local:
			f.add("network", remote)
		case h.Enable && p == h.Remote.String()+"/32 "+h.Local.String()+"/32":
			f.add("network", remote)
		default:
			t.Errorf("pair %s by route", p)
		}
	}
}

// inside holds the addresses inside the tunnel: ours is a host of the tunnel's network,
// and the gateway's is reached through the tunnel, since the tunnel's network or a route
// has it.
func (f facts) inside(t reporter, s Site) {
	h, inner := s.Connection.Health, f.take("inner")
	if len(inner) == 0 && len(f["probe"]) > 0 { // a comment says where ours belongs
		own, _, _ := strings.Cut(f["probe"][0], " ")
		inner = []string{own + "/32"}
	}
	if !h.Enable {
		if len(inner) > 0 && inner[0] != "169.254.254.1/30" { // any free one
			t.Errorf("address %s inside the tunnel", inner[0])
		}
		f.remove("network", "169.254.254.2/32")
		return
	}
	if far := f.take("far"); len(far) > 0 && far[0] != h.Local.String() {
		t.Errorf("the gateway is %s", far[0])
	}
	p, err := netip.ParsePrefix(strings.Join(inner, ""))
	switch routed := f.remove("network", h.Local.String()+"/32"); {
	case err != nil || p.Addr() != h.Remote:
		t.Errorf("our address %q inside the tunnel", inner)
	case p.Bits() < 31 && (p.Masked().Addr() == p.Addr() || !p.Contains(p.Addr().Next())):
		t.Errorf("%s is not a host", p)
	case s.Connection.RouteType != vpc.RoutePolicy && !routed && !p.Contains(h.Local):
		t.Errorf("nothing leads from %s to %s", p, h.Local)
	}
}

// remove takes one value out of a list, and tells whether it was there.
func (f facts) remove(key, value string) bool {
	n := len(f[key])
	f[key] = slices.DeleteFunc(f[key], func(v string) bool { return v == value })
	if len(f[key]) == 0 {
		delete(f, key)
	}
	return len(f[key]) < n
}

func name(v vpc.Vendor) string { return v.Name + "/" + v.Platform }

// byRoute makes a connection one by route, with a health check between two addresses if
// there are any.
func byRoute(gateway, customer string) func(*vpc.Connection) {
	return func(x *vpc.Connection) {
		x.RouteType, x.Policies = vpc.RouteStaticRoute, nil
		if gateway != "" {
			x.Health = vpc.HealthCheck{Enable: true, Local: netip.MustParseAddr(gateway), Remote: netip.MustParseAddr(customer), Probe: "NQA"}
		}
	}
}

// variants are a connection with each value of the API once.
func variants() map[string]*vpc.Connection {
	out := map[string]*vpc.Connection{}
	add := func(name string, change func(*vpc.Connection)) {
		for _, version := range []string{"IKEV1", "IKEV2"} {
			x := connection()
			x.IKE.Version = version
			change(x)
			out[version+" "+name] = x
		}
	}
	add("defaults", func(*vpc.Connection) {})
	add("aggressive", func(x *vpc.Connection) { x.IKE.Exchange = "AGGRESSIVE" })
	add("no PFS", func(x *vpc.Connection) { x.IPsec.PFS = "NULL" })
	add("no DPD", func(x *vpc.Connection) { x.DPD.Enable = false })
	add("active", func(x *vpc.Connection) { x.Negotiation = vpc.NegotiateActive })
	add("names", func(x *vpc.Connection) {
		x.IKE.LocalIdentity, x.IKE.LocalFQDN, x.IKE.LocalAddress = vpc.IdentityFQDN, "hub.example", ""
		x.IKE.RemoteIdentity, x.IKE.RemoteFQDN, x.IKE.RemoteAddress = vpc.IdentityFQDN, "office-1.example", ""
	})
	add("on flow", func(x *vpc.Connection) { x.Negotiation = vpc.NegotiateOnFlow })
	add("active aggressive", func(x *vpc.Connection) { x.Negotiation, x.IKE.Exchange = vpc.NegotiateActive, "AGGRESSIVE" })
	add("everything, with a health check", func(x *vpc.Connection) {
		x.Policies = []vpc.PolicyRule{{Local: vpc.Everywhere, Remotes: []netip.Prefix{vpc.Everywhere}}}
		x.Health = vpc.HealthCheck{Enable: true, Local: netip.MustParseAddr("169.254.128.1"), Remote: netip.MustParseAddr("169.254.128.2"), Probe: "NQA"}
	})
	add("route", byRoute("", ""))
	add("route aggressive", func(x *vpc.Connection) {
		byRoute("169.254.128.1", "169.254.128.2")(x)
		x.IKE.Exchange = "AGGRESSIVE"
	})
	add("route active aggressive", func(x *vpc.Connection) {
		byRoute("", "")(x)
		x.IKE.Exchange, x.Negotiation = "AGGRESSIVE", vpc.NegotiateActive
	})
	add("route on flow", func(x *vpc.Connection) {
		byRoute("169.254.128.2", "169.254.128.1")(x)
		x.Negotiation = vpc.NegotiateOnFlow
	})
	add("route, addresses apart", byRoute("169.254.200.11", "169.254.200.21"))
	add("route, addresses at the ends", byRoute("169.254.200.4", "169.254.200.7"))
	add("route, addresses in two networks", byRoute("10.200.0.1", "192.168.77.0"))
	add("another address", func(x *vpc.Connection) { x.IKE.RemoteAddress = "10.99.0.2" })
	for _, c := range []string{"3DES-CBC", "AES-CBC-128", "AES-CBC-192", "AES-CBC-256", "DES-CBC", "SM4", "AES128GCM128", "AES192GCM128", "AES256GCM128", "NULL"} {
		if c != "NULL" {
			add("IKE "+c, func(x *vpc.Connection) { x.IKE.Encryption, x.IKE.Integrity = c, "SHA-256" })
		}
		add("ESP "+c, func(x *vpc.Connection) { x.IPsec.Encryption = c })
	}
	for _, h := range []string{"MD5", "SHA", "SHA-256", "SHA-512"} {
		add("IKE "+h, func(x *vpc.Connection) { x.IKE.Integrity = h })
	}
	for _, h := range []string{"MD5", "SHA1", "SHA-256", "SHA-512", "SHA-384", "SM3"} {
		add("ESP "+h, func(x *vpc.Connection) { x.IPsec.Integrity = h })
	}
	for _, g := range []string{"1", "2", "5", "14", "15", "16", "19", "20", "21", "24"} {
		add("IKE group "+g, func(x *vpc.Connection) { x.IKE.DHGroup = "GROUP" + g })
		add("PFS group "+g, func(x *vpc.Connection) { x.IPsec.PFS = "DH-GROUP" + g })
	}
	return out
}

// TestReadBack: every make's text, read by a reader of its own, says what the
// connection is, for every value of the API. What a make cannot do is refused, and the
// list of that is a golden file.
func TestReadBack(t *testing.T) {
	var refused strings.Builder
	all := variants()
	for _, v := range vpc.Vendors() {
		fmt.Fprintf(&refused, "%s\n", name(v))
		for _, variant := range slices.Sorted(maps.Keys(all)) {
			s := site(v, all[variant])
			out, err := Write(s, nil)
			if err != nil {
				fmt.Fprintf(&refused, "  %s: %s\n", variant, err.EN)
				continue
			}
			r, wrong := readers[name(v)], &faults{}
			if d := r.differs(wrong, r.facts(wrong, out.Reveal()), s); d != "" || len(*wrong) > 0 {
				t.Errorf("%s, %s: %s %q\n%s", name(v), variant, d, *wrong, out.Reveal())
			}
		}
	}
	golden(t, "refused.txt", refused.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update to accept):\n%s", path, got)
	}
}

// examples are what the golden texts show.
func examples() []struct {
	title string
	Site
} {
	probed := func(x *vpc.Connection) *vpc.Connection {
		byRoute("169.254.128.1", "169.254.128.2")(x)
		return x
	}
	apart := connection()
	byRoute("10.200.0.1", "192.168.77.1")(apart)
	apart.IKE.Exchange, apart.Negotiation = "AGGRESSIVE", vpc.NegotiateActive
	v2 := func(x *vpc.Connection) *vpc.Connection {
		x.IKE.Version, x.IKE.Lifetime, x.IPsec.Lifetime, x.IPsec.LifetimeKiB = "IKEV2", 604800, 604800, 1<<32-1
		x.Negotiation = vpc.NegotiateActive
		return x
	}
	aggressive := connection()
	aggressive.IKE.Exchange, aggressive.IKE.RemoteIdentity, aggressive.IKE.RemoteFQDN = "AGGRESSIVE", vpc.IdentityFQDN, "office.example"
	bgp := v2(connection())
	bgp.RouteType, bgp.Policies = vpc.RouteBGP, nil
	bgp.BGP = &vpc.BGP{Tunnel: netip.MustParsePrefix("169.254.130.0/30"), Local: netip.MustParseAddr("169.254.130.1"), Remote: netip.MustParseAddr("169.254.130.2")}
	out := []struct {
		title string
		Site
	}{}
	for _, e := range []struct {
		title string
		x     *vpc.Connection
	}{
		{"IKEv1, by policy", connection()}, {"IKEv1 aggressive, by name", aggressive}, {"IKEv2, by policy, the longest lifetimes", v2(connection())},
		{"IKEv1, by route, with a health check", probed(connection())}, {"IKEv2, by route, with a health check", probed(v2(connection()))}, {"IKEv2, by route, with BGP", bgp},
		{"IKEv1 aggressive, by route, the gateway begins, addresses apart", apart},
	} {
		s := site(vpc.Vendor{}, e.x)
		out = append(out, struct {
			title string
			Site
		}{e.title, s})
	}
	return out
}

// TestGolden shows each language in a few examples.
func TestGolden(t *testing.T) {
	for _, v := range vpc.Vendors() {
		var b strings.Builder
		for _, e := range examples() {
			e.Vendor = v
			out, err := Write(e.Site, nil)
			fmt.Fprintf(&b, "==== %s\n", e.title)
			if err != nil {
				fmt.Fprintf(&b, "refused: %s\n", err.EN)
				continue
			}
			b.WriteString(out.Reveal())
			readers[name(v)].facts(t, out.Reveal())
		}
		golden(t, strings.ReplaceAll(name(v), "/", "-")+".txt", b.String())
	}
}

// TestInnerBits: the tunnel's network is the smallest that has both addresses as hosts,
// unless that is a large one.
func TestInnerBits(t *testing.T) {
	for _, c := range []struct {
		inner, far string
		bits       int
		both       bool
	}{
		{"169.254.128.2", "169.254.128.1", 30, true}, {"169.254.200.21", "169.254.200.11", 27, true}, {"169.254.200.3", "169.254.200.1", 29, true}, {"169.254.200.4", "169.254.200.7", 28, true},
		{"169.254.200.1", "169.254.200.254", 24, true}, {"169.254.200.1", "169.254.200.255", 30, false}, {"169.254.200.0", "169.254.201.1", 31, false}, {"169.254.200.0", "169.254.200.1", 31, true}, {"10.1.1.4", "192.168.1.1", 29, false}, {"10.1.1.1", "10.1.2.1", 30, false},
	} {
		inner, far := netip.MustParseAddr(c.inner), netip.MustParseAddr(c.far)
		bits := innerBits(inner, far)
		if p := netip.PrefixFrom(inner, bits); bits != c.bits || c.both != isHost(p, far) || !isHost(p, inner) {
			t.Errorf("%s and %s: /%d", c.inner, c.far, bits)
		}
	}
}

// TestClips: a number beyond what a make takes is cut to it, and a comment says so.
func TestClips(t *testing.T) {
	x := connection()
	x.IKE.Lifetime, x.IPsec.Lifetime, x.IPsec.LifetimeKiB, x.DPD.Timeout = 604800, 604800, 1<<32-1, 60
	for _, v := range vpc.Vendors() {
		want, ok := map[string][3]string{
			"cisco/asa": {"604800", "604800", "2147483647"}, "cisco/ios": {"86400", "604800", "4294967295"}, "fortinet/fortios": {"172800", "172800", "4294967295"}, "h3c/comware": {"604800", "604800", "4294967295"},
			"huawei/usg": {"604800", "604800", "200000000"}, "juniper/srx": {"86400", "86400", "4294967294"}, "libreswan/linux": {"86400", "86400", "4294967295"}, "mikrotik/routeros": {"604800", "604800", "4294967295"},
			"opnsense/freebsd": {"604800", "604800", "4294967295"}, "paloalto/panos": {"604800", "604800", "4293918720"}, "pfsense/freebsd": {"604800", "604800", "4294967295"}, "strongswan/linux": {"604800", "604800", "4294967295"},
			"vyos/linux": {"86400", "86400", "4294967295"},
		}[name(v)]
		out, err := Write(site(v, x), nil)
		if err != nil || !ok {
			t.Fatal(name(v), err, ok)
		}
		f := readers[name(v)].facts(t, out.Reveal())
		for i, key := range []string{"ike.life", "esp.life", "esp.kib"} {
			given := []string{"604800", "604800", "4294967295"}[i]
			if got := strings.Join(f[key], ""); got != want[i] || got != given && !strings.Contains(out.Reveal(), "the gateway has "+given) {
				t.Errorf("%s: %s is %s\n%s", name(v), key, got, out.Reveal())
			}
		}
	}
}

// faults counts what a reader finds wrong.
type faults []string

func (*faults) Helper() {}

func (f *faults) Errorf(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// TestDialects: every make that is offered has a language and a reader.
func TestDialects(t *testing.T) {
	for _, v := range vpc.Vendors() {
		if dialects[name(v)] == nil || readers[name(v)].grammar == nil {
			t.Errorf("%s is offered and has no language, or no reader", name(v))
		}
	}
	if len(dialects) != len(vpc.Vendors()) {
		t.Errorf("%d languages for %d makes", len(dialects), len(vpc.Vendors()))
	}
}

func TestRefusesInterfaces(t *testing.T) {
	v := vpc.Vendors()[0]
	for iface, want := range map[string]vpc.Code{
		"eth0": "", "eth0.20": "", "GigabitEthernet0/0/1": "", "ge-0/0/0.0": "", "ethernet1/1": "", "outside": "", "1": "", strings.Repeat("e", 63): "",
		"": vpc.InvalidParameterValueEmpty, strings.Repeat("e", 64): vpc.InvalidParameterValueMalformed, "eth0\n": vpc.InvalidParameterValueMalformed, "eth 0": vpc.InvalidParameterValueMalformed,
		"eth0\"": vpc.InvalidParameterValueMalformed, "eth0;": vpc.InvalidParameterValueMalformed, "-eth0": vpc.InvalidParameterValueMalformed, "$(id)": vpc.InvalidParameterValueMalformed, "网": vpc.InvalidParameterValueMalformed,
	} {
		s := site(v, connection())
		s.Interface = iface
		var got vpc.Code
		if _, err := Write(s, nil); err != nil {
			got = err.Code
		}
		if got != want {
			t.Errorf("interface %q: %q, want %q", iface, got, want)
		}
	}
}
