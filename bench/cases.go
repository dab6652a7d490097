package main

import (
	"fmt"
	"math/rand/v2"
)

// benchCase is one row of the table that is a load.
type benchCase struct {
	name   string
	single int // connections, where the case is not about the full load; 0: all
	target string
	next   func(worker, i int) request
}

func (c benchCase) conns(o options) int {
	if c.single > 0 {
		return c.single
	}
	return o.conns
}

// cases are the loads at one size. Reads come first, so that they see exactly the
// seeded rows.
func cases(s *server, n int) []benchCase {
	big := s.seeded
	lastGateway := max(big.InBigVPC-20, 0)
	lastName := max(big.PerName-20, 0)
	lastTag := max(big.TaggedVPCs-20, 0)
	byVPC := func(offset int) func(int, int) request {
		return vpc("DescribeVpnGateways", `{"Filters":[{"Name":"vpc-id","Values":["%s"]}],"Offset":%d,"Limit":20}`, big.BigVPC, offset)
	}
	byName := func(offset int) func(int, int) request {
		return vpc("DescribeVpnGateways", `{"Filters":[{"Name":"vpn-gateway-name","Values":["%s"]}],"Offset":%d,"Limit":20}`, big.Name, offset)
	}
	byType := func(offset int) func(int, int) request {
		return vpc("DescribeVpnGateways", `{"Filters":[{"Name":"type","Values":["IPSEC"]}],"Offset":%d,"Limit":20}`, offset)
	}
	byTag := func(offset int) func(int, int) request {
		return vpc("DescribeVpcs", `{"Filters":[{"Name":"tag:%s","Values":["%s"]}],"Offset":"%d","Limit":"20"}`, big.TagKey, big.TagValue, offset)
	}
	return []benchCase{
		{name: "DescribeVpnGateways by one id", target: "10000/s at 100k, share 0.31", next: s.describeOne},
		{name: "  by vpc-id, first page", single: 1, target: "p99 < 10 ms", next: byVPC(0)},
		{name: fmt.Sprintf("  by vpc-id, last page (of %d)", big.InBigVPC), single: 1, target: "p99 < 10 ms", next: byVPC(lastGateway)},
		{name: "  by name, first page", single: 1, target: "p99 < 10 ms", next: byName(0)},
		{name: fmt.Sprintf("  by name, last page (of %d)", big.PerName), single: 1, target: "p99 < 10 ms", next: byName(lastName)},
		{name: fmt.Sprintf("  by type, last page (of %d)", n), single: 1, target: "p99 < 10 ms", next: byType(max(n-20, 0))},
		{name: "DescribeVpcs by tag:KEY, first page", single: 1, target: "p99 < 10 ms", next: byTag(0)},
		{name: fmt.Sprintf("  last page (of %d)", big.TaggedVPCs), single: 1, target: "p99 < 10 ms", next: byTag(lastTag)},
		{name: "DescribeVpnGateways, no filter, page 1", single: 1, next: vpc("DescribeVpnGateways", `{"Limit":20}`)},
		{name: "CreateVpnGateway, one caller", single: 1, target: "p50 < 2 ms", next: s.create},
		{name: "CreateVpnGateway", target: "5000/s, share 0.16", next: s.create},
	}
}

func vpc(action, format string, args ...any) func(int, int) request {
	body := []byte(fmt.Sprintf(format, args...))
	return func(int, int) request {
		return request{action: action, version: "2017-03-12", service: "vpc", body: body}
	}
}

// describeOne asks for one seeded gateway, another each time.
func (s *server) describeOne(int, int) request {
	id := "vpngw-aaaaaaaa"
	if n := len(s.seeded.SampleGateways); n > 0 {
		id = s.seeded.SampleGateways[rand.IntN(n)]
	}
	return request{
		action: "DescribeVpnGateways", version: "2017-03-12", service: "vpc",
		body: []byte(`{"VpnGatewayIds":["` + id + `"]}`),
	}
}

// create makes a gateway in one of the VPCs that prepare made.
func (s *server) create(worker, i int) request {
	return request{
		action: "CreateVpnGateway", version: "2017-03-12", service: "vpc",
		body: fmt.Appendf(nil, `{"VpcId":"%s","VpnGatewayName":"bench-%d-%d","InternetMaxBandwidthOut":5}`, s.vpcs[worker%len(s.vpcs)], worker, i),
	}
}
