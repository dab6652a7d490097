// Package lab makes small networks on this machine for tests and the demo: namespaces,
// cables, bridges, NAT boxes, independent strongSwan peers, pings that count losses,
// iperf3 and captures. It needs root on Linux and drives the machine's own tools, none
// of the code that it helps to test.
//
// Nothing of a lab is connected to the machine's own interfaces. Every name carries the
// process id and a number, so labs of parallel tests do not meet, and everything that a
// lab made goes when its test ends, also when that fails.
package lab
