package vpc

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// members reads lines "INSTANCE RANGE@SINCE ..."; an instance whose name starts with g
// is a gateway, and all were attached at instant 1.
func members(t *testing.T, text string) []CCNMember {
	t.Helper()
	var out []CCNMember
	for line := range strings.SplitSeq(text, ";") {
		words := strings.Fields(line)
		m := CCNMember{Attachment: &Attachment{Instance: words[0], InstanceType: InstanceVPC, Attached: 1}}
		if words[0][0] == 'g' {
			m.InstanceType = InstanceGateway
		}
		for _, w := range words[1:] {
			dest, since, _ := strings.Cut(w, "@")
			n, err := strconv.Atoi(since)
			if err != nil {
				t.Fatal(err)
			}
			m.Ranges = append(m.Ranges, CCNRange{netip.MustParsePrefix(dest), Instant(n)})
		}
		out = append(out, m)
	}
	return out
}

// states prints routes as "INSTANCE:DESTINATION=STATE", oldest first.
func states(routes []CCNRoute) string {
	var out []string
	for i := range routes {
		r := &routes[i]
		out = append(out, fmt.Sprintf("%s:%s=%s", r.Instance, r.Destination, r.ExtraState()))
	}
	return strings.Join(out, " ")
}

func routeID(t *testing.T, routes []CCNRoute, name string) string {
	t.Helper()
	for _, r := range routes {
		if r.Instance+":"+r.Destination.String() == name {
			return r.ID
		}
	}
	t.Fatalf("no route %s in %s", name, states(routes))
	return ""
}

func TestCCNRoutes(t *testing.T) {
	for _, c := range []struct {
		name, members string
		ccn           CCN
		want          string
	}{
		{"apart", "a 10.0.0.0/24@1;b 10.0.1.0/24@1", CCN{}, "a:10.0.0.0/24=Running b:10.0.1.0/24=Running"},
		{"the older wins", "a 10.0.0.0/24@5;b 10.0.0.0/24@4", CCN{}, "b:10.0.0.0/24=Running a:10.0.0.0/24=Conflict"},
		{"never older than the attachment", "a 10.0.0.0/24@1;b 10.0.0.0/24@0", CCN{}, "a:10.0.0.0/24=Running b:10.0.0.0/24=Conflict"},
		{"inside an older one", "a 10.0.0.0/16@1;b 10.0.1.0/24@2", CCN{}, "a:10.0.0.0/16=Running b:10.0.1.0/24=Conflict"},
		{"around an older one", "a 10.0.1.0/24@1;b 10.0.0.0/16@2", CCN{}, "a:10.0.1.0/24=Running b:10.0.0.0/16=Conflict"},
		{"a default route is around everything", "a 10.0.1.0/24@1;b 0.0.0.0/0@2", CCN{}, "a:10.0.1.0/24=Running b:0.0.0.0/0=Conflict"},
		{"one network may overlap itself", "a 10.0.0.0/16@1 10.0.1.0/24@2 10.0.1.0/24@3", CCN{}, "a:10.0.0.0/16=Running a:10.0.1.0/24=Running"},
		{"own routes do not hide a foreign one", "a 10.0.1.0/24@1;b 10.0.2.0/24@2 10.0.0.0/16@3", CCN{}, "a:10.0.1.0/24=Running b:10.0.2.0/24=Running b:10.0.0.0/16=Conflict"},
		{"nor the other way round", "b 10.0.2.0/24@1;a 10.0.1.0/24@2;b2 10.0.0.0/16@3", CCN{}, "b:10.0.2.0/24=Running a:10.0.1.0/24=Running b2:10.0.0.0/16=Conflict"},
		{"a loser blocks nobody", "a 10.0.0.0/24@1;b 10.0.0.0/16@2;c 10.0.1.0/24@3", CCN{}, "a:10.0.0.0/24=Running b:10.0.0.0/16=Conflict c:10.0.1.0/24=Running"},
		{"overlap allowed", "a 10.0.0.0/16@1;b 10.0.1.0/24@2;c 10.0.1.0/24@3", CCN{Overlap: true}, "a:10.0.0.0/16=Running b:10.0.1.0/24=Running c:10.0.1.0/24=Conflict"},
		{"ECMP is for gateways", "g1 10.0.0.0/24@1;g2 10.0.0.0/24@2;a 10.0.0.0/24@3", CCN{ECMP: true}, "g1:10.0.0.0/24=Running g2:10.0.0.0/24=Running a:10.0.0.0/24=Conflict"},
		{"ECMP off", "g1 10.0.0.0/24@1;g2 10.0.0.0/24@2", CCN{}, "g1:10.0.0.0/24=Running g2:10.0.0.0/24=Conflict"},
		{"ECMP does not allow overlaps", "g1 10.0.0.0/24@1;g2 10.0.0.0/25@2", CCN{ECMP: true}, "g1:10.0.0.0/24=Running g2:10.0.0.0/25=Conflict"},
		{"IPv6 beside IPv4", "a 10.0.0.0/24@1 2001:db8::/56@1;b 2001:db8::/64@2", CCN{}, "a:10.0.0.0/24=Running a:2001:db8::/56=Running b:2001:db8::/64=Conflict"},
	} {
		if got := states(CCNRoutes(&c.ccn, members(t, c.members))); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestCCNRouteIDs(t *testing.T) {
	ms := members(t, "a 10.0.0.0/24@1;b 10.0.0.0/24@1")
	one, two := CCNRoutes(&CCN{ID: "ccn-1"}, ms), CCNRoutes(&CCN{ID: "ccn-1", Overlap: true}, ms[1:])
	if !PrefixCCNRoute.Match(one[0].ID) || one[0].ID == one[1].ID || one[1].ID != two[0].ID {
		t.Errorf("ids %s %s, alone %s", one[0].ID, one[1].ID, two[0].ID)
	}
	if again := CCNRoutes(&CCN{ID: "ccn-2"}, ms); again[0].ID == one[0].ID {
		t.Error("two CCNs share an id")
	}
	if again := CCNRoutes(&CCN{ID: "ccn-1"}, members(t, "a 10.0.0.0/24@7")); again[0].ID != one[0].ID {
		t.Error("a younger connection behind the same range changes the id")
	}
	ms[0].Attached = 9
	if again := CCNRoutes(&CCN{ID: "ccn-1"}, ms[:1]); again[0].ID == one[0].ID {
		t.Error("a network that left and came back has its old ids")
	}
}

func TestGatewayRanges(t *testing.T) {
	p := netip.MustParsePrefix
	connection := func(created Instant, remotes ...netip.Prefix) *Connection {
		return &Connection{Created: created, Policies: []PolicyRule{{Local: p("10.9.0.0/24"), Remotes: remotes}}}
	}
	got := GatewayRanges([]netip.Prefix{p("10.0.0.0/24"), p("10.1.0.0/24"), p("10.2.0.0/24")},
		[]*Connection{connection(5, p("10.0.0.0/24")), connection(3, p("10.0.0.0/24"), p("10.1.0.0/24"))},
		[]*GatewayRoute{{Created: 2, Enabled: true, NextHopType: NextHopConnection, Destination: p("10.1.0.0/24")}, {Created: 1, NextHopType: NextHopConnection, Destination: p("10.1.0.0/24")}})
	if want := []CCNRange{{p("10.0.0.0/24"), 3}, {p("10.1.0.0/24"), 2}, {p("10.2.0.0/24"), 0}}; !slices.Equal(got, want) {
		t.Errorf("%#v", got)
	}
}

// TestSwitchCCNRoutes plays the owner: -x switches route x off, +x on; a name alone
// expects the code of the step before.
func TestSwitchCCNRoutes(t *testing.T) {
	for _, c := range []struct {
		name, members, steps string
		ccn                  CCN
		want                 string
	}{
		{"off and on", "a 10.0.0.0/24@1", "-a:10.0.0.0/24 +a:10.0.0.0/24", CCN{}, "a:10.0.0.0/24=Running"},
		{"off twice", "a 10.0.0.0/24@1", "-a:10.0.0.0/24 -a:10.0.0.0/24", CCN{}, "a:10.0.0.0/24=Disabled"},
		{"the loser of a conflict waits", "a 10.0.0.0/24@1;b 10.0.0.0/24@2", "-a:10.0.0.0/24", CCN{}, "a:10.0.0.0/24=Disabled b:10.0.0.0/24=Disabled"},
		{"and takes over when asked", "a 10.0.0.0/24@1;b 10.0.0.0/24@2", "-a:10.0.0.0/24 +b:10.0.0.0/24", CCN{}, "a:10.0.0.0/24=Disabled b:10.0.0.0/24=Running"},
		{"then the older is refused", "a 10.0.0.0/24@1;b 10.0.0.0/24@2", "-a:10.0.0.0/24 +b:10.0.0.0/24 +a:10.0.0.0/24!UnsupportedOperation.Ecmp", CCN{}, "a:10.0.0.0/24=Disabled b:10.0.0.0/24=Running"},
		{"same destination", "a 10.0.0.0/24@1;b 10.0.0.0/24@2", "+b:10.0.0.0/24!UnsupportedOperation.Ecmp", CCN{}, "a:10.0.0.0/24=Running b:10.0.0.0/24=Conflict"},
		{"overlap", "a 10.0.0.0/24@1;b 10.0.0.0/16@2", "+b:10.0.0.0/16!UnsupportedOperation.CcnRouteCidrOverlap", CCN{}, "a:10.0.0.0/24=Running b:10.0.0.0/16=Conflict"},
		{"two that exclude each other", "a 10.0.0.0/24@1;b 10.0.0.0/16@2", "-a:10.0.0.0/24 +a:10.0.0.0/24,b:10.0.0.0/16!UnsupportedOperation.CcnRouteCidrOverlap", CCN{}, "a:10.0.0.0/24=Disabled b:10.0.0.0/16=Disabled"},
		{"others stay in conflict", "a 10.0.0.0/24@1;b 10.0.1.0/24@1;c 10.0.0.0/16@2", "-a:10.0.0.0/24", CCN{}, "a:10.0.0.0/24=Disabled b:10.0.1.0/24=Running c:10.0.0.0/16=Conflict"},
		{"gone routes are forgotten", "a 10.0.0.0/24@1", "-a:10.0.0.0/24", CCN{DisabledRoutes: []string{"ccnr-gone0000"}}, "a:10.0.0.0/24=Disabled"},
	} {
		ms := members(t, c.members)
		for step := range strings.FieldsSeq(c.steps) {
			call, want, _ := strings.Cut(step, "!")
			routes := CCNRoutes(&c.ccn, ms)
			var ids []string
			for name := range strings.SplitSeq(call[1:], ",") {
				ids = append(ids, routeID(t, routes, name))
			}
			if call[0] == '-' {
				c.ccn.DisabledRoutes = DisableRoutes(&c.ccn, ms, ids)
				continue
			}
			disabled, err := EnableRoutes(&c.ccn, ms, ids, nil)
			switch {
			case err == nil && want == "":
				c.ccn.DisabledRoutes = disabled
			case err == nil || string(err.Code) != want:
				t.Errorf("%s: %s: %v", c.name, step, err)
			}
		}
		if got := states(CCNRoutes(&c.ccn, ms)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if len(c.ccn.DisabledRoutes) > strings.Count(c.want, "Disabled") {
			t.Errorf("%s: %v for %s", c.name, c.ccn.DisabledRoutes, c.want)
		}
	}
}

// TestCCNRoutesByHand holds the table against the definition, over random ranges.
func TestCCNRoutesByHand(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		c := CCN{Overlap: rnd.IntN(2) == 0, ECMP: rnd.IntN(2) == 0}
		var ms []CCNMember
		for i := range 4 {
			m := CCNMember{Attachment: &Attachment{Instance: fmt.Sprintf("i%d", i), InstanceType: []string{InstanceVPC, InstanceGateway}[i%2]}}
			for range 5 {
				p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(rnd.IntN(4)), byte(rnd.IntN(4) * 64)}), 20+rnd.IntN(8)).Masked()
				m.Ranges = append(m.Ranges, CCNRange{p, Instant(rnd.IntN(9))})
			}
			ms = append(ms, m)
		}
		routes := CCNRoutes(&c, ms)
		for i, r := range routes {
			clash := slices.ContainsFunc(routes[:i], func(o CCNRoute) bool {
				if !o.Enabled || o.Instance == r.Instance {
					return false
				}
				if o.Destination == r.Destination {
					return !c.ECMP || o.InstanceType != InstanceGateway || r.InstanceType != InstanceGateway
				}
				return !c.Overlap && o.Destination.Overlaps(r.Destination)
			})
			if r.Enabled == clash {
				t.Fatalf("seed %d: %+v route %d: %s", seed, c, i, states(routes))
			}
		}
	}
}

func TestKeepsRoutes(t *testing.T) {
	ms := members(t, "a 10.0.0.0/24@1;b 10.0.0.0/16@2")
	if KeepsRoutes(&CCN{Overlap: true}, &CCN{}, ms) {
		t.Error("overlapping routes are enabled, yet overlap can be switched off")
	}
	if !KeepsRoutes(&CCN{}, &CCN{Overlap: true}, ms) || !KeepsRoutes(&CCN{Overlap: true}, &CCN{}, ms[:1]) {
		t.Error("a change that disables nothing is held back")
	}
}

func TestStillDisabled(t *testing.T) {
	ms := members(t, "a 10.0.0.0/24@1;b 10.0.1.0/24@2")
	c := CCN{}
	routes := CCNRoutes(&c, ms)
	c.DisabledRoutes = []string{routes[0].ID, routes[1].ID}
	if got := StillDisabled(&c, ms[1:]); len(got) != 1 || got[0] != routes[1].ID {
		t.Errorf("%v of %v", got, c.DisabledRoutes)
	}
}
