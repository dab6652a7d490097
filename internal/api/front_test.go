package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// signer is the one key that a fakeKeeper knows, unless told of more.
var signer = wire.Credential{SecretID: "AKIDEXAMPLE0000000000000000000000000", SecretKey: "SecretKeyExample0000000000000000"}

// A fakeKeeper stands in for control.
type fakeKeeper struct {
	mu      sync.Mutex
	rate    int
	deny    error
	fault   *vpc.Fault
	health  control.Health
	refused []string // audit of calls that changed nothing
	failing error    // of Authenticate
}

func (k *fakeKeeper) Authenticate(_ context.Context, id string) (*control.Credential, error) {
	if k.failing != nil {
		return nil, k.failing
	}
	if id != signer.SecretID {
		return nil, vpc.Refuse(vpc.AuthFailureSecretIdNotFound, "SecretId", "there is no such key", "密钥不存在")
	}
	return &control.Credential{KeyID: id, Account: 100000000001, Role: vpc.RoleAdmin, Secret: vpc.Secret(signer.SecretKey)}, nil
}

func (k *fakeKeeper) Permit(*control.Credential, string, bool) error { return k.deny }
func (k *fakeKeeper) Rate(vpc.AccountID, string) int                 { return k.rate }
func (k *fakeKeeper) Health() control.Health                         { return k.health }

func (k *fakeKeeper) TakeFault(context.Context, *control.Caller) (*vpc.Fault, error) {
	return k.fault, nil
}

func (k *fakeKeeper) RecordCall(c *control.Caller, result string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refused = append(k.refused, fmt.Sprintf("%s %s %s fault=%v params=%s", c.Action, result, c.Region, c.Fault, c.Params))
}

// A front is a server with a fake behind it and a log that can be read.
type front struct {
	*Server
	keeper *fakeKeeper
	log    *syncBuffer
	seen   []string // what Observe was told
	addr   string   // of the listener, once serve was called
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func newFront(t testing.TB) *front {
	t.Helper()
	f := &front{keeper: &fakeKeeper{health: control.Health{Ready: true, Writable: true}}, log: &syncBuffer{}}
	var mu sync.Mutex
	f.Server = newServer(Config{
		Region: "ap-guangzhou",
		Logger: slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(action, code string, _ time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			f.seen = append(f.seen, action+" "+code)
		},
	}, f.keeper)
	return f
}

// serve starts the front on loopback.
func (f *front) serve(t testing.TB) *front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- f.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		f.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f
}

// stub makes an action answer with m until the test ends.
func stub[In any, Out wire.Encoder](t testing.TB, name string, m func(context.Context, *control.Caller, *In) (Out, error)) {
	t.Helper()
	before, had := methods[name]
	delete(methods, name)
	register(name, func(_ *Server, ctx context.Context, c *control.Caller, in *In) (Out, error) { return m(ctx, c, in) })
	t.Cleanup(func() {
		delete(methods, name)
		if had {
			methods[name] = before
		}
	})
}

// stubCreate answers CreateVpnGateway with what it was asked, as the front understood it.
func stubCreate(t testing.TB) {
	stub(t, "CreateVpnGateway", func(_ context.Context, c *control.Caller, in *wire.CreateVpnGatewayRequest) (*wire.CreateVpnGatewayResponse, error) {
		g := wire.VpnGateway{Zone: string(c.Region), TagSet: []wire.Tag{}}
		if in.VpcId != nil {
			g.VpcId = *in.VpcId
		}
		if in.VpnGatewayName != nil {
			g.VpnGatewayName = *in.VpnGatewayName
		}
		if in.InternetMaxBandwidthOut != nil {
			g.InternetMaxBandwidthOut = *in.InternetMaxBandwidthOut
		}
		g.TagSet = append(g.TagSet, in.Tags...)
		return &wire.CreateVpnGatewayResponse{VpnGateway: g}, nil
	})
}

const createBody = `{"VpcId":"vpc-abcd1234","VpnGatewayName":"gw test/1","InternetMaxBandwidthOut":5,"Tags":[{"Key":"city","Value":"上海"}]}`

// created is what an echoed createBody looks like.
const created = "vpc-abcd1234 gw test/1 5 city=上海 ap-guangzhou"

// A plain request, before it is written as text.
type request struct {
	method, target string // default: POST /
	host           string // of the Host line
	signed         string // host that is signed, default: host
	service        string // default: vpc
	action         string // default: CreateVpnGateway
	version        string // default: 2017-03-12
	contentType    string // default: application/json
	body           string
	at             time.Time // default: now
	headers        []string  // more lines, each may replace one of the same name
	key            wire.Credential
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// tc3 writes the request out, signed.
func (q request) tc3() string {
	q.method, q.target = or(q.method, "POST"), or(q.target, "/")
	q.host, q.contentType = or(q.host, "vpc.example.test"), or(q.contentType, "application/json")
	q.at, q.key = or(q.at, time.Now()), or(q.key, signer)
	m := &wire.Message{Method: q.method, Hosts: []string{or(q.signed, q.host)}, Body: []byte(q.body), Header: http.Header{"Content-Type": {q.contentType}}}
	_, m.Query, _ = strings.Cut(q.target, "?")
	for _, line := range q.headers {
		name, value, _ := strings.Cut(line, ": ")
		m.Header.Add(name, value)
	}
	lines := []string{
		"Host: " + q.host,
		"Content-Type: " + q.contentType,
		"X-TC-Action: " + or(q.action, "CreateVpnGateway"),
		"X-TC-Version: " + or(q.version, "2017-03-12"),
		"X-TC-Timestamp: " + fmt.Sprint(q.at.Unix()),
		"Authorization: " + q.key.SignTC3(m, or(q.service, "vpc"), q.at),
	}
	if q.body != "" {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(q.body)))
	}
	for _, line := range q.headers {
		lines = replaceLine(lines, line)
	}
	return q.method + " " + q.target + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + q.body
}

// replaceLine puts a header line in the place of one with its name; a value of - only
// takes the other out.
func replaceLine(lines []string, line string) []string {
	name, value, _ := strings.Cut(line, ": ")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.EqualFold(l[:strings.Index(l, ":")], name) })
	if value == "-" {
		return lines
	}
	return append(lines, line)
}

// An answer is one response, read whole.
type answer struct {
	status  int
	headers []string // the lines, without Date
	header  http.Header
	body    string
}

// talk sends text over one connection and reads n answers.
func (f *front) talk(t testing.TB, n int, text ...string) []answer {
	t.Helper()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return converse(t, conn, n, text...)
}

func converse(t testing.TB, conn net.Conn, n int, text ...string) []answer {
	t.Helper()
	go io.WriteString(conn, strings.Join(text, ""))
	var raw bytes.Buffer
	br := bufio.NewReader(io.TeeReader(conn, &raw))
	answers := make([]answer, n)
	for i := range answers {
		answers[i] = readAnswer(t, br, &raw)
	}
	return answers
}

func readAnswer(t testing.TB, br *bufio.Reader, raw *bytes.Buffer) answer {
	t.Helper()
	r, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(raw.String(), "\r\n\r\n")
	a := answer{status: r.StatusCode, header: r.Header, body: string(body)}
	for _, line := range strings.Split(head, "\r\n")[1:] {
		if !strings.HasPrefix(line, "Date: ") {
			a.headers = append(a.headers, line)
		}
	}
	raw.Reset()
	raw.Write(bytesBuffered(br))
	return a
}

func bytesBuffered(br *bufio.Reader) []byte {
	b, _ := br.Peek(br.Buffered())
	return b
}

// one sends one request and returns its answer, which must be an API answer in form.
func (f *front) one(t testing.TB, text string) answer {
	t.Helper()
	a := f.talk(t, 1, text)[0]
	a.check(t)
	return a
}

var requestIDForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// check holds an answer against what every API answer must be.
func (a answer) check(t testing.TB) {
	t.Helper()
	if a.status != 200 || !slices.Contains(a.headers, "Content-Type: application/json") {
		t.Errorf("status %d, headers %q", a.status, a.headers)
	}
	for _, line := range a.headers {
		if name, _, _ := strings.Cut(line, ":"); !slices.Contains([]string{"Content-Type", "Content-Length", "X-TC-TraceId", "Connection"}, name) {
			t.Errorf("odd header %q", line)
		}
	}
	if id := a.parse(t).Response.RequestID; !requestIDForm.MatchString(id) {
		t.Errorf("request id %q in %s", id, a.body)
	}
}

type envelope struct {
	Response struct {
		Error      *struct{ Code, Message string }
		VpnGateway *struct {
			VpcId, VpnGatewayName, Zone string
			InternetMaxBandwidthOut     int
			TagSet                      []struct{ Key, Value string }
		}
		RequestID string `json:"RequestId"`
	}
}

func (a answer) parse(t testing.TB) (e envelope) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return e
}

// code is the error's code, or what a stubbed create was asked.
func (a answer) code(t testing.TB) string {
	t.Helper()
	e := a.parse(t).Response
	switch {
	case e.Error != nil:
		return e.Error.Code
	case e.VpnGateway != nil:
		g := e.VpnGateway
		text := fmt.Sprintf("%s %s %d", g.VpcId, g.VpnGatewayName, g.InternetMaxBandwidthOut)
		for _, tag := range g.TagSet {
			text += " " + tag.Key + "=" + tag.Value
		}
		return text + " " + g.Zone
	}
	return "OK"
}

func (a answer) message(t testing.TB) string {
	t.Helper()
	if e := a.parse(t).Response.Error; e != nil {
		return e.Message
	}
	return ""
}
