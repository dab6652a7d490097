package main

import (
	"context"
	"fmt"
	"io"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
	"github.com/spf13/cobra"
)

func keyCommands() *cobra.Command {
	return group("key", "Make, list and disable access keys", newKeyCreate(), newKeyList(),
		newKeySwitch("disable", "Make a key useless at once", (*operator.Client).DisableKey),
		newKeySwitch("enable", "Make a disabled key good again", (*operator.Client).EnableKey))
}

func newKeyCreate() *cobra.Command {
	var in operator.NewKey
	var role string
	cmd := operation[operator.MadeKey]{
		use: "create", short: "Make a key; its secret is shown this once", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) (operator.MadeKey, error) {
			in.Role = vpc.KeyRole(role)
			if len(in.Actions) > 0 && !cmd.Flags().Changed("role") {
				in.Role = vpc.RoleActions
			}
			for _, a := range in.Actions {
				if err := checkAction(a); err != nil {
					return operator.MadeKey{}, err
				}
			}
			return c.CreateKey(cmd.Context(), in)
		},
		show: func(w io.Writer, k operator.MadeKey) {
			row(w, "Uin", k.Account)
			row(w, "Role", k.Role)
			row(w, "SecretId", k.SecretID)
			row(w, "SecretKey", k.SecretKey)
		},
	}.command()
	bindAccount(cmd, &in.Account, "account of the key; may be left out if there is only one")
	cmd.Flags().StringVar(&role, "role", string(vpc.RoleAdmin), "admin, read (no writes, no pre-shared keys) or actions")
	cmd.Flags().StringSliceVar(&in.Actions, "actions", nil, "the actions of a key of role actions (repeatable)")
	return cmd
}

func bindAccount(cmd *cobra.Command, account *string, help string) {
	cmd.Flags().StringVar(account, "account", "", help+" (UIN or name)")
}

// checkAction refuses a name that no action has, with a suggestion.
func checkAction(name string) error {
	if wire.Actions[name] != nil || wire.Known(name) {
		return nil
	}
	if guess := nearestAction(name); guess != "" {
		return usageError{fmt.Errorf("there is no action %q; did you mean %s?", name, guess)}
	}
	return usageError{fmt.Errorf("there is no action %q", name)}
}

// nearestAction is the action whose name differs least, if it differs little.
func nearestAction(name string) string {
	best, distance := "", 4
	for a := range wire.Actions {
		if d := editDistance(name, a); d < distance || d == distance && best != "" && a < best {
			best, distance = a, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of neighbours
// from a to b.
func editDistance(a, b string) int {
	var before, last []int // the rows of the table two and one above
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := range len(a) {
		before, last, next = last, next, make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			next[j+1] = min(last[j+1]+1, next[j]+1, last[j]+different(a[i], b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
	}
	return next[len(b)]
}

func different(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}

func newKeyList() *cobra.Command {
	var account string
	cmd := operation[[]operator.Key]{
		use: "list", short: "List the keys, without their secrets", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) ([]operator.Key, error) {
			return c.Keys(cmd.Context(), account)
		},
		show: func(w io.Writer, keys []operator.Key) {
			row(w, "SECRETID", "UIN", "ROLE", "ACTIONS", "DISABLED", "CREATED")
			for _, k := range keys {
				row(w, k.SecretID, k.Account, k.Role, list(k.Actions), yesNo(k.Disabled), k.Created)
			}
		},
	}.command()
	bindAccount(cmd, &account, "only the keys of this account")
	return cmd
}

func newKeySwitch(word, short string, do func(*operator.Client, context.Context, string) (operator.Key, error)) *cobra.Command {
	return operation[operator.Key]{
		use: word + " SECRETID", short: short, args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Key, error) {
			return do(c, cmd.Context(), args[0])
		},
		show: func(w io.Writer, k operator.Key) {
			row(w, "SecretId", k.SecretID)
			row(w, "Uin", k.Account)
			row(w, "Disabled", yesNo(k.Disabled))
		},
	}.command()
}
