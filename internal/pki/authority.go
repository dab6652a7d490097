package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// authorityYears outlives every client's certificate that the authority will sign.
const authorityYears = 20

// Pair is a certificate and its key, both PEM.
type Pair struct {
	Cert   string
	Key    vpc.Secret
	Serial string // lower-case hex, as Serial writes it
}

// NewAuthority makes a self-signed certificate authority for the server with the name.
func NewAuthority(name string, now time.Time) (Pair, error) {
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	t, err := template("CA of "+name, now, now.AddDate(authorityYears, 0, 0))
	if err != nil {
		return Pair{}, err
	}
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return sign(t, t, key, key)
}

// Authority signs certificates. Make one with Open.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Open reads what NewAuthority made.
func Open(cert string, key vpc.Secret) (*Authority, error) {
	c, err := ParseCertificate(cert)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(key.Reveal()))
	if block == nil {
		return nil, errors.New("the key of a certificate authority is not PEM")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the key of a certificate authority: %w", err)
	}
	signer, ok := k.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key of a certificate authority is a %T", k)
	}
	return &Authority{c, signer}, nil
}

// NewServer makes the certificate of the server itself, valid as long as the authority,
// since clients hold on to the authority and nobody renews it.
func (a *Authority) NewServer(name string, now time.Time) (Pair, error) {
	return a.leaf(name, now, a.cert.NotAfter, x509.ExtKeyUsageServerAuth)
}

// NewClient makes the certificate of a client.
func (a *Authority) NewClient(name string, now, end time.Time) (Pair, error) {
	return a.leaf(name, now, end, x509.ExtKeyUsageClientAuth)
}

func (a *Authority) leaf(name string, begin, end time.Time, usage x509.ExtKeyUsage) (Pair, error) {
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	t, err := template(name, begin, end)
	if err != nil {
		return Pair{}, err
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	return sign(t, a.cert, key, a.key)
}

// template is what all certificates share. A serial has 127 random bits.
func template(name string, begin, end time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    begin.Add(-vpc.CertSlack),
		NotAfter:     end,
	}, nil
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func sign(t, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return Pair{}, err
	}
	clear, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{Cert: encode("CERTIFICATE", der), Key: vpc.Secret(encode("PRIVATE KEY", clear)), Serial: Serial(t.SerialNumber)}, nil
}

// ParseCertificate reads one PEM certificate.
func ParseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("not a PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

// Serial writes a serial number as rows and plans have it.
func Serial(n *big.Int) string { return n.Text(16) }

// ParseSerial reads what Serial wrote, and colons between bytes, as OpenVPN puts them.
func ParseSerial(s string) (*big.Int, bool) {
	return new(big.Int).SetString(strings.ReplaceAll(s, ":", ""), 16)
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
