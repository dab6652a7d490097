package control

import "github.com/gatewright/gatewright/internal/store"

// Figures are what a scrape shows of the newest snapshot. Each costs no more than a
// few comparisons, whatever the number of rows.
type Figures struct {
	Rows          map[string]int // by table
	Revision      int64
	Writable      bool
	Stale         bool // reads may miss writes of other replicas
	FreeAddresses int
}

// Figures reads the newest snapshot of this replica.
func (c *Control) Figures() Figures {
	view, health := c.st.View(), c.st.Health()
	return Figures{
		Rows: map[string]int{
			"accounts":          store.Accounts.Len(view),
			"gateways":          store.Gateways.Len(view),
			"customer_gateways": store.CustomerGateways.Len(view),
			"connections":       store.Connections.Len(view),
			"gateway_routes":    store.GatewayRoutes.Len(view),
			"ssl_servers":       store.SSLServers.Len(view),
			"ssl_clients":       store.SSLClients.Len(view),
			"vpcs":              store.VPCs.Len(view),
			"subnets":           store.Subnets.Len(view),
			"route_tables":      store.RouteTables.Len(view),
			"ccns":              store.CCNs.Len(view),
			"tagged_resources":  store.Taggings.Len(view),
		},
		Revision: int64(view.Revision()), Writable: health.Writable, Stale: health.Stale,
		FreeAddresses: c.freeAddresses(view),
	}
}
