package api_test

import (
	"fmt"
	"sync"
	"testing"
)

// atOnce makes the same call from many goroutines and counts the codes.
func (s *tunnel) atOnce(t *testing.T, n int, action string, body func(i int) string) map[string]int {
	t.Helper()
	replies := make([][]byte, n)
	var wg sync.WaitGroup
	for i := range n {
		b := body(i)
		wg.Go(func() { replies[i] = s.raw(t, action, b) })
	}
	wg.Wait()
	codes := map[string]int{}
	for _, r := range replies {
		v, err := decode(string(r))
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		response, _ := lookup(v, "Response")
		codes[codeOf(response)]++
	}
	return codes
}

// once holds that one call of many won and the others got the code.
func once(t *testing.T, what string, codes map[string]int, n int, code string) {
	t.Helper()
	if codes["OK"] != 1 || codes[code] != n-1 {
		t.Errorf("%s: got %v, want one OK and %d times %s", what, codes, n-1, code)
	}
}

func TestSameCallAtOnce(t *testing.T) {
	const n = 16
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	same := func(body string) func(int) string { return func(int) string { return body } }

	codes := s.atOnce(t, n, "CreateVpnConnection", same(s.body(t, nil)))
	once(t, "create", codes, n, "InvalidParameterValue.Duplicate")
	id := s.made(t, "DescribeVpnConnections", `{}`, "VpnConnectionSet.0.VpnConnectionId")
	s.settle(t)

	pair := fmt.Sprintf(`{"VpnGatewayId":%q,"VpnConnectionId":%q}`, s.gateway, id)
	once(t, "reset", s.atOnce(t, n, "ResetVpnConnection", same(pair)), n, "UnsupportedOperation.VpnConnInvalidState")
	s.settle(t)

	codes = s.atOnce(t, n, "ModifyVpnConnectionAttribute", func(i int) string {
		return fmt.Sprintf(`{"VpnConnectionId":%q,"DpdTimeout":"%d"}`, id, 40+i)
	})
	once(t, "modify", codes, n, "UnsupportedOperation.VpnConnInvalidState")
	s.settle(t)

	once(t, "delete", s.atOnce(t, n, "DeleteVpnConnection", same(pair)), n, "UnsupportedOperation.DeleteVpnConnInvalidState")
	s.settle(t)
	once(t, "address", s.atOnce(t, n, "CreateCustomerGateway", same(`{"CustomerGatewayName":"d","IpAddress":"58.211.1.13"}`)), n, "UnsupportedOperation.RecordExists")
}

// TestQuotaAtOnce: many callers together get no more than the quota allows.
func TestQuotaAtOnce(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	codes := s.atOnce(t, 40, "CreateCustomerGateway", func(i int) string {
		return fmt.Sprintf(`{"CustomerGatewayName":"c","IpAddress":"58.211.2.%d"}`, i+1)
	})
	if codes["OK"] != 19 || codes["LimitExceeded"] != 21 {
		t.Errorf("with one of 20 there already: got %v", codes)
	}
}

// TestStateRaces calls on things that are on their way to another state.
func TestStateRaces(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	id := s.made(t, "CreateVpnConnection", s.body(t, nil), "VpnConnection.VpnConnectionId")
	pair := fmt.Sprintf(`{"VpnGatewayId":%q,"VpnConnectionId":%q}`, s.gateway, id)
	rename := fmt.Sprintf(`{"VpnConnectionId":%q,"VpnConnectionName":"y"}`, id)
	gateway := fmt.Sprintf(`{"VpnGatewayId":%q}`, s.gateway)
	peer := fmt.Sprintf(`{"CustomerGatewayId":%q}`, s.peer)

	s.try(t, "delete while PENDING", "DeleteVpnConnection", pair, "UnsupportedOperation.DeleteVpnConnInvalidState")
	s.try(t, "modify while PENDING", "ModifyVpnConnectionAttribute", rename, "UnsupportedOperation.VpnConnInvalidState")
	s.settle(t)
	s.try(t, "gateway with connections", "DeleteVpnGateway", gateway, "UnsupportedOperation")
	s.try(t, "customer gateway in use", "DeleteCustomerGateway", peer, "ResourceInUse")
	s.try(t, "delete", "DeleteVpnConnection", pair, "OK")
	s.try(t, "modify while DELETING", "ModifyVpnConnectionAttribute", rename, "UnsupportedOperation.VpnConnInvalidState")
	s.try(t, "reset while DELETING", "ResetVpnConnection", pair, "UnsupportedOperation.VpnConnInvalidState")
	s.try(t, "gateway while its connection is DELETING", "DeleteVpnGateway", gateway, "UnsupportedOperation")
	s.try(t, "customer gateway while its connection is DELETING", "DeleteCustomerGateway", peer, "ResourceInUse")
	s.try(t, "same ends while DELETING", "CreateVpnConnection", s.body(t, nil), "ResourceInUse")
	s.settle(t)
	s.try(t, "delete what is gone", "DeleteVpnConnection", pair, "ResourceNotFound")
	s.try(t, "customer gateway", "DeleteCustomerGateway", peer, "OK")
	s.try(t, "gateway", "DeleteVpnGateway", gateway, "OK")
}

// TestListEdges asks lists for too much, for what is past the end and for nonsense.
func TestListEdges(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	var ids []string
	for i := range 101 {
		ids = append(ids, fmt.Sprintf("vpnx-%08d", i))
	}
	s.try(t, "101 ids", "DescribeVpnConnections", fmt.Sprintf(`{"VpnConnectionIds":%s}`, compact(ids)), "InvalidParameterValue.LimitExceeded")
	s.try(t, "offset past the end", "DescribeVpnConnections", `{"Offset":1000000}`, "OK")
	s.try(t, "offset 2^63", "DescribeVpnConnections", `{"Offset":9223372036854775808}`, "OK")
	s.try(t, "limit 0", "DescribeVpnConnections", `{"Limit":0}`, "OK")
	s.try(t, "limit 101", "DescribeVpnConnections", `{"Limit":101}`, "InvalidParameterValue.Range")
	s.try(t, "negative offset", "DescribeVpnGatewayRoutes", fmt.Sprintf(`{"VpnGatewayId":%q,"Offset":-1}`, s.gateway), "InvalidParameterValue.Range")
	s.try(t, "unknown filter", "DescribeVpnConnections", `{"Filters":[{"Name":"state","Values":["AVAILABLE"]}]}`, "InvalidParameter.FilterInvalidKey")
	s.try(t, "filter without values", "DescribeVpnConnections", `{"Filters":[{"Name":"vpc-id","Values":[]}]}`, "OK")
}
