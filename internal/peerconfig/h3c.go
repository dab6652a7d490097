package peerconfig

// comware is H3C's Comware 7. Only its IKEv1 has the Chinese algorithms, only its
// IKEv2 has GCM.
var comware = dialect{
	comment: "#",
	ike1: phase{
		cipher: words{"DES-CBC": "des-cbc", "3DES-CBC": "3des-cbc", "AES-CBC-128": "aes-cbc-128", "AES-CBC-192": "aes-cbc-192", "AES-CBC-256": "aes-cbc-256", "SM4": "sm4-cbc"},
		hash:   words{"MD5": "md5", "SHA": "sha", "SHA-256": "sha256", "SHA-512": "sha512"},
		group:  groups("group%s", 1, 2, 5, 14, 19, 20, 24),
	},
	ike2: phase{
		cipher: words{"DES-CBC": "des-cbc", "3DES-CBC": "3des-cbc", "AES-CBC-128": "aes-cbc-128", "AES-CBC-192": "aes-cbc-192", "AES-CBC-256": "aes-cbc-256"},
		hash:   words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"},
		group:  groups("group%s", 1, 2, 5, 14, 19, 20, 24),
	},
	esp1: phase{
		cipher: comwareCBC.and(words{"SM4": "sm4-cbc"}),
		hash:   comwareHash.and(words{"SM3": "sm3"}),
		group:  groups("dh-group%s", 1, 2, 5, 14, 19, 20, 24),
	},
	esp2: phase{
		cipher: comwareCBC.and(words{"AES128GCM128": "gcm-128", "AES192GCM128": "gcm-192", "AES256GCM128": "gcm-256"}),
		hash:   comwareHash,
		group:  groups("dh-group%s", 1, 2, 5, 14, 19, 20, 24),
	},
	name:  domainName,
	key:   word(` ?"`),
	write: writeComware,
}

var (
	comwareCBC  = words{"NULL": "null", "DES-CBC": "des-cbc", "3DES-CBC": "3des-cbc", "AES-CBC-128": "aes-cbc-128", "AES-CBC-192": "aes-cbc-192", "AES-CBC-256": "aes-cbc-256"}
	comwareHash = words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
)

func writeComware(t *tunnel, w *text) {
	w.note("H3C Comware 7, for connection %s. Paste in system-view.", t.id)
	w.note("Proposal, policy, tunnel and access list numbers: take others where they are in use.")
	w.note("On a firewall: let UDP 500, UDP 4500 and ESP from %s by %s reach zone Local, %slet policies pass the traffic.", t.remote, t.iface, choose(t.byRoute, "put Tunnel10 into a zone, ", "and "))
	if t.v2 {
		comwareIKEv2(t, w)
	} else {
		comwareIKEv1(t, w)
	}
	w.line("ipsec transform-set %s", t.id)
	w.line(" encapsulation-mode tunnel")
	w.line(" protocol esp")
	w.line(" esp encryption-algorithm %s", t.esp.cipher)
	if !t.esp.gcm {
		w.line(" esp authentication-algorithm %s", t.esp.hash)
	}
	if t.esp.group != "" {
		w.line(" pfs %s", t.esp.group)
	}
	if t.byRoute {
		comwareTunnel(t, w)
	} else {
		comwarePolicy(t, w)
	}
}

func comwareIKEv1(t *tunnel, w *text) {
	w.line("ike proposal 10")
	w.line(" authentication-method pre-share")
	w.line(" encryption-algorithm %s", t.ike.cipher)
	w.line(" authentication-algorithm %s", t.ike.hash)
	w.line(" dh %s", t.ike.group)
	w.line(" sa duration %d", t.ike.lifetime)
	w.line("ike keychain %s", t.id)
	w.line(" pre-shared-key address %s 255.255.255.255 key simple %s", t.remote, t.key)
	w.line("ike profile %s", t.id)
	w.line(" keychain %s", t.id)
	w.line(" exchange-mode %s", choose(t.aggressive, "aggressive", "main"))
	w.line(" local-identity %s", comwareIdentity(t.localID, ""))
	w.line(" match remote identity %s", comwareIdentity(t.remoteID, " 255.255.255.255"))
	w.line(" proposal 10")
	if t.dpd.Enable {
		w.line(" dpd interval %d periodic", min(t.interval(), 300))
	}
}

func comwareIKEv2(t *tunnel, w *text) {
	w.line("ikev2 proposal %s", t.id)
	w.line(" encryption %s", t.ike.cipher)
	w.line(" integrity %s", t.ike.hash)
	w.line(" prf %s", t.ike.hash)
	w.line(" dh %s", t.ike.group)
	w.line("ikev2 policy %s", t.id)
	w.line(" proposal %s", t.id)
	w.line("ikev2 keychain %s", t.id)
	w.line(" peer %s", t.id)
	w.line("  address %s 255.255.255.255", t.remote)
	w.line("  identity %s", comwareIdentity(t.remoteID, ""))
	w.line("  pre-shared-key plaintext %s", t.key)
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 120, 86400)
	w.line("ikev2 profile %s", t.id)
	w.line(" authentication-method local pre-share")
	w.line(" authentication-method remote pre-share")
	w.line(" keychain %s", t.id)
	w.line(" identity local %s", comwareIdentity(t.localID, ""))
	w.line(" match remote identity %s", comwareIdentity(t.remoteID, " 255.255.255.255"))
	w.line(" sa duration %d", lifetime)
	if t.dpd.Enable {
		w.line(" dpd interval %d periodic", min(max(t.interval(), 10), 3600))
	}
}

func comwareIdentity(id identity, mask string) string {
	if id.name {
		return "fqdn " + id.text
	}
	return "address " + id.text + mask
}

func comwareSettings(t *tunnel, w *text) {
	w.line(" transform-set %s", t.id)
	w.line(" %s-profile %s", choose(t.v2, "ikev2", "ike"), t.id)
	w.line(" sa duration time-based %d", t.esp.lifetime)
	w.line(" sa duration traffic-based %d", t.esp.kib)
}

func comwarePolicy(t *tunnel, w *text) {
	w.line("acl advanced 3100")
	for i, p := range t.pairs {
		w.line(" rule %d permit ip source %s %s destination %s %s", 5*(i+1), p.local.Addr(), wildcard(p.local), p.remote.Addr(), wildcard(p.remote))
	}
	w.line("ipsec policy %s 10 isakmp", t.id)
	w.line(" security acl 3100")
	w.line(" remote-address %s", t.remote)
	comwareSettings(t, w)
	if t.begins() {
		w.line(" sa trigger-mode auto")
	}
	w.line("interface %s", t.iface)
	w.line(" ipsec apply policy %s", t.id)
	w.note("Where nat outbound is on %s, deny this traffic in its ACL: NAT comes before IPsec.", t.iface)
	w.note("TCP segments: tcp mss %d on the inside interface.", innerMSS)
	t.noteProbe(w)
}

func comwareTunnel(t *tunnel, w *text) {
	w.line("ipsec profile %s isakmp", t.id)
	comwareSettings(t, w)
	w.line("interface Tunnel10 mode ipsec")
	if t.inner.IsValid() {
		w.line(" ip address %s %s", t.inner, mask(t.innerRange()))
	} else {
		w.line(" ip address unnumbered interface %s", t.iface)
	}
	w.line(" tcp mss %d", innerMSS)
	w.line(" source %s", t.iface)
	w.line(" destination %s", t.remote)
	w.line(" tunnel protection ipsec profile %s", t.id)
	t.noteInner(w)
	for _, n := range t.routed(w) {
		w.line("ip route-static %s %d Tunnel10", n.Addr(), n.Bits())
	}
}
