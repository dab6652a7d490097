package main

import (
	"io"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func accountCommands() *cobra.Command {
	return group("account", "Make, list and change accounts", newAccountCreate(), newAccountList(), newAccountShow(), newAccountSet())
}

func newAccountCreate() *cobra.Command {
	var in operator.NewAccount
	var balance moneyFlag
	cmd := operation[operator.MadeAccount]{
		use: "create NAME", short: "Make an account with a key pair", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.MadeAccount, error) {
			in.Name, in.Balance = args[0], (*operator.Amount)(balance.amount)
			return c.CreateAccount(cmd.Context(), in)
		},
		show: func(w io.Writer, a operator.MadeAccount) {
			row(w, "Uin", a.Uin)
			row(w, "AppId", a.AppID)
			row(w, "SecretId", a.SecretID)
			row(w, "SecretKey", a.SecretKey)
		},
	}.command()
	cmd.Flags().BoolVar(&in.Unverified, "unverified", false, "real-name authentication is not done")
	cmd.Flags().Var(&balance, "balance", "opening balance (default 1000000)")
	return cmd
}

func newAccountList() *cobra.Command {
	return operation[[]operator.Account]{
		use: "list", short: "List the accounts", args: noArgs,
		run: func(cmd *cobra.Command, c *operator.Client, _ []string) ([]operator.Account, error) {
			return c.Accounts(cmd.Context())
		},
		show: func(w io.Writer, accounts []operator.Account) {
			row(w, "UIN", "APPID", "NAME", "VERIFIED", "BALANCE", "CREATED")
			for _, a := range accounts {
				row(w, a.Uin, a.AppID, a.Name, yesNo(a.Verified), amount(a.Balance), a.Created)
			}
		},
	}.command()
}

func newAccountShow() *cobra.Command {
	return operation[operator.Account]{
		use: "show UIN|NAME", short: "Show one account", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Account, error) {
			return c.Account(cmd.Context(), args[0])
		},
		show: showAccount,
	}.command()
}

func showAccount(w io.Writer, a operator.Account) {
	row(w, "Uin", a.Uin)
	row(w, "AppId", a.AppID)
	row(w, "Name", a.Name)
	row(w, "Verified", yesNo(a.Verified))
	row(w, "Balance", amount(a.Balance))
	row(w, "Allow-lists", list(a.Allow))
	row(w, "Dedicated clusters", list(a.CDCs))
	row(w, "Tag policy", a.TagPolicy)
	row(w, "Tag quota", tagQuota(a.TagQuota))
	row(w, "Created", a.Created)
}

func newAccountSet() *cobra.Command {
	var in operator.AccountChange
	var balance moneyFlag
	var verified, tags bool
	var policy string
	var keys, pairs, perCall int
	var addCDCs, removeCDCs []string
	cmd := operation[operator.Account]{
		use: "set UIN|NAME", short: "Change an account; what no flag names stays as it is", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Account, error) {
			in.Account, in.Balance = args[0], (*operator.Amount)(balance.amount)
			in.Verified = ifSet(cmd, "verified", verified)
			in.TagsAllocated = ifSet(cmd, "tags", tags)
			in.TagPolicy = ifSet(cmd, "tag-policy", policy)
			in.TagKeys = ifSet(cmd, "tag-keys", keys)
			in.TagPairs = ifSet(cmd, "tag-pairs", pairs)
			in.TagsPerCall = ifSet(cmd, "tags-per-call", perCall)
			in.AddCDCs, in.RemoveCDCs = texts[vpc.CDCID](addCDCs), texts[vpc.CDCID](removeCDCs)
			return c.SetAccount(cmd.Context(), in)
		},
		show: showAccount,
	}.command()
	fs := cmd.Flags()
	fs.BoolVar(&verified, "verified", false, "whether real-name authentication is done")
	fs.Var(&balance, "balance", "the new balance; the difference is a line of the ledger")
	fs.StringSliceVar(&in.Allow, "allow", nil, "allow-list to put the account on: "+strings.Join(vpc.AllowLists, ", ")+" (repeatable)")
	fs.StringSliceVar(&in.Disallow, "disallow", nil, "allow-list to take the account off (repeatable)")
	fs.StringSliceVar(&addCDCs, "add-cdc", nil, "dedicated cluster (cluster-xxxxxxxx) that the account gets (repeatable)")
	fs.StringSliceVar(&removeCDCs, "remove-cdc", nil, "dedicated cluster that it loses (repeatable)")
	fs.BoolVar(&tags, "tags", true, "whether it has a tag quota at all")
	fs.StringVar(&policy, "tag-policy", "any", "tags on new things: any, known-keys, known-values, known-pairs or denied")
	fs.IntVar(&keys, "tag-keys", -1, "how many tag keys it may have; -1 is the default quota")
	fs.IntVar(&pairs, "tag-pairs", -1, "how many tag pairs it may have; -1 is the default quota")
	fs.IntVar(&perCall, "tags-per-call", -1, "how many tags one call may bring; -1 is the default quota")
	return cmd
}

// ifSet is a pointer to the flag's value, or nil if the command line does not have it.
func ifSet[T any](cmd *cobra.Command, flag string, value T) *T {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	return &value
}

func texts[T ~string](in []string) []T {
	var out []T
	for _, s := range in {
		out = append(out, T(s))
	}
	return out
}

// amount writes money with two decimals, or as many as it has.
func amount(units float64) string {
	text := strconv.FormatFloat(units, 'f', -1, 64)
	whole, cents, _ := strings.Cut(text, ".")
	return whole + "." + (cents + "00")[:max(2, len(cents))]
}

func tagQuota(q vpc.TagQuota) string {
	if !q.Allocated {
		return "none"
	}
	number := func(n int) string {
		if n < 0 {
			return "default"
		}
		return strconv.Itoa(n)
	}
	return "keys " + number(q.Keys) + ", pairs " + number(q.Pairs) + ", per call " + number(q.PerCall)
}
