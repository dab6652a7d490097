package peerconfig

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Site is everything that a configuration is written from.
type Site struct {
	Vendor     vpc.Vendor
	Interface  string // of the customer gateway, towards the internet
	Gateway    *vpc.Gateway
	Customer   *vpc.CustomerGateway
	Connection *vpc.Connection
	Key        vpc.Secret
	Networks   []netip.Prefix // behind the gateway; a tunnel by route gets them as routes
}

// tunnel is a connection as its customer sees it, in the words of one dialect.
type tunnel struct {
	id                string // the connection's: a word in every language
	iface             string
	local, remote     netip.Addr // the customer's public address, the gateway's
	localID, remoteID identity
	key               string // as the dialect writes it
	v2, aggressive    bool   // IKE version and IKEv1's exchange
	ike, esp          suite
	values            []string        // the API's words for both phases
	start             vpc.Negotiation // of the gateway
	dpd               vpc.DPD
	pairs             []pair         // by policy; by route it is 0.0.0.0/0 both ways
	networks          []netip.Prefix // by route: what to send into the tunnel
	byRoute           bool
	inner, far        netip.Addr // inside the tunnel: ours and the gateway's, of health check or BGP; may be invalid
	innerBits         int        // of the tunnel's own network, in which inner is a host
	asn, farASN       vpc.ASN    // with BGP
	probe             vpc.HealthCheck
}

// pair is a range of the customer's and one behind the gateway.
type pair struct{ local, remote netip.Prefix }

// identity is one end's name of itself.
type identity struct {
	name bool   // a name, else an IPv4 address
	text string // an address, or the name as the dialect writes it
	raw  string // what was configured
}

// tunnel turns the connection around and translates it.
func (s Site) tunnel(d *dialect, codes vpc.Listed) (*tunnel, *vpc.Error) {
	x := s.Connection
	t := &tunnel{
		id: string(x.ID), iface: s.Interface, local: s.Customer.Addr, remote: s.Gateway.Public,
		v2: x.IKE.Version == "IKEV2", aggressive: x.IKE.Version != "IKEV2" && x.IKE.Exchange == "AGGRESSIVE",
		start: x.Negotiation, dpd: x.DPD, byRoute: !x.RouteType.ByPolicy(), probe: x.Health,
	}
	if err := t.suites(s, d, codes); err != nil {
		return nil, err
	}
	if err := t.identities(s, d, codes); err != nil {
		return nil, err
	}
	var ok bool
	if t.key, ok = d.key(s.Key.Reveal()); !ok {
		return nil, cannot(s.Vendor, codes, "carry a character of the pre-shared key, or a key of its length", "承载该预共享密钥的字符或长度")
	}
	t.ranges(s)
	t.innerAddresses(s)
	if d.refuses != nil {
		if why := d.refuses(t); why != (reason{}) {
			return nil, cannot(s.Vendor, codes, "be the peer of this connection: "+why.en, "作为该通道的对端："+why.zh)
		}
	}
	return t, nil
}

func (t *tunnel) identities(s Site, d *dialect, codes vpc.Listed) *vpc.Error {
	o := s.Connection.IKE
	ends := []struct {
		to                    *identity
		kind, address, called string
	}{
		{&t.localID, o.RemoteIdentity, o.RemoteAddress, o.RemoteFQDN},
		{&t.remoteID, o.LocalIdentity, o.LocalAddress, o.LocalFQDN},
	}
	for _, e := range ends {
		if e.kind != vpc.IdentityFQDN {
			*e.to = identity{text: e.address, raw: e.address}
			continue
		}
		text, ok := d.name(e.called)
		if !ok {
			return cannot(s.Vendor, codes, "carry the identity `%s`", "承载标识 `%s`", vpc.Clip(e.called))
		}
		*e.to = identity{name: true, text: text, raw: e.called}
	}
	return nil
}

func (t *tunnel) ranges(s Site) {
	if t.byRoute {
		t.pairs, t.networks = []pair{{vpc.Everywhere, vpc.Everywhere}}, slices.Clone(s.Networks)
		return
	}
	for _, r := range s.Connection.Policies {
		for _, customer := range r.Remotes {
			t.pairs = append(t.pairs, pair{customer, r.Local})
		}
	}
}

// innerAddresses are those of the health check or of BGP, the customer's being the
// connection's remote one.
func (t *tunnel) innerAddresses(s Site) {
	x := s.Connection
	switch {
	case x.BGP != nil:
		t.inner, t.far, t.innerBits = x.BGP.Remote, x.BGP.Local, x.BGP.Tunnel.Bits()
		t.asn, t.farASN = s.Customer.BGPASN, s.Gateway.BGPASN
	case x.Health.Enable:
		t.inner, t.far = x.Health.Remote, x.Health.Local
		t.innerBits = innerBits(t.inner, t.far)
	}
}

// leastInnerBits bounds the network of a tunnel's two addresses: a larger one could hide
// networks of the customer's.
const leastInnerBits = 24

// innerBits is the length of the smallest network in which both are hosts. Where that is
// a large one the network is inner's alone, and far gets a route. It is never /32, which
// not every make takes, and /31 only for an address that is no host otherwise.
func innerBits(inner, far netip.Addr) int {
	for bits := 30; bits >= leastInnerBits; bits-- {
		if p := netip.PrefixFrom(inner, bits); isHost(p, inner) && isHost(p, far) {
			return bits
		}
	}
	for bits := 30; bits >= leastInnerBits; bits-- {
		if isHost(netip.PrefixFrom(inner, bits), inner) {
			return bits
		}
	}
	return 31
}

// isHost reports whether an address is in a network and neither its first nor its last,
// which in one of two addresses are hosts (RFC 3021).
func isHost(p netip.Prefix, a netip.Addr) bool {
	return p.Contains(a) && (p.Bits() == 31 || p.Contains(a.Prev()) && p.Contains(a.Next()))
}

// neighbour is an address of the tunnel's own network for makes whose routes want one:
// the gateway's, or any other host's.
func (t *tunnel) neighbour() netip.Addr {
	for _, a := range []netip.Addr{t.far, t.inner.Next(), t.inner.Prev()} {
		if isHost(t.innerRange(), a) {
			return a
		}
	}
	return t.far
}

// innerMSS is the TCP segment, in bytes, that fits with any cipher and NAT traversal into
// a path of 1,500 bytes; innerMTU is the packet of that segment.
const innerMSS, innerMTU = 1350, innerMSS + 40

// begins reports whether the customer's end has to start the tunnel by itself.
func (t *tunnel) begins() bool { return t.start == vpc.NegotiatePassive }

// opens is begins for makes whose tunnel interface no traffic can start: where traffic of
// both ends should, they begin.
func (t *tunnel) opens() bool {
	return t.begins() || t.byRoute && t.start == vpc.NegotiateOnFlow
}

// interval is how often to ask a silent peer, given that three answers are awaited
// within the gateway's timeout.
func (t *tunnel) interval() uint32 { return max(t.dpd.Timeout/3, 1) }

// mask is a range's mask in dotted form, wildcard its complement.
func mask(p netip.Prefix) netip.Addr {
	n := ^uint32(0) << (32 - p.Bits())
	if p.Bits() == 0 {
		n = 0
	}
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func wildcard(p netip.Prefix) netip.Addr {
	m := mask(p).As4()
	return netip.AddrFrom4([4]byte{^m[0], ^m[1], ^m[2], ^m[3]})
}

// innerRange is the network of the address inside the tunnel.
func (t *tunnel) innerRange() netip.Prefix { return netip.PrefixFrom(t.inner, t.innerBits) }

// noteInner says what the addresses inside a tunnel by route are for, and where its
// routes must come from when none are known.
func (t *tunnel) noteInner(w *text) {
	switch {
	case t.asn != 0:
		w.note("BGP: this end is %s in AS %d, the gateway is %s in AS %d.", t.inner, t.asn, t.far, t.farASN)
	case t.inner.IsValid():
		w.note("The gateway pings %s from %s; answer it.", t.inner, t.far)
	}
	if t.byRoute && len(t.networks) == 0 && t.asn == 0 {
		w.note("Add routes into the tunnel for what is behind the gateway.")
	}
}

// noteProbe says the same for makes that have no tunnel interface by policy.
func (t *tunnel) noteProbe(w *text) {
	if t.inner.IsValid() {
		w.note("The gateway pings %s from %s: give that address to an interface of this end, such as a loopback, and answer.", t.inner, t.far)
	}
}

// remotes are the ranges behind the gateway, each once.
func (t *tunnel) remotes() []netip.Prefix {
	if t.byRoute {
		return t.networks
	}
	return distinct(t.pairs, func(p pair) netip.Prefix { return p.remote })
}

// locals are the customer's ranges, each once; none by route.
func (t *tunnel) locals() []netip.Prefix {
	if t.byRoute {
		return nil
	}
	return distinct(t.pairs, func(p pair) netip.Prefix { return p.local })
}

func distinct(pairs []pair, end func(pair) netip.Prefix) (out []netip.Prefix) {
	for _, p := range pairs {
		if !slices.Contains(out, end(p)) {
			out = append(out, end(p))
		}
	}
	return out
}

// routed are the routes into the tunnel, also by policy for makes that need them there:
// what is behind the gateway, and its own address inside the tunnel unless the tunnel's
// network has it. 0.0.0.0/0 is left to the reader, since it would swallow the way to the
// gateway.
func (t *tunnel) routed(w *text) []netip.Prefix {
	var out []netip.Prefix
	for _, r := range t.remotes() {
		if r == vpc.Everywhere {
			w.note("The gateway takes traffic to anywhere: keep a route to %s outside, then add a default route into the tunnel.", t.remote)
		} else {
			out = append(out, r)
		}
	}
	if t.far.IsValid() && !t.innerRange().Contains(t.far) {
		out = append(out, netip.PrefixFrom(t.far, 32))
	}
	return out
}

// noteGone tells which of the connection's values newer releases have dropped; values
// are the API's.
func (t *tunnel) noteGone(w *text, releases string, gone ...string) {
	var out []string
	for _, v := range t.values {
		if slices.Contains(gone, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	if len(out) > 0 {
		w.note("%s lack %s: give the connection other values there.", releases, strings.Join(out, ", "))
	}
}
