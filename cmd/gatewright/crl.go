package main

import (
	"fmt"
	"io"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func newCRL() *cobra.Command {
	return operation[operator.CRL]{
		use: "crl SSL-VPN-SERVER-ID", short: "Print the list (PEM) of an SSL server's revoked certificates, for others who trust its authority", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.CRL, error) {
			return c.CRL(cmd.Context(), vpc.SSLServerID(args[0]))
		},
		show: func(w io.Writer, l operator.CRL) { fmt.Fprint(w, l.PEM) },
	}.command()
}
