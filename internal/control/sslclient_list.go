package control

import (
	"context"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// sslClients lists SSL clients.
var sslClients = listing[vpc.SSLClient]{
	idParam: "SslVpnClientIds", idPrefix: vpc.PrefixSSLClient, malformed: vpc.InvalidParameterValueMalformed,
	get: func(r store.Reader, id string) (*vpc.SSLClient, bool) {
		return store.SSLClients.Get(r, vpc.SSLClientID(id))
	},
	scope: func(c *vpc.SSLClient) vpc.Scope { return c.Scope },
	all: func(r store.Reader, s vpc.Scope) source[vpc.SSLClient] {
		return from(r, store.SSLClientsByScope, s)
	},
	filters: map[string]filterRule[vpc.SSLClient]{
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLClient] {
				return from(r, store.SSLClientsByVPC, store.Of(s, vpc.VPCID(v)))
			},
			Value: func(_ store.Reader, c *vpc.SSLClient) (string, bool) { return string(c.VPC), c.VPC != "" },
		},
		"vpn-gateway-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLClient] {
				return from(r, store.SSLClientsByGateway, store.Of(s, vpc.GatewayID(v)))
			},
			Value: func(_ store.Reader, c *vpc.SSLClient) (string, bool) { return string(c.Gateway), true },
		},
		"ssl-vpn-server-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLClient] {
				return from(r, store.SSLClientsByServer, store.Of(s, vpc.SSLServerID(v)))
			},
			Value: func(_ store.Reader, c *vpc.SSLClient) (string, bool) { return string(c.Server), true },
		},
		"ssl-vpn-client-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLClient] {
				return one(ownSSLClient(r, s, v))
			},
			Value: func(_ store.Reader, c *vpc.SSLClient) (string, bool) { return string(c.ID), true },
		},
		"ssl-vpn-client-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.SSLClient] {
				return from(r, store.SSLClientsByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, c *vpc.SSLClient) (string, bool) { return c.Name, true },
		},
		"ssl-vpn-client-inner-ip": {
			Value: func(r store.Reader, c *vpc.SSLClient) (string, bool) {
				s, ok := store.SSLServers.Get(r, c.Server)
				if !ok {
					return "", false
				}
				return s.SeatAddress(c.Seat).String(), true
			},
		},
	},
}

// SSLClientView is an SSL client as its owner sees it at one moment.
type SSLClientView struct {
	*vpc.SSLClient
	State  vpc.SSLState
	Status vpc.CertStatus
}

// SSLClients lists the caller's SSL clients of the call's region.
func (c *Control) SSLClients(ctx context.Context, caller *Caller, q Query) (int, []SSLClientView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := sslClients.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	now := c.st.Now()
	out := make([]SSLClientView, len(rows))
	for i, cl := range rows {
		settle := c.sslSettle(view, cl.Gateway)
		out[i] = SSLClientView{SSLClient: cl, State: cl.State(now, settle), Status: cl.CertStatus(now, settle)}
	}
	return total, out, nil
}

// ownSSLClient finds an SSL client of a scope; nil stands for "no such client of yours".
func ownSSLClient(r store.Reader, s vpc.Scope, id string) *vpc.SSLClient {
	row, ok := store.SSLClients.Get(r, vpc.SSLClientID(id))
	if !ok || row.Scope != s {
		return nil
	}
	return row
}

// findSSLClients finds the caller's SSL clients that a call names, each once.
func findSSLClients(r store.Reader, caller *Caller, param string, ids []string) ([]*vpc.SSLClient, error) {
	if len(ids) == 0 {
		return nil, vpc.Refuse(vpc.MissingParameter, param, "neither `SslVpnClientId` nor `SslVpnClientIds` is given", "`SslVpnClientId` 与 `SslVpnClientIds` 须指定其一")
	}
	if err := vpc.CheckSSLBatch(param, len(ids), caller.Codes); err != nil {
		return nil, err
	}
	out := make([]*vpc.SSLClient, len(ids))
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return nil, vpc.Refuse(vpc.InvalidParameterValue, param, "`%s` is named twice", "`%s` 重复", vpc.Clip(id))
		}
		if out[i] = ownSSLClient(r, caller.Scope(), id); out[i] == nil {
			return nil, clientNotFound(caller, param, id)
		}
	}
	return out, nil
}

// clientNotFound is the vendor's refusal of a client that is not there, whatever the
// shape of its id.
func clientNotFound(caller *Caller, param, id string) error {
	return vpc.Refuse(caller.Codes.Pick(vpc.UnsupportedOperationSslVpnClientIdNotFound, vpc.ResourceNotFound), param, "`%s` does not exist", "`%s` 不存在", vpc.Clip(id))
}

func sslClientResource(id vpc.SSLClientID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixSSLClient), ID: string(id)}
}
