package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/cobra"
)

// version is set by the linker; see the Makefile.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit code: 0, 1 for a failure, 2 for a
// command line that cannot be understood.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "gatewright:", err)
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatewright",
		Short: "A self-hosted VPN gateway service that speaks the Tencent Cloud VPC API",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; see gatewright --help", args[0])}
			}
			return nil
		},
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(newServe(), newCall(), newCA(), newPriceBook(), newDoctor(), newVersion())
	root.AddCommand(operatorCommands()...)
	return root
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			goVersion := "unknown"
			if b, ok := debug.ReadBuildInfo(); ok {
				goVersion = b.GoVersion
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "gatewright %s (%s)\n", version, goVersion)
			return err
		},
	}
}

func newPriceBook() *cobra.Command {
	site := string(vpc.SiteCN)
	cmd := &cobra.Command{
		Use:   "price-book",
		Short: "Print a site's own prices, to edit and give to serve --price-book",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := vpc.ParseSite(site)
			if err != nil {
				return usageError{err}
			}
			_, err = cmd.OutOrStdout().Write(vpc.DefaultPriceFile(s))
			return err
		},
	}
	cmd.Flags().StringVar(&site, "site", site, "cn or intl")
	return cmd
}

// noArgs, oneArg and exactArgs refuse a wrong number of arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error { return exactArgs(0)(cmd, args) }

func oneArg(cmd *cobra.Command, args []string) error { return exactArgs(1)(cmd, args) }

func exactArgs(n int) cobra.PositionalArgs { return rangeArgs(n, n) }

func rangeArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usageError{fmt.Errorf("too few arguments; usage: %s", cmd.UseLine())}
		case most >= 0 && len(args) > most:
			return usageError{fmt.Errorf("unexpected argument %q; usage: %s", args[most], cmd.UseLine())}
		}
		return nil
	}
}

// group is a command that only holds other commands.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use:   use,
		Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; see %s --help", args[0], cmd.CommandPath())}
			}
			return cmd.Help()
		},
	}
	g.AddCommand(children...)
	return g
}
