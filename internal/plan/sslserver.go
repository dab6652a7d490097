package plan

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// SSLDevice is the TUN of an SSL server; a gateway has at most one.
const SSLDevice = "ssl0"

// SSLServer is one OpenVPN server.
type SSLServer struct {
	ID         vpc.SSLServerID
	Namespace  string
	Listen     netip.AddrPort // UDP
	Address    netip.Prefix   // of the server, with the mask of the client range
	Routes     []netip.Prefix // pushed to clients
	DNS        []netip.Addr   // pushed to clients
	Encryption string         // the API's name, for clients without AEAD; empty: they are not let in
	Integrity  string
	Sessions   uint32 // at most so many at a time

	RootCert string
	Cert     string
	Key      vpc.Secret
	Crypt    vpc.Secret
	Clients  []SSLClient // who may have a session, in the order of their ids
	Invalid  []SSLClient // who might, but for the times of their certificates; in the same order
}

// SSLClient is a client with the one certificate of its that counts, and the address
// that is its own.
type SSLClient struct {
	ID          vpc.SSLClientID
	Serial      string
	Address     netip.Addr
	From, Until vpc.Instant // when the certificate counts; see vpc.SSLClient.Validity
}

// Why is what an operator reads of a client of Invalid.
func (c SSLClient) Why(now vpc.Instant) string {
	if now < c.From {
		return "its certificate does not count before " + c.From.Time().Format(time.RFC3339)
	}
	return "its certificate ended at " + c.Until.Time().Format(time.RFC3339)
}

// valid reports whether the certificate counts at an instant.
func (c SSLClient) valid(now vpc.Instant) bool { return c.From <= now && !c.Until.Before(now) }

// SSLServerSnapshot is one of a gateway's SSL servers.
type SSLServerSnapshot struct {
	Row     *vpc.SSLServer
	Clients []*vpc.SSLClient
	Key     vpc.Secret // empty: it could not be unsealed
	Crypt   vpc.Secret
}

// sslServers are the OpenVPN servers of the gateway. One that is being deleted, and all
// of a gateway that is shut, are none.
func (g *gateway) sslServers() []SSLServer {
	var out []SSLServer
	for _, s := range g.dialled() {
		server := SSLServer{
			ID: s.Row.ID, Namespace: g.home(), Listen: netip.AddrPortFrom(g.Gateway.Public, s.Row.Port),
			Address: netip.PrefixFrom(s.Row.Address(), s.Row.Remote.Bits()), Routes: slices.Clone(s.Row.Local), DNS: s.Row.DNS.List(),
			Integrity: s.Row.Integrity, Sessions: g.Gateway.MaxConnection,
			RootCert: s.Row.RootCert, Cert: s.Row.Cert, Key: s.Key, Crypt: s.Crypt,
		}
		if g.Host.OldClients {
			server.Encryption = s.Row.Encryption
		}
		for _, c := range s.admitted() {
			if c.valid(g.Now) {
				server.Clients = append(server.Clients, c)
			} else {
				server.Invalid = append(server.Invalid, c)
			}
		}
		out = append(out, server)
	}
	return out
}

// admitted are the clients that may have a session while their certificates count, in
// the order of their ids.
func (s SSLServerSnapshot) admitted() (out []SSLClient) {
	for _, c := range s.Clients {
		if c.Admitted() {
			from, until := c.Validity()
			out = append(out, SSLClient{c.ID, c.Serial, s.Row.SeatAddress(c.Seat), from, until})
		}
	}
	slices.SortFunc(out, func(a, b SSLClient) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// certificateDue is when the next certificate of the servers' clients begins or ceases to
// count; zero is never.
func certificateDue(servers []SSLServer, now vpc.Instant) (due vpc.Instant) {
	for _, s := range servers {
		for _, c := range slices.Concat(s.Clients, s.Invalid) {
			for _, at := range []vpc.Instant{c.From, c.Until} {
				if at > now && (due == 0 || at < due) {
					due = at
				}
			}
		}
	}
	return due
}

// dialled are the SSL servers that there are to be.
func (g *gateway) dialled() []SSLServerSnapshot {
	if g.shut() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(g.SSLServers), func(s SSLServerSnapshot) bool { return s.Row.Deleted != 0 || s.Key == "" })
}

// sslInput and sslOutput let OpenVPN's packets in and out on the internet side.
func (g *gateway) sslInput() (out []Filter) {
	for _, s := range g.dialled() {
		out = append(out, Filter{Proto: "udp", DstPort: s.Row.Port, Counter: CounterIn}.from(wanDevice), Filter{Proto: "icmp", Dst: one(s.Row.Address())}.from(SSLDevice))
	}
	return out
}

func (g *gateway) sslOutput() (out []Filter) {
	for _, s := range g.dialled() {
		out = append(out, Filter{Proto: "udp", SrcPort: s.Row.Port, Counter: CounterOut}.to(wanDevice), icmp.to(SSLDevice))
	}
	return out
}

// untracked leaves to the kernel's connection tracking, where access policies need it, the
// packets of clients alone: it costs those of tunnels nothing, and has no part in them when
// its table is full.
func (g *gateway) untracked() []Filter {
	var out []Filter
	for _, s := range g.dialled() {
		if s.Row.AccessPolicy {
			out = append(out, Filter{}.from(SSLDevice), Filter{Dst: s.Row.Remote}.from(lanDevice))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return append(out, Filter{NoTrack: true})
}

// sslForward carries clients' packets to what they may reach and back; nothing else, and
// not from client to client. What a server pushes may also begin to talk to clients. What
// an access policy names may only answer the client that it is for.
func (g *gateway) sslForward() (out []Filter) {
	servers := g.dialled()
	if len(servers) > 0 {
		out = append(out, g.clamp())
	}
	for _, s := range servers {
		for _, reach := range g.reaches(s) {
			f := Filter{In: SSLDevice, Src: reach.from, Dst: reach.to, Out: lanDevice, Verdict: Accept}
			back := Filter{In: lanDevice, Src: reach.to, Dst: reach.from, Out: SSLDevice, Reply: s.Row.AccessPolicy, Verdict: Accept}
			if s.Row.Remote.Overlaps(reach.to) { // clients that may reach each other
				f.Out, back.In = SSLDevice, SSLDevice
			}
			out = append(out, f, back)
		}
	}
	return out
}

// reach is a range that packets from another may go to.
type reach struct{ from, to netip.Prefix }

// reaches are what clients may reach: all that the server pushes, or with access
// policies what those say.
func (g *gateway) reaches(s SSLServerSnapshot) (out []reach) {
	if !s.Row.AccessPolicy {
		for _, to := range s.Row.Local {
			out = append(out, reach{s.Row.Remote, to})
		}
		return out
	}
	clients := s.admitted()
	for _, p := range s.Row.Policies {
		if len(p.Clients) == 0 {
			out = append(out, reach{s.Row.Remote, p.Target})
			continue
		}
		for _, c := range clients {
			if c.valid(g.Now) && p.Applies(c.ID) {
				out = append(out, reach{one(c.Address), p.Target})
			}
		}
	}
	return out
}
