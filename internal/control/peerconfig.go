package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/peerconfig"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// PeerConfiguration writes the configuration of a connection's far end for one make of
// customer gateway. The text holds the pre-shared key: keys that may only read do not
// get here.
func (c *Control) PeerConfiguration(ctx context.Context, caller *Caller, gateway, connection, iface string, make vpc.Vendor) (vpc.Secret, error) {
	view, err := c.read(ctx)
	if err != nil {
		return "", err
	}
	x, err := c.connectionOf(view, caller, gateway, connection)
	if err != nil {
		return "", err
	}
	key, err := c.st.Unseal(store.Connections.Row(x.ID), pskField, x.PreSharedKey)
	if err != nil {
		return "", err
	}
	site := peerconfig.Site{
		Vendor: make, Interface: iface, Connection: x, Key: vpc.Secret(key),
		Gateway: ownGateway(view, x.Scope, x.Gateway), Customer: ownCustomerGateway(view, x.Scope, string(x.CustomerGateway)),
	}
	if v, ok := store.VPCs.Get(view, x.VPC); ok {
		site.Networks = v.Ranges()
	}
	text, refusal := peerconfig.Write(site, caller.Codes)
	if refusal != nil {
		return "", refusal
	}
	return text, nil
}
