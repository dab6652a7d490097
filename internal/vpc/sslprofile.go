package vpc

import (
	"fmt"
	"net/netip"
	"strings"
)

// SSLProfile is everything that an OpenVPN client needs to reach a server. The texts are
// PEM, but for the tls-crypt key, which has OpenVPN's own form.
type SSLProfile struct {
	Server  *SSLServer
	Gateway netip.Addr
	Cert    string
	Key     Secret
	Crypt   Secret
}

// Text writes the profile as one file with everything inside it, which openvpn and
// NetworkManager's importer take as it is, and which has only options that OpenVPN Connect
// and Tunnelblick say they take. Nothing in it is a user's text. It holds private keys.
//
// Clients from 2.4 on negotiate an AEAD cipher by themselves; "cipher" is for those that
// cannot, and data-ciphers, which 2.4 does not know, is left at its default. There is no
// auth-retry in it: that would make every reconnection wait ten seconds.
func (p *SSLProfile) Text() Secret {
	var b strings.Builder
	for _, line := range []string{
		"client",
		"dev tun",
		"proto udp",
		fmt.Sprintf("remote %s %d", p.Gateway, p.Server.Port),
		"nobind",
		"persist-key",
		"persist-tun",
		"resolv-retry infinite",
		"remote-cert-tls server",
		"verify-x509-name " + string(p.Server.ID) + " name",
		"cipher " + p.Server.Encryption,
		"auth " + p.Server.Integrity,
		"verb 3",
	} {
		b.WriteString(line + "\n")
	}
	for _, f := range []struct{ tag, text string }{
		{"ca", p.Server.RootCert}, {"cert", p.Cert}, {"key", p.Key.Reveal()}, {"tls-crypt", p.Crypt.Reveal()},
	} {
		fmt.Fprintf(&b, "<%s>\n%s\n</%[1]s>\n", f.tag, strings.TrimSpace(f.text))
	}
	return Secret(b.String())
}
