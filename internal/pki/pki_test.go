package pki

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

var epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func authority(t *testing.T, name string) (*Authority, Pair) {
	t.Helper()
	pair, err := NewAuthority(name, epoch)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	return a, pair
}

// verify says what a verifier that trusts root thinks of a certificate at a time.
func verify(t *testing.T, root, cert string, usage x509.ExtKeyUsage, at time.Time) error {
	t.Helper()
	c, err := ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(root))
	_, err = c.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

// TestChains holds the certificates of an authority against a verifier.
func TestChains(t *testing.T) {
	a, root := authority(t, "vpns-aaaaaaaa")
	_, stranger := authority(t, "vpns-bbbbbbbb")
	end := epoch.AddDate(3, 0, 0)
	client, err := a.NewClient("vpnc-aaaaaaaa", epoch, end)
	if err != nil {
		t.Fatal(err)
	}
	server, err := a.NewServer("vpns-aaaaaaaa", epoch)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what       string
		root, cert string
		usage      x509.ExtKeyUsage
		at         time.Time
		good       bool
	}{
		{"client", root.Cert, client.Cert, x509.ExtKeyUsageClientAuth, epoch, true},
		{"client at its last second", root.Cert, client.Cert, x509.ExtKeyUsageClientAuth, end, true},
		{"client expired", root.Cert, client.Cert, x509.ExtKeyUsageClientAuth, end.Add(time.Second), false},
		{"client with a slow clock", root.Cert, client.Cert, x509.ExtKeyUsageClientAuth, epoch.Add(-vpc.CertSlack), true},
		{"client not yet valid", root.Cert, client.Cert, x509.ExtKeyUsageClientAuth, epoch.Add(-vpc.CertSlack - time.Second), false},
		{"client as a server", root.Cert, client.Cert, x509.ExtKeyUsageServerAuth, epoch, false},
		{"client of another authority", stranger.Cert, client.Cert, x509.ExtKeyUsageClientAuth, epoch, false},
		{"server", root.Cert, server.Cert, x509.ExtKeyUsageServerAuth, epoch.AddDate(19, 0, 0), true},
		{"server as a client", root.Cert, server.Cert, x509.ExtKeyUsageClientAuth, epoch, false},
	} {
		if err := verify(t, c.root, c.cert, c.usage, c.at); (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	c, _ := ParseCertificate(client.Cert)
	if c.Subject.CommonName != "vpnc-aaaaaaaa" || Serial(c.SerialNumber) != client.Serial || !c.NotAfter.Equal(end) {
		t.Errorf("the client is %s, serial %s, until %s", c.Subject, Serial(c.SerialNumber), c.NotAfter)
	}
}

func TestRevocationList(t *testing.T) {
	a, root := authority(t, "vpns-aaaaaaaa")
	var revoked []Revoked
	for i := range 20000 {
		revoked = append(revoked, Revoked{fmt.Sprintf("%x", i+1), epoch})
	}
	text, err := a.RevocationList(revoked, epoch)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(text))
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	ca, _ := ParseCertificate(root.Cert)
	if err := list.CheckSignatureFrom(ca); err != nil {
		t.Error(err)
	}
	if n := len(list.RevokedCertificateEntries); n != 20000 || list.RevokedCertificateEntries[19999].SerialNumber.Cmp(big.NewInt(20000)) != 0 {
		t.Errorf("%d entries", n)
	}
	if _, err := a.RevocationList([]Revoked{{"no number", epoch}}, epoch); err == nil {
		t.Error("a serial number that is none was taken")
	}
}

func TestOpenRefuses(t *testing.T) {
	_, pair := authority(t, "vpns-aaaaaaaa")
	for what, in := range map[string]Pair{
		"no certificate":   {Cert: "x", Key: pair.Key},
		"no key":           {Cert: pair.Cert, Key: "x"},
		"a cert for a key": {Cert: pair.Cert, Key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
	} {
		if _, err := Open(in.Cert, in.Key); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func TestSecrets(t *testing.T) {
	_, pair := authority(t, "vpns-aaaaaaaa")
	key := NewCryptKey()
	if s := fmt.Sprintf("%v %+v %#v %s", pair, pair, pair, key); strings.Contains(s, "PRIVATE") || strings.Contains(s, "Static") {
		t.Error("a key is printed")
	}
	if lines := strings.Split(strings.TrimSpace(key.Reveal()), "\n"); len(lines) != 18 || len(lines[1]) != 32 || key == NewCryptKey() {
		t.Errorf("the tls-crypt key has %d lines", len(lines))
	}
}

func TestSerial(t *testing.T) {
	for _, s := range []string{"2f:00:a1", "2f00a1"} {
		if n, ok := ParseSerial(s); !ok || Serial(n) != "2f00a1" {
			t.Errorf("%s reads %v", s, n)
		}
	}
}
