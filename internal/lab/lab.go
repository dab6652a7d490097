//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// T is what a lab needs of a test: *testing.T, or the demo. Fatalf does not return.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
	TempDir() string
}

// Lab is one set of namespaces and processes. Its methods may be called from several
// goroutines, within the rules of T.
type Lab struct {
	T
	mu struct {
		sync.Mutex
		namespaces []string
		processes  []*Process
	}
}

// labs numbers the namespaces and ports of this process.
var labs atomic.Int64

// New starts an empty lab that goes when t ends.
func New(t T) *Lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatalf("a lab needs root")
	}
	l := &Lab{T: t}
	t.TempDir() // asked for first, it is removed after the processes that write there
	t.Cleanup(l.close)
	return l
}

// close ends the processes and removes the namespaces, the newest first.
func (l *Lab) close() {
	l.mu.Lock()
	processes, namespaces := l.mu.processes, l.mu.namespaces
	l.mu.processes, l.mu.namespaces = nil, nil
	l.mu.Unlock()
	for i := len(processes) - 1; i >= 0; i-- {
		processes[i].Kill()
	}
	for i := len(namespaces) - 1; i >= 0; i-- {
		if err := remove(namespaces[i]); err != nil {
			l.Logf("lab: %v", err)
		}
	}
}

// Sweep ends every process in the namespaces whose names begin with prefix and removes
// them: what a server leaves behind on purpose, or what a rebooted host has lost.
func (l *Lab) Sweep(prefix string) {
	l.Helper()
	if len(prefix) < 5 {
		l.Fatalf("lab: %q may match namespaces of others", prefix)
	}
	for _, name := range Namespaces(prefix) {
		if err := remove(name); err != nil {
			l.Fatalf("lab: %v", err)
		}
	}
}

// Namespaces are the names of the machine's network namespaces that begin with prefix.
func Namespaces(prefix string) []string {
	paths, _ := filepath.Glob("/run/netns/" + prefix + "*") // the pattern is good
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// Pids are the processes in a namespace.
func Pids(namespace string) []int {
	out, err := exec.Command("ip", "netns", "pids", namespace).Output()
	if err != nil {
		return nil
	}
	var pids []int
	for _, f := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func remove(namespace string) error {
	for _, pid := range Pids(namespace) {
		if pid != os.Getpid() { // a thread of ours may be on its way out of it
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	out, err := exec.Command("ip", "netns", "del", namespace).CombinedOutput()
	if err != nil {
		return fmt.Errorf("remove %s: %w: %s", namespace, err, out)
	}
	return nil
}

// Patience is how long a test waits for what it does not measure: many times what it takes, so
// that a busy machine fails no test, and less than the half minute after which everything is
// looked at again by itself, so that a lost event still does. What is promised sooner is
// measured and told.
const Patience = 15 * time.Second

// Eventually polls until done or a deadline, and fails with the last reason.
func (l *Lab) Eventually(within time.Duration, what string, done func() error) {
	l.Helper()
	if err := Poll(within, done); err != nil {
		l.Fatalf("%s: not within %v: %v", what, within, err)
	}
}

// Poll calls done until it returns nil, and gives its last error when time is up.
func Poll(within time.Duration, done func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := done()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// run executes one of the machine's tools.
func run(args ...string) (string, error) {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

func (l *Lab) must(args ...string) string {
	l.Helper()
	out, err := run(args...)
	if err != nil {
		l.Fatalf("lab: %v", err)
	}
	return out
}

// Missing names the tools that this machine lacks of those that labs use.
func Missing() error {
	var errs []error
	for _, tool := range []string{"ip", "nft", "ping", "iperf3", "nsenter", "swanctl", "openvpn", charon} {
		if _, err := exec.LookPath(tool); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
