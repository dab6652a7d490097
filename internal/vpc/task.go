package vpc

// Task is the outcome of an asynchronous call, for DescribeVpcTaskResult and
// DescribeTaskResult. Its state is computed from Done.
type Task struct {
	ID        string    `json:"id"` // the number, or the RequestId of the call
	Account   AccountID `json:"account"`
	Resources []string  `json:"resources,omitempty"`
	Failed    string    `json:"failed,omitempty"`
	Done      Instant   `json:"done"` // RUNNING until then
	Due       Instant   `json:"due"`  // when it is forgotten

	Changes map[SSLServerID]uint64 `json:"changes,omitempty"` // of clients: the ClientChanges of their servers that hosts must have carried out
}
