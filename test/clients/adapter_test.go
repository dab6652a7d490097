package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// An order is one call for a program that holds the vendor's SDKs; see gosdk/main.go.
type order struct {
	ID        int
	SDK       string
	Endpoint  string
	Scheme    string
	Method    string
	Sign      string
	SecretID  string
	SecretKey string
	Region    string
	Service   string
	Action    string
	Params    any
	Multipart bool
}

// An outcome is what the SDK made of the server's answer.
type outcome struct {
	ID       int
	Response json.RawMessage
	Error    *apiError
}

// An apiError is an error of the SDK's own type, with what it lets a program see.
type apiError struct {
	Code, Message, RequestID string
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// An adapter is a running program that holds the vendor's SDKs.
type adapter struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr logText

	mu      sync.Mutex
	next    int
	waiting map[int]chan outcome
	broken  error
}

// adapters are the running ones, by what they hold. They start when first asked for.
var adapters = adapterSet{running: map[string]*adapter{}}

type adapterSet struct {
	mu      sync.Mutex
	running map[string]*adapter
}

// get starts an adapter or returns the running one.
func (s *adapterSet) get(t testing.TB, name string, command func(testing.TB) *exec.Cmd) *adapter {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.running[name]
	if a == nil {
		a = &adapter{cmd: command(t), waiting: map[int]chan outcome{}}
		if err := a.start(); err != nil {
			t.Fatal(err)
		}
		s.running[name] = a
	}
	return a
}

func (s *adapterSet) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.running {
		a.in.Close() // its stdin ends, and so does it
		_ = a.cmd.Wait()
	}
}

func (a *adapter) start() error {
	a.cmd.Stderr = &a.stderr
	var err error
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := a.cmd.Start(); err != nil {
		return err
	}
	go a.read(out)
	return nil
}

// read hands outcomes to those who wait for them.
func (a *adapter) read(out io.Reader) {
	for dec := json.NewDecoder(out); ; {
		var o outcome
		err := dec.Decode(&o)
		a.mu.Lock()
		if err != nil {
			a.broken = fmt.Errorf("%s: %w\n%s", a.cmd.Path, err, a.stderr.String())
			for _, w := range a.waiting {
				close(w)
			}
			a.mu.Unlock()
			return
		}
		a.waiting[o.ID] <- o
		delete(a.waiting, o.ID)
		a.mu.Unlock()
	}
}

// call carries out one order.
func (a *adapter) call(o order) (json.RawMessage, error) {
	wait := make(chan outcome, 1)
	if err := a.send(o, wait); err != nil {
		return nil, err
	}
	select {
	case result, ok := <-wait:
		switch {
		case !ok:
			return nil, a.broken
		case result.Error == nil:
			return result.Response, nil
		case result.Error.Code == "":
			return nil, errors.New(result.Error.Message)
		}
		return nil, result.Error
	case <-time.After(30 * time.Second):
		return nil, fmt.Errorf("no outcome of %s after 30 s", o.Action)
	}
}

func (a *adapter) send(o order, wait chan outcome) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		return a.broken
	}
	a.next++
	o.ID = a.next
	a.waiting[o.ID] = wait
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = a.in.Write(append(line, '\n'))
	return err
}

// cleanEnv is the environment without what would send calls elsewhere, and more.
func cleanEnv(more ...string) []string {
	var env []string
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		if name = strings.ToUpper(name); !strings.HasSuffix(name, "_PROXY") && !strings.HasPrefix(name, "TENCENTCLOUD_") {
			env = append(env, line)
		}
	}
	return append(env, more...)
}

// goSDK runs the typed Go SDKs, the oldest or the newest; HTTPS trusts the shared
// server's authority.
func goSDK(t testing.TB, oldest bool) *adapter {
	t.Helper()
	name := "gosdk-newest"
	args := []string{"build", "-C", "gosdk"}
	if oldest {
		name = "gosdk-oldest"
		args = append(args, "-modfile", "oldest.mod", "-tags", "oldest")
	}
	return adapters.get(t, name, func(t testing.TB) *exec.Cmd {
		path := filepath.Join(filepath.Dir(program), name)
		if err := run("go", append(args, "-o", path, ".")...); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path)
		cmd.Env = cleanEnv("SSL_CERT_FILE=" + shared.ca())
		return cmd
	})
}

// nodeSDK runs both Node SDKs, and installs them first where they are missing.
func nodeSDK(t testing.TB) *adapter {
	t.Helper()
	return adapters.get(t, "node", func(t testing.TB) *exec.Cmd {
		installNode(t, "node")
		cmd := exec.Command("node", "adapter.js")
		cmd.Dir = "node"
		cmd.Env = cleanEnv("NODE_EXTRA_CA_CERTS=" + shared.ca())
		return cmd
	})
}

// installNode makes node_modules what the lock file says, unless it is so already: npm
// leaves the lock file's twin in it.
func installNode(t testing.TB, dir string) {
	t.Helper()
	installed, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	lock, lockErr := os.Stat(filepath.Join(dir, "package-lock.json"))
	if lockErr != nil {
		t.Fatal(lockErr)
	}
	if err == nil && !installed.ModTime().Before(lock.ModTime()) {
		return
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--omit=optional")
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", dir, err, &out)
	}
}
