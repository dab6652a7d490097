package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

func sslPolicyCommands() *cobra.Command {
	return group("sslpolicy", "Say what clients of an SSL server with AccessPolicyEnabled reach",
		newSSLPolicyList(), newSSLPolicyAdd(), newSSLPolicyRemove())
}

func showSSLPolicies(w io.Writer, policies []operator.SSLPolicy) {
	row(w, "POLICY", "TARGET", "CLIENTS", "UPDATED", "REMARK")
	for _, p := range policies {
		row(w, p.ID, p.Target, clientWords(p.Clients), p.Updated, fmt.Sprintf("%q", p.Remark))
	}
}

func clientWords(ids []vpc.SSLClientID) string {
	if len(ids) == 0 {
		return "all"
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ",")
}

func newSSLPolicyList() *cobra.Command {
	return operation[[]operator.SSLPolicy]{
		use: "list SSL-VPN-SERVER-ID", short: "List the access policies of an SSL server", args: oneArg,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) ([]operator.SSLPolicy, error) {
			return c.SSLPolicies(cmd.Context(), vpc.SSLServerID(args[0]))
		},
		show: showSSLPolicies,
	}.command()
}

func newSSLPolicyAdd() *cobra.Command {
	var in operator.SSLPolicyInput
	var clients []string
	cmd := operation[operator.SSLPolicy]{
		use: "add SSL-VPN-SERVER-ID RANGE", short: "Let clients reach a range: one of the server's, or its client range, so that clients reach each other",
		long: "Let clients reach a range: one of the server's, or its client range, so that clients reach each other.\n\nThe range answers the clients, and cannot begin to talk to them.", args: exactArgs(2),
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.SSLPolicy, error) {
			in.Server, in.Target = vpc.SSLServerID(args[0]), args[1]
			for _, id := range clients {
				in.Clients = append(in.Clients, vpc.SSLClientID(id))
			}
			return c.AddSSLPolicy(cmd.Context(), in)
		},
		show: func(w io.Writer, p operator.SSLPolicy) { showSSLPolicies(w, []operator.SSLPolicy{p}) },
	}.command()
	cmd.Flags().StringSliceVar(&clients, "client", nil, "only for this SSL client; may be repeated")
	cmd.Flags().StringVar(&in.Remark, "remark", "", "what AccessPolicy shows as Remark")
	return cmd
}

func newSSLPolicyRemove() *cobra.Command {
	return operation[operator.Done]{
		use: "remove SSL-VPN-SERVER-ID POLICY-ID", short: "Take an access policy back", args: exactArgs(2),
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (operator.Done, error) {
			found, err := c.RemoveSSLPolicy(cmd.Context(), operator.SSLPolicyInput{Server: vpc.SSLServerID(args[0]), Policy: vpc.AccessPolicyID(args[1])})
			return operator.Done{Done: found}, err
		},
		show: showCleared,
	}.command()
}
