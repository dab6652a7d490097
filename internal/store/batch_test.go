package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// spy is a kv that remembers the transactions it is given.
type spy struct {
	kv
	mu  sync.Mutex
	log []txn
}

func (s *spy) commit(ctx context.Context, t txn) (outcome, error) {
	s.mu.Lock()
	s.log = append(s.log, t)
	s.mu.Unlock()
	return s.kv.commit(ctx, t)
}

// sizes prints how many operations each transaction had, and forgets them.
func (s *spy) sizes() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, t := range s.log {
		out = append(out, fmt.Sprint(len(t.ops)))
	}
	s.log = nil
	return strings.Join(out, " ")
}

func (s *spy) bytes() (most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.log {
		n := 0
		for _, o := range t.ops {
			n += len(o.key) + len(o.value)
		}
		most = max(most, n)
	}
	return most
}

// spied opens a store whose transactions are seen. Making the store is forgotten.
func spied(t *testing.T) (*Store, *spy) {
	t.Helper()
	db := &spy{kv: newMemory()}
	s := openOn(t, db, Options{Seed: 1})
	db.sizes()
	return s, db
}

// together queues calls in their order and lets the writer have them at once.
func together(t *testing.T, s *Store, fns ...func(*Tx) error) (answers []answer) {
	t.Helper()
	release := hold(t, s)
	var waiting []<-chan answer
	for i, fn := range fns {
		waiting = append(waiting, queue(t, s, i+1, fn))
	}
	release()
	for _, w := range waiting {
		answers = append(answers, <-w)
	}
	return answers
}

// TestGroupCommit queues many calls: they are evaluated in their order, each sees what
// those before it did, and they share a commit.
func TestGroupCommit(t *testing.T) {
	s, db := spied(t)
	var order []int
	var fns []func(*Tx) error
	for i := range 20 {
		fns = append(fns, func(tx *Tx) error {
			order = append(order, i)
			if n := VPCs.Len(tx); n != i {
				return fmt.Errorf("call %d sees %d rows", i, n)
			}
			tx.Append(Audit, vpc.AuditEntry{At: tx.Now(), Result: fmt.Sprint(i)})
			return putVPC(vpc.VPCID(fmt.Sprintf("vpc-%02d", i)))(tx)
		})
	}
	answers := together(t, s, fns...)
	for i, a := range answers {
		if a.err != nil || a.rev != s.View().Revision() || order[i] != i {
			t.Errorf("call %d, evaluated as number %d: revision %d, %v", i, order[i], a.rev, a.err)
		}
	}
	if got, want := db.sizes(), "22"; got != want { // rows, a journal's lines, the head
		t.Errorf("operations %s, want %s", got, want)
	}
	entries, err := s.AuditEntries(t.Context(), 0, 0)
	if err != nil || len(entries) != 20 || entries[19].Result != "19" {
		t.Errorf("audit %v, %v", entries, err)
	}
}

// TestOneRowTwiceInABatch: a key may be only once in a transaction of etcd.
func TestOneRowTwiceInABatch(t *testing.T) {
	s, db := spied(t)
	for i, a := range together(t, s,
		putVPC("vpc-1"), putVPC("vpc-1"), putVPC("vpc-2"),
		func(tx *Tx) error { VPCs.Delete(tx, "vpc-2"); return nil },
		func(tx *Tx) error { VPCs.Delete(tx, "vpc-1"); return putVPC("vpc-3")(tx) },
		putVPC("vpc-1"),
	) {
		if a.err != nil {
			t.Errorf("call %d: %v", i, a.err)
		}
	}
	if got, want := db.sizes(), "4"; got != want { // three rows, the head
		t.Errorf("operations %s, want %s", got, want)
	}
	if got, want := vpcsIn(s.View()), "vpc-1 vpc-3"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if got, want := vpcsIn(openOn(t, db, Options{MasterKeyFile: masterKeyOf(t, s)}).View()), "vpc-1 vpc-3"; got != want {
		t.Errorf("durable rows %s, want %s", got, want)
	}
}

// masterKeyOf writes a store's master key to a file.
func masterKeyOf(t *testing.T, s *Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := writeMasterKey(path, s.sealer.Load().key); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBatchLimits queues more than a transaction takes: it is split between calls, never
// inside one.
func TestBatchLimits(t *testing.T) {
	rows := func(n, size int) func(*Tx) error {
		return func(tx *Tx) error {
			for i := range n {
				id := vpc.VPCID(fmt.Sprintf("vpc-%d-%d", VPCs.Len(tx), i))
				VPCs.Put(tx, &vpc.VPC{ID: id, Name: strings.Repeat("x", size)})
			}
			return nil
		}
	}
	for _, c := range []struct {
		name             string
		calls, put, size int
		want             string // operations per transaction
	}{
		{"as many rows as fit", 127, 1, 0, "128"},
		{"one more", 128, 1, 0, "128 2"},
		{"pairs", 70, 2, 0, "127 15"},
		{"the largest call", 3, 127, 0, "128 128 128"},
		{"large rows", 7, 1, 300 << 10, "4 4 2"},
		{"the largest row", 2, 1, maxBytes - 200, "2 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, db := spied(t)
			var fns []func(*Tx) error
			for range c.calls {
				fns = append(fns, rows(c.put, c.size))
			}
			for i, a := range together(t, s, fns...) {
				if a.err != nil {
					t.Fatalf("call %d: %v", i, a.err)
				}
			}
			if most := db.bytes(); most > maxBytes+4096 {
				t.Errorf("a transaction of %d bytes", most)
			}
			if got := db.sizes(); got != c.want {
				t.Errorf("operations %s, want %s", got, c.want)
			}
			if n := VPCs.Len(s.View()); n != c.calls*c.put {
				t.Errorf("%d rows, want %d", n, c.calls*c.put)
			}
		})
	}
}

// TestTooLargeAmongOthers: a call that fits into no transaction fails alone, wherever
// it stands.
func TestTooLargeAmongOthers(t *testing.T) {
	s, db := spied(t)
	huge := func(tx *Tx) error {
		VPCs.Put(tx, &vpc.VPC{ID: "huge", Name: strings.Repeat("x", maxBytes)})
		return nil
	}
	answers := together(t, s, huge, putVPC("vpc-1"), huge, putVPC("vpc-2"), huge)
	for i, a := range answers {
		if large := i%2 == 0; large != errors.Is(a.err, errTooLarge) || !large && a.err != nil {
			t.Errorf("call %d: %v", i, a.err)
		}
	}
	if got, want := vpcsIn(s.View()), "vpc-1 vpc-2"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if got := dump(t, db, rowPrefix); strings.Contains(got, "huge") {
		t.Error("the row that was too large is durable")
	}
}
