// Command gatewright is a self-hosted VPN gateway service that speaks the Tencent Cloud
// VPC API. One binary holds the server (serve), a client for any action of the API
// (call) and the operator's commands, which reach a running server over a unix socket
// in its data directory.
package main
