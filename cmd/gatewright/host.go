package main

import (
	"io"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func hostCommands() *cobra.Command {
	return group("host", "List the machines that carry gateways, forget one that is gone", newHostList(), newHostForget())
}

func newHostList() *cobra.Command {
	return operation[operator.Hosts]{
		use: "list", short: "List the hosts that live, and those that are gone and should carry something", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.Hosts, error) {
			return c.Hosts(cmd.Context())
		},
		show: func(w io.Writer, h operator.Hosts) {
			row(w, "HOST", "ENGINE", "LIVE", "GATEWAYS", "WORKLOADS", "DELETING")
			for _, one := range h.Hosts {
				row(w, one.Name, orElse(one.Engine, "-"), yesNo(one.Live), one.Gateways, one.Workloads, one.Deleting)
			}
		},
	}.command()
}

func newHostForget() *cobra.Command {
	return operation[control.Forgotten]{
		use: "forget NAME", short: "End what is DELETING and waits for a host that is gone for good",
		long: "End what is DELETING and waits for the word of a host that will never say it.\n\n" +
			"Be sure that the machine is off: the public addresses of its gateways go back to the\n" +
			"pool. What nobody has deleted stays; delete it, and forget the host again.",
		args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (control.Forgotten, error) {
			return c.ForgetHost(cmd.Context(), vpc.HostName(args[0]))
		},
		show: func(w io.Writer, f control.Forgotten) {
			row(w, "Host", f.Name)
			row(w, "Gateways ended", f.Gateways)
			row(w, "Connections ended", f.Connections)
			row(w, "Workloads ended", f.Workloads)
			row(w, "Gateways left", f.Left)
		},
	}.command()
}
