package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespaceDir holds a file for each named namespace, as ip-netns(8) keeps them.
const namespaceDir = "/run/netns"

// ErrNoNamespace is matched by errors about a namespace that does not exist.
var ErrNoNamespace = errors.New("no such network namespace")

// own is the namespace that the process was started in. It is opened before any thread
// has left it: later /proc/self names whatever the main thread has gone to.
var own, ownErr = netns.Get()

// NamespacePath is the file of a named namespace.
func NamespacePath(name string) string { return filepath.Join(namespaceDir, name) }

// OpenNamespace opens a namespace; the caller closes it. While it is open the kernel
// keeps the namespace, also when its name is gone.
func OpenNamespace(name string) (netns.NsHandle, error) {
	if name == "" {
		fd, err := unix.FcntlInt(uintptr(own), unix.F_DUPFD_CLOEXEC, 0)
		if err := errors.Join(ownErr, err); err != nil {
			return netns.None(), &Error{Op: "open", Object: "the server's own namespace", Err: err}
		}
		return netns.NsHandle(fd), nil
	}
	if err := checkName(name); err != nil {
		return netns.None(), err
	}
	if !NamespaceExists(name) {
		return netns.None(), &Error{Op: "open", Object: "namespace " + name, Err: ErrNoNamespace}
	}
	h, err := netns.GetFromPath(NamespacePath(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoNamespace
	}
	if err != nil {
		return netns.None(), &Error{Op: "open", Object: "namespace " + name, Err: err}
	}
	return h, nil
}

// NamespaceExists says whether the name stands for a namespace. A bare file, which a
// crash may leave, does not.
func NamespaceExists(name string) bool {
	var st unix.Statfs_t
	return checkName(name) == nil && unix.Statfs(NamespacePath(name), &st) == nil && st.Type == unix.NSFS_MAGIC
}

// Namespaces lists the names that start with prefix.
func Namespaces(prefix string) ([]string, error) {
	entries, err := os.ReadDir(namespaceDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Op: "list", Object: namespaceDir, Err: err}
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && NamespaceExists(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// CreateNamespace makes a named namespace with lo up and its sysctls set. What setup
// does inside it is done before it gets its name. It fails with fs.ErrExist when the
// name is taken, and leaves nothing behind when it fails.
func CreateNamespace(name string, forward bool, setup ...func() error) error {
	if err := checkName(name); err != nil {
		return err
	}
	if NamespaceExists(name) {
		return &Error{Op: "create", Object: "namespace " + name, Err: fs.ErrExist}
	}
	if err := mountPoint(); err != nil {
		return err
	}
	err := away(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() error {
		if err := firstSysctls(forward); err != nil {
			return err
		}
		if err := loopbackUp(); err != nil {
			return err
		}
		for _, do := range setup {
			if err := do(); err != nil {
				return err
			}
		}
		return pin(name)
	})
	if err != nil {
		return &Error{Op: "create", Object: "namespace " + name, Err: err, Hint: hint(err)}
	}
	return nil
}

// DeleteNamespace takes the name away; the kernel takes the namespace apart, with its
// virtual devices, when nobody has it open. Deleting what is not there is no error.
func DeleteNamespace(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	err := unix.Unmount(NamespacePath(name), unix.MNT_DETACH)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) { // not mounted
		err = nil
	}
	if err == nil {
		if err = os.Remove(NamespacePath(name)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return &Error{Op: "delete", Object: "namespace " + name, Err: err, Hint: hint(err)}
	}
	return nil
}

// In runs fn inside a namespace. What fn makes there (a socket, a child process) stays
// there; goroutines that it starts do not run there.
func In(name string, fn func() error) error {
	h, err := OpenNamespace(name)
	if err != nil {
		return err
	}
	defer h.Close()
	return away(func() error { return netns.Set(h) }, fn)
}

// Throwaway runs fn inside a new namespace without a name, which ends with what fn has
// opened there.
func Throwaway(fn func() error) error {
	return away(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, fn)
}

// Netlink opens a routing netlink handle in a namespace. The caller closes it.
func Netlink(name string) (*netlink.Handle, error) {
	h, err := OpenNamespace(name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	nl, err := netlink.NewHandleAt(h, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, &Error{Op: "open netlink", Namespace: name, Err: err, Hint: hint(err)}
	}
	return nl, nil
}

// away runs fn on a thread that leave has moved to another namespace, and brings the
// thread back. A thread that cannot be brought back is never unlocked, so that the
// runtime ends it with its goroutine instead of running others on it.
func away(leave, fn func() error) error {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	if err := leave(); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() {
		if netns.Set(home) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return fn()
}

// pin binds the calling thread's namespace to its name. A bare file is taken over.
func pin(name string) error {
	f, err := os.OpenFile(NamespacePath(name), os.O_CREATE|os.O_RDONLY, 0o444)
	if err != nil {
		return err
	}
	f.Close()
	err = unix.Mount("/proc/thread-self/ns/net", NamespacePath(name), "", unix.MS_BIND, "")
	if err != nil {
		os.Remove(NamespacePath(name))
		return fmt.Errorf("bind %s: %w", NamespacePath(name), err)
	}
	return nil
}

var mounting sync.Mutex

// mountPoint makes the folder a shared mount, as ip-netns(8) does: without it, a
// process that has copied the table of mounts would keep every namespace alive.
func mountPoint() error {
	mounting.Lock()
	defer mounting.Unlock()
	if err := os.MkdirAll(namespaceDir, 0o755); err != nil {
		return &Error{Op: "make", Object: namespaceDir, Err: err, Hint: hint(err)}
	}
	err := unix.Mount("", namespaceDir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if !errors.Is(err, unix.EINVAL) {
		return mountError(err)
	}
	if err := unix.Mount(namespaceDir, namespaceDir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return mountError(err)
	}
	return mountError(unix.Mount("", namespaceDir, "none", unix.MS_SHARED|unix.MS_REC, ""))
}

func mountError(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: "mount", Object: namespaceDir, Err: err, Hint: hint(err)}
}

// checkName refuses what is no plain file name.
func checkName(name string) error {
	if name == "" || name == "." || name == ".." || len(name) > 255 || strings.ContainsAny(name, "/\x00") {
		return &Error{Op: "name", Object: fmt.Sprintf("namespace %q", name), Err: fs.ErrInvalid}
	}
	return nil
}

// Hint is what an operator can do about a refusal of the kernel; it may be nothing.
func Hint(err error) string { return hint(err) }

func hint(err error) string {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return "the data plane needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN"
	case errors.Is(err, unix.ENOSPC):
		return "raise user.max_net_namespaces or fs.mount-max"
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return "raise the limit of open files"
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EPROTONOSUPPORT):
		return "this kernel cannot do it; `gatewright doctor` lists what it needs"
	case errors.Is(err, unix.ENODEV):
		return "the device is not there"
	}
	return ""
}
