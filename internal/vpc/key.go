package vpc

// KeyRole says what an access key may do.
type KeyRole string

// The roles of access keys.
const (
	RoleAdmin   KeyRole = "admin"   // everything of its account
	RoleRead    KeyRole = "read"    // Describe, Inquiry, Check, Get; no PreShareKey, no Download
	RoleActions KeyRole = "actions" // the actions of Key.Actions
)

// Key is an access key pair of an account.
type Key struct {
	ID       string    `json:"id"` // SecretId, AKID followed by 32 letters and digits
	Account  AccountID `json:"account"`
	Secret   Sealed    `json:"secret"` // SecretKey
	Role     KeyRole   `json:"role"`
	Actions  []string  `json:"actions,omitempty"`
	Disabled bool      `json:"disabled,omitempty"`
	Created  Instant   `json:"created"`
}
