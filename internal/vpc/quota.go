package vpc

// Quota is an operator's override of a limit, for one account or (Account 0) for all.
type Quota struct {
	Account AccountID `json:"account,omitempty"`
	Name    string    `json:"name"` // as DescribeVpcLimits spells it
	Value   int       `json:"value"`
}

// RateLimit is an operator's override of the call rate. Empty fields mean "any".
type RateLimit struct {
	Account AccountID `json:"account,omitempty"`
	Action  string    `json:"action,omitempty"`
	Rate    int       `json:"rate"` // calls per second; 0 is no limit
}

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

// Task is the outcome of an asynchronous call, for DescribeVpcTaskResult and
// DescribeTaskResult. Its state is computed from Done.
type Task struct {
	ID        string    `json:"id"` // the number, or the RequestId of the call
	Account   AccountID `json:"account"`
	Resources []string  `json:"resources,omitempty"`
	Failed    string    `json:"failed,omitempty"`
	Done      Instant   `json:"done"` // RUNNING until then
	Due       Instant   `json:"due"`  // when it is forgotten
}
