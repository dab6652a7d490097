package sslvpn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
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
	b := newBench(t)
	c := b.traveller(t)
	b.ready(t)
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
	for _, bad := range []struct {
		what, why string
		pair      pki.Pair
	}{
		{"expired", "certificate has expired", forge(t, &b.root, func(c *x509.Certificate) {
			name(mine)(c)
			c.NotBefore, c.NotAfter = time.Now().AddDate(-3, 0, 0), time.Now().Add(-time.Minute)
		})},
		{"not yet valid", "certificate is not yet valid", forge(t, &b.root, func(c *x509.Certificate) {
			name(mine)(c)
			c.NotBefore = time.Now().Add(time.Hour)
		})},
		{"without a key usage", "VERIFY EKU ERROR", forge(t, &b.root, usage())},
		{"of a server", "unsuitable certificate purpose", forge(t, &b.root, usage(x509.ExtKeyUsageServerAuth))},
		{"self-signed", "VERIFY ERROR", forge(t, nil, name(mine))},
		{"of another server or account", "VERIFY ERROR", forge(t, &stranger, name(mine))},
		{"signed by a client", "VERIFY ERROR", forge(t, &good, name(mine))},
		{"replaced", refusedSerial, good},
		{"of no client", refusedUnknown, forge(t, &b.root, name("vpnc-zzzzzzzz"))},
		{"without a name", "VERIFY ERROR", forge(t, &b.root, name(""))},
		{"named with a line break", refusedUnknown, forge(t, &b.root, name(mine+"\nclient-auth 0 0"))},
		{"named like an event", refusedUnknown, forge(t, &b.root, name(mine+"\n>CLIENT:ENV,END"))},
		{"named like a way out of a directory", refusedUnknown, forge(t, &b.root, name("../../"+mine))},
		{"named with a slash", refusedUnknown, forge(t, &b.root, name(mine+"/x"))},
		{"named like a pushed option", refusedUnknown, forge(t, &b.root, name("PUSH_REPLY,ifconfig 10.0.0.9"))},
		{"named with 64 bytes", refusedUnknown, forge(t, &b.root, name(mine+strings.Repeat("x", 64-len(mine))))},
		{"named with 200 bytes", "VERIFY ERROR", forge(t, &b.root, name(mine+strings.Repeat("x", 200-len(mine))))},
	} {
		t.Run(bad.what, func(t *testing.T) {
			if bad.why != refusedSerial {
				b.server().Clients[0].Serial = bad.pair.Serial // so that nothing but the fault keeps it out
			}
			b.apply(t)
			b.keptOut(t, &traveller{Namespace: c.Namespace, id: c.id, profile: b.file(t, b.profile(bad.pair))}, bad.why)
		})
	}
	b.server().Clients[0].Serial = good.Serial
	b.apply(t)
	c.profile = b.file(t, b.profile(good))
	c.dial()
	b.up(t, c)
}

// keptOut dials with what must not get in, until the plane counts a refusal of that name,
// or the server writes it.
func (b *bench) keptOut(t *testing.T, c *traveller, why string, more ...string) {
	t.Helper()
	said := len(b.log(t))
	_, before, _ := b.plane.Sessions(b.row.ID)
	c.dial(more...)
	defer func() { c.process.Kill() }()
	if err := lab.Poll(lab.Patience, func() error {
		log := b.log(t)[said:]
		if _, now, _ := b.plane.Sessions(b.row.ID); now[why] > before[why] || strings.Contains(log, why) {
			return nil
		}
		return fmt.Errorf("%s", tail(log))
	}); err != nil {
		t.Fatalf("it is not refused with %q: %v", why, err)
	}
	if c.times() > 0 {
		t.Error("it came in")
	}
	if n := len(b.sessions(t)); n > 0 {
		t.Errorf("%d sessions", n)
	}
}
