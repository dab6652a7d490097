package peerconfig

// libreswan is ipsec.conf and ipsec.secrets. It has neither DES nor the groups 1 and 24.
var libreswan = dialect{
	comment: "#",
	ike1:    phase{cipher: libreCBC, hash: libreHash, group: libreGroups},
	ike2:    phase{cipher: libreCBC.and(libreGCM), hash: libreHash, group: libreGroups},
	esp1:    libreESP,
	esp2:    libreESP,
	name:    func(s string) (string, bool) { text, ok := domainName(s); return "@" + text, ok },
	key:     base64Key,
	write:   writeLibreswan,
}

var (
	libreCBC    = words{"3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256"}
	libreGCM    = words{"AES128GCM128": "aes_gcm128", "AES192GCM128": "aes_gcm192", "AES256GCM128": "aes_gcm256"}
	libreHash   = words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha2_256", "SHA-512": "sha2_512"}
	libreGroups = words{
		"GROUP2": "modp1024", "GROUP5": "modp1536", "GROUP14": "modp2048", "GROUP15": "modp3072", "GROUP16": "modp4096",
		"GROUP19": "dh19", "GROUP20": "dh20", "GROUP21": "dh21",
	}
	libreESP = phase{
		cipher: libreCBC.and(libreGCM).and(words{"NULL": "null"}),
		hash:   words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha2_256", "SHA-384": "sha2_384", "SHA-512": "sha2_512"},
		group:  libreGroups,
	}
)

func writeLibreswan(t *tunnel, w *text) {
	w.note("Libreswan, for connection %s: two files. Traffic leaves by %s.", t.id, t.iface)
	t.noteGone(w, "Most builds", "GROUP2")
	t.iptables(w, t.byRoute)
	w.note("The gateway renews after %d kilobytes, too; from Libreswan 5 on this end can: add ipsec-max-bytes=%d to each conn.", t.esp.kib, uint64(t.esp.kib)*1024)
	ike := w.within("IKE lifetime", t.ike.lifetime, 60, 86400)
	esp := w.within("IPsec lifetime", t.esp.lifetime, 60, 86400)
	w.line("# /etc/ipsec.d/%s.conf", t.id)
	if !t.v2 {
		w.note("If /etc/ipsec.conf has a section config setup, put the policy there.")
		w.line("config setup")
		w.line("    ikev1-policy=accept")
	}
	for i, p := range t.pairs {
		w.line("conn %s-%d", t.id, i+1)
		libreConn(t, w, ike, esp)
		w.line("    leftsubnet=%s", p.local)
		w.line("    rightsubnet=%s", p.remote)
	}
	if t.byRoute {
		t.noteInner(w)
		if t.inner.IsValid() {
			w.note("ip address add %s dev ipsec10", t.innerRange())
		}
		for _, n := range t.routed(w) {
			w.note("ip route add %s dev ipsec10", n)
		}
	} else {
		t.noteProbe(w)
	}
	w.line("# /etc/ipsec.d/%s.secrets", t.id)
	w.line("%s %s : PSK %s", t.localID.text, t.remoteID.text, t.key)
}

func libreConn(t *tunnel, w *text, ike, esp uint32) {
	w.line("    ikev2=%s", choose(t.v2, "yes", "no"))
	if !t.v2 {
		w.line("    aggressive=%s", choose(t.aggressive, "yes", "no"))
	}
	w.line("    type=tunnel")
	w.line("    authby=secret")
	w.line("    left=%s", "%defaultroute")
	w.line("    leftid=%s", t.localID.text)
	w.line("    right=%s", t.remote)
	w.line("    rightid=%s", t.remoteID.text)
	w.line("    ike=%s-%s;%s", t.ike.cipher, t.ike.hash, t.ike.group)
	w.line("    esp=%s", t.libreESP())
	w.line("    pfs=%s", choose(t.esp.group != "", "yes", "no"))
	w.line("    ikelifetime=%ds", ike)
	w.line("    salifetime=%ds", esp)
	if t.dpd.Enable {
		w.line("    dpddelay=%d", t.interval())
		w.line("    dpdtimeout=%d", t.dpd.Timeout)
		w.line("    dpdaction=%s", choose(t.begins(), "restart", "hold"))
	}
	if t.byRoute {
		w.line("    ipsec-interface=10")
	}
	w.line("    auto=%s", choose(t.begins(), "start", "ondemand"))
}

func (t *tunnel) libreESP() string {
	out := t.esp.cipher
	if t.esp.gcm {
		out += "-null"
	} else {
		out += "-" + t.esp.hash
	}
	if t.esp.group != "" {
		out += ";" + t.esp.group
	}
	return out
}
