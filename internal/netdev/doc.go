// Package netdev makes the namespaces, links, addresses, routes, rules, firewalls and
// shapers of this host match plans. It knows netlink and nftables, and nothing of what
// a machine is for.
package netdev
