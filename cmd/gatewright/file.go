package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
)

// writeFileAtomic replaces a file whole or not at all. Whatever mode says, nobody else
// can read it before it has that mode.
func writeFileAtomic(path string, content []byte, mode fs.FileMode) error {
	return placeFile(path, content, mode, os.Rename)
}

// createFileAtomic is writeFileAtomic for a file that must not exist yet; the error is
// then fs.ErrExist.
func createFileAtomic(path string, content []byte, mode fs.FileMode) error {
	return placeFile(path, content, mode, os.Link)
}

func placeFile(path string, content []byte, mode fs.FileMode, place func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return place(f.Name(), path)
}

// serial is a random certificate serial number of 127 bits.
func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b[:])
}
