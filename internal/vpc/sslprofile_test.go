package vpc

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestSSLProfile(t *testing.T) {
	text := profile().Text().Reveal()
	for _, want := range []string{"remote 198.51.100.7 1194\n", "<ca>\nROOT\n</ca>\n", "<cert>\nCERT\n</cert>\n", "<key>\nKEY\n</key>\n", "<tls-crypt>\nCRYPT\n</tls-crypt>\n", "verify-x509-name vpns-aaaaaaaa name\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the profile lacks %q", want)
		}
	}
	if strings.Contains(text, "script") {
		t.Error("a name is in the profile")
	}
}

func profile() *SSLProfile {
	return &SSLProfile{
		Server:  &SSLServer{ID: "vpns-aaaaaaaa", Name: "x\nscript-security 2", Port: 1194, Encryption: "AES-128-CBC", Integrity: "SHA1", RootCert: "ROOT\n"},
		Gateway: netip.MustParseAddr("198.51.100.7"), Cert: "CERT\n", Key: "KEY\n", Crypt: "CRYPT\n",
	}
}

// What importers that run on no machine of ours make of options, by what they publish.
var (
	// OpenVPN Connect reads these options and passes over these; one that it does not know, or
	// cannot do without, ends in "unsupported options present in configuration". Sources: the page
	// openvpn.net/connect-docs/directives-not-supported.html, and the lists in its library,
	// OpenVPN/openvpn3, openvpn/client/cliopt.hpp.
	connectReads  = []string{"client", "dev", "proto", "remote", "remote-cert-tls", "verify-x509-name", "cipher", "auth", "ca", "cert", "key", "tls-crypt"}
	connectPasses = []string{"nobind", "persist-key", "persist-tun", "resolv-retry", "verb"}

	// Tunnelblick refuses options that are its own to give or Windows' alone, and asks for an
	// administrator's word where there is one that runs a program. Source:
	// Tunnelblick/Tunnelblick, tunnelblick/defines.h.
	tunnelblickRefuses = []string{
		"log", "log-append", "syslog", "management", "config",
		"allow-nonadmin", "cryptoapicert", "dhcp-release", "dhcp-renew", "pause-exit", "register-dns", "service", "show-adapters", "show-net",
		"show-net-up", "show-valid-subnets", "tap-sleep", "win-sys", "windows-driver",
		"auth-user-pass-verify", "client-connect", "client-crresponse", "client-disconnect", "dns-script", "down", "ipchange", "iproute",
		"learn-address", "plugin", "route-pre-down", "route-up", "tls-verify", "up",
	}
)

// refused is which options of a profile some importer would not take, and which blocks it has
// inside it.
func refused(profile string) (options, blocks []string) {
	inside := ""
	for line := range strings.Lines(profile) {
		line = strings.TrimSuffix(line, "\n")
		option, _, _ := strings.Cut(line, " ")
		switch {
		case line == "</"+inside+">":
			inside = ""
			continue
		case inside != "":
			continue
		case strings.HasPrefix(line, "<"):
			inside = strings.Trim(line, "<>")
			option, blocks = inside, append(blocks, inside)
		}
		if !slices.Contains(connectReads, option) && !slices.Contains(connectPasses, option) || slices.Contains(tunnelblickRefuses, option) {
			options = append(options, option)
		}
	}
	return options, blocks
}

// TestSSLProfileImports: the profile has no option but those that OpenVPN Connect and
// Tunnelblick take, and every key and certificate is inside it. NetworkManager's importer
// and OpenVPN itself take it in tests of their own.
func TestSSLProfileImports(t *testing.T) {
	text := profile().Text().Reveal()
	options, blocks := refused(text)
	if len(options) > 0 || !slices.Equal(blocks, []string{"ca", "cert", "key", "tls-crypt"}) {
		t.Errorf("not every importer takes %v; it has %v inside", options, blocks)
	}
	for _, bad := range []string{"log /tmp/x", "up /bin/sh", "socks-proxy 1.2.3.4", "status /tmp/x", "<secret>"} {
		if options, _ := refused(text + bad + "\n"); len(options) != 1 {
			t.Errorf("with %q the refused are %v", bad, options)
		}
	}
}
