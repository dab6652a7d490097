// Package operator is the operator's way into a running server: HTTP and JSON over a
// unix socket in the data directory, and the client for it.
//
// The socket has mode 0600 inside a directory of mode 0700: whoever can open it is the
// operator, and may do everything. Every change made here is in the audit with the key
// "operator". Server and Client may be used from any goroutine.
package operator
