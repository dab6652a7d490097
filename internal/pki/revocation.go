package pki

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Revoked is one entry of a revocation list.
type Revoked struct {
	Serial string
	At     time.Time
}

// RevocationList signs the list of revoked certificates, PEM. It does not expire before
// the authority: who reads it gets it from us, and a stale one must not lock people out.
func (a *Authority) RevocationList(revoked []Revoked, now time.Time) (string, error) {
	entries := make([]x509.RevocationListEntry, len(revoked))
	for i, r := range revoked {
		n, ok := ParseSerial(r.Serial)
		if !ok {
			return "", fmt.Errorf("serial number %q is not hex", r.Serial)
		}
		entries[i] = x509.RevocationListEntry{SerialNumber: n, RevocationTime: r.At}
	}
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(now.UnixNano()), ThisUpdate: now.Add(-vpc.CertSlack), NextUpdate: a.cert.NotAfter, RevokedCertificateEntries: entries,
	}, a.cert, a.key)
	if err != nil {
		return "", err
	}
	return encode("X509 CRL", der), nil
}
