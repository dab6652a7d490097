// Package probe checks tunnels by pinging through them: an echo from the near end's
// inner address to the far end's, again and again, and a verdict that changes when
// enough answers in a row say so.
//
// A Plane owns one goroutine and one socket for each probe, inside the probe's
// namespace. It keeps nothing on the host: after a restart the first answer gives the
// verdict again. Any goroutine may call its methods.
package probe
