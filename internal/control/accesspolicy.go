package control

import (
	"context"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// AddAccessPolicy lets clients of a server with access policies reach a range. It is the
// operator's.
func (c *Control) AddAccessPolicy(ctx context.Context, caller *Caller, id vpc.SSLServerID, p vpc.AccessPolicy) (vpc.AccessPolicy, error) {
	err := c.changePolicies(ctx, caller, id, func(tx *store.Tx, s *vpc.SSLServer) error {
		for _, client := range p.Clients {
			if cl, ok := store.SSLClients.Get(tx, client); !ok || cl.Server != s.ID {
				return vpc.NotFound(vpc.PrefixSSLClient, "client", string(client), nil)
			}
		}
		if err := vpc.CheckAccessPolicy(s, &p); err != nil {
			return err
		}
		p.ID, p.Updated = vpc.NewID[vpc.AccessPolicyID](vpc.PrefixAccessPolicy, tx.Rand().Uint64), tx.Now()
		s.Policies = append(s.Policies, p)
		return nil
	})
	return p, err
}

// RemoveAccessPolicy takes a policy back and reports whether there was one. It is the
// operator's.
func (c *Control) RemoveAccessPolicy(ctx context.Context, caller *Caller, id vpc.SSLServerID, policy vpc.AccessPolicyID) (bool, error) {
	found := false
	err := c.changePolicies(ctx, caller, id, func(_ *store.Tx, s *vpc.SSLServer) error {
		n := len(s.Policies)
		s.Policies = slices.DeleteFunc(s.Policies, func(p vpc.AccessPolicy) bool { return p.ID == policy })
		found = len(s.Policies) < n
		return nil
	})
	return found, err
}

// changePolicies lets change work on a copy of any account's server.
func (c *Control) changePolicies(ctx context.Context, caller *Caller, id vpc.SSLServerID, change func(*store.Tx, *vpc.SSLServer) error) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		s, ok := store.SSLServers.Get(tx, id)
		if !ok || s.Deleted != 0 {
			return vpc.NotFound(vpc.PrefixSSLServer, "server", string(id), nil)
		}
		n := *s
		n.Policies = slices.Clone(s.Policies)
		if err := change(tx, &n); err != nil {
			return err
		}
		n.Generation++
		store.SSLServers.Put(tx, &n)
		return nil
	})
}

// FindSSLServer finds an SSL server of any account, for the operator.
func (c *Control) FindSSLServer(ctx context.Context, id vpc.SSLServerID) (*vpc.SSLServer, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	s, ok := store.SSLServers.Get(view, id)
	if !ok {
		return nil, vpc.NotFound(vpc.PrefixSSLServer, "server", string(id), nil)
	}
	return s, nil
}
