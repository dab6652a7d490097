package ipsec

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/plan"
)

func prefixes(all ...string) (out []netip.Prefix) {
	for _, p := range all {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// TestCompare says for SAs that stand which pairs they leave out, and what is begun for them.
func TestCompare(t *testing.T) {
	rules := func(rules ...[]string) (out []plan.Child) {
		for i, r := range rules {
			out = append(out, plan.Child{Name: fmt.Sprint("r", i), Local: prefixes(r[0]), Remote: prefixes(r[1:]...)})
		}
		return out
	}
	has := func(name, local string, remote ...string) childSA {
		return childSA{name: name, local: spans(strings.Fields(local)), remote: spans(remote)}
	}
	sas := func(all ...childSA) []childSA { return all }
	const here, a, b, c = "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"
	three := rules([]string{here, a, b, c})
	for _, tt := range []struct {
		name    string
		rules   []plan.Child
		sas     []childSA
		singly  bool
		missing string
		begin   string
	}{
		{"nothing yet", three, nil, false, "10.2 10.3 10.4", "r0"},
		{"nothing, and the whole refused", three, nil, true, "10.2 10.3 10.4", "r0-0 r0-1 r0-2"},
		{"one SA for all", three, sas(has("r0", here, a, b, c)), false, "", ""},
		{"narrowed to the first", three, sas(has("r0", here, a)), false, "10.3 10.4", "r0-1 r0-2"},
		{"narrowed to the last", three, sas(has("r0", here, c)), false, "10.2 10.3", "r0-0 r0-1"},
		{"narrowed to two", three, sas(has("r0", here, a, b)), false, "10.4", "r0-2"},
		{"one for each", three, sas(has("r0", here, a), has("r0-1", here, b), has("r0-2", here, c)), false, "", ""},
		{"the peer began with one", three, sas(has("r0-1", here, b)), false, "10.2 10.4", "r0-0 r0-2"},
		{"the peer began with one, under another name", three, sas(has("r0", here, b)), false, "10.2 10.4", "r0-0 r0-2"},
		{"one of them is narrowed further", three, sas(has("r0", here, a), has("r0-1", here, "10.3.0.0/17"), has("r0-2", here, c)), false, "10.3", ""},
		{"so is the first", three, sas(has("r0", here, "10.2.0.0/17")), false, "10.2 10.3 10.4", "r0-0 r0-1 r0-2"},
		{"so are local ranges", three, sas(has("r0", "10.1.0.0/17", a, b, c)), false, "10.2 10.3 10.4", "r0-0 r0-1 r0-2"},
		{"for a protocol alone", three, sas(has("r0", here, a+"[tcp/http]", b, c)), false, "10.2", "r0-0"},
		{"in other words", three, sas(has("r0", "10.1.0.0..10.1.127.255 10.1.128.0/17", "10.2.0.0/15", "10.4.0.0..10.4.255.255")), false, "", ""},
		{"with a hole", three, sas(has("r0", here, "10.2.0.0..10.3.255.254", c)), false, "10.3", "r0-1"},
		{"all of the peer's", three, sas(has("r0", "0.0.0.0/0", "0.0.0.0/0")), false, "", ""},
		{"halves in two SAs", rules([]string{here, a}), sas(has("x", here, "10.2.0.0/17"), has("y", here, "10.2.128.0/17")), false, "", ""},
		{"halves of different local ranges", rules([]string{here, a}), sas(has("x", here, "10.2.0.0/17"), has("y", "10.9.0.0/16", "10.2.128.0/17")), false, "10.2", "r0"},
		{"another's ranges", three, sas(has("x", here, "10.9.0.0/16")), false, "10.2 10.3 10.4", "r0"},
		{"one pair", rules([]string{here, a}), nil, false, "10.2", "r0"},
		{"one pair, refused", rules([]string{here, a}), nil, true, "10.2", "r0"},
		{"one pair, narrowed", rules([]string{here, a}), sas(has("r0", here, "10.2.0.0/17")), false, "10.2", ""},
		{"two rules", rules([]string{here, a, b}, []string{"10.9.0.0/16", c}), sas(has("r0", here, a)), false, "10.3 10.4", "r0-1 r1"},
		{"everywhere, narrowed", rules([]string{"0.0.0.0/0", "0.0.0.0/0"}), sas(has("r0", here, a)), false, "", ""},
		{"everywhere, and nothing", rules([]string{"0.0.0.0/0", "0.0.0.0/0"}), nil, false, "0.0", "r0"},
		{"from one range to everywhere, narrowed", rules([]string{here, "0.0.0.0/0"}), sas(has("r0", here, a)), false, "", ""},
		{"from one range to everywhere, the range narrowed", rules([]string{here, "0.0.0.0/0"}), sas(has("r0", "10.1.0.0/17", a)), false, "0.0", ""},
		{"the last addresses of all", rules([]string{here, "255.255.255.0/24"}), sas(has("r0", here, "255.255.255.0/24")), false, "", ""},
	} {
		got := compare(tt.rules, tt.sas, tt.singly)
		var missing []string
		for _, p := range got.missing {
			missing = append(missing, strings.Join(strings.Split(p.remote.String(), ".")[:2], "."))
		}
		if m, b := strings.Join(missing, " "), strings.Join(got.begin, " "); m != tt.missing || b != tt.begin {
			t.Errorf("%s: missing %q, begin %q; want %q, %q", tt.name, m, b, tt.missing, tt.begin)
		}
	}
}

// TestLackIsTold names few of many pairs.
func TestLackIsTold(t *testing.T) {
	rule := []plan.Child{{Name: "r", Local: prefixes("10.1.0.0/16"), Remote: prefixes("10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16")}}
	if got, want := compare(rule, nil, false).String(), "10.1.0.0/16 - 10.2.0.0/16, 10.1.0.0/16 - 10.3.0.0/16, 10.1.0.0/16 - 10.4.0.0/16, …"; got != want {
		t.Errorf("%s", got)
	}
}
