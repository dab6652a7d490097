package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

func open(t *testing.T, opts store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func putVPC(t *testing.T, s *store.Store, id vpc.VPCID) store.Revision {
	t.Helper()
	rev, err := s.Update(t.Context(), func(tx *store.Tx) error {
		store.VPCs.Put(tx, &vpc.VPC{ID: id, Scope: vpc.Scope{Account: 7}, Created: tx.Now()})
		tx.Append(store.Audit, vpc.AuditEntry{At: tx.Now(), Account: 7, Action: "CreateVpc", Result: string(id)})
		tx.Append(store.Ledger, vpc.LedgerEntry{At: tx.Now(), Account: 7, Kind: "grant", Resource: string(id)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func vpcs(r store.Reader) string {
	var ids []string
	for v := range store.VPCs.All(r) {
		ids = append(ids, string(v.ID))
	}
	return strings.Join(ids, " ")
}

func TestRowsOutliveTheProcess(t *testing.T) {
	opts := store.Options{DataDir: t.TempDir()}
	s := open(t, opts)
	sealed, err := s.Seal("connection/vpnx-1", "psk", []byte("hush"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		putVPC(t, s, vpc.VPCID(fmt.Sprintf("vpc-%d", i)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s = open(t, opts)
	t.Log("opened in", time.Since(start))
	if got, want := vpcs(s.View()), "vpc-0 vpc-1 vpc-2"; got != want {
		t.Errorf("after a restart: %s, want %s", got, want)
	}
	if clear, err := s.Unseal("connection/vpnx-1", "psk", sealed); string(clear) != "hush" {
		t.Errorf("unsealed %q, %v", clear, err)
	}
	ledger, err := s.LedgerEntries(t.Context(), 7)
	if err != nil || len(ledger) != 3 || ledger[2].Resource != "vpc-2" {
		t.Errorf("ledger %v, %v", ledger, err)
	}
	audit, err := s.AuditEntries(t.Context(), 0, 2)
	if err != nil || len(audit) != 2 || audit[1].Result != "vpc-2" {
		t.Errorf("audit %v, %v", audit, err)
	}
	if h := s.Health(); h != (store.Health{Ready: true, Writable: true}) {
		t.Errorf("health %+v", h)
	}
}
