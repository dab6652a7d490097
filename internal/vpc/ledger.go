package vpc

import "encoding/json"

// LedgerEntry is one line of the ledger. The sum of an account's amounts is the
// change of its balance since it was made.
type LedgerEntry struct {
	Account  AccountID `json:"account"`
	At       Instant   `json:"at"`
	Kind     string    `json:"kind"` // grant, purchase, renew, resize, rate, use, settle, refund
	Resource string    `json:"resource,omitempty"`
	Amount   Money     `json:"amount"`         // negative: a debit; 0 for a change of rate
	Rate     Money     `json:"rate,omitempty"` // the new hourly rate, kind rate
	Note     string    `json:"note,omitempty"`
}

// AuditEntry is one write call. It never holds a secret.
type AuditEntry struct {
	At        Instant         `json:"at"`
	Account   AccountID       `json:"account"`
	Key       string          `json:"key"` // SecretId, or operator
	Action    string          `json:"action"`
	Region    Region          `json:"region,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"` // secrets replaced by ***
	Result    string          `json:"result"`           // OK or the error code
	Fault     bool            `json:"fault,omitempty"`  // the result came from `gatewright fault`
	RequestID string          `json:"requestId"`
	Source    string          `json:"source"` // the caller's address
}
