package vpc

// Quota is an operator's override of a limit, for one account or (Account 0) for all.
type Quota struct {
	Account AccountID `json:"account,omitempty"`
	Name    string    `json:"name"` // as DescribeVpcLimits spells it
	Value   int       `json:"value"`
}
