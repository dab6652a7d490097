package vpc

import (
	"net/netip"
	"slices"
	"unicode/utf8"
)

// AccessPolicyID names an access policy of an SSL server: vpnap-xxxxxxxx.
type AccessPolicyID string

// AccessPolicy lets clients of an SSL server reach a range, where the server has access
// policies on: all clients, or those with the ids. A target inside the server's client
// range lets clients reach each other. The operator sets them; the vendor has no action
// for that.
type AccessPolicy struct {
	ID      AccessPolicyID `json:"id"`
	Target  netip.Prefix   `json:"target"`
	Clients []SSLClientID  `json:"clients,omitempty"` // none: all
	Remark  string         `json:"remark,omitempty"`
	Updated Instant        `json:"updated"`
}

// Applies reports whether the policy is for a client.
func (p *AccessPolicy) Applies(id SSLClientID) bool {
	return len(p.Clients) == 0 || slices.Contains(p.Clients, id)
}

// WithoutClient is the server's row once a client is gone: its policies no longer name the
// client, and those for it alone go, since one that names nobody is for all. It is s itself
// where no policy names the client.
func (s *SSLServer) WithoutClient(id SSLClientID, now Instant) *SSLServer {
	names := func(p AccessPolicy) bool { return slices.Contains(p.Clients, id) }
	if !slices.ContainsFunc(s.Policies, names) {
		return s
	}
	n := *s
	n.Policies = nil
	for _, p := range s.Policies {
		if names(p) {
			p.Clients = slices.DeleteFunc(slices.Clone(p.Clients), func(c SSLClientID) bool { return c == id })
			p.Updated = now
			if len(p.Clients) == 0 {
				continue
			}
		}
		n.Policies = append(n.Policies, p)
	}
	return &n
}

// The bounds of access policies.
const (
	maxPolicies      = 100 // of one server
	maxPolicyClients = 100
	maxPolicyRemark  = 255 // characters
)

// CheckAccessPolicy holds a new policy against its server: the server must have access
// policies on, and the target must lie in a range that clients may reach or in the
// clients' own.
func CheckAccessPolicy(s *SSLServer, p *AccessPolicy) *Error {
	switch {
	case !s.AccessPolicy:
		return Refuse(UnsupportedOperation, "server", "`%s` was made without AccessPolicyEnabled", "`%s` 创建时未开启 AccessPolicyEnabled", s.ID)
	case !CoveredByAny(p.Target, append(slices.Clone(s.Local), s.Remote)):
		return Refuse(InvalidParameterValue, "target", "`%s` lies in none of the ranges that clients of `%s` reach", "`%s` 不在 `%s` 客户端可达的网段之内", p.Target, s.ID)
	case len(p.Clients) > maxPolicyClients:
		return Refuse(InvalidParameterValueLimitExceeded, "client", "at most %d clients are allowed", "最多允许 %d 个客户端", maxPolicyClients)
	case !utf8.ValidString(p.Remark) || utf8.RuneCountInString(p.Remark) > maxPolicyRemark:
		return Refuse(InvalidParameterValueTooLong, "remark", "at most %d characters are allowed", "最多允许 %d 个字符", maxPolicyRemark)
	case len(s.Policies) >= maxPolicies:
		return Refuse(LimitExceeded, "server", "`%s` has %d policies already", "`%s` 已有 %d 条策略", s.ID, maxPolicies)
	}
	return nil
}
