package main

import (
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
)

func faultCommands() *cobra.Command {
	return group("fault", "Make calls fail on purpose, to test error handling", newFaultAdd(), newFaultList(), newFaultClear())
}

func newFaultAdd() *cobra.Command {
	var in operator.NewFault
	var code string
	cmd := operation[operator.Fault]{
		use: "add --action X --code C", short: "Make the next calls of an account and action answer a code, late, or both", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.Fault, error) {
			if in.Action == "" {
				return operator.Fault{}, usageError{errors.New("--action is wanted, such as CreateVpnGateway")}
			}
			if err := checkAction(in.Action); err != nil {
				return operator.Fault{}, err
			}
			in.Code = vpc.Code(code)
			return c.AddFault(cmd.Context(), in)
		},
		show: func(w io.Writer, f operator.Fault) { showFaults(w, []operator.Fault{f}) },
	}.command()
	bindAccount(cmd, &in.Account, "account whose calls fail; may be left out if there is only one")
	fs := cmd.Flags()
	fs.StringVar(&in.Action, "action", "", "action that fails, such as CreateVpnGateway")
	fs.StringVar(&code, "code", "", "error code to answer, such as LimitExceeded; without one only --latency counts")
	fs.IntVar(&in.Times, "times", -1, "how many calls fail; -1 is without end")
	fs.DurationVar((*time.Duration)(&in.Latency), "latency", 0, "wait this long before the answer")
	return cmd
}

func newFaultList() *cobra.Command {
	return operation[[]operator.Fault]{
		use: "list", short: "List the faults that are set", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) ([]operator.Fault, error) {
			return c.Faults(cmd.Context())
		},
		show: showFaults,
	}.command()
}

func showFaults(w io.Writer, faults []operator.Fault) {
	row(w, "ID", "UIN", "ACTION", "CODE", "LEFT", "LATENCY", "CREATED")
	for _, f := range faults {
		left := "without end"
		if f.Left >= 0 {
			left = strconv.Itoa(f.Left)
		}
		row(w, f.ID, f.Account, f.Action, orElse(string(f.Code), "-"), left, f.Latency, f.Created)
	}
}

func newFaultClear() *cobra.Command {
	var in operator.FaultRef
	cmd := operation[operator.Cleared]{
		use: "clear [ID]", short: "Clear one fault, those of an account, or all", args: rangeArgs(0, 1),
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Cleared, error) {
			if len(args) > 0 {
				in.ID = args[0]
			}
			n, err := c.ClearFaults(cmd.Context(), in)
			return operator.Cleared{Cleared: n}, err
		},
		show: func(w io.Writer, c operator.Cleared) { row(w, "cleared", c.Cleared) },
	}.command()
	bindAccount(cmd, &in.Account, "only the faults of this account")
	return cmd
}
