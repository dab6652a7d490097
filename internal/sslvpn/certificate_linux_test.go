package sslvpn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/vpc"
)

// forge signs a certificate such as no authority of ours would. A nil signer is its own
// key, so that it is self-signed.
func forge(t *testing.T, signer *pki.Pair, change func(*x509.Certificate)) pki.Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	leaf := &x509.Certificate{
		SerialNumber: serial, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	change(leaf)
	parent, by := leaf, key
	if signer != nil {
		parent, by = opened(t, *signer)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	clear, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pki.Pair{Cert: armour("CERTIFICATE", der), Key: vpc.Secret(armour("PRIVATE KEY", clear)), Serial: pki.Serial(serial)}
}

func armour(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// opened reads a pair.
func opened(t *testing.T, p pki.Pair) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	cert, err := pki.ParseCertificate(p.Cert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(p.Key.Reveal()))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key.(*ecdsa.PrivateKey)
}

// TestCertificates offers certificates that must not get in, most of them under the name
// of a client that may. Each is seen to be turned away, by OpenVPN or by the plane, and in
// the end the good one gets in.
func TestCertificates(t *testing.T) {
	b, c := dialable(t)
	name := func(id string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: id} }
	}
	mine := string(c.id)
	usage := func(u ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject, c.ExtKeyUsage = pkix.Name{CommonName: mine}, u }
	}
	good, err := b.authority.NewClient(mine, time.Now(), time.Now().AddDate(3, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := pki.NewAuthority("vpns-aaaaaaaa", time.Now()) // the same name, another key
	if err != nil {
		t.Fatal(err)
	}
	signed := forge(t, &good, name("vpnc-zzzzzzzz"))
	signed.Cert += good.Cert
	for _, bad := range []struct {
		what          string
		reason, words string // the plane's reason, or OpenVPN's words
		pair          pki.Pair
	}{
		{"expired", "", "VERIFY ERROR: depth=0, error=certificate has expired", forge(t, &b.root, func(c *x509.Certificate) {
			name(mine)(c)
			c.NotBefore, c.NotAfter = time.Now().AddDate(-3, 0, 0), time.Now().Add(-time.Minute)
		})},
		{"not yet valid", "", "VERIFY ERROR: depth=0, error=certificate is not yet valid", forge(t, &b.root, func(c *x509.Certificate) {
			name(mine)(c)
			c.NotBefore = time.Now().Add(time.Hour)
		})},
		{"without a key usage", "", "VERIFY EKU ERROR", forge(t, &b.root, usage())},
		{"of a server", "", "VERIFY ERROR: depth=0, error=unsuitable certificate purpose", forge(t, &b.root, usage(x509.ExtKeyUsageServerAuth))},
		{"self-signed", "", "VERIFY ERROR: depth=0, error=self", forge(t, nil, name(mine))},
		{"of another server or account", "", "VERIFY ERROR: depth=0, error=unable to get local issuer certificate", forge(t, &stranger, name(mine))},
		{"signed by a client", "", "VERIFY ERROR: depth=1, error=invalid CA certificate", signed},
		{"replaced", refusedSerial, "", good},
		{"of no client", refusedUnknown, "", forge(t, &b.root, name("vpnc-zzzzzzzz"))},
		{"without a name", "", "VERIFY ERROR: depth=0, could not extract", forge(t, &b.root, name(""))},
		{"named with a line break", refusedUnknown, "", forge(t, &b.root, name(mine+"\nclient-auth 0 0"))},
		{"named like an event", refusedUnknown, "", forge(t, &b.root, name(mine+"\n>CLIENT:ENV,END"))},
		{"named like a way out of a directory", refusedUnknown, "", forge(t, &b.root, name("../../"+mine))},
		{"named with a slash", refusedUnknown, "", forge(t, &b.root, name(mine+"/x"))},
		{"named like a pushed option", refusedUnknown, "", forge(t, &b.root, name("PUSH_REPLY,ifconfig 10.0.0.9"))},
		{"named with 64 bytes", refusedUnknown, "", forge(t, &b.root, name(mine+strings.Repeat("x", 64-len(mine))))},
		{"named with 200 bytes", "", "VERIFY ERROR: could not extract CN", forge(t, &b.root, name(mine+strings.Repeat("x", 200-len(mine))))},
	} {
		t.Run(bad.what, func(t *testing.T) {
			if bad.reason != refusedSerial {
				b.server().Clients[0].Serial = bad.pair.Serial // so that nothing but the fault keeps it out
			}
			b.apply(t)
			b.keptOut(t, &traveller{Namespace: c.Namespace, id: c.id, address: c.address, profile: b.file(t, b.profile(bad.pair))}, bad.reason, bad.words)
		})
	}
	b.server().Clients[0].Serial = good.Serial
	b.apply(t)
	c.profile = b.file(t, b.profile(good))
	b.comesIn(t, c)
}

// keptOut dials with what must not get in, until the plane counts a refusal for the reason,
// or, without one, OpenVPN writes the words of a client at this address. Nothing else is
// counted.
func (b *bench) keptOut(t *testing.T, c *traveller, reason, words string) {
	t.Helper()
	said := len(b.log(t))
	_, before, _ := b.plane.Sessions(b.row.ID)
	line := regexp.MustCompile(`(?m)^.* ` + regexp.QuoteMeta(c.address) + `:\d+ .*` + regexp.QuoteMeta(words))
	c.dial()
	defer func() { c.process.Kill() }()
	if err := lab.Poll(lab.Patience, func() error {
		log := b.log(t)[said:]
		_, now, _ := b.plane.Sessions(b.row.ID)
		if reason != "" && now[reason] == before[reason] || reason == "" && !line.MatchString(log) {
			return fmt.Errorf("%v; %s", now, tail(log))
		}
		return nil
	}); err != nil {
		t.Fatalf("it is not refused with %q or %q: %v", reason, words, err)
	}
	_, after, _ := b.plane.Sessions(b.row.ID)
	delete(before, reason)
	delete(after, reason)
	if !maps.Equal(before, after) {
		t.Errorf("refusals were %v, are %v", before, after)
	}
	if c.times() > 0 {
		t.Error("it came in")
	}
	if n := len(b.sessions(t)); n > 0 {
		t.Errorf("%d sessions", n)
	}
}
