package dataplane

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestKeysStayInMemory looks for the keys of a tunnel and of an SSL server on the disk: they
// are in no file of the data directory, the children's files are on a tmpfs and nobody
// else's to read, and no process that holds them leaves a core file, though the server was
// started where core files have no limit. A charon that crashes leaves none.
func TestKeysStayInMemory(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, _ := shared.joined(l)
	d := s.dialIn(l, 5, "172.30.10.0/24", nil)
	d.ready(l, d.clients(l, "ada")[0])

	var disk unix.Statfs_t
	if err := unix.Statfs(shared.runtime, &disk); err != nil || disk.Type != unix.TMPFS_MAGIC {
		t.Errorf("the children's files are on a file system of type %#x, %v", disk.Type, err)
	}
	if info, err := os.Stat(shared.runtime); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the children's files: %v, %v", info, err)
	}
	config, err := os.ReadFile(filepath.Join(shared.runtime, "openvpn-"+d.server+".conf"))
	if err != nil {
		t.Fatal(err)
	}
	key := between(string(config), "-----BEGIN PRIVATE KEY-----\n", "\n")
	absent(t, shared.dir, o.key, key)

	charon, openvpn := lab.Pids(shared.prefix+s.gateway), lab.Pids(shared.prefix+d.gateway)
	if len(charon) != 1 || len(openvpn) != 1 {
		t.Fatalf("processes %v and %v", charon, openvpn)
	}
	for _, pid := range []int{charon[0], openvpn[0], shared.process.Pid()} {
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		if core := strings.Fields(between(string(limits), "Max core file size", "bytes")); err != nil || len(core) != 2 || core[0] != "0" || core[1] != "0" {
			t.Errorf("process %d may leave core files: %q, %v", pid, core, err)
		}
		if filter, err := os.ReadFile(fmt.Sprintf("/proc/%d/coredump_filter", pid)); err == nil && strings.Trim(string(filter), "0\n") != "" {
			t.Errorf("process %d gives a core file memory: %s", pid, filter)
		}
	}
	if err := syscall.Kill(charon[0], syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	l.Eventually(4*lab.Patience, "the tunnel is back", func() error {
		if p := s.workload.Ping(o.inside, 1, "-W", "0.2"); p.Received == 0 {
			return errStill
		}
		return nil
	})
	if left, err := filepath.Glob("/core*"); err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}
}

// absent checks that no file below a directory holds one of the texts.
func absent(t *testing.T, dir string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		bytesOf, err := os.ReadFile(path)
		for _, text := range texts {
			if len(text) < 8 || bytes.Contains(bytesOf, []byte(text)) {
				t.Errorf("%s holds %q", path, text)
			}
		}
		return err
	})
	if err != nil {
		t.Errorf("%v", err)
	}
}
