package store

import (
	"errors"
	"slices"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// TestNext follows the steps from view to view and finds every row that was put or
// removed, in the order of the commits.
func TestNext(t *testing.T) {
	s := openOn(t, newMemory(), Options{})
	at := s.View()
	if _, more := at.Next(); more {
		t.Fatal("the newest view has a next one")
	}
	put := func(id vpc.VPCID) {
		update(t, s, func(tx *Tx) error { VPCs.Put(tx, &vpc.VPC{ID: id}); return nil })
	}
	put("vpc-1")
	put("vpc-2")
	update(t, s, func(tx *Tx) error { VPCs.Delete(tx, "vpc-1"); return nil })
	var got []vpc.VPCID
	for {
		step, more := at.Next()
		if !more {
			break
		}
		if step.All {
			t.Fatal("a step does not say what changed")
		}
		for _, r := range step.Rows {
			if v, ok := r.Row.(*vpc.VPC); ok && r.Table == VPCs.Name() {
				got = append(got, v.ID)
			}
		}
		at = step.View
	}
	if want := []vpc.VPCID{"vpc-1", "vpc-2", "vpc-1"}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	if at != s.View() {
		t.Error("the steps do not end at the newest view")
	}
}

// TestNextTellsAll gives up naming rows when there are too many, and when rows were
// read anew.
func TestNextTellsAll(t *testing.T) {
	s := openOn(t, newMemory(), Options{})
	at := s.View()
	undone := errors.New("undone")
	for range mostRows/100 + 1 {
		_, err := s.Update(t.Context(), func(tx *Tx) error {
			for range 50 {
				VPCs.Put(tx, &vpc.VPC{ID: "vpc-1"})
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
	}
	update(t, s, func(tx *Tx) error { VPCs.Put(tx, &vpc.VPC{ID: "vpc-2"}); return nil })
	if step, more := at.Next(); !more || !step.All || step.Rows != nil {
		t.Errorf("%d rows, all %v, more %v; want all", len(step.Rows), step.All, more)
	}
	at = s.View()
	if err := s.writer.do(t.Context(), func() error { return s.writer.load(t.Context()) }); err != nil {
		t.Fatal(err)
	}
	if step, more := at.Next(); !more || !step.All {
		t.Error("rows that were read anew do not say so")
	}
}
