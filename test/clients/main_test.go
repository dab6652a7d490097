package clients

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What TestMain makes for all tests: the program, and one server without a rate limit.
var (
	program string
	shared  *server
)

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	// The tests mostly wait for states.
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "gatewright-clients")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "gatewright")
	if err := run("go", "build", "-o", program, "../../cmd/gatewright"); err != nil {
		return 0, err
	}
	shared, err = start(filepath.Join(dir, "data"), "--rate-limit", "0", "--settle", "300ms", "--tls-name", "*."+ownDomain)
	if err != nil {
		return 0, err
	}
	defer func() {
		adapters.stop()
		if stopErr := shared.stop(); err == nil {
			err = stopErr
		}
	}()
	return m.Run(), nil
}

// output runs a command that must succeed.
func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// run runs a command and returns what it said if it failed.
func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
