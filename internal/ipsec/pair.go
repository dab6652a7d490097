package ipsec

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// A rule's ranges are asked for in one CHILD_SA. A peer may narrow it to fewer (RFC 7296,
// section 2.9), as one does that has a child for each pair of ranges; then every pair that
// is left is asked for by itself.

// pair is a local and a remote range between which packets are wanted.
type pair struct {
	name          string // of the child that holds nothing else
	local, remote netip.Prefix
}

func (p pair) String() string { return p.local.String() + " - " + p.remote.String() }

// pairsOf are the pairs of a rule. The only pair of one has the rule's own name.
func pairsOf(rule plan.Child) []pair {
	var out []pair
	for _, l := range rule.Local {
		for _, r := range rule.Remote {
			out = append(out, pair{fmt.Sprintf("%s-%d", rule.Name, len(out)), l, r})
		}
	}
	if len(out) == 1 {
		out[0].name = rule.Name
	}
	return out
}

// child is the pair as a child of its own.
func (p pair) child() plan.Child {
	return plan.Child{Name: p.name, Local: []netip.Prefix{p.local}, Remote: []netip.Prefix{p.remote}}
}

// carried says whether SAs take every packet of the pair. 0.0.0.0/0 is whatever the peer
// makes of it.
func (p pair) carried(sas []childSA) bool {
	var parts []span // of the remote range
	local, remote := spanOf(p.local), spanOf(p.remote)
	for i := range sas {
		c := &sas[i]
		switch {
		case p.local != vpc.Everywhere && !contain(c.local, local):
		case p.remote == vpc.Everywhere, contain(c.remote, remote):
			return true
		default:
			for _, x := range c.remote {
				if x.first <= remote.last && remote.first <= x.last {
					parts = append(parts, x)
				}
			}
		}
	}
	return len(parts) > 1 && contain(parts, remote)
}

// lack is what no SA carries of what is wanted.
type lack struct {
	missing []pair
	begin   []string // the children to negotiate; none although pairs are missing: the peer agreed to less
}

// compare holds rules against the SAs that serve. A child that stands is not asked for
// again, whatever the peer has made of it. Where a peer has refused a whole rule, singly
// asks for its pairs.
func compare(rules []plan.Child, sas []childSA, singly bool) (l lack) {
	stands := func(name string) bool {
		return slices.ContainsFunc(sas, func(c childSA) bool { return c.name == name })
	}
	for _, rule := range rules {
		pairs := pairsOf(rule)
		var missing, begin []pair
		touched := stands(rule.Name)
		for _, p := range pairs {
			carried := p.carried(sas)
			touched = touched || carried || stands(p.name)
			if !carried {
				missing = append(missing, p)
			}
			if !carried && !stands(p.name) {
				begin = append(begin, p)
			}
		}
		l.missing = append(l.missing, missing...)
		if !touched && !singly {
			l.begin = append(l.begin, rule.Name)
			continue
		}
		for _, p := range begin {
			l.begin = append(l.begin, p.name)
		}
	}
	return l
}

// named is how many missing pairs are told of.
const named = 3

// String names the missing pairs.
func (l lack) String() string {
	var out []string
	for _, p := range l.missing {
		if len(out) == named {
			out = append(out, "…")
			break
		}
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}

// span is the addresses from one to another.
type span struct{ first, last uint32 }

func spanOf(p netip.Prefix) span {
	first := p.Masked().Addr().As4()
	at := binary.BigEndian.Uint32(first[:])
	return span{at, at | uint32(1<<(32-p.Bits())-1)}
}

// spans are the addresses of traffic selectors as charon writes them. One that is for a
// protocol or a port takes not every packet, and does not count.
func spans(selectors []string) (out []span) {
	for _, s := range selectors {
		if p, err := netip.ParsePrefix(s); err == nil && p.Addr().Is4() {
			out = append(out, spanOf(p))
			continue
		}
		first, last, _ := strings.Cut(s, "..")
		a, err1 := netip.ParseAddr(first)
		b, err2 := netip.ParseAddr(last)
		if err1 == nil && err2 == nil && a.Is4() && b.Is4() {
			out = append(out, span{spanOf(netip.PrefixFrom(a, 32)).first, spanOf(netip.PrefixFrom(b, 32)).last})
		}
	}
	return out
}

// contain says whether every address of a span lies in one of some.
func contain(some []span, s span) bool {
	if len(some) == 1 {
		return some[0].first <= s.first && s.last <= some[0].last
	}
	some = slices.Clone(some)
	slices.SortFunc(some, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	next := uint64(s.first) // the first address that is not found yet
	for _, x := range some {
		if uint64(x.first) > next {
			break
		}
		next = max(next, uint64(x.last)+1)
	}
	return next > uint64(s.last)
}
