package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
)

// Status is a server and the state of what it keeps.
type Status struct {
	About
	control.Status
}

func (s *Server) status(r *request, _ struct{}) (Status, error) {
	st, err := s.Control.Status(r)
	if err != nil {
		return Status{}, err
	}
	return Status{s.About(), *st}, nil
}

// Status counts everything that the server keeps.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, "status", struct{}{})
}
