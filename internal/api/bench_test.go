package api_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/api"
	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// durable is a harness on the embedded store, with every limit lifted, and a VPC.
func durable(b *testing.B) (*session, string) {
	b.Helper()
	st, err := store.Open(context.Background(), store.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	addresses, err := vpc.ParseAddrRange("100.64.0.0/10")
	if err != nil {
		b.Fatal(err)
	}
	h := &harness{clock: &clock{}}
	h.control = control.New(st, control.Config{
		Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, Pool: []vpc.AddrRange{addresses}, Rate: -1,
	})
	h.handler = api.New(api.Config{Control: h.control, Region: "ap-guangzhou"}).Handler()
	s := h.session(b)
	if err := s.setQuota(vpc.QuotaGateways, 1<<29); err != nil {
		b.Fatal(err)
	}
	v, _ := lookup(s.call(b, "CreateVpc", `{"VpcName":"a","CidrBlock":"10.0.0.0/16"}`), "Vpc.VpcId")
	return s, plain(v)
}

// BenchmarkCreateVpnGateway is the whole of the server but its sockets: signature,
// decoding, rules, a durable commit, encoding; 64 callers.
func BenchmarkCreateVpnGateway(b *testing.B) {
	s, v := durable(b)
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.raw(b, "CreateVpnGateway", fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"bench-%d","InternetMaxBandwidthOut":5}`, v, n.Add(1)))
		}
	})
}

// BenchmarkDescribeVpnGateways asks for one gateway by its id.
func BenchmarkDescribeVpnGateways(b *testing.B) {
	s, v := durable(b)
	id, _ := lookup(s.call(b, "CreateVpnGateway", fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"bench","InternetMaxBandwidthOut":5}`, v)), "VpnGateway.VpnGatewayId")
	body := fmt.Sprintf(`{"VpnGatewayIds":[%q]}`, plain(id))
	b.ResetTimer()
	for b.Loop() {
		s.raw(b, "DescribeVpnGateways", body)
	}
}
