package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/spf13/cobra"
)

func storeCommands() *cobra.Command {
	return group("store", "Back up and restore everything that the running server keeps", newStoreBackup(), newStoreRestore())
}

func newStoreBackup() *cobra.Command {
	var in operator.Backup
	cmd := operation[control.BackupInfo]{
		use: "backup FILE", short: "Write a backup of the running server's store to a file; - is stdout", args: oneArg,
		long: `Write a backup of the running server's store to a file, whole or not at all; - is stdout.

It holds every row and journal at one moment. Secrets in it are sealed under the master
key, which is left out unless --with-key asks for it: without that key the backup cannot
be used, and with it whoever has the file has the secrets.`,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (control.BackupInfo, error) {
			if args[0] == "-" {
				out := cmd.OutOrStdout()
				cmd.SetOut(cmd.ErrOrStderr()) // what is said about the backup must not be in it
				return c.Backup(cmd.Context(), in, out)
			}
			return backupToFile(cmd.Context(), c, in, args[0])
		},
		show: showBackup,
	}.command()
	cmd.Flags().BoolVar(&in.WithKey, "with-key", false, "put the master key into the backup, too")
	return cmd
}

// backupToFile replaces the file only when the backup is whole and durable.
func backupToFile(ctx context.Context, c *operator.Client, in operator.Backup, path string) (control.BackupInfo, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return control.BackupInfo{}, err
	}
	defer os.Remove(f.Name())
	info, err := c.Backup(ctx, in, f)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return info, err
	}
	return info, os.Rename(f.Name(), path)
}

func showBackup(w io.Writer, b control.BackupInfo) {
	row(w, "store", b.Store)
	row(w, "schema", b.Schema)
	row(w, "revision", b.Revision)
	row(w, "made", b.Created.Time().Format(time.RFC3339))
	row(w, "keys", b.Keys)
	row(w, "master key", map[bool]string{true: "in the backup", false: "not in the backup"}[b.MasterKey])
}

func newStoreRestore() *cobra.Command {
	var yes bool
	cmd := operation[control.BackupInfo]{
		use: "restore FILE", short: "Replace everything in the running server's store by a backup; - is stdin", args: oneArg,
		long: `Replace everything in the running server's store by a backup; - is stdin.

What was written after the backup was made is gone afterwards, accounts and keys too. At
a terminal it asks before it begins, unless --yes is given.`,
		run: func(cmd *cobra.Command, c *operator.Client, args []string) (control.BackupInfo, error) {
			if args[0] == "-" {
				return c.Restore(cmd.Context(), cmd.InOrStdin())
			}
			f, err := os.Open(args[0])
			if err != nil {
				return control.BackupInfo{}, err
			}
			defer f.Close()
			if !yes && !confirmed(cmd) {
				return control.BackupInfo{}, errors.New("nothing was changed")
			}
			return c.Restore(cmd.Context(), f)
		},
		show: showBackup,
	}.command()
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirmed asks a person; where there is none to ask, the command itself is the answer.
func confirmed(cmd *cobra.Command) bool {
	if !atTerminal() {
		return true
	}
	fmt.Fprint(cmd.ErrOrStderr(), "This replaces everything that the server keeps. Go on? [y/N] ")
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y")
}

// atTerminal reports whether stdin is a device other than the null device.
func atTerminal() bool {
	in, err := os.Stdin.Stat()
	if err != nil || in.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(in, null)
}
