package operator

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// open serves a data directory over a store in memory.
func open(t *testing.T) (dir string, log *bytes.Buffer) {
	t.Helper()
	st, err := store.OpenMemory(store.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	log = &bytes.Buffer{}
	s := &Server{
		Control: control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN}),
		About:   func() About { return About{Version: "test", API: "http://127.0.0.1:1"} },
		Logger:  slog.New(slog.NewTextHandler(log, nil)),
	}
	dir = t.TempDir()
	serveHandler(t, dir, s.Handler())
	t.Cleanup(func() { st.Close() })
	return dir, log
}

func serveHandler(t *testing.T, dir string, h http.Handler) {
	t.Helper()
	ln, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
}

func TestClient(t *testing.T) {
	dir, log := open(t)
	c := Dial(dir)
	about, err := c.Server(t.Context())
	if err != nil || about.Endpoint() != "http://127.0.0.1:1" {
		t.Errorf("about %+v: %v", about, err)
	}
	made, err := c.CreateAccount(t.Context(), NewAccount{Name: "acme"})
	if err != nil || made.SecretKey == "" || made.Balance != 1_000_000 {
		t.Errorf("made %+v: %v", made, err)
	}
	if _, err := c.CreateAccount(t.Context(), NewAccount{Name: "acme"}); err == nil || !strings.HasPrefix(err.Error(), "name: ") {
		t.Errorf("the second of a name: %v", err)
	}
	var keys []string
	err = c.Rows(t.Context(), Rows{Table: "account"}, func(r Row) error { keys = append(keys, r.Key); return nil })
	if err != nil || len(keys) != 1 {
		t.Errorf("rows %v: %v", keys, err)
	}
	stop := errors.New("enough")
	if err := c.Rows(t.Context(), Rows{Table: "account"}, func(Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("yield says enough, Rows says %v", err)
	}
	if strings.Contains(log.String(), made.SecretKey) || strings.Contains(log.String(), "ERROR") {
		t.Errorf("refusals are in the log: %s", log)
	}
}

func TestServerRefuses(t *testing.T) {
	dir, _ := open(t)
	c := Dial(dir)
	for name, body := range map[string]string{
		"no JSON": "{", "a wrong type": `{"name":1}`, "too much": `{"name":"` + strings.Repeat("x", maxInput) + `"}`, "nothing": "",
	} {
		resp, err := c.send(t.Context(), "account create", strings.NewReader(body))
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := ask[Done](t.Context(), c, "account explode", struct{}{}); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("an unknown command: %v", err)
	}
}

func TestBrokenStream(t *testing.T) {
	dir := t.TempDir()
	serveHandler(t, dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "rows") {
			io.WriteString(w, `{"line":{"key":"a"}}`+"\n") // and no end
			return
		}
		io.WriteString(w, `{"line":{}}`+"\n"+`{"fail":{"code":"InternalError","message":"the disk is gone"}}`+"\n")
	}))
	c := Dial(dir)
	n := 0
	err := c.Rows(t.Context(), Rows{}, func(Row) error { n++; return nil })
	if n != 1 || err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("an answer without end: %d rows, %v", n, err)
	}
	if err := c.Audit(t.Context(), Audit{}, func(vpc.AuditEntry) error { return nil }); err == nil || err.Error() != "the disk is gone" {
		t.Errorf("an answer that fails half-way: %v", err)
	}
}

func TestListen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, SocketName)
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close() // as a killed server does
	ln, err := Listen(dir)
	if err != nil {
		t.Fatalf("a socket that nobody listens at is in the way: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v, want 0600", info.Mode(), err)
	}
	if second, err := Listen(dir); err == nil {
		second.Close()
		t.Error("two servers listen at one socket")
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close the socket is there: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fs.ErrNotExist, "gatewright serve --data-dir /x"},
		{syscall.ECONNREFUSED, "gatewright serve --data-dir /x"},
		{fs.ErrPermission, "as the user who runs the server"},
		{errors.New("odd"), "odd"},
	} {
		if got := unreachable("/x", c.err); !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.err, got, c.want)
		}
	}
}
