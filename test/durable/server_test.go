package durable

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// startTime bounds how long a process may take to be ready on a busy machine.
const startTime = 60 * time.Second

// server is a gatewright that can be killed and started again on the same data.
type server struct {
	t       *testing.T
	dir     string // of its data
	addr    string
	metrics string
	log     string // file of what it writes, one JSON object a line
	args    []string
	*process
}

// newServer makes a server with a data directory of its own. It is not started.
func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{t: t, dir: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"), addr: freeAddr(t), metrics: freeAddr(t), args: args}
	showLogs(t, s.log)
	return s
}

// start runs the server and does not wait for it.
func (s *server) start() {
	s.t.Helper()
	args := append([]string{
		"serve", "--dataplane", "off", "--data-dir", s.dir, "--listen", s.addr, "--metrics-listen", s.metrics,
		"--log-format", "json", "--rate-limit", "0",
	}, s.args...)
	s.process = launch(s.t, s.log, binary(s.t, gatewright), args...)
}

// run starts the server and waits until it is ready.
func (s *server) run() *server {
	s.t.Helper()
	s.start()
	s.awaitReady()
	return s
}

func (s *server) awaitReady() {
	s.t.Helper()
	await(s.t, "the server to be ready", startTime, func() bool {
		if !s.running() {
			s.t.Fatalf("the server has ended by itself: %v", s.err)
		}
		return s.readiness().Ready
	})
}

// readiness is what /readyz says; the zero value when nobody answers.
type readiness struct {
	Status   int    `json:"-"`
	Ready    bool   `json:"ready"`
	Writable bool   `json:"writable"`
	Stale    bool   `json:"stale"`
	Cause    string `json:"cause"`
}

func (s *server) readiness() (r readiness) {
	text, status, err := fetch("http://" + s.addr + "/readyz")
	if err != nil {
		return r
	}
	r.Status = status
	if err := json.Unmarshal(text, &r); err != nil {
		s.t.Errorf("/readyz: %v: %s", err, text)
	}
	return r
}

// fresh reports whether reads and writes are as on the first day.
func (r readiness) fresh() bool { return r.Ready && r.Writable && !r.Stale && r.Cause == "" }

// probing asks health and metrics; each question has a connection of its own.
var probing = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func fetch(url string) (body []byte, status int, err error) {
	resp, err := probing.Get(url)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return body, resp.StatusCode, err
}

func (s *server) operator() *operator.Client { return operator.Dial(s.dir) }

// root is the key pair that the first start has written.
func (s *server) root() wire.Credential {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "credentials"))
	if err != nil {
		s.t.Fatal(err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, "=")
		values[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return wire.Credential{SecretID: values["secret_id"], SecretKey: values["secret_key"]}
}

// account is one made for a test, with room for a load.
type account struct {
	id   vpc.AccountID
	cred wire.Credential
}

const (
	noLimit     = 1 << 29
	loadBalance = operator.Amount(1_000_000_000) * 1_000_000
)

// account makes an account whose quotas a load does not reach.
func (s *server) account(name string) account {
	s.t.Helper()
	balance := loadBalance
	made, err := s.operator().CreateAccount(s.t.Context(), operator.NewAccount{Name: name, Balance: &balance})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, quota := range []string{vpc.QuotaGateways, vpc.QuotaVPCs} {
		s.setQuota(quota, name, noLimit)
	}
	return account{made.Uin, wire.Credential{SecretID: made.SecretID, SecretKey: made.SecretKey}}
}

func (s *server) setQuota(name, account string, value int) {
	s.t.Helper()
	err := s.operator().SetQuota(s.t.Context(), operator.Quota{AccountRef: operator.AccountRef{Account: account}, Name: name, Value: value})
	if err != nil {
		s.t.Fatal(err)
	}
}

// rows reads a table through the operator's socket.
func rows[R any](s *server, table string) []R {
	s.t.Helper()
	var out []R
	err := s.operator().Rows(s.t.Context(), operator.Rows{Table: table}, func(r operator.Row) error {
		var row R
		if err := json.Unmarshal(r.Row, &row); err != nil {
			return fmt.Errorf("%s: %w", r.Key, err)
		}
		out = append(out, row)
		return nil
	})
	if err != nil {
		s.t.Fatalf("debug rows %s: %v", table, err)
	}
	return out
}

// span is a stretch of time; a zero end has not come yet.
type span struct{ begin, end time.Time }

func (s span) meets(begin, end time.Time) bool {
	return !end.Before(s.begin) && (s.end.IsZero() || !begin.After(s.end))
}

// staleSpans are when the server said that its reads may be old: it writes a line to
// its log when that begins and when it ends.
func (s *server) staleSpans() []span {
	f, err := os.Open(s.log)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	defer f.Close()
	open := map[string]time.Time{}
	var spans []span
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Time time.Time
			Msg  string
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		kind, begins := staleMark(line.Msg)
		began, is := open[kind]
		switch {
		case kind == "":
		case begins && !is:
			open[kind] = line.Time.Add(-staleMargin)
		case !begins && is:
			spans = append(spans, span{began, line.Time.Add(staleMargin)})
			delete(open, kind)
		}
	}
	for _, began := range open {
		spans = append(spans, span{begin: began})
	}
	return spans
}

// staleMargin is how much earlier than its line a stale read may have been answered.
const staleMargin = 200 * time.Millisecond

// staleMark reads a line of the store's: of which kind of staleness it tells, and
// whether that begins.
func staleMark(msg string) (kind string, begins bool) {
	switch {
	case strings.Contains(msg, "the etcd cluster does not answer"):
		return "quorum", true
	case strings.Contains(msg, "the etcd cluster answers again"):
		return "quorum", false
	case strings.Contains(msg, "no longer: this replica is behind"), strings.Contains(msg, "this replica has caught up"):
		return "behind", false
	case strings.Contains(msg, "this replica is behind"):
		return "behind", true
	}
	return "", false
}

// staleDuring reports whether any of the spans touches a call.
func staleDuring(spans []span, begin, end time.Time) bool {
	for _, s := range spans {
		if s.meets(begin, end) {
			return true
		}
	}
	return false
}
