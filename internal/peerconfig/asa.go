package peerconfig

// asa is Cisco ASA; its IKEv1 has none of the newer hashes and groups.
var asa = dialect{
	comment: "!",
	ike1: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256"},
		hash:   words{"MD5": "md5", "SHA": "sha"},
		group:  groups("%s", 1, 2, 5),
	},
	ike2: phase{
		cipher: words{
			"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256",
			"AES128GCM128": "aes-gcm", "AES192GCM128": "aes-gcm-192", "AES256GCM128": "aes-gcm-256",
		},
		hash:  words{"MD5": "md5", "SHA": "sha", "SHA-256": "sha256", "SHA-512": "sha512"},
		group: groups("%s", 1, 2, 5, 14, 19, 20, 21, 24),
	},
	esp1: phase{
		cipher: words{"NULL": "esp-null", "DES-CBC": "esp-des", "3DES-CBC": "esp-3des", "AES-CBC-128": "esp-aes", "AES-CBC-192": "esp-aes-192", "AES-CBC-256": "esp-aes-256"},
		hash:   words{"MD5": "esp-md5-hmac", "SHA1": "esp-sha-hmac"},
		group:  groups("group%s", 1, 2, 5),
	},
	esp2: phase{
		cipher: words{
			"NULL": "null", "DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256",
			"AES128GCM128": "aes-gcm", "AES192GCM128": "aes-gcm-192", "AES256GCM128": "aes-gcm-256",
		},
		hash:  words{"MD5": "md5", "SHA1": "sha-1", "SHA-256": "sha-256", "SHA-384": "sha-384", "SHA-512": "sha-512"},
		group: groups("group%s", 1, 2, 5, 14, 19, 20, 21, 24),
	},
	name:  domainName,
	key:   word(` ?"`),
	write: writeASA,
}

func writeASA(t *tunnel, w *text) {
	w.note("Cisco ASA, for connection %s. %s is the nameif of the outside interface.", t.id, t.iface)
	w.note("Policy, map and tunnel numbers are 10: take others where they are in use.")
	t.asaIdentity(w)
	if t.v2 {
		asaIKEv2(t, w)
	} else {
		asaIKEv1(t, w)
	}
	asaGroup(t, w)
	if t.byRoute {
		asaTunnel(t, w)
	} else {
		asaMap(t, w)
	}
}

// asaIdentity sets how the ASA calls itself, which is one setting for all its tunnels.
func (t *tunnel) asaIdentity(w *text) {
	if t.localID.name {
		w.note("The name of this ASA, from hostname and domain-name, must be %s.", t.localID.text)
		w.line("crypto isakmp identity hostname")
		return
	}
	if t.localID.raw != t.local.String() {
		w.note("The address of %s must be %s, or the gateway's RemoteAddress that of %[1]s.", t.iface, t.localID.text)
	}
	w.line("crypto isakmp identity address")
}

func asaIKEv1(t *tunnel, w *text) {
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 120, 2147483647)
	w.line("crypto ikev1 policy 10")
	w.line(" authentication pre-share")
	w.line(" encryption %s", t.ike.cipher)
	w.line(" hash %s", t.ike.hash)
	w.line(" group %s", t.ike.group)
	w.line(" lifetime %d", lifetime)
	w.line("crypto ikev1 enable %s", t.iface)
	w.line("crypto ipsec ikev1 transform-set %s %s %s", t.id, t.esp.cipher, t.esp.hash)
}

func asaIKEv2(t *tunnel, w *text) {
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 120, 2147483647)
	w.line("crypto ikev2 policy 10")
	w.line(" encryption %s", t.ike.cipher)
	if t.ike.gcm {
		w.line(" integrity null")
	} else {
		w.line(" integrity %s", t.ike.hash)
	}
	w.line(" group %s", t.ike.group)
	w.line(" prf %s", t.ike.hash)
	w.line(" lifetime seconds %d", lifetime)
	w.line("crypto ikev2 enable %s", t.iface)
	w.line("crypto ipsec ikev2 ipsec-proposal %s", t.id)
	w.line(" protocol esp encryption %s", t.esp.cipher)
	if t.esp.gcm {
		w.line(" protocol esp integrity null")
	} else {
		w.line(" protocol esp integrity %s", t.esp.hash)
	}
}

// asaGroup holds the key. A tunnel between sites is found by the peer's address, so a
// name as its identity is not compared.
func asaGroup(t *tunnel, w *text) {
	w.line("tunnel-group %s type ipsec-l2l", t.remote)
	w.line("tunnel-group %s ipsec-attributes", t.remote)
	if t.v2 {
		w.line(" ikev2 remote-authentication pre-shared-key 0 %s", t.key)
		w.line(" ikev2 local-authentication pre-shared-key 0 %s", t.key)
	} else {
		w.line(" ikev1 pre-shared-key 0 %s", t.key)
	}
	if t.remoteID.raw != t.remote.String() {
		w.note("The gateway calls itself %s; this ASA knows it by its address.", t.remoteID.text)
		w.line(" peer-id-validate nocheck")
	}
	if t.dpd.Enable {
		w.line(" isakmp keepalive threshold %d retry 3", min(max(t.interval(), 10), 3600))
	} else {
		w.line(" isakmp keepalive disable")
	}
}

func asaMap(t *tunnel, w *text) {
	for _, p := range t.pairs {
		w.line("access-list %s extended permit ip %s %s %s %s", t.id, p.local.Addr(), mask(p.local), p.remote.Addr(), mask(p.remote))
	}
	w.note("An interface has one crypto map: if %s has one already, use its name here.", t.iface)
	w.line("crypto map gatewright 10 match address %s", t.id)
	w.line("crypto map gatewright 10 set peer %s", t.remote)
	if t.v2 {
		w.line("crypto map gatewright 10 set ikev2 ipsec-proposal %s", t.id)
	} else {
		w.line("crypto map gatewright 10 set ikev1 transform-set %s", t.id)
	}
	if t.aggressive {
		w.line("crypto map gatewright 10 set ikev1 phase1-mode aggressive")
	}
	if t.esp.group != "" {
		w.line("crypto map gatewright 10 set pfs %s", t.esp.group)
	}
	w.line("crypto map gatewright 10 set security-association lifetime seconds %d", t.esp.lifetime)
	w.line("crypto map gatewright 10 set security-association lifetime kilobytes %d", w.within("IPsec lifetime in kilobytes", t.esp.kib, 10, 2147483647))
	w.line("crypto map gatewright interface %s", t.iface)
	w.note("Exempt the access list's traffic from NAT.")
}

func asaTunnel(t *tunnel, w *text) {
	w.line("crypto ipsec profile %s", t.id)
	if t.v2 {
		w.line(" set ikev2 ipsec-proposal %s", t.id)
	} else {
		w.line(" set ikev1 transform-set %s", t.id)
	}
	if t.esp.group != "" {
		w.line(" set pfs %s", t.esp.group)
	}
	w.line(" set security-association lifetime seconds %d", t.esp.lifetime)
	w.line(" set security-association lifetime kilobytes %d", w.within("IPsec lifetime in kilobytes", t.esp.kib, 10, 2147483647))
	w.line("interface Tunnel10")
	w.line(" nameif %s", t.id)
	if t.inner.IsValid() {
		w.line(" ip address %s %s", t.inner, mask(t.innerRange()))
	} else {
		w.note("A tunnel interface needs an address here; any that is free will do.")
		w.line(" ip address 169.254.254.1 255.255.255.252")
	}
	w.line(" tunnel source interface %s", t.iface)
	w.line(" tunnel destination %s", t.remote)
	w.line(" tunnel mode ipsec ipv4")
	w.line(" tunnel protection ipsec profile %s", t.id)
	t.noteInner(w)
	hop := "169.254.254.2"
	if t.far.IsValid() {
		hop = t.far.String()
	}
	for _, n := range t.networks {
		w.line("route %s %s %s %s 1", t.id, n.Addr(), mask(n), hop)
	}
}
