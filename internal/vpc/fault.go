package vpc

// Fault makes calls of one account and action fail on purpose, for users who test
// their own error handling.
type Fault struct {
	ID      string    `json:"id"`
	Account AccountID `json:"account"`
	Action  string    `json:"action"`
	Code    Code      `json:"code,omitempty"`    // empty: only the latency
	Left    int       `json:"left"`              // calls still to fail; negative: without end
	Latency int64     `json:"latency,omitempty"` // nanoseconds added before the answer
	Created Instant   `json:"created"`
}
