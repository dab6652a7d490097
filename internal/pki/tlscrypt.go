package pki

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// staticKeySize is that of OpenVPN's static keys, of which tls-crypt uses a half in each
// direction.
const staticKeySize = 256

// NewCryptKey makes a tls-crypt key in the form of OpenVPN's static key files, version 1:
// sixteen lines of sixteen bytes in hex.
func NewCryptKey() vpc.Secret {
	var key [staticKeySize]byte
	_, _ = rand.Read(key[:]) // never fails
	var b strings.Builder
	b.WriteString("-----BEGIN OpenVPN Static key V1-----\n")
	for i := 0; i < staticKeySize; i += 16 {
		b.WriteString(hex.EncodeToString(key[i:i+16]) + "\n")
	}
	b.WriteString("-----END OpenVPN Static key V1-----\n")
	return vpc.Secret(b.String())
}
