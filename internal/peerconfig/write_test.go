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
func differs(got, want facts, lacks []string) string {
	for key, w := range want {
		if _, said := got[key]; !said && slices.Contains(lacks, key) {
			continue
		}
		if g := got[key]; !reflect.DeepEqual(g, w) {
			return fmt.Sprintf("%s: %q, want %q", key, g, w)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok && key != "network" {
			return fmt.Sprintf("%s: %q, want nothing", key, got[key])
		}
	}
	return ""
}

func name(v vpc.Vendor) string { return v.Name + "/" + v.Platform }

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
			r := readers[name(v)]
			if d := differs(r.facts(t, out.Reveal()), expected(s), r.lacks); d != "" {
				t.Errorf("%s, %s: %s\n%s", name(v), variant, d, out.Reveal())
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
	byRoute := func(x *vpc.Connection) *vpc.Connection {
		x.RouteType, x.Policies = vpc.RouteStaticRoute, nil
		x.Health = vpc.HealthCheck{Enable: true, Local: netip.MustParseAddr("169.254.128.1"), Remote: netip.MustParseAddr("169.254.128.2"), Probe: "NQA"}
		return x
	}
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
		{"IKEv1, by route, with a health check", byRoute(connection())}, {"IKEv2, by route, with a health check", byRoute(v2(connection()))}, {"IKEv2, by route, with BGP", bgp},
	} {
		s := site(vpc.Vendor{}, e.x)
		if e.x.RouteType == vpc.RouteStaticRoute {
			s.Networks = []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("10.9.0.0/24")}
		}
		out = append(out, struct {
			title string
			Site
		}{e.title, s})
	}
	return out
}

// TestGolden shows each language in six examples. A tunnel by route has the routes of
// the gateway's networks.
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
			f := readers[name(v)].facts(t, out.Reveal())
			for _, n := range e.Networks {
				asked := slices.Contains(f["network"], n.String()) || slices.ContainsFunc(f["pair"], func(p string) bool { return strings.HasSuffix(p, " "+n.String()) })
				if !asked && !strings.Contains(out.Reveal(), n.String()) {
					t.Errorf("%s, %s: no route to %s", name(v), e.title, n)
				}
			}
		}
		golden(t, strings.ReplaceAll(name(v), "/", "-")+".txt", b.String())
	}
}

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
