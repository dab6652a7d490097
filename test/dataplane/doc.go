// Package dataplane tests the whole program with packets: the real server inside a
// network namespace of its own, called through its API there, and strongSwan peers that
// share nothing with it but the public network. It needs root on Linux.
package dataplane
