package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// logOf logs to t as long as t lives.
func logOf(t testing.TB) *slog.Logger {
	w := &testWriter{t: t}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.t = nil
	})
	return slog.New(slog.NewTextHandler(w, nil))
}

type testWriter struct {
	mu sync.Mutex
	t  testing.TB
}

func (w *testWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t != nil {
		return w.t.Output().Write(p)
	}
	return len(p), nil
}

// openOn opens a store over db and closes it when the test ends.
func openOn(t *testing.T, db kv, opts Options) *Store {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = logOf(t)
	}
	s, err := open(context.Background(), db, opts.filled())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// replicas opens n stores over one kv.
func replicas(t *testing.T, db kv, n int) []*Store {
	t.Helper()
	key := filepath.Join(t.TempDir(), "master.key")
	var stores []*Store
	for i := range n {
		stores = append(stores, openOn(t, db, Options{MasterKeyFile: key, Seed: uint64(i + 1), Replica: string(rune('a'+i)) + "-"}))
	}
	return stores
}

func sharedMemory() *memory {
	m := newMemory()
	m.shared = true
	return m
}

// here is the scope of most rows in tests.
var here = vpc.Scope{Account: 7, Region: "ap-guangzhou"}

// putVPC is a closure that puts a VPC.
func putVPC(id vpc.VPCID) func(*Tx) error {
	return func(tx *Tx) error {
		VPCs.Put(tx, &vpc.VPC{ID: id, Scope: here, Created: tx.Now()})
		return nil
	}
}

// update fails the test when fn cannot be committed.
func update(t *testing.T, s *Store, fn func(*Tx) error) Revision {
	t.Helper()
	rev, err := s.Update(t.Context(), fn)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

// vpcsIn prints the ids of all VPCs.
func vpcsIn(r Reader) string {
	var ids []string
	for v := range VPCs.All(r) {
		ids = append(ids, string(v.ID))
	}
	return strings.Join(ids, " ")
}

// await waits until ok holds, looking again every millisecond.
func await(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(within)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited %v in vain for %s", within, what)
		}
	}
}

// refusedAs checks that err is what callers see of a store that takes no writes, and
// whether it says that the outcome is unknown.
func refusedAs(t *testing.T, err error, text string, unknown bool) {
	t.Helper()
	var shown *vpc.Error
	switch {
	case !errors.As(err, &shown) || shown.Code != vpc.ServiceUnavailable:
		t.Errorf("error %v, want ServiceUnavailable", err)
	case !strings.Contains(shown.Error(), text):
		t.Errorf("error %q does not say %q", shown, text)
	case errors.Is(err, ErrUnknownOutcome) != unknown:
		t.Errorf("error %v: outcome unknown %v, want %v", err, !unknown, unknown)
	}
}

// hold makes a store's writer wait inside a closure until release is called; calls
// that come meanwhile queue up.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	done := make(chan error, 1)
	go func() {
		_, err := s.Update(context.Background(), func(*Tx) error {
			once.Do(func() { close(begun) })
			<-end
			return nil
		})
		done <- err
	}()
	<-begun
	return func() {
		close(end)
		if err := <-done; err != nil {
			t.Error("the call that held the writer:", err)
		}
	}
}

// queue calls Update in the background, and returns when n calls wait for the writer.
func queue(t *testing.T, s *Store, n int, fn func(*Tx) error) <-chan answer {
	t.Helper()
	done := make(chan answer, 1)
	go func() {
		rev, err := s.Update(context.Background(), fn)
		done <- answer{rev, err}
	}()
	await(t, fmt.Sprint(n, " calls in the queue"), 10*time.Second, func() bool { return len(s.writer.calls) == n })
	return done
}

// answer is what Update returned.
type answer struct {
	rev Revision
	err error
}
