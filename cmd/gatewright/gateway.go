package main

import (
	"context"
	"io"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func gatewayCommands() *cobra.Command {
	return group("gateway", "Block and unblock a gateway's address",
		newGatewaySwitch("block", "Make a gateway's address read as blocked (IsAddressBlocked)", (*operator.Client).BlockGateway),
		newGatewaySwitch("unblock", "Take a block back", (*operator.Client).UnblockGateway))
}

func newGatewaySwitch(word, short string, do func(*operator.Client, context.Context, vpc.GatewayID) (operator.Gateway, error)) *cobra.Command {
	return operation[operator.Gateway]{
		use: word + " VPN-GATEWAY-ID", short: short, args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Gateway, error) {
			return do(c, cmd.Context(), vpc.GatewayID(args[0]))
		},
		show: func(w io.Writer, g operator.Gateway) {
			row(w, "VpnGatewayId", g.ID)
			row(w, "Uin", g.Account)
			row(w, "Address", g.Public)
			row(w, "Blocked", yesNo(g.Blocked))
		},
	}.command()
}
