package peerconfig

import "slices"

// asa is Cisco ASA; its IKEv1 has none of the newer hashes, and of the newer groups one.
var asa = dialect{
	comment: "!",
	ike1: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256"},
		hash:   words{"MD5": "md5", "SHA": "sha"},
		group:  groups("%s", 1, 2, 5, 14),
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
		group:  groups("group%s", 1, 2, 5, 14),
	},
	esp2: phase{
		cipher: words{
			"NULL": "null", "DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256",
			"AES128GCM128": "aes-gcm", "AES192GCM128": "aes-gcm-192", "AES256GCM128": "aes-gcm-256",
		},
		hash:  words{"MD5": "md5", "SHA1": "sha-1", "SHA-256": "sha-256", "SHA-384": "sha-384", "SHA-512": "sha-512"},
		group: groups("group%s", 1, 2, 5, 14, 19, 20, 21, 24),
	},
	name: domainName,
	key:  word(` ?"`),
	refuses: func(t *tunnel) reason {
		switch {
		case t.aggressive && t.byRoute && t.begins():
			return reason{"from a tunnel interface it begins in main mode alone; set NegotiationType to active, or use main mode or IKEV2", "隧道接口只能以主模式发起协商；请将 NegotiationType 设为 active，或使用主模式或 IKEV2"}
		case t.aggressive && !t.byRoute && t.ike.number == "14":
			return reason{"its aggressive mode has the groups 1, 2 and 5 alone; use main mode or IKEV2", "野蛮模式只支持 DH 组 1、2、5；请使用主模式或 IKEV2"}
		}
		return reason{}
	},
	write: writeASA,
}

func writeASA(t *tunnel, w *text) {
	w.note("Cisco ASA, for connection %s. %s is the nameif of the outside interface.", t.id, t.iface)
	w.note("Policy, map and tunnel numbers are 10: take others where they are in use.")
	t.asaReleases(w)
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

// asaReleases tells what depends on the release.
func (t *tunnel) asaReleases(w *text) {
	gone := []string{"DES-CBC", "3DES-CBC", "MD5", "GROUP1", "GROUP2", "GROUP24"}
	if t.v2 {
		gone = append(gone, "GROUP5")
	}
	t.noteGone(w, "ASA 9.15 and later", gone...)
	if !t.v2 && slices.Contains(t.values, "GROUP14") {
		w.note("GROUP14 in IKEv1 needs ASA 9.13 or later.")
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
		w.line("crypto map gatewright 10 set ikev1 phase1-mode aggressive group%s", t.ike.group) // without one it is group 2
	}
	if t.esp.group != "" {
		w.line("crypto map gatewright 10 set pfs %s", t.esp.group)
	}
	w.line("crypto map gatewright 10 set security-association lifetime seconds %d", t.esp.lifetime)
	w.line("crypto map gatewright 10 set security-association lifetime kilobytes %d", w.within("IPsec lifetime in kilobytes", t.esp.kib, 10, 2147483647))
	w.line("crypto map gatewright interface %s", t.iface)
	w.note("Exempt the access list's traffic from NAT.")
	asaMSS(w)
	t.noteProbe(w)
	if t.begins() {
		w.note("Traffic starts the tunnel; the gateway does not. An SLA monitor keeps it up.")
	}
}

// asaMSS is one setting for all traffic of the ASA.
func asaMSS(w *text) { w.line("sysopt connection tcpmss %d", innerMSS) }

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
	if t.aggressive {
		w.note("Only the gateway begins: from a tunnel interface this make would begin in main mode.")
		w.line(" responder-only")
	}
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
	asaMSS(w)
	t.noteInner(w)
	hop := "169.254.254.2"
	if t.inner.IsValid() {
		hop = t.neighbour().String()
	}
	for _, n := range t.routed(w) {
		w.line("route %s %s %s %s 1", t.id, n.Addr(), mask(n), hop)
	}
}
