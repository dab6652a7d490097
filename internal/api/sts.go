package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("GetCallerIdentity", (*Server).getCallerIdentity)
}

// getCallerIdentity: a key is its account; there are no users below one.
func (s *Server) getCallerIdentity(_ context.Context, c *control.Caller, _ *wire.GetCallerIdentityRequest) (*wire.GetCallerIdentityResponse, error) {
	id := uin(c.Account)
	return &wire.GetCallerIdentityResponse{
		Arn: "qcs::cam::uin/" + id + ":uin/" + id, AccountId: id, UserId: id, PrincipalId: id, Type: c.Kind(),
	}, nil
}
