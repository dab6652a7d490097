// Package store keeps every durable row of the program.
//
// It gives typed tables with indexes (tables.go), an immutable snapshot of all of
// them (View), transactions as closures (Update), journals for audit and ledger, and
// the sealing of secrets. The rows live in etcd, inside the process or in a cluster
// of their own; the snapshot lives in memory and is fed by the writer itself and by
// etcd's watch.
//
// View, Read, Update and everything that takes a View may be called from any
// goroutine. A Tx belongs to its closure and must not leave it. Rows are immutable
// once they have been put: to change one, copy it and put the copy.
//
// One goroutine owns the mutable trees. It evaluates waiting closures one after
// another, sends what they changed as one etcd transaction guarded by the head key,
// publishes the new snapshot and answers the callers. When Update returns nil the
// change is durable and in View. When it returns an error that is not
// ErrUnknownOutcome, nothing of the closure was kept.
package store
