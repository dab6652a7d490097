package control

import (
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// resourceKind is one kind of thing that can bear tags.
type resourceKind struct {
	global bool // belongs to no region, so that the region in its name says nothing
	find   func(r store.Reader, id string) (vpc.Scope, vpc.Instant, bool)
}

// resourceKinds are by the prefix of their ids.
var resourceKinds = map[string]resourceKind{
	string(vpc.PrefixGateway):         kindOf(store.Gateways, func(g *vpc.Gateway) (vpc.Scope, vpc.Instant) { return g.Scope, g.Created }),
	string(vpc.PrefixCustomerGateway): kindOf(store.CustomerGateways, func(g *vpc.CustomerGateway) (vpc.Scope, vpc.Instant) { return g.Scope, g.Created }),
	string(vpc.PrefixConnection):      kindOf(store.Connections, func(x *vpc.Connection) (vpc.Scope, vpc.Instant) { return x.Scope, x.Created }),
	string(vpc.PrefixSSLServer):       kindOf(store.SSLServers, func(s *vpc.SSLServer) (vpc.Scope, vpc.Instant) { return s.Scope, s.Created }),
	string(vpc.PrefixSSLClient):       kindOf(store.SSLClients, func(cl *vpc.SSLClient) (vpc.Scope, vpc.Instant) { return cl.Scope, cl.Created }),
	string(vpc.PrefixVPC):             kindOf(store.VPCs, func(v *vpc.VPC) (vpc.Scope, vpc.Instant) { return v.Scope, v.Created }),
	string(vpc.PrefixSubnet):          kindOf(store.Subnets, func(s *vpc.Subnet) (vpc.Scope, vpc.Instant) { return s.Scope, s.Created }),
	string(vpc.PrefixRouteTable):      kindOf(store.RouteTables, func(t *vpc.RouteTable) (vpc.Scope, vpc.Instant) { return t.Scope, t.Created }),
	string(vpc.PrefixCCN):             global(kindOf(store.CCNs, func(c *vpc.CCN) (vpc.Scope, vpc.Instant) { return c.Scope, c.Created })),
}

func kindOf[K ~string, R any](table *store.Table[K, R], facts func(*R) (vpc.Scope, vpc.Instant)) resourceKind {
	return resourceKind{find: func(r store.Reader, id string) (vpc.Scope, vpc.Instant, bool) {
		row, ok := table.Get(r, K(id))
		if !ok {
			return vpc.Scope{}, 0, false
		}
		scope, created := facts(row)
		return scope, created, true
	}}
}

func global(k resourceKind) resourceKind {
	k.global = true
	return k
}

// ownTagging finds a resource of an account by its name and returns its tags, which may
// be none. Nil stands for "no such resource of yours".
func ownTagging(r store.Reader, id vpc.AccountID, name vpc.ResourceName) *vpc.Tagging {
	kind, ok := resourceKinds[name.Prefix]
	if !ok || (name.Account != 0 && name.Account != id) {
		return nil
	}
	scope, created, ok := kind.find(r, name.ID)
	if !ok || scope.Account != id || (!kind.global && scope.Region != name.Region) {
		return nil
	}
	return &vpc.Tagging{Resource: name.Resource, Scope: scope, Tags: slices.Clone(tagsOf(r, name.Resource)), Created: created}
}

// findTagging reads a resource's name and finds the resource. Names that cannot be read
// and those of others are refused alike.
func findTagging(r store.Reader, id vpc.AccountID, param, text string, codes vpc.Listed) (*vpc.Tagging, *vpc.Error) {
	if name, ok := vpc.ParseResourceName(text); ok {
		if t := ownTagging(r, id, name); t != nil {
			return t, nil
		}
	}
	if vpc.OtherService(text) {
		return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterUnsupportedService, vpc.InvalidParameterValueResourceDescriptionError), param,
			"`%s` belongs to another product than vpc", "`%s` 不属于 vpc 产品", vpc.Clip(text))
	}
	return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterValueResourceDescriptionError), param,
		"`%s` is not the six-part name of a resource of yours, such as qcs::vpc:ap-guangzhou:uin/:vpc/vpc-xxxxxxxx",
		"`%s` 不是您的资源的六段式描述，例如 qcs::vpc:ap-guangzhou:uin/:vpc/vpc-xxxxxxxx", vpc.Clip(text))
}
