package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

func TestSeal(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	const clear = "hush, this is a secret"
	row := Connections.Row("vpnx-1")
	if row != "connection/vpnx-1" {
		t.Errorf("row %q", row)
	}
	seal := func() vpc.Sealed {
		sealed, err := s.Seal(row, "psk", []byte(clear))
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	sealed := seal()
	if bytes.Contains(sealed, []byte(clear)[:4]) || bytes.Equal(sealed, seal()) {
		t.Error("what is sealed shows what it is")
	}
	if got, err := s.Unseal(row, "psk", sealed); err != nil || string(got) != clear {
		t.Errorf("unsealed %q, %v", got, err)
	}
	if got, err := s.Unseal(row, "psk", must(s.Seal(row, "psk", nil))); err != nil || len(got) != 0 {
		t.Errorf("nothing, unsealed: %q, %v", got, err)
	}
	refuses := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, errSealed) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range sealed {
		tampered := bytes.Clone(sealed)
		tampered[i] ^= 1
		refuses("a changed byte", second(s.Unseal(row, "psk", tampered)))
		refuses("a shorter value", second(s.Unseal(row, "psk", sealed[:i])))
	}
	refuses("another row", second(s.Unseal("connection/vpnx-2", "psk", sealed)))
	refuses("another field", second(s.Unseal(row, "key", sealed)))
	refuses("row and field cut elsewhere", second(s.Unseal("connection/vpnx-", "1\x00psk", sealed)))
	refuses("another store", second(openOn(t, newMemory(), Options{Seed: 1}).Unseal(row, "psk", sealed)))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestMasterKeyFile: where the key comes from, and what is said when it is not right.
func TestMasterKeyFile(t *testing.T) {
	good := strings.Repeat("0a", masterKeySize)
	for name, c := range map[string]struct {
		file, want string // what the file holds at the second start, and the refusal
	}{
		"the same":            {good, ""},
		"with white space":    {" " + strings.ToUpper(good) + "\r\n", ""},
		"another key":         {strings.Repeat("0b", masterKeySize), "is not that of this store: put the store's own key there, or name it with --master-key-file"},
		"gone":                {"", "there is no master key at"},
		"too short":           {good[2:], "is not 64 hexadecimal digits"},
		"too long":            {good + "0a", "is not 64 hexadecimal digits"},
		"not hexadecimal":     {"x" + good[1:], "is not 64 hexadecimal digits"},
		"another file's text": {"-----BEGIN PRIVATE KEY-----", "is not 64 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			opts := Options{MasterKeyFile: filepath.Join(t.TempDir(), "keys", "master.key"), Logger: logOf(t)}
			if err := writeMasterKey(opts.MasterKeyFile, must(hex.DecodeString(good))); err != nil {
				t.Fatal(err)
			}
			openOn(t, m, opts)
			err := os.WriteFile(opts.MasterKeyFile, []byte(c.file), 0o600)
			if c.file == "" {
				err = os.Remove(opts.MasterKeyFile)
			}
			if err != nil {
				t.Fatal(err)
			}
			s, err := open(t.Context(), m, opts.filled())
			switch {
			case c.want == "" && err == nil:
				s.Close()
			case c.want == "":
				t.Error(err)
			case err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), opts.MasterKeyFile):
				t.Errorf("error %v does not say %q and where", err, c.want)
			case c.file != "" && strings.Contains(err.Error(), c.file[:20]):
				t.Errorf("error %v shows the key", err)
			}
		})
	}
}

// TestMasterKeyIsMade: a new store makes a key that nobody else may read; one that
// others may read is complained of.
func TestMasterKeyIsMade(t *testing.T) {
	m := newMemory()
	var log bytes.Buffer
	opts := Options{MasterKeyFile: filepath.Join(t.TempDir(), "keys", "master.key"), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	openOn(t, m, opts)
	for path, want := range map[string]os.FileMode{opts.MasterKeyFile: 0o600, filepath.Dir(opts.MasterKeyFile): 0o700} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v, want %v", path, st.Mode(), err, want)
		}
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", &log)
	}
	if err := os.Chmod(opts.MasterKeyFile, 0o640); err != nil {
		t.Fatal(err)
	}
	openOn(t, m, opts)
	if !strings.Contains(log.String(), "others may read the master key") || !strings.Contains(log.String(), "chmod 600") {
		t.Errorf("log: %s", &log)
	}
	key := must(os.ReadFile(opts.MasterKeyFile))
	if strings.Contains(log.String(), string(key[:16])) {
		t.Error("the log shows the key")
	}
}
