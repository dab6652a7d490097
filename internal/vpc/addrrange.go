package vpc

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// AddrRange is a range of IPv4 addresses, both ends included.
type AddrRange struct {
	First, Last netip.Addr
}

// ParseAddrRange reads a range as an operator writes it: a prefix (198.51.100.0/24), a
// span (198.51.100.10-198.51.100.20) or one address. A prefix of /30 or shorter gives
// up its network and broadcast addresses.
func ParseAddrRange(s string) (AddrRange, error) {
	if a, b, ok := strings.Cut(s, "-"); ok {
		first, err1 := netip.ParseAddr(strings.TrimSpace(a))
		last, err2 := netip.ParseAddr(strings.TrimSpace(b))
		if err1 != nil || err2 != nil || !first.Is4() || !last.Is4() || last.Less(first) {
			return AddrRange{}, fmt.Errorf("%q is not a span of IPv4 addresses A-B with A at most B", s)
		}
		return AddrRange{first, last}, nil
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is4() {
		return AddrRange{addr, addr}, nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return AddrRange{}, fmt.Errorf("%q is neither an IPv4 prefix, nor a span A-B, nor an address", s)
	}
	p = p.Masked()
	first := addrNumber(p.Addr())
	last := first + uint32(uint64(1)<<(32-p.Bits())-1)
	if p.Bits() <= 30 {
		first, last = first+1, last-1
	}
	return AddrRange{numberAddr(first), numberAddr(last)}, nil
}

func addrNumber(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func numberAddr(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// Size is how many addresses the range holds.
func (r AddrRange) Size() int { return int(addrNumber(r.Last)-addrNumber(r.First)) + 1 }

// Contains reports whether a lies in the range.
func (r AddrRange) Contains(a netip.Addr) bool {
	return a.Is4() && !a.Less(r.First) && !r.Last.Less(a)
}

// At returns the address i places behind the first.
func (r AddrRange) At(i int) netip.Addr { return numberAddr(addrNumber(r.First) + uint32(i)) }

// Index is how many places a lies behind the first.
func (r AddrRange) Index(a netip.Addr) int { return int(addrNumber(a) - addrNumber(r.First)) }

func (r AddrRange) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// CutRanges sorts ranges, merges those that overlap or touch, and takes out what is
// excluded.
func CutRanges(ranges, exclude []AddrRange) []AddrRange {
	var out []AddrRange
	for _, r := range mergeRanges(ranges) {
		first, last := uint64(addrNumber(r.First)), uint64(addrNumber(r.Last))
		for _, x := range mergeRanges(exclude) {
			xf, xl := uint64(addrNumber(x.First)), uint64(addrNumber(x.Last))
			if xl < first || xf > last {
				continue
			}
			if xf > first {
				out = append(out, AddrRange{numberAddr(uint32(first)), numberAddr(uint32(xf - 1))})
			}
			first = xl + 1
		}
		if first <= last {
			out = append(out, AddrRange{numberAddr(uint32(first)), numberAddr(uint32(last))})
		}
	}
	return out
}

func mergeRanges(ranges []AddrRange) []AddrRange {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b AddrRange) int { return a.First.Compare(b.First) })
	var out []AddrRange
	for _, r := range sorted {
		if n := len(out); n > 0 && uint64(addrNumber(r.First)) <= uint64(addrNumber(out[n-1].Last))+1 {
			if out[n-1].Last.Less(r.Last) {
				out[n-1].Last = r.Last
			}
			continue
		}
		out = append(out, r)
	}
	return out
}
