package netdev

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// ruleKey is everything that a rule of ours says. The kernel's dump does not say that a
// rule drops, but such a rule has no table.
type ruleKey struct {
	priority int
	in       string
	from, to netip.Prefix
	mark     uint32
	table    int
}

func ruleOfPlan(r plan.Rule) ruleKey {
	k := ruleKey{r.Priority, r.In, r.From, r.To, r.Mark, r.Table}
	switch {
	case r.Drop:
		k.table = 0
	case k.table == 0:
		k.table = unix.RT_TABLE_MAIN
	}
	return k
}

func ruleOf(r netlink.Rule) ruleKey {
	return ruleKey{r.Priority, r.IifName, prefixOf(r.Src), prefixOf(r.Dst), r.Mark, r.Table}
}

func (k ruleKey) netlink() *netlink.Rule {
	r := netlink.NewRule()
	r.Family, r.Protocol = netlink.FAMILY_V4, protocol
	r.Priority, r.IifName, r.Mark, r.Table = k.priority, k.in, k.mark, k.table
	if k.from.IsValid() {
		r.Src = ipNet(k.from)
	}
	if k.to.IsValid() {
		r.Dst = ipNet(k.to)
	}
	if k.table == 0 {
		r.Type = unix.FR_ACT_BLACKHOLE
	}
	if k == firstLocal { // put back as the kernel had it
		r.Protocol = unix.RTPROT_KERNEL
	}
	return r
}

// wantedRules are the plan's, and the one for the table local where that has moved.
func wantedRules(ns plan.Namespace) map[ruleKey]bool {
	out := map[ruleKey]bool{}
	for _, r := range ns.Rules {
		out[ruleOfPlan(r)] = true
	}
	if ns.LocalRule != 0 {
		out[ruleKey{priority: ns.LocalRule, table: unix.RT_TABLE_LOCAL}] = true
	}
	return out
}

// firstLocal is the rule that the kernel starts with.
var firstLocal = ruleKey{table: unix.RT_TABLE_LOCAL}

func (s *space) rules() ([]netlink.Rule, error) {
	all, err := again(func() ([]netlink.Rule, error) { return s.nl.RuleList(netlink.FAMILY_V4) })
	if err != nil {
		return nil, &host.Error{Op: "read rules", Namespace: s.name, Err: err, Hint: host.Hint(err)}
	}
	return all, nil
}

// rules adds what is missing. The first rule for the table local goes when the one at
// its new place stands, and comes back before that goes.
func (p *pass) rules(ns plan.Namespace) error {
	s, err := p.open(ns.Name)
	if err != nil {
		return err
	}
	all, err := s.rules()
	if err != nil {
		return err
	}
	have, first := map[ruleKey]bool{}, (*netlink.Rule)(nil)
	for _, r := range all {
		if r.Protocol == protocol {
			have[ruleOf(r)] = true
		}
		if ruleOf(r) == firstLocal {
			first = &r
		}
	}
	want := wantedRules(ns)
	if ns.LocalRule == 0 && first == nil {
		want[firstLocal] = true
	}
	for k := range want {
		if have[k] {
			continue
		}
		if err := p.do("add rule", k.in, ns.Name, func() error { return s.nl.RuleAdd(k.netlink()) }); err != nil {
			return err
		}
	}
	if ns.LocalRule != 0 && first != nil {
		return p.do("move rule", "for table local", ns.Name, func() error { return s.nl.RuleDel(first) })
	}
	return nil
}
