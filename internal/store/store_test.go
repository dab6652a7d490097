package store_test

import (
	"errors"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

func openMemory(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.OpenMemory(store.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestUpdateIsReadBack(t *testing.T) {
	s := openMemory(t)
	scope := vpc.Scope{Account: 1, Region: "ap-guangzhou"}
	before := s.View()
	rev, err := s.Update(t.Context(), func(tx *store.Tx) error {
		store.Gateways.Put(tx, &vpc.Gateway{ID: "vpngw-00000001", Scope: scope, VPC: "vpc-1", Created: tx.Now()})
		store.Gateways.Put(tx, &vpc.Gateway{ID: "vpngw-00000002", Scope: scope, VPC: "vpc-2", Created: tx.Now()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	v := s.View()
	if v.Revision() != rev {
		t.Errorf("view at %d, commit at %d", v.Revision(), rev)
	}
	if n := store.GatewaysByVPC.Count(v, store.Of(scope, vpc.VPCID("vpc-2"))); n != 1 {
		t.Errorf("%d gateways in vpc-2", n)
	}
	if _, ok := store.Gateways.Get(v, "vpngw-00000002"); !ok {
		t.Error("the second gateway is missing")
	}
	if n := store.Gateways.Len(before); n != 0 {
		t.Errorf("an older view shows %d gateways", n)
	}
	select {
	case <-before.Changed():
	default:
		t.Error("the older view does not know of a newer one")
	}
}

func TestFailedUpdateLeavesNothing(t *testing.T) {
	s := openMemory(t)
	boom := errors.New("boom")
	_, err := s.Update(t.Context(), func(tx *store.Tx) error {
		store.VPCs.Put(tx, &vpc.VPC{ID: "vpc-1"})
		return boom
	})
	if !errors.Is(err, boom) || store.VPCs.Len(s.View()) != 0 {
		t.Errorf("error %v, %d VPCs", err, store.VPCs.Len(s.View()))
	}
}
