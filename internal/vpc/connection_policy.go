package vpc

import (
	"net/netip"
	"strconv"
)

// PolicySpec is one rule of a security policy database as a caller writes it.
type PolicySpec struct {
	Local   string
	Remotes []string
}

// openPolicy is what a connection with routes shows as its policy.
var openPolicy = []PolicyRule{{Local: Everywhere, Remotes: []netip.Prefix{Everywhere}}}

// Shown returns the policy that an answer shows: the rules, or 0.0.0.0/0 both ways for
// a connection that takes whatever is routed to it.
func (x *Connection) Shown() []PolicyRule {
	if x.RouteType == RouteStaticRoute {
		return openPolicy
	}
	return x.Policies
}

// ByPolicy reports whether a connection's traffic is chosen by policy rules.
func (t RouteType) ByPolicy() bool { return t == RouteStatic || t == RoutePolicy }

// policies reads rules and clears host bits.
func (o *options) policies(specs []PolicySpec, around *Surroundings) []PolicyRule {
	const list = "SecurityPolicyDatabases"
	if len(specs) == 0 {
		o.refuse(Refuse(o.codes.Pick(InvalidParameterValueEmpty, InvalidParameterValueMalformed), list,
			"a connection by policy needs at least one rule", "按策略转发的通道至少需要一条规则"))
		return nil
	}
	o.atMost(list, QuotaPolicyRules, len(specs), around.Quota)
	rules := make([]PolicyRule, len(specs))
	for i, s := range specs {
		param := list + "." + strconv.Itoa(i)
		rules[i].Local = o.trafficRange(param+".LocalCidrBlock", s.Local)
		o.atMost(param+".RemoteCidrBlock", QuotaPolicyRemotes, len(s.Remotes), around.Quota)
		if len(s.Remotes) == 0 {
			o.refuse(Refuse(o.codes.Pick(InvalidParameterValueEmpty, InvalidParameterValueMalformed), param+".RemoteCidrBlock",
				"a rule needs at least one remote range", "规则至少需要一个对端网段"))
		}
		for j, r := range s.Remotes {
			rules[i].Remotes = append(rules[i].Remotes, o.trafficRange(param+".RemoteCidrBlock."+strconv.Itoa(j), r))
		}
		if o.err != nil {
			return nil
		}
	}
	return rules
}

// atMost refuses a list that is longer than a quota allows.
func (o *options) atMost(param, quota string, n int, limit func(string) int) {
	if most := limit(quota); n > most {
		o.refuse(Refuse(o.codes.Pick(InvalidParameterValueLimitExceeded, LimitExceeded), param,
			"it has %d entries, the quota `%s` is %d", "共 %d 项，配额 `%s` 为 %d", n, quota, most))
	}
}

func (o *options) trafficRange(param, text string) netip.Prefix {
	p, ok := ParseRange(text)
	if !ok || !trafficRange(p) {
		o.malformed(param, "`%s` is not an IPv4 range that traffic may have, such as 10.0.0.0/16", "`%s` 不是可用的 IPv4 网段，例如 10.0.0.0/16", Clip(text))
	}
	return p
}

// policiesOfRoutes refuses rules where traffic is chosen by routes. A StaticRoute
// connection may repeat what it shows.
func (o *options) policiesOfRoutes(specs []PolicySpec, t RouteType) {
	for i, s := range specs {
		local, ok := ParseRange(s.Local)
		open := ok && local == Everywhere && len(s.Remotes) == 1
		if open {
			remote, ok := ParseRange(s.Remotes[0])
			open = ok && remote == Everywhere
		}
		if t == RouteStaticRoute && open {
			continue
		}
		o.refuse(Refuse(o.codes.Pick(InvalidParameterCoexist, UnsupportedOperation), "SecurityPolicyDatabases."+strconv.Itoa(i),
			"a connection of RouteType `%s` has no policy rules", "路由类型为 `%s` 的通道没有策略规则", t))
		return
	}
}

// pair is one local and one remote range that may talk to each other.
type pair struct{ local, remote netip.Prefix }

func (p pair) overlaps(q pair) bool { return p.local.Overlaps(q.local) && p.remote.Overlaps(q.remote) }

// pairs yields each pair of the rules with the place of its remote range.
func pairs(rules []PolicyRule) func(yield func(param string, p pair) bool) {
	return func(yield func(string, pair) bool) {
		for i, r := range rules {
			for j, remote := range r.Remotes {
				param := "SecurityPolicyDatabases." + strconv.Itoa(i) + ".RemoteCidrBlock." + strconv.Itoa(j)
				if !yield(param, pair{r.Local, remote}) {
					return
				}
			}
		}
	}
}

// CountPairs counts the local and remote ranges that rules join.
func CountPairs(rules []PolicyRule) int {
	n := 0
	for _, r := range rules {
		n += len(r.Remotes)
	}
	return n
}

// checkPolicies holds rules against themselves, the VPC and the gateway's other
// connections. Ranges of a rule may not overlap, except that 0.0.0.0/0 overlaps
// everything on purpose.
func checkPolicies(x *Connection, around *Surroundings) *Error {
	rules := x.Policies
	seen := map[pair]bool{}
	for param, p := range pairs(rules) {
		if seen[p] {
			return Refuse(around.Codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValueMalformed), param,
				"`%s` to `%s` is there twice", "`%s` 到 `%s` 重复出现", p.local, p.remote)
		}
		seen[p] = true
		if err := checkPair(param, p, around); err != nil {
			return err
		}
	}
	return checkPairCount(rules, around)
}

func checkPair(param string, p pair, around *Surroundings) *Error {
	codes := around.Codes
	if p.local != Everywhere && p.remote != Everywhere && p.local.Overlaps(p.remote) {
		return Refuse(codes.Pick(InvalidParameterValueVpnConnSpdCidrConflict, UnsupportedOperationVpnConnSPDOverlap), param,
			"`%s` overlaps the local range `%s`", "`%s` 与本端网段 `%s` 重叠", p.remote, p.local)
	}
	if own, clash := FirstOverlap(p.remote, around.VPCRanges); clash && p.remote != Everywhere {
		return Refuse(codes.Pick(InvalidParameterValueVpcCidrConflict, InvalidParameterValueVpnConnCidrConflict), param,
			"`%s` overlaps the VPC's range `%s`", "`%s` 与私有网络网段 `%s` 重叠", p.remote, own)
	}
	if err := CheckPools(param, p.remote, around.Pools, codes); err != nil {
		return err
	}
	for _, other := range around.Others {
		for _, q := range pairs(other.Policies) {
			if p.overlaps(q) {
				return Refuse(codes.Pick(InvalidParameterValueVpnConnCidrConflict), param,
					"`%s` to `%s` overlaps `%s` to `%s` of connection `%s`", "`%s` 到 `%s` 与通道 `%[5]s` 的 `%[3]s` 到 `%[4]s` 重叠",
					p.local, p.remote, q.local, q.remote, other.ID)
			}
		}
	}
	return nil
}

func checkPairCount(rules []PolicyRule, around *Surroundings) *Error {
	have, more, most := 0, CountPairs(rules), around.Quota(QuotaPolicyPairs)
	for _, other := range around.Others {
		have += CountPairs(other.Policies)
	}
	return OverQuotaBy(around.Codes.Pick(InvalidParameterValueLimitExceeded, LimitExceeded), "SecurityPolicyDatabases", QuotaPolicyPairs, have, more, most)
}

// takesAll reports whether a rule joins 0.0.0.0/0 to 0.0.0.0/0, so that probes may pass.
func takesAll(rules []PolicyRule) bool {
	for _, p := range pairs(rules) {
		if p.local == Everywhere && p.remote == Everywhere {
			return true
		}
	}
	return false
}
