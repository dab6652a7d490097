package sslvpn

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
)

// aead are the ciphers of the data channel that both ends agree on where they can.
const aead = "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305"

// maxSessions is the greatest MaxConnection. OpenVPN counts who is on its way in as well,
// which takes about 160 KiB each.
const maxSessions = 1000

// config writes a server's configuration. It holds the server's keys. Nothing about
// clients is in it, so that it changes, and the server restarts, only with the server's
// own settings.
func config(s *plan.SSLServer, socket string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("mode server")
	line("tls-server")
	line("dev %s", plan.SSLDevice)
	line("dev-type tun")
	line("topology subnet")
	line("proto udp4")
	line("local %s", s.Listen.Addr())
	line("port %d", s.Listen.Port())
	line("ifconfig %s %s", s.Address.Addr(), netmask(s.Address))
	line(`push "topology subnet"`)
	line(`push "route-gateway %s"`, s.Address.Addr())
	for _, r := range s.Routes {
		line(`push "route %s %s"`, r.Addr(), netmask(r))
	}
	for _, a := range s.DNS {
		line(`push "dhcp-option DNS %s"`, a)
	}
	line("keepalive 10 60")
	line("explicit-exit-notify 1")        // a restart tells clients to come back at once
	line(`push "explicit-exit-notify 1"`) // who leaves says so, and leaves no session behind for two minutes
	// Any other cipher here keeps the data channels of all clients out of the kernel.
	if s.Encryption == "" {
		line("data-ciphers %s", aead)
	} else {
		line("data-ciphers %s:%s", aead, s.Encryption)
		line("data-ciphers-fallback %s", s.Encryption)
	}
	line("auth %s", s.Integrity)
	line("allow-compression no")
	line("dh none")
	line("tls-version-min 1.2")
	line("remote-cert-tls client")
	line("management %s unix", socket)
	line("management-client-auth")
	line("auth-user-pass-optional") // the certificate is who a client is
	// Only who has the tls-crypt key gets as far as these. The defaults let one of them keep
	// all others out with ten packets a second.
	line("connect-freq-initial 10000 10")
	line("connect-freq 1000 1")
	line("max-clients %d", 2*maxSessions)
	line("hand-window 30")
	line("fast-io") // this and the buffers: beside other work TCP runs a third faster
	line("sndbuf 1048576")
	line("rcvbuf 1048576")
	line("persist-key")
	line("persist-tun")
	line("verb 3")
	for _, f := range []struct{ tag, text string }{
		{"ca", s.RootCert}, {"cert", s.Cert}, {"key", s.Key.Reveal()}, {"tls-crypt", s.Crypt.Reveal()},
	} {
		line("<%s>\n%s\n</%[1]s>", f.tag, strings.TrimSpace(f.text))
	}
	return b.String()
}

// netmask writes the mask of a range as OpenVPN wants it.
func netmask(p netip.Prefix) string {
	m := ^uint32(0) << (32 - p.Bits())
	if p.Bits() == 0 {
		m = 0
	}
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)}).String()
}
