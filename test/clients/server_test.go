package clients

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/operator"
)

// A server is a running gatewright serve.
type server struct {
	dir   string
	http  string   // HOST:PORT
	https string   // HOST:PORT
	paste []string // the lines that it prints to be pasted into a shell
	log   *logText
	cmd   *exec.Cmd
	gone  chan error
}

// keyPair signs calls.
type keyPair struct{ id, secret string }

// start runs a server on free ports and returns when it is ready.
func start(dir string, args ...string) (*server, error) {
	s := &server{dir: dir, log: &logText{}, gone: make(chan error, 1)}
	s.cmd = exec.Command(program, append([]string{
		"serve", "--data-dir", dir, "--dataplane", "off", "--listen", "127.0.0.1:0",
		"--tls-listen", "127.0.0.1:0", "--metrics-listen", "", "--min-free", "0",
	}, args...)...)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		ready <- s.readPrinted(out)
		_, _ = io.Copy(io.Discard, out)
		s.gone <- s.cmd.Wait()
	}()
	select {
	case err = <-ready:
	case <-time.After(30 * time.Second):
		err = errors.New("not ready after 30 s")
	}
	if err != nil {
		_ = s.cmd.Process.Kill()
		return nil, fmt.Errorf("server: %w\n%s", err, s.log)
	}
	return s, nil
}

// readPrinted reads what a server prints for people once it is ready.
func (s *server) readPrinted(out io.Reader) error {
	pasting := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		_, http, isHTTP := strings.Cut(line, "http://")
		_, https, isHTTPS := strings.Cut(line, "https://")
		switch {
		case strings.HasPrefix(line, "Paste"):
			pasting = true
		case pasting && line != "":
			s.paste = append(s.paste, line)
		case isHTTPS:
			s.https = https
		case isHTTP && s.http == "":
			s.http = http
		}
		if len(s.paste) == 3 {
			return nil
		}
	}
	return errors.New("it ended")
}

// stop ends the server as an operator would. It must exit with 0 within five seconds,
// and its log must hold no error.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.gone:
		if err != nil {
			return fmt.Errorf("server: %w\n%s", err, s.log)
		}
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		return fmt.Errorf("server: still there 5 s after SIGTERM\n%s", s.log)
	}
	if text := s.log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "panic") {
		return fmt.Errorf("server: errors in the log:\n%s", text)
	}
	return nil
}

func (s *server) ca() string { return filepath.Join(s.dir, "ca.pem") }

// newAccount makes an account of the test's own.
func (s *server) newAccount(t testing.TB) keyPair {
	t.Helper()
	a, err := operator.Dial(s.dir).CreateAccount(t.Context(), operator.NewAccount{Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{a.SecretID, a.SecretKey}
}

// root reads the key pair of the credentials file.
func (s *server) root(t testing.TB) keyPair {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	var k keyPair
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch name {
		case "secret_id":
			k.id = value
		case "secret_key":
			k.secret = value
		}
	}
	if k.id == "" || k.secret == "" {
		t.Fatalf("no key pair in:\n%s", text)
	}
	return k
}

// logText collects a log while it is written.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
