package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/spf13/cobra"
)

func quotaCommands() *cobra.Command {
	return group("quota", "List and set quotas (the names of DescribeVpcLimits, and ours)", newQuotaList(), newQuotaSet(), newQuotaClear())
}

func newQuotaList() *cobra.Command {
	var account string
	cmd := operation[[]control.QuotaValue]{
		use: "list", short: "List the quotas as they count for an account", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) ([]control.QuotaValue, error) {
			return c.Quotas(cmd.Context(), account)
		},
		show: func(w io.Writer, quotas []control.QuotaValue) {
			row(w, "NAME", "VALUE", "DEFAULT")
			for _, q := range quotas {
				row(w, q.Name, q.Value, q.Default)
			}
		},
	}.command()
	bindAccount(cmd, &account, "for this account; without it, for one that has no values of its own")
	return cmd
}

func newQuotaSet() *cobra.Command {
	var in operator.Quota
	cmd := operation[operator.Quota]{
		use: "set NAME VALUE", short: "Set a quota for one account, or for all that have no value of their own", args: exactArgs(2),
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Quota, error) {
			value, err := strconv.Atoi(args[1])
			if err != nil {
				return in, usageError{fmt.Errorf("%q is not a number", args[1])}
			}
			in.Name, in.Value = args[0], value
			return in, c.SetQuota(cmd.Context(), in)
		},
		show: func(w io.Writer, q operator.Quota) { row(w, q.Name, q.Value) },
	}.command()
	bindAccount(cmd, &in.Account, "for this account only")
	return cmd
}

func newQuotaClear() *cobra.Command {
	var in operator.Quota
	cmd := operation[operator.Done]{
		use: "clear NAME", short: "Take the operator's value of a quota back", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Done, error) {
			in.Name = args[0]
			found, err := c.ClearQuota(cmd.Context(), in)
			return operator.Done{Done: found}, err
		},
		show: showCleared,
	}.command()
	bindAccount(cmd, &in.Account, "the value of this account")
	return cmd
}

func showCleared(w io.Writer, d operator.Done) {
	if d.Done {
		row(w, "cleared")
	} else {
		row(w, "there was nothing to clear")
	}
}
