package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/gatewright/gatewright/internal/vpc"
)

// masterKeySize is that of AES-256.
const masterKeySize = 32

// sealer encrypts secrets under the master key.
type sealer struct {
	aead cipher.AEAD
	key  []byte
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != masterKeySize {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", masterKeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &sealer{aead, key}, err
}

func newMasterKey() []byte {
	key := make([]byte, masterKeySize)
	rand.Read(key)
	return key
}

// associated binds a sealed value to its place, so that nobody who can write to etcd
// can move one row's secret into another.
func associated(row, field string) []byte { return []byte(row + "\x00" + field) }

// seal returns a random nonce followed by the ciphertext.
func (s *sealer) seal(row, field string, clear []byte) vpc.Sealed {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(clear)+s.aead.Overhead())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, clear, associated(row, field))
}

var errSealed = errors.New("sealed value does not open: another master key, another row, or damage")

func (s *sealer) unseal(row, field string, sealed vpc.Sealed) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("%s of %s: %w", field, row, errSealed)
	}
	clear, err := s.aead.Open(nil, sealed[:n], sealed[n:], associated(row, field))
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", field, row, errSealed)
	}
	return clear, nil
}

// The check is a known text sealed in the store, by which a wrong master key is found
// out at the start.
const (
	checkRow   = "meta/seal"
	checkField = "check"
	checkText  = "gatewright"
)

func (s *sealer) check() vpc.Sealed { return s.seal(checkRow, checkField, []byte(checkText)) }

// opens reports whether the key is the one that made check.
func (s *sealer) opens(check vpc.Sealed) bool {
	clear, err := s.unseal(checkRow, checkField, check)
	return err == nil && string(clear) == checkText
}

// Seal encrypts a secret field of a row, named as Table.Row does.
func (s *Store) Seal(row, field string, clear []byte) (vpc.Sealed, error) {
	return s.sealer.Load().seal(row, field, clear), nil
}

// Unseal decrypts what Seal made for the same row and field.
func (s *Store) Unseal(row, field string, sealed vpc.Sealed) ([]byte, error) {
	return s.sealer.Load().unseal(row, field, sealed)
}
