package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// A backup is gzip over lines of JSON: a backupHead, an entry for every key in the
// order of the keys, and a backupEnd with a checksum over all lines before it.

// BackupInfo says what a backup holds.
type BackupInfo struct {
	Store     string      `json:"store"` // the store's random name
	Schema    int         `json:"schema"`
	Revision  int64       `json:"revision"` // all keys are of this one
	Created   vpc.Instant `json:"created"`
	Keys      int         `json:"keys"`
	MasterKey bool        `json:"masterKey"` // the key that opens the secrets is in it
}

const (
	backupFormat  = "gatewright backup"
	backupVersion = 1
)

type backupHead struct {
	Format    string      `json:"format"`
	Version   int         `json:"version"`
	Store     string      `json:"store"`
	Schema    int         `json:"schema"`
	Revision  int64       `json:"revision"`
	Created   vpc.Instant `json:"created"`
	MasterKey string      `json:"masterKey,omitempty"`
}

type backupEntry struct {
	Key   string `json:"k"`
	Value []byte `json:"v"`
}

type backupEnd struct {
	Keys   int    `json:"keys"`
	SHA256 string `json:"sha256"`
}

// passing reports whether a key belongs to the running store and not to its content.
func passing(key string) bool {
	return key == headKey || key == storeKey || strings.HasPrefix(key, claims) || leased(key)
}

// observed reports whether a key is what a host saw: it is true of the running store
// alone, so no backup has it and a restore removes it.
func observed(key string) bool {
	for _, t := range []table{GatewayStatuses, ConnectionStatuses, WorkloadStatuses, SSLServerStatuses} {
		if strings.HasPrefix(key, rowPrefix+t.Name()+"/") {
			return true
		}
	}
	return false
}

// Backup writes every row and journal entry, all of one revision, while the store goes
// on working. Hosts and what they have reported are left out. Secrets stay sealed; the master key that opens them is left out unless
// withKey.
func (s *Store) Backup(ctx context.Context, out io.Writer, withKey bool) (BackupInfo, error) {
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return BackupInfo{}, err
	}
	release := s.pins.hold(snap.revision())
	defer release()
	m, err := readMeta(ctx, snap)
	if err != nil {
		return BackupInfo{}, err
	}
	if m.store.State == stateRestoring {
		return BackupInfo{}, errors.New("a restore is not finished: there is nothing whole to back up")
	}
	head := backupHead{
		Format: backupFormat, Version: backupVersion, Store: m.store.ID, Schema: m.store.Schema,
		Revision: snap.revision(), Created: s.now(),
	}
	if withKey {
		head.MasterKey = hex.EncodeToString(s.sealer.Load().key)
	}
	w := newBackupWriter(out)
	w.line(head)
	err = eachPage(ctx, snap, root, func(page []pair) error {
		for _, p := range page {
			if !passing(p.key) && !observed(p.key) {
				w.line(backupEntry{p.key, p.value})
				w.keys++
			}
		}
		return w.err
	})
	if err != nil {
		return BackupInfo{}, err
	}
	return head.info(w.keys), w.close()
}

func (h backupHead) info(keys int) BackupInfo {
	return BackupInfo{Store: h.Store, Schema: h.Schema, Revision: h.Revision, Created: h.Created, Keys: keys, MasterKey: h.MasterKey != ""}
}

// backupWriter writes lines and sums them up. The first error stays.
type backupWriter struct {
	gz   *gzip.Writer
	out  *bufio.Writer
	sum  hash.Hash
	keys int
	err  error
}

func newBackupWriter(out io.Writer) *backupWriter {
	gz := gzip.NewWriter(out)
	return &backupWriter{gz: gz, out: bufio.NewWriterSize(gz, 1<<16), sum: sha256.New()}
}

func (w *backupWriter) line(v any) {
	if w.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err == nil {
		b = append(b, '\n')
		w.sum.Write(b)
		_, err = w.out.Write(b)
	}
	w.err = err
}

func (w *backupWriter) close() error {
	w.line(backupEnd{w.keys, hex.EncodeToString(w.sum.Sum(nil))})
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil {
		w.err = w.gz.Close()
	}
	return w.err
}

// maxLine bounds one line of a backup: a value of 1 MiB as base64, with its key.
const maxLine = 4 << 20

// errBackup is in the chain of every error about a backup file.
var errBackup = errors.New("not a whole backup of Gatewright")

// backupReader gives a backup's entries in order and checks what can be checked.
type backupReader struct {
	head  backupHead
	lines *bufio.Scanner
	sum   hash.Hash
	keys  int
	last  string
}

func openBackup(in io.Reader) (*backupReader, error) {
	gz, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBackup, err)
	}
	r := &backupReader{lines: bufio.NewScanner(gz), sum: sha256.New()}
	r.lines.Buffer(make([]byte, 1<<16), maxLine)
	line, err := r.line()
	if err != nil {
		return nil, err
	}
	r.sumUp(line)
	if err := json.Unmarshal(line, &r.head); err != nil || r.head.Format != backupFormat {
		return nil, fmt.Errorf("%w: its first line is something else", errBackup)
	}
	if r.head.Version != backupVersion {
		return nil, fmt.Errorf("%w of this version: its format is %d, not %d", errBackup, r.head.Version, backupVersion)
	}
	return r, nil
}

func (r *backupReader) line() ([]byte, error) {
	if !r.lines.Scan() {
		err := r.lines.Err()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("%w: %w", errBackup, err)
	}
	return r.lines.Bytes(), nil
}

// sumUp takes a line into the checksum.
func (r *backupReader) sumUp(line []byte) {
	r.sum.Write(line)
	r.sum.Write([]byte{'\n'})
}

// next returns the next entry; ok is false behind the last one, when the count and the
// checksum have been found right.
func (r *backupReader) next() (e backupEntry, ok bool, err error) {
	line, err := r.line()
	if err != nil {
		return e, false, err
	}
	if !bytes.HasPrefix(line, []byte(`{"k":`)) {
		return e, false, r.end(line)
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return e, false, fmt.Errorf("%w: entry %d: %w", errBackup, r.keys+1, err)
	}
	if !strings.HasPrefix(e.Key, root) || passing(e.Key) || observed(e.Key) || e.Key <= r.last || e.Value == nil {
		return e, false, fmt.Errorf("%w: the key of entry %d is out of place", errBackup, r.keys+1)
	}
	r.sumUp(line)
	r.keys++
	r.last = e.Key
	return e, true, nil
}

func (r *backupReader) end(line []byte) error {
	var end backupEnd
	if err := json.Unmarshal(line, &end); err != nil {
		return fmt.Errorf("%w: its last line: %w", errBackup, err)
	}
	if end.Keys != r.keys || end.SHA256 != hex.EncodeToString(r.sum.Sum(nil)) {
		return fmt.Errorf("%w: the count or the checksum at its end is wrong", errBackup)
	}
	if r.lines.Scan() || r.lines.Err() != nil {
		return fmt.Errorf("%w: there is more behind its end", errBackup)
	}
	return nil
}
