package ipsec

import (
	"fmt"
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
)

// plugins are loaded in this order: the first that has an algorithm gives it, and
// charon's own C is several times slower than OpenSSL.
const plugins = "random nonce aesni openssl aes sha1 sha2 md5 hmac kdf gmp curve25519 chapoly gcm ccm ctr xcbc cmac drbg socket-default vici counters"

// ikeMark is on every packet that charon itself sends, so that the rule for its routes
// into the tunnel passes over them: a range may hold the peer's own address.
const ikeMark = "0x6777"

// settings is charon's configuration file. Everything in it is ours: paths that the
// caller has made of plain names, and constants.
func settings(d plan.Daemon, vici, log string) string {
	load, kernel := plugins+" kernel-netlink", ""
	if d.Engine == plan.EngineLibipsec {
		// The peer's own address may be a remote range, thanks to the mark.
		load, kernel = plugins+" kernel-libipsec kernel-netlink", "    kernel-libipsec {\n      allow_peer_ts = yes\n    }\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "charon-systemd {\n  load = %s\n", load)
	// Fewer than 10 threads and VICI is never answered: libipsec and the sockets keep eight.
	b.WriteString("  threads = 16\n  install_virtual_ip = no\n")
	if d.Engine == plan.EngineKernel {
		b.WriteString("  install_routes = no\n")
	}
	// 2, 3, 4.5, 6.8, 10 and 10 seconds: `retransmitted` in all.
	b.WriteString("  retransmit_timeout = 2\n  retransmit_base = 1.5\n  retransmit_tries = 5\n  retransmit_limit = 10\n")
	// Many tunnels of one peer start at once when a daemon comes back.
	b.WriteString("  block_threshold = 100\n  cookie_threshold = 100\n")
	if d.Aggressive {
		b.WriteString("  i_dont_care_about_security_and_use_aggressive_mode_psk = yes\n")
	}
	fmt.Fprintf(&b, "  plugins {\n    vici {\n      socket = unix://%s\n    }\n", vici)
	fmt.Fprintf(&b, "    socket-default {\n      fwmark = %s\n    }\n    kernel-netlink {\n      fwmark = !%s\n    }\n%s  }\n", ikeMark, ikeMark, kernel)
	fmt.Fprintf(&b, "  filelog {\n    gatewright {\n      path = %s\n      append = yes\n      flush_line = yes\n      ike_name = yes\n      time_format = %%F %%T\n      default = 1\n    }\n  }\n", log)
	b.WriteString("  journal {\n    default = -1\n  }\n}\n")
	return b.String()
}
