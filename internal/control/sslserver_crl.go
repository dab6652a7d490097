package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// RevocationList is the list, PEM and signed by the server's authority, of the
// certificates that count no longer and would still be valid. Those that are only
// disabled are not on it, since they come back. Our own servers ask at every connect and
// need no list; it is for whoever else trusts the authority.
func (c *Control) RevocationList(ctx context.Context, id vpc.SSLServerID) (string, error) {
	view, err := c.read(ctx)
	if err != nil {
		return "", err
	}
	s, ok := store.SSLServers.Get(view, id)
	if !ok {
		return "", vpc.NotFound(vpc.PrefixSSLServer, "server", string(id), nil)
	}
	authority, err := c.authority(s)
	if err != nil {
		return "", err
	}
	var revoked []pki.Revoked
	for r := range store.SSLRevocationsByServer.All(view, id) {
		revoked = append(revoked, pki.Revoked{Serial: r.Serial, At: r.At.Time()})
	}
	return authority.RevocationList(revoked, c.st.Now().Time())
}
