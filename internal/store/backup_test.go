package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// shelf is a store in memory whose content outlives it.
type shelf struct {
	db   *memory
	opts Options
}

func newShelf(t *testing.T) *shelf {
	return &shelf{db: newMemory(), opts: Options{DataDir: t.TempDir(), Seed: 1, MinFree: -1, Logger: slog.New(slog.DiscardHandler)}}
}

func (s *shelf) open(t *testing.T) *Store {
	t.Helper()
	st, err := open(context.Background(), s.db, s.opts.filled())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func putGateways(t *testing.T, s *Store, from, to int) {
	t.Helper()
	for i := from; i < to; i += 50 {
		_, err := s.Update(t.Context(), func(tx *Tx) error {
			for j := i; j < min(i+50, to); j++ {
				id := vpc.GatewayID(fmt.Sprintf("vpngw-%08d", j))
				Gateways.Put(tx, &vpc.Gateway{ID: id, Scope: vpc.Scope{Account: 1, Region: "r"}, Name: fmt.Sprint("g", j), Created: tx.Now()})
			}
			tx.Append(Ledger, vpc.LedgerEntry{Account: 1, Kind: "test", Amount: 1})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// content prints what a backup would hold but for the times of its making.
func content(t *testing.T, s *Store) string {
	t.Helper()
	snap, err := s.kv.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = eachPage(t.Context(), snap, root, func(page []pair) error {
		for _, p := range page {
			if !passing(p.key) {
				fmt.Fprintf(&b, "%s=%s\n", p.key, p.value)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func backupOf(t *testing.T, s *Store, withKey bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Backup(t.Context(), &b, withKey); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRestoreIsWhatWasBackedUp(t *testing.T) {
	st := newShelf(t).open(t)
	putGateways(t, st, 0, 700)
	want := content(t, st)
	file := backupOf(t, st, false)

	putGateways(t, st, 600, 900) // changes some, adds some
	if _, err := st.Update(t.Context(), func(tx *Tx) error {
		for i := range 100 {
			Gateways.Delete(tx, vpc.GatewayID(fmt.Sprintf("vpngw-%08d", i)))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	info, err := st.Restore(t.Context(), bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, st); got != want {
		t.Errorf("after the restore the store holds something else: %d bytes, want %d", len(got), len(want))
	}
	if n := Gateways.Len(st.View()); n != 700 {
		t.Errorf("%d gateways in view, want 700", n)
	}
	if n := strings.Count("\n"+want, "\n"+root); info.Keys != n {
		t.Errorf("the backup says %d keys, the store had %d", info.Keys, n)
	}
	if h := st.Health(); !h.Ready || !h.Writable {
		t.Errorf("after the restore: %+v", h)
	}
	putGateways(t, st, 900, 901)
	if _, ok := Gateways.Get(st.View(), "vpngw-00000900"); !ok {
		t.Error("a write after the restore is not in view")
	}
}

func TestBackupWhileWriting(t *testing.T) {
	st := newShelf(t).open(t)
	putGateways(t, st, 0, 100)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	var written atomic.Int64
	go func() { // every transaction adds two rows
		defer close(done)
		for i := 0; i < 3000 && ctx.Err() == nil; i++ {
			_, err := st.Update(ctx, func(tx *Tx) error {
				for _, half := range []string{"a", "b"} {
					id := vpc.VPCID(fmt.Sprintf("vpc-%s%07d", half, i))
					VPCs.Put(tx, &vpc.VPC{ID: id, Created: tx.Now()})
				}
				return nil
			})
			if err == nil {
				written.Add(1)
			}
		}
	}()
	for range 4 {
		other := newShelf(t)
		other.opts.MasterKeyFile = st.opts.masterKeyFile()
		to := other.open(t)
		if _, err := to.Restore(t.Context(), bytes.NewReader(backupOf(t, st, false))); err != nil {
			t.Fatal(err)
		}
		for v := range VPCs.All(to.View()) {
			twin := "vpc-a" + string(v.ID)[5:]
			if _, ok := VPCs.Get(to.View(), vpc.VPCID(twin)); !ok {
				t.Fatalf("the backup has %s but not %s, which was written together with it", v.ID, twin)
			}
		}
	}
	stop()
	<-done
	if written.Load() == 0 {
		t.Error("nothing was written meanwhile")
	}
}

func TestRestoreRefusesWhatIsNotWhole(t *testing.T) {
	st := newShelf(t).open(t)
	putGateways(t, st, 0, 200)
	want := content(t, st)
	file := backupOf(t, st, false)
	gz, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	join := func(parts ...[]string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		for _, p := range parts {
			for _, l := range p {
				io.WriteString(w, l)
			}
		}
		w.Close()
		return b.Bytes()
	}
	n := len(lines)
	for name, in := range map[string][]byte{
		"empty":                nil,
		"text":                 []byte("hello"),
		"cut":                  file[:len(file)/2],
		"without its end":      join(lines[:n-1]),
		"an entry missing":     join(lines[:5], lines[6:]),
		"entries swapped":      join(lines[:5], lines[6:7], lines[5:6], lines[7:]),
		"a byte changed":       join(lines[:9], []string{strings.Replace(lines[9], `"v":"e`, `"v":"f`, 1)}, lines[10:]),
		"more behind its end":  join(lines, []string{"{}\n"}),
		"a key that is not":    join(lines[:1], []string{`{"k":"other/key","v":"e30="}` + "\n"}, lines[1:]),
		"a newer schema":       join([]string{strings.Replace(lines[0], `"schema":1`, `"schema":99`, 1)}, lines[1:]),
		"another format":       join([]string{strings.Replace(lines[0], `"version":1`, `"version":2`, 1)}, lines[1:]),
		"twice the first line": join(lines[:1], lines),
	} {
		if _, err := st.Restore(t.Context(), bytes.NewReader(in)); !errors.Is(err, errBackup) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if content(t, st) != want {
		t.Error("a refused backup has changed the store")
	}
	if h := st.Health(); !h.Writable {
		t.Errorf("after refusals: %+v", h)
	}
}

func TestRestoreAndMasterKeys(t *testing.T) {
	from, to := newShelf(t).open(t), newShelf(t).open(t)
	sealed, err := from.Seal("key/AKIDx", "secret", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.Update(t.Context(), func(tx *Tx) error {
		Keys.Put(tx, &vpc.Key{ID: "AKIDx", Secret: sealed})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Restore(t.Context(), bytes.NewReader(backupOf(t, from, false))); err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("a backup under another key: %v, want a refusal that says so", err)
	}
	if bytes.Contains(backupOf(t, from, false), from.sealer.Load().key) {
		t.Error("the backup holds the master key unasked")
	}
	if _, err := to.Restore(t.Context(), bytes.NewReader(backupOf(t, from, true))); err != nil {
		t.Fatal(err)
	}
	k, ok := Keys.Get(to.View(), "AKIDx")
	if !ok {
		t.Fatal("the key is not there")
	}
	if clear, err := to.Unseal("key/AKIDx", "secret", k.Secret); err != nil || string(clear) != "open sesame" {
		t.Errorf("Unseal: %q, %v", clear, err)
	}
	for _, name := range []string{"master.key", "master.key.before-restore"} {
		info, err := os.Stat(filepath.Join(to.opts.DataDir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestRestoreCutOffIsFoundAndFinished(t *testing.T) {
	source := newShelf(t)
	from := source.open(t)
	putGateways(t, from, 0, 1000)
	file := backupOf(t, from, false)

	target := newShelf(t)
	target.opts.MasterKeyFile = from.opts.masterKeyFile()
	st := target.open(t)
	putGateways(t, st, 5000, 5100)
	commits := 0
	target.db.fail = func(txn) error {
		if commits++; commits > 3 {
			return rejection{errors.New("power failure")}
		}
		return nil
	}
	if _, err := st.Restore(t.Context(), bytes.NewReader(file)); err == nil {
		t.Fatal("a restore without power succeeded")
	}
	if n := Gateways.Len(st.View()); n != 100 {
		t.Errorf("half a restore shows %d gateways, want the 100 of before", n)
	}
	target.db.fail = nil
	if _, err := st.Update(t.Context(), func(*Tx) error { return nil }); err == nil {
		t.Error("a half restored store takes writes")
	}
	st.Close()

	again := target.open(t)
	if _, err := again.Read(t.Context()); err == nil {
		t.Error("a half restored store shows rows after a restart")
	}
	if h := again.Health(); h.Ready || h.Writable || !strings.Contains(h.Hint, "restore") {
		t.Errorf("health of a half restored store: %+v", h)
	}
	if _, err := again.Restore(t.Context(), bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if n := Gateways.Len(again.View()); n != 1000 {
		t.Errorf("%d gateways after the second try, want 1000", n)
	}
	if _, err := again.Read(t.Context()); err != nil {
		t.Error(err)
	}
	putGateways(t, again, 1000, 1001)
}

func TestRestoreReachesOtherReplicas(t *testing.T) {
	shelf := newShelf(t)
	shelf.db.shared = true
	a, b := shelf.open(t), shelf.open(t)
	putGateways(t, a, 0, 300)
	file := backupOf(t, a, false)
	putGateways(t, b, 300, 600)
	if _, err := a.Restore(t.Context(), bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	v, err := b.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for Gateways.Len(v) != 300 {
		select {
		case <-v.Changed():
			v = b.View()
		case <-t.Context().Done():
			t.Fatalf("the other replica shows %d gateways", Gateways.Len(v))
		}
	}
	putGateways(t, b, 700, 701)
	if v, err := a.Read(t.Context()); err != nil || Gateways.Len(v) != 301 {
		t.Errorf("after a write of the other replica: %d gateways, %v", Gateways.Len(v), err)
	}
}
