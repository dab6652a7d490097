package control

import (
	"context"
	"io"

	"github.com/gatewright/gatewright/internal/store"
)

// BackupInfo says what a backup holds.
type BackupInfo = store.BackupInfo

// Backup writes everything that the store holds, of one moment; see store.Backup. That
// it was asked for is in the audit before the first byte goes out.
func (c *Control) Backup(ctx context.Context, caller *Caller, out io.Writer, withKey bool) (BackupInfo, error) {
	if err := c.update(ctx, caller, func(*store.Tx) error { return nil }); err != nil {
		c.log.Warn("audit: a backup is not recorded", "request", caller.RequestID, "error", err)
	}
	return c.st.Backup(ctx, out, withKey)
}

// Restore replaces everything that the store holds by a backup; see store.Restore. Its
// entry is the first of the restored audit's future.
func (c *Control) Restore(ctx context.Context, caller *Caller, in io.Reader) (BackupInfo, error) {
	info, err := c.st.Restore(ctx, in)
	if err != nil {
		return info, err
	}
	return info, c.update(ctx, caller, func(*store.Tx) error { return nil })
}
