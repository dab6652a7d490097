package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// SSLServerStanding is how one SSL server stands, for the operator.
type SSLServerStanding struct {
	ID      vpc.SSLServerID `json:"id"`
	Name    string          `json:"name"`
	Account vpc.AccountID   `json:"account"`
	Gateway vpc.GatewayID   `json:"gateway"`
	State   string          `json:"state"`           // in words
	Up      bool            `json:"up"`              // it takes clients
	Cause   string          `json:"cause,omitempty"` // why it does not
	Limit   uint32          `json:"limit"`           // MaxConnection
}

func (c *Control) sslServerStanding(r store.Reader, s *vpc.SSLServer, now vpc.Instant) SSLServerStanding {
	x := sslSighting(r, s)
	out := SSLServerStanding{ID: s.ID, Name: s.Name, Account: s.Account, Gateway: s.Gateway, State: s.State(x, now, c.cfg.Settle).String(), Cause: s.Cause(x)}
	out.Up = x.Hosted() && out.Cause == "" && s.Deleted == 0
	if x.Gateway != nil {
		out.Limit = x.Gateway.MaxConnection
	}
	return out
}

// sslSettle is how long a new SSL server or client of a gateway and a change of one take by
// the clock: where a host carries the gateway they take as long as they take.
func (c *Control) sslSettle(r store.Reader, gateway vpc.GatewayID) time.Duration {
	if g, ok := store.Gateways.Get(r, gateway); ok && g.Host != "" {
		return 0
	}
	return c.cfg.Settle
}

// SSLServer tells how an SSL server of any account stands.
func (c *Control) SSLServer(ctx context.Context, id vpc.SSLServerID) (SSLServerStanding, error) {
	view, err := c.read(ctx)
	if err != nil {
		return SSLServerStanding{}, err
	}
	s, ok := store.SSLServers.Get(view, id)
	if !ok {
		return SSLServerStanding{}, vpc.NotFound(vpc.PrefixSSLServer, "server", string(id), nil)
	}
	return c.sslServerStanding(view, s, c.st.Now()), nil
}

// sslServerStandings are some of the SSL servers that hosts carry, those with something
// wrong first.
func (c *Control) sslServerStandings(view *store.View, now vpc.Instant) (out []SSLServerStanding) {
	for s := range store.SSLServers.All(view) {
		if g, ok := store.Gateways.Get(view, s.Gateway); ok && g.Host != "" {
			out = append(out, c.sslServerStanding(view, s, now))
		}
	}
	slices.SortStableFunc(out, func(a, b SSLServerStanding) int { return cmp.Compare(rank(a.Cause), rank(b.Cause)) })
	return out[:min(len(out), shownStandings)]
}

// SSLCarried is an SSL server of a host, with its clients' certificates.
type SSLCarried struct {
	SSLServerStanding
	Certificates map[vpc.CertStatus]int // of clients, by what they are good for
	Revoked      int                    // that would still be valid
}

// CarriedSSL are the SSL servers that a host carries, as the newest snapshot has them.
func (c *Control) CarriedSSL(host vpc.HostName) (out []SSLCarried) {
	if host == "" {
		return nil
	}
	view, now := c.st.View(), c.st.Now()
	for g := range store.GatewaysByHost.All(view, host) {
		for s := range store.SSLServersByGateway.All(view, store.Of(g.Scope, g.ID)) {
			x := SSLCarried{SSLServerStanding: c.sslServerStanding(view, s, now), Certificates: map[vpc.CertStatus]int{}}
			for cl := range store.SSLClientsByServer.All(view, store.Of(s.Scope, s.ID)) {
				if cl.Deleted == 0 {
					x.Certificates[cl.CertStatus(now, 0)]++
				}
			}
			x.Revoked = store.SSLRevocationsByServer.Count(view, s.ID)
			out = append(out, x)
		}
	}
	return out
}
