package peerconfig

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
	w.line(" tunnel-protocol ipsec")
	w.line(" source %s", t.iface)
	w.line(" destination %s", t.remote)
	w.line(" ipsec profile %s", t.id)
	t.noteInner(w)
	for _, n := range t.networks {
		w.line("ip route-static %s %s Tunnel10", n.Addr(), mask(n))
	}
}
