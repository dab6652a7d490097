package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// SSLPolicyInput is the inputs of sslpolicy add, list and remove.
type SSLPolicyInput struct {
	Server  vpc.SSLServerID    `json:"server"`
	Policy  vpc.AccessPolicyID `json:"policy,omitempty"`  // remove
	Target  string             `json:"target,omitempty"`  // add
	Clients []vpc.SSLClientID  `json:"clients,omitempty"` // add; none: all
	Remark  string             `json:"remark,omitempty"`  // add
}

// SSLPolicy is one access policy of an SSL server.
type SSLPolicy struct {
	ID      vpc.AccessPolicyID `json:"policy"`
	Target  string             `json:"target"`
	Clients []vpc.SSLClientID  `json:"clients,omitempty"` // none: all
	Remark  string             `json:"remark,omitempty"`
	Updated string             `json:"updated"`
}

func sslPolicyOut(p vpc.AccessPolicy) SSLPolicy {
	return SSLPolicy{ID: p.ID, Target: p.Target.String(), Clients: p.Clients, Remark: p.Remark, Updated: stamp(p.Updated)}
}

func (s *Server) addSSLPolicy(r *request, in SSLPolicyInput) (SSLPolicy, error) {
	server, err := s.Control.FindSSLServer(r, in.Server)
	if err != nil {
		return SSLPolicy{}, err
	}
	target, refusal := vpc.CheckRange("target", in.Target, nil)
	if refusal != nil {
		return SSLPolicy{}, refusal
	}
	p, err := s.Control.AddAccessPolicy(r, r.on(server.Account), in.Server, vpc.AccessPolicy{Target: target, Clients: in.Clients, Remark: in.Remark})
	return sslPolicyOut(p), err
}

func (s *Server) removeSSLPolicy(r *request, in SSLPolicyInput) (Done, error) {
	server, err := s.Control.FindSSLServer(r, in.Server)
	if err != nil {
		return Done{}, err
	}
	found, err := s.Control.RemoveAccessPolicy(r, r.on(server.Account), in.Server, in.Policy)
	return Done{found}, err
}

func (s *Server) listSSLPolicies(r *request, in SSLPolicyInput) ([]SSLPolicy, error) {
	server, err := s.Control.FindSSLServer(r, in.Server)
	if err != nil {
		return nil, err
	}
	out := make([]SSLPolicy, len(server.Policies))
	for i, p := range server.Policies {
		out[i] = sslPolicyOut(p)
	}
	return out, nil
}

// AddSSLPolicy lets clients of an SSL server reach a range.
func (c *Client) AddSSLPolicy(ctx context.Context, in SSLPolicyInput) (SSLPolicy, error) {
	return ask[SSLPolicy](ctx, c, "sslpolicy add", in)
}

// RemoveSSLPolicy takes a policy back and reports whether there was one.
func (c *Client) RemoveSSLPolicy(ctx context.Context, in SSLPolicyInput) (bool, error) {
	out, err := ask[Done](ctx, c, "sslpolicy remove", in)
	return out.Done, err
}

// SSLPolicies lists the policies of an SSL server.
func (c *Client) SSLPolicies(ctx context.Context, server vpc.SSLServerID) ([]SSLPolicy, error) {
	return ask[[]SSLPolicy](ctx, c, "sslpolicy list", SSLPolicyInput{Server: server})
}
