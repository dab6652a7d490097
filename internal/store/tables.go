package store

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The tables. A row's key in etcd is gw/row/NAME/KEY.
var (
	Accounts          = newTable("account", accountKey)
	Keys              = newNamed("key", func(k *vpc.Key) *string { return &k.ID }, func(k *vpc.Key) vpc.Instant { return k.Created })
	Gateways          = newNamed("gateway", func(g *vpc.Gateway) *vpc.GatewayID { return &g.ID }, func(g *vpc.Gateway) vpc.Instant { return g.Created })
	ReleasedAddresses = newTable("released", releasedKey)
	CustomerGateways  = newNamed("customergateway", func(c *vpc.CustomerGateway) *vpc.CustomerGatewayID { return &c.ID }, func(c *vpc.CustomerGateway) vpc.Instant { return c.Created })
	Connections       = newNamed("connection", func(c *vpc.Connection) *vpc.ConnectionID { return &c.ID }, func(c *vpc.Connection) vpc.Instant { return c.Created })
	GatewayRoutes     = newNamed("gatewayroute", func(r *vpc.GatewayRoute) *vpc.GatewayRouteID { return &r.ID }, func(r *vpc.GatewayRoute) vpc.Instant { return r.Created })
	GatewayCCNRoutes  = newNamed("gatewayccnroute", func(r *vpc.GatewayCCNRoute) *vpc.GatewayRouteID { return &r.ID }, func(r *vpc.GatewayCCNRoute) vpc.Instant { return r.Created })
	VPCs              = newNamed("vpc", func(v *vpc.VPC) *vpc.VPCID { return &v.ID }, func(v *vpc.VPC) vpc.Instant { return v.Created })
	Subnets           = newNamed("subnet", func(s *vpc.Subnet) *vpc.SubnetID { return &s.ID }, func(s *vpc.Subnet) vpc.Instant { return s.Created })
	RouteTables       = newNamed("routetable", func(r *vpc.RouteTable) *vpc.RouteTableID { return &r.ID }, func(r *vpc.RouteTable) vpc.Instant { return r.Created })
	CCNs              = newNamed("ccn", func(c *vpc.CCN) *vpc.CCNID { return &c.ID }, func(c *vpc.CCN) vpc.Instant { return c.Created })
	Attachments       = newTable("attachment", attachmentKey)
	TagPairs          = newTable("tagpair", tagPairKey)
	Taggings          = newTable("tagging", taggingKey)
	Quotas            = newTable("quota", quotaKey)
	RateLimits        = newTable("ratelimit", rateLimitKey)
	Faults            = newNamed("fault", func(f *vpc.Fault) *string { return &f.ID }, func(f *vpc.Fault) vpc.Instant { return f.Created })
	Tasks             = newNamed("task", func(t *vpc.Task) *string { return &t.ID }, nil)
)

// The tables by which hosts with a data plane and the control plane meet. Hosts has the
// live ones only and is written by Announce alone; statuses are not in backups.
var (
	Hosts              = newNamed(hostTable, func(h *vpc.Host) *vpc.HostName { return &h.Name }, nil)
	GatewayStatuses    = newNamed("gatewaystatus", func(s *vpc.GatewayStatus) *vpc.GatewayID { return &s.ID }, nil)
	ConnectionStatuses = newNamed("connectionstatus", func(s *vpc.ConnectionStatus) *vpc.ConnectionID { return &s.ID }, nil)
	Workloads          = newNamed("workload", func(w *vpc.Workload) *vpc.WorkloadID { return &w.ID }, func(w *vpc.Workload) vpc.Instant { return w.Created })
	WorkloadStatuses   = newNamed("workloadstatus", func(s *vpc.WorkloadStatus) *vpc.WorkloadID { return &s.ID }, nil)
)

// The indexes of those tables. GatewaysByHost has the gateways without one under the
// empty name.
var (
	GatewaysByHost = newIndex(Gateways, func(g *vpc.Gateway) (vpc.HostName, bool) { return g.Host, true }, cmp.Compare[vpc.HostName])

	WorkloadsBySubnet = newIndex(Workloads, func(w *vpc.Workload) (vpc.SubnetID, bool) { return w.Subnet, true }, cmp.Compare[vpc.SubnetID])
	WorkloadsByVPC    = newIndex(Workloads, func(w *vpc.Workload) (vpc.VPCID, bool) { return w.VPC, true }, cmp.Compare[vpc.VPCID])
	WorkloadsByHost   = newIndex(Workloads, func(w *vpc.Workload) (vpc.HostName, bool) { return w.Host, true }, cmp.Compare[vpc.HostName])
)

// The indexes of gateways. ByNetwork finds those attached to a CCN, ByDue those that
// time will change (Range over instants), ByAddress by the public address.
var (
	GatewaysByScope   = newIndex(Gateways, func(g *vpc.Gateway) (vpc.Scope, bool) { return g.Scope, true }, compareScope)
	GatewaysByVPC     = newIndex(Gateways, func(g *vpc.Gateway) (In[vpc.VPCID], bool) { return Of(g.Scope, g.VPC), true }, in(cmp.Compare[vpc.VPCID]))
	GatewaysByName    = newIndex(Gateways, func(g *vpc.Gateway) (In[string], bool) { return Of(g.Scope, g.Name), true }, in(strings.Compare))
	GatewaysByType    = newIndex(Gateways, func(g *vpc.Gateway) (In[vpc.GatewayType], bool) { return Of(g.Scope, g.Type), true }, in(cmp.Compare[vpc.GatewayType]))
	GatewaysByZone    = newIndex(Gateways, func(g *vpc.Gateway) (In[vpc.Zone], bool) { return Of(g.Scope, g.Zone), true }, in(cmp.Compare[vpc.Zone]))
	GatewaysByRenewal = newIndex(Gateways, func(g *vpc.Gateway) (In[vpc.RenewFlag], bool) { return Of(g.Scope, g.RenewFlag), true }, in(cmp.Compare[vpc.RenewFlag]))
	GatewaysByCDC     = newIndex(Gateways, func(g *vpc.Gateway) (In[vpc.CDCID], bool) { return Of(g.Scope, g.CDC), g.CDC != "" }, in(cmp.Compare[vpc.CDCID]))
	GatewaysByNetwork = newIndex(Gateways, func(g *vpc.Gateway) (vpc.CCNID, bool) { return g.Network, g.Network != "" }, cmp.Compare[vpc.CCNID])
	GatewaysByAddress = newIndex(Gateways, func(g *vpc.Gateway) (netip.Addr, bool) { return g.Public, g.Public.IsValid() }, netip.Addr.Compare)
	GatewaysByDue     = newIndex(Gateways, func(g *vpc.Gateway) (vpc.Instant, bool) { return g.Due, g.Due != 0 }, cmp.Compare[vpc.Instant])

	ReleasedAddressesByDue = newIndex(ReleasedAddresses, func(a *vpc.ReleasedAddress) (vpc.Instant, bool) { return a.Due, a.Due != 0 }, cmp.Compare[vpc.Instant])
)

// The indexes of customer gateways and connections.
var (
	CustomerGatewaysByScope = newIndex(CustomerGateways, func(c *vpc.CustomerGateway) (vpc.Scope, bool) { return c.Scope, true }, compareScope)
	CustomerGatewaysByName  = newIndex(CustomerGateways, func(c *vpc.CustomerGateway) (In[string], bool) { return Of(c.Scope, c.Name), true }, in(strings.Compare))
	CustomerGatewaysByAddr  = newIndex(CustomerGateways, func(c *vpc.CustomerGateway) (In[netip.Addr], bool) { return Of(c.Scope, c.Addr), true }, in(netip.Addr.Compare))

	ConnectionsByScope           = newIndex(Connections, func(c *vpc.Connection) (vpc.Scope, bool) { return c.Scope, true }, compareScope)
	ConnectionsByGateway         = newIndex(Connections, func(c *vpc.Connection) (In[vpc.GatewayID], bool) { return Of(c.Scope, c.Gateway), true }, in(cmp.Compare[vpc.GatewayID]))
	ConnectionsByCustomerGateway = newIndex(Connections, func(c *vpc.Connection) (In[vpc.CustomerGatewayID], bool) { return Of(c.Scope, c.CustomerGateway), true }, in(cmp.Compare[vpc.CustomerGatewayID]))
	ConnectionsByVPC             = newIndex(Connections, func(c *vpc.Connection) (In[vpc.VPCID], bool) { return Of(c.Scope, c.VPC), c.VPC != "" }, in(cmp.Compare[vpc.VPCID]))
	ConnectionsByName            = newIndex(Connections, func(c *vpc.Connection) (In[string], bool) { return Of(c.Scope, c.Name), true }, in(strings.Compare))
	ConnectionsByDue             = newIndex(Connections, func(c *vpc.Connection) (vpc.Instant, bool) { return c.Due, c.Due != 0 }, cmp.Compare[vpc.Instant])
)

// The indexes of gateway routes.
var (
	GatewayRoutesByGateway    = newIndex(GatewayRoutes, func(r *vpc.GatewayRoute) (In[vpc.GatewayID], bool) { return Of(r.Scope, r.Gateway), true }, in(cmp.Compare[vpc.GatewayID]))
	GatewayRoutesByNextHop    = newIndex(GatewayRoutes, func(r *vpc.GatewayRoute) (In[string], bool) { return Of(r.Scope, r.NextHop), true }, in(strings.Compare))
	GatewayCCNRoutesByGateway = newIndex(GatewayCCNRoutes, func(r *vpc.GatewayCCNRoute) (In[vpc.GatewayID], bool) { return Of(r.Scope, r.Gateway), true }, in(cmp.Compare[vpc.GatewayID]))
)

// The indexes of VPCs, subnets, route tables, CCNs and attachments. A CCN belongs to
// no region, so what points at one is found by its id alone; an IPv6 range is one VPC's
// among all accounts. ByAssisted has VPCs with assistant ranges, ByRouted tables with
// routes.
var (
	VPCsByScope = newIndex(VPCs, func(v *vpc.VPC) (vpc.Scope, bool) { return v.Scope, true }, compareScope)
	VPCsByCIDR  = newIndex(VPCs, func(v *vpc.VPC) (In[netip.Prefix], bool) { return Of(v.Scope, v.CIDR), true }, in(comparePrefix))

	VPCsByDefault  = newIndex(VPCs, func(v *vpc.VPC) (vpc.Scope, bool) { return v.Scope, v.Default }, compareScope)
	VPCsByAssisted = newIndex(VPCs, func(v *vpc.VPC) (vpc.Scope, bool) { return v.Scope, len(v.Assistants) > 0 }, compareScope)
	VPCsByIPv6     = newMultiIndex(VPCs, nthIPv6, comparePrefix)

	SubnetsByScope      = newIndex(Subnets, func(s *vpc.Subnet) (vpc.Scope, bool) { return s.Scope, true }, compareScope)
	SubnetsByVPC        = newIndex(Subnets, func(s *vpc.Subnet) (In[vpc.VPCID], bool) { return Of(s.Scope, s.VPC), true }, in(cmp.Compare[vpc.VPCID]))
	SubnetsByRouteTable = newIndex(Subnets, func(s *vpc.Subnet) (In[vpc.RouteTableID], bool) { return Of(s.Scope, s.RouteTable), true }, in(cmp.Compare[vpc.RouteTableID]))
	SubnetsByName       = newIndex(Subnets, func(s *vpc.Subnet) (In[string], bool) { return Of(s.Scope, s.Name), true }, in(strings.Compare))

	RouteTablesByScope  = newIndex(RouteTables, func(r *vpc.RouteTable) (vpc.Scope, bool) { return r.Scope, true }, compareScope)
	RouteTablesByRouted = newIndex(RouteTables, func(r *vpc.RouteTable) (vpc.Scope, bool) { return r.Scope, len(r.Routes) > 0 }, compareScope)
	RouteTablesByVPC    = newIndex(RouteTables, func(r *vpc.RouteTable) (In[vpc.VPCID], bool) { return Of(r.Scope, r.VPC), true }, in(cmp.Compare[vpc.VPCID]))
	RouteTablesByName   = newIndex(RouteTables, func(r *vpc.RouteTable) (In[string], bool) { return Of(r.Scope, r.Name), true }, in(strings.Compare))

	CCNsByAccount = newIndex(CCNs, func(c *vpc.CCN) (vpc.AccountID, bool) { return c.Account, true }, cmp.Compare[vpc.AccountID])
	CCNsByName    = newIndex(CCNs, func(c *vpc.CCN) (Owned[string], bool) { return OwnedBy(c.Account, c.Name), true }, owned(strings.Compare))

	AttachmentsByCCN      = newIndex(Attachments, func(a *vpc.Attachment) (vpc.CCNID, bool) { return a.CCN, true }, cmp.Compare[vpc.CCNID])
	AttachmentsByInstance = newIndex(Attachments, func(a *vpc.Attachment) (string, bool) { return a.Instance, true }, strings.Compare)
	AttachmentsByOwner    = newIndex(Attachments, func(a *vpc.Attachment) (vpc.AccountID, bool) { return a.Owner, true }, cmp.Compare[vpc.AccountID])
	AttachmentsByDue      = newIndex(Attachments, func(a *vpc.Attachment) (vpc.Instant, bool) { return a.Due, a.Due != 0 }, cmp.Compare[vpc.Instant])
)

// The indexes of accounts, keys, tags, faults and tasks.
var (
	AccountsBySettled = newIndex(Accounts, func(a *vpc.Account) (vpc.Instant, bool) { return a.SettledAt, a.SettledAt != 0 }, cmp.Compare[vpc.Instant])

	KeysByAccount = newIndex(Keys, func(k *vpc.Key) (vpc.AccountID, bool) { return k.Account, true }, cmp.Compare[vpc.AccountID])

	TagPairsByAccount = newIndex(TagPairs, func(p *vpc.TagPair) (vpc.AccountID, bool) { return p.Account, true }, cmp.Compare[vpc.AccountID])
	TagPairsByKey     = newIndex(TagPairs, func(p *vpc.TagPair) (Owned[string], bool) { return OwnedBy(p.Account, p.Key), true }, owned(strings.Compare))

	TaggingsByAccount    = newIndex(Taggings, func(t *vpc.Tagging) (vpc.AccountID, bool) { return t.Account, true }, cmp.Compare[vpc.AccountID])
	TaggingsByPrefix     = newIndex(Taggings, func(t *vpc.Tagging) (In[string], bool) { return Of(t.Scope, t.Prefix), true }, in(strings.Compare))
	TaggingsByTag        = newMultiIndex(Taggings, taggedWith, in(compareTagged))
	TaggingsByTagKey     = newMultiIndex(Taggings, taggedKey, in(compareTagged))
	TaggingsByAccountTag = newMultiIndex(Taggings, taggedAnywhere, owned(compareTag))

	FaultsByAccount = newIndex(Faults, func(f *vpc.Fault) (vpc.AccountID, bool) { return f.Account, true }, cmp.Compare[vpc.AccountID])

	TasksByDue = newIndex(Tasks, func(t *vpc.Task) (vpc.Instant, bool) { return t.Due, t.Due != 0 }, cmp.Compare[vpc.Instant])
)

// Tagged asks for resources of one kind (the prefix of their ids) by a tag.
// TaggingsByTagKey leaves the tag's value empty.
type Tagged struct {
	Prefix string
	vpc.Tag
}

func nthIPv6(v *vpc.VPC, n int) (netip.Prefix, bool) {
	if n >= len(v.IPv6) {
		return netip.Prefix{}, false
	}
	return v.IPv6[n].CIDR, true
}

func taggedWith(t *vpc.Tagging, n int) (In[Tagged], bool) {
	if n >= len(t.Tags) {
		return In[Tagged]{}, false
	}
	return Of(t.Scope, Tagged{t.Prefix, t.Tags[n]}), true
}

func taggedKey(t *vpc.Tagging, n int) (In[Tagged], bool) {
	if n >= len(t.Tags) {
		return In[Tagged]{}, false
	}
	return Of(t.Scope, Tagged{t.Prefix, vpc.Tag{Key: t.Tags[n].Key}}), true
}

func taggedAnywhere(t *vpc.Tagging, n int) (Owned[vpc.Tag], bool) {
	if n >= len(t.Tags) {
		return Owned[vpc.Tag]{}, false
	}
	return OwnedBy(t.Account, t.Tags[n]), true
}

func compareTag(a, b vpc.Tag) int {
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	return strings.Compare(a.Value, b.Value)
}

func compareTagged(a, b Tagged) int {
	if c := strings.Compare(a.Prefix, b.Prefix); c != 0 {
		return c
	}
	return compareTag(a.Tag, b.Tag)
}

func comparePrefix(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return cmp.Compare(a.Bits(), b.Bits())
}

// AddressRank counts the public addresses below addr that gateways hold or that wait
// to return to the pool. An address is never both, so a range from lo to hi is full
// up to x when AddressRank(x+1) - AddressRank(lo) is the number of addresses in it.
func AddressRank(r Reader, addr netip.Addr) int {
	return GatewaysByAddress.Rank(r, addr) + ReleasedAddresses.Rank(r, addr)
}

// AttachmentKey is the key of Attachments.
type AttachmentKey struct {
	CCN      vpc.CCNID
	Instance string
}

// QuotaKey is the key of Quotas.
type QuotaKey struct {
	Account vpc.AccountID
	Name    string
}

// RateLimitKey is the key of RateLimits.
type RateLimitKey struct {
	Account vpc.AccountID
	Action  string
}

// TagPairKey is the key of TagPairs.
type TagPairKey struct {
	Account vpc.AccountID
	vpc.Tag
}

var accountKey = keyOf[vpc.AccountID, vpc.Account]{
	key:     func(a *vpc.Account) vpc.AccountID { return a.ID },
	set:     func(a *vpc.Account, id vpc.AccountID) { a.ID = id },
	compare: cmp.Compare[vpc.AccountID],
	text:    accountText,
	parse:   parseAccount,
	created: func(a *vpc.Account) vpc.Instant { return a.Created },
}

var releasedKey = keyOf[netip.Addr, vpc.ReleasedAddress]{
	key:     func(a *vpc.ReleasedAddress) netip.Addr { return a.Addr },
	set:     func(a *vpc.ReleasedAddress, addr netip.Addr) { a.Addr = addr },
	compare: netip.Addr.Compare,
	text:    netip.Addr.String,
	parse:   netip.ParseAddr,
}

var attachmentKey = keyOf[AttachmentKey, vpc.Attachment]{
	key: func(a *vpc.Attachment) AttachmentKey { return AttachmentKey{a.CCN, a.Instance} },
	set: func(a *vpc.Attachment, k AttachmentKey) { a.CCN, a.Instance = k.CCN, k.Instance },
	compare: func(a, b AttachmentKey) int {
		if c := cmp.Compare(a.CCN, b.CCN); c != 0 {
			return c
		}
		return strings.Compare(a.Instance, b.Instance)
	},
	text: func(k AttachmentKey) string { return join(string(k.CCN), k.Instance) },
	parse: func(s string) (AttachmentKey, error) {
		p, err := split(s, 2)
		if err != nil {
			return AttachmentKey{}, err
		}
		return AttachmentKey{vpc.CCNID(p[0]), p[1]}, nil
	},
	created: func(a *vpc.Attachment) vpc.Instant { return a.Attached },
}

var tagPairKey = keyOf[TagPairKey, vpc.TagPair]{
	key: func(p *vpc.TagPair) TagPairKey { return TagPairKey{p.Account, p.Tag} },
	set: func(p *vpc.TagPair, k TagPairKey) { p.Account, p.Tag = k.Account, k.Tag },
	compare: func(a, b TagPairKey) int {
		if c := cmp.Compare(a.Account, b.Account); c != 0 {
			return c
		}
		return compareTag(a.Tag, b.Tag)
	},
	text: func(k TagPairKey) string { return join(accountText(k.Account), k.Key, k.Value) },
	parse: func(s string) (TagPairKey, error) {
		p, err := split(s, 3)
		if err != nil {
			return TagPairKey{}, err
		}
		account, err := parseAccount(p[0])
		return TagPairKey{account, vpc.Tag{Key: p[1], Value: p[2]}}, err
	},
	created: func(p *vpc.TagPair) vpc.Instant { return p.Created },
}

var taggingKey = keyOf[vpc.Resource, vpc.Tagging]{
	key: func(t *vpc.Tagging) vpc.Resource { return t.Resource },
	set: func(t *vpc.Tagging, k vpc.Resource) { t.Resource = k },
	compare: func(a, b vpc.Resource) int {
		if c := strings.Compare(a.Prefix, b.Prefix); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	},
	text: func(k vpc.Resource) string { return join(k.Prefix, k.ID) },
	parse: func(s string) (vpc.Resource, error) {
		p, err := split(s, 2)
		if err != nil {
			return vpc.Resource{}, err
		}
		return vpc.Resource{Prefix: p[0], ID: p[1]}, nil
	},
	created: func(t *vpc.Tagging) vpc.Instant { return t.Created },
}

var quotaKey = keyOf[QuotaKey, vpc.Quota]{
	key: func(q *vpc.Quota) QuotaKey { return QuotaKey{q.Account, q.Name} },
	set: func(q *vpc.Quota, k QuotaKey) { q.Account, q.Name = k.Account, k.Name },
	compare: func(a, b QuotaKey) int {
		return owned(strings.Compare)(OwnedBy(a.Account, a.Name), OwnedBy(b.Account, b.Name))
	},
	text: func(k QuotaKey) string { return join(accountText(k.Account), k.Name) },
	parse: func(s string) (QuotaKey, error) {
		account, name, err := splitOwned(s)
		return QuotaKey{account, name}, err
	},
}

var rateLimitKey = keyOf[RateLimitKey, vpc.RateLimit]{
	key: func(l *vpc.RateLimit) RateLimitKey { return RateLimitKey{l.Account, l.Action} },
	set: func(l *vpc.RateLimit, k RateLimitKey) { l.Account, l.Action = k.Account, k.Action },
	compare: func(a, b RateLimitKey) int {
		return owned(strings.Compare)(OwnedBy(a.Account, a.Action), OwnedBy(b.Account, b.Action))
	},
	text: func(k RateLimitKey) string { return join(accountText(k.Account), k.Action) },
	parse: func(s string) (RateLimitKey, error) {
		account, action, err := splitOwned(s)
		return RateLimitKey{account, action}, err
	},
}

func accountText(id vpc.AccountID) string { return strconv.FormatUint(uint64(id), 10) }

func parseAccount(s string) (vpc.AccountID, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	return vpc.AccountID(n), err
}

// join writes the parts of a composite key; users' bytes in it are escaped.
func join(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// split reads what join wrote.
func split(s string, n int) ([]string, error) {
	parts := strings.Split(s, "/")
	if len(parts) != n {
		return nil, fmt.Errorf("%d parts instead of %d", len(parts), n)
	}
	for i, p := range parts {
		clear, err := url.PathUnescape(p)
		if err != nil {
			return nil, err
		}
		parts[i] = clear
	}
	return parts, nil
}

func splitOwned(s string) (vpc.AccountID, string, error) {
	p, err := split(s, 2)
	if err != nil {
		return 0, "", err
	}
	account, err := parseAccount(p[0])
	return account, p[1], err
}
