package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Restore replaces all rows and journals by those of a backup, while the store is open.
// The whole file is checked first; an error until then has changed nothing. From then
// on writes are refused on every replica and the older rows stay in view; when the last
// key is in place every replica reads the new ones. If it is cut off the store stays
// closed for writes, also after a restart, until a restore has run to its end.
//
// A backup that holds its master key brings it along: the key replaces that of this
// replica. Otherwise the backup's secrets must be sealed under the key in use.
func (s *Store) Restore(ctx context.Context, in io.Reader) (BackupInfo, error) {
	file, err := os.CreateTemp(s.opts.DataDir, ".restore-*")
	if err != nil {
		return BackupInfo{}, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.Copy(file, in); err != nil {
		return BackupInfo{}, err
	}
	r := &restoring{s: s, file: file}
	if err := r.check(); err != nil {
		return BackupInfo{}, err
	}
	err = s.writer.do(ctx, func() error { return s.writer.restore(r) })
	if err != nil {
		return BackupInfo{}, fmt.Errorf("restore: %w", err)
	}
	s.log.Info("restored a backup", "keys", r.info.Keys, "revision", r.info.Revision, "store", r.info.Store)
	return r.info, nil
}

// restoring is a backup on its way into a store.
type restoring struct {
	s    *Store
	file *os.File
	head backupHead
	info BackupInfo
	seal *sealer // of the backup; nil: the one in use
}

// check reads the file from end to end.
func (r *restoring) check() error {
	entries, err := r.open()
	if err != nil {
		return err
	}
	r.head = entries.head
	if v := r.s.opts.schema.version; r.head.Schema > v || r.head.Schema < 1 {
		return fmt.Errorf("%w of this version: its rows are of version %d, this program knows up to %d", errBackup, r.head.Schema, v)
	}
	var seal []byte
	for {
		e, ok, err := entries.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if e.Key == sealKey {
			seal = e.Value
		}
	}
	r.info = r.head.info(entries.keys)
	return r.checkKey(seal)
}

func (r *restoring) open() (*backupReader, error) {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return openBackup(r.file)
}

// checkKey finds the key that opens the backup's secrets.
func (r *restoring) checkKey(seal []byte) error {
	if r.s.sealer.Load().opens(seal) {
		return nil
	}
	if r.head.MasterKey == "" {
		return errors.New("the secrets in this backup are sealed under another master key: start the server with that key (--master-key-file), or use a backup that holds its key")
	}
	key, err := hex.DecodeString(r.head.MasterKey)
	if err != nil {
		return fmt.Errorf("%w: its master key is not hexadecimal", errBackup)
	}
	if r.seal, err = newSealer(key); err != nil {
		return fmt.Errorf("%w: %w", errBackup, err)
	}
	if !r.seal.opens(seal) {
		return fmt.Errorf("%w: its master key does not open its secrets", errBackup)
	}
	return nil
}

// restore runs on the writer's goroutine: no batch is on its way.
func (w *writer) restore(r *restoring) error {
	now, err := w.s.kv.get(w.hard, storeKey)
	if err != nil {
		return err
	}
	m := meta{storeMod: now.mod}
	if m.store, err = parseStore(now.value); err != nil {
		return err
	}
	m.store.State = stateRestoring
	if err := w.putStore(&m, nil); err != nil {
		return err
	}
	w.settle(m.store)
	if err := w.replace(r, &m); err != nil {
		return err
	}
	if err := r.keepKey(); err != nil {
		return err
	}
	m.store = storeRow{ID: r.head.Store, Schema: r.head.Schema, Created: m.store.Created}
	if m.store.Schema < w.s.opts.schema.version {
		m.store.State = stateMigrating
	}
	if err := w.putStore(&m, []op{{headKey, w.last.value()}}); err != nil {
		return err
	}
	if err := r.useKey(); err != nil {
		return err
	}
	if m.store.State == stateMigrating {
		if err := w.s.migrate(w.hard, m); err != nil {
			return err
		}
	}
	w.reload()
	return nil
}

// putStore is a commit that must come about or fail for certain.
func (w *writer) putStore(m *meta, ops []op) error {
	out, err := w.send(txn{conds: []cond{{storeKey, m.storeMod}}, ops: append(ops, op{storeKey, m.store.value()})})
	switch {
	case err != nil:
		return err
	case out.ok:
		m.storeMod = out.rev
		return nil
	}
	// A lost answer may have been to this very commit.
	if seen := out.seen[0]; bytes.Equal(seen.value, m.store.value()) {
		m.storeMod = seen.mod
		return nil
	}
	return errors.New("another replica is changing the store too")
}

// replace puts the backup's entries and deletes what it does not have. Both sides come
// in the order of their keys, so that neither is ever held whole.
func (w *writer) replace(r *restoring, m *meta) error {
	entries, err := r.open()
	if err != nil {
		return err
	}
	snap, err := w.s.kv.snapshot(w.hard)
	if err != nil {
		return err
	}
	release := w.s.pins.hold(snap.revision())
	defer release()
	old, stop := iter.Pull2(eachPair(w, snap))
	defer stop()
	var c chunk
	put := func(o op) error {
		if c.full(o) {
			if err := w.putChunk(m, c.take()); err != nil {
				return err
			}
		}
		c.add(o)
		return nil
	}
	have, more, err := pull(old)
	for err == nil {
		var e backupEntry
		var ok bool
		if e, ok, err = entries.next(); err != nil || !ok {
			break
		}
		for err == nil && more && have.key < e.Key {
			if err = put(op{have.key, nil}); err == nil {
				have, more, err = pull(old)
			}
		}
		same := err == nil && more && have.key == e.Key
		if err == nil && !(same && bytes.Equal(have.value, e.Value)) {
			err = put(op{e.Key, e.Value})
		}
		if err == nil && same {
			have, more, err = pull(old)
		}
	}
	for err == nil && more {
		if err = put(op{have.key, nil}); err == nil {
			have, more, err = pull(old)
		}
	}
	if err != nil {
		return err
	}
	return w.putChunk(m, c.take())
}

// pull takes the next pair of the store's content.
func pull(next func() (pair, error, bool)) (pair, bool, error) {
	for {
		p, err, ok := next()
		if !ok || err != nil {
			return pair{}, false, err
		}
		if !passing(p.key) {
			return p, true, nil
		}
	}
}

func eachPair(w *writer, snap snapshot) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		done := errors.New("done")
		err := eachPage(w.hard, snap, root, func(page []pair) error {
			for _, p := range page {
				if !yield(p, nil) {
					return done
				}
			}
			return nil
		})
		if err != nil && err != done {
			yield(pair{}, err)
		}
	}
}

// putChunk may be done twice without harm.
func (w *writer) putChunk(m *meta, ops []op) error {
	if len(ops) == 0 {
		return nil
	}
	out, err := w.send(txn{conds: []cond{{storeKey, m.storeMod}}, ops: ops})
	if err == nil && !out.ok {
		err = errors.New("another replica is changing the store too")
	}
	return err
}

// keepKey writes the backup's master key beside the one in use, so that a crash between
// here and useKey loses neither.
func (r *restoring) keepKey() error {
	path := r.s.opts.masterKeyFile()
	if r.seal == nil || path == "" {
		return nil
	}
	return writeMasterKey(path+".restored", r.seal.key)
}

// useKey makes the backup's master key the one in use; the old one stays beside it.
func (r *restoring) useKey() error {
	if r.seal == nil {
		return nil
	}
	r.s.sealer.Store(r.seal)
	path := r.s.opts.masterKeyFile()
	if path == "" {
		return nil
	}
	if err := os.Rename(path, path+".before-restore"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(path+".restored", path)
}
