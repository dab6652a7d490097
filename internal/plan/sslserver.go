package plan

import (
	"cmp"
	"net/netip"
	"slices"

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
	Encryption string         // the API's names, for clients without AEAD
	Integrity  string
	Sessions   uint32 // at most so many at a time

	RootCert string
	Cert     string
	Key      vpc.Secret
	Crypt    vpc.Secret
	Clients  []SSLClient // who may have a session, in the order of their ids
}

// SSLClient is a client that may have a session: with the certificate that counts, and
// at the address that is its own.
type SSLClient struct {
	ID      vpc.SSLClientID
	Serial  string
	Address netip.Addr
}

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
			Encryption: s.Row.Encryption, Integrity: s.Row.Integrity, Sessions: g.Gateway.MaxConnection,
			RootCert: s.Row.RootCert, Cert: s.Row.Cert, Key: s.Key, Crypt: s.Crypt,
		}
		for _, c := range s.Clients {
			if c.Admitted() {
				server.Clients = append(server.Clients, SSLClient{c.ID, c.Serial, s.Row.SeatAddress(c.Seat)})
			}
		}
		slices.SortFunc(server.Clients, func(a, b SSLClient) int { return cmp.Compare(a.ID, b.ID) })
		out = append(out, server)
	}
	return out
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

// sslForward carries clients' packets to what they may reach and back; nothing else, and
// not from client to client.
func (g *gateway) sslForward() (out []Filter) {
	servers := g.dialled()
	if len(servers) > 0 {
		out = append(out, g.clamp())
	}
	for _, s := range servers {
		for _, reach := range reaches(s) {
			f := Filter{In: SSLDevice, Src: reach.from, Dst: reach.to, Out: lanDevice, Verdict: Accept}
			back := Filter{In: lanDevice, Src: reach.to, Dst: reach.from, Out: SSLDevice, Verdict: Accept}
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
func reaches(s SSLServerSnapshot) (out []reach) {
	if !s.Row.AccessPolicy {
		for _, to := range s.Row.Local {
			out = append(out, reach{s.Row.Remote, to})
		}
		return out
	}
	for _, p := range s.Row.Policies {
		if len(p.Clients) == 0 {
			out = append(out, reach{s.Row.Remote, p.Target})
			continue
		}
		for _, c := range s.Clients {
			if c.Admitted() && p.Applies(c.ID) {
				out = append(out, reach{one(s.Row.SeatAddress(c.Seat)), p.Target})
			}
		}
	}
	return out
}
