package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// SSLServerRef is the inputs of debug sslserver.
type SSLServerRef struct {
	ID vpc.SSLServerID `json:"id"`
}

// SSLServer is how an SSL server of this host stands, who is connected to it, and how
// many were refused.
type SSLServer struct {
	State    string         `json:"state"`           // in words
	Cause    string         `json:"cause,omitempty"` // why it takes no clients
	Limit    uint32         `json:"limit"`           // MaxConnection
	Sessions []SSLSession   `json:"sessions"`
	Refused  map[string]int `json:"refused"`  // since this program has known the server, by reason
	Hints    []string       `json:"hints"`    // what the operator may do about that
	Expelled uint64         `json:"expelled"` // sessions ended because their client may not come in any more, since then
	Invalid  []SSLInvalid   `json:"invalid"`
}

// SSLInvalid is a client that may not come in because of the times of its certificate.
type SSLInvalid struct {
	Client vpc.SSLClientID `json:"client"`
	Cause  string          `json:"cause"`
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
	stands, err := s.Control.SSLServer(r, in.ID)
	if err != nil {
		return SSLServer{}, err
	}
	out, err := s.SSLServer(r, stands.Gateway, in.ID)
	out.State, out.Cause, out.Limit = stands.State, stands.Cause, stands.Limit
	return out, err
}

// SSLServer tells who is connected to an SSL server.
func (c *Client) SSLServer(ctx context.Context, id vpc.SSLServerID) (SSLServer, error) {
	return ask[SSLServer](ctx, c, "debug sslserver", SSLServerRef{id})
}
