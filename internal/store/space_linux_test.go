package store

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The file system of TestSpace. etcd sets 64 MiB aside for its log, and as much again
// for the log's next part.
const (
	diskSize = 256 << 20
	reserve  = 32 << 20
)

// smallDisk mounts a file system of its own. Only root may do that.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256m"); err != nil {
		t.Fatal("mount a file system:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestSpace fills the file system of a store: every write is refused, also a deletion,
// which needs room and makes none; reads go on, and with room so do writes.
func TestSpace(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	s := openMember(t, Options{DataDir: filepath.Join(dir, "data"), MinFree: reserve})
	update(t, s, putVPC("vpc-1"))
	filler := filepath.Join(dir, "filler")
	free, err := freeSpace(dir)
	if err != nil || free > diskSize || free < reserve {
		t.Fatalf("%d bytes are free, %v", free, err)
	}
	if err := os.WriteFile(filler, make([]byte, free-reserve+1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, fn := range map[string]func(*Tx) error{
		"a new row":  putVPC("vpc-2"),
		"a change":   putVPC("vpc-1"),
		"a deletion": func(tx *Tx) error { VPCs.Delete(tx, "vpc-1"); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Update(t.Context(), fn)
			refusedAs(t, err, "less than 32 MiB of free space", false)
		})
	}
	if v, err := s.Read(t.Context()); err != nil || vpcsIn(v) != "vpc-1" {
		t.Errorf("rows %s, %v", vpcsIn(v), err)
	}
	h := s.Health()
	if !h.Ready || h.Writable || h.Stale || !strings.Contains(h.Hint, s.opts.DataDir) {
		t.Errorf("health %+v", h)
	}
	if strings.Contains(h.Cause, dir) {
		t.Errorf("callers are told a path: %s", h.Cause)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	await(t, "writes to go on", 10*time.Second, func() bool { return s.Health() == Health{Ready: true, Writable: true} })
	update(t, s, putVPC("vpc-2"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := vpcsIn(openMember(t, s.opts).View()); got != "vpc-1 vpc-2" {
		t.Errorf("rows %s", got)
	}
}
