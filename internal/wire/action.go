package wire

import "slices"

// An Action is one row of the table of actions.
type Action struct {
	Service string // vpc, tag or sts
	Version string // of the service's API, such as 2017-03-12
	Name    string
	Group   string         // the table's group, such as vpn_gateway
	Write   bool           // it changes something
	Served  bool           // this server offers it
	In      *Shape         // its inputs
	New     func() any     // a new, empty request struct
	Reply   func() Encoder // a new, empty reply struct
	Filters []string       // names that its Filters input documents; tag:KEY stands for any key
	Codes   []string       // the error codes documented for it, without the common ones
}

// Known reports whether the vendor's VPC product has an action of this name, whether
// or not this server offers it.
func Known(name string) bool {
	_, found := slices.BinarySearch(known, name)
	return found
}
