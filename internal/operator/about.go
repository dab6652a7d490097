package operator

import "context"

// About is what a running server says of itself.
type About struct {
	Version string `json:"version"`
	API     string `json:"api,omitempty"`     // http://HOST:PORT of the plain listener
	HTTPS   string `json:"https,omitempty"`   // https://HOST:PORT of the TLS listener
	Metrics string `json:"metrics,omitempty"` // http://HOST:PORT/metrics
	Region  string `json:"region"`
	Started string `json:"started"`

	Dataplane string `json:"dataplane"`        // what carries packets, or why nothing does
	Prefix    string `json:"prefix,omitempty"` // begins the names of the namespaces that the server makes
}

// Endpoint is where the API is called from this machine; empty before it is up.
func (a About) Endpoint() string {
	if a.API != "" {
		return a.API
	}
	return a.HTTPS
}

func (s *Server) about(*request, struct{}) (About, error) { return s.About(), nil }

// Server asks what the server says of itself.
func (c *Client) Server(ctx context.Context) (About, error) {
	return ask[About](ctx, c, "server", struct{}{})
}
