package control

import (
	"context"
	"time"

	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// CreateSSLClients makes clients of a server, one for each name and all or none, each
// with a certificate and a place in the server's client range.
func (c *Control) CreateSSLClients(ctx context.Context, caller *Caller, server, param string, names []string, tags []vpc.Tag) (Began, error) {
	var out Began
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		s, err := findSSLServer(tx, caller, server)
		if err != nil {
			return err
		}
		seats, err := roomForClients(tx, caller, s, param, names)
		if err != nil {
			return err
		}
		if err := c.standing(tx, s); err != nil {
			return err
		}
		authority, err := c.authority(s)
		if err != nil {
			return err
		}
		ids := make([]string, len(names))
		for i, name := range names {
			cl := &vpc.SSLClient{
				ID: newID(tx, store.SSLClients, vpc.PrefixSSLClient), Scope: s.Scope, Name: name, VPC: s.VPC, Gateway: s.Gateway,
				Server: s.ID, Seat: seats[i], Created: tx.Now(), Generation: 1,
			}
			if err := c.issue(authority, cl, tx.Now()); err != nil {
				return err
			}
			store.SSLClients.Put(tx, cl)
			if err := c.tagNew(tx, acct, cl.Scope, sslClientResource(cl.ID), tags, cl.Created, caller.Codes); err != nil {
				return err
			}
			ids[i] = string(cl.ID)
		}
		changes := clientChanges{}
		changes.note(tx, s.ID)
		out = Began{c.numbered(tx, caller, c.sslSettle(tx, s.Gateway), changes, ids...), ids[0]}
		return nil
	})
	return out, err
}

// roomForClients holds new names against a server's clients, and finds a place for each.
func roomForClients(tx *store.Tx, caller *Caller, s *vpc.SSLServer, param string, names []string) ([]uint32, error) {
	var seats []uint32
	taken := map[string]bool{}
	for cl := range store.SSLClientsByServer.All(tx, store.Of(s.Scope, s.ID)) {
		seats = append(seats, cl.Seat)
		if cl.Deleted == 0 {
			taken[cl.Name] = true
		}
	}
	if err := vpc.CheckClientNames(param, names, func(n string) bool { return taken[n] }, caller.Codes); err != nil {
		return nil, err
	}
	limit := quota(tx, caller.Account, vpc.QuotaSSLClients)
	if err := vpc.OverQuotaBy(vpc.LimitExceeded, "SslVpnServerId", vpc.QuotaSSLClients, len(seats), len(names), limit); err != nil {
		return nil, err
	}
	free, refusal := vpc.FreeSeats(s.Remote, seats, len(names), caller.Codes)
	return free, refused(refusal)
}

// authority opens a server's certificate authority.
func (c *Control) authority(s *vpc.SSLServer) (*pki.Authority, error) {
	key, err := c.st.Unseal(store.SSLServers.Row(s.ID), rootKeyField, s.RootKey)
	if err != nil {
		return nil, err
	}
	return pki.Open(s.RootCert, vpc.Secret(key))
}

// issue gives a client a new key and certificate, valid from now on. Certificates know
// whole seconds only.
func (c *Control) issue(authority *pki.Authority, cl *vpc.SSLClient, now vpc.Instant) error {
	begin := now.Time()
	end := begin.AddDate(vpc.CertYears, 0, 0).Truncate(time.Second)
	pair, err := authority.NewClient(string(cl.ID), begin, end)
	if err != nil {
		return err
	}
	cl.Serial, cl.Cert, cl.Begin, cl.End = pair.Serial, pair.Cert, now, vpc.At(end)
	cl.Key, err = c.st.Seal(store.SSLClients.Row(cl.ID), keyField, []byte(pair.Key.Reveal()))
	return err
}

// clientChanges are what a call changes of the clients of servers that hosts carry, as
// counts of changes of each server.
type clientChanges map[vpc.SSLServerID]uint64

// note counts a call's change of a server's clients, once.
func (n clientChanges) note(tx *store.Tx, id vpc.SSLServerID) {
	s, ok := store.SSLServers.Get(tx, id)
	if !ok || n[id] != 0 {
		return
	}
	if g, ok := store.Gateways.Get(tx, s.Gateway); !ok || g.Host == "" {
		return
	}
	counted := *s
	counted.ClientChanges++
	store.SSLServers.Put(tx, &counted)
	n[id] = counted.ClientChanges
}

// clientChange makes a client's new row; the certificate in the old one counts no longer
// when revoke is true.
type clientChange func(tx *store.Tx, cl *vpc.SSLClient) (n *vpc.SSLClient, revoke bool, err error)

// changeSSLClients applies a change to clients, to all or none of them.
func (c *Control) changeSSLClients(ctx context.Context, caller *Caller, param string, ids []string, change clientChange) (Began, error) {
	var out Began
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		clients, err := findSSLClients(tx, caller, param, ids)
		if err != nil {
			return err
		}
		var after time.Duration
		changes := clientChanges{}
		for _, cl := range clients {
			n, revoke, err := change(tx, cl)
			if err != nil {
				return err
			}
			store.SSLClients.Put(tx, n)
			changes.note(tx, n.Server)
			after = max(after, c.sslSettle(tx, n.Gateway))
			if n.Deleted != 0 {
				after = c.cfg.Settle // its row goes then
			}
			if revoke {
				store.SSLRevocations.Put(tx, &vpc.SSLRevocation{Server: cl.Server, Serial: cl.Serial, At: tx.Now(), Due: cl.End})
			}
		}
		out = Began{c.numbered(tx, caller, after, changes, ids...), ids[0]}
		return nil
	})
	return out, err
}

// EnableSSLClients lets disabled clients in again, with the certificates they have.
func (c *Control) EnableSSLClients(ctx context.Context, caller *Caller, param string, ids []string) (Began, error) {
	return c.changeSSLClients(ctx, caller, param, ids, func(tx *store.Tx, cl *vpc.SSLClient) (*vpc.SSLClient, bool, error) {
		n, refusal := cl.Enable(cl.CertStatus(tx.Now(), c.sslSettle(tx, cl.Gateway)), tx.Now(), caller.Codes)
		return n, false, refused(refusal)
	})
}

// DisableSSLClients ends clients' sessions and keeps them out.
func (c *Control) DisableSSLClients(ctx context.Context, caller *Caller, param string, ids []string) (Began, error) {
	return c.changeSSLClients(ctx, caller, param, ids, func(tx *store.Tx, cl *vpc.SSLClient) (*vpc.SSLClient, bool, error) {
		n, refusal := cl.Disable(cl.CertStatus(tx.Now(), c.sslSettle(tx, cl.Gateway)), tx.Now(), caller.Codes)
		return n, false, refused(refusal)
	})
}

// ReissueSSLClients gives clients new keys and certificates; the old ones are revoked.
func (c *Control) ReissueSSLClients(ctx context.Context, caller *Caller, param string, ids []string) (Began, error) {
	return c.changeSSLClients(ctx, caller, param, ids, func(tx *store.Tx, cl *vpc.SSLClient) (*vpc.SSLClient, bool, error) {
		s, ok := store.SSLServers.Get(tx, cl.Server)
		if !ok || cl.Deleted != 0 {
			return nil, false, clientNotFound(caller, param, string(cl.ID))
		}
		authority, err := c.authority(s)
		if err != nil {
			return nil, false, err
		}
		n := *cl
		n.Changed = tx.Now()
		n.Generation++
		return &n, true, c.issue(authority, &n, tx.Now())
	})
}

// DeleteSSLClients begins to delete clients; their certificates are revoked at once, and
// their rows go when the settle time is over.
func (c *Control) DeleteSSLClients(ctx context.Context, caller *Caller, param string, ids []string) (Began, error) {
	return c.changeSSLClients(ctx, caller, param, ids, func(tx *store.Tx, cl *vpc.SSLClient) (*vpc.SSLClient, bool, error) {
		if cl.Deleted != 0 {
			return nil, false, clientNotFound(caller, param, string(cl.ID))
		}
		n := *cl
		n.Deleted, n.Due = tx.Now(), tx.Now().Add(c.cfg.Settle)
		n.Generation++
		return &n, true, nil
	})
}

// removeSSLClient forgets a client whose deletion is due, and its server's access policies
// do so with it. The server's Generation stays: to a host a policy for nobody is nothing.
func removeSSLClient(_ *Control, tx *store.Tx, cl *vpc.SSLClient) error {
	store.SSLClients.Delete(tx, cl.ID)
	untag(tx, sslClientResource(cl.ID))
	if s, ok := store.SSLServers.Get(tx, cl.Server); ok {
		if n := s.WithoutClient(cl.ID, tx.Now()); n != s {
			store.SSLServers.Put(tx, n)
		}
	}
	return nil
}

// forgetRevocation forgets a revoked certificate that would have expired by now.
func forgetRevocation(_ *Control, tx *store.Tx, r *vpc.SSLRevocation) error {
	store.SSLRevocations.Delete(tx, revocationKey(r))
	return nil
}

// SSLConfig is what a person needs to dial in.
type SSLConfig struct {
	ID       vpc.SSLClientID
	Profile  vpc.Secret
	RootCert string
	Cert     string
	Key      vpc.Secret
}

// DownloadSSLClients hands out the profiles and keys of clients whose certificates are
// normal. That it did so is in the audit.
func (c *Control) DownloadSSLClients(ctx context.Context, caller *Caller, param string, ids []string) ([]SSLConfig, error) {
	var out []SSLConfig
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		clients, err := findSSLClients(tx, caller, param, ids)
		if err != nil {
			return err
		}
		out = make([]SSLConfig, len(clients))
		for i, cl := range clients {
			if err := cl.CheckDownload(cl.CertStatus(tx.Now(), c.sslSettle(tx, cl.Gateway)), caller.Codes); err != nil {
				return err
			}
			if out[i], err = c.sslConfig(tx, caller, param, cl); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func (c *Control) sslConfig(r store.Reader, caller *Caller, param string, cl *vpc.SSLClient) (SSLConfig, error) {
	s, ok := store.SSLServers.Get(r, cl.Server)
	g := ownGateway(r, cl.Scope, cl.Gateway)
	if !ok || g == nil {
		return SSLConfig{}, clientNotFound(caller, param, string(cl.ID))
	}
	key, err := c.st.Unseal(store.SSLClients.Row(cl.ID), keyField, cl.Key)
	if err != nil {
		return SSLConfig{}, err
	}
	crypt, err := c.st.Unseal(store.SSLServers.Row(s.ID), cryptField, s.Crypt)
	if err != nil {
		return SSLConfig{}, err
	}
	p := vpc.SSLProfile{Server: s, Gateway: g.Public, Cert: cl.Cert, Key: vpc.Secret(key), Crypt: vpc.Secret(crypt)}
	return SSLConfig{ID: cl.ID, Profile: p.Text(), RootCert: s.RootCert, Cert: cl.Cert, Key: p.Key}, nil
}
