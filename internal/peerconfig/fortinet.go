package peerconfig

import (
	"net/netip"
	"strings"
)

// fortios is Fortinet's FortiOS. Keys have at least six characters; one that is not
// plain is written in hex, and so is one that would be read as hex.
var fortios = dialect{
	comment: "#",
	ike1: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256"},
		hash:   fortiHash,
		group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21),
	},
	ike2: phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256", "AES128GCM128": "aes128gcm", "AES256GCM128": "aes256gcm"},
		hash:   fortiHash,
		group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21),
	},
	esp1:  fortiESP,
	esp2:  fortiESP,
	name:  domainName,
	key:   fortiKey,
	write: writeFortiOS,
	refuses: func(t *tunnel) reason {
		if t.ike.gcm && t.ike.hash == "md5" {
			return reason{"it has no pseudo-random function of `MD5` with GCM", "GCM 不支持以 `MD5` 作为伪随机函数"}
		}
		return reason{}
	},
}

var fortiHash = words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}

var fortiESP = phase{
	cipher: words{"NULL": "null", "DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256", "AES128GCM128": "aes128gcm", "AES256GCM128": "aes256gcm"},
	hash:   words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"},
	group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21),
}

func fortiKey(s string) (string, bool) {
	if only(s, plain) && !strings.HasPrefix(s, "0x") {
		return `"` + s + `"`, len(s) >= 6
	}
	return hexKey(s), len(s) >= 6
}

func writeFortiOS(t *tunnel, w *text) {
	w.note("FortiOS, for connection %s.", t.id)
	fortiPhase1(t, w)
	fortiPhase2(t, w)
	fortiInterface(t, w)
	t.noteInner(w)
	fortiRoutes(t, w)
	w.note("Add firewall policies between %s and your own interfaces, both ways, without NAT.", t.id)
}

// fortiInterface sets up the interface that phase 1 has made.
func fortiInterface(t *tunnel, w *text) {
	w.line("config system interface")
	w.line("    edit %q", t.id)
	if t.inner.IsValid() {
		far := netip.PrefixFrom(t.far, 32)
		if t.innerRange().Contains(t.far) {
			far = t.innerRange()
		}
		w.line("        set ip %s 255.255.255.255", t.inner)
		w.line("        set remote-ip %s %s", t.far, mask(far))
		w.line("        set allowaccess ping")
	}
	w.line("        set tcp-mss %d", innerMSS)
	w.line("    next")
	w.line("end")
}

func fortiPhase1(t *tunnel, w *text) {
	lifetime := w.within("IKE lifetime", t.ike.lifetime, 120, 172800)
	w.line("config vpn ipsec phase1-interface")
	w.line("    edit %q", t.id)
	w.line("        set interface %q", t.iface)
	w.line("        set ike-version %s", choose(t.v2, "2", "1"))
	if !t.v2 {
		w.line("        set mode %s", choose(t.aggressive, "aggressive", "main"))
	}
	w.line("        set remote-gw %s", t.remote)
	if t.v2 || t.aggressive {
		w.line("        set peertype one")
		w.line("        set peerid %q", t.remoteID.text)
	} else {
		w.line("        set peertype any")
	}
	w.line("        set localid-type %s", choose(t.localID.name, "fqdn", "address"))
	w.line("        set localid %q", t.localID.text)
	w.line("        set proposal %s-%s%s", t.ike.cipher, choose(t.ike.gcm, "prf", ""), t.ike.hash)
	w.line("        set dhgrp %s", t.ike.group)
	w.line("        set keylife %d", lifetime)
	w.line("        set net-device disable")
	w.line("        set nattraversal enable")
	w.line("        set dpd %s", choose(t.dpd.Enable, "on-idle", "disable"))
	if t.dpd.Enable {
		w.line("        set dpd-retrycount 3")
		w.line("        set dpd-retryinterval %d", t.interval())
	}
	w.line("        set psksecret %s", t.key)
	w.line("    next")
	w.line("end")
}

func fortiPhase2(t *tunnel, w *text) {
	lifetime := w.within("IPsec lifetime", t.esp.lifetime, 120, 172800)
	kb := w.within("IPsec lifetime in kilobytes", t.esp.kib, 5120, 4294967295)
	w.line("config vpn ipsec phase2-interface")
	for i, p := range t.pairs {
		w.line("    edit \"%s-%d\"", t.id, i+1)
		w.line("        set phase1name %q", t.id)
		w.line("        set proposal %s", choose(t.esp.gcm, t.esp.cipher, t.esp.cipher+"-"+t.esp.hash))
		w.line("        set pfs %s", choose(t.esp.group != "", "enable", "disable"))
		if t.esp.group != "" {
			w.line("        set dhgrp %s", t.esp.group)
		}
		w.line("        set keylife-type both")
		w.line("        set keylifeseconds %d", lifetime)
		w.line("        set keylifekbs %d", kb)
		w.line("        set auto-negotiate %s", choose(t.begins(), "enable", "disable"))
		w.line("        set src-subnet %s %s", p.local.Addr(), mask(p.local))
		w.line("        set dst-subnet %s %s", p.remote.Addr(), mask(p.remote))
		w.line("    next")
	}
	w.line("end")
}

func fortiRoutes(t *tunnel, w *text) {
	routes := t.routed(w)
	if len(routes) == 0 {
		return
	}
	w.line("config router static")
	for _, n := range routes {
		w.line("    edit 0")
		w.line("        set dst %s %s", n.Addr(), mask(n))
		w.line("        set device %q", t.id)
		w.line("    next")
	}
	w.line("end")
}
