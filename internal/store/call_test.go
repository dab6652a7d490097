package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// stuck is a kv whose commits wait for a word, or for their context.
type stuck struct {
	kv
	asked chan txn
	word  chan error
}

func newStuck(db kv) *stuck { return &stuck{db, make(chan txn), make(chan error)} }

func (s *stuck) commit(ctx context.Context, t txn) (outcome, error) {
	if len(t.ops) > 0 && t.conds[0].key == headKey {
		select {
		case s.asked <- t:
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
		select {
		case err := <-s.word:
			if err != nil {
				return outcome{}, err
			}
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
	}
	return s.kv.commit(ctx, t)
}

// openStuck opens a store over a kv that waits, in a synctest bubble.
func openStuck(t *testing.T) (*Store, *stuck) {
	t.Helper()
	db := newStuck(newMemory())
	return openOn(t, db, Options{Seed: 1}), db
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db := openStuck(t)
		first := goUpdate(t.Context(), s, putVPC("vpc-1"))
		<-db.asked // the writer is busy
		ctx, cancel := context.WithCancel(t.Context())
		ran := false
		second := goUpdate(ctx, s, func(tx *Tx) error { ran = true; return putVPC("vpc-2")(tx) })
		synctest.Wait()
		cancel()
		if a := <-second; !errors.Is(a.err, context.Canceled) || errors.Is(a.err, ErrUnknownOutcome) {
			t.Errorf("cancelled while waiting: %v", a.err)
		}
		third := goUpdate(t.Context(), s, putVPC("vpc-3"))
		synctest.Wait()
		db.word <- nil
		<-db.asked
		db.word <- nil
		if err := errors.Join((<-first).err, (<-third).err); err != nil {
			t.Error("the calls around it:", err)
		}
		if got := vpcsIn(s.View()); got != "vpc-1 vpc-3" || ran {
			t.Errorf("rows %s; the cancelled call ran: %v", got, ran)
		}
	})
}

func TestCancelledBefore(t *testing.T) {
	s, _ := spied(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Update(ctx, putVPC("vpc-1")); !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v", err)
	}
	if _, err := s.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if got := vpcsIn(s.View()); got != "" {
		t.Errorf("rows %s", got)
	}
}

// TestCancelledOnItsWay: a caller that goes while its commit is on its way cannot know
// what becomes of it.
func TestCancelledOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db := openStuck(t)
		ctx, cancel := context.WithCancel(t.Context())
		call := goUpdate(ctx, s, putVPC("vpc-1"))
		<-db.asked
		cancel()
		refusedAs(t, (<-call).err, "not known", true)
		db.word <- nil
		synctest.Wait()
		if got := vpcsIn(s.View()); got != "vpc-1" {
			t.Errorf("rows %q", got)
		}
	})
}

// TestPatience: no caller waits longer than it should, and what it is told is true.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db := openStuck(t)
		start := time.Now()
		taken := goUpdate(t.Context(), s, putVPC("vpc-1"))
		<-db.asked
		waiting := goUpdate(t.Context(), s, putVPC("vpc-2"))
		synctest.Wait()
		time.Sleep(stallTime + time.Millisecond)
		if h := s.Health(); !h.Ready || h.Writable || h.Stale || h.Cause != "etcd does not answer" {
			t.Errorf("health while etcd does not answer: %+v", h)
		}
		_, err := s.Update(t.Context(), putVPC("vpc-3"))
		refusedAs(t, err, "etcd does not answer", false)
		refusedAs(t, (<-taken).err, "not known", true)
		refusedAs(t, (<-waiting).err, "nothing was changed", false)
		if waited := time.Since(start); waited != patience {
			t.Errorf("callers waited %v", waited)
		}
		go func() { // the first attempt is over by now
			for range db.asked {
				db.word <- nil
			}
		}()
		await(t, "the writer to be well", 10*time.Second, func() bool { return s.Health() == Health{Ready: true, Writable: true} })
		update(t, s, putVPC("vpc-4"))
		if got := vpcsIn(s.View()); got != "vpc-1 vpc-4" {
			t.Errorf("rows %s", got)
		}
		close(db.asked)
	})
}

func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db := openStuck(t)
		first := goUpdate(t.Context(), s, putVPC("vpc-1"))
		<-db.asked
		var callers sync.WaitGroup
		var failed atomic.Int64
		for i := range maxQueue {
			callers.Go(func() {
				if _, err := s.Update(t.Context(), putVPC(vpc.VPCID(fmt.Sprint("vpc-more-", i)))); err != nil {
					failed.Add(1)
				}
			})
		}
		synctest.Wait()
		_, err := s.Update(t.Context(), putVPC("vpc-too-many"))
		refusedAs(t, err, "too many writes are waiting", false)
		db.word <- nil
		go func() {
			for range db.asked {
				db.word <- nil
			}
		}()
		callers.Wait()
		if err := (<-first).err; err != nil || failed.Load() > 0 {
			t.Errorf("first call %v, %d calls in the queue failed", err, failed.Load())
		}
		if n := VPCs.Len(s.View()); n != maxQueue+1 {
			t.Errorf("%d rows, want %d", n, maxQueue+1)
		}
		close(db.asked)
	})
}

// goUpdate calls Update in the background.
func goUpdate(ctx context.Context, s *Store, fn func(*Tx) error) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		rev, err := s.Update(ctx, fn)
		done <- answer{rev, err}
	}()
	return done
}

// TestClose: the commit on its way ends, what waits is refused, and so is what comes
// later.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db := openStuck(t)
		first := goUpdate(t.Context(), s, putVPC("vpc-1"))
		<-db.asked
		waiting := goUpdate(t.Context(), s, putVPC("vpc-2"))
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		db.word <- nil
		if err := (<-first).err; err != nil {
			t.Errorf("the commit on its way: %v", err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		for what, err := range map[string]error{"waiting": (<-waiting).err, "later": second(s.Update(t.Context(), putVPC("vpc-3")))} {
			refusedAs(t, err, "shutting down", false)
			if !errors.Is(err, ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := s.Read(t.Context()); err == nil {
			t.Error("a closed store can be read")
		}
		if h := s.Health(); h.Ready || h.Writable {
			t.Errorf("health %+v", h)
		}
		if got := vpcsIn(s.View()); got != "vpc-1" {
			t.Errorf("rows %q", got)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}

func second[A, B any](_ A, b B) B { return b }

// TestCloseDoesNotWaitForever: a commit that gets no answer is given up.
func TestCloseDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db := openStuck(t)
		call := goUpdate(t.Context(), s, putVPC("vpc-1"))
		<-db.asked
		start := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		refusedAs(t, (<-call).err, "not known", true)
		if took := time.Since(start); took > closeTime {
			t.Errorf("closing took %v", took)
		}
	})
}
