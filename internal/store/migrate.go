package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// schema is which version of rows a program writes, and how older ones become that.
type schema struct {
	version int
	steps   map[int]step // by the version that they begin with
}

// step turns a row of one version, as JSON, into the next one's. It must give the same
// for the same row: after a crash it may see a row again that was not committed. A nil
// result drops the row.
type step func(key string, value []byte) ([]byte, error)

// thisProgram is the schema of the rows in the package vpc. To change a row in a way
// that old JSON does not fit: raise the version and add the step from the old one.
var thisProgram = schema{version: 1}

// migrate brings the rows to this program's version, one version after another. The
// rows of before go into a backup first; a migration that was cut off is continued.
// Replicas of the older program see the state and stop writing.
func (s *Store) migrate(ctx context.Context, m meta) error {
	if m.store.State == "" {
		file, err := s.backupBeforeMigration(ctx, m.store.Schema)
		if err != nil {
			return fmt.Errorf("back up before the migration: %w", err)
		}
		s.log.Info("migrating the store", "from", m.store.Schema, "to", s.opts.schema.version, "backup", file)
	}
	for m.store.Schema < s.opts.schema.version {
		step := s.opts.schema.steps[m.store.Schema]
		if step == nil {
			return fmt.Errorf("the store has version %d, from which this program knows no way to version %d", m.store.Schema, s.opts.schema.version)
		}
		if err := s.takeStep(ctx, &m, step); err != nil {
			return fmt.Errorf("migrate the store from version %d: %w", m.store.Schema, err)
		}
	}
	return nil
}

// backupBeforeMigration writes the whole store below the data directory. A store
// without one, which only tests have, has nothing to lose.
func (s *Store) backupBeforeMigration(ctx context.Context, version int) (string, error) {
	if s.opts.DataDir == "" {
		return "", nil
	}
	dir := filepath.Join(s.opts.DataDir, "backups")
	if err := privateDir(dir); err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("before-migration-from-%d-%s.gz", version, s.opts.Clock().UTC().Format("20060102T150405")))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = s.Backup(ctx, f, false)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return path, err
}

// takeStep changes every row behind m.store.Done and then counts the version up.
func (s *Store) takeStep(ctx context.Context, m *meta, change step) error {
	if m.store.State == "" {
		m.store.State, m.store.Done = stateMigrating, ""
		if err := s.putStore(ctx, m, nil); err != nil {
			return err
		}
	}
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return err
	}
	var c chunk
	err = eachPage(ctx, snap, rowPrefix, func(page []pair) error {
		for _, p := range page {
			if p.key <= m.store.Done || leased(p.key) { // a leased row would lose its lease
				continue
			}
			value, err := change(p.key, p.value)
			if err != nil {
				return fmt.Errorf("%s: %w", p.key, err)
			}
			if o := (op{p.key, value}); c.full(o) {
				if err := s.putStore(ctx, m, c.take()); err != nil {
					return err
				}
			}
			c.add(op{p.key, value})
			m.store.Done = p.key
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.store.State, m.store.Done = "", ""
	m.store.Schema++
	return s.putStore(ctx, m, c.take())
}

// putStore writes the store key together with ops, if nobody else has changed it.
func (s *Store) putStore(ctx context.Context, m *meta, ops []op) error {
	out, err := s.kv.commit(ctx, txn{conds: []cond{{storeKey, m.storeMod}}, ops: append(ops, op{storeKey, m.store.value()})})
	switch {
	case err != nil:
		return err
	case !out.ok:
		return fmt.Errorf("another replica is changing the store too; start this one again when it is done")
	}
	m.storeMod = out.rev
	return nil
}

// chunk gathers operations that fit into one transaction, beside the store key.
type chunk struct {
	ops   []op
	bytes int
}

// full reports whether o does not fit any more.
func (c *chunk) full(o op) bool {
	return len(c.ops) >= maxOps-1 || len(c.ops) > 0 && c.bytes+len(o.key)+len(o.value) > maxBytes
}

func (c *chunk) add(o op) {
	c.ops = append(c.ops, o)
	c.bytes += len(o.key) + len(o.value)
}

// take empties the chunk.
func (c *chunk) take() []op {
	ops := c.ops
	*c = chunk{}
	return ops
}
