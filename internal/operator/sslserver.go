package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// SSLServerRef is the inputs of debug sslserver.
type SSLServerRef struct {
	ID vpc.SSLServerID `json:"id"`
}

// SSLServer is who is connected to an SSL server of this host, and how many were refused.
type SSLServer struct {
	Sessions []SSLSession   `json:"sessions"`
	Refused  map[string]int `json:"refused"` // since this program has known the server, by reason
}

// SSLSession is one connected client.
type SSLSession struct {
	Client  vpc.SSLClientID `json:"client"`
	Address string          `json:"address"`
	Source  string          `json:"source"`
	In      uint64          `json:"in"` // bytes from the client
	Out     uint64          `json:"out"`
	Since   string          `json:"since"`
	Cipher  string          `json:"cipher"`
}

func (s *Server) sslServer(r *request, in SSLServerRef) (SSLServer, error) {
	if s.SSLServer == nil {
		return SSLServer{}, errNoPlane
	}
	if _, err := s.Control.FindSSLServer(r, in.ID); err != nil {
		return SSLServer{}, err
	}
	return s.SSLServer(r, in.ID)
}

// SSLServer tells who is connected to an SSL server.
func (c *Client) SSLServer(ctx context.Context, id vpc.SSLServerID) (SSLServer, error) {
	return ask[SSLServer](ctx, c, "debug sslserver", SSLServerRef{id})
}
