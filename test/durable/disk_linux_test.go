package durable

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/wire"
)

const (
	diskSize = 448 << 20
	minFree  = 96 << 20 // of which etcd must be able to live until writes are refused
	inside   = "GATEWRIGHT_OWN_MOUNTS"
)

// TestDiskFull gives a server a small file system of its own, and fills it: writes are
// refused while etcd still has room to live, reads go on, and when there is room again
// writes go on by themselves.
func TestDiskFull(t *testing.T) {
	if os.Getenv(inside) == "" {
		withOwnMounts(t)
		return
	}
	rnd := chance(t)
	disk := smallDisk(t)
	s := newServer(t, "--settle", "100ms", "--min-free", "96MiB")
	s.dir = filepath.Join(disk, "data")
	s.run()
	process := s.process
	l := startLoad(t, rnd, 4, s)
	l.more(t, 50)
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast, freeOn(t, disk)-minFree-(3<<20))
	await(t, "the load to use up the rest", startTime, func() bool { return !s.readiness().Writable })
	s.full(t, l)
	fill(t, ballast, freeOn(t, disk))
	if free := freeOn(t, disk); free > 1<<20 {
		t.Errorf("%d bytes are still free", free)
	}
	s.full(t, l)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	await(t, "/readyz to say that all is well", startTime, func() bool { return s.readiness().fresh() })
	l.more(t, 100)
	l.end()
	l.check(t, s)
	if s.process != process || !s.running() {
		t.Fatal("the server did not go on by itself")
	}
	if _, code := s.terminate(t, startTime); code != 0 {
		t.Fatalf("exit code %d after SIGTERM", code)
	}
	l.audited(t, openBooks(t, store.Options{DataDir: s.dir}, l.account.id))
}

// full is what holds while there is too little room.
func (s *server) full(t *testing.T, l *load) {
	t.Helper()
	if r := s.readiness(); r.Status != 200 || !r.Ready || r.Writable || !strings.Contains(r.Cause, "free space") {
		t.Errorf("/readyz on a full disk: %+v", r)
	}
	c := newClient(l.account.cred)
	for range 300 {
		r := c.call(s.addr, "CreateVpnGateway", inputs{"VpcId": l.vpcs[0], "VpnGatewayName": "too much", "InternetMaxBandwidthOut": 5})
		if r.fate != refused || r.code != "ServiceUnavailable" || !strings.Contains(r.message, "less than 96 MiB of free space") {
			t.Fatalf("a write on a full disk: %v", r)
		}
		var out wire.DescribeVpcsResponse
		c.must(t, s.addr, "DescribeVpcs", inputs{"VpcIds": l.vpcs}, &out)
		if len(out.VpcSet) != len(l.vpcs) {
			t.Fatalf("a read on a full disk: %+v", out)
		}
	}
	l.check(t, s)
}

// withOwnMounts runs the test again in a process whose mounts nobody else sees. Who is
// not root needs a kernel that lets him.
func withOwnMounts(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), inside+"=yes", prebuilt+"="+filepath.Dir(binary(t, gatewright)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	root := os.Geteuid() == 0
	if !root {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	dieWithTest(cmd)
	out, err := cmd.CombinedOutput()
	switch exit := (*exec.ExitError)(nil); {
	case err == nil:
		t.Logf("%s", out)
	case errors.As(err, &exit) || root:
		t.Fatalf("%v\n%s", err, out)
	default:
		t.Skipf("only root may mount here: %v", err)
	}
}

// smallDisk mounts a file system in memory.
func smallDisk(t *testing.T) string {
	t.Helper()
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=448m,mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	if free := freeOn(t, disk); free > diskSize {
		t.Fatalf("%d bytes are free on the small disk", free)
	}
	return disk
}

func freeOn(t *testing.T, dir string) int64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Bavail) * int64(st.Bsize)
}

// fill lets a file grow by n bytes, or by as many as there are.
func fill(t *testing.T, path string, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, f)
	if _, err := io.CopyN(f, zeros{}, n); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// zeros is an endless reader.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
