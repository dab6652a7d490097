package peerconfig

import "encoding/hex"

// srx is Juniper's SRX, in set commands. A key that is not plain is written in hex.
var srx = dialect{
	comment: "#",
	ike1:    srxIKEPhase,
	ike2:    srxIKEPhase,
	esp1:    srxESP,
	esp2:    srxESP,
	name:    domainName,
	key:     srxKey,
	write:   writeSRX,
}

// srxIKEPhase leaves GCM out: its pseudo-random function cannot be chosen, and the API's
// hash decides it.
var srxIKEPhase = phase{
	cipher: words{"DES-CBC": "des-cbc", "3DES-CBC": "3des-cbc", "AES-CBC-128": "aes-128-cbc", "AES-CBC-192": "aes-192-cbc", "AES-CBC-256": "aes-256-cbc"},
	hash:   words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha-256", "SHA-512": "sha-512"},
	group:  groups("group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
}

var srxESP = phase{
	cipher: words{
		"DES-CBC": "des-cbc", "3DES-CBC": "3des-cbc", "AES-CBC-128": "aes-128-cbc", "AES-CBC-192": "aes-192-cbc", "AES-CBC-256": "aes-256-cbc",
		"AES128GCM128": "aes-128-gcm", "AES192GCM128": "aes-192-gcm", "AES256GCM128": "aes-256-gcm",
	},
	hash:  words{"MD5": "hmac-md5-96", "SHA1": "hmac-sha1-96", "SHA-256": "hmac-sha-256-128", "SHA-384": "hmac-sha-384", "SHA-512": "hmac-sha-512"},
	group: groups("group%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
}

func srxKey(s string) (string, bool) {
	if only(s, plain) {
		return `ascii-text "` + s + `"`, true
	}
	return "hexadecimal " + hex.EncodeToString([]byte(s)), true
}

func writeSRX(t *tunnel, w *text) {
	w.note("Juniper SRX, for connection %s. Paste in configuration mode, then commit.", t.id)
	w.note("st0.10: take another unit where it is in use.")
	srxIKE(t, w)
	srxIPsec(t, w)
	w.line("set interfaces st0 unit 10 family inet%s", t.srxInner())
	t.noteInner(w)
	for _, n := range t.routed(w) {
		w.line("set routing-options static route %s next-hop st0.10", n)
	}
	w.line("set security flow tcp-mss ipsec-vpn mss %d", innerMSS)
	srxZones(t, w)
}

// srxZones gives the tunnel a zone of its own, so that no NAT of another zone takes its
// traffic. The names of the owner's zones are not known.
func srxZones(t *tunnel, w *text) {
	w.line("set security zones security-zone %s interfaces st0.10", t.id)
	if t.probe.Enable {
		w.line("set security zones security-zone %s interfaces st0.10 host-inbound-traffic system-services ping", t.id)
	}
	if t.asn != 0 {
		w.line("set security zones security-zone %s interfaces st0.10 host-inbound-traffic protocols bgp", t.id)
	}
	w.note("The zone of %s admits IKE, and policies pass the traffic; with untrust and trust for your zones, and no source NAT to zone %s:", t.iface, t.id)
	w.note("set security zones security-zone untrust interfaces %s host-inbound-traffic system-services ike", t.iface)
	for _, way := range [][2]string{{"trust", t.id}, {t.id, "trust"}} {
		w.note("set security policies from-zone %s to-zone %s policy %s match source-address any destination-address any application any", way[0], way[1], t.id)
		w.note("set security policies from-zone %s to-zone %s policy %s then permit", way[0], way[1], t.id)
	}
}

func (t *tunnel) srxInner() string {
	if !t.inner.IsValid() {
		return ""
	}
	return " address " + t.innerRange().String()
}

func srxIKE(t *tunnel, w *text) {
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 180, 86400)
	w.line("set security ike proposal %s authentication-method pre-shared-keys", t.id)
	w.line("set security ike proposal %s dh-group %s", t.id, t.ike.group)
	w.line("set security ike proposal %s authentication-algorithm %s", t.id, t.ike.hash)
	w.line("set security ike proposal %s encryption-algorithm %s", t.id, t.ike.cipher)
	w.line("set security ike proposal %s lifetime-seconds %d", t.id, lifetime)
	if !t.v2 {
		w.line("set security ike policy %s mode %s", t.id, choose(t.aggressive, "aggressive", "main"))
	}
	w.line("set security ike policy %s proposals %s", t.id, t.id)
	w.line("set security ike policy %s pre-shared-key %s", t.id, t.key)
	w.line("set security ike gateway %s ike-policy %s", t.id, t.id)
	w.line("set security ike gateway %s address %s", t.id, t.remote)
	w.line("set security ike gateway %s external-interface %s", t.id, t.iface)
	w.line("set security ike gateway %s version %s", t.id, choose(t.v2, "v2-only", "v1-only"))
	w.line("set security ike gateway %s local-identity %s %s", t.id, choose(t.localID.name, "hostname", "inet"), t.localID.text)
	w.line("set security ike gateway %s remote-identity %s %s", t.id, choose(t.remoteID.name, "hostname", "inet"), t.remoteID.text)
	if t.dpd.Enable {
		w.line("set security ike gateway %s dead-peer-detection always-send", t.id)
		w.line("set security ike gateway %s dead-peer-detection interval %d", t.id, min(max(t.interval(), 10), 60))
		w.line("set security ike gateway %s dead-peer-detection threshold 3", t.id)
	}
}

func srxIPsec(t *tunnel, w *text) {
	lifetime := w.within("IPsec lifetime", t.esp.lifetime, 180, 86400)
	w.line("set security ipsec proposal %s protocol esp", t.id)
	if !t.esp.gcm {
		w.line("set security ipsec proposal %s authentication-algorithm %s", t.id, t.esp.hash)
	}
	w.line("set security ipsec proposal %s encryption-algorithm %s", t.id, t.esp.cipher)
	w.line("set security ipsec proposal %s lifetime-seconds %d", t.id, lifetime)
	if t.esp.kib > 1048576 {
		w.note("Some releases take at most 1048576 kilobytes.")
	}
	w.line("set security ipsec proposal %s lifetime-kilobytes %d", t.id, w.within("IPsec lifetime in kilobytes", t.esp.kib, 64, 4294967294))
	if t.esp.group != "" {
		w.line("set security ipsec policy %s perfect-forward-secrecy keys %s", t.id, t.esp.group)
	}
	w.line("set security ipsec policy %s proposals %s", t.id, t.id)
	w.line("set security ipsec vpn %s bind-interface st0.10", t.id)
	w.line("set security ipsec vpn %s ike gateway %s", t.id, t.id)
	w.line("set security ipsec vpn %s ike ipsec-policy %s", t.id, t.id)
	for i, p := range t.pairs {
		if !t.byRoute {
			w.line("set security ipsec vpn %s traffic-selector pair%d local-ip %s remote-ip %s", t.id, i+1, p.local, p.remote)
		}
	}
	w.line("set security ipsec vpn %s establish-tunnels %s", t.id, choose(t.begins(), "immediately", "on-traffic"))
}
