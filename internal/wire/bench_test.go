package wire_test

import (
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

const benchBody = `{"VpcId":"vpc-abcd1234","VpnGatewayName":"gw test/1","InternetMaxBandwidthOut":5,"Type":"IPSEC","Tags":[{"Key":"city","Value":"上海"}]}`

func BenchmarkDecodeJSON(b *testing.B) {
	action, body := wire.Actions["CreateVpnGateway"], []byte(benchBody)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := action.DecodeJSON(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeParams(b *testing.B) {
	action, list := wire.Actions["CreateVpnGateway"], flat([]byte(benchBody))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := action.DecodeParams(list); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRedact(b *testing.B) {
	action := wire.Actions["CreateVpnGateway"]
	req, err := action.DecodeJSON([]byte(benchBody))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		action.Redact(req)
	}
}

// BenchmarkAppendResponse writes a page of 20 gateways.
func BenchmarkAppendResponse(b *testing.B) {
	reply := &wire.DescribeVpnGatewaysResponse{TotalCount: 20}
	for range 20 {
		reply.VpnGatewaySet = append(reply.VpnGatewaySet, wire.VpnGateway{
			VpnGatewayId: "vpngw-abcdefgh", VpcId: "vpc-abcd1234", VpnGatewayName: "gw test/1", Type: "IPSEC", State: "AVAILABLE",
			PublicIpAddress: "100.64.0.1", RenewFlag: "NOTIFY_AND_AUTO_RENEW", InstanceChargeType: "POSTPAID_BY_HOUR", InternetMaxBandwidthOut: 5,
			CreatedTime: "2026-01-02 03:04:05", ExpiredTime: "0000-00-00 00:00:00", RestrictState: "NORMAL", Zone: "ap-guangzhou-1", Version: "4.0",
			VpnGatewayQuotaSet: make([]wire.VpnGatewayQuota, 9),
		})
	}
	buffer := wire.AppendResponse(nil, reply, "8d7f1c9e-5f3c-4a8e-9a53-0f3c1c2b7a10")
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = wire.AppendResponse(buffer[:0], reply, "8d7f1c9e-5f3c-4a8e-9a53-0f3c1c2b7a10")
	}
}
