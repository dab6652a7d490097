package control

import (
	"context"
	"reflect"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// pskField is the name under which a connection's pre-shared key is sealed.
const pskField = "psk"

// taskKept is how long the outcome of an asynchronous call can be asked for.
const taskKept = 24 * time.Hour

// CreateConnection makes a tunnel between one of the caller's gateways and one of its
// customer gateways.
func (c *Control) CreateConnection(ctx context.Context, caller *Caller, spec vpc.ConnectionSpec) (ConnectionView, error) {
	var out ConnectionView
	if err := checkConnectionText(caller, &spec.Name, &spec.PreSharedKey); err != nil {
		return out, err
	}
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		acct, around, err := c.between(tx, caller, spec)
		if err != nil {
			return err
		}
		x, refusal := vpc.NewConnection(spec, around)
		if refusal != nil {
			return refusal
		}
		if err := roomForConnection(tx, caller, x); err != nil {
			return err
		}
		x.ID, x.Scope = newID(tx, store.Connections, vpc.PrefixConnection), caller.Scope()
		x.Name, x.Created, x.Generation = spec.Name, tx.Now(), 1
		if err := c.seal(x, spec.PreSharedKey); err != nil {
			return err
		}
		store.Connections.Put(tx, x)
		if err := firstRoute(tx, caller, around, x, spec.Route); err != nil {
			return err
		}
		if err := c.tagNew(tx, acct, x.Scope, connectionResource(x.ID), spec.Tags, x.Created, caller.Codes); err != nil {
			return err
		}
		c.began(tx, caller, string(x.ID))
		out, err = c.connectionView(tx, caller, x, tx.Now())
		return err
	})
	return out, err
}

// checkConnectionText checks a name and a key, where they are given.
func checkConnectionText(caller *Caller, name *string, key *vpc.Secret) error {
	if name != nil {
		if err := vpc.ConnectionName.Check("VpnConnectionName", *name, caller.Codes); err != nil {
			return err
		}
	}
	if key != nil {
		if err := vpc.CheckPreSharedKey(*key, caller.Codes); err != nil {
			return err
		}
	}
	return nil
}

// between finds the two ends of a new connection and everything it must fit into.
func (c *Control) between(tx *store.Tx, caller *Caller, spec vpc.ConnectionSpec) (*vpc.Account, *vpc.Surroundings, error) {
	acct, g, err := c.findGateway(tx, caller, spec.Gateway)
	if err != nil {
		return nil, nil, err
	}
	peer, err := findCustomerGateway(tx, caller, spec.CustomerGateway)
	if err != nil {
		return nil, nil, err
	}
	if err := c.carries(tx, caller, acct, g); err != nil {
		return nil, nil, err
	}
	if err := checkConnectionVPC(tx, caller, g, spec.VPC); err != nil {
		return nil, nil, err
	}
	around := c.surroundings(tx, caller, g, peer, "")
	if err := vpc.CheckPeer(peer.ID, around.Others, caller.Codes); err != nil {
		return nil, nil, err
	}
	return acct, around, nil
}

// carries refuses a gateway that has no connections because of its type, or that can
// have none now.
func (c *Control) carries(tx *store.Tx, caller *Caller, acct *vpc.Account, g *vpc.Gateway) error {
	if g.Type != vpc.TypeIPsec && g.Type != vpc.TypeCCN {
		return vpc.Refuse(vpc.UnsupportedOperation, "VpnGatewayId",
			"a gateway of type `%s` has no connections and no routes", "类型为 `%s` 的网关没有通道和路由", g.Type)
	}
	return c.usable(tx, caller, acct, g)
}

// usable refuses a gateway that is not AVAILABLE, or that is isolated.
func (c *Control) usable(tx *store.Tx, caller *Caller, acct *vpc.Account, g *vpc.Gateway) error {
	state, restrict := c.gatewayState(tx, g, tx.Now()), vpc.RestrictState(g, acct)
	if state == vpc.StateAvailable && restrict == vpc.Unrestricted {
		return nil
	}
	return vpc.Refuse(caller.Codes.Pick(vpc.UnsupportedOperationInvalidState, vpc.UnsupportedOperation), "VpnGatewayId",
		"gateway `%s` is `%s` and `%s`", "网关 `%s` 当前为 `%s`、`%s`", g.ID, state, restrict)
}

// checkConnectionVPC holds the VPC that a caller names against the gateway's.
func checkConnectionVPC(r store.Reader, caller *Caller, g *vpc.Gateway, id string) error {
	if id == "" || id == string(g.VPC) {
		return nil
	}
	if err := vpc.CheckID(vpc.PrefixVPC, "VpcId", id, caller.Codes); err != nil {
		return err
	}
	if v, ok := store.VPCs.Get(r, vpc.VPCID(id)); !ok || v.Scope != caller.Scope() {
		return vpc.NotFound(vpc.PrefixVPC, "VpcId", id, caller.Codes)
	}
	return vpc.Refuse(vpc.UnsupportedOperation, "VpcId",
		"`%s` is not the VPC of gateway `%s`; leave it out for a CCN gateway", "`%s` 不是网关 `%s` 所属的私有网络；云联网型网关请勿填写", id, g.ID)
}

// surroundings is what a connection between g and peer must fit into. self is left out
// of the gateway's other connections.
func (c *Control) surroundings(r store.Reader, caller *Caller, g *vpc.Gateway, peer *vpc.CustomerGateway, self vpc.ConnectionID) *vpc.Surroundings {
	s := &vpc.Surroundings{
		Site: c.cfg.Site, Gateway: g, Host: liveHost(r, g.Host), CustomerGateway: peer, Codes: caller.Codes,
		Quota: func(name string) int { return quota(r, caller.Account, name) },
	}
	if v, ok := store.VPCs.Get(r, g.VPC); ok {
		s.VPCRanges, s.Pools = v.Ranges(), clientPools(r, v, "")
	}
	for x := range store.ConnectionsByGateway.All(r, store.Of(g.Scope, g.ID)) {
		if x.ID != self {
			s.Others = append(s.Others, x)
		}
	}
	return s
}

// roomForConnection holds the three quotas of connections: of the account in this
// region, of the gateway and of the customer gateway.
func roomForConnection(r store.Reader, caller *Caller, x *vpc.Connection) error {
	scope := caller.Scope()
	for _, q := range []struct {
		name string
		have int
	}{
		{vpc.QuotaConnections, store.ConnectionsByScope.Count(r, scope)},
		{vpc.QuotaGatewayConnections, store.ConnectionsByGateway.Count(r, store.Of(scope, x.Gateway))},
		{vpc.QuotaCustomerConnections, store.ConnectionsByCustomerGateway.Count(r, store.Of(scope, x.CustomerGateway))},
	} {
		if err := vpc.OverQuota(vpc.LimitExceeded, "", q.name, q.have, quota(r, caller.Account, q.name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Control) seal(x *vpc.Connection, key vpc.Secret) (err error) {
	x.PreSharedKey, err = c.st.Seal(store.Connections.Row(x.ID), pskField, []byte(key.Reveal()))
	return err
}

// began records the outcome of an asynchronous call under its RequestId.
func (c *Control) began(tx *store.Tx, caller *Caller, resources ...string) {
	done := tx.Now().Add(c.cfg.Settle)
	store.Tasks.Put(tx, &vpc.Task{ID: caller.RequestID, Account: caller.Account, Resources: resources, Done: done, Due: tx.Now().Add(taskKept)})
}

// ModifyConnection changes a connection that is AVAILABLE.
func (c *Control) ModifyConnection(ctx context.Context, caller *Caller, id string, change vpc.ConnectionChange) error {
	if err := checkConnectionText(caller, change.Name, change.PreSharedKey); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		x, err := findConnection(tx, caller, id)
		if err != nil {
			return err
		}
		if err := c.steady(tx, caller, x, vpc.UnsupportedOperationVpnConnInvalidState); err != nil {
			return err
		}
		y, err := c.changed(tx, caller, x, change)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(x, y) {
			y.Changed = tx.Now()
			y.Generation++
		}
		if change.Name != nil {
			y.Name = *change.Name
		}
		store.Connections.Put(tx, y)
		forgetCCNRoutes(tx, ownGateway(tx, y.Scope, y.Gateway))
		c.began(tx, caller, string(y.ID))
		return nil
	})
}

// steady refuses a connection that is being made, changed or deleted, or whose gateway
// cannot be used.
func (c *Control) steady(tx *store.Tx, caller *Caller, x *vpc.Connection, code vpc.Code) error {
	if err := c.settled(tx, x, code); err != nil {
		return err
	}
	acct, err := account(tx, x.Account)
	if err != nil {
		return err
	}
	return c.usable(tx, caller, acct, ownGateway(tx, x.Scope, x.Gateway))
}

func (c *Control) settled(tx *store.Tx, x *vpc.Connection, code vpc.Code) error {
	s := sighting(tx, x)
	if state := x.State(s, tx.Now(), c.cfg.Settle); state != vpc.ConnectionAvailable && (state == vpc.ConnectionDeleting || !x.Stuck(s)) {
		return vpc.Refuse(code, "VpnConnectionId", "connection `%s` is `%s`", "通道 `%s` 当前为 `%s`", x.ID, state)
	}
	return nil
}

// changed is a copy of x with everything of the change but the name.
func (c *Control) changed(tx *store.Tx, caller *Caller, x *vpc.Connection, change vpc.ConnectionChange) (*vpc.Connection, error) {
	g := ownGateway(tx, x.Scope, x.Gateway)
	was := ownCustomerGateway(tx, x.Scope, string(x.CustomerGateway))
	around := c.surroundings(tx, caller, g, was, x.ID)
	if err := moveConnection(tx, caller, x, change.CustomerGateway, around); err != nil {
		return nil, err
	}
	y, refusal := x.Change(change.Tunnel, was, around)
	if refusal != nil {
		return nil, refusal
	}
	if change.PreSharedKey == nil {
		return y, nil
	}
	old, err := c.st.Unseal(store.Connections.Row(x.ID), pskField, x.PreSharedKey)
	if err != nil || string(old) == change.PreSharedKey.Reveal() {
		return y, err
	}
	return y, c.seal(y, *change.PreSharedKey)
}

// moveConnection puts another customer gateway into a connection's surroundings, where
// one is asked for.
func moveConnection(tx *store.Tx, caller *Caller, x *vpc.Connection, id *string, around *vpc.Surroundings) error {
	if id == nil || *id == string(x.CustomerGateway) {
		return nil
	}
	peer, err := findCustomerGateway(tx, caller, *id)
	if err != nil {
		return err
	}
	if err := vpc.CheckMove(around.Gateway, peer.ID, around.Others, caller.Codes); err != nil {
		return err
	}
	have, limit := store.ConnectionsByCustomerGateway.Count(tx, store.Of(x.Scope, peer.ID)), quota(tx, caller.Account, vpc.QuotaCustomerConnections)
	code := caller.Codes.Pick(vpc.InvalidParameterValueLimitExceeded, vpc.LimitExceeded)
	if err := vpc.OverQuota(code, "CustomerGatewayId", vpc.QuotaCustomerConnections, have, limit); err != nil {
		return err
	}
	around.CustomerGateway = peer
	return nil
}

// ResetConnection makes a connection that is AVAILABLE negotiate anew.
func (c *Control) ResetConnection(ctx context.Context, caller *Caller, gateway, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		x, err := c.connectionOf(tx, caller, gateway, id)
		if err != nil {
			return err
		}
		if err := c.steady(tx, caller, x, vpc.UnsupportedOperationVpnConnInvalidState); err != nil {
			return err
		}
		y := *x
		y.Resets++
		y.Generation++
		y.Changed = tx.Now()
		store.Connections.Put(tx, &y)
		c.began(tx, caller, string(y.ID))
		return nil
	})
}

// DeleteConnection begins to delete a connection that is AVAILABLE, or will not become
// so. Its row goes when the settle time is over, or its host says that it is gone.
func (c *Control) DeleteConnection(ctx context.Context, caller *Caller, gateway, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		x, err := c.connectionOf(tx, caller, gateway, id)
		if err != nil {
			return err
		}
		if err := c.settled(tx, x, vpc.UnsupportedOperationDeleteVpnConnInvalidState); err != nil {
			return err
		}
		y := *x
		y.Deleted = tx.Now()
		if g := ownGateway(tx, x.Scope, x.Gateway); g.Host == "" { // else its host says when it is gone
			y.Due = tx.Now().Add(c.cfg.Settle)
		}
		y.Generation++
		store.Connections.Put(tx, &y)
		c.began(tx, caller, string(y.ID))
		return nil
	})
}

// connectionOf finds one of the caller's connections that belongs to a gateway.
func (c *Control) connectionOf(r store.Reader, caller *Caller, gateway, id string) (*vpc.Connection, error) {
	_, g, err := c.findGateway(r, caller, gateway)
	if err != nil {
		return nil, err
	}
	x, err := findConnection(r, caller, id)
	if err != nil {
		return nil, err
	}
	if x.Gateway != g.ID {
		return nil, vpc.NotFound(vpc.PrefixConnection, "VpnConnectionId", id, caller.Codes)
	}
	return x, nil
}

// removeConnection forgets a connection whose deletion is due, with its tags and the
// routes over it. While there are more routes than fit a transaction its row stays due.
func removeConnection(_ *Control, tx *store.Tx, x *vpc.Connection) error {
	if !dropRoutesOver(tx, x.Scope, string(x.ID)) {
		return nil
	}
	store.Connections.Delete(tx, x.ID)
	store.ConnectionStatuses.Delete(tx, x.ID)
	untag(tx, connectionResource(x.ID))
	if g := ownGateway(tx, x.Scope, x.Gateway); g != nil {
		forgetCCNRoutes(tx, g)
	}
	return nil
}
