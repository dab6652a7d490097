package store

import (
	"bufio"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listening prints the local addresses at which this process listens, TCP and unix.
func listening(t *testing.T) string {
	t.Helper()
	ours := map[string]bool{}
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil {
			ours[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	at := map[string]bool{}
	eachSocket(t, "/proc/self/net/tcp", func(f []string) { at[f[1]] = at[f[1]] || f[3] == "0A" && ours[f[9]] })
	eachSocket(t, "/proc/self/net/tcp6", func(f []string) { at[f[1]] = at[f[1]] || f[3] == "0A" && ours[f[9]] })
	eachSocket(t, "/proc/self/net/unix", func(f []string) {
		if len(f) > 7 { // it has a path; flag 00010000: it listens
			at[f[7]] = at[f[7]] || f[3] == "00010000" && ours[f[6]]
		}
	})
	maps.DeleteFunc(at, func(_ string, listens bool) bool { return !listens })
	return strings.Join(slices.Sorted(maps.Keys(at)), " ")
}

func eachSocket(t *testing.T, file string, visit func(fields []string)) {
	t.Helper()
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return // no IPv6
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // the heading
	for lines.Scan() {
		visit(strings.Fields(lines.Text()))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestListening: a socket that listens is seen.
func TestListening(t *testing.T) {
	before := listening(t)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	with := listening(t)
	path := filepath.Join(t.TempDir(), "socket")
	unix, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if with == before || !strings.Contains(listening(t), path) {
		t.Errorf("nothing listened: %q; with TCP: %q; with a unix socket: %q", before, with, listening(t))
	}
	tcp.Close()
	unix.Close()
	if now := listening(t); now != before {
		t.Errorf("before: %q, afterwards: %q", before, now)
	}
}
