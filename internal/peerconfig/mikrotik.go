package peerconfig

import (
	"fmt"
	"net/netip"
	"strings"
)

// routeros is MikroTik's RouterOS. Inside double quotes \ and two hex digits stand for
// any byte, so its texts carry everything.
var routeros = dialect{
	comment: "#",
	ike1:    routerIKE,
	ike2:    routerIKE,
	esp1:    routerESP,
	esp2:    routerESP,
	name:    routerText,
	key:     func(s string) (string, bool) { text, ok := routerText(s); return `"` + text + `"`, ok },
	write:   writeRouterOS,
	refuses: func(t *tunnel) reason {
		if t.byRoute && (!t.v2 || len(t.networks) == 0) {
			return reason{
				"it has no tunnels by route; use a connection by policy, or IKEV2 on a gateway with a VPC, whose ranges it then asks for",
				"不支持按路由的隧道；请使用按策略的通道，或在有私有网络的网关上使用 IKEV2",
			}
		}
		return reason{}
	},
}

var (
	routerGroups = words{
		"GROUP1": "modp768", "GROUP2": "modp1024", "GROUP5": "modp1536", "GROUP14": "modp2048", "GROUP15": "modp3072", "GROUP16": "modp4096",
		"GROUP19": "ecp256", "GROUP20": "ecp384", "GROUP21": "ecp521",
	}
	routerIKE = phase{
		cipher: words{"DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128", "AES-CBC-192": "aes-192", "AES-CBC-256": "aes-256"},
		hash:   words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"},
		group:  routerGroups,
	}
	routerESP = phase{
		cipher: words{
			"NULL": "null", "DES-CBC": "des", "3DES-CBC": "3des", "AES-CBC-128": "aes-128-cbc", "AES-CBC-192": "aes-192-cbc", "AES-CBC-256": "aes-256-cbc",
			"AES128GCM128": "aes-128-gcm", "AES192GCM128": "aes-192-gcm", "AES256GCM128": "aes-256-gcm",
		},
		hash:  words{"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"},
		group: routerGroups,
	}
)

// routerText writes the inside of a quoted text.
func routerText(s string) (string, bool) {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%02X`, c)
		}
	}
	return b.String(), true
}

func writeRouterOS(t *tunnel, w *text) {
	w.note("MikroTik RouterOS, for connection %s. Traffic leaves by %s.", t.id, t.iface)
	dpd := "disable-dpd"
	if t.dpd.Enable {
		dpd = fmt.Sprintf("%ds dpd-maximum-failures=3", t.interval())
	}
	w.line("/ip ipsec profile add name=%s enc-algorithm=%s hash-algorithm=%s dh-group=%s lifetime=%ds nat-traversal=yes dpd-interval=%s",
		t.id, t.ike.cipher, t.ike.hash, t.ike.group, t.ike.lifetime, dpd)
	w.line("/ip ipsec peer add name=%s address=%s/32 exchange-mode=%s profile=%s", t.id, t.remote, t.routerExchange(), t.id)
	w.line("/ip ipsec identity add peer=%s auth-method=pre-shared-key secret=%s my-id=%s remote-id=%s",
		t.id, t.key, routerIdentity(t.localID), routerIdentity(t.remoteID))
	w.note("This make renews tunnels by time alone; the gateway renews after %d kilobytes, too.", t.esp.kib)
	w.line("/ip ipsec proposal add name=%s auth-algorithms=%s enc-algorithms=%s lifetime=%ds pfs-group=%s",
		t.id, choose(t.esp.gcm, "null", t.esp.hash), t.esp.cipher, t.esp.lifetime, choose(t.esp.group != "", t.esp.group, "none"))
	for _, p := range t.routerPairs(w) {
		w.line("/ip ipsec policy add peer=%s tunnel=yes src-address=%s dst-address=%s proposal=%s level=unique", t.id, p.local, p.remote, t.id)
	}
	for _, way := range []string{"in", "out"} {
		w.line("/ip firewall mangle add chain=forward action=change-mss new-mss=%d protocol=tcp tcp-flags=syn tcp-mss=%d-65535 ipsec-policy=%s,ipsec comment=%s",
			innerMSS, innerMSS+1, way, t.id)
	}
	w.note("Exempt this traffic from NAT: put action=accept rules for it before masquerade.")
	if !t.byRoute {
		t.noteProbe(w)
	}
}

// routerPairs asks, where the gateway offers everything, for its own ranges alone: a
// policy for 0.0.0.0/0 would take all of the router's traffic.
func (t *tunnel) routerPairs(w *text) []pair {
	if !t.byRoute {
		return t.pairs
	}
	w.note("Set NegotiationType to passive: then this router asks for the ranges it wants.")
	t.noteInner(w)
	out := []pair{}
	for _, n := range t.networks {
		out = append(out, pair{t.pairs[0].local, n})
	}
	if t.far.IsValid() {
		out = append(out, pair{netip.PrefixFrom(t.inner, 32), netip.PrefixFrom(t.far, 32)})
	}
	return out
}

func (t *tunnel) routerExchange() string {
	if t.v2 {
		return "ike2"
	}
	return choose(t.aggressive, "aggressive", "main")
}

func routerIdentity(id identity) string {
	if id.name {
		return `"fqdn:` + id.text + `"`
	}
	return "address:" + id.text
}
