package control

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// The names under which the secrets of SSL servers and clients are sealed.
const (
	rootKeyField = "rootKey"
	keyField     = "key"
	cryptField   = "crypt"
)

// serversPerGateway is how many SSL servers a gateway carries.
const serversPerGateway = 1

// Began is an asynchronous call under way: the number to ask for, and what it made.
type Began struct {
	Task uint64
	ID   string
}

// CreateSSLServer makes an SSL server on one of the caller's gateways, with a
// certificate authority of its own.
func (c *Control) CreateSSLServer(ctx context.Context, caller *Caller, spec vpc.SSLServerSpec) (Began, error) {
	var out Began
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		acct, g, err := c.findGateway(tx, caller, spec.Gateway)
		if err != nil {
			return err
		}
		if err := c.dialled(tx, caller, acct, g); err != nil {
			return err
		}
		s, refusal := vpc.NewSSLServer(spec, sslSurroundings(tx, caller, g, ""))
		if refusal != nil {
			return refusal
		}
		have := store.SSLServersByGateway.Count(tx, store.Of(g.Scope, g.ID))
		if err := vpc.OverQuota(vpc.LimitExceeded, "VpnGatewayId", "SSL servers of a gateway", have, serversPerGateway); err != nil {
			return err
		}
		s.ID, s.Scope = newID(tx, store.SSLServers, vpc.PrefixSSLServer), caller.Scope()
		s.Created, s.Generation = tx.Now(), 1
		if err := c.certify(s, tx.Now()); err != nil {
			return err
		}
		store.SSLServers.Put(tx, s)
		if err := c.tagNew(tx, acct, s.Scope, sslServerResource(s.ID), spec.Tags, s.Created, caller.Codes); err != nil {
			return err
		}
		out = Began{c.numbered(tx, caller, c.sslSettle(tx, s.Gateway), nil, string(s.ID)), string(s.ID)}
		return nil
	})
	return out, err
}

// dialled refuses a gateway that nobody dials in to, or that cannot be used now.
func (c *Control) dialled(tx *store.Tx, caller *Caller, acct *vpc.Account, g *vpc.Gateway) error {
	if !g.Type.SSL() {
		return vpc.Refuse(vpc.UnsupportedOperation, "VpnGatewayId",
			"a gateway of type `%s` has no SSL servers", "类型为 `%s` 的网关没有 SSL 服务端", g.Type)
	}
	return c.usable(tx, caller, acct, g)
}

// sslSurroundings is what an SSL server of g must fit into; self is left out.
func sslSurroundings(r store.Reader, caller *Caller, g *vpc.Gateway, self vpc.SSLServerID) *vpc.SSLSurroundings {
	around := &vpc.SSLSurroundings{Gateway: g, Codes: caller.Codes}
	v, ok := store.VPCs.Get(r, g.VPC)
	if !ok {
		return around
	}
	around.VPCRanges, around.Pools, around.Beyond = v.Ranges(), clientPools(r, v, self), beyond(r, v)
	return around
}

// clientPools are the client ranges of a VPC's SSL servers, but for one of them.
func clientPools(r store.Reader, v *vpc.VPC, but vpc.SSLServerID) (out []netip.Prefix) {
	for s := range store.SSLServersByVPC.All(r, store.Of(v.Scope, v.ID)) {
		if s.ID != but {
			out = append(out, s.Remote)
		}
	}
	return out
}

// beyond are the ranges that a VPC's gateways lead to, by policies and by routes.
func beyond(r store.Reader, v *vpc.VPC) (out []netip.Prefix) {
	for x := range store.ConnectionsByVPC.All(r, store.Of(v.Scope, v.ID)) {
		for _, p := range x.Policies {
			out = append(out, p.Remotes...)
		}
	}
	for g := range store.GatewaysByVPC.All(r, store.Of(v.Scope, v.ID)) {
		for _, route := range routesOf(r, g) {
			out = append(out, route.Destination)
		}
	}
	return out
}

// certify gives a new server its authority, certificate and keys. Their chance is not
// the transaction's: evaluated again, it makes others.
func (c *Control) certify(s *vpc.SSLServer, now vpc.Instant) error {
	root, err := pki.NewAuthority(string(s.ID), now.Time())
	if err != nil {
		return err
	}
	authority, err := pki.Open(root.Cert, root.Key)
	if err != nil {
		return err
	}
	own, err := authority.NewServer(string(s.ID), now.Time())
	if err != nil {
		return err
	}
	s.RootCert, s.Cert = root.Cert, own.Cert
	row := store.SSLServers.Row(s.ID)
	for _, secret := range []struct {
		to    *vpc.Sealed
		field string
		clear vpc.Secret
	}{{&s.RootKey, rootKeyField, root.Key}, {&s.Key, keyField, own.Key}, {&s.Crypt, cryptField, pki.NewCryptKey()}} {
		if *secret.to, err = c.st.Seal(row, secret.field, []byte(secret.clear.Reveal())); err != nil {
			return err
		}
	}
	return nil
}

// numbered records the outcome of an asynchronous call, which is done after a while, and
// when hosts have carried changes of clients out, under a number of its own.
func (c *Control) numbered(tx *store.Tx, caller *Caller, after time.Duration, changes clientChanges, resources ...string) uint64 {
	for {
		number := uint64(tx.Rand().Uint32N(1<<31-1)) + 1 // some clients keep it in 32 bits
		id := strconv.FormatUint(number, 10)
		if _, taken := store.Tasks.Get(tx, id); taken {
			continue
		}
		now := tx.Now()
		store.Tasks.Put(tx, &vpc.Task{ID: id, Account: caller.Account, Resources: resources, Done: now.Add(after), Due: now.Add(taskKept), Changes: changes})
		return number
	}
}

// ModifySSLServer changes a server that is up. Where its client range changes, clients
// keep their places in it as far as the new one has them.
func (c *Control) ModifySSLServer(ctx context.Context, caller *Caller, id string, change vpc.SSLServerChange) (Began, error) {
	return c.changeSSLServer(ctx, caller, id, func(tx *store.Tx, s *vpc.SSLServer) error {
		g := ownGateway(tx, s.Scope, s.Gateway)
		if g == nil {
			return vpc.NotFound(vpc.PrefixGateway, "SslVpnServerId", string(s.Gateway), caller.Codes)
		}
		n, differs, refusal := s.Change(change, sslSurroundings(tx, caller, g, s.ID))
		if refusal != nil {
			return refusal
		}
		if n.Remote != s.Remote {
			if err := reseat(tx, caller, n); err != nil {
				return err
			}
		}
		if differs {
			n.Changed = tx.Now()
			n.Generation++
		}
		store.SSLServers.Put(tx, n)
		return nil
	})
}

// reseat moves the clients of s that its client range does not hold to free places.
func reseat(tx *store.Tx, caller *Caller, s *vpc.SSLServer) error {
	var stay []uint32
	var move []*vpc.SSLClient
	for cl := range store.SSLClientsByServer.All(tx, store.Of(s.Scope, s.ID)) {
		if cl.Seat < vpc.Seats(s.Remote) {
			stay = append(stay, cl.Seat)
		} else {
			move = append(move, cl)
		}
	}
	free, refusal := vpc.FreeSeats(s.Remote, stay, len(move), caller.Codes)
	if refusal != nil {
		return refusal
	}
	if len(move) > portion {
		return vpc.Refuse(caller.Codes.Pick(vpc.LimitExceededSslVpnClientLimitExceeded, vpc.LimitExceeded), "RemoteAddress",
			"%d clients would get other places in the range, at most %d can; choose a wider one", "%d 个客户端需要变更地址，最多 %d 个；请选择更大的网段", len(move), portion)
	}
	for i, cl := range move {
		n := *cl
		n.Seat = free[i]
		n.Generation++
		store.SSLClients.Put(tx, &n)
	}
	return nil
}

// changeSSLServer finds one of the caller's servers that is up and applies a change.
func (c *Control) changeSSLServer(ctx context.Context, caller *Caller, id string, change func(*store.Tx, *vpc.SSLServer) error) (Began, error) {
	var out Began
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		s, err := findSSLServer(tx, caller, id)
		if err != nil {
			return err
		}
		if err := c.standing(tx, s); err != nil {
			return err
		}
		if err := change(tx, s); err != nil {
			return err
		}
		after := c.sslSettle(tx, s.Gateway)
		if n, ok := store.SSLServers.Get(tx, s.ID); ok && n.Deleted != 0 {
			after = c.cfg.Settle // its row goes then
		}
		out = Began{c.numbered(tx, caller, after, nil, string(s.ID)), string(s.ID)}
		return nil
	})
	return out, err
}

// standing refuses a server that is being made or deleted. One whose process does not run
// can be changed, so that it will.
func (c *Control) standing(tx *store.Tx, s *vpc.SSLServer) error {
	state := s.Settled(tx.Now(), c.sslSettle(tx, s.Gateway))
	if state == vpc.SSLUp || state == vpc.SSLUpdating {
		return nil
	}
	return vpc.Refuse(vpc.UnsupportedOperation, "SslVpnServerId", "server `%s` has state %d; it should be 6 (up)", "服务端 `%s` 当前状态为 %d，应为 6（正常）", s.ID, state)
}

// DeleteSSLServer begins to delete a server without clients. Its row goes when the
// settle time is over.
func (c *Control) DeleteSSLServer(ctx context.Context, caller *Caller, id string) (Began, error) {
	return c.changeSSLServer(ctx, caller, id, func(tx *store.Tx, s *vpc.SSLServer) error {
		if n := liveClients(tx, s); n > 0 {
			return vpc.Refuse(vpc.UnsupportedOperation, "SslVpnServerId", "server `%s` still has %d clients", "服务端 `%s` 仍有 %d 个客户端", s.ID, n)
		}
		n := *s
		n.Deleted, n.Due = tx.Now(), tx.Now().Add(c.cfg.Settle)
		n.Generation++
		store.SSLServers.Put(tx, &n)
		return nil
	})
}

// liveClients counts the clients of a server that are not being deleted.
func liveClients(r store.Reader, s *vpc.SSLServer) int {
	n := 0
	for cl := range store.SSLClientsByServer.All(r, store.Of(s.Scope, s.ID)) {
		if cl.Deleted == 0 {
			n++
		}
	}
	return n
}

// removeSSLServer forgets a server whose deletion is due, with what is left of its
// clients and revoked certificates. While there are more than fit a transaction its row
// stays due.
func removeSSLServer(_ *Control, tx *store.Tx, s *vpc.SSLServer) error {
	clearSSLServer(tx, s, portion)
	return nil
}

// clearSSLServer removes at most about n rows, the server's last, and returns how many
// more the caller may.
func clearSSLServer(tx *store.Tx, s *vpc.SSLServer, n int) (left int) {
	for _, cl := range store.SSLClientsByServer.Page(tx, store.Of(s.Scope, s.ID), 0, max(n, 0)) {
		store.SSLClients.Delete(tx, cl.ID)
		untag(tx, sslClientResource(cl.ID))
		n -= 2
	}
	for _, r := range store.SSLRevocationsByServer.Page(tx, s.ID, 0, max(n, 0)) {
		store.SSLRevocations.Delete(tx, revocationKey(r))
		n--
	}
	if n > 0 {
		store.SSLServers.Delete(tx, s.ID)
		store.SSLServerStatuses.Delete(tx, s.ID)
		untag(tx, sslServerResource(s.ID))
		n -= 3
	}
	return n
}

// liveServers counts the SSL servers of a gateway that are not being deleted.
func liveServers(r store.Reader, g *vpc.Gateway) int {
	n := 0
	for s := range store.SSLServersByGateway.All(r, store.Of(g.Scope, g.ID)) {
		if s.Deleted == 0 {
			n++
		}
	}
	return n
}
