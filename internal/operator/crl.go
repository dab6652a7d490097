package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// CRL is a revocation list of an SSL server.
type CRL struct {
	PEM string `json:"pem"`
}

func (s *Server) crl(r *request, in SSLServerRef) (CRL, error) {
	text, err := s.Control.RevocationList(r, in.ID)
	return CRL{text}, err
}

// CRL asks for the revocation list of an SSL server.
func (c *Client) CRL(ctx context.Context, id vpc.SSLServerID) (CRL, error) {
	return ask[CRL](ctx, c, "crl", SSLServerRef{id})
}
