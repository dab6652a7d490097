package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// fill puts n gateways into s, a hundred in each of a VPC.
func fillGateways(tb testing.TB, s *store.Store, n int) {
	tb.Helper()
	for at := 0; at < n; at += 100 {
		_, err := s.Update(tb.Context(), func(tx *store.Tx) error {
			for i := at; i < min(n, at+100); i++ {
				store.Gateways.Put(tx, gatewayNumber(i, tx.Now()))
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func gatewayNumber(i int, now vpc.Instant) *vpc.Gateway {
	return &vpc.Gateway{
		ID: vpc.GatewayID(fmt.Sprintf("vpngw-%08x", uint32(i)*2654435761)), Scope: vpc.Scope{Account: 1, Region: "ap-guangzhou"},
		Name: fmt.Sprintf("gateway-%d", i), VPC: vpc.VPCID(fmt.Sprintf("vpc-%08d", i/100)), Type: vpc.TypeIPsec,
		Zone: "ap-guangzhou-3", Bandwidth: 100, Charge: vpc.Postpaid, Created: now + vpc.Instant(i),
	}
}

func BenchmarkRead(b *testing.B) {
	s, err := store.OpenMemory(store.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const n = 1_000_000
	fillGateways(b, s, n)
	v := s.View()
	scope := vpc.Scope{Account: 1, Region: "ap-guangzhou"}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			store.Gateways.Get(v, vpc.GatewayID(fmt.Sprintf("vpngw-%08x", uint32(rand.IntN(n))*2654435761)))
		}
	})
	b.Run("count of a VPC", func(b *testing.B) {
		for b.Loop() {
			store.GatewaysByVPC.Count(v, store.Of(scope, vpc.VPCID(fmt.Sprintf("vpc-%08d", rand.IntN(n/100)))))
		}
	})
	b.Run("last page of all", func(b *testing.B) {
		for b.Loop() {
			if len(store.GatewaysByScope.Page(v, scope, n-20, 20)) != 20 {
				b.Fatal("short page")
			}
		}
	})
	b.Run("update", func(b *testing.B) {
		for b.Loop() {
			i := rand.IntN(n)
			_, err := s.Update(b.Context(), func(tx *store.Tx) error {
				g := *gatewayNumber(i, 0)
				old, _ := store.Gateways.Get(tx, g.ID)
				g = *old
				g.Name += "x"
				store.Gateways.Put(tx, &g)
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
