package peerconfig

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// strongswan is swanctl.conf. Keys are base64 and names that are not plain are hex, so
// that nothing in either has a meaning there.
var strongswan = dialect{
	comment: "#",
	ike1:    phase{cipher: swanCBC, hash: swanHash, group: swanGroups},
	ike2:    phase{cipher: swanCBC.and(swanGCM), hash: swanHash, group: swanGroups},
	esp1:    phase{cipher: swanCBC.and(swanGCM).and(words{"NULL": "null"}), hash: swanESPHash, group: swanGroups},
	esp2:    phase{cipher: swanCBC.and(swanGCM).and(words{"NULL": "null"}), hash: swanESPHash, group: swanGroups},
	name:    swanName,
	key:     base64Key,
	write: func(t *tunnel, w *text) {
		w.note("strongSwan 5.9 or later, for connection %s: /etc/swanctl/conf.d/%[1]s.conf, then swanctl --load-all.", t.id)
		w.note("Traffic leaves by %s.", t.iface)
		t.swanAggressive(w, "/etc/strongswan.d", "swanctl --reload-settings")
		t.iptables(w, t.swanDevice())
		writeSwanctl(t, w)
	},
}

// opnsense has strongSwan, over a kernel without the oldest algorithms.
var opnsense = dialect{
	comment: "#",
	ike1:    phase{cipher: swanAES, hash: swanHash, group: swanGroups},
	ike2:    phase{cipher: swanAES.and(swanGCM), hash: swanHash, group: swanGroups},
	esp1:    phase{cipher: swanAES.and(swanGCM).and(words{"NULL": "null"}), hash: swanSHA, group: swanGroups},
	esp2:    phase{cipher: swanAES.and(swanGCM).and(words{"NULL": "null"}), hash: swanSHA, group: swanGroups},
	name:    swanName,
	key:     base64Key,
	write: func(t *tunnel, w *text) {
		w.note("OPNsense, for connection %s: /usr/local/etc/swanctl/conf.d/%[1]s.conf, then configctl ipsec reconfigure.", t.id)
		w.note("Traffic leaves by %s. Allow UDP 500, UDP 4500 and ESP from %s there, and on interface IPsec what comes from the gateway.", t.iface, t.remote)
		w.note("TCP segments: add a normalization rule on interface IPsec with a maximum MSS of %d.", innerMSS)
		w.note("NAT: the automatic rules leave IPsec alone; a rule of your own that takes this traffic needs an exception before it.")
		t.swanAggressive(w, "/usr/local/etc/strongswan.opnsense.d", "configctl ipsec restart")
		writeSwanctl(t, w)
	},
}

var (
	swanAES     = words{"AES-CBC-128": "aes128", "AES-CBC-192": "aes192", "AES-CBC-256": "aes256"}
	swanCBC     = swanAES.and(words{"DES-CBC": "des", "3DES-CBC": "3des"})
	swanGCM     = words{"AES128GCM128": "aes128gcm16", "AES192GCM128": "aes192gcm16", "AES256GCM128": "aes256gcm16"}
	swanHash    = words{"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
	swanSHA     = words{"SHA1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
	swanESPHash = swanSHA.and(words{"MD5": "md5"})
	swanGroups  = words{
		"GROUP1": "modp768", "GROUP2": "modp1024", "GROUP5": "modp1536", "GROUP14": "modp2048", "GROUP15": "modp3072", "GROUP16": "modp4096",
		"GROUP19": "ecp256", "GROUP20": "ecp384", "GROUP21": "ecp521", "GROUP24": "modp2048s256",
	}
)

// swanName writes a name so that it is of kind FQDN whatever it looks like.
func swanName(s string) (string, bool) {
	if only(s, plain) {
		return "fqdn:" + s, true
	}
	return `"fqdn:#` + hex.EncodeToString([]byte(s)) + `"`, true // outside quotes # begins a comment
}

// swanAggressive tells of the setting without which strongSwan does not answer. Where
// this end begins it still answers when the gateway renews the IKE_SA.
func (t *tunnel) swanAggressive(w *text, dir, reload string) {
	if !t.aggressive {
		return
	}
	w.note("strongSwan answers aggressive mode with a pre-shared key only when it is told to. Write the next line to")
	w.note("%s/%s.conf and run %s:", dir, t.id, reload)
	w.note("    charon { i_dont_care_about_security_and_use_aggressive_mode_psk = yes }")
}

// iptables tells how Linux keeps NAT off the traffic and fits its segments, with a device
// or without.
func (t *tunnel) iptables(w *text, device bool) {
	out, in := "-m policy --pol ipsec --dir out", "-m policy --pol ipsec --dir in"
	if device {
		out, in = "-o ipsec10", "-i ipsec10"
	}
	w.note("Where NAT would take this traffic: iptables -t nat -I POSTROUTING %s -j ACCEPT", out)
	for _, way := range []string{out, in} {
		w.note("TCP segments: iptables -t mangle -A FORWARD %s -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss %d", way, innerMSS)
	}
}

// everything is what needs a device, since the kernel would send all traffic into it.
var everything = pair{vpc.Everywhere, vpc.Everywhere}

func (t *tunnel) swanDevice() bool {
	return slices.ContainsFunc(t.swanChildren(), func(pairs []pair) bool { return pairs[0] == everything })
}

func writeSwanctl(t *tunnel, w *text) {
	w.line("connections {")
	w.line("    %s {", t.id)
	w.line("        version = %s", choose(t.v2, "2", "1"))
	if !t.v2 {
		w.line("        aggressive = %s", choose(t.aggressive, "yes", "no"))
	}
	w.line("        remote_addrs = %s", t.remote)
	w.line("        proposals = %s-%s%s-%s", t.ike.cipher, choose(t.ike.gcm, "prf", ""), t.ike.hash, t.ike.group)
	w.line("        rekey_time = %ds", renewal(t.ike.lifetime))
	w.line("        over_time = %ds", t.ike.lifetime-renewal(t.ike.lifetime))
	w.line("        keyingtries = 0")
	w.line("        mobike = no")
	w.line("        unique = replace")
	if t.dpd.Enable {
		w.line("        dpd_delay = %ds", t.interval())
		w.line("        dpd_timeout = %ds", t.dpd.Timeout)
	}
	w.line("        local {")
	w.line("            auth = psk")
	w.line("            id = %s", t.localID.text)
	w.line("        }")
	w.line("        remote {")
	w.line("            auth = psk")
	w.line("            id = %s", t.remoteID.text)
	w.line("        }")
	if !t.begins() {
		w.note("trap: traffic from here starts the tunnel, too. With kernel-libipsec it cannot, and only the gateway does.")
	}
	w.line("        children {")
	for i, c := range t.swanChildren() {
		swanChild(t, w, i+1, c)
	}
	t.noteSwan(w)
	w.line("        }")
	w.line("    }")
	w.line("}")
	w.line("secrets {")
	w.line("    ike-%s {", t.id)
	w.line("        id-local = %s", t.localID.text)
	w.line("        id-remote = %s", t.remoteID.text)
	w.line("        secret = %s", t.key)
	w.line("    }")
	w.line("}")
}

// renewal is when to rekey: a tenth before the end.
func renewal(lifetime uint32) uint32 { return lifetime - lifetime/10 }

// swanChildren are the children of the connection, each with the pairs that it holds.
// IKEv1 has one in each; IKEv2 those of one range behind the gateway, as the gateway has.
// By route, IKEv2 narrows 0.0.0.0/0 to the gateway's networks, so that it needs no device.
func (t *tunnel) swanChildren() [][]pair {
	if t.byRoute && t.v2 && len(t.networks) > 0 {
		child := []pair{}
		for _, n := range t.networks {
			child = append(child, pair{t.pairs[0].local, n})
		}
		if t.far.IsValid() {
			child = append(child, pair{t.pairs[0].local, netip.PrefixFrom(t.far, 32)})
		}
		return [][]pair{child}
	}
	out := [][]pair{}
	for i, p := range t.pairs {
		if t.v2 && i > 0 && p.remote == t.pairs[i-1].remote {
			out[len(out)-1] = append(out[len(out)-1], p)
		} else {
			out = append(out, []pair{p})
		}
	}
	return out
}

// selectors are the ranges of pairs that have one end in common.
func selectors(pairs []pair) (local, remote string) {
	var locals, remotes []string
	for _, p := range pairs {
		locals, remotes = append(locals, p.local.String()), append(remotes, p.remote.String())
	}
	return strings.Join(slices.Compact(locals), ","), strings.Join(slices.Compact(remotes), ",")
}

func swanChild(t *tunnel, w *text, n int, pairs []pair) {
	local, remote := selectors(pairs)
	w.line("            %s-%d {", t.id, n)
	w.line("                local_ts = %s", local)
	w.line("                remote_ts = %s", remote)
	w.line("                esp_proposals = %s", t.swanESP())
	w.line("                rekey_time = %ds", renewal(t.esp.lifetime))
	w.line("                life_time = %ds", t.esp.lifetime)
	w.line("                rekey_bytes = %d", uint64(t.esp.kib)*1024/10*9)
	w.line("                life_bytes = %d", uint64(t.esp.kib)*1024)
	w.line("                start_action = %s", choose(t.begins(), "start", "trap"))
	if t.dpd.Enable {
		w.line("                dpd_action = %s", choose(t.begins(), "restart", "trap"))
	}
	if pairs[0] == everything {
		w.note("Everything is offered: make a device for this id and routes to it, or all traffic enters the tunnel:")
		w.note("ip link add ipsec10 type xfrm dev %s if_id 10; on FreeBSD a VTI with reqid 10.", t.iface)
		if t.inner.IsValid() {
			w.note("ip address add %s dev ipsec10", t.innerRange())
		}
		for _, n := range t.routed(w) {
			w.note("ip route add %s dev ipsec10", n)
		}
		w.line("                if_id_in = 10")
		w.line("                if_id_out = 10")
		w.line("                reqid = 10")
	}
	w.line("            }")
}

// noteSwan says what the addresses inside the tunnel are for.
func (t *tunnel) noteSwan(w *text) {
	if t.swanDevice() || t.asn != 0 {
		t.noteInner(w)
	} else {
		t.noteProbe(w)
	}
}

func (t *tunnel) swanESP() string {
	parts := []string{t.esp.cipher}
	if !t.esp.gcm {
		parts = append(parts, t.esp.hash)
	}
	if t.esp.group != "" {
		parts = append(parts, t.esp.group)
	}
	return strings.Join(parts, "-")
}
