package control

import (
	"net/netip"
	"sync/atomic"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// pool hands out public addresses: next after the last one given, so that an address
// rests as long as possible. What is taken is what the rows say: an address of a
// gateway, of any account and region, or one that was released a moment ago.
type pool struct {
	ranges []vpc.AddrRange
	size   int
	last   atomic.Int64 // place in the pool of the last address given; a hint, may be lost
}

func newPool(ranges []vpc.AddrRange) *pool {
	p := &pool{ranges: vpc.CutRanges(ranges, nil)}
	for _, r := range p.ranges {
		p.size += r.Size()
	}
	p.last.Store(-1)
	return p
}

// at returns the i-th address of the pool.
func (p *pool) at(i int) netip.Addr {
	for _, r := range p.ranges {
		if n := r.Size(); i < n {
			return r.At(i)
		} else {
			i -= n
		}
	}
	panic("control: place outside the address pool")
}

// take finds a free address in the transaction's snapshot, or reports that the pool is
// exhausted.
func (p *pool) take(r store.Reader) (netip.Addr, bool) {
	if p.size == 0 {
		return netip.Addr{}, false
	}
	start := int(p.last.Load()+1) % p.size
	place, ok := p.free(r, start, p.size)
	if !ok {
		place, ok = p.free(r, 0, start)
	}
	if !ok {
		return netip.Addr{}, false
	}
	p.last.Store(int64(place))
	return p.at(place), true
}

// free finds the first free place in [lo, hi). The common case looks at one address;
// otherwise it halves the span by counting, O(log² n) in the number of addresses taken.
func (p *pool) free(r store.Reader, lo, hi int) (int, bool) {
	if lo >= hi {
		return 0, false
	}
	if !taken(r, p.at(lo)) {
		return lo, true
	}
	if p.taken(r, lo, hi) == hi-lo {
		return 0, false
	}
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if p.taken(r, lo, mid) < mid-lo {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo, true
}

// taken counts the addresses in places [lo, hi) that cannot be given.
func (p *pool) taken(r store.Reader, lo, hi int) int {
	n, base := 0, 0
	for _, rg := range p.ranges {
		size := rg.Size()
		a, b := max(lo-base, 0), min(hi-base, size)
		if a < b {
			first, last := rg.At(a), rg.At(b-1)
			n += store.AddressRank(r, last.Next()) - store.AddressRank(r, first)
		}
		base += size
	}
	return n
}

// taken reports whether one address cannot be given.
func taken(r store.Reader, a netip.Addr) bool {
	if _, ok := store.GatewaysByAddress.First(r, a); ok {
		return true
	}
	_, ok := store.ReleasedAddresses.Get(r, a)
	return ok
}
