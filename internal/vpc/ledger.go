package vpc

import "encoding/json"

// LedgerEntry is one line of the ledger. The sum of an account's amounts is the
// change of its balance since it was made.
type LedgerEntry struct {
	Account  AccountID `json:"account"`
	At       Instant   `json:"at"`
	Kind     string    `json:"kind"` // one of the Ledger constants
	Resource string    `json:"resource,omitempty"`
	Amount   Money     `json:"amount"`         // negative: a debit; 0 for a change of rate
	Rate     Money     `json:"rate,omitempty"` // the new hourly rate, kind rate
	Note     string    `json:"note,omitempty"`
}

// The kinds of ledger entries.
const (
	LedgerGrant    = "grant"    // the operator's
	LedgerPurchase = "purchase" // a prepaid term
	LedgerRenew    = "renew"    // a further prepaid term
	LedgerResize   = "resize"   // the difference to the end of a prepaid term
	LedgerRate     = "rate"     // a new hourly rate; the amount is 0
	LedgerUse      = "use"      // postpaid use of one thing, where its rate or life ends
	LedgerTraffic  = "traffic"  // what a postpaid gateway has sent to the internet side
	LedgerSettle   = "settle"   // postpaid use of everything since the last settlement
)

// AuditEntry is one write call, or any call that met a fault. It never holds a secret.
type AuditEntry struct {
	At        Instant         `json:"at"`
	Account   AccountID       `json:"account"`
	Key       string          `json:"key"` // SecretId, or operator
	Action    string          `json:"action"`
	Region    Region          `json:"region,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"` // secrets replaced by ***
	Result    string          `json:"result"`           // OK or the error code
	Fault     bool            `json:"fault,omitempty"`  // the call met one of `gatewright fault`
	RequestID string          `json:"requestId"`
	Source    string          `json:"source"` // the caller's address
}
