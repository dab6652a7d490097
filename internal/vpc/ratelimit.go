package vpc

// RateLimit is an operator's override of the call rate. Empty fields mean "any".
type RateLimit struct {
	Account AccountID `json:"account,omitempty"`
	Action  string    `json:"action,omitempty"`
	Rate    int       `json:"rate"` // calls per second; 0 is no limit
}
