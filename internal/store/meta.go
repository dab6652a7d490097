package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatewright/gatewright/internal/vpc"
)

// storeRow is the value of the store key. It changes only when the store is made,
// migrated or restored; every commit is guarded by it, so that no replica can write
// into that.
type storeRow struct {
	ID      string      `json:"id"`     // random, made with the store
	Schema  int         `json:"schema"` // of the rows
	State   string      `json:"state,omitempty"`
	Done    string      `json:"done,omitempty"` // the last key that a migration has dealt with
	Created vpc.Instant `json:"created"`
}

// The states of a store. The empty one is that of a store at work.
const (
	stateRestoring = "restoring"
	stateMigrating = "migrating"
)

func parseStore(value []byte) (storeRow, error) {
	var r storeRow
	if value == nil {
		return r, fmt.Errorf("%s is gone: the store was deleted", storeKey)
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, fmt.Errorf("%s: %w", storeKey, err)
	}
	return r, nil
}

func (r storeRow) value() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return b
}

// meta is what stands beside the rows.
type meta struct {
	store    storeRow
	storeMod int64
	last     fates
	headMod  int64
	seal     []byte
}

// readMeta reads it at the snapshot's revision. A store that was never made has no
// storeMod.
func readMeta(ctx context.Context, snap snapshot) (meta, error) {
	var m meta
	pairs, _, err := snap.page(ctx, metaPrefix, endOf(metaPrefix), pageSize)
	if err != nil {
		return m, err
	}
	for _, p := range pairs {
		switch p.key {
		case storeKey:
			if m.store, err = parseStore(p.value); err != nil {
				return m, err
			}
			m.storeMod = p.mod
		case sealKey:
			m.seal = p.value
		}
	}
	heads, _, err := snap.page(ctx, headKey, follow(headKey), 1)
	if err != nil {
		return m, err
	}
	for _, p := range heads {
		if m.last, err = parseHead(p.value); err != nil {
			return m, err
		}
		m.headMod = p.mod
	}
	return m, nil
}

// settle takes in what the store key says: whether rows may be read and written.
func (w *writer) settle(r storeRow) {
	version := w.s.opts.schema.version
	w.frozen = w.inMotion(r)
	w.s.troubled(r.State != "", problem{kind: troubleRestoring, unready: w.blank,
		cause: "a restore or a migration of the store is not finished", zh: "存储的恢复或迁移尚未完成",
		hint: "wait for the replica that does it; if none does, run `gatewright store restore` with the same file again"})
	w.s.troubled(r.State == "" && r.Schema != version, problem{kind: troubleSchema,
		cause: fmt.Sprintf("another replica has migrated the store to version %d, this program knows %d", r.Schema, version),
		zh:    "存储已被其他副本迁移到新版本", hint: "start this replica with the newer program"})
}

// inMotion reports whether rows are not to be taken for whole, or not for ours to read.
func (w *writer) inMotion(r storeRow) bool {
	return r.State != "" || r.Schema != w.s.opts.schema.version
}

// troubled sets or clears a problem.
func (s *Store) troubled(there bool, p problem) {
	switch {
	case there && s.trouble.set(p):
		s.log.Error("store: "+p.cause, "hint", p.hint)
	case !there && s.trouble.clear(p.kind):
		s.log.Info("store: no longer: " + p.cause)
	}
}
