package store

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	auditFull  = 32 << 20 // bytes of audit lines in etcd that are moved at once
	auditPage  = 100      // journal keys moved together
	auditName  = "audit-" // then the day, UTC
	auditExt   = ".jsonl"
	auditDay   = "20060102"
	movingFile = "moving.json"
)

// audit is the way of the audit journal from etcd to files of this replica.
type audit struct {
	mu    sync.Mutex    // no reader sees an entry twice, or not at all, while it moves
	bytes atomic.Int64  // appended since the last move
	full  chan struct{} // move now
}

// appended counts the audit lines of a committed batch.
func (s *Store) appended(b *batch) {
	for key, lines := range b.lines {
		if strings.HasPrefix(key, Audit.prefix("")) && s.audit.bytes.Add(int64(len(lines))) > auditFull {
			s.audit.moveSoon()
		}
	}
}

// moveSoon asks for a move of the journal out of turn.
func (a *audit) moveSoon() {
	select {
	case a.full <- struct{}{}:
	default:
	}
}

func (s *Store) auditDir() string { return filepath.Join(s.opts.DataDir, "audit") }

// moveAudit brings the audit entries in etcd into the files, and deletes files that are
// too old.
func (s *Store) moveAudit(ctx context.Context) {
	s.audit.bytes.Store(0)
	if err := s.tryMoveAudit(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("the audit journal cannot be moved to its files", "error", err)
	}
	if err := s.dropOldAudit(); err != nil {
		s.log.Error("old audit files cannot be deleted", "error", err)
	}
}

func (s *Store) tryMoveAudit(ctx context.Context) error {
	s.audit.mu.Lock()
	defer s.audit.mu.Unlock()
	if err := privateDir(s.auditDir()); err != nil {
		return err
	}
	if err := s.finishMove(ctx); err != nil {
		return err
	}
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return err
	}
	defer s.pins.hold(snap.revision())()
	for from, more := Audit.prefix(""), true; more; {
		var page []pair
		if page, more, err = snap.page(ctx, from, endOf(Audit.prefix("")), auditPage); err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		from = follow(page[len(page)-1].key)
		if err := s.movePage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

// moving is written before entries are, so that a crash between their file and etcd
// leaves each of them in one place.
type moving struct {
	File string `json:"file"`
	Size int64  `json:"size"` // of the file before
	Key  string `json:"key"`  // the first one moved: in etcd until all are in the file
}

// movePage appends batches of one day to their file, makes them durable there, and
// deletes them from etcd. If another replica has taken them meanwhile, the file is cut
// again.
func (s *Store) movePage(ctx context.Context, page []pair) error {
	for len(page) > 0 {
		day := auditDate(page[0].key)
		n := slices.IndexFunc(page, func(p pair) bool { return auditDate(p.key) != day })
		if n < 0 {
			n = len(page)
		}
		if err := s.moveDay(ctx, auditName+day+auditExt, page[:n]); err != nil {
			return err
		}
		page = page[n:]
	}
	return nil
}

func (s *Store) moveDay(ctx context.Context, name string, batches []pair) error {
	f, err := os.OpenFile(filepath.Join(s.auditDir(), name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	note, err := json.Marshal(moving{name, st.Size(), batches[0].key})
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(s.auditDir(), movingFile), note); err != nil {
		return err
	}
	t := txn{}
	for _, p := range batches {
		if _, err := f.Write(p.value); err != nil {
			return err
		}
		t.conds = append(t.conds, cond{p.key, p.mod})
		t.ops = append(t.ops, op{p.key, nil})
	}
	if err := f.Sync(); err != nil {
		return err
	}
	out, err := s.kv.commit(ctx, t)
	if err != nil {
		return err // the next move finds out whether it happened
	}
	if !out.ok {
		if err := f.Truncate(st.Size()); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(s.auditDir(), movingFile))
}

// finishMove looks at a move that was interrupted: if its entries are still in etcd,
// they stay there, and what it wrote is cut off again.
func (s *Store) finishMove(ctx context.Context) error {
	path := filepath.Join(s.auditDir(), movingFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var m moving
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	there, err := s.keepThere(ctx, m.Key)
	if err != nil {
		return err
	}
	if there {
		if err := os.Truncate(filepath.Join(s.auditDir(), filepath.Base(m.File)), m.Size); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

// keepThere reports whether a journal key is still in etcd. If it is, it is written
// anew, so that a deletion that is still on its way comes too late.
func (s *Store) keepThere(ctx context.Context, key string) (bool, error) {
	p, err := s.kv.get(ctx, key)
	if err != nil || p.value == nil {
		return false, err
	}
	out, err := s.kv.commit(ctx, txn{conds: []cond{{key, p.mod}}, ops: []op{{key, p.value}}})
	return out.ok, err
}

// auditStamp is when the batch of a key was made.
func auditStamp(key string) vpc.Instant {
	stamp, _, _ := strings.Cut(strings.TrimPrefix(key, Audit.prefix("")), "-")
	n, _ := strconv.ParseUint(stamp, 16, 64)
	return vpc.Instant(n)
}

func auditDate(key string) string { return auditStamp(key).Time().Format(auditDay) }

// auditFiles lists the files' days, oldest first.
func (s *Store) auditFiles() ([]string, error) {
	entries, err := os.ReadDir(s.auditDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var days []string
	for _, e := range entries {
		day, ok := strings.CutPrefix(e.Name(), auditName)
		if day, ok2 := strings.CutSuffix(day, auditExt); ok && ok2 {
			days = append(days, day)
		}
	}
	return days, nil
}

// dropOldAudit deletes the files of days that ended longer ago than they are kept.
func (s *Store) dropOldAudit() error {
	days, err := s.auditFiles()
	if err != nil {
		return err
	}
	oldest := s.now().Time().Add(-s.opts.AuditKeep)
	for _, day := range days {
		begin, err := time.Parse(auditDay, day)
		if err != nil || begin.Add(24*time.Hour).After(oldest) {
			continue // not one of ours, or young
		}
		if err := os.Remove(filepath.Join(s.auditDir(), auditName+day+auditExt)); err != nil {
			return err
		}
	}
	return nil
}

// AuditEntries returns the newest audit entries since an instant, oldest first, at most
// limit of them (0: all). It knows what is in etcd and what this replica has moved to
// its files; what another replica has moved is in that one's.
func (s *Store) AuditEntries(ctx context.Context, since vpc.Instant, limit int) ([]vpc.AuditEntry, error) {
	s.audit.mu.Lock()
	defer s.audit.mu.Unlock()
	tail := &tail{since: since, limit: limit}
	if s.opts.DataDir != "" {
		if err := s.finishMove(ctx); err != nil {
			return nil, err
		}
		if err := s.auditFromFiles(tail); err != nil {
			return nil, err
		}
	}
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer s.pins.hold(snap.revision())()
	err = eachPage(ctx, snap, Audit.prefix(""), func(page []pair) error {
		for _, p := range page {
			if err := eachLine(p, tail.add); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortStableFunc(tail.entries, func(a, b vpc.AuditEntry) int { return cmp.Compare(a.At, b.At) })
	return tail.last(), err
}

func (s *Store) auditFromFiles(t *tail) error {
	days, err := s.auditFiles()
	if err != nil {
		return err
	}
	first := t.since.Time().Format(auditDay)
	for _, day := range days {
		if t.since != 0 && day < first {
			continue
		}
		if err := t.read(filepath.Join(s.auditDir(), auditName+day+auditExt)); err != nil {
			return err
		}
	}
	return nil
}

// tail keeps the last entries of many.
type tail struct {
	since   vpc.Instant
	limit   int
	entries []vpc.AuditEntry
}

func (t *tail) add(e vpc.AuditEntry) {
	if e.At < t.since {
		return
	}
	t.entries = append(t.entries, e)
	if t.limit > 0 && len(t.entries) >= 2*t.limit+1024 {
		t.entries = slices.Clone(t.last())
	}
}

func (t *tail) last() []vpc.AuditEntry {
	if t.limit > 0 && len(t.entries) > t.limit {
		return t.entries[len(t.entries)-t.limit:]
	}
	return t.entries
}

func (t *tail) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := eachLine(pair{key: path, value: line}, t.add); err != nil {
			return err
		}
	}
}
