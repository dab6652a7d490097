package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// pipeListener gives the server one end of an in-memory connection per dial.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{make(chan net.Conn), make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.done); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial() net.Conn {
	near, far := net.Pipe()
	l.conns <- far
	return near
}

// inBubble runs a test on a front whose clock is the bubble's.
func inBubble(t *testing.T, test func(t *testing.T, f *front, dial func() net.Conn)) {
	stubCreate(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFront(t)
		l := newPipeListener()
		done := make(chan error)
		go func() { done <- f.Serve(l) }()
		test(t, f, l.dial)
		f.Shutdown(t.Context())
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestSlowClients ends what comes too slowly, at a known time.
func TestSlowClients(t *testing.T) {
	head := func(length int) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", length)
	}
	for _, c := range []struct {
		name, text, drip string
		want             time.Duration
		answer           string
	}{
		{"a head that never ends", "POST / HTTP/1.1\r\n", "A: b\r\n", headTimeout, ""},
		{"a line that never ends", "POST / HTTP/1.1\r\n", "A", headTimeout, ""},
		{"a body that never comes", head(100), "", readTimeout, "InvalidRequest"},
		{"a body that drips", head(100), "x", readTimeout, "InvalidRequest"},
		{"silence", "", "", headTimeout, ""},
	} {
		inBubble(t, func(t *testing.T, f *front, dial func() net.Conn) {
			conn, start := dial(), time.Now()
			go func() {
				_, err := io.WriteString(conn, c.text)
				for err == nil && c.drip != "" {
					time.Sleep(time.Second)
					_, err = io.WriteString(conn, c.drip)
				}
			}()
			text, _ := io.ReadAll(conn)
			if took := time.Since(start).Round(time.Second); took < c.want || took > c.want+2*time.Second {
				t.Errorf("%s: ended after %v, want %v", c.name, took, c.want)
			}
			if !strings.Contains(string(text), c.answer) {
				t.Errorf("%s: answered %q", c.name, text)
			}
			conn.Close()
			time.Sleep(2 * time.Second) // the drip ends, too
			if f.bodies.free != defaultBodyMemory {
				t.Errorf("%s: %d bytes of the budget are free", c.name, f.bodies.free)
			}
		})
	}
}

// TestBodiesShareOneBound holds the budget by bodies that do not end, and sees others
// wait, be sent away, and be let in again.
func TestBodiesShareOneBound(t *testing.T) {
	inBubble(t, func(t *testing.T, f *front, dial func() net.Conn) {
		f.bodies = newBodyBudget(2*firstRead + 100) // two bodies, and what parsing one of them takes
		var slow []net.Conn
		for range 2 {
			conn := dial()
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nA")
			slow = append(slow, conn)
		}
		synctest.Wait()
		ask := func() (string, time.Duration) {
			conn, start := dial(), time.Now()
			defer conn.Close()
			a := converse(t, conn, 1, request{body: createBody}.tc3())[0]
			a.check(t)
			return a.code(t), time.Since(start)
		}
		if code, took := ask(); code != "ServiceUnavailable" || took != bodyWait {
			t.Errorf("with no memory left: got %s after %v", code, took)
		}
		go func() {
			time.Sleep(time.Second)
			io.WriteString(slow[0], "ction=abc")
			io.Copy(io.Discard, slow[0])
		}()
		if code, took := ask(); code != created || took != time.Second {
			t.Errorf("after a second: got %s after %v", code, took)
		}
		for _, conn := range slow {
			conn.Close()
		}
	})
}

// TestUnreadBodiesCostNothing refuses by the head alone where it can.
func TestUnreadBodiesCostNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *front, dial func() net.Conn) {
		f.bodies = newBodyBudget(0)
		for _, q := range []request{
			{body: createBody, headers: []string{"Authorization: SKIP"}},
			{body: createBody, key: wire.Credential{SecretID: "AKIDNOBODY", SecretKey: "x"}},
			{body: createBody, at: time.Now().Add(-time.Hour)},
		} {
			conn := dial()
			a := converse(t, conn, 1, q.tc3())[0]
			if got := a.code(t); !strings.HasPrefix(got, "AuthFailure.") {
				t.Errorf("got %s", got)
			}
			conn.Close()
		}
	})
}

func TestFaultLatency(t *testing.T) {
	inBubble(t, func(t *testing.T, f *front, dial func() net.Conn) {
		f.keeper.fault = &vpc.Fault{Code: vpc.InternalError, Latency: int64(4 * time.Minute)}
		conn, start := dial(), time.Now()
		a := converse(t, conn, 1, request{body: createBody}.tc3())[0]
		if took := time.Since(start); a.code(t) != "InternalError" || took != 4*time.Minute {
			t.Errorf("got %s after %v", a.body, took)
		}
		conn.Close()

		conn = dial()
		io.WriteString(conn, request{body: createBody}.tc3())
		synctest.Wait()
		conn.Close() // the caller goes away in the middle of the latency
		synctest.Wait()
		if log := f.log.String(); strings.Contains(log, "ERROR") || !strings.Contains(log, "the caller went away") {
			t.Errorf("logged %s", log)
		}
	})
}

// TestShutdown lets the call at work end, refuses readiness meanwhile, and cuts off what
// does not end in time.
func TestShutdown(t *testing.T) {
	started, release := make(chan struct{}, 2), make(chan struct{})
	stub(t, "CreateVpnGateway", func(ctx context.Context, _ *control.Caller, _ *wire.CreateVpnGatewayRequest) (*wire.CreateVpnGatewayResponse, error) {
		started <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return &wire.CreateVpnGatewayResponse{}, nil
	})
	for _, ends := range []bool{true, false} {
		f := newFront(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- f.Serve(l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, request{body: createBody}.tc3())
		<-started
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		down := make(chan error, 1)
		go func() { down <- f.Shutdown(ctx) }()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if ends {
			release <- struct{}{}
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if answered := err == nil && r.StatusCode == 200; answered != ends {
			t.Errorf("answered %v, want %v (%v)", answered, ends, err)
		}
		if err := <-down; (err == nil) != ends {
			t.Errorf("shutdown: %v", err)
		}
		cancel()
		conn.Close()
	}
}

func TestHealth(t *testing.T) {
	f := newFront(t).serve(t)
	for _, c := range []struct {
		path   string
		set    func()
		status int
		want   string
	}{
		{"/healthz", func() {}, 200, `{"status":"ok"}`},
		{"/readyz", func() {}, 200, `{"ready":true,"writable":true,"stale":false}`},
		{"/readyz", func() { f.keeper.health = control.Health{Ready: true, Stale: true, Cause: "no quorum"} }, 200, `{"ready":true,"writable":false,"stale":true,"cause":"no quorum"}`},
		{"/readyz", func() { f.keeper.health = control.Health{Cause: "loading"} }, 503, `{"ready":false,"writable":false,"stale":false,"cause":"loading"}`},
		{"/readyz", func() { f.keeper.health = control.Health{Ready: true, Writable: true}; f.Drain() }, 503, `{"ready":false,"draining":true,"writable":true,"stale":false}`},
		{"/healthz", func() {}, 200, `{"status":"ok"}`},
	} {
		c.set()
		a := f.talk(t, 1, "GET "+c.path+" HTTP/1.1\r\nHost: x\r\n\r\n")[0]
		if a.status != c.status || strings.TrimSpace(a.body) != c.want {
			t.Errorf("%s: got %d %s, want %d %s", c.path, a.status, a.body, c.status, c.want)
		}
	}
}

// TestTLS repairs inside of TLS, too: tccli may be given https:// for an endpoint.
func TestTLS(t *testing.T) {
	stubCreate(t)
	lent := httptest.NewTLSServer(nil) // for its certificate
	defer lent.Close()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := newFront(t)
	served := make(chan error, 1)
	go func() {
		served <- f.Serve(tls.NewListener(plain, &tls.Config{Certificates: lent.TLS.Certificates, NextProtos: []string{"http/1.1"}}))
	}()
	trusted := lent.Client().Transport.(*http.Transport).TLSClientConfig
	conn, err := tls.Dial("tcp", plain.Addr().String(), trusted)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	broken := request{host: "https://" + plain.Addr().String(), body: createBody}.tc3()
	for _, a := range converse(t, conn, 3, broken, terraform(), node(plain.Addr().String())) {
		a.check(t)
		if got := a.code(t); got != created {
			t.Errorf("got %s", got)
		}
	}
	f.Shutdown(t.Context())
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestHandlerTrustsNoNote sends a note about a repair where nothing repairs.
func TestHandlerTrustsNoNote(t *testing.T) {
	stubCreate(t)
	f := newFront(t)
	text := request{host: "a.test", signed: "http://b.test", body: createBody}.tc3()
	for _, c := range []struct {
		note, want string
	}{{"http://b.test", "AuthFailure.SignatureFailure"}, {overlong, "AuthFailure.SignatureFailure"}} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(repairedHeader, c.note)
		w := &recorder{}
		f.Handler().ServeHTTP(w, r)
		if got := (answer{body: w.body.String()}).code(t); got != c.want {
			t.Errorf("%s: got %s, want %s", c.note, got, c.want)
		}
	}
}

// recorder is a ResponseWriter that can be used again.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
func (w *recorder) WriteHeader(int)             {}

// BenchmarkHandler is one CreateVpnGateway through the whole front, without the network
// and without control.
func BenchmarkHandler(b *testing.B) {
	stubCreate(b)
	f := newFront(b)
	f.Server.log, f.cfg.Observe = newServer(Config{}, f.keeper).log, func(string, string, time.Duration) {}
	f.keeper.rate = 1 << 40
	head, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request{body: createBody}.tc3())))
	if err != nil {
		b.Fatal(err)
	}
	w, body := &recorder{}, strings.NewReader(createBody)
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(createBody)
		head.Body = io.NopCloser(body)
		w.body.Reset()
		f.route(w, head)
	}
	if got := (answer{body: w.body.String()}).code(b); got != created {
		b.Fatal(got)
	}
}

// BenchmarkServe is the same over loopback, one caller.
func BenchmarkServe(b *testing.B) {
	stubCreate(b)
	f := newFront(b)
	f.Server.log = newServer(Config{}, f.keeper).log
	f.serve(b)
	text := request{body: createBody}.tc3()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	br := bufio.NewReader(conn)
	b.ReportAllocs()
	for b.Loop() {
		io.WriteString(conn, text)
		r, err := http.ReadResponse(br, nil)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
	}
}
