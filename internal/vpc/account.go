package vpc

// TagPolicy says which tags an account may put on new things.
type TagPolicy string

// The tag policies an operator may set on an account.
const (
	TagAny         TagPolicy = ""             // any legal tag; new keys and values are made on the way
	TagKnownKeys   TagPolicy = "known-keys"   // TagKeyNotExists for a key not made before
	TagKnownValues TagPolicy = "known-values" // TagValNotExists for a new value of a known key
	TagKnownPairs  TagPolicy = "known-pairs"  // TagNotExisted for a pair not made before
	TagDenied      TagPolicy = "denied"       // TagNotPermit for any tag
)

// TagQuota is what an account may hold of tags. A negative number means "the default".
type TagQuota struct {
	Allocated bool `json:"allocated"` // false: TagNotAllocatedQuota for any tag
	Keys      int  `json:"keys"`      // distinct keys: TagKeyExceeded above
	Pairs     int  `json:"pairs"`     // key-value pairs: TagQuota, TagQuotaExceeded, TagNotEnoughQuota above
	PerCall   int  `json:"perCall"`   // tags in one request: TagTagsExceeded above
}

// Account is a customer. Written by control alone.
type Account struct {
	ID        AccountID `json:"id"`
	AppID     AppID     `json:"appId"`
	Name      string    `json:"name"`
	Root      bool      `json:"root,omitempty"`  // the account made at the first start
	Verified  bool      `json:"verified"`        // real-name authentication done
	Balance   Money     `json:"balance"`         // settled balance; accrued postpaid use is not yet in it
	SettledAt Instant   `json:"settledAt"`       // postpaid use up to here is already in Balance
	Allow     []string  `json:"allow,omitempty"` // allow-lists the account is on, e.g. customer-gateway-asn
	CDCs      []CDCID   `json:"cdcs,omitempty"`  // dedicated clusters it owns
	TagQuota  TagQuota  `json:"tagQuota"`
	TagPolicy TagPolicy `json:"tagPolicy,omitempty"`
	Created   Instant   `json:"created"`
}

// CDCID names a dedicated cluster: cluster-xxxxxxxx.
type CDCID string

// AllowLists are the allow-lists that a rule asks for. An account may still be on others,
// from before this was held; they mean nothing.
var AllowLists = []string{AllowCustomerGatewayASN}

// Allowed reports whether the account is on an allow-list.
func (a *Account) Allowed(list string) bool {
	for _, l := range a.Allow {
		if l == list {
			return true
		}
	}
	return false
}
