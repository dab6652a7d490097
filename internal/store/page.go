package store

import "context"

// lastKey stands for the end of all keys, as in etcd's own ranges.
const lastKey = "\x00"

// follow is the key after key in an ordered listing.
func follow(key string) string { return key + "\x00" }

// endOf is the first key after all that begin with prefix.
func endOf(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return lastKey
}

// pageSize is how many keys are read at once.
const pageSize = 20000

// eachPage calls visit with the pairs below prefix, page by page, in key order.
//
// etcd counts what is left of a range for every page of it, which would make reading a
// million keys quadratic. So a range ends early, with the keys that share some first
// characters; how many of them follows from what the ranges before held.
func eachPage(ctx context.Context, snap snapshot, prefix string, visit func([]pair) error) error {
	r := keyRange{prefix: prefix, end: endOf(prefix), from: prefix, to: endOf(prefix), aligned: true}
	for {
		page, more, err := snap.page(ctx, r.from, r.to, pageSize)
		if err != nil {
			return err
		}
		if len(page) > 0 {
			if err := visit(page); err != nil {
				return err
			}
		}
		if !r.next(page, more) {
			return nil
		}
	}
}

// keyRange walks over the keys below prefix, range by range.
type keyRange struct {
	prefix, end string
	from, to    string
	depth       int  // characters beyond prefix that the keys of a range share
	read, pages int  // of this range, so far
	aligned     bool // from is where a range of this depth begins, so read tells what such ranges hold
}

// maxPages is how many pages a range may have before it is cut.
const maxPages = 4

// next moves on after a page of the range from r.from to r.to; false says that all is read.
func (r *keyRange) next(page []pair, more bool) bool {
	r.read += len(page)
	r.pages++
	switch {
	case !more && r.to == r.end:
		return false
	case !more:
		r.from = r.to
		r.widen()
	default:
		last := page[len(page)-1].key
		r.from = follow(last)
		if r.to != r.end && r.pages < maxPages {
			return true
		}
		r.depth = shared(page[0].key, last) + 1 - len(r.prefix)
	}
	n := len(r.prefix) + r.depth
	r.to = rangeEnd(r.from, n, r.end)
	r.read, r.pages, r.aligned = 0, 0, len(r.from) <= n
	return true
}

// widen lets the next range be larger when a whole one held little.
func (r *keyRange) widen() {
	if r.depth > 0 && (r.read == 0 || r.aligned && r.read < pageSize/16) {
		r.depth--
	}
}

// shared is how many first bytes a and b have in common.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// rangeEnd is the end of the keys that share from's first n bytes, at most end.
func rangeEnd(from string, n int, end string) string {
	to := endOf(from[:min(n, len(from))])
	if to == lastKey || end != lastKey && to > end {
		return end
	}
	return to
}
