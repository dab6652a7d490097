package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// openAudited opens a store with a directory for its audit files, behind the move that
// every store begins with.
func openAudited(t *testing.T, db kv, opts Options) *Store {
	t.Helper()
	if opts.DataDir == "" {
		opts.DataDir = t.TempDir()
	}
	opts.MinFree = -1
	s := openOn(t, db, opts)
	await(t, "the first move", 10*time.Second, func() bool { _, err := os.Stat(s.auditDir()); return err == nil })
	s.audit.mu.Lock()
	defer s.audit.mu.Unlock()
	return s
}

// enter appends an audit entry whose result is name.
func enter(t *testing.T, s *Store, name string) {
	t.Helper()
	update(t, s, func(tx *Tx) error {
		tx.Append(Audit, vpc.AuditEntry{At: tx.Now(), Account: 7, Action: "CreateVpc", Result: name})
		tx.Append(Ledger, vpc.LedgerEntry{At: tx.Now(), Account: 7, Resource: name})
		return nil
	})
}

// entered prints the results of the audit entries.
func entered(t *testing.T, s *Store, since vpc.Instant, limit int) string {
	t.Helper()
	entries, err := s.AuditEntries(t.Context(), since, limit)
	if err != nil {
		t.Error(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Result)
	}
	return strings.Join(names, " ")
}

// filed prints the audit files and their entries.
func filed(t *testing.T, s *Store) string {
	t.Helper()
	files, err := os.ReadDir(s.auditDir())
	if err != nil {
		t.Error(err)
	}
	var out []string
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(s.auditDir(), f.Name()))
		if err != nil {
			t.Error(err)
		}
		out = append(out, f.Name()+":")
		for line := range strings.Lines(string(text)) {
			var e vpc.AuditEntry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Errorf("%s: %v in %q", f.Name(), err, line)
			}
			out = append(out, e.Result)
		}
	}
	return strings.Join(out, " ")
}

// TestAuditMoves follows entries from etcd to their files, to their end.
func TestAuditMoves(t *testing.T) {
	c := newClock()
	m := newMemory()
	s := openAudited(t, m, Options{Clock: c.now, AuditKeep: 3 * 24 * time.Hour})
	enter(t, s, "a")
	enter(t, s, "b")
	c.advance(3 * time.Hour) // the next day
	third := vpc.At(c.now())
	enter(t, s, "c")
	if got := filed(t, s); got != "" {
		t.Errorf("files before the move: %s", got)
	}
	s.moveAudit(t.Context())
	if got, want := filed(t, s), "audit-20260301.jsonl: a b audit-20260302.jsonl: c"; got != want {
		t.Errorf("files %q, want %q", got, want)
	}
	if got := dump(t, m, Audit.prefix("")); got != "" {
		t.Errorf("left in etcd: %s", got)
	}
	c.advance(time.Minute)
	enter(t, s, "d")
	for _, q := range []struct {
		since vpc.Instant
		limit int
		want  string
	}{
		{0, 0, "a b c d"}, {0, 1, "d"}, {0, 3, "b c d"}, {0, 9, "a b c d"},
		{third, 0, "c d"}, {third + 1, 0, "d"}, {third, 1, "d"}, {vpc.At(c.now()) + 1, 0, ""},
	} {
		if got := entered(t, s, q.since, q.limit); got != q.want {
			t.Errorf("entries since %d, at most %d: %q, want %q", q.since, q.limit, got, q.want)
		}
	}
	s.moveAudit(t.Context())
	if got, want := filed(t, s), "audit-20260301.jsonl: a b audit-20260302.jsonl: c d"; got != want {
		t.Errorf("files after another move %q, want %q", got, want)
	}
	checkModes(t, s)
	c.advance(3*24*time.Hour - time.Hour) // 00:01, three days and a minute after March 1 ended
	s.moveAudit(t.Context())
	if got, want := filed(t, s), "audit-20260302.jsonl: c d"; got != want {
		t.Errorf("files when the first is too old %q, want %q", got, want)
	}
	if entries, err := s.LedgerEntries(t.Context(), 7); err != nil || len(entries) != 4 {
		t.Errorf("ledger %v, %v", entries, err)
	}
}

func checkModes(t *testing.T, s *Store) {
	t.Helper()
	err := filepath.Walk(s.auditDir(), func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAuditMoveInterrupted stops moves at every place. Whoever asks sees each entry
// once, at once and after the next move.
func TestAuditMoveInterrupted(t *testing.T) {
	gone := errors.New("connection lost")
	deletes := func(x txn) bool { return len(x.ops) > 0 && x.ops[0].value == nil }
	for name, c := range map[string]func(*Store, *memory){
		"before the deletion": func(_ *Store, m *memory) {
			m.fail = func(x txn) error {
				if deletes(x) {
					return gone
				}
				return nil
			}
		},
		"before the answer": func(_ *Store, m *memory) {
			m.lose = func(x txn) error {
				if deletes(x) {
					return gone
				}
				return nil
			}
		},
		"while it wrote": func(s *Store, m *memory) {
			m.fail = func(x txn) error {
				if deletes(x) {
					path := filepath.Join(s.auditDir(), "audit-20260301.jsonl")
					if err := os.Truncate(path, 150); err != nil {
						t.Error(err)
					}
					return gone
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			s := openAudited(t, m, Options{Clock: newClock().now})
			enter(t, s, "a")
			s.moveAudit(t.Context())
			enter(t, s, "b")
			enter(t, s, "c")
			c(s, m)
			if err := s.tryMoveAudit(t.Context()); !errors.Is(err, gone) {
				t.Errorf("the move: %v", err)
			}
			m.fail, m.lose = nil, nil
			if got := entered(t, s, 0, 0); got != "a b c" {
				t.Errorf("entries after the interruption: %s", got)
			}
			enter(t, s, "d")
			s.moveAudit(t.Context())
			if got, want := filed(t, s), "audit-20260301.jsonl: a b c d"; got != want {
				t.Errorf("files %q, want %q", got, want)
			}
			if got := entered(t, s, 0, 0); got != "a b c d" {
				t.Errorf("entries %s", got)
			}
			if got := dump(t, m, Audit.prefix("")); got != "" {
				t.Errorf("left in etcd: %s", got)
			}
		})
	}
}

// TestAuditDeletionComesLate: a move was given up without an answer, and then its
// deletion arrives. The entries are not lost.
func TestAuditDeletionComesLate(t *testing.T) {
	m := newMemory()
	s := openAudited(t, m, Options{Clock: newClock().now})
	enter(t, s, "a")
	var late txn
	m.fail = func(x txn) error { late = x; return errors.New("no answer") }
	s.moveAudit(t.Context())
	m.fail = nil
	if got := entered(t, s, 0, 0); got != "a" {
		t.Errorf("entries %q", got)
	}
	m.apply(late)
	if got := entered(t, s, 0, 0); got != "a" {
		t.Errorf("entries after the deletion has arrived: %q", got)
	}
}

// TestAuditOfTwoReplicas lets two replicas move one journal at the same time: each entry
// ends in the files of one of them.
func TestAuditOfTwoReplicas(t *testing.T) {
	m := sharedMemory()
	key := filepath.Join(t.TempDir(), "master.key")
	a, b := openAudited(t, m, Options{MasterKeyFile: key}), openAudited(t, m, Options{MasterKeyFile: key})
	const n = 3*auditPage + 17
	var both sync.WaitGroup
	both.Go(func() {
		for i := range n {
			enter(t, []*Store{a, b}[i%2], fmt.Sprint("e", i))
		}
	})
	stop := make(chan struct{})
	var movers sync.WaitGroup
	for _, s := range []*Store{a, b} {
		movers.Go(func() {
			for {
				s.moveAudit(t.Context())
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	both.Wait()
	close(stop)
	movers.Wait()
	a.moveAudit(t.Context())
	times := map[string]int{}
	for _, s := range []*Store{a, b} {
		for name := range strings.FieldsSeq(entered(t, s, 0, 0)) {
			times[name]++
		}
	}
	if len(times) != n || slices.Max(slices.Collect(maps.Values(times))) != 1 {
		t.Errorf("%d entries of %d, one of them %d times", len(times), n, slices.Max(slices.Collect(maps.Values(times))))
	}
	t.Logf("moved by a: %d, by b: %d", len(strings.Fields(filed(t, a)))-1, len(strings.Fields(filed(t, b)))-1)
	if got := dump(t, m, Audit.prefix("")); got != "" {
		t.Errorf("left in etcd: %s", got)
	}
}

// TestAuditMovesWhenMuch: a journal that has grown large does not wait for its time.
func TestAuditMovesWhenMuch(t *testing.T) {
	m := newMemory()
	s := openAudited(t, m, Options{Clock: newClock().now})
	s.audit.bytes.Store(auditFull - 10)
	enter(t, s, "a")
	await(t, "the move", 10*time.Second, func() bool { return dump(t, m, Audit.prefix("")) == "" })
	await(t, "the file", 10*time.Second, func() bool { return strings.HasPrefix(filed(t, s), "audit-20260301.jsonl: a") })
}

// TestAuditTail keeps the last of many entries without keeping all.
func TestAuditTail(t *testing.T) {
	tail := &tail{since: 100, limit: 10}
	for i := range 5000 {
		tail.add(vpc.AuditEntry{At: vpc.Instant(i)})
		if len(tail.entries) > 2*tail.limit+1024 {
			t.Fatalf("%d entries are kept", len(tail.entries))
		}
	}
	last := tail.last()
	if len(last) != 10 || last[0].At != 4990 || last[9].At != 4999 {
		t.Errorf("the last entries: %v", last)
	}
}

// TestLedger: accounts' ledgers are apart, and in order.
func TestLedger(t *testing.T) {
	c := newClock()
	m := newMemory()
	s := openOn(t, m, Options{Clock: c.now})
	for i := range 30 {
		update(t, s, func(tx *Tx) error {
			tx.Append(Ledger, vpc.LedgerEntry{Account: vpc.AccountID(i%3 + 1), At: tx.Now(), Resource: fmt.Sprint(i)})
			tx.Append(Ledger, &vpc.LedgerEntry{Account: vpc.AccountID(i%3 + 1), At: tx.Now(), Resource: fmt.Sprint(i, "b")})
			return nil
		})
		c.advance(time.Duration(i) * time.Hour)
	}
	for account := range vpc.AccountID(4) {
		entries, err := s.LedgerEntries(t.Context(), account+1)
		if err != nil {
			t.Error(err)
		}
		var got, want []string
		for _, e := range entries {
			got = append(got, e.Resource)
		}
		for i := int(account); i < 30 && account < 3; i += 3 {
			want = append(want, fmt.Sprint(i), fmt.Sprint(i, "b"))
		}
		if diff := differ(fmt.Sprint("ledger of ", account+1), got, want); diff != "" {
			t.Error(diff)
		}
	}
	if got, want := m.mu.keys.Len(), 30+3; got != want { // a key a batch; store, seal and head
		t.Errorf("%d keys, want %d", got, want)
	}
}
