package vpc

// Tag is one key and value on a resource.
type Tag struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// TagPair is a key and value known to an account, whether or not anything bears it.
type TagPair struct {
	Account AccountID `json:"account"`
	Tag
	Created Instant `json:"created"`
}

// Resource names anything that can bear tags.
type Resource struct {
	Prefix string `json:"prefix"` // vpngw, cgw, vpnx, vpns, vpnc, vpc, subnet, rtb, ccn
	ID     string `json:"id"`
}

// Tagging is the tags of one resource, in the order they were put on. A resource
// without tags has no Tagging.
type Tagging struct {
	Resource
	Scope
	Tags    []Tag   `json:"tags"`
	Created Instant `json:"created"` // the resource's own, so that lists keep its order
}
