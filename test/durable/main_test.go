package durable

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// builtIn is the directory of the binaries under test.
var builtIn string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == hostWord {
		os.Exit(beHost(os.Args[2:]))
	}
	os.Exit(runAll(m))
}

// prebuilt names the variable with the binaries' directory, where there are some already.
const prebuilt = "GATEWRIGHT_BINARIES"

func runAll(m *testing.M) int {
	if builtIn = os.Getenv(prebuilt); builtIn != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "gatewright-durable-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	builtIn = dir
	return m.Run()
}

// The binaries are built by the first test that needs them.
var (
	gatewright = built("../../cmd/gatewright", "gatewright")
	etcdMember = built("./etcdmember", "etcdmember")
)

func built(pkg, name string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		path := filepath.Join(builtIn, name)
		if os.Getenv(prebuilt) != "" {
			return path, nil
		}
		out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
		}
		return path, nil
	})
}

func binary(t *testing.T, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// chance is the random choices of a test, the same again with the same seed.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("GATEWRIGHT_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("GATEWRIGHT_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("GATEWRIGHT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// await waits until cond holds, and fails the test when that takes longer than patience.
func await(t *testing.T, what string, patience time.Duration, cond func() bool) {
	t.Helper()
	if !holds(t.Context(), patience, cond) {
		t.Fatalf("waited %v in vain for %s", patience, what)
	}
}

// holds reports whether cond comes to hold within patience.
func holds(ctx context.Context, patience time.Duration, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// pause waits a while on purpose: a moment to kill that depends on nothing.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

var quiet = slog.New(slog.DiscardHandler)
