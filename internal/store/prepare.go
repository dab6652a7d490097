package store

import (
	"context"
	"fmt"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// prepare makes the store if there is none, and checks that this program may use it.
func (s *Store) prepare(ctx context.Context) error {
	m, err := s.meet(ctx)
	if err != nil {
		return err
	}
	if err := s.openSealer(m.storeMod == 0); err != nil {
		return err
	}
	if m.storeMod == 0 {
		if m, err = s.create(ctx); err != nil {
			return err
		}
	}
	if !s.sealer.Load().opens(m.seal) {
		return fmt.Errorf("the master key at %s is not that of this store: put the store's own key there, or name it with --master-key-file", s.opts.masterKeyFile())
	}
	version := s.opts.schema.version
	if m.store.Schema > version {
		return fmt.Errorf("the store has version %d and this program knows versions up to %d: start a newer program", m.store.Schema, version)
	}
	if m.store.Schema < version && m.store.State != stateRestoring {
		return s.migrate(ctx, m)
	}
	return nil
}

// meet reads what is beside the rows. A cluster that does not answer is waited for.
func (s *Store) meet(ctx context.Context) (meta, error) {
	for {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		m, err := s.readMeta(try)
		cancel()
		if err == nil || s.kv.exclusive() {
			return m, err
		}
		s.log.Warn("waiting for the etcd cluster", "endpoints", s.opts.Endpoints, "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return m, fmt.Errorf("etcd at %v does not answer: %w", s.opts.Endpoints, err)
		}
	}
}

func (s *Store) readMeta(ctx context.Context) (meta, error) {
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return meta{}, err
	}
	return readMeta(ctx, snap)
}

// create makes the store, unless another replica is faster or the etcd is not ours.
func (s *Store) create(ctx context.Context) (meta, error) {
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return meta{}, err
	}
	pairs, _, err := snap.page(ctx, "\x00", lastKey, 1)
	if err != nil {
		return meta{}, err
	}
	if len(pairs) > 0 && pairs[0].key != storeKey {
		if m, err := readMeta(ctx, snap); err != nil || m.storeMod == 0 {
			return m, fmt.Errorf("the etcd cluster holds data of somebody else (first key %q): Gatewright needs a cluster of its own", pairs[0].key)
		}
	}
	row := storeRow{ID: randomName(), Schema: s.opts.schema.version, Created: vpc.At(s.opts.Clock())}
	_, err = s.kv.commit(ctx, txn{
		conds: []cond{{storeKey, 0}},
		ops:   []op{{storeKey, row.value()}, {sealKey, s.sealer.Load().check()}},
	})
	if err != nil {
		return meta{}, fmt.Errorf("make the store: %w", err)
	}
	return s.readMeta(ctx)
}
