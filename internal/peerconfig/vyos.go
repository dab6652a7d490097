package peerconfig

// vyos is VyOS, which hands keys and identities on to strongSwan: the key is written
// in base64, so that nothing in it has a meaning there.
var vyos = dialect{
	comment: "#",
	ike1: phase{
		cipher: words{"3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256"},
		hash:   vyosHash,
		group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
	},
	ike2: phase{
		cipher: words{
			"3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256",
			"AES128GCM128": "aes128gcm128", "AES192GCM128": "aes192gcm128", "AES256GCM128": "aes256gcm128",
		},
		hash:  vyosHash,
		group: groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
	},
	esp1:  vyosESP,
	esp2:  vyosESP,
	name:  func(s string) (string, bool) { text, ok := domainName(s); return "@" + text, ok },
	key:   base64Key,
	write: writeVyOS,
	refuses: func(t *tunnel) reason {
		if t.aggressive && !t.begins() {
			return reason{"it answers no aggressive mode with a pre-shared key; set NegotiationType to passive, or use main mode or IKEV2", "不响应使用预共享密钥的野蛮模式；请将 NegotiationType 设为 passive，或使用主模式或 IKEV2"}
		}
		return reason{}
	},
}

var vyosHash = words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}

var vyosESP = phase{
	cipher: words{
		"NULL": "null", "3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256",
		"AES128GCM128": "aes128gcm128", "AES192GCM128": "aes192gcm128", "AES256GCM128": "aes256gcm128",
	},
	hash:  words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"},
	group: groups("dh-group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
}

func writeVyOS(t *tunnel, w *text) {
	w.note("VyOS, for connection %s. Paste in configure mode, then commit.", t.id)
	ike := "set vpn ipsec ike-group " + t.id
	w.line("%s key-exchange %s", ike, choose(t.v2, "ikev2", "ikev1"))
	if !t.v2 {
		w.line("%s mode %s", ike, choose(t.aggressive, "aggressive", "main"))
	}
	w.line("%s lifetime %d", ike, w.within("IKE lifetime", t.ike.lifetime, 30, 86400))
	w.line("%s proposal 1 encryption %s", ike, t.ike.cipher)
	w.line("%s proposal 1 hash %s", ike, t.ike.hash)
	w.line("%s proposal 1 dh-group %s", ike, t.ike.group)
	if t.ike.gcm {
		w.line("%s proposal 1 prf prf%s", ike, t.ike.hash)
	}
	if t.dpd.Enable {
		w.line("%s dead-peer-detection action %s", ike, choose(t.begins(), "restart", "clear"))
		w.line("%s dead-peer-detection interval %d", ike, max(t.interval(), 2))
		w.line("%s dead-peer-detection timeout %d", ike, max(t.dpd.Timeout, 2))
	}
	vyosESPGroup(t, w)
	vyosPeer(t, w)
}

func vyosESPGroup(t *tunnel, w *text) {
	esp := "set vpn ipsec esp-group " + t.id
	w.line("%s mode tunnel", esp)
	w.line("%s lifetime %d", esp, w.within("IPsec lifetime", t.esp.lifetime, 30, 86400))
	w.line("%s life-bytes %d", esp, uint64(t.esp.kib)*1024)
	w.line("%s pfs %s", esp, choose(t.esp.group != "", t.esp.group, "disable"))
	w.line("%s proposal 1 encryption %s", esp, t.esp.cipher)
	if !t.esp.gcm {
		w.line("%s proposal 1 hash %s", esp, t.esp.hash)
	}
}

func vyosPeer(t *tunnel, w *text) {
	w.line("set vpn ipsec interface %s", t.iface)
	w.line("set vpn ipsec authentication psk %s id '%s'", t.id, t.localID.text)
	w.line("set vpn ipsec authentication psk %s id '%s'", t.id, t.remoteID.text)
	w.line("set vpn ipsec authentication psk %s secret '%s'", t.id, t.key)
	peer := "set vpn ipsec site-to-site peer " + t.id
	w.line("%s authentication mode pre-shared-secret", peer)
	w.line("%s authentication local-id '%s'", peer, t.localID.text)
	w.line("%s authentication remote-id '%s'", peer, t.remoteID.text)
	if !t.opens() {
		w.note("respond: the gateway begins%s. Newer releases call this type trap.", choose(t.byRoute, "", ", or traffic from here"))
	}
	w.line("%s connection-type %s", peer, choose(t.opens(), "initiate", "respond"))
	w.line("%s ike-group %s", peer, t.id)
	w.line("%s local-address any", peer)
	w.line("%s remote-address %s", peer, t.remote)
	if t.byRoute {
		vyosRoutes(t, w, peer)
		return
	}
	w.line("%s default-esp-group %s", peer, t.id)
	for i, p := range t.pairs {
		w.line("%s tunnel %d local prefix %s", peer, i+1, p.local)
		w.line("%s tunnel %d remote prefix %s", peer, i+1, p.remote)
	}
	w.note("TCP segments: set interfaces ethernet eth1 ip adjust-mss %d, with your inside interface.", innerMSS)
	w.note("Exempt this traffic from NAT: rules with lower numbers than those that would take it, such as")
	for i, n := range t.remotes() {
		w.note("set nat source rule %d destination address %s", i+1, n)
		w.note("set nat source rule %d exclude", i+1)
	}
	t.noteProbe(w)
}

func vyosRoutes(t *tunnel, w *text, peer string) {
	w.note("vti10: take another number where it is in use.")
	w.line("set vpn ipsec options disable-route-autoinstall")
	w.line("%s vti bind vti10", peer)
	w.line("%s vti esp-group %s", peer, t.id)
	if t.inner.IsValid() {
		w.line("set interfaces vti vti10 address %s", t.innerRange())
	} else {
		w.line("set interfaces vti vti10")
	}
	w.line("set interfaces vti vti10 ip adjust-mss %d", innerMSS)
	t.noteInner(w)
	for _, n := range t.routed(w) {
		w.line("set protocols static route %s interface vti10", n)
	}
}
