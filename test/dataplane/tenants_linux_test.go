package dataplane

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

var errPasses = errors.New("packets pass")

// TestSameRanges has two VPCs with the same ranges, and offices that have the same
// network, too: every packet arrives at the office of its own VPC, and none at the other.
func TestSameRanges(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	const lan = "172.30.8.0/24"
	sites := []*site{shared.site(l, 100), shared.site(l, 100)}
	offices := []*office{shared.office(l, lan, false), shared.office(l, lan, false)}
	var inside []*lab.Capture
	for i, s := range sites {
		s.join(l, offices[i])
		inside = append(inside, offices[i].Capture("ipsec0"))
	}
	if sites[0].inside != sites[1].inside || offices[0].inside != offices[1].inside {
		t.Fatalf("%v and %v are not alike", sites[0], sites[1])
	}
	own := lab.Touches(siteRange)
	for i, s := range sites {
		other := settled(l, inside[1-i], own)
		if p := s.workload.Ping(offices[i].inside, 30); p.Lost() > 0 {
			t.Errorf("VPC %d to its office: %v", i+1, p)
		}
		if p := offices[i].Ping(s.inside, 30, "-I", offices[i].inside); p.Lost() > 0 {
			t.Errorf("office %d to its VPC: %v", i+1, p)
		}
		if n := len(inside[i].Packets(own)); n < 120 {
			t.Errorf("office %d has seen %d packets", i+1, n)
		}
		if n := len(inside[1-i].Packets(own)) - other; n > 0 {
			t.Errorf("the other office has seen %d packets of VPC %d", n, i+1)
		}
	}
	// What one office loses, the other does not take over.
	offices[0].Kill()
	seen := settled(l, inside[1], own)
	if p := sites[0].workload.Ping(offices[0].inside, 20); p.Received > 0 {
		t.Errorf("without its office: %v", p)
	}
	if n := len(inside[1].Packets(own)) - seen; n > 0 {
		t.Errorf("the other office has seen %d packets that were not for it", n)
	}
}

// settled counts what a capture has seen when nothing more arrives: of pings that have
// ended one may still be under way.
func settled(l *lab.Lab, c *lab.Capture, f func(lab.Packet) bool) int {
	l.Helper()
	n, since := -1, time.Now()
	l.Eventually(lab.Patience, "nothing more arrives", func() error {
		if m := len(c.Packets(f)); m != n {
			n, since = m, time.Now()
		}
		if time.Since(since) < 200*time.Millisecond {
			return errPasses
		}
		return nil
	})
	return n
}

// TestUnpaid takes an account below zero: its gateway passes nothing, either way, until
// the account has money again, and gateways of others do not notice.
func TestUnpaid(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	poor := shared.as(l, "poor")
	s, o, id := poor.joined(l)
	near, far, _ := shared.joined(l)
	pings := near.workload.PingStart(far.inside)
	shared.operate(l, "account", "set", "poor", "--balance=-1")
	l.Eventually(lab.Patience, "nothing passes", func() error {
		if s.workload.Ping(o.inside, 1, "-W", "0.2").Received > 0 {
			return errPasses
		}
		return nil
	})
	if state := text(poor.gateway(l, s.gateway), "RestrictState"); state != "PROTECTIVELY_ISOLATED" {
		t.Errorf("the gateway is %s", state)
	}
	s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
	outside := o.Capture("wan0")
	if p := s.workload.Ping(o.inside, 20); p.Received > 0 {
		t.Errorf("to the office: %v", p)
	}
	if p := o.Ping(s.inside, 20, "-I", o.inside); p.Received > 0 {
		t.Errorf("to the cloud: %v", p)
	}
	fromGateway := func(p lab.Packet) bool { return p.Src.String() == s.public }
	if sent := outside.Packets(fromGateway); len(sent) > 0 {
		t.Errorf("the gateway has sent %d packets, such as %v", len(sent), sent[0])
	}
	shared.operate(l, "account", "set", "poor", "--balance=1000")
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	s.workload.Reaches(o.inside, lab.Patience)
	if len(outside.Packets(fromGateway)) == 0 {
		t.Error("the capture sees nothing of the gateway")
	}
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 50 {
		t.Errorf("the neighbour: %v", p)
	}
}

// TestRouteTables has two subnets with a route table and a gateway each: packets for one
// range go to the office that the subnet's own table leads to. A gateway may be deleted
// while a route names it; the route stays, and what it takes is dropped.
func TestRouteTables(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	const lan = "172.30.9.0/24"
	one := shared.site(l, 100)
	two := one.secondSubnet(l)
	first, second := shared.office(l, lan, false), shared.office(l, lan, false)
	one.join(l, first)
	id := two.join(l, second)
	for what, way := range map[string]struct {
		*site
		own, other *office
	}{"first": {one, first, second}, "second": {two, second, first}} {
		own, other := way.own.arrived(t), way.other.arrived(t)
		if p := way.workload.Ping(way.own.inside, 20); p.Lost() > 0 {
			t.Errorf("the %s subnet: %v", what, p)
		}
		if way.own.arrived(t)-own < 20 || way.other.arrived(t) != other {
			t.Errorf("the %s subnet: %d packets to its office, %d to the other", what, way.own.arrived(t)-own, way.other.arrived(t)-other)
		}
	}
	shared.call(l, "DeleteVpnConnection", obj{"VpnGatewayId": two.gateway, "VpnConnectionId": id})
	l.Eventually(lab.Patience, "the connection is gone", gone(func() bool { return shared.connection(l, id) == nil }))
	shared.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": two.gateway})
	l.Eventually(20*time.Second, "the gateway is gone", gone(func() bool { return shared.gateway(l, two.gateway) == nil }))
	table := fmt.Sprint(shared.describe(l, "DescribeRouteTables", "RouteTableIds", two.table, "RouteTableSet"))
	if !strings.Contains(table, lan) || !strings.Contains(table, two.gateway) {
		t.Errorf("the route is not in its table: %s", table)
	}
	before := first.arrived(t)
	if p := two.workload.Ping(second.inside, 20); p.Received > 0 || first.arrived(t) != before {
		t.Errorf("by a route to a gateway that is gone: %v, %d packets at the other office", p, first.arrived(t)-before)
	}
	if p := one.workload.Ping(first.inside, 20); p.Lost() > 0 {
		t.Errorf("the first subnet: %v", p)
	}
}

// secondSubnet is another subnet of the site's VPC with a route table, a workload and a
// gateway of its own.
func (s *site) secondSubnet(l *lab.Lab) *site {
	l.Helper()
	c, n := s.cloud, &site{cloud: s.cloud, vpc: s.vpc}
	n.subnet = text(c.call(l, "CreateSubnet", obj{"VpcId": s.vpc, "SubnetName": "two", "CidrBlock": "10.7.2.0/24", "Zone": "ap-guangzhou-3"}), "Subnet", "SubnetId")
	n.table = text(c.call(l, "CreateRouteTable", obj{"VpcId": s.vpc, "RouteTableName": "two"}), "RouteTable", "RouteTableId")
	c.call(l, "ReplaceRouteTableAssociation", obj{"SubnetId": n.subnet, "RouteTableId": n.table})
	n.gateway, n.public = c.newGateway(l, s.vpc, 100)
	n.workload, n.inside = n.attach(l, n.subnet, "second")
	return n
}
