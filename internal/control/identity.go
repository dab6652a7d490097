package control

import "github.com/gatewright/gatewright/internal/vpc"

// The kinds of callers that the token service knows.
const (
	CallerRoot = "RootAccount" // a key that may do everything
	CallerUser = "CAMUser"     // a key with less rights
)

// Kind says which kind of caller the token service takes a key for.
func (c *Caller) Kind() string {
	if c.Role == vpc.RoleAdmin {
		return CallerRoot
	}
	return CallerUser
}
