// Package durable holds tests that kill, starve and cut off real processes: the built
// gatewright binary on loopback, alone or on a cluster of etcd members, under load from
// signed calls over HTTP. They assert what a caller may rely on: what was acknowledged
// is there, what was refused is not, and each thing happened once.
//
// Clients keep a record of what they asked and what they were told. After the processes
// have been ill-treated the record is held against the rows, the ledger and the audit.
// A call without an answer may or may not have happened, and nothing else may.
//
// GATEWRIGHT_KILL_FOR=2m lengthens the kill loop, GATEWRIGHT_SEED repeats the random
// choices of an earlier run, whose seed it has printed.
package durable
