package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// smallQuota lets a test fill a database.
const smallQuota = 32 << 20

// fillTo puts rows of 10 KiB until the database takes share of its quota, and returns
// how many.
func fillTo(t *testing.T, s *Store, share float64) (rows int) {
	t.Helper()
	m := s.kv.(*etcd).member
	for !m.usage(smallQuota).usedOver(share) {
		update(t, s, func(tx *Tx) error {
			for range 30 {
				VPCs.Put(tx, &vpc.VPC{ID: vpc.VPCID(fmt.Sprintf("vpc-%06d", rows)), Scope: here, Name: strings.Repeat("n", 10<<10)})
				rows++
			}
			return nil
		})
		m.etcd.Server.Backend().ForceCommit() // sizes are those of the last commit
	}
	return rows
}

// TestQuotaFull fills the database of the member in this process: growth is refused
// before etcd would refuse everything, what adds nothing is not, and when there is room
// again growth goes on by itself.
func TestQuotaFull(t *testing.T) {
	t.Parallel()
	s := openMember(t, Options{quota: smallQuota})
	rows := fillTo(t, s, fullShare)
	await(t, "growth to be refused", 20*time.Second, func() bool { return !s.Health().Writable })
	_, err := s.Update(t.Context(), putVPC("vpc-more"))
	refusedAs(t, err, "90 % of its quota of 32 MiB", false)
	if h := s.Health(); !h.Ready || h.Stale || !strings.Contains(h.Hint, "delete") {
		t.Errorf("health %+v", h)
	}
	update(t, s, func(tx *Tx) error { // a change
		v, _ := VPCs.Get(tx, "vpc-000000")
		changed := *v
		changed.Name = "short"
		VPCs.Put(tx, &changed)
		return nil
	})
	update(t, s, func(tx *Tx) error { // an exchange
		VPCs.Delete(tx, "vpc-000000")
		return putVPC("vpc-exchanged")(tx)
	})
	for at := 1; at < rows/2; at += 50 {
		update(t, s, func(tx *Tx) error {
			for i := at; i < min(at+50, rows/2); i++ {
				VPCs.Delete(tx, vpc.VPCID(fmt.Sprintf("vpc-%06d", i)))
			}
			return nil
		})
	}
	await(t, "growth to go on", 30*time.Second, func() bool { return s.Health() == Health{Ready: true, Writable: true} })
	update(t, s, putVPC("vpc-more"))
	list, err := s.kv.(*etcd).client.AlarmList(t.Context())
	if err != nil || len(list.Alarms) > 0 {
		t.Errorf("alarms of etcd: %v, %v", list, err)
	}
}

// TestQuotaFullOfHistory fills a database with what a row was, and then writes nothing
// more: etcd's sizes, which show late what a compaction has freed, show it all the same.
func TestQuotaFullOfHistory(t *testing.T) {
	t.Parallel()
	s := openMember(t, Options{})
	e := s.kv.(*etcd)
	for n := range 100 {
		update(t, s, func(tx *Tx) error {
			VPCs.Put(tx, &vpc.VPC{ID: "vpc-changing", Scope: here, Name: fmt.Sprintf("%0100000d", n)})
			return nil
		})
	}
	commit := e.member.etcd.Server.Backend().ForceCommit
	commit()
	k := &keeper{s: s, etcd: e, quota: e.member.usage(0).file}
	if u := e.member.usage(k.quota); !u.full() {
		t.Fatalf("the database is not full: %+v", u)
	}
	k.defragged = time.Now() // rewriting the file would show it, too
	for range recounts + 2 {
		k.checkQuota(t.Context())
		commit()
	}
	if u := e.member.usage(k.quota); u.usedOver(0.2) {
		t.Errorf("of %d bytes %d seem to be in use, though most is history that was forgotten", u.file, u.used)
	}
	if r, err := e.client.Get(t.Context(), recountKey); err != nil || r.Count != 1 || r.Kvs[0].Version != recounts {
		t.Errorf("what was written to be committed: %v, %v", r, err)
	}
}

// TestDefragment rewrites a file that is mostly empty; rows and writes are as before.
func TestDefragment(t *testing.T) {
	t.Parallel()
	s := openMember(t, Options{quota: smallQuota, MinFree: -1})
	rows := fillTo(t, s, 0.5)
	for at := 0; at < rows; at += 50 {
		update(t, s, func(tx *Tx) error {
			for i := at; i < min(at+50, rows); i++ {
				VPCs.Delete(tx, vpc.VPCID(fmt.Sprintf("vpc-%06d", i)))
			}
			return nil
		})
	}
	update(t, s, putVPC("vpc-left"))
	e := s.kv.(*etcd)
	k := &keeper{s: s, etcd: e, quota: smallQuota}
	k.compactTo(t.Context(), int64(s.View().Revision()))
	await(t, "the rows to be gone from the database", 20*time.Second, func() bool { return !e.member.usage(smallQuota).usedOver(0.1) })
	before := e.member.usage(smallQuota)
	k.quota = before.file // of such a quota the file takes too much
	k.defragment(t.Context())
	after := e.member.usage(smallQuota)
	if after.file > before.file/2 || k.defragged.IsZero() {
		t.Errorf("the file had %d bytes, now it has %d", before.file, after.file)
	}
	update(t, s, putVPC("vpc-more"))
	if first := k.defragged; !first.IsZero() {
		if k.defragment(t.Context()); k.defragged != first {
			t.Error("the file is rewritten again at once")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := vpcsIn(openMember(t, s.opts).View()); got != "vpc-left vpc-more" {
		t.Errorf("rows %s", got)
	}
}

// TestEtcdFull changes rows faster than anyone looks, until etcd itself refuses because
// of all the history. Callers are told that nothing was changed; the history goes, the
// alarm is lifted and writes go on, all by itself.
func TestEtcdFull(t *testing.T) {
	t.Parallel()
	s := openMember(t, Options{quota: smallQuota})
	var err error
	n := 0
	for ; err == nil; n++ {
		_, err = s.Update(t.Context(), func(tx *Tx) error {
			for i := range 30 {
				VPCs.Put(tx, &vpc.VPC{ID: vpc.VPCID(fmt.Sprint("vpc-", i)), Scope: here, Name: fmt.Sprintf("%030000d", n)})
			}
			return nil
		})
	}
	refusedAs(t, err, "", false)
	for v := range VPCs.All(s.View()) {
		if want := fmt.Sprintf("%030000d", n-2); v.Name != want {
			t.Errorf("%s has the name of change %s, want that of the last one that was kept", v.ID, strings.TrimLeft(v.Name, "0"))
		}
	}
	await(t, "writes to go on", 30*time.Second, func() bool {
		_, err := s.Update(t.Context(), putVPC("vpc-more"))
		return err == nil
	})
	await(t, "all to be well", 10*time.Second, func() bool { return s.Health() == Health{Ready: true, Writable: true} })
	list, err := s.kv.(*etcd).client.AlarmList(t.Context())
	if err != nil || len(list.Alarms) > 0 {
		t.Errorf("alarms of etcd: %v, %v", list, err)
	}
}
