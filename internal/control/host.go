package control

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// What hosts have reported counts only while their row has the epoch of the report;
// everybody who asks for a state asks here.

// liveHost finds a host by its name; nil stands for none, or one that is gone.
func liveHost(r store.Reader, name vpc.HostName) *vpc.Host {
	if name == "" {
		return nil
	}
	h, ok := store.Hosts.Get(r, name)
	if !ok {
		return nil
	}
	return h
}

// gatewaySeen is what a gateway's host says of it; nil when it says nothing that counts.
func gatewaySeen(r store.Reader, g *vpc.Gateway) *vpc.GatewayStatus {
	host := liveHost(r, g.Host)
	if host == nil {
		return nil
	}
	s, ok := store.GatewayStatuses.Get(r, g.ID)
	if !ok || s.Host != g.Host || !host.Heard(s.Epoch) {
		return nil
	}
	return s
}

func (c *Control) gatewayState(r store.Reader, g *vpc.Gateway, now vpc.Instant) vpc.State {
	return vpc.GatewayState(g, gatewaySeen(r, g), now, c.cfg.Settle)
}

// sighting is what is known of a connection's tunnel.
func sighting(r store.Reader, x *vpc.Connection) *vpc.Sighting {
	out := &vpc.Sighting{Gateway: ownGateway(r, x.Scope, x.Gateway)}
	if out.Gateway == nil {
		return out
	}
	if out.Host = liveHost(r, out.Gateway.Host); out.Host == nil {
		return out
	}
	s, ok := store.ConnectionStatuses.Get(r, x.ID)
	if ok && s.Host == out.Host.Name && out.Host.Heard(s.Epoch) {
		out.Seen = s
	}
	return out
}

// sslSighting is what is known of an SSL server's process.
func sslSighting(r store.Reader, s *vpc.SSLServer) vpc.SSLSighting {
	x := vpc.SSLSighting{Gateway: ownGateway(r, s.Scope, s.Gateway)}
	if x.Gateway == nil {
		return x
	}
	x.Host = liveHost(r, x.Gateway.Host)
	seen, ok := store.SSLServerStatuses.Get(r, s.ID)
	if ok {
		x.Before, x.Stood, x.Clients = true, seen.Stood, seen.Clients
	}
	if ok && x.Host != nil && seen.Host == x.Host.Name && x.Host.Heard(seen.Epoch) {
		x.Seen = seen
	}
	return x
}

// place is where a new gateway goes: a host and a public address that reaches it. With
// no host the address is of this server's own pool.
type place struct {
	host   vpc.HostName
	public netip.Addr
}

// placeGateway finds the place of a new gateway: on this server's own host if that can
// carry it, else on the host with the fewest gateways that can.
func (c *Control) placeGateway(tx *store.Tx, kind vpc.GatewayType) (place, *vpc.Error) {
	hosts := c.hostsFor(tx, kind)
	if len(hosts) == 0 && c.cfg.HostName != "" {
		return place{}, vpc.Refuse(vpc.FailedOperationCreateVpnGatewayFailed, "",
			"no host is ready to carry gateways at the moment; try again in a few seconds", "当前没有可承载网关的主机，请稍后重试")
	}
	if len(hosts) == 0 {
		hosts = []*vpc.Host{{}}
	}
	for _, h := range hosts {
		if public, ok := c.poolOf(h).take(tx); ok {
			return place{h.Name, public}, nil
		}
	}
	return place{}, vpc.Refuse(vpc.FailedOperationCreateVpnGatewayFailed, "", "no public address is free in the pool of this server", "本服务的公网地址池已耗尽")
}

// hostsFor are the live hosts in the order in which a new gateway should try them. Those
// without an engine come last for gateways that carry connections.
func (c *Control) hostsFor(r store.Reader, kind vpc.GatewayType) []*vpc.Host {
	hosts := slices.Collect(store.Hosts.All(r))
	rank := func(h *vpc.Host) (n int) {
		if kind.Tunnels() && h.Engine == "" {
			n += 2
		}
		if h.Name != c.cfg.HostName {
			n++
		}
		return n
	}
	slices.SortStableFunc(hosts, func(a, b *vpc.Host) int {
		if d := cmp.Compare(rank(a), rank(b)); d != 0 {
			return d
		}
		return cmp.Compare(store.GatewaysByHost.Count(r, a.Name), store.GatewaysByHost.Count(r, b.Name))
	})
	return hosts
}

// poolOf is the pool of a host's public addresses; a host that names none has this
// server's.
func (c *Control) poolOf(h *vpc.Host) *pool {
	if len(h.Pool) == 0 {
		return c.pool
	}
	p, _ := c.hostPools.LoadOrStore(fmt.Sprint(h.Pool), newPool(h.Pool))
	return p.(*pool)
}

// freeAddresses counts the public addresses that a new gateway could get now.
func (c *Control) freeAddresses(r store.Reader) int {
	pools := map[*pool]bool{}
	for h := range store.Hosts.All(r) {
		pools[c.poolOf(h)] = true
	}
	if len(pools) == 0 {
		pools[c.pool] = true
	}
	free := 0
	for p := range pools {
		free += p.size - p.taken(r, 0, p.size)
	}
	return free
}

// AdoptGateways gives the gateways that no host can be carrying to this server's host:
// those that were made with no data plane and, where no other process has the store, all
// others too. Without a data plane it is the other way round: where no other process has
// the store, no gateway has a host. serve calls it when its host has been announced.
func (c *Control) AdoptGateways(ctx context.Context) error {
	if len(c.orphans(c.st.View(), 1)) == 0 {
		return nil // no write: a replica starts, and reads, also while its cluster takes none
	}
	for {
		left := portion
		_, err := c.st.Update(ctx, func(tx *store.Tx) error {
			left = portion
			for _, g := range c.orphans(tx, left) {
				c.adopt(tx, g)
				left--
			}
			return nil
		})
		if err != nil || left > 0 {
			return err
		}
	}
}

// orphans are at most n gateways that are to change their host. Those that are being
// deleted with no host go by time.
func (c *Control) orphans(r store.Reader, n int) (out []*vpc.Gateway) {
	for _, name := range carriers(r) {
		if name == c.cfg.HostName || name != "" && !c.st.Exclusive() {
			continue
		}
		for g := range store.GatewaysByHost.All(r, name) {
			if name == "" && g.Deleted != 0 {
				continue
			}
			if out = append(out, g); len(out) == n {
				return out
			}
		}
	}
	return out
}

// carriers are the names of the hosts that gateways have, whether or not they live; the
// empty one is among them if a gateway has none.
func carriers(r store.Reader) (names []vpc.HostName) {
	const last = "\xff" // sorts behind every name
	from := vpc.HostName("")
	for more := true; more; {
		more = false
		for g := range store.GatewaysByHost.Range(r, from, last) {
			names, from, more = append(names, g.Host), g.Host+"\x00", true
			break
		}
	}
	return names
}

func (c *Control) adopt(tx *store.Tx, g *vpc.Gateway) {
	changed := *g
	changed.Host = c.cfg.HostName
	changed.Generation++
	changed.Due = c.life().NextDue(&changed)
	store.Gateways.Put(tx, &changed)
	if changed.Host != "" {
		return
	}
	for x := range store.ConnectionsByGateway.All(tx, store.Of(g.Scope, g.ID)) {
		if x.Deleted != 0 && x.Due == 0 { // there is nobody who would say that it is gone
			gone := *x
			gone.Due = tx.Now()
			store.Connections.Put(tx, &gone)
		}
	}
}

// Forgotten counts what ForgetHost has brought to an end, and what still names the host.
type Forgotten struct {
	Name        vpc.HostName `json:"name"`
	Gateways    int          `json:"gateways"`
	Connections int          `json:"connections"`
	Workloads   int          `json:"workloads"`
	Left        int          `json:"left"` // gateways that nobody has deleted
}

// HostStandings are the live hosts, and those that are gone and still have gateways or
// workloads.
func (c *Control) HostStandings(ctx context.Context) ([]HostStanding, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	return hostStandings(view), nil
}

// ForgetHost ends the deletions that wait for a host's word which will never come. What
// is not being deleted stays that host's, for when it comes back; a host that does finds
// nothing of the rest in its rows, and removes it from its machine. It is the operator's.
func (c *Control) ForgetHost(ctx context.Context, caller *Caller, name vpc.HostName) (Forgotten, error) {
	out := Forgotten{Name: name}
	err := c.update(ctx, caller, func(tx *store.Tx) error { return checkForgettable(tx, name) })
	if err != nil {
		return out, err
	}
	rep, view := reporting{vpc.Report{Host: name}}, c.st.View()
	for g := range store.GatewaysByHost.All(view, name) {
		if g.Deleted != 0 {
			rep.GoneGateways = append(rep.GoneGateways, g.ID)
			continue
		}
		out.Left++
		for x := range store.ConnectionsByGateway.All(view, store.Of(g.Scope, g.ID)) {
			if x.Deleted != 0 {
				rep.GoneConnections = append(rep.GoneConnections, x.ID)
			}
		}
	}
	for w := range store.WorkloadsByHost.All(view, name) {
		if w.Deleted != 0 {
			rep.GoneWorkloads = append(rep.GoneWorkloads, w.ID)
		}
	}
	steps := append(each(c, rep.GoneConnections, rep.goneConnection), each(c, rep.GoneGateways, rep.goneGateway)...)
	steps = append(steps, each(c, rep.GoneWorkloads, rep.goneWorkload)...)
	for i, s := range steps {
		steps[i] = func(tx *store.Tx) error {
			if err := checkForgettable(tx, name); err != nil {
				return err
			}
			return s(tx)
		}
	}
	out.Gateways, out.Connections, out.Workloads = len(rep.GoneGateways), len(rep.GoneConnections), len(rep.GoneWorkloads)
	return out, c.doDue(ctx, steps)
}

// checkForgettable refuses a host that lives: it will say itself what is gone.
func checkForgettable(r store.Reader, name vpc.HostName) error {
	if liveHost(r, name) != nil {
		return vpc.Refuse(vpc.ResourceInUse, "host", "`%s` is alive, and ends its deletions itself; withdraw it by stopping its server", "主机 `%s` 仍在线，请先停止其服务", vpc.Clip(string(name)))
	}
	if name == "" || store.GatewaysByHost.Count(r, name)+store.WorkloadsByHost.Count(r, name) == 0 {
		return vpc.Refuse(vpc.ResourceNotFound, "host", "nothing is on a host `%s`", "没有资源位于主机 `%s`", vpc.Clip(string(name)))
	}
	return nil
}
