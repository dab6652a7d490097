// Command demo shows the program at work, with packets, on one machine: a server with a
// VPC, a workload and two gateways; an office whose strongSwan has nothing but the text
// that the server wrote for it; a traveller whose OpenVPN has nothing but the downloaded
// profile; and what passes between them. All of it is in network namespaces that are
// removed at the end, also after a failure or an interruption, and nothing is connected to
// the machine's own interfaces. It exits with 1 if anything was not as it should be.
package main
