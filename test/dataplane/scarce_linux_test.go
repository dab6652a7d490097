package dataplane

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestPoolExhausted has a server with two public addresses. All of many calls at once for a
// third gateway are refused and leave nothing, and a tunnel loses no packet over it. Once
// a gateway is deleted, one more can be made, and its tunnel comes up at the old address.
func TestPoolExhausted(t *testing.T) {
	t.Parallel()
	c := newCloud(t, "--public-exclude", "198.18.0.4-198.18.199.255")
	l := lab.New(t)
	s, o, _ := c.joined(l)
	second, third := c.site(l, 100), c.land(l)
	before := lab.Namespaces(c.prefix)

	pings := s.workload.PingStart(o.inside)
	c.each(t, 16, func(int) error {
		err := third.order(100)
		if err == nil || !strings.Contains(err.Error(), "Code=FailedOperation.CreateVpnGatewayFailed") || !strings.Contains(err.Error(), "no public address is free") {
			return fmt.Errorf("a third gateway: %w", err)
		}
		return nil
	})
	if n, _ := c.call(l, "DescribeVpnGateways", obj{})["TotalCount"].(float64); n != 2 {
		t.Errorf("there are %v gateways", n)
	}
	if now := lab.Namespaces(c.prefix); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("namespaces were %v, are %v", before, now)
	}
	c.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": second.gateway})
	l.Eventually(lab.Patience, "a gateway at the address that is free", func() error { return third.order(100) })
	if at := c.standing(l, third.gateway); at != second.public {
		t.Errorf("the third gateway is at %s, the deleted one was at %s", at, second.public)
	}
	third.public = second.public
	third.join(l, c.office(l, "", false))
	if p := pings.Stop(); p.Lost() > 0 || p.Sent == 0 {
		t.Errorf("the first gateway's tunnel: %v", p)
	}
}
