package control

import (
	"context"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// RecordCall records a call that changed nothing: a write that was refused, or one that
// met a fault. Result is OK or the code. It never waits: the entry joins a later commit,
// and when more than a few thousand are waiting the newest are dropped and the log says
// so.
func (c *Control) RecordCall(caller *Caller, result string) {
	select {
	case c.refused <- caller.audit(c.st.Now(), result):
	default:
		c.log.Warn("audit: too many calls to record at once, one is not recorded", "action", caller.Action, "request", caller.RequestID)
	}
}

// refusedBatch bounds how many refused calls share one commit.
const refusedBatch = 256

// recordRefused appends refused calls to the audit, many to a commit, at most one
// commit a second.
func (c *Control) recordRefused(ctx context.Context) {
	for {
		var batch []vpc.AuditEntry
		select {
		case e := <-c.refused:
			batch = append(batch, e)
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(time.Second)
	collect:
		for len(batch) < refusedBatch {
			select {
			case e := <-c.refused:
				batch = append(batch, e)
			case <-timer.C:
				break collect
			case <-ctx.Done():
				break collect
			}
		}
		timer.Stop()
		c.appendRefused(batch)
	}
}

// appendRefused outlives the context of Run by a moment, so that a drain loses nothing.
func (c *Control) appendRefused(batch []vpc.AuditEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := c.st.Update(ctx, func(tx *store.Tx) error {
		for _, e := range batch {
			tx.Append(store.Audit, e)
		}
		return nil
	})
	if err != nil {
		c.log.Warn("audit: refused calls are not recorded", "calls", len(batch), "error", err)
	}
}
