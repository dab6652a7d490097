package api_test

import (
	"fmt"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// laws are what must hold of all rows at any revision, whatever calls have come in.
type laws struct {
	view   *store.View
	pool   vpc.AddrRange
	faults []string
}

// broken says which laws the rows of a view break.
func broken(view *store.View, pool vpc.AddrRange) []string {
	l := &laws{view: view, pool: pool}
	l.networks()
	l.gateways()
	l.connections()
	l.gatewayRoutes()
	l.clouds()
	l.remoteAccess()
	l.tags()
	l.addresses()
	l.quotas()
	return l.faults
}

func (l *laws) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// resolve finds what a row refers to.
func resolve[K ~string, R any](l *laws, t *store.Table[K, R], id K, from any) (*R, bool) {
	row, ok := t.Get(l.view, id)
	if !ok {
		l.fault("%s refers to the %s %q, which is not there", from, t.Name(), id)
	}
	return row, ok
}

// same holds that two rows that belong together have one scope, network or gateway.
func same[T comparable](l *laws, what string, of any, a, b T) {
	if a != b {
		l.fault("%s and what it refers to differ in their %s: %v and %v", of, what, a, b)
	}
}

func (l *laws) networks() {
	mains, subnets := map[vpc.VPCID]int{}, map[vpc.VPCID][]*vpc.Subnet{}
	for t := range store.RouteTables.All(l.view) {
		if v, ok := resolve(l, store.VPCs, t.VPC, t.ID); ok {
			same(l, "scope", t.ID, t.Scope, v.Scope)
		}
		if t.Main {
			mains[t.VPC]++
		}
	}
	for s := range store.Subnets.All(l.view) {
		l.subnet(s, subnets[s.VPC])
		subnets[s.VPC] = append(subnets[s.VPC], s)
	}
	for v := range store.VPCs.All(l.view) {
		if mains[v.ID] != 1 {
			l.fault("%s has %d main route tables", v.ID, mains[v.ID])
		}
	}
}

func (l *laws) subnet(s *vpc.Subnet, others []*vpc.Subnet) {
	if v, ok := resolve(l, store.VPCs, s.VPC, s.ID); ok {
		same(l, "scope", s.ID, s.Scope, v.Scope)
		if !vpc.CoveredByAny(s.CIDR, append([]netip.Prefix{v.CIDR}, v.Assistants...)) {
			l.fault("%s (%s) lies outside its VPC %s (%s)", s.ID, s.CIDR, v.ID, v.CIDR)
		}
	}
	if t, ok := resolve(l, store.RouteTables, s.RouteTable, s.ID); ok {
		same(l, "VPC", s.ID, s.VPC, t.VPC)
	}
	for _, other := range others {
		if s.CIDR.Overlaps(other.CIDR) {
			l.fault("%s (%s) overlaps %s (%s)", s.ID, s.CIDR, other.ID, other.CIDR)
		}
	}
}

func (l *laws) gateways() {
	for g := range store.Gateways.All(l.view) {
		if g.VPC != "" {
			if v, ok := resolve(l, store.VPCs, g.VPC, g.ID); ok {
				same(l, "scope", g.ID, g.Scope, v.Scope)
			}
		}
		if g.Network != "" {
			resolve(l, store.CCNs, g.Network, g.ID)
		}
	}
}

func (l *laws) connections() {
	ends := map[string]vpc.ConnectionID{}
	for x := range store.Connections.All(l.view) {
		if g, ok := resolve(l, store.Gateways, x.Gateway, x.ID); ok {
			same(l, "scope", x.ID, x.Scope, g.Scope)
			same(l, "VPC", x.ID, x.VPC, g.VPC)
		}
		if c, ok := resolve(l, store.CustomerGateways, x.CustomerGateway, x.ID); ok {
			same(l, "scope", x.ID, x.Scope, c.Scope)
		}
		pair := string(x.Gateway) + " " + string(x.CustomerGateway)
		if other, taken := ends[pair]; taken {
			l.fault("%s and %s are between the same ends", x.ID, other)
		}
		ends[pair] = x.ID
	}
}

func (l *laws) gatewayRoutes() {
	for r := range store.GatewayRoutes.All(l.view) {
		if g, ok := resolve(l, store.Gateways, r.Gateway, r.ID); ok {
			same(l, "scope", r.ID, r.Scope, g.Scope)
		}
		if r.NextHopType != vpc.NextHopConnection {
			resolve(l, store.CCNs, vpc.CCNID(r.NextHop), r.ID)
		} else if x, ok := resolve(l, store.Connections, vpc.ConnectionID(r.NextHop), r.ID); ok {
			same(l, "gateway", r.ID, r.Gateway, x.Gateway)
		}
	}
	for r := range store.GatewayCCNRoutes.All(l.view) {
		resolve(l, store.Gateways, r.Gateway, r.ID)
	}
}

// clouds: an instance is in one CCN at most, and a gateway says in which.
func (l *laws) clouds() {
	in := map[string]vpc.CCNID{}
	for a := range store.Attachments.All(l.view) {
		resolve(l, store.CCNs, a.CCN, "the attachment of "+a.Instance)
		if a.InstanceType == vpc.InstanceGateway {
			resolve(l, store.Gateways, vpc.GatewayID(a.Instance), "an attachment")
		} else {
			resolve(l, store.VPCs, vpc.VPCID(a.Instance), "an attachment")
		}
		if a.State != vpc.AttachmentActive {
			continue
		}
		if other, taken := in[a.Instance]; taken {
			l.fault("%s is attached to %s and to %s", a.Instance, a.CCN, other)
		}
		in[a.Instance] = a.CCN
	}
	for g := range store.Gateways.All(l.view) {
		same(l, "CCN", g.ID, g.Network, in[string(g.ID)])
	}
}

func (l *laws) remoteAccess() {
	for s := range store.SSLServers.All(l.view) {
		if g, ok := resolve(l, store.Gateways, s.Gateway, s.ID); ok {
			same(l, "scope", s.ID, s.Scope, g.Scope)
		}
	}
	seats := map[string]vpc.SSLClientID{}
	for c := range store.SSLClients.All(l.view) {
		if s, ok := resolve(l, store.SSLServers, c.Server, c.ID); ok {
			same(l, "gateway", c.ID, c.Gateway, s.Gateway)
			same(l, "scope", c.ID, c.Scope, s.Scope)
		}
		seat := fmt.Sprint(c.Server, " ", c.Seat)
		if other, taken := seats[seat]; taken {
			l.fault("%s and %s have one seat", c.ID, other)
		}
		seats[seat] = c.ID
	}
}

// bearers find what bears tags, by the prefix of the tagging.
var bearers = map[string]func(*laws, string){
	"vpc":    bearer(store.VPCs),
	"subnet": bearer(store.Subnets),
	"rtb":    bearer(store.RouteTables),
	"ccn":    bearer(store.CCNs),
	"vpngw":  bearer(store.Gateways),
	"cgw":    bearer(store.CustomerGateways),
	"vpnx":   bearer(store.Connections),
	"vpns":   bearer(store.SSLServers),
	"vpnc":   bearer(store.SSLClients),
}

func bearer[K ~string, R any](t *store.Table[K, R]) func(*laws, string) {
	return func(l *laws, id string) { resolve(l, t, K(id), "a tagging") }
}

func (l *laws) tags() {
	pairs := map[string]bool{}
	for p := range store.TagPairs.All(l.view) {
		pairs[fmt.Sprintf("%d %q %q", p.Account, p.Key, p.Value)] = true
	}
	for t := range store.Taggings.All(l.view) {
		if find := bearers[t.Prefix]; find != nil {
			find(l, t.ID)
		} else {
			l.fault("%s bears tags and is a %q", t.ID, t.Prefix)
		}
		for _, tag := range t.Tags {
			if !pairs[fmt.Sprintf("%d %q %q", t.Account, tag.Key, tag.Value)] {
				l.fault("%s bears the tag %q %q, which is not there", t.ID, tag.Key, tag.Value)
			}
		}
	}
}

func (l *laws) addresses() {
	held := map[netip.Addr]vpc.GatewayID{}
	for g := range store.Gateways.All(l.view) {
		if other, taken := held[g.Public]; taken {
			l.fault("%s and %s have one address, %s", g.ID, other, g.Public)
		}
		if g.Public.Less(l.pool.First) || l.pool.Last.Less(g.Public) {
			l.fault("%s has the address %s, which is not in the pool", g.ID, g.Public)
		}
		held[g.Public] = g.ID
	}
	for a := range store.ReleasedAddresses.All(l.view) {
		if g, taken := held[a.Addr]; taken {
			l.fault("%s has the address %s, which was released and rests", g, a.Addr)
		}
	}
}

// counted is one quota's use.
type counted struct {
	account vpc.AccountID
	quota   string
	within  string // what the quota is of
}

func (l *laws) quotas() {
	for use, n := range l.uses() {
		limit := vpc.QuotaOf(use.account, use.quota, func(a vpc.AccountID, name string) (int, bool) {
			q, ok := store.Quotas.Get(l.view, store.QuotaKey{Account: a, Name: name})
			if !ok {
				return 0, false
			}
			return q.Value, true
		})
		if n > limit {
			l.fault("account %d has %d of %d by %s in %s", use.account, n, limit, use.quota, use.within)
		}
	}
}

func (l *laws) uses() map[counted]int {
	n := map[counted]int{}
	add := func(s vpc.Scope, quota, within string) { n[counted{s.Account, quota, within}]++ }
	for v := range store.VPCs.All(l.view) {
		add(v.Scope, vpc.QuotaVPCs, string(v.Region))
	}
	for s := range store.Subnets.All(l.view) {
		add(s.Scope, vpc.QuotaSubnets, string(s.VPC))
	}
	for t := range store.RouteTables.All(l.view) {
		add(t.Scope, vpc.QuotaRouteTables, string(t.VPC))
		n[counted{t.Account, vpc.QuotaRoutes, string(t.ID)}] += len(t.Routes)
	}
	for g := range store.Gateways.All(l.view) {
		if g.VPC != "" {
			add(g.Scope, vpc.QuotaGateways, string(g.VPC))
		} else {
			add(g.Scope, vpc.QuotaCCNGateways, string(g.Region))
		}
	}
	for c := range store.CustomerGateways.All(l.view) {
		add(c.Scope, vpc.QuotaCustomerGateways, string(c.Region))
	}
	for x := range store.Connections.All(l.view) {
		add(x.Scope, vpc.QuotaConnections, string(x.Region))
		add(x.Scope, vpc.QuotaGatewayConnections, string(x.Gateway))
		add(x.Scope, vpc.QuotaCustomerConnections, string(x.CustomerGateway))
	}
	for r := range store.GatewayRoutes.All(l.view) {
		add(r.Scope, vpc.QuotaGatewayRoutes, string(r.Gateway))
	}
	for c := range store.SSLClients.All(l.view) {
		add(c.Scope, vpc.QuotaSSLClients, string(c.Server))
	}
	for c := range store.CCNs.All(l.view) {
		n[counted{c.Account, vpc.QuotaCCNs, "its CCNs"}]++
	}
	return n
}
