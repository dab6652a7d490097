package control

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// customerGateways lists customer gateways.
var customerGateways = listing[vpc.CustomerGateway]{
	idParam: "CustomerGatewayIds", idPrefix: vpc.PrefixCustomerGateway, malformed: vpc.InvalidParameterValueMalformed,
	unknown:   vpc.ResourceNotFound,
	maxValues: 5,
	get: func(r store.Reader, id string) (*vpc.CustomerGateway, bool) {
		return store.CustomerGateways.Get(r, vpc.CustomerGatewayID(id))
	},
	scope: func(g *vpc.CustomerGateway) vpc.Scope { return g.Scope },
	all: func(r store.Reader, s vpc.Scope) source[vpc.CustomerGateway] {
		return from(r, store.CustomerGatewaysByScope, s)
	},
	filters: map[string]filterRule[vpc.CustomerGateway]{
		"customer-gateway-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.CustomerGateway] {
				return one(ownCustomerGateway(r, s, v))
			},
			Value: func(_ store.Reader, g *vpc.CustomerGateway) (string, bool) { return string(g.ID), true },
		},
		"customer-gateway-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.CustomerGateway] {
				return from(r, store.CustomerGatewaysByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, g *vpc.CustomerGateway) (string, bool) { return g.Name, true },
		},
		"ip-address": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.CustomerGateway] {
				addr, ok := vpc.ParseIPv4(v)
				if !ok {
					return one[vpc.CustomerGateway](nil)
				}
				return from(r, store.CustomerGatewaysByAddr, store.Of(s, addr))
			},
			Value: func(_ store.Reader, g *vpc.CustomerGateway) (string, bool) { return g.Addr.String(), true },
		},
	},
}

// CustomerGateways lists the caller's customer gateways of the call's region.
func (c *Control) CustomerGateways(ctx context.Context, caller *Caller, q Query) (int, []*vpc.CustomerGateway, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	return customerGateways.list(view, caller.Scope(), q)
}

// CreateCustomerGateway makes a customer gateway. It exists at once.
func (c *Control) CreateCustomerGateway(ctx context.Context, caller *Caller, spec vpc.CustomerGatewaySpec) (*vpc.CustomerGateway, error) {
	wanted, refusal := vpc.NewCustomerGateway(spec, caller.Codes)
	if refusal != nil {
		return nil, refusal
	}
	var made *vpc.CustomerGateway
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		if err := roomForCustomerGateway(tx, caller, wanted.Addr); err != nil {
			return err
		}
		g := *wanted
		g.ID, g.Scope, g.Created = newID(tx, store.CustomerGateways, vpc.PrefixCustomerGateway), caller.Scope(), tx.Now()
		store.CustomerGateways.Put(tx, &g)
		made = &g
		return c.tagNew(tx, acct, g.Scope, customerGatewayResource(g.ID), spec.Tags, g.Created, caller.Codes)
	})
	return made, err
}

// roomForCustomerGateway refuses an address that the caller has described before, and
// one customer gateway too many.
func roomForCustomerGateway(r store.Reader, caller *Caller, addr netip.Addr) error {
	scope := caller.Scope()
	if g, ok := store.CustomerGatewaysByAddr.First(r, store.Of(scope, addr)); ok {
		return vpc.Refuse(vpc.UnsupportedOperationRecordExists, "IpAddress",
			"customer gateway `%s` has `%s` already", "对端网关 `%s` 已使用 `%s`", g.ID, addr)
	}
	limit := quota(r, caller.Account, vpc.QuotaCustomerGateways)
	if err := vpc.OverQuota(vpc.LimitExceeded, "", vpc.QuotaCustomerGateways, store.CustomerGatewaysByScope.Count(r, scope), limit); err != nil {
		return err
	}
	return nil
}

// ModifyCustomerGateway renames a customer gateway or changes its BGP number.
func (c *Control) ModifyCustomerGateway(ctx context.Context, caller *Caller, id string, change vpc.CustomerGatewayChange) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		old, err := findCustomerGateway(tx, caller, id)
		if err != nil {
			return err
		}
		g, refusal := old.CheckChange(change, acct.Allowed(vpc.AllowCustomerGatewayASN), speaksBGP(tx, old), caller.Codes)
		if refusal != nil {
			return refusal
		}
		store.CustomerGateways.Put(tx, g)
		return nil
	})
}

// speaksBGP reports whether a Bgp connection goes to the customer gateway.
func speaksBGP(r store.Reader, g *vpc.CustomerGateway) bool {
	for x := range store.ConnectionsByCustomerGateway.All(r, store.Of(g.Scope, g.ID)) {
		if x.RouteType == vpc.RouteBGP {
			return true
		}
	}
	return false
}

// DeleteCustomerGateway forgets a customer gateway that no connection goes to.
func (c *Control) DeleteCustomerGateway(ctx context.Context, caller *Caller, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		g, err := findCustomerGateway(tx, caller, id)
		if err != nil {
			return err
		}
		if x, used := store.ConnectionsByCustomerGateway.First(tx, store.Of(g.Scope, g.ID)); used {
			return vpc.Refuse(vpc.ResourceInUse, "CustomerGatewayId", "connection `%s` goes to it", "通道 `%s` 与其相连", x.ID)
		}
		store.CustomerGateways.Delete(tx, g.ID)
		untag(tx, customerGatewayResource(g.ID))
		return nil
	})
}

// ownCustomerGateway finds a customer gateway of a scope; nil stands for "no such
// customer gateway of yours".
func ownCustomerGateway(r store.Reader, s vpc.Scope, id string) *vpc.CustomerGateway {
	g, ok := store.CustomerGateways.Get(r, vpc.CustomerGatewayID(id))
	if !ok || g.Scope != s {
		return nil
	}
	return g
}

// findCustomerGateway finds one of the caller's customer gateways in the call's region.
func findCustomerGateway(r store.Reader, caller *Caller, id string) (*vpc.CustomerGateway, error) {
	const param = "CustomerGatewayId"
	if err := vpc.CheckID(vpc.PrefixCustomerGateway, param, id, caller.Codes); err != nil {
		return nil, err
	}
	g := ownCustomerGateway(r, caller.Scope(), id)
	if g == nil {
		return nil, vpc.NotFound(vpc.PrefixCustomerGateway, param, id, caller.Codes)
	}
	return g, nil
}

func customerGatewayResource(id vpc.CustomerGatewayID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixCustomerGateway), ID: string(id)}
}
