package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func debugCommands() *cobra.Command {
	return group("debug", "Look inside a running server", newDebugRows(), newDebugAudit(), newDebugSeed(), newDebugConnection(), newDebugSSLServer(),
		newDebugMachine("plan", "Print what was applied last of a gateway or a VPC's router", "nothing", func(m operator.Machine) string { return m.Plan }),
		newDebugMachine("observed", "Print what was seen of a gateway or a VPC's router after the last pass", "nothing yet", func(m operator.Machine) string { return m.Observed }),
		newDebugMachine("diff", "Print how what rows want now differs from what was applied last", "nothing is left to do", func(m operator.Machine) string { return m.Diff }))
}

// streamed is a command whose answer comes line by line.
func streamed(use, short string, args cobra.PositionalArgs, run func(cmd *cobra.Command, c *operator.Client, args []string, asJSON bool) error) *cobra.Command {
	var dataDir string
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := dial(dataDir)
			if err != nil {
				return err
			}
			return run(cmd, client, args, asJSON)
		},
	}
	bindDataDir(cmd, &dataDir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one value a line")
	return cmd
}

func printLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func newDebugRows() *cobra.Command {
	return streamed("rows [TABLE [PREFIX]]", "Print the rows of a table, secrets left out; without a table, the tables", rangeArgs(0, 2),
		func(cmd *cobra.Command, c *operator.Client, args []string, asJSON bool) error {
			if len(args) == 0 {
				return printTables(cmd, c, asJSON)
			}
			in := operator.Rows{Table: args[0]}
			if len(args) > 1 {
				in.Prefix = args[1]
			}
			return c.Rows(cmd.Context(), in, func(r operator.Row) error {
				if asJSON {
					return printLine(cmd.OutOrStdout(), r)
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s/%s %s\n", in.Table, r.Key, r.Row)
				return err
			})
		})
}

func printTables(cmd *cobra.Command, c *operator.Client, asJSON bool) error {
	names, err := c.Tables(cmd.Context())
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), names)
	}
	for _, n := range names {
		fmt.Fprintln(cmd.OutOrStdout(), n)
	}
	return nil
}

func newDebugAudit() *cobra.Command {
	var in operator.Audit
	cmd := streamed("audit", "Print the audit, oldest first: write calls, operator's commands, refused and faulted calls", noArgs,
		func(cmd *cobra.Command, c *operator.Client, _ []string, asJSON bool) error {
			return c.Audit(cmd.Context(), in, func(e vpc.AuditEntry) error {
				if asJSON {
					return printLine(cmd.OutOrStdout(), e)
				}
				return printAudit(cmd.OutOrStdout(), e)
			})
		})
	fs := cmd.Flags()
	bindAccount(cmd, &in.Account, "only the calls of this account")
	fs.DurationVar(&in.Since, "since", 0, "how far back, such as 2h; 0 is everything that is kept")
	fs.IntVar(&in.Limit, "limit", 0, "only the newest so many; 0 is all")
	return cmd
}

func printAudit(w io.Writer, e vpc.AuditEntry) error {
	result := e.Result
	if e.Fault {
		result += " (fault)"
	}
	params := string(e.Params)
	if params == "" {
		params = "{}"
	}
	_, err := fmt.Fprintf(w, "%s %d %s %s %s %s %s %s %s\n",
		e.At.Time().Format(time.RFC3339), e.Account, e.Key, orElse(string(e.Region), "-"), e.Action, result, e.RequestID, e.Source, params)
	return err
}

func newDebugSeed() *cobra.Command {
	var in control.SeedSpec
	var region string
	cmd := streamed("seed", "Fill the store with gateways and connections of a new account (a test tool)", noArgs,
		func(cmd *cobra.Command, c *operator.Client, _ []string, asJSON bool) error {
			in.Region = vpc.Region(region)
			var result *control.Seeded
			err := c.Seed(cmd.Context(), in, func(s operator.Seeding) error {
				if s.Result != nil {
					result = s.Result
				} else {
					fmt.Fprintln(cmd.ErrOrStderr(), s.Progress)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if result == nil {
				return errors.New("the server ended without a result")
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), result)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "account %d\nSecretId %s\nSecretKey %s\n", result.Account, result.SecretID, result.SecretKey)
			return err
		})
	cmd.Long = `Fill the store with gateways and connections of a new account.

This is a test tool: rows are written past quotas and prices, and cost nothing. With
--json it also tells what to look for: a VPC, a name and a tag with many rows.`
	fs := cmd.Flags()
	fs.IntVar(&in.Gateways, "gateways", 1000, "how many gateways")
	fs.IntVar(&in.Connections, "connections", 1000, "how many connections")
	fs.IntVar(&in.VPCs, "vpcs", 0, "how many VPCs (default: one for every ten gateways)")
	fs.StringVar(&region, "region", "", "region of the rows (default: the server's)")
	return cmd
}
