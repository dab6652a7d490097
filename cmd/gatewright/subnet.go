package main

import (
	"errors"
	"io"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func subnetCommands() *cobra.Command {
	return group("subnet", "Attach network namespaces and devices of this host to subnets", newSubnetAttach(), newSubnetDetach(), newSubnetList())
}

func newSubnetAttach() *cobra.Command {
	var in vpc.WorkloadSpec
	cmd := operation[operator.Attached]{
		use: "attach SUBNET-ID --netns NAME|--dev INTERFACE", short: "Attach a namespace or a device to a subnet", args: oneArg,
		long: "Attach a network namespace (a name below /run/netns), which gets an interface with an address\n" +
			"of the subnet and a default route, or a device (a real interface or VLAN), which joins the\n" +
			"subnet's bridge. The attachment is stored, and made again when the namespace comes back.",
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Attached, error) {
			if err := oneWorkload(&in, args[0]); err != nil {
				return operator.Attached{}, err
			}
			return c.AttachSubnet(cmd.Context(), in)
		},
		show: func(w io.Writer, a operator.Attached) {
			row(w, "Address", orElse(a.Address, "-"))
			row(w, "Gateway", a.Gateway)
			row(w, "Interface", a.Interface)
		},
	}.command()
	bindWorkload(cmd, &in)
	cmd.Flags().StringVar(&in.Address, "address", "", "address in the subnet; without it a free one is chosen")
	return cmd
}

func bindWorkload(cmd *cobra.Command, in *vpc.WorkloadSpec) {
	cmd.Flags().StringVar(&in.Namespace, "netns", "", "network namespace, by its name below /run/netns")
	cmd.Flags().StringVar(&in.Device, "dev", "", "network device of this host")
}

// oneWorkload wants exactly one of the two flags.
func oneWorkload(in *vpc.WorkloadSpec, subnet string) error {
	in.Subnet = vpc.SubnetID(subnet)
	if (in.Namespace == "") == (in.Device == "") {
		return usageError{errors.New("name either --netns or --dev")}
	}
	return nil
}

func newSubnetDetach() *cobra.Command {
	var in vpc.WorkloadSpec
	cmd := operation[operator.Workload]{
		use: "detach SUBNET-ID --netns NAME|--dev INTERFACE", short: "Take a namespace or a device off a subnet", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Workload, error) {
			if err := oneWorkload(&in, args[0]); err != nil {
				return operator.Workload{}, err
			}
			return c.DetachSubnet(cmd.Context(), in)
		},
		show: func(w io.Writer, x operator.Workload) { showWorkloads(w, []operator.Workload{x}) },
	}.command()
	bindWorkload(cmd, &in)
	return cmd
}

func newSubnetList() *cobra.Command {
	return operation[[]operator.Workload]{
		use: "list [SUBNET-ID]", short: "List what is attached to a subnet, or to all", args: rangeArgs(0, 1),
		run: func(cmd *cobra.Command, c *operator.Client, args []string) ([]operator.Workload, error) {
			var subnet vpc.SubnetID
			if len(args) > 0 {
				subnet = vpc.SubnetID(args[0])
			}
			return c.Workloads(cmd.Context(), subnet)
		},
		show: showWorkloads,
	}.command()
}

func showWorkloads(w io.Writer, rows []operator.Workload) {
	row(w, "ID", "UIN", "SUBNET", "HOST", "NAMESPACE", "DEVICE", "ADDRESS", "STATE", "CAUSE")
	for _, x := range rows {
		row(w, x.ID, x.Account, x.Subnet, x.Host, orElse(x.Namespace, "-"), orElse(x.Device, "-"), orElse(x.Address, "-"), x.State, orElse(x.Cause, "-"))
	}
}
