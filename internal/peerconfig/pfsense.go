package peerconfig

import (
	"net/netip"
	"strconv"
	"strings"
)

// pfsense is the IPsec section of pfSense's configuration, in XML. It decodes nothing
// in a key: markup is escaped, and that is all.
var pfsense = dialect{
	comment: "<!--", uncomment: " -->",
	ike1:  phase{cipher: pfCBC, hash: pfHash, group: groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24)},
	ike2:  phase{cipher: pfCBC.and(pfGCM), hash: pfHash, group: groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24)},
	esp1:  pfESP,
	esp2:  pfESP,
	name:  func(s string) (string, bool) { text, ok := domainName(s); return text, ok },
	key:   func(s string) (string, bool) { return xmlText.Replace(s), s == strings.TrimSpace(s) },
	write: writePfSense,
}

var (
	pfCBC  = words{"AES-CBC-128": "aes 128", "AES-CBC-192": "aes 192", "AES-CBC-256": "aes 256"}
	pfGCM  = words{"AES128GCM128": "aes128gcm 128", "AES192GCM128": "aes192gcm 128", "AES256GCM128": "aes256gcm 128"}
	pfHash = words{"SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
	pfESP  = phase{
		cipher: pfCBC.and(pfGCM),
		hash:   words{"SHA1": "hmac_sha1", "SHA-256": "hmac_sha256", "SHA-384": "hmac_sha384", "SHA-512": "hmac_sha512"},
		group:  groups("%s", 1, 2, 5, 14, 15, 16, 19, 20, 21, 24),
	}
	xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
)

// element writes one element whose text has been escaped.
func (w *text) element(indent int, name, text string) {
	w.line("%s<%s>%s</%[2]s>", strings.Repeat("  ", indent), name, text)
}

func writePfSense(t *tunnel, w *text) {
	w.line(`<?xml version="1.0"?>`)
	w.note("pfSense, for connection %s: restore as area IPsec, which replaces all IPsec settings; merge by hand where there are others.", t.id)
	ike := w.within("IKE lifetime", t.ike.lifetime, 60, 604800)
	w.note("This make renews tunnels by time alone; the gateway renews after %d kilobytes, too.", t.esp.kib)
	w.note("TCP segments: set Maximum MSS to %d in System, Advanced, Firewall and NAT.", innerMSS)
	w.note("IKE and ESP are admitted; what comes from the gateway needs rules on tab IPsec. Automatic NAT leaves IPsec alone; a rule of your own that takes this traffic needs an exception before it.")
	if !t.byRoute {
		t.noteProbe(w)
	} else {
		t.noteInner(w)
		w.note("Assign the VTI as an interface, and add static routes over it for the networks behind the gateway:")
		for _, n := range t.networks { // the VTI is point-to-point, and leads to the gateway's own address
			w.note("%s", n)
		}
	}
	w.line("<ipsec>")
	w.line("  <phase1>")
	w.element(2, "ikeid", "1")
	w.element(2, "iketype", choose(t.v2, "ikev2", "ikev1"))
	w.element(2, "mode", choose(t.aggressive, "aggressive", "main"))
	w.element(2, "interface", t.iface)
	w.element(2, "protocol", "inet")
	w.element(2, "remote-gateway", t.remote.String())
	w.element(2, "authentication_method", "pre_shared_key")
	w.element(2, "pre-shared-key", t.key)
	w.element(2, "myid_type", choose(t.localID.name, "fqdn", "address"))
	w.element(2, "myid_data", t.localID.text)
	w.element(2, "peerid_type", choose(t.remoteID.name, "fqdn", "address"))
	w.element(2, "peerid_data", t.remoteID.text)
	pfIKE(t, w)
	w.element(2, "lifetime", strconv.FormatUint(uint64(ike), 10))
	w.element(2, "nat_traversal", "on")
	w.element(2, "mobike", "off")
	w.element(2, "startaction", t.pfStart())
	if t.dpd.Enable {
		w.element(2, "dpd_delay", strconv.FormatUint(uint64(t.interval()), 10))
		w.element(2, "dpd_maxfail", "3")
	}
	w.element(2, "descr", t.id)
	w.line("  </phase1>")
	for i, p := range t.pairs {
		pfPhase2(t, w, i+1, p)
	}
	w.line("</ipsec>")
}

// pfStart begins at once where traffic cannot start a tunnel by route: a VTI has no trap.
func (t *tunnel) pfStart() string {
	switch {
	case t.opens():
		return "start"
	case t.byRoute:
		return "none"
	}
	return "trap"
}

func pfIKE(t *tunnel, w *text) {
	w.line("    <encryption>")
	w.line("      <item>")
	pfCipher(w, 4, "encryption-algorithm", t.ike.cipher)
	w.element(4, "hash-algorithm", t.ike.hash)
	w.element(4, "prf-algorithm", t.ike.hash)
	w.element(4, "dhgroup", t.ike.group)
	w.line("      </item>")
	w.line("    </encryption>")
}

func pfCipher(w *text, indent int, name, cipher string) {
	kind, bits, _ := strings.Cut(cipher, " ")
	w.line("%s<%s>", strings.Repeat("  ", indent), name)
	w.element(indent+1, "name", kind)
	w.element(indent+1, "keylen", bits)
	w.line("%s</%s>", strings.Repeat("  ", indent), name)
}

func pfPhase2(t *tunnel, w *text, n int, p pair) {
	w.line("  <phase2>")
	w.element(2, "ikeid", "1")
	w.element(2, "uniqid", t.id+"-"+strconv.Itoa(n))
	w.element(2, "reqid", strconv.Itoa(n))
	w.element(2, "mode", choose(t.byRoute, "vti", "tunnel"))
	if t.byRoute {
		pfInner(t, w)
	} else {
		pfRange(w, "localid", p.local)
		pfRange(w, "remoteid", p.remote)
	}
	w.element(2, "protocol", "esp")
	pfCipher(w, 2, "encryption-algorithm-option", t.esp.cipher)
	if !t.esp.gcm {
		w.element(2, "hash-algorithm-option", t.esp.hash)
	}
	w.element(2, "pfsgroup", choose(t.esp.group != "", t.esp.group, "0"))
	w.element(2, "lifetime", strconv.FormatUint(uint64(t.esp.lifetime), 10))
	w.element(2, "descr", t.id)
	w.line("  </phase2>")
}

func pfRange(w *text, name string, p netip.Prefix) {
	w.line("    <%s>", name)
	w.element(3, "type", "network")
	w.element(3, "address", p.Addr().String())
	w.element(3, "netbits", strconv.Itoa(p.Bits()))
	w.line("    </%s>", name)
}

// pfInner gives a VTI its two addresses; without a health check any free ones will do.
func pfInner(t *tunnel, w *text) {
	here, there, bits := netip.MustParseAddr("169.254.254.1"), netip.MustParseAddr("169.254.254.2"), 30
	if t.inner.IsValid() {
		here, there, bits = t.inner, t.far, t.innerBits
	}
	pfRange(w, "localid", netip.PrefixFrom(here, bits))
	w.line("    <remoteid>")
	w.element(3, "type", "address")
	w.element(3, "address", there.String())
	w.line("    </remoteid>")
}
