package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// TestRaceLost: between a replica's evaluation and its commit another one writes. The
// closure is evaluated again, on rows that have the other's change.
func TestRaceLost(t *testing.T) {
	m := sharedMemory()
	stores := replicas(t, m, 2)
	a, b := stores[0], stores[1]
	var once atomic.Bool
	m.fail = func(txn) error {
		if once.CompareAndSwap(false, true) {
			update(t, b, putVPC("vpc-b"))
		}
		return nil
	}
	var saw []string
	rev := update(t, a, func(tx *Tx) error {
		saw = append(saw, vpcsIn(tx))
		tx.Append(Ledger, vpc.LedgerEntry{Account: 7, Resource: "vpc-a"})
		return putVPC("vpc-a")(tx)
	})
	if got, want := fmt.Sprintf("%q", saw), `["" "vpc-b"]`; got != want {
		t.Errorf("the closure saw %s, want %s", got, want)
	}
	for name, s := range map[string]*Store{"a": a, "b": b} {
		v, err := s.Read(t.Context())
		if err != nil || vpcsIn(v) != "vpc-a vpc-b" || v.Revision() < rev {
			t.Errorf("%s shows %s at %d, %v", name, vpcsIn(v), v.Revision(), err)
		}
	}
	if entries, err := b.LedgerEntries(t.Context(), 7); err != nil || len(entries) != 1 {
		t.Errorf("ledger %v, %v", entries, err)
	}
}

// TestRefusalIsChecked: what a closure refuses, too, must be true of the newest rows of
// all replicas.
func TestRefusalIsChecked(t *testing.T) {
	m := sharedMemory()
	stores := replicas(t, m, 2)
	a, b := stores[0], stores[1]
	update(t, a, putVPC("vpc-1"))
	if _, err := b.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	inUse := errors.New("vpc-1 is there")
	var once atomic.Bool
	m.fail = func(txn) error {
		if once.CompareAndSwap(false, true) {
			update(t, b, func(tx *Tx) error { VPCs.Delete(tx, "vpc-1"); return nil })
		}
		return nil
	}
	times := 0
	update(t, a, func(tx *Tx) error {
		times++
		if _, there := VPCs.Get(tx, "vpc-1"); there {
			return inUse
		}
		return nil
	})
	if times != 2 {
		t.Errorf("evaluated %d times, want 2", times)
	}
}

// TestQuotaAcrossReplicas: calls on three replicas compete for the last places of a
// quota, and for names. Nobody gets too much, everyone sees the same in the end.
func TestQuotaAcrossReplicas(t *testing.T) {
	const quota, callers, each = 40, 4, 10
	m := sharedMemory()
	stores := replicas(t, m, 3)
	full := errors.New("quota")
	var evaluated, made, refused atomic.Int64
	var all sync.WaitGroup
	for i, s := range stores {
		for c := range callers {
			all.Go(func() {
				for n := range each {
					id := vpc.VPCID(fmt.Sprintf("vpc-%d-%d-%d", i, c, n))
					_, err := s.Update(context.Background(), func(tx *Tx) error {
						evaluated.Add(1)
						if VPCsByScope.Count(tx, here) >= quota {
							return full
						}
						tx.Append(Ledger, vpc.LedgerEntry{Account: here.Account, Resource: string(id), At: tx.Now()})
						return putVPC(id)(tx)
					})
					switch {
					case err == nil:
						made.Add(1)
						if _, ok := VPCs.Get(s.View(), id); !ok {
							t.Errorf("%s is not in the view of its own caller", id)
						}
					case errors.Is(err, full):
						refused.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if made.Load() != quota || refused.Load() != 3*callers*each-quota {
		t.Errorf("%d made, %d refused, quota %d", made.Load(), refused.Load(), quota)
	}
	t.Logf("%d evaluations for %d calls", evaluated.Load(), 3*callers*each)
	want := ""
	for i, s := range stores {
		v, err := s.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		switch got := vpcsIn(v); {
		case i == 0:
			want = got
		case got != want:
			t.Errorf("replica %d shows %s, the first one %s", i, got, want)
		}
		if n := VPCsByScope.Count(v, here); n != quota {
			t.Errorf("replica %d counts %d", i, n)
		}
	}
	if entries, err := stores[1].LedgerEntries(t.Context(), here.Account); err != nil || len(entries) != quota {
		t.Errorf("%d ledger entries, %v", len(entries), err)
	}
}

// TestReadAcrossReplicas: what one replica has acknowledged, any other's Read shows.
func TestReadAcrossReplicas(t *testing.T) {
	stores := replicas(t, sharedMemory(), 2)
	for i := range 200 {
		writer, reader := stores[i%2], stores[(i+1)%2]
		id := vpc.VPCID(fmt.Sprintf("vpc-%03d", i))
		rev := update(t, writer, putVPC(id))
		v, err := reader.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := VPCs.Get(v, id); !ok || v.Revision() < rev {
			t.Fatalf("%s, written at %d, is not in a snapshot read at %d", id, rev, v.Revision())
		}
	}
}

// counter counts its look-ups.
type counter struct {
	*memory
	gets atomic.Int64
	wait chan struct{} // a look-up takes until it is closed
}

func (c *counter) get(ctx context.Context, key string) (pair, error) {
	c.gets.Add(1)
	select {
	case <-c.wait:
	case <-ctx.Done():
		return pair{}, ctx.Err()
	}
	return c.memory.get(ctx, key)
}

// TestReadsShareALook: reads that wait share one look at the head key, and none takes
// part in a look that began before it.
func TestReadsShareALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &counter{memory: sharedMemory(), wait: make(chan struct{})}
		s := openOn(t, db, Options{Seed: 1})
		var reads sync.WaitGroup
		read := func() {
			reads.Go(func() {
				if _, err := s.Read(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		read()
		synctest.Wait() // the first look is on its way
		for range 50 {
			read()
		}
		synctest.Wait()
		if n := db.gets.Load(); n != 1 {
			t.Errorf("%d looks at once", n)
		}
		close(db.wait)
		reads.Wait()
		if n := db.gets.Load(); n != 2 {
			t.Errorf("%d looks for 51 reads, want 2", n)
		}
	})
}

// TestReadWithoutQuorum: when nobody answers, a read is answered from what is there, and
// Health says so.
func TestReadWithoutQuorum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &counter{memory: sharedMemory(), wait: make(chan struct{})}
		s := openOn(t, db, Options{Seed: 1})
		update(t, s, putVPC("vpc-1"))
		start := time.Now()
		v, err := s.Read(t.Context())
		if err != nil || vpcsIn(v) != "vpc-1" {
			t.Errorf("%v, %v", vpcsIn(v), err)
		}
		if took := time.Since(start); took > quorumTime {
			t.Errorf("a read took %v", took)
		}
		if h := s.Health(); !h.Ready || !h.Stale || h.Writable || !strings.Contains(h.Cause, "does not answer") {
			t.Errorf("health %+v", h)
		}
		start = time.Now()
		if _, err := s.Read(t.Context()); err != nil || time.Since(start) > 0 {
			t.Errorf("a read of a stale store took %v, %v", time.Since(start), err)
		}
		_, err = s.Update(t.Context(), putVPC("vpc-2"))
		refusedAs(t, err, "does not answer", false)
		ctx, cancel := context.WithCancel(t.Context())
		s.trouble.clear(troubleQuorum)
		go func() { time.Sleep(time.Second); cancel() }()
		if _, err := s.Read(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a read that was given up: %v", err)
		}
		close(db.wait)
	})
}

// TestLostAnswers lets many commits happen without an answer, while two replicas count
// in the same row. Every call happens once.
func TestLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sharedMemory()
		stores := replicas(t, m, 2)
		var mu sync.Mutex
		rnd := rand.New(rand.NewPCG(1, 2))
		silence := func(txn) error {
			mu.Lock()
			defer mu.Unlock()
			if rnd.IntN(3) == 0 {
				return errors.New("connection lost")
			}
			return nil
		}
		m.fail, m.lose = silence, silence
		var callers sync.WaitGroup
		for i, s := range stores {
			for c := range 3 {
				callers.Go(func() {
					for n := range 20 {
						who := fmt.Sprintf("%d-%d-%d", i, c, n)
						if _, err := s.Update(t.Context(), count(who)); err != nil {
							t.Errorf("%s: %v", who, err)
						}
					}
				})
			}
		}
		callers.Wait()
		m.fail, m.lose = nil, nil
		for i, s := range stores {
			v, err := s.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if q, _ := Quotas.Get(v, QuotaKey{7, "n"}); q == nil || q.Value != 120 {
				t.Errorf("replica %d counted %+v, want 120", i, q)
			}
		}
		entries, err := stores[0].LedgerEntries(t.Context(), 7)
		if err != nil || len(entries) != 120 {
			t.Errorf("%d ledger entries, %v, want 120", len(entries), err)
		}
		once := map[string]int{}
		for _, e := range entries {
			if once[e.Resource]++; once[e.Resource] > 1 {
				t.Errorf("%s happened %d times", e.Resource, once[e.Resource])
			}
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// count adds one to a row, and a line to the ledger.
func count(who string) func(*Tx) error {
	return func(tx *Tx) error {
		n := 0
		if old, ok := Quotas.Get(tx, QuotaKey{7, "n"}); ok {
			n = old.Value
		}
		Quotas.Put(tx, &vpc.Quota{Account: 7, Name: "n", Value: n + 1})
		tx.Append(Ledger, vpc.LedgerEntry{Account: 7, At: tx.Now(), Resource: who})
		return nil
	}
}

// TestLostAnswerThenOthers: the answer is lost, and before the replica can ask again
// others have written. It finds its batch among the fates and evaluates nothing twice;
// once it has been forgotten there it says that it does not know.
func TestLostAnswerThenOthers(t *testing.T) {
	for _, c := range []struct {
		others  int
		unknown bool
	}{{1, false}, {maxFates - 1, false}, {maxFates, true}, {maxFates + 8, true}} {
		t.Run(fmt.Sprint(c.others, " others"), func(t *testing.T) {
			m := sharedMemory()
			s := replicas(t, m, 1)[0]
			var once atomic.Bool
			m.lose = func(txn) error {
				if !once.CompareAndSwap(false, true) {
					return nil
				}
				for i := range c.others {
					foreignCommit(t, m, fmt.Sprint("other-", i), vpc.VPCID(fmt.Sprintf("vpc-%02d", i)))
				}
				return errors.New("connection lost")
			}
			times := 0
			_, err := s.Update(t.Context(), func(tx *Tx) error { times++; return putVPC("vpc-mine")(tx) })
			if c.unknown {
				refusedAs(t, err, "not known", true)
			} else if err != nil {
				t.Error(err)
			}
			if times != 1 {
				t.Errorf("evaluated %d times", times)
			}
			if n := VPCs.Len(s.View()); n != c.others+1 {
				t.Errorf("%d rows, want %d", n, c.others+1)
			}
			update(t, s, putVPC("vpc-next"))
		})
	}
}

// foreignCommit writes as another replica would.
func foreignCommit(t *testing.T, m *memory, replica string, id vpc.VPCID) {
	t.Helper()
	head, err := m.get(context.Background(), headKey)
	if err != nil {
		t.Fatal(err)
	}
	last, err := parseHead(head.value)
	if err != nil {
		t.Fatal(err)
	}
	row, err := encode(&vpc.VPC{ID: id, Scope: here})
	if err != nil {
		t.Fatal(err)
	}
	out := m.apply(txn{
		conds: []cond{{headKey, head.mod}},
		ops:   []op{{rowPrefix + "vpc/" + string(id), row}, {headKey, last.with(replica, 1).value()}},
	})
	if !out.ok {
		t.Fatal("the foreign commit lost a race")
	}
}

// TestOutage: the durable side fails for a while. Callers are told so in time, reads go
// on, and the writer heals; what was on its way happens once.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := openOn(t, m, Options{Seed: 1})
		update(t, s, putVPC("vpc-before"))
		var out atomic.Bool
		out.Store(true)
		m.fail = func(txn) error {
			if out.Load() {
				return errors.New("no leader")
			}
			return nil
		}
		times := 0
		_, err := s.Update(t.Context(), func(tx *Tx) error { times++; return count("x")(tx) })
		refusedAs(t, err, "not known", true)
		_, err = s.Update(t.Context(), putVPC("vpc-meanwhile"))
		refusedAs(t, err, "etcd does not answer", false)
		if v, err := s.Read(t.Context()); err != nil || vpcsIn(v) != "vpc-before" {
			t.Errorf("rows %s, %v", vpcsIn(v), err)
		}
		time.Sleep(time.Minute)
		out.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if h := s.Health(); h != (Health{Ready: true, Writable: true}) {
			t.Errorf("health afterwards %+v", h)
		}
		update(t, s, putVPC("vpc-after"))
		if q, _ := Quotas.Get(s.View(), QuotaKey{7, "n"}); q == nil || q.Value != 1 || times != 1 {
			t.Errorf("counted %+v, evaluated %d times", q, times)
		}
		if got := vpcsIn(s.View()); got != "vpc-after vpc-before" {
			t.Errorf("rows %s", got)
		}
		s.Close()
	})
}

// TestRejection: when etcd says no, nothing was changed and the next call may work.
func TestRejection(t *testing.T) {
	m := newMemory()
	s := openOn(t, m, Options{Seed: 1})
	m.fail = func(txn) error { return rejection{errors.New("too large")} }
	_, err := s.Update(t.Context(), putVPC("vpc-1"))
	refusedAs(t, err, "rejects the write; nothing was changed", false)
	if got := vpcsIn(s.View()); got != "" {
		t.Errorf("rows %s", got)
	}
	m.fail = nil
	update(t, s, putVPC("vpc-2"))
	if got := vpcsIn(s.View()); got != "vpc-2" {
		t.Errorf("rows %s", got)
	}
}
