package sslvpn

import (
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
)

// TestServerCertificateEnds holds what is told of a server whose own certificates have
// ended.
func TestServerCertificateEnds(t *testing.T) {
	now := time.Now()
	root, err := pki.NewAuthority("vpns-aaaaaaaa", now)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := pki.Open(root.Cert, root.Key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := authority.NewServer("vpns-aaaaaaaa", now)
	if err != nil {
		t.Fatal(err)
	}
	short, err := authority.NewClient("vpns-aaaaaaaa", now, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what  string
		cert  string
		years int
		want  string
	}{
		{"good", own.Cert, 19, ""},
		{"authority", own.Cert, 21, "the server's certificate authority ended at "},
		{"own", short.Cert, 2, "the server's certificate ended at " + now.AddDate(1, 0, 0).UTC().Format("2006-01-02")},
		{"none", "no certificate", 0, "the server's certificate cannot be read"},
	} {
		got := ended(&plan.SSLServer{RootCert: root.Cert, Cert: x.cert}, now.AddDate(x.years, 0, 0))
		if !strings.HasPrefix(got, x.want) || x.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
	}
}
