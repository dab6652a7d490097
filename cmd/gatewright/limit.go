package main

import (
	"fmt"
	"io"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func limitCommands() *cobra.Command {
	return group("limit", "List and set call rates", newLimitList(), newLimitSet(), newLimitClear())
}

func newLimitSet() *cobra.Command {
	var in operator.Limit
	cmd := operation[operator.Limit]{
		use: "set --rate N", short: "Set how many calls a second are allowed; 0 is no limit", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.Limit, error) {
			if !cmd.Flags().Changed("rate") {
				return in, usageError{fmt.Errorf("--rate is wanted; see %s --help", cmd.CommandPath())}
			}
			if in.Action != "" {
				if err := checkAction(in.Action); err != nil {
					return in, err
				}
			}
			return in, c.SetLimit(cmd.Context(), in)
		},
		show: func(w io.Writer, l operator.Limit) {
			row(w, orElse(l.Account, "every account"), orElse(l.Action, "every action"), rate(l.Rate))
		},
	}.command()
	cmd.Flags().IntVar(&in.Rate, "rate", 0, "calls a second, for each account, action and region")
	bindLimit(cmd, &in)
	return cmd
}

func bindLimit(cmd *cobra.Command, in *operator.Limit) {
	bindAccount(cmd, &in.Account, "only for this account")
	cmd.Flags().StringVar(&in.Action, "action", "", "only for this action")
}

func newLimitClear() *cobra.Command {
	var in operator.Limit
	cmd := operation[operator.Done]{
		use: "clear", short: "Take a limit back", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.Done, error) {
			found, err := c.ClearLimit(cmd.Context(), in)
			return operator.Done{Done: found}, err
		},
		show: showCleared,
	}.command()
	bindLimit(cmd, &in)
	return cmd
}

func newLimitList() *cobra.Command {
	return operation[operator.Limits]{
		use: "list", short: "List the limits; the most exact one counts", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.Limits, error) {
			return c.Limits(cmd.Context())
		},
		show: func(w io.Writer, l operator.Limits) {
			row(w, "ACCOUNT", "ACTION", "RATE")
			for _, one := range l.Limits {
				row(w, accountOrAny(one.Account), orElse(one.Action, "any"), rate(one.Rate))
			}
			row(w, "any", "any", rate(l.Otherwise)+" (where nothing else is said)")
		},
	}.command()
}

func accountOrAny(id vpc.AccountID) string {
	if id == 0 {
		return "any"
	}
	return fmt.Sprint(id)
}

func rate(n int) string {
	if n == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%d/s", n)
}
