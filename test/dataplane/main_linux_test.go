package dataplane

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/lab"
)

// What TestMain makes for all tests: the program, and one server that they share.
var (
	program string
	shared  *cloud
)

func TestMain(m *testing.M) {
	code := 0
	err := lab.Run(context.Background(), os.Stderr, func(t lab.T) { code = runTests(t, m) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	for _, leak := range leaks.all {
		fmt.Fprintln(os.Stderr, leak)
		code = 1
	}
	os.Exit(code)
}

func runTests(t lab.T, m *testing.M) int {
	flag.Parse()
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "test/dataplane needs root, for network namespaces; nothing was tested")
		return 0
	}
	if err := lab.Missing(); err != nil {
		t.Fatalf("run scripts/deps.sh dataplane: %v", err)
	}
	// As under systemd: what leaves no core file then leaves none anywhere.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}); err != nil {
		t.Fatalf("core files: %v", err)
	}
	// The tests mostly wait for peers.
	if err := flag.Set("test.parallel", "6"); err != nil {
		t.Fatalf("%v", err)
	}
	program = filepath.Join(t.TempDir(), "gatewright")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/gatewright").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	shared = newCloud(t)
	return m.Run()
}
