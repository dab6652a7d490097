package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// wired is a connection that gets a tunnel, and where.
type wired struct {
	ConnectionSnapshot
	id     string
	remote netip.Addr // of its peer; invalid: any
	child  string     // the namespace of a daemon of its own; empty: it shares the gateway's
	table  int        // of the gateway's ways into the child
}

// crypted and clear are the gateway's devices towards a child.
func (w *wired) crypted() string { return device("tw", w.id) }
func (w *wired) clear() string   { return device("tl", w.id) }

// at is where the connection's peer is as far as is known.
func (w *wired) at() netip.Addr {
	if w.remote.IsValid() {
		return w.remote
	}
	return w.Seen.Remote
}

// routed reports whether routes choose the connection's traffic.
func (w *wired) routed() bool { return !w.Row.RouteType.ByPolicy() }

// wire decides which connections get a tunnel, and where. The order of the rows does
// not matter.
func (g *gateway) wire() {
	rows := slices.Clone(g.Connections)
	slices.SortFunc(rows, func(a, b ConnectionSnapshot) int { return cmp.Compare(a.Row.ID, b.Row.ID) })
	for _, c := range rows {
		if c.Row.Deleted != 0 {
			continue
		}
		if cause, hint := g.lacks(c); cause != "" {
			g.refuse(c.Row.ID, cause, hint)
			continue
		}
		g.tunnels = append(g.tunnels, &wired{ConnectionSnapshot: c, id: string(c.Row.ID), remote: peerOf(c)})
	}
	g.part()
	g.tunnels = slices.DeleteFunc(g.tunnels, g.clashes())
}

func (g *gateway) refuse(id vpc.ConnectionID, cause, hint string) {
	g.refused = append(g.refused, Refusal{id, cause, hint})
}

// lacks is what a connection cannot do without.
func (g *gateway) lacks(c ConnectionSnapshot) (cause, hint string) {
	switch {
	case g.Gateway.Blocked:
		return "the gateway's public address is blocked by the operator", "ask the operator why"
	case g.isolated():
		return "the gateway is isolated because it is not paid for", "renew the gateway, or top up the account"
	case g.Host.Engine == EngineNone:
		return "nothing on this host can encrypt", "`gatewright doctor` says what to install"
	case c.Peer == nil:
		return fmt.Sprintf("its customer gateway `%s` is not there", c.Row.CustomerGateway), "give the connection another customer gateway"
	case c.Key == "":
		return "its pre-shared key cannot be unsealed", "give this server the master key that it was sealed under, or set the key anew"
	}
	return "", ""
}

// peerOf is the address that a peer has to have. A passive end knows a peer with a name
// by that name, wherever it comes from; IKEv1's main mode cannot, since it needs the key
// before it hears the name.
func peerOf(c ConnectionSnapshot) netip.Addr {
	ike := c.Row.IKE
	named := ike.RemoteIdentity == vpc.IdentityFQDN && c.Row.Negotiation == vpc.NegotiatePassive
	if named && (ike.Version != ikev1 || ike.Exchange == aggressive) {
		return netip.Addr{}
	}
	return c.Peer.Addr
}

const (
	ikev1      = "IKEV1"
	aggressive = "AGGRESSIVE"
)

// part gives each connection a child that cannot share the gateway's daemon.
func (g *gateway) part() {
	for _, w := range g.tunnels {
		if !w.remote.IsValid() || !w.routed() && !g.swallows(w.Row.Policies) {
			continue
		}
		g.giveChild(w)
	}
	g.partNamesakes()
}

// partNamesakes gives a child to each connection whose peer has the identity of another's
// in the gateway's daemon, which looks for keys by that alone. The oldest stays.
func (g *gateway) partNamesakes() {
	own := g.own()
	slices.SortStableFunc(own, func(a, b *wired) int { return cmp.Compare(a.Row.Created, b.Row.Created) })
	slices.SortStableFunc(own, func(a, b *wired) int { // who may come from anywhere cannot be sent to a child
		switch {
		case a.remote.IsValid() == b.remote.IsValid():
			return 0
		case b.remote.IsValid():
			return -1
		}
		return 1
	})
	holders := map[Identity]bool{}
	for _, w := range own {
		id := w.remoteID()
		if holders[id] && w.remote.IsValid() {
			g.giveChild(w)
		}
		holders[id] = true
	}
}

// remoteID is the peer's identity, as daemons compare it.
func (w *wired) remoteID() Identity {
	id := w.tunnel(netip.Addr{}).RemoteID
	id.Text = strings.ToLower(id.Text)
	return id
}

func (g *gateway) giveChild(w *wired) { w.child, w.table = g.Host.namespace(w.id), g.tables.of(w.id) }

// swallows reports whether rules take packets between the daemons themselves.
func (g *gateway) swallows(rules []vpc.PolicyRule) bool {
	for _, r := range rules {
		for _, p := range r.Remotes {
			if p == vpc.Everywhere || slices.ContainsFunc(g.tunnels, func(w *wired) bool { return p.Contains(w.Peer.Addr) }) {
				return true
			}
		}
	}
	return false
}

// clashes returns a predicate that refuses connections which others leave no room for:
// an earlier one, or children, whose packets the kernel would encrypt again under
// policies for everything in the gateway's own namespace.
func (g *gateway) clashes() func(*wired) bool {
	parted := g.parted()
	byAddr, byName, anyone := map[netip.Addr]*wired{}, map[Identity]*wired{}, (*wired)(nil)
	return func(w *wired) bool {
		before, named := byAddr[w.remote], byName[w.remoteID()]
		switch {
		case !w.remote.IsValid() && named != nil:
			g.refuse(w.Row.ID, fmt.Sprintf("connection `%s` knows its peer by the same name, so a peer of unknown address could be either", named.id),
				"give the peers names of their own")
		case !w.remote.IsValid() && w.takesAll() && anyone != nil:
			g.refuse(w.Row.ID, fmt.Sprintf("connection `%s` takes all that is routed to peers of unknown address", anyone.id),
				"use another gateway, or a NegotiationType other than `passive` with the peer's fixed address")
		case !w.remote.IsValid() && w.takesAll() && g.Host.Engine == EngineKernel && len(parted) > 0:
			g.refuse(w.Row.ID, fmt.Sprintf("connection `%s` is routed, too, and this host's kernel cannot tell what is for a peer of unknown address", parted[0].id),
				"use another gateway, or a NegotiationType other than `passive` with the peer's fixed address")
		case before != nil && (before.child != "" || w.child != ""):
			g.refuse(w.Row.ID, fmt.Sprintf("its peer has the address `%s`, which connection `%s` has for itself", w.remote, before.id), "use another gateway")
		case w.remote.IsValid():
			byAddr[w.remote] = w
			return false
		default:
			byName[w.remoteID()] = w
			if w.takesAll() {
				anyone = w
			}
			return false
		}
		return true
	}
}

// takesAll reports whether the tunnel's selectors hold everything.
func (w *wired) takesAll() bool {
	return w.routed() || slices.ContainsFunc(w.Row.Policies, func(r vpc.PolicyRule) bool { return slices.Contains(r.Remotes, vpc.Everywhere) })
}

// tunnel is the connection as its daemon must hold it.
func (w *wired) tunnel(public netip.Addr) Tunnel {
	row, ike := w.Row, w.Row.IKE
	return Tunnel{
		Connection: row.ID, Generation: row.Generation, Resets: row.Resets,
		Local: public, Remote: w.remote,
		LocalID:  identity(ike.LocalIdentity, ike.LocalAddress, ike.LocalFQDN, public),
		RemoteID: identity(ike.RemoteIdentity, ike.RemoteAddress, ike.RemoteFQDN, w.Peer.Addr),
		Key:      w.Key, IKE: ike, IPsec: row.IPsec, DPD: row.DPD, Start: row.Negotiation,
		Children: w.children(),
	}
}

// identity is one end's; by default it is the end's address.
func identity(kind, address, name string, own netip.Addr) Identity {
	switch {
	case kind == vpc.IdentityFQDN:
		return Identity{kind, name}
	case address == "":
		return Identity{vpc.IdentityAddress, own.String()}
	}
	return Identity{vpc.IdentityAddress, address}
}

// children are the CHILD_SAs to ask for: one for each rule, or in IKEv1, which knows one
// pair of ranges for each, one for each pair.
func (w *wired) children() []Child {
	rules := w.Row.Policies
	if w.routed() {
		rules = []vpc.PolicyRule{{Local: vpc.Everywhere, Remotes: []netip.Prefix{vpc.Everywhere}}}
	}
	var out []Child
	for i, r := range rules {
		local, name := []netip.Prefix{r.Local}, fmt.Sprintf("%s-%d", w.id, i)
		if w.Row.IKE.Version != ikev1 {
			out = append(out, Child{name, local, r.Remotes})
			continue
		}
		for j, remote := range r.Remotes {
			out = append(out, Child{fmt.Sprintf("%s-%d", name, j), local, []netip.Prefix{remote}})
		}
	}
	return out
}

// probe is the connection's health check, sent inside the namespace.
func (w *wired) probe(namespace string) []Probe {
	h := w.Row.Health
	if !h.Enable || !h.Local.IsValid() || !h.Remote.IsValid() {
		return nil
	}
	return []Probe{{
		Connection: w.Row.ID, Namespace: namespace, Local: h.Local, Remote: h.Remote,
		Interval: milliseconds(h.Interval), Timeout: milliseconds(h.Timeout), Threshold: int(h.Threshold),
	}}
}

func milliseconds(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }

// daemon holds tunnels in a namespace.
func (g *gateway) daemon(name, namespace string, tunnels ...*wired) Daemon {
	d := Daemon{Name: name, Namespace: namespace, Engine: g.Host.Engine}
	for _, w := range tunnels {
		d.Tunnels = append(d.Tunnels, w.tunnel(g.Gateway.Public))
		d.Aggressive = d.Aggressive || w.Row.IKE.Version == ikev1 && w.Row.IKE.Exchange == aggressive
	}
	return d
}
