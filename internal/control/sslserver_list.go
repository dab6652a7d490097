package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// sslServers lists SSL servers.
var sslServers = listing[vpc.SSLServer]{
	idParam: "SslVpnServerIds", idPrefix: vpc.PrefixSSLServer, malformed: vpc.InvalidParameterValueMalformed,
	get: func(r store.Reader, id string) (*vpc.SSLServer, bool) {
		return store.SSLServers.Get(r, vpc.SSLServerID(id))
	},
	scope: func(s *vpc.SSLServer) vpc.Scope { return s.Scope },
	all: func(r store.Reader, s vpc.Scope) source[vpc.SSLServer] {
		return from(r, store.SSLServersByScope, s)
	},
	filters: map[string]filterRule[vpc.SSLServer]{
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLServer] {
				return from(r, store.SSLServersByVPC, store.Of(s, vpc.VPCID(v)))
			},
			Value: func(_ store.Reader, s *vpc.SSLServer) (string, bool) { return string(s.VPC), s.VPC != "" },
		},
		"vpn-gateway-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLServer] {
				return from(r, store.SSLServersByGateway, store.Of(s, vpc.GatewayID(v)))
			},
			Value: func(_ store.Reader, s *vpc.SSLServer) (string, bool) { return string(s.Gateway), true },
		},
		"vpn-gateway-name": {
			Value: func(r store.Reader, s *vpc.SSLServer) (string, bool) {
				g, ok := store.Gateways.Get(r, s.Gateway)
				if !ok {
					return "", false
				}
				return g.Name, true
			},
		},
		"ssl-vpn-server-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLServer] {
				return from(r, store.SSLServersByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, s *vpc.SSLServer) (string, bool) { return s.Name, true },
		},
		"ssl-vpn-server-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLServer] {
				return one(ownSSLServer(r, s, v))
			},
			Value: func(_ store.Reader, s *vpc.SSLServer) (string, bool) { return string(s.ID), true },
		},
	},
}

// SSLServerView is an SSL server as its owner sees it at one moment.
type SSLServerView struct {
	*vpc.SSLServer
	State   vpc.SSLState
	Carrier *vpc.Gateway // the gateway it stands on
}

func (c *Control) sslServerView(r store.Reader, s *vpc.SSLServer, now vpc.Instant) SSLServerView {
	x := sslSighting(r, s)
	v := SSLServerView{SSLServer: s, State: s.State(x, now, c.cfg.Settle), Carrier: x.Gateway}
	if v.Carrier == nil {
		v.Carrier = &vpc.Gateway{} // it goes with its gateway, in portions
	}
	return v
}

// SSLServers lists the caller's SSL servers of the call's region.
func (c *Control) SSLServers(ctx context.Context, caller *Caller, q Query) (int, []SSLServerView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := sslServers.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	out := make([]SSLServerView, len(rows))
	for i, s := range rows {
		out[i] = c.sslServerView(view, s, c.st.Now())
	}
	return total, out, nil
}

// ownSSLServer finds an SSL server of a scope; nil stands for "no such server of yours".
func ownSSLServer(r store.Reader, s vpc.Scope, id string) *vpc.SSLServer {
	row, ok := store.SSLServers.Get(r, vpc.SSLServerID(id))
	if !ok || row.Scope != s {
		return nil
	}
	return row
}

// findSSLServer finds one of the caller's SSL servers in the call's region.
func findSSLServer(r store.Reader, caller *Caller, id string) (*vpc.SSLServer, error) {
	const param = "SslVpnServerId"
	if !vpc.PrefixSSLServer.Match(id) && !caller.Codes.Has(vpc.InvalidParameterValueMalformed) {
		return nil, vpc.NotFound(vpc.PrefixSSLServer, param, id, caller.Codes)
	}
	if err := vpc.CheckID(vpc.PrefixSSLServer, param, id, caller.Codes); err != nil {
		return nil, err
	}
	s := ownSSLServer(r, caller.Scope(), id)
	if s == nil {
		return nil, vpc.NotFound(vpc.PrefixSSLServer, param, id, caller.Codes)
	}
	return s, nil
}

func sslServerResource(id vpc.SSLServerID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixSSLServer), ID: string(id)}
}
