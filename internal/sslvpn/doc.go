// Package sslvpn makes OpenVPN servers match a plan: one process for each SSL server, in
// its gateway's namespace, that outlives this program and is adopted by its next run.
//
// A server's configuration holds addresses, ports, certificates and keys that the plan
// decided, never a user's text, and lies with the children's files on a tmpfs. Who may
// come in is decided at each connect over the management socket, against the plan: a
// certificate counts only if its serial number is the one that the client has now. A
// plan that takes a client away, as when its certificate ends, ends its session at once.
//
// Each server has one goroutine that owns its management connection; Apply only changes
// what that goroutine decides by, under the server's lock. While no program is connected,
// sessions go on and nobody new comes in.
package sslvpn
