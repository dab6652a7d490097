package control

import (
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// dueKinds is everything that time changes.
var dueKinds = []dueKind{
	dueRows(store.Gateways, store.GatewaysByDue,
		func(g *vpc.Gateway) vpc.GatewayID { return g.ID }, func(g *vpc.Gateway) vpc.Instant { return g.Due }, (*Control).advanceGateway),
	dueRows(store.Connections, store.ConnectionsByDue,
		func(x *vpc.Connection) vpc.ConnectionID { return x.ID }, func(x *vpc.Connection) vpc.Instant { return x.Due }, removeConnection),
	dueRows(store.ReleasedAddresses, store.ReleasedAddressesByDue,
		func(a *vpc.ReleasedAddress) netip.Addr { return a.Addr }, func(a *vpc.ReleasedAddress) vpc.Instant { return a.Due }, freeAddress),
	dueRows(store.Attachments, store.AttachmentsByDue,
		attachmentKey, func(a *vpc.Attachment) vpc.Instant { return a.Due }, expireAttachment),
	dueRows(store.SSLServers, store.SSLServersByDue,
		func(s *vpc.SSLServer) vpc.SSLServerID { return s.ID }, func(s *vpc.SSLServer) vpc.Instant { return s.Due }, removeSSLServer),
	dueRows(store.SSLClients, store.SSLClientsByDue,
		func(cl *vpc.SSLClient) vpc.SSLClientID { return cl.ID }, func(cl *vpc.SSLClient) vpc.Instant { return cl.Due }, removeSSLClient),
	dueRows(store.SSLRevocations, store.SSLRevocationsByDue,
		revocationKey, func(r *vpc.SSLRevocation) vpc.Instant { return r.Due }, forgetRevocation),
	dueRows(store.Tasks, store.TasksByDue,
		func(t *vpc.Task) string { return t.ID }, func(t *vpc.Task) vpc.Instant { return t.Due }, forgetTask),
	dueRows(store.Accounts, store.AccountsBySettled,
		func(a *vpc.Account) vpc.AccountID { return a.ID }, settleDue, settle),
}

func attachmentKey(a *vpc.Attachment) store.AttachmentKey {
	return store.AttachmentKey{CCN: a.CCN, Instance: a.Instance}
}

func revocationKey(r *vpc.SSLRevocation) store.RevocationKey {
	return store.RevocationKey{Server: r.Server, Serial: r.Serial}
}

func freeAddress(_ *Control, tx *store.Tx, a *vpc.ReleasedAddress) error {
	store.ReleasedAddresses.Delete(tx, a.Addr)
	return nil
}

func forgetTask(_ *Control, tx *store.Tx, t *vpc.Task) error {
	store.Tasks.Delete(tx, t.ID)
	return nil
}
