package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

func newCA() *cobra.Command {
	var dataDir string
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Print the certificate (PEM) of the data directory's own authority",
		Long: "Print the certificate, in PEM, of the authority that issues the server's own TLS\n" +
			"certificate. Give it to clients as a trusted root; it is made if it is not there yet.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dataDir == "" {
				return errors.New("no data directory; name one with --data-dir")
			}
			if err := os.MkdirAll(dataDir, 0o700); err != nil {
				return err
			}
			ca, err := openAuthority(filepath.Join(dataDir, caFile), filepath.Join(dataDir, caKeyFile))
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(ca.pem())
			return err
		},
	}
	cmd.Flags().StringVar(&dataDir, "data-dir", defaultDataDir(), "the server's data directory")
	return cmd
}

// An authority issues the server's certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	serverLife    = 397 * 24 * time.Hour // the longest that every client takes
	renewBefore   = 30 * 24 * time.Hour
	backdate      = time.Hour // for clients whose clock is late
)

// openAuthority reads the authority, or makes it when there is none. Its truth is one
// file, the key with its certificate; certPath is a copy of the certificate to give away.
func openAuthority(certPath, keyPath string) (*authority, error) {
	bundle, err := os.ReadFile(keyPath)
	if errors.Is(err, fs.ErrNotExist) {
		bundle, err = makeAuthority(keyPath)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	pair, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", keyPath, err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("certificate authority %s: its certificate is not that of an authority", keyPath)
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("certificate authority %s: it ended on %s; move the file away and a new one is made", keyPath, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	a := &authority{cert: pair.Leaf, key: signer}
	if have, err := os.ReadFile(certPath); err != nil || !bytes.Equal(have, a.pem()) {
		if err := writeFileAtomic(certPath, a.pem(), 0o644); err != nil {
			return nil, fmt.Errorf("certificate authority: %w", err)
		}
	}
	return a, nil
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// makeAuthority makes the file with key and certificate and returns its content. If
// another process makes one at the same time, both use the first.
func makeAuthority(keyPath string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	now := time.Now()
	tmpl := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Gatewright authority of " + host + ", " + now.UTC().Format(time.DateOnly)},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	bundle := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := createFileAtomic(keyPath, bundle, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(keyPath)
}

// issue makes a server certificate for names and addresses.
func (a *authority) issue(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "Gatewright"},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(serverLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if tmpl.NotAfter.After(a.cert.NotAfter) {
		tmpl.NotAfter = a.cert.NotAfter
	}
	for _, n := range names {
		if ip, err := netip.ParseAddr(n); err == nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip.AsSlice())
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}
