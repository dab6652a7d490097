package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// Config is what a Server is made of. Control and Region are needed; the zero value of
// the rest means the default.
type Config struct {
	Control *control.Control
	Region  vpc.Region // of calls that name none

	// PublicNames are hosts that a caller may have signed although the request says
	// another one, because something in between replaced it. Nil: the vendor's own.
	PublicNames []string

	// BodyMemory bounds, in bytes, the request bodies that are held before their
	// signature is verified. Default 128 MiB.
	BodyMemory int64

	// Observe is told of every API call: an action's name ("unknown" for one that the
	// vendor does not have), "OK" or an error code, and how long it took.
	Observe func(action, code string, took time.Duration)

	Logger *slog.Logger // default: none
}

const defaultBodyMemory = 128 << 20

var vendorNames = []string{
	"vpc.tencentcloudapi.com", "tag.tencentcloudapi.com", "sts.tencentcloudapi.com",
	"vpc.intl.tencentcloudapi.com", "tag.intl.tencentcloudapi.com", "sts.intl.tencentcloudapi.com",
}

// keeper is what the front asks of control on every call.
type keeper interface {
	Authenticate(ctx context.Context, secretID string) (*control.Credential, error)
	Permit(cred *control.Credential, action string, write bool) error
	Rate(account vpc.AccountID, action string) int
	TakeFault(ctx context.Context, caller *control.Caller) (*vpc.Fault, error)
	RecordCall(caller *control.Caller, result string)
	Health() control.Health
}

// A Server answers the API. Make one with New.
type Server struct {
	control  *control.Control
	keeper   keeper
	cfg      Config
	log      *slog.Logger
	bodies   *bodyBudget
	limiter  *limiter
	keys     wire.TC3Keys
	http     *http.Server
	draining atomic.Bool
}

// New makes a Server.
func New(cfg Config) *Server { return newServer(cfg, cfg.Control) }

func newServer(cfg Config, k keeper) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.PublicNames == nil {
		cfg.PublicNames = vendorNames
	}
	if cfg.BodyMemory == 0 {
		cfg.BodyMemory = defaultBodyMemory
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, string, time.Duration) {}
	}
	s := &Server{
		control: cfg.Control,
		keeper:  k,
		cfg:     cfg,
		log:     cfg.Logger,
		bodies:  newBodyBudget(max(cfg.BodyMemory, minBodyMemory)),
		limiter: newLimiter(),
	}
	s.http = newHTTP(http.HandlerFunc(s.route), cfg.Logger)
	return s
}

// How long a client may take. A fault's latency is added to writeTimeout.
const (
	headTimeout  = 10 * time.Second
	readTimeout  = 30 * time.Second // head and body together
	writeTimeout = 60 * time.Second
	idleTimeout  = 3 * time.Minute
)

// maxHead bounds a request's head in bytes, beyond which net/http answers 431.
const maxHead = 64 << 10

func newHTTP(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            headTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHead,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Serve answers what comes in on l until Shutdown, and then returns nil. Host lines are
// repaired. For TLS, l does the TLS, offering http/1.1 alone.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(Repair(l)); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// Handler answers requests that come by another way than Serve; those whose Host line
// holds a URL never reach it.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del(repairedHeader)
		s.route(w, r)
	})
}

// Drain makes /readyz say that this server is going, and answers on.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops listening and waits for the calls at work until ctx ends; what is
// still at work then is cut off, and ctx's error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	return err
}

// route sends a request to the API or to the health endpoints. An absolute-form request
// is answered here as if it had come for this host: nothing is ever forwarded.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	c := newCall(w, r)
	defer c.free()
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch path := r.URL.Path; {
	case r.Method == http.MethodConnect:
		s.refuseConnect(c)
	case path == "/healthz" && get:
		s.healthz(c)
	case path == "/readyz" && get:
		s.readyz(c)
	case path == "" || path == "/" || path == "*":
		s.serveAPI(c)
	default:
		s.refuse(c, http.StatusNotFound, vpc.Refuse(vpc.InvalidAction, "", "this server answers the API at the path / alone", "本服务仅在路径 / 提供 API"))
	}
}

// refuseConnect must not use HTTP 200, which would tell the client that a tunnel is open.
func (s *Server) refuseConnect(c *call) {
	c.w.Header().Set("Connection", "close")
	s.refuse(c, http.StatusMethodNotAllowed, vpc.Refuse(vpc.UnsupportedProtocol, "", "this server is no proxy; CONNECT is refused", "本服务不是代理，拒绝 CONNECT"))
}
