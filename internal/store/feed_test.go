package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// TestHistoryGone: while a replica was busy the history that it needed was compacted. It
// reads everything again, and goes on following.
func TestHistoryGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sharedMemory()
		stores := replicas(t, m, 2)
		a, b := stores[0], stores[1]
		release := hold(t, b)
		update(t, a, putVPC("vpc-0"))
		synctest.Wait() // this much has reached the feed
		for i := range 4 {
			update(t, a, putVPC(vpc.VPCID(fmt.Sprint("vpc-", i+1))))
		}
		update(t, a, func(tx *Tx) error { VPCs.Delete(tx, "vpc-2"); return nil })
		if err := m.compact(t.Context(), int64(a.View().Revision())); err != nil {
			t.Fatal(err)
		}
		release()
		const want = "vpc-0 vpc-1 vpc-3 vpc-4"
		if v, err := b.Read(t.Context()); err != nil || vpcsIn(v) != want {
			t.Errorf("rows %s, %v, want %s", vpcsIn(v), err, want)
		}
		update(t, a, putVPC("vpc-5"))
		if v, err := b.Read(t.Context()); err != nil || vpcsIn(v) != want+" vpc-5" {
			t.Errorf("rows %s, %v", vpcsIn(v), err)
		}
		update(t, b, putVPC("vpc-6"))
		for _, s := range stores {
			s.Close()
		}
	})
}

// flaky is a kv whose watches end after a few messages, as those of a cluster do that
// elects a leader.
type flaky struct {
	*memory
	watches atomic.Int64
	mute    atomic.Bool // watches say nothing
}

func (f *flaky) watch(ctx context.Context, from int64) <-chan commits {
	f.watches.Add(1)
	out := make(chan commits)
	go func() {
		defer close(out)
		if f.mute.Load() {
			<-ctx.Done()
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		source := f.memory.watch(ctx, from)
		for range 2 {
			select {
			case c := <-source:
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// TestWatchBreaks: a watch that ends is begun again where it ended.
func TestWatchBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &flaky{memory: sharedMemory()}
		stores := replicas(t, db, 2)
		for i := range 20 {
			update(t, stores[i%2], putVPC(vpc.VPCID(fmt.Sprintf("vpc-%02d", i))))
			time.Sleep(time.Second)
		}
		v, err := stores[0].Read(t.Context())
		if err != nil || VPCs.Len(v) != 20 {
			t.Errorf("%d rows, %v", VPCs.Len(v), err)
		}
		if n := db.watches.Load(); n < 6 {
			t.Errorf("%d watches", n)
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// TestWatchIsMute: a replica that lost a race and hears nothing of the winner reads
// everything again.
func TestWatchIsMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &flaky{memory: sharedMemory()}
		db.mute.Store(true)
		stores := replicas(t, db, 2)
		update(t, stores[0], putVPC("vpc-1"))
		start := time.Now()
		update(t, stores[1], putVPC("vpc-2"))
		if got := vpcsIn(stores[1].View()); got != "vpc-1 vpc-2" {
			t.Errorf("rows %s", got)
		}
		if took := time.Since(start); took < attemptTime || took > patience {
			t.Errorf("it took %v", took)
		}
		if v, err := stores[0].Read(t.Context()); err != nil || vpcsIn(v) != "vpc-1" || !stores[0].Health().Stale {
			t.Errorf("a replica that hears nothing shows %s, %v, and is called %+v", vpcsIn(v), err, stores[0].Health())
		}
		if h := stores[0].Health(); !h.Ready || !h.Writable || !strings.Contains(h.Cause, "behind") {
			t.Errorf("health %+v", h)
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// setStore changes the store key as a replica does that restores or migrates.
func setStore(t *testing.T, db kv, change func(*storeRow), more ...op) {
	t.Helper()
	p, err := db.get(t.Context(), storeKey)
	if err != nil {
		t.Fatal(err)
	}
	row, err := parseStore(p.value)
	if err != nil {
		t.Fatal(err)
	}
	change(&row)
	out, err := db.commit(t.Context(), txn{conds: []cond{{storeKey, p.mod}}, ops: append(more, op{storeKey, row.value()})})
	if err != nil || !out.ok {
		t.Fatal(out, err)
	}
}

func rowOp(t *testing.T, id vpc.VPCID) op {
	t.Helper()
	row, err := json.Marshal(vpc.VPC{ID: id, Scope: here})
	if err != nil {
		t.Fatal(err)
	}
	return op{rowPrefix + "vpc/" + string(id), row}
}

// TestRowsInMotion: while another replica restores the store, this one shows the rows
// of before and writes nothing; afterwards it shows the new ones.
func TestRowsInMotion(t *testing.T) {
	m := sharedMemory()
	s := replicas(t, m, 1)[0]
	update(t, s, putVPC("vpc-before"))
	setStore(t, m, func(r *storeRow) { r.State = stateRestoring }, op{rowPrefix + "vpc/vpc-before", nil})
	_, err := s.Update(t.Context(), putVPC("vpc-meanwhile"))
	refusedAs(t, err, "restore", false)
	if h := s.Health(); !h.Ready || h.Writable || !strings.Contains(h.Hint, "store restore") {
		t.Errorf("health meanwhile %+v", h)
	}
	setStore(t, m, func(*storeRow) {}, rowOp(t, "vpc-half"))
	if v, err := s.Read(t.Context()); err != nil || vpcsIn(v) != "vpc-before" {
		t.Errorf("rows meanwhile %s, %v", vpcsIn(v), err)
	}
	setStore(t, m, func(r *storeRow) { r.State = "" }, rowOp(t, "vpc-other-half"))
	await(t, "the new rows", 10*time.Second, func() bool { return vpcsIn(s.View()) == "vpc-half vpc-other-half" })
	if h := s.Health(); h != (Health{Ready: true, Writable: true}) {
		t.Errorf("health afterwards %+v", h)
	}
	update(t, s, putVPC("vpc-after"))
}

// TestOpenedInMotion: a replica that starts while the rows are in motion has none to
// show.
func TestOpenedInMotion(t *testing.T) {
	m := sharedMemory()
	a := replicas(t, m, 1)[0]
	update(t, a, putVPC("vpc-1"))
	setStore(t, m, func(r *storeRow) { r.State = stateRestoring })
	b := openOn(t, m, a.opts)
	if _, err := b.Read(t.Context()); err == nil || b.Health().Ready {
		t.Errorf("read %v, health %+v", err, b.Health())
	}
	setStore(t, m, func(r *storeRow) { r.State = "" })
	await(t, "the rows", 10*time.Second, func() bool { return b.Health() == Health{Ready: true, Writable: true} })
	if v, err := b.Read(t.Context()); err != nil || vpcsIn(v) != "vpc-1" {
		t.Errorf("rows %s, %v", vpcsIn(v), err)
	}
}

// TestMigratedMeanwhile: a newer program has taken the store over. This one goes on
// showing what it had, and does not write.
func TestMigratedMeanwhile(t *testing.T) {
	m := sharedMemory()
	s := replicas(t, m, 1)[0]
	update(t, s, putVPC("vpc-1"))
	setStore(t, m, func(r *storeRow) { r.State = stateMigrating })
	setStore(t, m, func(r *storeRow) { r.State, r.Schema = "", r.Schema+1 }, op{rowPrefix + "novelty/1", []byte("{}")})
	await(t, "the change to be seen", 10*time.Second, func() bool { return strings.Contains(s.Health().Hint, "newer program") })
	_, err := s.Update(t.Context(), putVPC("vpc-2"))
	refusedAs(t, err, "version 2", false)
	if v, err := s.Read(t.Context()); err != nil || vpcsIn(v) != "vpc-1" {
		t.Errorf("rows %s, %v", vpcsIn(v), err)
	}
	if h := s.Health(); !h.Ready || h.Writable || h.Stale {
		t.Errorf("health %+v", h)
	}
}

// TestDamage: a row that cannot be read is not passed over in silence, whether it comes
// with the feed or is found at the start.
func TestDamage(t *testing.T) {
	for name, bad := range map[string]op{
		"no JSON":             {rowPrefix + "vpc/vpc-1", []byte("{")},
		"another row's value": {rowPrefix + "vpc/vpc-1", rowOp(t, "vpc-2").value},
		"no table":            {rowPrefix + "castle/1", []byte("{}")},
		"no key":              {rowPrefix + "account/x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := sharedMemory()
			s := replicas(t, m, 1)[0]
			head, err := m.get(t.Context(), headKey)
			if err != nil {
				t.Fatal(err)
			}
			if out := m.apply(txn{conds: []cond{{headKey, head.mod}}, ops: []op{bad, {headKey, fates{}.with("other", 1).value()}}}); !out.ok {
				t.Fatal("the commit lost a race")
			}
			await(t, "the damage to be seen", 10*time.Second, func() bool { return !s.Health().Ready })
			_, err = s.Update(t.Context(), putVPC("vpc-3"))
			refusedAs(t, err, "cannot be read", false)
			if _, err := s.Read(t.Context()); err == nil {
				t.Error("rows are shown")
			}
			_, err = open(t.Context(), m, s.opts)
			if bad.value != nil && (err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(bad.key, rowPrefix))) {
				t.Errorf("opened again: %v", err)
			}
		})
	}
}

// TestDamageFoundReadingAgain: rows that are read again and cannot be read are not shown
// until somebody has mended them.
func TestDamageFoundReadingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sharedMemory()
		stores := replicas(t, m, 2)
		a, b := stores[0], stores[1]
		end := make(chan struct{})
		held := goUpdate(t.Context(), b, func(*Tx) error { <-end; return nil })
		synctest.Wait()
		update(t, a, putVPC("vpc-1"))
		synctest.Wait() // this much has reached the feed
		m.apply(txn{ops: []op{{rowPrefix + "vpc/vpc-2", []byte("{")}}})
		if err := m.compact(t.Context(), m.mu.rev); err != nil {
			t.Fatal(err)
		}
		close(end)
		time.Sleep(10 * time.Second)
		if h := b.Health(); h.Ready || h.Writable || !strings.Contains(h.Cause, "cannot be read") {
			t.Errorf("health %+v", h)
		}
		m.apply(txn{ops: []op{{rowPrefix + "vpc/vpc-2", nil}}})
		time.Sleep(10 * time.Second)
		if h := b.Health(); h != (Health{Ready: true, Writable: true}) || vpcsIn(b.View()) != "vpc-1" {
			t.Errorf("mended: health %+v, rows %s", h, vpcsIn(b.View()))
		}
		<-held
		for _, s := range stores {
			s.Close()
		}
	})
}

// unreadable is a kv whose rows cannot be read for a while.
type unreadable struct {
	*memory
	off atomic.Bool
}

func (u *unreadable) snapshot(ctx context.Context) (snapshot, error) {
	if u.off.Load() {
		return nil, errors.New("no leader")
	}
	return u.memory.snapshot(ctx)
}

// TestReloadKeepsTrying: rows that must be read again are asked for until they come.
func TestReloadKeepsTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &unreadable{memory: sharedMemory()}
		stores := replicas(t, db, 2)
		a, b := stores[0], stores[1]
		end := make(chan struct{})
		held := goUpdate(t.Context(), b, func(*Tx) error { <-end; return nil })
		synctest.Wait()
		update(t, a, putVPC("vpc-1"))
		synctest.Wait() // this much has reached the feed
		update(t, a, putVPC("vpc-2"))
		if err := db.compact(t.Context(), int64(a.View().Revision())); err != nil {
			t.Fatal(err)
		}
		db.off.Store(true)
		close(end)
		time.Sleep(20 * time.Second)
		if got := vpcsIn(b.View()); got == "vpc-1 vpc-2" {
			t.Error("rows were read that could not be read")
		}
		db.off.Store(false)
		time.Sleep(10 * time.Second)
		if got := vpcsIn(b.View()); got != "vpc-1 vpc-2" {
			t.Errorf("rows %q", got)
		}
		<-held
		for _, s := range stores {
			s.Close()
		}
	})
}

// TestManyRowsAreLoaded reads more rows than fit on a page, of several tables.
func TestManyRowsAreLoaded(t *testing.T) {
	m := newMemory()
	s := openOn(t, m, Options{MasterKeyFile: filepath.Join(t.TempDir(), "master.key")})
	const n = 2*pageSize + 7
	var rows []op
	for i := range n {
		vpc := fmt.Sprintf(`{"id":"vpc-%06d","account":%d,"region":"%s","created":%d}`, i, here.Account, here.Region, n-i)
		subnet := fmt.Sprintf(`{"id":"subnet-%06d"}`, i)
		rows = append(rows, op{fmt.Sprintf("%svpc/vpc-%06d", rowPrefix, i), []byte(vpc)}, op{fmt.Sprintf("%ssubnet/subnet-%06d", rowPrefix, i), []byte(subnet)})
	}
	m.apply(txn{ops: rows})
	v := openOn(t, m, s.opts).View()
	if VPCs.Len(v) != n || Subnets.Len(v) != n || VPCsByScope.Count(v, here) != n {
		t.Errorf("%d VPCs, %d by their scope, %d subnets, want %d", VPCs.Len(v), VPCsByScope.Count(v, here), Subnets.Len(v), n)
	}
	if page := VPCsByScope.Page(v, here, n-1, 5); len(page) != 1 || page[0].ID != "vpc-000000" {
		t.Errorf("the youngest VPC: %v", page)
	}
}
