package control

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// gateways lists VPN gateways. An unknown id is left out, not refused: the Terraform
// provider crashes on anything but an empty set.
var gateways = listing[vpc.Gateway]{
	idParam: "VpnGatewayIds", idPrefix: vpc.PrefixGateway, malformed: vpc.InvalidVpnGatewayIdMalformed,
	get:   func(r store.Reader, id string) (*vpc.Gateway, bool) { return store.Gateways.Get(r, vpc.GatewayID(id)) },
	scope: func(g *vpc.Gateway) vpc.Scope { return g.Scope },
	all: func(r store.Reader, s vpc.Scope) source[vpc.Gateway] {
		return from(r, store.GatewaysByScope, s)
	},
	filters: map[string]filterRule[vpc.Gateway]{
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				if v == "" { // the index has the gateways that stand in no VPC under it
					return one[vpc.Gateway](nil)
				}
				return from(r, store.GatewaysByVPC, store.Of(s, vpc.VPCID(v)))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return string(g.VPC), g.VPC != "" },
		},
		"vpn-gateway-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				return from(r, store.GatewaysByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return g.Name, true },
		},
		"vpn-gateway-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				return one(ownGateway(r, s, vpc.GatewayID(v)))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return string(g.ID), true },
		},
		"public-ip-address": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				return one(gatewayAt(r, s, v))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return g.Public.String(), true },
		},
		"type": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				return from(r, store.GatewaysByType, store.Of(s, vpc.GatewayType(v)))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return string(g.Type), true },
		},
		"renew-flag": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				return from(r, store.GatewaysByRenewal, store.Of(s, vpc.RenewFlag(v)))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return string(g.RenewFlag), true },
		},
		"zone": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Gateway] {
				return from(r, store.GatewaysByZone, store.Of(s, vpc.Zone(v)))
			},
			Value: func(_ store.Reader, g *vpc.Gateway) (string, bool) { return string(g.Zone), true },
		},
	},
}

// ownGateway finds a gateway of a scope; nil stands for "no such gateway of yours".
func ownGateway(r store.Reader, s vpc.Scope, id vpc.GatewayID) *vpc.Gateway {
	g, ok := store.Gateways.Get(r, id)
	if !ok || g.Scope != s {
		return nil
	}
	return g
}

func gatewayAt(r store.Reader, s vpc.Scope, addr string) *vpc.Gateway {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return nil
	}
	g, ok := store.GatewaysByAddress.First(r, a)
	if !ok || g.Scope != s {
		return nil
	}
	return g
}

// GatewayView is a gateway as its owner sees it at one moment.
type GatewayView struct {
	*vpc.Gateway
	State    string // PENDING, PENDING_ERROR, AVAILABLE, DELETING
	Restrict string // NORMAL, PROTECTIVELY_ISOLATED
	Tags     []vpc.Tag
}

func (c *Control) gatewayView(r store.Reader, acct *vpc.Account, g *vpc.Gateway, now vpc.Instant) GatewayView {
	return GatewayView{
		Gateway: g, State: string(c.gatewayState(r, g, now)), Restrict: string(vpc.RestrictState(g, acct)),
		Tags: tagsOf(r, gatewayResource(g.ID)),
	}
}

func gatewayResource(id vpc.GatewayID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixGateway), ID: string(id)}
}

// Gateways lists the caller's VPN gateways of the call's region.
func (c *Control) Gateways(ctx context.Context, caller *Caller, q Query) (int, []GatewayView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	acct, err := account(view, caller.Account)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := gateways.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	now := c.st.Now()
	out := make([]GatewayView, len(rows))
	for i, g := range rows {
		out[i] = c.gatewayView(view, acct, g, now)
	}
	return total, out, nil
}
