package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// connections lists VPN connections.
var connections = listing[vpc.Connection]{
	idParam: "VpnConnectionIds", idPrefix: vpc.PrefixConnection, malformed: vpc.InvalidParameterValueMalformed,
	unknown:   vpc.ResourceNotFound,
	maxValues: 5,
	get: func(r store.Reader, id string) (*vpc.Connection, bool) {
		return store.Connections.Get(r, vpc.ConnectionID(id))
	},
	scope: func(x *vpc.Connection) vpc.Scope { return x.Scope },
	all: func(r store.Reader, s vpc.Scope) source[vpc.Connection] {
		return from(r, store.ConnectionsByScope, s)
	},
	filters: map[string]filterRule[vpc.Connection]{
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Connection] {
				return from(r, store.ConnectionsByVPC, store.Of(s, vpc.VPCID(v)))
			},
			Value: func(_ store.Reader, x *vpc.Connection) (string, bool) { return string(x.VPC), x.VPC != "" },
		},
		"vpn-gateway-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Connection] {
				return from(r, store.ConnectionsByGateway, store.Of(s, vpc.GatewayID(v)))
			},
			Value: func(_ store.Reader, x *vpc.Connection) (string, bool) { return string(x.Gateway), true },
		},
		"customer-gateway-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Connection] {
				return from(r, store.ConnectionsByCustomerGateway, store.Of(s, vpc.CustomerGatewayID(v)))
			},
			Value: func(_ store.Reader, x *vpc.Connection) (string, bool) { return string(x.CustomerGateway), true },
		},
		"vpn-connection-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Connection] {
				return from(r, store.ConnectionsByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, x *vpc.Connection) (string, bool) { return x.Name, true },
		},
		"vpn-connection-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Connection] {
				return one(ownConnection(r, s, v))
			},
			Value: func(_ store.Reader, x *vpc.Connection) (string, bool) { return string(x.ID), true },
		},
	},
}

// ConnectionView is a connection as its owner sees it at one moment.
type ConnectionView struct {
	*vpc.Connection
	State        string     // PENDING, AVAILABLE, DELETING
	NetStatus    string     // AVAILABLE when traffic can pass, else UNAVAILABLE
	HealthStatus string     // the same of the probe; empty without one
	PreSharedKey vpc.Secret // empty for callers that may not see secrets
	LocalASN     vpc.ASN
	RemoteASN    vpc.ASN
	Tags         []vpc.Tag
}

func (c *Control) connectionView(r store.Reader, caller *Caller, x *vpc.Connection, now vpc.Instant) (ConnectionView, error) {
	s := sighting(r, x)
	v := ConnectionView{
		Connection: x, State: x.State(s, now, c.cfg.Settle).Shown(),
		NetStatus: x.NetStatus(s), HealthStatus: x.HealthStatus(s),
		Tags: tagsOf(r, connectionResource(x.ID)),
	}
	if x.RouteType == vpc.RouteBGP {
		v.LocalASN, v.RemoteASN = connectionASNs(r, x)
	}
	if caller.SeesSecrets() {
		clear, err := c.st.Unseal(store.Connections.Row(x.ID), pskField, x.PreSharedKey)
		if err != nil {
			return v, err
		}
		v.PreSharedKey = vpc.Secret(clear)
	}
	return v, nil
}

func connectionASNs(r store.Reader, x *vpc.Connection) (local, remote vpc.ASN) {
	if g := ownGateway(r, x.Scope, x.Gateway); g != nil {
		local = g.BGPASN
	}
	if g := ownCustomerGateway(r, x.Scope, string(x.CustomerGateway)); g != nil {
		remote = g.BGPASN
	}
	return local, remote
}

// Connections lists the caller's VPN connections of the call's region.
func (c *Control) Connections(ctx context.Context, caller *Caller, q Query) (int, []ConnectionView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := connections.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	out := make([]ConnectionView, len(rows))
	for i, x := range rows {
		if out[i], err = c.connectionView(view, caller, x, c.st.Now()); err != nil {
			return 0, nil, err
		}
	}
	return total, out, nil
}

// ownConnection finds a connection of a scope; nil stands for "no such connection of
// yours".
func ownConnection(r store.Reader, s vpc.Scope, id string) *vpc.Connection {
	x, ok := store.Connections.Get(r, vpc.ConnectionID(id))
	if !ok || x.Scope != s {
		return nil
	}
	return x
}

// findConnection finds one of the caller's connections in the call's region.
func findConnection(r store.Reader, caller *Caller, id string) (*vpc.Connection, error) {
	const param = "VpnConnectionId"
	if err := vpc.CheckID(vpc.PrefixConnection, param, id, caller.Codes); err != nil {
		return nil, err
	}
	x := ownConnection(r, caller.Scope(), id)
	if x == nil {
		return nil, vpc.NotFound(vpc.PrefixConnection, param, id, caller.Codes)
	}
	return x, nil
}

func connectionResource(id vpc.ConnectionID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixConnection), ID: string(id)}
}
