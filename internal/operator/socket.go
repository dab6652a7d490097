package operator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// SocketName is the socket's file name in a data directory.
const SocketName = "operator.sock"

// maxSocketPath is the longest path that every system's sockaddr_un holds.
const maxSocketPath = 103

// Listen makes the socket of a data directory. A socket that a dead server left behind
// is replaced; one that answers is an error, for two servers must not share a data
// directory.
func Listen(dataDir string) (net.Listener, error) {
	path := filepath.Join(dataDir, SocketName)
	addr, release, err := address(path)
	if err != nil {
		return nil, err
	}
	defer release()
	if conn, err := net.DialTimeout("unix", addr, time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("another server is running with data directory %s", dataDir)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: addr, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("operator's socket: %w", err)
	}
	ln.SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &socket{ln, path}, nil
}

// socket removes its file when it closes.
type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error { return errors.Join(s.Listener.Close(), removeIfThere(s.path)) }

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// address is what to give the kernel for a socket's path. One that is too long is
// reached, on Linux, through a descriptor of its directory, good until release.
func address(path string) (addr string, release func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("operator's socket: the path %s is longer than %d bytes; choose a shorter data directory", path, maxSocketPath)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { dir.Close() }, nil
}

// dial connects to the socket of a data directory and explains why it cannot.
func dial(ctx context.Context, dataDir string) (net.Conn, error) {
	addr, release, err := address(filepath.Join(dataDir, SocketName))
	if err != nil {
		return nil, unreachable(dataDir, err)
	}
	defer release()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", addr)
	if err != nil {
		return nil, unreachable(dataDir, err)
	}
	return conn, nil
}

// ErrNotRunning is in the chain of an error when no server runs with the data directory.
var ErrNotRunning = errors.New("no server is running")

func unreachable(dataDir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w with data directory %s; start one with: gatewright serve --data-dir %s", ErrNotRunning, dataDir, dataDir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the operator's socket in %s belongs to another user; run this as the user who runs the server", dataDir)
	}
	return fmt.Errorf("operator's socket: %w", err)
}
