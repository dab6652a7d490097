package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func newDebugSSLServer() *cobra.Command {
	return operation[operator.SSLServer]{
		use: "sslserver SSL-VPN-SERVER-ID", short: "Show how an SSL server stands, who is connected, and how many were refused and why", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.SSLServer, error) {
			return c.SSLServer(cmd.Context(), vpc.SSLServerID(args[0]))
		},
		show: showSSLServer,
	}.command()
}

func showSSLServer(w io.Writer, s operator.SSLServer) {
	row(w, "state", s.State)
	if s.Cause != "" {
		row(w, "cause", s.Cause)
	}
	row(w, "sessions", fmt.Sprintf("%d of %d", len(s.Sessions), s.Limit))
	row(w, "\nCLIENT", "ADDRESS", "SOURCE", "IN", "OUT", "SINCE", "CIPHER")
	for _, x := range s.Sessions {
		row(w, x.Client, x.Address, x.Source, x.In, x.Out, x.Since, x.Cipher)
	}
	for _, x := range s.Invalid {
		fmt.Fprintf(w, "%s may not come in: %s\n", x.Client, x.Cause)
	}
	for _, why := range slices.Sorted(maps.Keys(s.Refused)) {
		fmt.Fprintf(w, "refused, %s: %d\n", why, s.Refused[why])
	}
	for _, hint := range s.Hints {
		fmt.Fprintln(w, "hint:", hint)
	}
	fmt.Fprintf(w, "sessions ended because the client may not come in any more: %d\n", s.Expelled)
}
