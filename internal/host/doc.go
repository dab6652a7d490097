// Package host is the machine that the server runs on, as the planes need it: network
// namespaces by name, code and netlink handles inside them, child processes that are
// found again after a restart, and what the kernel can do.
//
// Everything may be called from any goroutine. A namespace is named as in /run/netns;
// the empty name is the namespace that the server itself runs in.
package host
