package peerconfig

// ios is Cisco IOS. A question mark asks for help even inside a key.
var ios = dialect{
	comment: "!",
	ike1: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes", "AES-CBC-192": "aes 192", "AES-CBC-256": "aes 256"},
		hash:   words{"MD5": "md5", "SHA": "sha", "SHA-256": "sha256", "SHA-512": "sha512"},
		group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
	},
	ike2: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-cbc-128", "AES-CBC-192": "aes-cbc-192", "AES-CBC-256": "aes-cbc-256", "AES128GCM128": "aes-gcm-128", "AES256GCM128": "aes-gcm-256"},
		hash:   words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"},
		group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
	},
	esp1:  iosESP,
	esp2:  iosESP,
	name:  domainName,
	key:   word(` ?"`),
	write: writeIOS,
}

var iosESP = phase{
	cipher: words{
		"NULL": "esp-null", "DES-CBC": "esp-des", "3DES-CBC": "esp-3des", "AES-CBC-128": "esp-aes", "AES-CBC-192": "esp-aes 192", "AES-CBC-256": "esp-aes 256",
		"AES128GCM128": "esp-gcm", "AES192GCM128": "esp-gcm 192", "AES256GCM128": "esp-gcm 256",
	},
	hash:  words{"MD5": "esp-md5-hmac", "SHA1": "esp-sha-hmac", "SHA-256": "esp-sha256-hmac", "SHA-384": "esp-sha384-hmac", "SHA-512": "esp-sha512-hmac"},
	group: groups("group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
}

func writeIOS(t *tunnel, w *text) {
	w.note("Cisco IOS, for connection %s. Paste in configuration mode.", t.id)
	w.note("Policy, map and tunnel numbers are 10: take others where they are in use.")
	gone := []string{"DES-CBC", "3DES-CBC", "NULL", "MD5", "GROUP1", "GROUP2", "GROUP5", "GROUP24"}
	t.noteGone(w, "IOS XE 17.11 and later, without crypto engine compliance shield disable,", gone...)
	if t.v2 {
		iosIKEv2(t, w)
	} else {
		iosIKEv1(t, w)
	}
	w.line("crypto ipsec transform-set %s %s", t.id, joined(t.esp.cipher, t.esp.hash))
	w.line(" mode tunnel")
	if t.byRoute {
		iosTunnel(t, w)
	} else {
		iosMap(t, w)
	}
}

func iosIKEv1(t *tunnel, w *text) {
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 60, 86400)
	w.line("crypto isakmp policy 10")
	w.line(" encryption %s", t.ike.cipher)
	w.line(" hash %s", t.ike.hash)
	w.line(" authentication pre-share")
	w.line(" group %s", t.ike.group)
	w.line(" lifetime %d", lifetime)
	w.line("crypto keyring %s", t.id)
	w.line(" pre-shared-key address %s key 0 %s", t.remote, t.key)
	if t.localID.name {
		w.note("The name of this router, from hostname and ip domain-name, must be %s.", t.localID.text)
	} else if t.localID.raw != t.local.String() {
		w.note("The address of %s must be %s, or the gateway's RemoteAddress that of %[1]s.", t.iface, t.localID.text)
	}
	w.line("crypto isakmp profile %s", t.id)
	w.line(" keyring %s", t.id)
	if t.localID.name {
		w.line(" self-identity fqdn")
	} else {
		w.line(" self-identity address")
	}
	if t.remoteID.name {
		w.line(" match identity host %s", t.remoteID.text)
	} else {
		w.line(" match identity address %s 255.255.255.255", t.remoteID.text)
	}
	if t.aggressive {
		w.line(" initiate mode aggressive")
	}
	if t.dpd.Enable {
		w.line(" keepalive %d retry 3", min(max(t.interval(), 10), 3600))
	}
}

func iosIKEv2(t *tunnel, w *text) {
	w.line("crypto ikev2 proposal %s", t.id)
	w.line(" encryption %s", t.ike.cipher)
	if t.ike.gcm {
		w.line(" prf %s", t.ike.hash)
	} else {
		w.line(" integrity %s", t.ike.hash)
	}
	w.line(" group %s", t.ike.group)
	w.line("crypto ikev2 policy %s", t.id)
	w.line(" proposal %s", t.id)
	w.line("crypto ikev2 keyring %s", t.id)
	w.line(" peer %s", t.id)
	w.line("  address %s", t.remote)
	w.line("  pre-shared-key local 0 %s", t.key)
	w.line("  pre-shared-key remote 0 %s", t.key)
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 120, 86400)
	w.line("crypto ikev2 profile %s", t.id)
	w.line(" match identity remote %s", iosIdentity(t.remoteID, " 255.255.255.255"))
	w.line(" identity local %s", iosIdentity(t.localID, ""))
	w.line(" authentication remote pre-share")
	w.line(" authentication local pre-share")
	w.line(" keyring local %s", t.id)
	w.line(" lifetime %d", lifetime)
	if t.dpd.Enable {
		w.line(" dpd %d 3 periodic", min(max(t.interval(), 10), 3600))
	}
}

func iosIdentity(id identity, mask string) string {
	if id.name {
		return "fqdn " + id.text
	}
	return "address " + id.text + mask
}

// iosProfile names the IKE profile for a map or an IPsec profile.
func iosProfile(t *tunnel) string {
	if t.v2 {
		return " set ikev2-profile " + t.id
	}
	return " set isakmp-profile " + t.id
}

func iosSettings(t *tunnel, w *text) {
	w.line(" set transform-set %s", t.id)
	w.line("%s", iosProfile(t))
	if t.esp.group != "" {
		w.line(" set pfs %s", t.esp.group)
	}
	w.line(" set security-association lifetime seconds %d", t.esp.lifetime)
	w.line(" set security-association lifetime kilobytes %d", t.esp.kib)
}

func iosMap(t *tunnel, w *text) {
	w.line("ip access-list extended %s", t.id)
	for _, p := range t.pairs {
		w.line(" permit ip %s %s %s %s", p.local.Addr(), wildcard(p.local), p.remote.Addr(), wildcard(p.remote))
	}
	w.line("crypto map %s 10 ipsec-isakmp", t.id)
	w.line(" set peer %s", t.remote)
	iosSettings(t, w)
	w.line(" match address %s", t.id)
	w.line("interface %s", t.iface)
	w.line(" crypto map %s", t.id)
	w.note("Exempt this traffic from NAT: deny it first in the list of ip nat inside source.")
	w.note("TCP segments: ip tcp adjust-mss %d on the inside interface.", innerMSS)
	t.noteProbe(w)
	if t.begins() {
		w.note("Traffic starts the tunnel; the gateway does not. An IP SLA probe keeps it up.")
	}
}

func iosTunnel(t *tunnel, w *text) {
	w.line("crypto ipsec profile %s", t.id)
	iosSettings(t, w)
	w.line("interface Tunnel10")
	if t.inner.IsValid() {
		w.line(" ip address %s %s", t.inner, mask(t.innerRange()))
	} else {
		w.line(" ip unnumbered %s", t.iface)
	}
	w.line(" ip tcp adjust-mss %d", innerMSS)
	w.line(" tunnel source %s", t.iface)
	w.line(" tunnel mode ipsec ipv4")
	w.line(" tunnel destination %s", t.remote)
	w.line(" tunnel protection ipsec profile %s", t.id)
	t.noteInner(w)
	for _, n := range t.routed(w) {
		w.line("ip route %s %s Tunnel10", n.Addr(), mask(n))
	}
}
