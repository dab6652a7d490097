package sslvpn

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// TestOffload reads what versions of the program say, and what kernels have.
func TestOffload(t *testing.T) {
	only := func(module string) func(string) error {
		return func(family string) error {
			if family != module {
				return syscall.ENOENT
			}
			return nil
		}
	}
	const debian = "OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] [LZO] [LZ4] [EPOLL] [PKCS11] [MH/PKTINFO] [AEAD] [DCO]\nlibrary versions: OpenSSL 3.0.19 27 Jan 2026, LZO 2.10\nDCO version: N/A\n"
	for _, x := range []struct {
		what, said string
		has        func(string) error
		can        bool
		text       string
	}{
		{"2.6 and its module", debian, only("ovpn-dco-v2"), true, "ovpn-dco-v2"},
		{"2.6 and the module of Linux 6.16, which it does not know", debian, only("ovpn"), false, "no ovpn-dco-v2"},
		{"2.7 and the module of Linux 6.16", strings.Replace(debian, "2.6.14", "2.7.0", 1), only("ovpn"), true, "ovpn"},
		{"2.7 and the module of 2.6", strings.Replace(debian, "2.6.14", "2.7_beta2", 1), only("ovpn-dco-v2"), false, "no ovpn,"},
		{"3.0", strings.Replace(debian, "2.6.14", "3.0.1", 1), only("ovpn"), true, "ovpn"},
		{"built without", strings.Replace(debian, " [DCO]", "", 1), only("ovpn-dco-v2"), false, "OpenVPN 2.6 is built without it"},
		{"an old one", strings.Replace(debian, "2.6.14", "2.5.1", 1), only("ovpn-dco-v2"), false, "older than 2.6"},
		{"something else", "openvpn: not found", only("ovpn-dco-v2"), false, "does not tell its version"},
		{"nothing", "", only("ovpn-dco-v2"), false, "does not tell its version"},
		{"may not ask", debian, func(string) error { return errors.New("not permitted") }, false, "not permitted"},
	} {
		if got := offload(x.said, x.has); got.Can != x.can || !strings.Contains(got.Text, x.text) {
			t.Errorf("%s: %+v", x.what, got)
		}
	}
}
