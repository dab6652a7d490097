package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

// newDebugMachine is a command that prints one text of a machine.
func newDebugMachine(word, short, nothing string, text func(operator.Machine) string) *cobra.Command {
	return operation[operator.Machine]{
		use: word + " VPN-GATEWAY-ID|VPC-ID", short: short, args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Machine, error) {
			return c.Machine(cmd.Context(), args[0])
		},
		show: func(w io.Writer, m operator.Machine) {
			fmt.Fprintln(w, strings.TrimRight(orElse(text(m), nothing), "\n"))
		},
	}.command()
}

func newDebugConnection() *cobra.Command {
	return operation[operator.Connection]{
		use: "connection VPN-CONNECTION-ID", short: "Tell why a tunnel is up or down, what to change, and how it was negotiated", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Connection, error) {
			return c.Connection(cmd.Context(), vpc.ConnectionID(args[0]))
		},
		show: func(w io.Writer, x operator.Connection) {
			row(w, "VpnConnectionId", x.ID)
			row(w, "VpnGatewayId", x.Gateway)
			row(w, "State", x.State)
			row(w, "NetStatus", x.NetStatus)
			row(w, "Cause", orElse(x.Cause, "-"))
			row(w, "Hint", orElse(x.Hint, "-"))
			for _, line := range x.Log {
				fmt.Fprintln(w, line)
			}
		},
	}.command()
}
