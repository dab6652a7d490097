package store

import (
	"context"
	"errors"
	"time"
)

// The keys in etcd. Everything of ours is below root. The journals sort before the
// head key, so that one watch from headKey to watchEnd sees all the rest.
const (
	root       = "gw/"
	journals   = root + "append/"
	claims     = root + "claim/" // held under leases
	headKey    = root + "head"
	metaPrefix = root + "meta/"
	storeKey   = metaPrefix + "store"
	sealKey    = metaPrefix + "seal"
	rowPrefix  = root + "row/"
	hostPrefix = rowPrefix + hostTable + "/" // held under leases on a cluster
	watchEnd   = root + "s"
)

// hostTable is the name of the table whose rows live under leases.
const hostTable = "host"

// kv is the durable side of a store: etcd, or a map in memory for tests.
type kv interface {
	// commit applies t if all its conditions hold. An error means that the outcome is
	// unknown, unless it is a rejection.
	commit(ctx context.Context, t txn) (outcome, error)
	// get reads one key, linearizably. A missing key has a nil value and no revision.
	get(ctx context.Context, key string) (pair, error)
	// snapshot fixes a revision to read many keys at.
	snapshot(ctx context.Context) (snapshot, error)
	// watch sends every commit after revision from that touches headKey to watchEnd,
	// until ctx ends or the watch breaks; then it closes the channel.
	watch(ctx context.Context, from int64) <-chan commits
	// compact forgets the history before revision rev.
	compact(ctx context.Context, rev int64) error
	// grant makes a lease that ends when it was not renewed for ttl.
	grant(ctx context.Context, ttl time.Duration) (lease, error)
	// renew makes a lease last for its whole time again; errLeaseGone says that it has
	// ended, any other error says nothing.
	renew(ctx context.Context, l lease) error
	// revoke ends a lease, and with it the keys under it.
	revoke(ctx context.Context, l lease) error
	// exclusive reports whether no other process can write.
	exclusive() bool
	close() error
}

// op puts a value, or deletes the key when value is nil.
type op struct {
	key   string
	value []byte
}

// cond holds while key was last changed at revision mod; 0: while there is no key.
type cond struct {
	key string
	mod int64
}

// txn is one atomic change. With no ops it only asks whether its conditions hold.
type txn struct {
	conds []cond
	ops   []op
	under lease // what is put goes when this lease ends; 0: it stays
}

// lease names a lease; there is no lease 0.
type lease int64

// errLeaseGone: a lease has ended, and what was under it is gone.
var errLeaseGone = errors.New("the lease has ended")

// outcome of a commit. When ok is false nothing was done, and seen is what the keys of
// the conditions hold.
type outcome struct {
	ok   bool
	rev  int64 // of the commit, or of the look at its conditions
	seen []pair
}

type pair struct {
	key   string
	value []byte
	mod   int64 // revision of the last change
}

// snapshot reads keys at one revision.
type snapshot interface {
	revision() int64
	// page returns up to limit pairs in key order, from the key from (included) to the
	// key to (not included), and whether there are more. A bound that is lastKey is none.
	page(ctx context.Context, from, to string, limit int) ([]pair, bool, error)
}

// commits are the changes of one or more whole revisions, in order.
type commits struct {
	rev    int64 // everything up to here has been sent
	events []event
	err    error // errCompacted; the last of its channel
}

type event struct {
	op
	rev int64
}

// errCompacted: the history that was asked for is no longer kept.
var errCompacted = errors.New("the history asked for is no longer kept")

// rejection is an error after which nothing was committed for certain.
type rejection struct{ error }

func (r rejection) Unwrap() error { return r.error }
