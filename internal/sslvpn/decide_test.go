package sslvpn

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/plan"
)

// TestDecide holds who may come in.
func TestDecide(t *testing.T) {
	want := &plan.SSLServer{
		Encryption: "AES-128-CBC", Sessions: 2,
		Clients: []plan.SSLClient{{ID: "vpnc-aaaaaaaa", Serial: "a"}, {ID: "vpnc-cccccccc", Serial: "c"}},
		Invalid: []plan.SSLClient{{ID: "vpnc-bbbbbbbb", Serial: "b"}},
	}
	modern := *want
	modern.Encryption = ""
	for _, x := range []struct {
		what    string
		want    *plan.SSLServer
		k       knock
		others  int
		refused string
	}{
		{"one of the plan", want, knock{client: "vpnc-aaaaaaaa", serial: "a"}, 1, ""},
		{"nobody", want, knock{serial: "a"}, 0, refusedUnknown},
		{"a stranger", want, knock{client: "vpnc-dddddddd", serial: "a"}, 0, refusedUnknown},
		{"an older certificate", want, knock{client: "vpnc-aaaaaaaa", serial: "b"}, 0, refusedSerial},
		{"a certificate that has ended", want, knock{client: "vpnc-bbbbbbbb", serial: "b"}, 0, refusedInvalid},
		{"one older than that", want, knock{client: "vpnc-bbbbbbbb", serial: "a"}, 0, refusedSerial},
		{"one too many", want, knock{client: "vpnc-cccccccc", serial: "c"}, 2, refusedFull},
		{"one too many that is there", want, knock{client: "vpnc-cccccccc", serial: "c", again: true}, 2, ""},
		{"an old client", &modern, knock{client: "vpnc-cccccccc", serial: "c"}, 2, refusedOld},
		{"an old client that is there", &modern, knock{client: "vpnc-cccccccc", serial: "c", again: true}, 0, ""},
		{"one without AEAD that says nothing of ciphers", want, knock{client: "vpnc-cccccccc", serial: "c"}, 0, ""},
		{"one without AEAD that has the cipher", want, knock{client: "vpnc-cccccccc", serial: "c", names: []string{"AES-256-CBC", "AES-128-CBC"}}, 0, ""},
		{"one that has another", want, knock{client: "vpnc-cccccccc", serial: "c", names: []string{"AES-256-CBC"}}, 0, refusedCipher},
		{"one that has none", want, knock{client: "vpnc-cccccccc", serial: "c", names: []string{""}}, 0, refusedCipher},
		{"one that has another and is there", want, knock{client: "vpnc-cccccccc", serial: "c", again: true, names: []string{"AES-256-CBC"}}, 0, ""},
		{"one that has another, and AEAD", want, knock{client: "vpnc-cccccccc", serial: "c", aead: true, names: []string{"AES-256-CBC", "AES-256-GCM"}}, 0, ""},
		{"a new client", &modern, knock{client: "vpnc-cccccccc", serial: "c", aead: true}, 0, ""},
	} {
		if c, refused := decide(x.want, x.k, x.others); refused != x.refused || refused == "" && c.ID != x.k.client {
			t.Errorf("%s: %q %+v, want %q", x.what, refused, c, x.refused)
		}
	}
}

// TestAEAD reads what clients of several versions say of their ciphers.
func TestAEAD(t *testing.T) {
	for _, x := range []struct {
		what string
		env  map[string]string
		can  bool
	}{
		{"2.6", map[string]string{"IV_VER": "2.6.14", "IV_NCP": "2", "IV_CIPHERS": "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305:AES-128-CBC"}, true},
		{"2.6 with CBC alone", map[string]string{"IV_NCP": "2", "IV_CIPHERS": "AES-128-CBC"}, false},
		{"2.6 with an AEAD cipher that is none of ours", map[string]string{"IV_NCP": "2", "IV_CIPHERS": "AES-192-GCM:AES-128-CBC"}, false},
		{"ChaCha alone, in small letters", map[string]string{"IV_CIPHERS": "chacha20-poly1305"}, true},
		{"2.4", map[string]string{"IV_VER": "2.4.7", "IV_NCP": "2"}, true},
		{"2.4 with --ncp-disable", map[string]string{"IV_VER": "2.4.7"}, false},
		{"2.3", map[string]string{"IV_VER": "2.3.18"}, false},
		{"one that says nothing", nil, false},
		{"no ciphers", map[string]string{"IV_NCP": "2", "IV_CIPHERS": ""}, false},
		{"no number", map[string]string{"IV_NCP": "two"}, false},
	} {
		if got := canAEAD(x.env); got != x.can {
			t.Errorf("%s: %t", x.what, got)
		}
	}
}

// TestConfigCiphers has a server's configuration name no cipher but AEAD where the plan has
// none for old clients.
func TestConfigCiphers(t *testing.T) {
	s := &plan.SSLServer{Listen: netip.MustParseAddrPort("198.51.100.7:1194"), Address: netip.MustParsePrefix("172.16.0.1/24"), Integrity: "SHA1"}
	if text := config(s, "/run/x"); strings.Contains(text, "CBC") || strings.Contains(text, "fallback") || !strings.Contains(text, "\ndata-ciphers "+aead+"\n") {
		t.Errorf("without old clients:\n%s", text)
	}
	s.Encryption = "AES-192-CBC"
	if text := config(s, "/run/x"); !strings.Contains(text, "\ndata-ciphers "+aead+":AES-192-CBC\ndata-ciphers-fallback AES-192-CBC\n") {
		t.Errorf("with old clients:\n%s", text)
	}
}
