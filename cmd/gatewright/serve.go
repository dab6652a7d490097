package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/spf13/cobra"
)

func newServe() *cobra.Command {
	var conf Config
	var file string
	var check, clean bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server in the foreground until SIGINT or SIGTERM, then let running calls end
and exit with 0.

Every flag is also a key of the TOML file that --config names; the command line wins
over the file, the file over the default.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file != "" {
				if err := loadFile(cmd.Flags(), file); err != nil {
					return err
				}
			}
			if err := conf.validate(); err != nil {
				return err
			}
			if check {
				for _, w := range conf.warnings() {
					fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w)
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "The configuration is good.")
				return err
			}
			if clean {
				return cleanHost(cmd.Context(), &conf, cmd.OutOrStdout())
			}
			return serve(cmd.Context(), &conf, cmd.OutOrStdout())
		},
	}
	conf.flags(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", "", "file (TOML) with these flags as keys")
	cmd.Flags().BoolVar(&check, "check", false, "say whether flags and file are good, and exit")
	cmd.Flags().BoolVar(&clean, "cleanup", false, "remove every process, namespace and device that a server with this data directory has made, and exit; rows are kept")
	return cmd
}

// cleanHost is serve --cleanup. A server that runs would make everything again.
func cleanHost(ctx context.Context, conf *Config, out io.Writer) error {
	log, err := conf.logger(os.Stderr)
	if err != nil {
		return err
	}
	socket, err := operator.Listen(conf.DataDir)
	if err != nil {
		return err
	}
	defer socket.Close()
	ports, err := cleanUp(ctx, conf, log)
	if err != nil {
		return err
	}
	if len(ports) > 0 {
		_, err = fmt.Fprintf(out, "Left are the data directory and the bridge %s, which others are plugged into: %s. `ip link del %[1]s` removes it.\n", ownUplink, strings.Join(ports, ", "))
		return err
	}
	_, err = fmt.Fprintln(out, "Nothing of this server is left on the machine but its data directory.")
	return err
}

// serve runs a server until ctx ends. What to do next goes to out once it is ready.
func serve(ctx context.Context, conf *Config, out io.Writer) error {
	log, err := conf.logger(os.Stderr)
	if err != nil {
		return err
	}
	for _, w := range conf.warnings() {
		log.Warn(w)
	}
	if err := noCoreFiles(); err != nil {
		log.Warn("a crash may leave keys in a core file", "error", err)
	}
	if err := os.MkdirAll(conf.DataDir, 0o700); err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	ctx, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	s := &server{conf: conf, log: log, failed: failed, started: time.Now()}
	if err := s.start(ctx); err != nil {
		s.stop()
		if ctx.Err() != nil {
			return stopReason(ctx) // told to stop before it was ready
		}
		return err
	}
	log.Info("ready", "version", version, "dataplane", s.about().Dataplane, "endpoint", s.about().Endpoint(), "after", time.Since(s.started).Round(time.Millisecond).String())
	whatNext(out, conf, s.about())
	<-ctx.Done()
	log.Info("stopping")
	s.stop()
	return stopReason(ctx)
}

// stopReason is nil for a signal, and what went wrong otherwise.
func stopReason(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// logger writes to w as --log-format and --log-level say.
func (c *Config) logger(w io.Writer) (*slog.Logger, error) {
	level, err := c.logLevel()
	if err != nil {
		return nil, err
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}
