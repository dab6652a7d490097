package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/wire"
)

// A front is a port of the API. Until it is handed over it answers for itself: alive,
// not ready, and ServiceUnavailable to every call.
type front struct {
	*net.TCPListener
	tls      *tls.Config // nil: plain HTTP
	starting *http.Server
	ended    chan struct{} // closed when starting accepts no more
}

func openFront(addr string, conf *tls.Config) (*front, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	f := &front{TCPListener: ln.(*net.TCPListener), tls: conf, ended: make(chan struct{})}
	f.starting = &http.Server{Handler: http.HandlerFunc(answerStarting), ReadHeaderTimeout: 10 * time.Second}
	f.starting.SetKeepAlivesEnabled(false)
	go func() {
		defer close(f.ended)
		_ = f.starting.Serve(f.secured(borrowed{f.TCPListener})) // always an error: it was told to end
	}()
	return f, nil
}

func (f *front) secured(ln net.Listener) net.Listener {
	if f.tls == nil {
		return ln
	}
	return tls.NewListener(ln, f.tls)
}

// handOver ends the front's own answers and returns the listener for the API.
func (f *front) handOver() net.Listener {
	_ = f.SetDeadline(time.Unix(1, 0)) // wakes Accept; it fails only on a closed listener
	<-f.ended
	_ = f.SetDeadline(time.Time{})
	return f.secured(f.TCPListener)
}

func (f *front) close() {
	f.TCPListener.Close()
	<-f.ended
	f.starting.Close()
}

// borrowed is a listener that its server cannot close. A deadline ends its server.
type borrowed struct{ *net.TCPListener }

var errHandedOver = errors.New("handed over")

func (b borrowed) Accept() (net.Conn, error) {
	conn, err := b.TCPListener.Accept()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errHandedOver // net/http would try again after a timeout
	}
	return conn, err
}

func (borrowed) Close() error { return nil }

func answerStarting(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/healthz":
		_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
	case "/readyz":
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"ready":false,"writable":false,"stale":false,"cause":"starting"}` + "\n"))
	default:
		refusal := &wire.Error{Code: "ServiceUnavailable", EN: "the server is starting; try again in a moment", ZH: "服务正在启动，请稍后重试"}
		_, _ = w.Write(wire.AppendError(nil, refusal, wire.English, operator.RequestID()))
	}
}
