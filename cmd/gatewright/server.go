package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/api"
	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/metrics"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// server is one running serve. Its parts start in the order of the fields, and stop in
// the opposite one; a part that is nil was not started.
type server struct {
	conf    *Config
	log     *slog.Logger
	failed  context.CancelCauseFunc // ends the run with an error
	started time.Time

	socket  net.Listener // the operator's; also what keeps a second server out
	fronts  []*front     // plain HTTP and TLS
	scrapes net.Listener
	store   *store.Store
	control *control.Control
	plane   *dataplane // nil: nothing carries packets
	unable  error      // why not, with --dataplane=auto
	metrics *metrics.Metrics
	api     *api.Server
	servers []*http.Server // operator and metrics

	stopRunning context.CancelFunc // control's and the data plane's loops
	running     sync.WaitGroup
	ready       atomic.Pointer[operator.About]
}

// start brings everything up. When it fails, stop takes down what was up already.
func (s *server) start(ctx context.Context) error {
	var err error
	if s.socket, err = operator.Listen(s.conf.DataDir); err != nil {
		return err
	}
	if err := s.listen(); err != nil {
		return err
	}
	if err := s.choosePlane(ctx); err != nil {
		return err
	}
	if s.store, err = s.openStore(ctx); err != nil {
		return err
	}
	if s.control, err = s.newControl(); err != nil {
		return err
	}
	if err := s.keepCredentials(ctx); err != nil {
		return err
	}
	if err := s.runLoops(ctx); err != nil {
		return err
	}
	s.metrics = metrics.New(s.control, version)
	if s.plane != nil {
		s.metrics.Carry(s.plane.carried(s.conf))
	}
	s.serveAPI()
	s.serveOperator()
	if s.scrapes != nil {
		s.serve(s.scrapes, s.metrics.Handler())
	}
	return nil
}

// listen opens the fronts, which say "starting" from now on, and the metrics' port.
func (s *server) listen() error {
	for _, f := range []struct {
		flag, addr string
		secure     bool
	}{{"listen", s.conf.Listen, false}, {"tls-listen", s.conf.TLSListen, true}} {
		if f.addr == "" {
			continue
		}
		var conf *tls.Config
		if f.secure {
			var err error
			if conf, err = s.conf.tlsConfig(); err != nil {
				return err
			}
		}
		front, err := openFront(f.addr, conf)
		if err != nil {
			return fmt.Errorf("--%s: %w", f.flag, err)
		}
		s.fronts = append(s.fronts, front)
	}
	if s.conf.MetricsListen == "" {
		return nil
	}
	var err error
	if s.scrapes, err = net.Listen("tcp", s.conf.MetricsListen); err != nil {
		return fmt.Errorf("--metrics-listen: %w", err)
	}
	return nil
}

func (s *server) openStore(ctx context.Context) (*store.Store, error) {
	conn, err := s.conf.Etcd.tls()
	if err != nil {
		return nil, err
	}
	password, err := s.conf.Etcd.password()
	if err != nil {
		return nil, err
	}
	minFree := int64(s.conf.MinFree)
	if minFree == 0 {
		minFree = -1 // the store's way to say none
	}
	st, err := store.Open(ctx, store.Options{
		DataDir: s.conf.DataDir, Endpoints: s.conf.Etcd.Endpoints, TLS: conn, User: s.conf.Etcd.User, Password: password,
		MasterKeyFile: s.conf.MasterKeyFile, MinFree: minFree, AuditKeep: s.conf.AuditKeep, Logger: s.log,
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return st, nil
}

func (s *server) newControl() (*control.Control, error) {
	pool, err := s.conf.pool()
	if err != nil {
		return nil, err
	}
	prices, err := s.conf.priceBook()
	if err != nil {
		return nil, err
	}
	callRate := s.conf.RateLimit
	if callRate == 0 {
		callRate = -1 // control's way to say no limit
	}
	var host vpc.HostName
	var traffic func(context.Context, vpc.GatewayID, vpc.Instant) ([]vpc.PeerTraffic, error)
	if s.plane != nil {
		host, traffic = vpc.HostName(s.conf.HostName), s.plane.traffic
	}
	return control.New(s.store, control.Config{
		HostName: host, Traffic: traffic,
		Region: vpc.Region(s.conf.Region), Zones: s.conf.zones(), Site: vpc.Site(s.conf.Site), Settle: s.conf.Settle,
		Pool: pool, ReuseAfter: s.conf.PublicReuseAfter, Grace: s.conf.Grace, Prices: prices, Rate: callRate, Logger: s.log,
	}), nil
}

// choosePlane opens the data plane, if there is to be one. With --dataplane=auto a
// machine that turns out to be unable gets none.
func (s *server) choosePlane(ctx context.Context) error {
	if !s.conf.carries() {
		if s.conf.Dataplane != planeOff {
			s.unable = planeMissing()
		}
		return nil
	}
	var err error
	if s.plane, err = s.openPlane(ctx); err == nil {
		return nil
	}
	s.plane = nil
	if s.conf.Dataplane != planeAuto || ctx.Err() != nil {
		return fmt.Errorf("data plane: %w", err)
	}
	s.unable, s.conf.Dataplane = err, planeOff
	return nil
}

// runLoops starts what works beside the calls: control's queue, then the data plane.
func (s *server) runLoops(ctx context.Context) error {
	running, stop := context.WithCancel(context.Background())
	s.stopRunning = stop
	s.running.Go(func() {
		if err := s.control.Run(running); err != nil && running.Err() == nil {
			s.failed(fmt.Errorf("control: %w", err))
		}
	})
	if s.plane != nil {
		if err := s.plane.announce(ctx, s); err != nil {
			return fmt.Errorf("data plane: %w", err)
		}
	}
	if err := s.control.AdoptGateways(ctx); err != nil {
		return err
	}
	if s.plane == nil {
		return nil
	}
	if err := s.plane.run(running, s); err != nil {
		return fmt.Errorf("data plane: %w", err)
	}
	return nil
}

func (s *server) serveAPI() {
	s.api = api.New(api.Config{Control: s.control, Region: vpc.Region(s.conf.Region), Observe: s.metrics.Observe, Logger: s.log})
	for _, f := range s.fronts {
		ln := f.handOver()
		s.running.Go(func() {
			if err := s.api.Serve(ln); err != nil {
				s.failed(fmt.Errorf("api: %w", err))
			}
		})
	}
}

func (s *server) serveOperator() {
	about := s.describe()
	s.ready.Store(&about)
	op := &operator.Server{Control: s.control, About: s.about, Restored: s.keepCredentials, Serves: serves, Logger: s.log}
	if s.plane != nil {
		op.Machine, op.Negotiations, op.SSLServer = s.plane.look, s.plane.negotiations, s.plane.dialled
	}
	s.serve(s.socket, op.Handler())
}

func serves(action string) bool {
	a := wire.Actions[action]
	return a != nil && a.Served
}

// serve runs an HTTP server of our own on a listener.
func (s *server) serve(ln net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.servers = append(s.servers, srv)
	s.running.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.failed(err)
		}
	})
}

// about is what the server says of itself, empty until it is ready.
func (s *server) about() operator.About {
	if a := s.ready.Load(); a != nil {
		return *a
	}
	return operator.About{}
}

func (s *server) describe() operator.About {
	a := operator.About{Version: version, Region: s.conf.Region, Started: s.started.UTC().Format(time.RFC3339)}
	a.Dataplane, a.Prefix = s.describePlane()
	for _, f := range s.fronts {
		if f.tls == nil {
			a.API = "http://" + reachable(f.Addr())
		} else {
			a.HTTPS = "https://" + reachable(f.Addr())
		}
	}
	if s.scrapes != nil {
		a.Metrics = "http://" + reachable(s.scrapes.Addr()) + "/metrics"
	}
	return a
}

// describePlane says what carries packets, or why nothing does.
func (s *server) describePlane() (text, prefix string) {
	switch {
	case s.plane != nil:
		return s.plane.describe()
	case s.unable != nil:
		return "off: " + s.unable.Error(), ""
	}
	return "off", ""
}

// reachable is how this machine calls a listener: by loopback if it listens everywhere.
func reachable(addr net.Addr) string {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil || !ap.Addr().IsUnspecified() {
		return addr.String()
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return netip.AddrPortFrom(loopback, ap.Port()).String()
}

// How long stopping may take: all of it, and the calls at work within it.
const (
	stopTime  = 4500 * time.Millisecond
	drainTime = 3 * time.Second
)

// stop takes everything down within stopTime. What is late is left behind: the store
// is made to lose nothing by that.
func (s *server) stop() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.stopParts()
	}()
	select {
	case <-done:
	case <-time.After(stopTime):
		s.log.Warn("stopping took too long; the rest is left to the next start")
	}
}

func (s *server) stopParts() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if s.api != nil {
		if err := s.api.Shutdown(ctx); err != nil {
			s.log.Warn("some calls were cut off", "error", err)
		}
	}
	for _, srv := range s.servers {
		if err := srv.Shutdown(ctx); err != nil {
			srv.Close()
		}
	}
	if s.stopRunning != nil {
		s.stopRunning()
	}
	s.running.Wait()
	if s.plane != nil && s.store != nil {
		s.plane.withdraw(ctx, s)
	}
	for _, f := range s.fronts {
		f.close()
	}
	if s.scrapes != nil {
		s.scrapes.Close()
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Warn("store", "error", err)
		}
	}
	if s.socket != nil {
		s.socket.Close()
	}
}
