package vpc

import (
	"math"
	"slices"
)

// vendorASNs are the vendor's own autonomous systems; no gateway and no peer can be one
// of them.
var vendorASNs = []ASN{139341, 45090, 58835}

const maxASN = math.MaxUint32

// ValidASN reports whether a caller may use an autonomous system number: 1 to
// 4294967295 without the vendor's own.
func ValidASN(n uint64) bool {
	return n >= 1 && n <= maxASN && !slices.Contains(vendorASNs, ASN(n))
}
