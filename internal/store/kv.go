package store

import (
	"context"
	"errors"
)

// The keys in etcd. Everything of ours is below root.
const (
	root       = "gw/"
	rowPrefix  = root + "row/"
	headKey    = root + "head"
	metaPrefix = root + "meta/"
	journals   = root + "j/"
)

// kv is the durable side of a store: etcd, or a map in memory for tests. All keys are
// below root.
type kv interface {
	// commit applies t if nobody has changed the head key since t.guard. An error
	// means that the outcome is unknown, unless it is a rejection.
	commit(ctx context.Context, t txn) (outcome, error)
	// get reads one key, linearizably. A missing key has a nil value.
	get(ctx context.Context, key string) (pair, error)
	// snapshot fixes a revision to read many keys at.
	snapshot(ctx context.Context) (snapshot, error)
	// watch sends every commit after revision from, until ctx ends; it closes the
	// channel after a batch with an error.
	watch(ctx context.Context, from int64) <-chan commits
	// exclusive reports whether no other process can write.
	exclusive() bool
	close() error
}

// op puts a value, or deletes the key when value is nil.
type op struct {
	key   string
	value []byte
}

// txn is one guarded commit. With no head it only asks whether the guard still holds.
type txn struct {
	guard int64 // revision of the head key that the ops were made from
	head  []byte
	ops   []op
}

// outcome of a commit. When ok is false nothing was done and head is what is there.
type outcome struct {
	ok   bool
	rev  int64 // of the commit, or of the look at head
	head pair
}

type pair struct {
	key   string
	value []byte
	mod   int64 // revision of the last change
}

// snapshot reads keys at one revision.
type snapshot interface {
	revision() int64
	// page returns up to limit pairs in key order, from the key from (included) to
	// the end of prefix, and whether there are more.
	page(ctx context.Context, prefix, from string, limit int) ([]pair, bool, error)
}

// commits are the changes of one or more revisions, in order.
type commits struct {
	rev    int64 // everything up to here has been sent
	events []event
	err    error // errCompacted, or why the watch ended
}

type event struct {
	op
	rev int64
}

var errCompacted = errors.New("the changes to follow are no longer kept")

// rejection is an error after which nothing was committed for certain.
type rejection struct{ error }

func (r rejection) Unwrap() error { return r.error }
