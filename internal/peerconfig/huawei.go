package peerconfig

import (
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// usg is a Huawei firewall. A key that begins with % could be taken for a ciphered one.
var usg = dialect{
	comment: "#",
	ike1: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256"},
		hash:   words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha2-256", "SHA-512": "sha2-512"},
		group:  groups("group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21),
	},
	ike2: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256"},
		hash:   words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha2-256", "SHA-512": "sha2-512"},
		group:  groups("group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21),
	},
	esp1: usgESP,
	esp2: usgESP,
	name: domainName,
	key: func(s string) (string, bool) {
		return s, printable(s) && only(s[:1], letters+digits+"!@#$^&*()_+-=[]{}|;:,./<>~") && only(s, letters+digits+"!@#$%^&*()_+-=[]{}|;:,./<>~'`\\")
	},
	write: writeUSG,
}

var usgESP = phase{
	cipher: words{
		"NULL": "null", "DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256",
		"AES128GCM128": "aes-128-gcm-128", "AES192GCM128": "aes-192-gcm-128", "AES256GCM128": "aes-256-gcm-128",
	},
	hash:  words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha2-256", "SHA-384": "sha2-384", "SHA-512": "sha2-512"},
	group: groups("dh-group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21),
}

func writeUSG(t *tunnel, w *text) {
	w.note("Huawei USG, for connection %s. Paste in system-view.", t.id)
	w.note("Proposal, policy, tunnel and access list numbers: take others where they are in use.")
	usgIKE(t, w)
	w.line("ipsec proposal %s", t.id)
	w.line(" encapsulation-mode tunnel")
	w.line(" transform esp")
	if !t.esp.gcm {
		w.line(" esp authentication-algorithm %s", t.esp.hash)
	}
	w.line(" esp encryption-algorithm %s", t.esp.cipher)
	if t.byRoute {
		usgTunnel(t, w)
	} else {
		usgPolicy(t, w)
	}
	usgSecurity(t, w)
}

func usgIKE(t *tunnel, w *text) {
	w.line("ike proposal 10")
	w.line(" encryption-algorithm %s", t.ike.cipher)
	w.line(" dh %s", t.ike.group)
	w.line(" authentication-algorithm %s", t.ike.hash)
	w.line(" authentication-method pre-share")
	if t.v2 {
		w.line(" integrity-algorithm %s", usgHMAC(t.ike.hash, true))
		w.line(" prf %s", usgHMAC(t.ike.hash, false))
	}
	w.line(" sa duration %d", t.ike.lifetime)
	w.line("ike peer %s", t.id)
	if t.v2 {
		w.line(" undo version 1")
	} else {
		w.line(" undo version 2")
		w.line(" exchange-mode %s", choose(t.aggressive, "aggressive", "main"))
	}
	w.line(" pre-shared-key %s", t.key)
	w.line(" ike-proposal 10")
	w.line(" local-id-type %s", choose(t.localID.name, "fqdn", "ip"))
	w.line(" local-id %s", t.localID.text)
	w.line(" remote-id-type %s", choose(t.remoteID.name, "fqdn", "ip"))
	w.line(" remote-id %s", t.remoteID.text)
	w.line(" remote-address %s", t.remote)
	if t.dpd.Enable {
		w.line(" dpd type periodic")
		w.line(" dpd idle-time %d", min(max(t.interval(), 10), 3600))
	}
}

// usgHMAC spells a hash as the integrity and prf algorithms of IKEv2 are spelt.
func usgHMAC(hash string, cut bool) string {
	if cut && (hash == "sha1" || hash == "md5") {
		return "hmac-" + hash + "-96"
	}
	return "hmac-" + hash
}

func usgSettings(t *tunnel, w *text) {
	w.line(" ike-peer %s", t.id)
	w.line(" proposal %s", t.id)
	if t.esp.group != "" {
		w.line(" pfs %s", t.esp.group)
	}
	w.line(" sa duration time-based %d", w.within("IPsec lifetime", t.esp.lifetime, 30, 604800))
	w.line(" sa duration traffic-based %d", w.within("IPsec lifetime in kilobytes", t.esp.kib, 256, 200000000))
}

func usgPolicy(t *tunnel, w *text) {
	w.line("acl number 3100")
	for i, p := range t.pairs {
		w.line(" rule %d permit ip source %s %s destination %s %s", 5*(i+1), p.local.Addr(), wildcard(p.local), p.remote.Addr(), wildcard(p.remote))
	}
	w.line("ipsec policy %s 10 isakmp", t.id)
	w.line(" security acl 3100")
	usgSettings(t, w)
	w.line(" sa trigger-mode %s", choose(t.begins(), "auto", "traffic-based"))
	w.line("interface %s", t.iface)
	w.line(" ipsec policy %s", t.id)
	t.noteProbe(w)
}

func usgTunnel(t *tunnel, w *text) {
	w.line("ipsec profile %s", t.id)
	usgSettings(t, w)
	w.line("interface Tunnel10")
	if t.inner.IsValid() {
		w.line(" ip address %s %s", t.inner, mask(t.innerRange()))
	} else {
		w.line(" ip address unnumbered interface %s", t.iface)
	}
	if t.probe.Enable {
		w.line(" service-manage ping permit")
	}
	w.line(" tunnel-protocol ipsec")
	w.line(" source %s", t.iface)
	w.line(" destination %s", t.remote)
	w.line(" ipsec profile %s", t.id)
	t.noteInner(w)
	for _, n := range t.routed(w) {
		w.line("ip route-static %s %s Tunnel10", n.Addr(), mask(n))
	}
	w.line("firewall zone untrust")
	w.line(" add interface Tunnel10")
}

// usgSecurity lets IKE, ESP and the traffic pass between the zones that every such
// firewall has, and keeps NAT off the traffic.
func usgSecurity(t *tunnel, w *text) {
	w.note("Zones: untrust is that of %s, trust that of your own networks; take others where they are called otherwise.", t.iface)
	w.line("security-policy")
	usgRule(w, t.id+"-ike-in", "untrust", "local", t.usgGateway(), nil, "permit")
	usgRule(w, t.id+"-ike-out", "local", "untrust", nil, t.usgGateway(), "permit")
	if remotes := t.remotes(); len(remotes) == 0 || slices.Contains(remotes, vpc.Everywhere) {
		w.note("Add rules for the traffic, both ways between trust and untrust, and one of nat-policy with action no-nat before the others.")
	} else {
		usgRule(w, t.id+"-in", "untrust", "trust", remotes, t.locals(), "permit")
		usgRule(w, t.id+"-out", "trust", "untrust", t.locals(), remotes, "permit")
		w.line("nat-policy")
		usgRule(w, t.id, "trust", "untrust", t.locals(), remotes, "no-nat")
		w.line("nat-policy")
		w.line(" rule move %s top", t.id)
	}
	w.note("TCP segments: firewall tcp-mss %d, or tcp adjust-mss on the inside interface, as the release has it.", innerMSS)
}

// usgGateway is where the gateway's IKE, ESP and pings come from.
func (t *tunnel) usgGateway() []netip.Prefix {
	out := []netip.Prefix{netip.PrefixFrom(t.remote, 32)}
	if t.far.IsValid() {
		out = append(out, netip.PrefixFrom(t.far, 32))
	}
	return out
}

func usgRule(w *text, name, from, to string, sources, destinations []netip.Prefix, action string) {
	w.line(" rule name %s", name)
	w.line("  source-zone %s", from)
	w.line("  destination-zone %s", to)
	for _, p := range sources {
		w.line("  source-address %s mask %s", p.Addr(), mask(p))
	}
	for _, p := range destinations {
		w.line("  destination-address %s mask %s", p.Addr(), mask(p))
	}
	w.line("  action %s", action)
}
