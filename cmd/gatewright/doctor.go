package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// examination is what doctor tells of this machine.
type examination struct {
	Carries    bool     `json:"carries"` // serve --dataplane=linux would run
	Engine     string   `json:"engine"`  // who encrypts; empty: nobody
	Algorithms []string `json:"algorithms"`
	Checks     []check  `json:"checks"`
}

// check is one thing that was looked for.
type check struct {
	What  string `json:"what"`
	Good  bool   `json:"good"`
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"` // what to do where it is not good
}

// errSick is doctor's exit code where packets cannot be carried.
var errSick = errors.New("this machine cannot carry packets; the last column says what to do")

func newDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Tell what this machine has for a data plane, which engine that gives, what is missing and how to install it",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			x := examine(cmd.Context())
			var err error
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), x)
			} else {
				err = showExamination(cmd.OutOrStdout(), x)
			}
			if err == nil && !x.Carries {
				err = errSick
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

func showExamination(out io.Writer, x examination) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, c := range x.Checks {
		sign := "no"
		if c.Good {
			sign = "ok"
		}
		row(w, sign, c.What, c.Found, c.Mend)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nengine: %s\nalgorithms: %s\n", orElse(x.Engine, "none"), list(x.Algorithms))
	return err
}
