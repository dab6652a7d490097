package vpc

import "math"

// ValidASN reports whether a caller may use an autonomous system number: 1 to
// 4294967295 without the vendor's own.
func ValidASN(n uint64) bool {
	switch n {
	case 0, 139341, 45090, 58835:
		return false
	}
	return n <= math.MaxUint32
}
