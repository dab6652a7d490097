// Package clients tests a real server, as a process of its own, with the vendor's own
// clients as anyone installs them: the Go SDKs (gosdk, a module of its own), the Node
// SDKs (node) and the bytes that the others send. It has no code but tests.
package clients
