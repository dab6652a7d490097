package ipsec

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// stamp is what of a connection a daemon was told. The key is there as a keyed hash.
type stamp struct {
	Config string `json:"config"`
	Key    string `json:"key"`
	Resets uint32 `json:"resets"`
}

// record is what a later run must know of a daemon. Stamps count only for the very
// process that they were made for.
type record struct {
	Machine   plan.MachineID             `json:"machine"`
	Namespace string                     `json:"namespace"`
	Engine    plan.Engine                `json:"engine"`
	PID       int                        `json:"pid"`
	Stamps    map[vpc.ConnectionID]stamp `json:"stamps"`
}

// stampKey reads the key of the hashes, or makes it. It lives as long as the runtime
// directory, which is as long as any daemon.
func stampKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == sha256.Size {
		return key, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key = make([]byte, sha256.Size)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, writeFile(path, key)
}

func hash(key []byte, what any) (string, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stampOf is the stamp of a tunnel in charon's words.
func stampOf(key []byte, t plan.Tunnel, c connection, shared sharedKey) (stamp, error) {
	config, err1 := hash(key, c)
	secret, err2 := hash(key, shared)
	return stamp{Config: config, Key: secret, Resets: t.Resets}, errors.Join(err1, err2)
}

func readRecord(path string) (record, error) {
	var r record
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	return r, err
}

func (r record) write(path string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return writeFile(path, text)
}

// writeFile writes a file that is there whole or not at all.
func writeFile(path string, text []byte) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
