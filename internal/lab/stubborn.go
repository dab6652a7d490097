//go:build linux

package lab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// farewells are the words by which an OpenVPN server tells a client to go or to start anew.
var farewells = []string{"AUTH_FAILED", "RESTART", "HALT"}

// StubbornOpenVPN is a copy of this machine's OpenVPN that does not know the words by which a
// server tells it to go: it says that they are unknown, and goes on. Otherwise it is the same.
func (l *Lab) StubbornOpenVPN() (path string) {
	l.Helper()
	program, err := exec.LookPath("openvpn")
	if err != nil {
		l.Fatalf("lab: %v", err)
	}
	code, err := os.ReadFile(program)
	if err != nil {
		l.Fatalf("lab: %v", err)
	}
	for _, word := range farewells {
		known, unknown := []byte("\x00"+word+"\x00"), []byte("\x00"+strings.Repeat("x", len(word))+"\x00")
		if !bytes.Contains(code, known) {
			l.Fatalf("lab: %s does not have the word %s", program, word)
		}
		code = bytes.ReplaceAll(code, known, unknown)
	}
	path = filepath.Join(l.TempDir(), "openvpn")
	if err := os.WriteFile(path, code, 0o700); err != nil {
		l.Fatalf("lab: %v", err)
	}
	return path
}
