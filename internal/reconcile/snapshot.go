package reconcile

import (
	"maps"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// snapshot is everything that a machine's plan and its statuses are made from.
type snapshot struct {
	gateway *plan.GatewaySnapshot
	router  *plan.RouterSnapshot
}

// compile works out the plan.
func (s snapshot) compile() plan.Machine {
	if s.gateway != nil {
		return plan.CompileGateway(*s.gateway)
	}
	return plan.CompileRouter(*s.router)
}

// pskField is the name of the sealed field of a connection's row.
const pskField = "psk"

// snapshot reads a machine's rows in the newest view.
func (l *Loops) snapshot(m *machine) snapshot {
	view := l.View()
	if m.id.Kind == plan.KindRouter {
		return snapshot{router: l.routerRows(view, vpc.VPCID(m.id.ID))}
	}
	return snapshot{gateway: l.gatewayRows(view, vpc.GatewayID(m.id.ID), m.seen)}
}

func (l *Loops) gatewayRows(view *store.View, id vpc.GatewayID, seen map[vpc.ConnectionID]plan.Seen) *plan.GatewaySnapshot {
	s := &plan.GatewaySnapshot{Host: l.Host, Now: l.Now(), ID: id}
	g, ok := store.Gateways.Get(view, id)
	if !ok || g.Host != l.Host.Name {
		return s
	}
	s.Gateway = g
	s.Account, _ = store.Accounts.Get(view, g.Account)
	if v, ok := store.VPCs.Get(view, g.VPC); ok {
		s.Ranges = v.Ranges()
	}
	for x := range store.ConnectionsByGateway.All(view, store.Of(g.Scope, id)) {
		c := plan.ConnectionSnapshot{Row: x, Key: l.key(x), Seen: l.lastSeen(view, x.ID, seen)}
		c.Peer, _ = store.CustomerGateways.Get(view, x.CustomerGateway)
		s.Connections = append(s.Connections, c)
	}
	for r := range store.GatewayRoutesByGateway.All(view, store.Of(g.Scope, id)) {
		s.Routes = append(s.Routes, r)
	}
	for row := range store.SSLServersByGateway.All(view, store.Of(g.Scope, id)) {
		s.SSLServers = append(s.SSLServers, l.sslServer(view, row))
	}
	return s
}

// The names of the sealed fields of an SSL server's row that its process needs.
const (
	sslKeyField   = "key"
	sslCryptField = "crypt"
)

// sslServer reads an SSL server's clients and keys. One whose keys cannot be unsealed
// has none.
func (l *Loops) sslServer(view *store.View, row *vpc.SSLServer) plan.SSLServerSnapshot {
	s := plan.SSLServerSnapshot{Row: row}
	for c := range store.SSLClientsByServer.All(view, store.Of(row.Scope, row.ID)) {
		s.Clients = append(s.Clients, c)
	}
	name := store.SSLServers.Row(row.ID)
	key, err := l.Unseal(name, sslKeyField, row.Key)
	if err == nil {
		var crypt []byte
		crypt, err = l.Unseal(name, sslCryptField, row.Crypt)
		s.Key, s.Crypt = vpc.Secret(key), vpc.Secret(crypt)
	}
	if err != nil {
		l.Log.Error("an SSL server's keys cannot be unsealed", "server", row.ID, "error", err)
		s.Key, s.Crypt = "", ""
	}
	return s
}

// key is a connection's key in the clear, empty when it cannot be unsealed.
func (l *Loops) key(x *vpc.Connection) vpc.Secret {
	clear, err := l.Unseal(store.Connections.Row(x.ID), pskField, x.PreSharedKey)
	if err != nil {
		l.Log.Error("a connection's key cannot be unsealed", "connection", x.ID, "error", err)
		return ""
	}
	return vpc.Secret(clear)
}

// lastSeen is what was seen of a connection last, if not in this run, then in the one
// before: a restart must not move traffic that flows.
func (l *Loops) lastSeen(view *store.View, id vpc.ConnectionID, seen map[vpc.ConnectionID]plan.Seen) plan.Seen {
	if s, ok := seen[id]; ok {
		return s
	}
	status, ok := store.ConnectionStatuses.Get(view, id)
	if !ok || status.Host != l.Host.Name {
		return plan.Seen{}
	}
	return plan.Seen{Up: status.Up, Healthy: status.Healthy}
}

// seen is what planes have seen of connections, over what was seen before. A health
// check without a verdict in this run keeps the one before.
func (s snapshot) seen(before map[vpc.ConnectionID]plan.Seen, observed []plan.Observed) map[vpc.ConnectionID]plan.Seen {
	if s.gateway == nil {
		return nil
	}
	now := map[vpc.ConnectionID]plan.Seen{}
	for _, c := range s.gateway.Connections {
		now[c.Row.ID] = c.Seen
	}
	for _, o := range observed {
		for id, t := range o.Tunnels {
			if s, ok := now[id]; ok {
				s.Up = t.Up
				if t.Remote.IsValid() {
					s.Remote = t.Remote
				}
				now[id] = s
			}
		}
		for id, p := range o.Probes {
			if s, ok := now[id]; ok {
				s.Healthy = p.Healthy
				now[id] = s
			}
		}
	}
	if maps.Equal(before, now) {
		return before
	}
	return now
}

// routerRows reads a VPC's rows. The VPC is left out when nothing on this host needs its
// router.
func (l *Loops) routerRows(view *store.View, id vpc.VPCID) *plan.RouterSnapshot {
	s := &plan.RouterSnapshot{Host: l.Host, ID: id}
	v, ok := store.VPCs.Get(view, id)
	if !ok {
		return s
	}
	for w := range store.WorkloadsByVPC.All(view, id) {
		if w.Host == l.Host.Name {
			s.Workloads = append(s.Workloads, w)
		}
	}
	for g := range store.GatewaysByVPC.All(view, store.Of(v.Scope, id)) {
		if g.Host == l.Host.Name {
			s.Gateways = append(s.Gateways, plan.GatewayPort{ID: g.ID, Ready: g.Deleted == 0 && l.ready(view, g.ID)})
		}
	}
	if len(s.Workloads)+len(s.Gateways) == 0 {
		return s
	}
	s.VPC = v
	for row := range store.SSLServersByVPC.All(view, store.Of(v.Scope, id)) {
		if g, ok := store.Gateways.Get(view, row.Gateway); ok && g.Host == l.Host.Name && row.Deleted == 0 {
			s.Pools = append(s.Pools, plan.ClientPool{Gateway: row.Gateway, Range: row.Remote})
		}
	}
	for n := range store.SubnetsByVPC.All(view, store.Of(v.Scope, id)) {
		s.Subnets = append(s.Subnets, n)
	}
	for t := range store.RouteTablesByVPC.All(view, store.Of(v.Scope, id)) {
		s.Tables = append(s.Tables, t)
	}
	return s
}

// ready reports whether a gateway's link stands, as seen in this run, else in the one
// before.
func (l *Loops) ready(view *store.View, id vpc.GatewayID) bool {
	l.mu.Lock()
	stands, known := l.mu.ready[id]
	l.mu.Unlock()
	if known {
		return stands
	}
	status, ok := store.GatewayStatuses.Get(view, id)
	return ok && status.Host == l.Host.Name && (status.Ready || status.Stood > 0)
}
