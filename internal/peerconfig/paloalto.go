package peerconfig

import "fmt"

// panos is Palo Alto's PAN-OS, in set commands. A key that begins with a hyphen would be
// taken for an encrypted one.
var panos = dialect{
	comment: "#",
	ike1: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128-cbc", "AES-CBC-192": "aes-192-cbc", "AES-CBC-256": "aes-256-cbc"},
		hash:   panosHash,
		group:  groups("group%s", 1, 2, 5, 14, 19, 20),
	},
	ike2: phase{
		cipher: words{
			"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128-cbc", "AES-CBC-192": "aes-192-cbc", "AES-CBC-256": "aes-256-cbc",
			"AES128GCM128": "aes-128-gcm", "AES256GCM128": "aes-256-gcm",
		},
		hash:  panosHash,
		group: groups("group%s", 1, 2, 5, 14, 19, 20),
	},
	esp1: panosESP,
	esp2: panosESP,
	name: domainName,
	key: func(s string) (string, bool) {
		return s, only(s, plain+"!@%^*+=,:~/") && s[0] != '-'
	},
	write: writePANOS,
}

var panosHash = words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}

var panosESP = phase{
	cipher: words{
		"NULL": "null", "DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128-cbc", "AES-CBC-192": "aes-192-cbc", "AES-CBC-256": "aes-256-cbc",
		"AES128GCM128": "aes-128-gcm", "AES256GCM128": "aes-256-gcm",
	},
	hash:  words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"},
	group: groups("group%s", 1, 2, 5, 14, 19, 20),
}

func writePANOS(t *tunnel, w *text) {
	w.note("PAN-OS, for connection %s. Paste in configure mode, then commit.", t.id)
	w.note("tunnel.10: take another number where it is in use.")
	panosProfiles(t, w)
	panosGateway(t, w)
	panosTunnel(t, w)
}

func panosProfiles(t *tunnel, w *text) {
	ike := "set network ike crypto-profiles ike-crypto-profiles " + t.id
	w.line("%s encryption %s", ike, t.ike.cipher)
	w.line("%s hash %s", ike, t.ike.hash)
	w.line("%s dh-group %s", ike, t.ike.group)
	w.line("%s lifetime %s", ike, panosTime(w, "IKE lifetime", t.ike.lifetime))
	esp := "set network ike crypto-profiles ipsec-crypto-profiles " + t.id
	w.line("%s esp encryption %s", esp, t.esp.cipher)
	w.line("%s esp authentication %s", esp, choose(t.esp.gcm, "none", t.esp.hash))
	w.line("%s dh-group %s", esp, choose(t.esp.group != "", t.esp.group, "no-pfs"))
	w.line("%s lifetime %s", esp, panosTime(w, "IPsec lifetime", t.esp.lifetime))
	w.line("%s lifesize %s", esp, panosSize(w, t.esp.kib))
}

// panosTime writes seconds up to 65535, and above it whole minutes, shorter if need be.
func panosTime(w *text, what string, seconds uint32) string {
	if seconds <= 65535 {
		return fmt.Sprintf("seconds %d", w.within(what, seconds, 180, 65535))
	}
	if seconds%60 != 0 {
		w.note("%s: the gateway has %d seconds, this make takes whole minutes of so many.", what, seconds)
	}
	return fmt.Sprintf("minutes %d", seconds/60)
}

// panosSize writes kilobytes in the smallest unit of which there are at most 65535.
func panosSize(w *text, kib uint32) string {
	units, n := []string{"kb", "mb", "gb", "tb"}, kib
	for n > 65535 {
		if n%1024 != 0 {
			w.note("IPsec lifetime in kilobytes: the gateway has %d, this make takes whole %s of so many.", kib, units[1])
		}
		units, n = units[1:], n/1024
	}
	return fmt.Sprintf("%s %d", units[0], n)
}

func panosGateway(t *tunnel, w *text) {
	g := "set network ike gateway " + t.id
	w.line("%s authentication pre-shared-key key %s", g, t.key)
	w.line("%s local-address interface %s", g, t.iface)
	w.line("%s peer-address ip %s", g, t.remote)
	w.line("%s local-id type %s", g, choose(t.localID.name, "fqdn", "ipaddr"))
	w.line("%s local-id id %s", g, t.localID.text)
	w.line("%s peer-id type %s", g, choose(t.remoteID.name, "fqdn", "ipaddr"))
	w.line("%s peer-id id %s", g, t.remoteID.text)
	version := choose(t.v2, "ikev2", "ikev1")
	w.line("%s protocol version %s", g, version)
	w.line("%s protocol %s ike-crypto-profile %s", g, version, t.id)
	if !t.v2 {
		w.line("%s protocol ikev1 exchange-mode %s", g, choose(t.aggressive, "aggressive", "main"))
	}
	w.line("%s protocol %s dpd enable %s", g, version, choose(t.dpd.Enable, "yes", "no"))
	if t.dpd.Enable {
		w.line("%s protocol %s dpd interval %d", g, version, min(max(t.interval(), 2), 100))
	}
	if t.dpd.Enable && !t.v2 {
		w.line("%s protocol ikev1 dpd retry %d", g, min(max(t.interval(), 2), 100))
	}
	w.line("%s protocol-common nat-traversal enable yes", g)
	w.line("%s protocol-common passive-mode no", g)
}

func panosTunnel(t *tunnel, w *text) {
	v := "set network tunnel ipsec " + t.id
	w.line("%s auto-key ike-gateway %s", v, t.id)
	w.line("%s auto-key ipsec-crypto-profile %s", v, t.id)
	for i, p := range t.pairs {
		if !t.byRoute {
			w.line("%s auto-key proxy-id pair%d local %s remote %s protocol any", v, i+1, p.local, p.remote)
		}
	}
	w.line("%s tunnel-interface tunnel.10", v)
	if t.inner.IsValid() {
		w.line("set network interface tunnel units tunnel.10 ip %s", t.innerRange())
	} else {
		w.line("set network interface tunnel units tunnel.10")
	}
	w.note("This make fits TCP segments to the tunnel's MTU.")
	w.line("set network interface tunnel units tunnel.10 mtu %d", innerMTU)
	if t.probe.Enable {
		w.line("set network profiles interface-management-profile %s ping yes", t.id)
		w.line("set network interface tunnel units tunnel.10 interface-management-profile %s", t.id)
	}
	w.line("set network virtual-router default interface tunnel.10")
	t.noteInner(w)
	for i, n := range t.routed(w) {
		r := fmt.Sprintf("set network virtual-router default routing-table ip static-route %s-%d", t.id, i+1)
		w.line("%s destination %s", r, n)
		w.line("%s interface tunnel.10", r)
	}
	panosZones(t, w)
	if t.begins() {
		w.note("Traffic starts the tunnel; the gateway does not. A tunnel monitor keeps it up.")
	}
}

// panosZones gives the tunnel a zone of its own, so that no NAT of another zone takes its
// traffic. The names of the owner's zones are not known.
func panosZones(t *tunnel, w *text) {
	w.line("set zone %s network layer3 tunnel.10", t.id)
	w.note("Rules pass the traffic; with trust for your zone, and no source NAT to zone %s:", t.id)
	for _, way := range [][3]string{{"out", "trust", t.id}, {"in", t.id, "trust"}} {
		w.note("set rulebase security rules %s-%s from %s to %s source any destination any application any service any action allow", t.id, way[0], way[1], way[2])
	}
	w.note("Where rules deny traffic within the zone of %s, one before them admits ike and ipsec-esp from %s.", t.iface, t.remote)
}
