package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gatewright-test-")
	if err == nil {
		binary = filepath.Join(dir, "gatewright")
		build := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// result is what a command line did.
type result struct {
	out, err string
	code     int
}

// gatewright runs one command line to its end.
func gatewright(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return finish(t, exec.Command(binary, args...), stdin)
}

func finish(t *testing.T, cmd *exec.Cmd, stdin string) result {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &stderr
	cmd.Env = cleanEnv()
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// cleanEnv has no proxy and no credentials of the machine.
func cleanEnv() []string {
	var env []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToLower(e), "=")
		if !strings.HasPrefix(name, "tencentcloud_") && !strings.HasSuffix(name, "_proxy") {
			env = append(env, e)
		}
	}
	return env
}

// running is a server under test.
type running struct {
	t    *testing.T
	dir  string
	api  string // http://HOST:PORT
	next string // what it printed when it was ready
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{} // closed when the process has ended
}

// lockedBuffer collects a process's output while a test reads it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs serve with a data directory and free ports, and waits until it is ready.
func start(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	s := &running{t: t, dir: dir, log: &lockedBuffer{}, done: make(chan struct{})}
	args = append([]string{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--dataplane", "off", "--settle", "50ms", "--rate-limit", "0"}, args...)
	s.cmd = exec.Command(binary, args...)
	s.cmd.Env, s.cmd.Stderr = cleanEnv(), s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go s.collect(bufio.NewScanner(stdout), said)
	t.Cleanup(s.kill)
	select {
	case s.next = <-said:
	case <-s.done:
		t.Fatalf("the server ended before it was ready:\n%s", s.log)
	case <-time.After(60 * time.Second):
		t.Fatalf("the server is not ready after a minute:\n%s", s.log)
	}
	s.api = s.printed("API")
	return s
}

// collect sends what the server prints up to the line that ends the block of hints.
func (s *running) collect(lines *bufio.Scanner, said chan<- string) {
	var text strings.Builder
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if strings.Contains(strings.ToLower(lines.Text()), "terraform") {
			said <- text.String()
		}
	}
	_ = s.cmd.Wait() // its exit code is in ProcessState
	close(s.done)
}

// printed finds what stands behind a name in the block of hints.
func (s *running) printed(name string) string {
	for _, line := range strings.Split(s.next, "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func (s *running) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// stop sends SIGTERM, and holds the server to exit code 0 within five seconds.
func (s *running) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		s.t.Fatalf("the server still runs five seconds after SIGTERM:\n%s", s.log)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("exit code %d after SIGTERM, want 0:\n%s", code, s.log)
	}
}

// run runs a command against the server and holds it to exit code 0.
func (s *running) run(args ...string) string {
	s.t.Helper()
	r := s.try(args...)
	if r.code != 0 {
		s.t.Fatalf("gatewright %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

func (s *running) try(args ...string) result {
	s.t.Helper()
	return gatewright(s.t, "", append(args, "--data-dir", s.dir)...)
}

// field finds the value of the first field of a name in indented JSON.
func field(t *testing.T, text, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `"`+name+`": `)
	if !ok {
		t.Fatalf("no %s in\n%s", name, text)
	}
	value, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(value, `",`)
}

// eventually waits for a condition, looking often.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}
