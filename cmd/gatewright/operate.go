package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

// operatorCommands are those that need a running server's operator socket.
func operatorCommands() []*cobra.Command {
	return []*cobra.Command{
		accountCommands(), keyCommands(), quotaCommands(), limitCommands(), faultCommands(),
		gatewayCommands(), hostCommands(), subnetCommands(), sslPolicyCommands(), newCRL(), newStatus(), storeCommands(), debugCommands(),
	}
}

// operation is one of the operator's commands: run asks the server, show prints the
// answer for a person; with --json it is printed as it came.
type operation[Out any] struct {
	use, short, long string
	args             cobra.PositionalArgs
	run              func(*cobra.Command, *operator.Client, []string) (Out, error)
	show             func(io.Writer, Out)
}

func (o operation[Out]) command() *cobra.Command {
	var dataDir string
	var asJSON bool
	cmd := &cobra.Command{
		Use: o.use, Short: o.short, Long: o.long, Args: o.args,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := dial(dataDir)
			if err != nil {
				return err
			}
			out, err := o.run(cmd, client, args)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), out)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			o.show(w, out)
			return w.Flush()
		},
	}
	bindDataDir(cmd, &dataDir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

func bindDataDir(cmd *cobra.Command, dataDir *string) {
	cmd.Flags().StringVar(dataDir, "data-dir", defaultDataDir(), "data directory of the running server")
}

func dial(dataDir string) (*operator.Client, error) {
	if dataDir == "" {
		return nil, usageError{errors.New("no data directory; name one with --data-dir")}
	}
	return operator.Dial(dataDir), nil
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// row prints the cells of one line of a table.
func row(w io.Writer, cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, c)
	}
	fmt.Fprintln(w)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// list joins texts, and - stands for none.
func list[T ~string](items []T) string {
	if len(items) == 0 {
		return "-"
	}
	texts := make([]string, len(items))
	for i, s := range items {
		texts[i] = string(s)
	}
	return strings.Join(texts, ",")
}

// moneyFlag is an amount in whole units of the site's currency, with up to six
// decimals. It is nil until it is set.
type moneyFlag struct{ amount *vpc.Money }

// Set implements pflag.Value.
func (m *moneyFlag) Set(s string) error {
	amount, err := vpc.ParseMoney(s)
	if err != nil {
		return err
	}
	m.amount = &amount
	return nil
}

// Type implements pflag.Value.
func (*moneyFlag) Type() string { return "amount" }

func (m *moneyFlag) String() string {
	if m.amount == nil {
		return ""
	}
	return m.amount.String()
}
