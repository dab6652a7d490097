package metrics

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// SSLServer counts what an SSL server's process has done. Counters only grow while the
// program runs.
type SSLServer struct {
	Sessions int
	In, Out  uint64         // bytes from and to clients
	Refused  map[string]int // by reason, of which there are few
	Expelled uint64
	Starts   uint64
}

var (
	ofSSLServer  = []string{"gateway", "sslserver"}
	sslDirection = []string{"gateway", "sslserver", "direction"}
	sslReason    = []string{"gateway", "sslserver", "reason"}
	sslStatus    = []string{"gateway", "sslserver", "status"}

	sslUp           = prometheus.NewDesc("gatewright_sslserver_up", "1 while the SSL server takes clients, 0 while it is configured and does not.", ofSSLServer, nil)
	sslSessions     = prometheus.NewDesc("gatewright_sslserver_sessions", "Connected clients.", ofSSLServer, nil)
	sslLimit        = prometheus.NewDesc("gatewright_sslserver_sessions_limit", "Clients that may be connected at once (MaxConnection).", ofSSLServer, nil)
	sslBytes        = prometheus.NewDesc("gatewright_sslserver_bytes_total", "Bytes of sessions, from clients (in) and to them (out).", sslDirection, nil)
	sslRefused      = prometheus.NewDesc("gatewright_sslserver_refused_total", "Clients that were not let in: disabled or gone (unknown), with an older certificate (replaced) or one that has ended (invalid), without AEAD where that is asked for (old), without AEAD and without the cipher of the server (cipher), over MaxConnection (full).", sslReason, nil)
	sslExpelled     = prometheus.NewDesc("gatewright_sslserver_expelled_total", "Sessions ended because their client was disabled, deleted or given another certificate, or its certificate ended.", ofSSLServer, nil)
	sslStarts       = prometheus.NewDesc("gatewright_sslserver_starts_total", "Starts of the OpenVPN process.", ofSSLServer, nil)
	sslCertificates = prometheus.NewDesc("gatewright_sslserver_certificates", "Clients' certificates, by what they are good for.", sslStatus, nil)
	sslRevoked      = prometheus.NewDesc("gatewright_sslserver_revoked_certificates", "Certificates that were revoked and would still be valid.", ofSSLServer, nil)

	sslDescs = []*prometheus.Desc{sslUp, sslSessions, sslLimit, sslBytes, sslRefused, sslExpelled, sslStarts, sslCertificates, sslRevoked}
)

// certStatuses are the labels of certificates.
var certStatuses = map[vpc.CertStatus]string{
	vpc.CertCreating: "creating", vpc.CertNormal: "normal", vpc.CertDisabled: "disabled", vpc.CertExpired: "expired",
}

// sslServers writes the series of the host's SSL servers.
func (s *carried) sslServers(out series) {
	counted := map[vpc.SSLServerID]SSLServer{}
	if s.SSLServers != nil {
		counted = s.SSLServers()
	}
	for _, x := range s.c.CarriedSSL(s.Host) {
		n, ok := counted[x.ID]
		out.sslServer(x, n, ok)
	}
}

// sslServer writes a server's sessions, 0 where its process is not there, and what it
// has counted where it is.
func (s series) sslServer(x control.SSLCarried, n SSLServer, counted bool) {
	g, id := string(x.Gateway), string(x.ID)
	s.gauge(sslUp, number(x.Up), g, id)
	s.gauge(sslSessions, float64(n.Sessions), g, id)
	s.gauge(sslLimit, float64(x.Limit), g, id)
	for status, name := range certStatuses {
		s.gauge(sslCertificates, float64(x.Certificates[status]), g, id, name)
	}
	s.gauge(sslRevoked, float64(x.Revoked), g, id)
	if !counted {
		return
	}
	s.counter(sslBytes, n.In, g, id, "in")
	s.counter(sslBytes, n.Out, g, id, "out")
	for _, why := range slices.Sorted(maps.Keys(n.Refused)) {
		s.counter(sslRefused, uint64(n.Refused[why]), g, id, why)
	}
	s.counter(sslExpelled, n.Expelled, g, id)
	s.counter(sslStarts, n.Starts, g, id)
}
