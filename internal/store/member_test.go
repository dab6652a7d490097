package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/gatewright/gatewright/internal/vpc"
)

// openMember opens a store with an etcd in this process.
func openMember(t *testing.T, opts Options) *Store {
	t.Helper()
	if opts.DataDir == "" {
		opts.DataDir = t.TempDir()
	}
	if opts.Logger == nil {
		opts.Logger = logOf(t)
	}
	s, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestPrivate: nobody else can read what a store keeps, it listens nowhere, and nothing
// of it holds a secret in clear.
func TestPrivate(t *testing.T) {
	before := listening(t)
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil { // as somebody may have made it
		t.Fatal(err)
	}
	s := openMember(t, Options{DataDir: dir})
	const clear = "a pre-shared key that must not be found"
	sealed, err := s.Seal(Connections.Row("vpnx-1"), "psk", []byte(clear))
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error {
		Connections.Put(tx, &vpc.Connection{ID: "vpnx-1", Scope: here, PreSharedKey: sealed})
		tx.Append(Audit, vpc.AuditEntry{At: tx.Now(), Result: "OK"})
		return nil
	})
	s.moveAudit(t.Context())
	if now := listening(t); now != before {
		t.Errorf("sockets that listen: %s, before the store was opened: %s", now, before)
	}
	m := s.kv.(*etcd).member.etcd
	if len(m.Clients)+len(m.Peers) > 0 {
		t.Errorf("etcd listens at %v and %v", m.Clients, m.Peers)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	eachFile(t, dir, func(path string, info fs.FileInfo) {
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if text, err := os.ReadFile(path); !info.IsDir() && (err != nil || bytes.Contains(text, []byte(clear))) {
			t.Errorf("%s holds the secret in clear, or cannot be read: %v", path, err)
		}
	})
	s = openMember(t, Options{DataDir: dir})
	c, _ := Connections.Get(s.View(), "vpnx-1")
	if got, err := s.Unseal(Connections.Row(c.ID), "psk", c.PreSharedKey); err != nil || string(got) != clear {
		t.Errorf("unsealed after a restart: %q, %v", got, err)
	}
}

func eachFile(t *testing.T, dir string, visit func(string, fs.FileInfo)) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info fs.FileInfo, err error) error {
		if err == nil {
			visit(path, info)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDirectoryInUse: two processes cannot have one store.
func TestDirectoryInUse(t *testing.T) {
	s := openMember(t, Options{})
	update(t, s, putVPC("vpc-1"))
	_, err := Open(t.Context(), s.opts)
	if err == nil || !strings.Contains(err.Error(), s.opts.DataDir+" is in use by another process") {
		t.Fatalf("a second store: %v", err)
	}
	update(t, s, putVPC("vpc-2"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if again, err := Open(ctx, s.opts); err == nil {
		again.Close() // etcd was faster than the context
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("opened for a caller who has gone: %v", err)
	}
	if got := vpcsIn(openMember(t, s.opts).View()); got != "vpc-1 vpc-2" {
		t.Errorf("rows %s", got)
	}
}

// TestCompaction: history goes after a while, but not what somebody still reads.
func TestCompaction(t *testing.T) {
	s := openMember(t, Options{})
	e := s.kv.(*etcd)
	for i := range 3 {
		update(t, s, putVPC(vpc.VPCID(fmt.Sprint("vpc-", i))))
	}
	rev := int64(s.View().Revision())
	reads := func(rev int64) error {
		_, err := e.client.Get(t.Context(), headKey, clientv3.WithRev(rev))
		return err
	}
	k := &keeper{s: s, etcd: e, marks: []mark{{time.Now().Add(-keepHistory + time.Minute), rev}}}
	k.compact(t.Context())
	if err := reads(rev - 1); err != nil {
		t.Errorf("history that is young: %v", err)
	}
	k.marks[0].at = k.marks[0].at.Add(-2 * time.Minute)
	release := s.pins.hold(rev - 2)
	k.compact(t.Context())
	if err := reads(rev - 2); err != nil {
		t.Errorf("history that somebody reads: %v", err)
	}
	release()
	if len(k.marks) != 2 {
		t.Errorf("marks %v, want two", k.marks)
	}
	k.marks[0] = mark{time.Now().Add(-time.Hour), rev}
	k.compact(t.Context())
	if err := reads(rev - 1); !errors.Is(err, rpctypes.ErrCompacted) {
		t.Errorf("old history: %v", err)
	}
	if err := reads(rev); err != nil {
		t.Errorf("the newest revision of then: %v", err)
	}
	if _, err := s.LedgerEntries(t.Context(), 7); err != nil {
		t.Error(err)
	}
	k.compactTo(t.Context(), 1) // what is gone already is no fault
	update(t, s, putVPC("vpc-after"))
}

// TestCompactedReading: rows that are read at a revision that is gone are not taken for
// the end of the rows.
func TestCompactedReading(t *testing.T) {
	s := openMember(t, Options{})
	update(t, s, putVPC("vpc-1"))
	snap, err := s.kv.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rev := update(t, s, putVPC("vpc-2"))
	if err := s.kv.compact(t.Context(), int64(rev)); err != nil {
		t.Fatal(err)
	}
	err = eachPage(t.Context(), snap, rowPrefix, func([]pair) error { return nil })
	if !errors.Is(err, errCompacted) {
		t.Errorf("error %v", err)
	}
}
