package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// testName gives a name for a namespace that is gone after the test.
func testName(t *testing.T, n int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	name := fmt.Sprintf("gwt-host-%d-%d", os.Getpid(), n)
	t.Cleanup(func() {
		if err := DeleteNamespace(name); err != nil {
			t.Error(err)
		}
	})
	return name
}

func sysctl(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestNamespace(t *testing.T) {
	for n, forward := range []bool{false, true} {
		name := testName(t, n)
		if err := CreateNamespace(name, forward); err != nil {
			t.Fatal(err)
		}
		if err := CreateNamespace(name, forward); !errors.Is(err, fs.ErrExist) {
			t.Errorf("create again: %v", err)
		}
		err := In(name, func() error {
			for _, s := range NamespaceSysctls(forward) {
				if got := sysctl(t, s.Path); got != s.Value {
					t.Errorf("forward %v: %s is %s, want %s", forward, s.Path, got, s.Value)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		names, err := Namespaces(name)
		if err != nil || len(names) != 1 || names[0] != name {
			t.Errorf("Namespaces = %v, %v", names, err)
		}
		if err := DeleteNamespace(name); err != nil {
			t.Error(err)
		}
		if NamespaceExists(name) {
			t.Error("is there after it was deleted")
		}
	}
}

func TestNamespaceAbsent(t *testing.T) {
	name := testName(t, 0)
	if _, err := OpenNamespace(name); !errors.Is(err, ErrNoNamespace) {
		t.Errorf("open: %v", err)
	}
	if _, err := Netlink(name); !errors.Is(err, ErrNoNamespace) {
		t.Errorf("netlink: %v", err)
	}
	if err := DeleteNamespace(name); err != nil {
		t.Errorf("delete: %v", err)
	}
	for _, bad := range []string{"..", "a/b", "../x", "\x00", strings.Repeat("x", 256)} {
		if err := CreateNamespace(bad, false); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("create %q: %v", bad, err)
		}
	}
}

// TestNamespaceBareFile is a crash between the file and the mount.
func TestNamespaceBareFile(t *testing.T) {
	name := testName(t, 0)
	if err := mountPoint(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(NamespacePath(name), nil, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenNamespace(name); !errors.Is(err, ErrNoNamespace) {
		t.Errorf("open: %v", err)
	}
	if err := CreateNamespace(name, false); err != nil {
		t.Fatal(err)
	}
	if !NamespaceExists(name) {
		t.Error("the bare file was not taken over")
	}
}

// TestInComesBack runs work in many namespaces at once, and looks that no thread is
// left in any of them, also when the work panics or ends its goroutine.
func TestInComesBack(t *testing.T) {
	home := ownInode(t)
	var wg sync.WaitGroup
	for n := range 8 {
		name := testName(t, n)
		if err := CreateNamespace(name, false); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			wg.Go(func() {
				err := In(name, func() error {
					if ownInode(t) == home {
						t.Error("work ran in the server's own namespace")
					}
					return In("", func() error {
						if ownInode(t) != home {
							t.Error("the empty name is not the server's own namespace")
						}
						return nil
					})
				})
				if err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { In(name, func() error { runtime.Goexit(); return nil }) })
			wg.Go(func() {
				defer func() { recover() }()
				In(name, func() error { panic("test") })
			})
		}
	}
	wg.Wait()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		at, err := os.Readlink("/proc/self/task/" + task.Name() + "/ns/net")
		if err == nil && at != home {
			t.Errorf("thread %s is in %s, want %s", task.Name(), at, home)
		}
	}
}

func ownInode(t *testing.T) string {
	t.Helper()
	at, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Error(err)
	}
	return at
}

func TestNetlink(t *testing.T) {
	name := testName(t, 0)
	if err := CreateNamespace(name, false); err != nil {
		t.Fatal(err)
	}
	nl, err := Netlink(name)
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	links, err := nl.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	if len(links) != 1 || links[0].Attrs().Name != "lo" || links[0].Attrs().OperState == netlink.OperDown {
		t.Errorf("a new namespace has %d links", len(links))
	}
}

// TestNamespaceLeaks makes and deletes many namespaces and looks for open files.
func TestNamespaceLeaks(t *testing.T) {
	names := make([]string, 50)
	for n := range names {
		names[n] = testName(t, n)
	}
	before := openFiles(t)
	for _, name := range names {
		if err := CreateNamespace(name, true); err != nil {
			t.Fatal(err)
		}
		if err := DeleteNamespace(name); err != nil {
			t.Fatal(err)
		}
	}
	// A leak is one for each. The runtime opens a few for itself when they are first needed,
	// and closes others of former tests.
	if after := openFiles(t); after >= before+len(names) {
		t.Errorf("%d files open before, %d after", before, after)
	}
	if left, err := Namespaces(fmt.Sprintf("gwt-host-%d-", os.Getpid())); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

func TestOwnNamespaceIsTheProcess(t *testing.T) {
	h, err := OpenNamespace("")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	now, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	if !h.Equal(now) {
		t.Errorf("%v, want %v", h, now)
	}
}
