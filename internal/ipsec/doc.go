// Package ipsec makes strongSwan's charon match a plan: one daemon for each plan.Daemon,
// inside its namespace, started with its first tunnel and stopped with its last.
//
// A daemon is driven over VICI alone; its configuration file holds nothing that a user
// has said. Whoever calls, one goroutine owns a daemon's process and its session, and
// every call to charon has a deadline and is answered for. charon starts nothing by
// itself: when to negotiate, when to give up and when to try again is decided here, from
// charon's events and its list of SAs. A tunnel is up when its CHILD_SAs are installed;
// an IKE_SA alone is not a tunnel.
//
// Daemons outlive the server. A stamp beside each, a keyed hash of what was loaded, lets
// the next run adopt tunnels that are still wanted as they are, without touching them.
package ipsec
