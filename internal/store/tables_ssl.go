package store

import (
	"cmp"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The tables of SSL servers, their clients and the certificates that count no longer.
var (
	SSLServers     = newNamed("sslserver", func(s *vpc.SSLServer) *vpc.SSLServerID { return &s.ID }, func(s *vpc.SSLServer) vpc.Instant { return s.Created })
	SSLClients     = newNamed("sslclient", func(c *vpc.SSLClient) *vpc.SSLClientID { return &c.ID }, func(c *vpc.SSLClient) vpc.Instant { return c.Created })
	SSLRevocations = newTable("sslrevocation", revocationKey)

	SSLServerStatuses = newNamed("sslserverstatus", func(s *vpc.SSLServerStatus) *vpc.SSLServerID { return &s.ID }, nil) // not in backups
)

// Their indexes.
var (
	SSLServersByScope   = newIndex(SSLServers, func(s *vpc.SSLServer) (vpc.Scope, bool) { return s.Scope, true }, compareScope)
	SSLServersByVPC     = newIndex(SSLServers, func(s *vpc.SSLServer) (In[vpc.VPCID], bool) { return Of(s.Scope, s.VPC), s.VPC != "" }, in(cmp.Compare[vpc.VPCID]))
	SSLServersByGateway = newIndex(SSLServers, func(s *vpc.SSLServer) (In[vpc.GatewayID], bool) { return Of(s.Scope, s.Gateway), true }, in(cmp.Compare[vpc.GatewayID]))
	SSLServersByName    = newIndex(SSLServers, func(s *vpc.SSLServer) (In[string], bool) { return Of(s.Scope, s.Name), true }, in(strings.Compare))
	SSLServersByDue     = newIndex(SSLServers, func(s *vpc.SSLServer) (vpc.Instant, bool) { return s.Due, s.Due != 0 }, cmp.Compare[vpc.Instant])

	SSLClientsByScope   = newIndex(SSLClients, func(c *vpc.SSLClient) (vpc.Scope, bool) { return c.Scope, true }, compareScope)
	SSLClientsByVPC     = newIndex(SSLClients, func(c *vpc.SSLClient) (In[vpc.VPCID], bool) { return Of(c.Scope, c.VPC), c.VPC != "" }, in(cmp.Compare[vpc.VPCID]))
	SSLClientsByGateway = newIndex(SSLClients, func(c *vpc.SSLClient) (In[vpc.GatewayID], bool) { return Of(c.Scope, c.Gateway), true }, in(cmp.Compare[vpc.GatewayID]))
	SSLClientsByServer  = newIndex(SSLClients, func(c *vpc.SSLClient) (In[vpc.SSLServerID], bool) { return Of(c.Scope, c.Server), true }, in(cmp.Compare[vpc.SSLServerID]))
	SSLClientsByName    = newIndex(SSLClients, func(c *vpc.SSLClient) (In[string], bool) { return Of(c.Scope, c.Name), true }, in(strings.Compare))
	SSLClientsByDue     = newIndex(SSLClients, func(c *vpc.SSLClient) (vpc.Instant, bool) { return c.Due, c.Due != 0 }, cmp.Compare[vpc.Instant])

	SSLRevocationsByServer = newIndex(SSLRevocations, func(r *vpc.SSLRevocation) (vpc.SSLServerID, bool) { return r.Server, true }, cmp.Compare[vpc.SSLServerID])
	SSLRevocationsByDue    = newIndex(SSLRevocations, func(r *vpc.SSLRevocation) (vpc.Instant, bool) { return r.Due, r.Due != 0 }, cmp.Compare[vpc.Instant])
)

// RevocationKey is the key of SSLRevocations.
type RevocationKey struct {
	Server vpc.SSLServerID
	Serial string
}

var revocationKey = keyOf[RevocationKey, vpc.SSLRevocation]{
	key: func(r *vpc.SSLRevocation) RevocationKey { return RevocationKey{r.Server, r.Serial} },
	set: func(r *vpc.SSLRevocation, k RevocationKey) { r.Server, r.Serial = k.Server, k.Serial },
	compare: func(a, b RevocationKey) int {
		if c := cmp.Compare(a.Server, b.Server); c != 0 {
			return c
		}
		return strings.Compare(a.Serial, b.Serial)
	},
	text: func(k RevocationKey) string { return join(string(k.Server), k.Serial) },
	parse: func(s string) (RevocationKey, error) {
		p, err := split(s, 2)
		if err != nil {
			return RevocationKey{}, err
		}
		return RevocationKey{vpc.SSLServerID(p[0]), p[1]}, nil
	},
	created: func(r *vpc.SSLRevocation) vpc.Instant { return r.At },
}
