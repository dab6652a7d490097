package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// masterKeyFile is where the master key lives; empty: only in memory.
func (o Options) masterKeyFile() string {
	switch {
	case o.MasterKeyFile != "":
		return o.MasterKeyFile
	case o.DataDir != "":
		return filepath.Join(o.DataDir, "master.key")
	}
	return ""
}

// openSealer reads the master key. mayMake says that there is no store yet which would
// need another one.
func (s *Store) openSealer(mayMake bool) error {
	path := s.opts.masterKeyFile()
	if path == "" {
		seal, err := newSealer(newMasterKey())
		s.sealer.Store(seal)
		return err
	}
	key, err := s.readMasterKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !mayMake {
			return fmt.Errorf("the store's secrets are sealed, and there is no master key at %s: put the store's key there, or name it with --master-key-file", path)
		}
		key = newMasterKey()
		err = writeMasterKey(path, key)
	}
	if err != nil {
		return err
	}
	seal, err := newSealer(key)
	if err != nil {
		return fmt.Errorf("master key %s: %w", path, err)
	}
	s.sealer.Store(seal)
	return nil
}

func (s *Store) readMasterKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(path); err == nil && st.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		s.log.Warn("others may read the master key", "file", path, "hint", "chmod 600 "+path)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != masterKeySize {
		return nil, fmt.Errorf("master key %s is not %d hexadecimal digits", path, 2*masterKeySize)
	}
	return key, nil
}

// writeMasterKey makes the file whole or not at all.
func writeMasterKey(path string, key []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeFile(path, append([]byte(hex.EncodeToString(key)), '\n'))
}

// writeFile replaces a file, mode 0600, so that after a crash it is the old one or the
// new one, and durable when writeFile has returned.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return err
}

// syncDir makes a directory's entries durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // there a directory cannot be synced, and need not be
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
