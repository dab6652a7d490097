package api

import (
	"encoding/json"
	"net/http"
)

// healthz says that the process answers.
func (s *Server) healthz(c *call) {
	c.send(http.StatusOK, []byte(`{"status":"ok"}`+"\n"))
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready    bool   `json:"ready"`
	Draining bool   `json:"draining,omitempty"`
	Writable bool   `json:"writable"`
	Stale    bool   `json:"stale"` // reads may miss acknowledged writes
	Cause    string `json:"cause,omitempty"`
}

// readyz says with its status whether calls should be sent here, and in its body what
// the store can do. A server that can read but not write is ready.
func (s *Server) readyz(c *call) {
	h := s.keeper.Health()
	draining := s.draining.Load()
	answer := readiness{
		Ready: h.Ready && !draining, Draining: draining,
		Writable: h.Writable, Stale: h.Stale, Cause: h.Cause,
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	text, err := json.Marshal(answer)
	if err != nil {
		s.log.Error("api: readiness", "error", err)
	}
	c.send(status, append(text, '\n'))
}
