package api_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// newLawful makes one of everything, and keeps every law.
func newLawful(t *testing.T) *tunnel {
	t.Helper()
	s := newTunnel(t, newHarnessPool(t, tightPool), 0)
	subnet := s.made(t, "CreateSubnet", fmt.Sprintf(`{"VpcId":%q,"SubnetName":"s","CidrBlock":"10.0.1.0/24","Zone":"ap-guangzhou-3"}`, s.vpc), "Subnet.SubnetId")
	x := s.made(t, "CreateVpnConnection", s.body(t, map[string]any{"RouteType": "StaticRoute"}), "VpnConnection.VpnConnectionId")
	s.settle(t)
	s.made(t, "CreateVpnGatewayRoutes", fmt.Sprintf(`{"VpnGatewayId":%q,"Routes":[{"DestinationCidrBlock":"172.16.0.0/16","InstanceType":"VPNCONN","InstanceId":%q,"Priority":0,"Status":"ENABLE"}]}`, s.gateway, x), "Routes.0.RouteId")
	ccn := s.made(t, "CreateCcn", `{"CcnName":"c"}`, "Ccn.CcnId")
	s.made(t, "AttachCcnInstances", fmt.Sprintf(`{"CcnId":%q,"Instances":[{"InstanceId":%q,"InstanceRegion":"ap-guangzhou","InstanceType":"VPC"}]}`, ccn, s.vpc), "RequestId")
	s.made(t, "TagResources", fmt.Sprintf(`{"ResourceList":["qcs::vpc:ap-guangzhou:uin/%d:subnet/%s"],"Tags":[{"TagKey":"a","TagValue":"1"}]}`, s.account(), subnet), "RequestId")
	ssl := s.made(t, "CreateVpnGateway", fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"g","InternetMaxBandwidthOut":5,"Type":"SSL","MaxConnection":5}`, s.vpc), "VpnGateway.VpnGatewayId")
	s.settle(t)
	server := s.made(t, "CreateVpnGatewaySslServer", fmt.Sprintf(`{"VpnGatewayId":%q,"SslVpnServerName":"s","RemoteAddress":"172.16.0.0/24"}`, ssl), "SslVpnServerId")
	s.settle(t)
	s.made(t, "CreateVpnGatewaySslClient", fmt.Sprintf(`{"SslVpnServerId":%q,"SslVpnClientName":"d"}`, server), "SslVpnClientId")
	return s
}

// change puts a changed copy of a table's first row.
func change[K, R any](t *store.Table[K, R], do func(*R)) func(*store.Tx) {
	return func(tx *store.Tx) {
		for row := range t.All(tx) {
			changed := *row
			do(&changed)
			t.Put(tx, &changed)
			return
		}
	}
}

// drop takes the first row of a table away.
func drop[K, R any](t *store.Table[K, R], key func(*R) K) func(*store.Tx) {
	return func(tx *store.Tx) {
		for row := range t.All(tx) {
			t.Delete(tx, key(row))
			return
		}
	}
}

// TestLawsAreKept: rows that real calls made break no law, and each row that is spoiled
// by hand breaks the law that it should.
func TestLawsAreKept(t *testing.T) {
	pool, err := vpc.ParseAddrRange(tightPool)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string // nothing wanted: no law is broken
		spoil      func(*store.Tx)
	}{
		{"nothing", "", func(*store.Tx) {}},
		{"VPC gone", `refers to the vpc`, drop(store.VPCs, func(v *vpc.VPC) vpc.VPCID { return v.ID })},
		{"customer gateway gone", `refers to the customergateway`, drop(store.CustomerGateways, func(g *vpc.CustomerGateway) vpc.CustomerGatewayID { return g.ID })},
		{"gateway gone", `refers to the gateway`, drop(store.Gateways, func(g *vpc.Gateway) vpc.GatewayID { return g.ID })},
		{"connection gone", `refers to the connection`, drop(store.Connections, func(x *vpc.Connection) vpc.ConnectionID { return x.ID })},
		{"table gone", `refers to the routetable`, drop(store.RouteTables, func(r *vpc.RouteTable) vpc.RouteTableID { return r.ID })},
		{"CCN gone", `refers to the ccn`, drop(store.CCNs, func(n *vpc.CCN) vpc.CCNID { return n.ID })},
		{"tagged subnet gone", `a tagging refers to the subnet`, drop(store.Subnets, func(s *vpc.Subnet) vpc.SubnetID { return s.ID })},
		{"tag gone", `bears the tag "b" "1", which`, change(store.Taggings, func(g *vpc.Tagging) { g.Tags = []vpc.Tag{{Key: "b", Value: "1"}} })},
		{"server gone", `refers to the sslserver`, drop(store.SSLServers, func(s *vpc.SSLServer) vpc.SSLServerID { return s.ID })},
		{"two in a seat", "have one seat", change(store.SSLClients, func(d *vpc.SSLClient) { d.ID = "vpnc-00000000" })},
		{"subnet outside", "lies outside its VPC", change(store.Subnets, func(s *vpc.Subnet) { s.CIDR = netip.MustParsePrefix("10.9.0.0/24") })},
		{"subnets overlap", "overlaps", change(store.Subnets, func(s *vpc.Subnet) { s.ID = "subnet-00000000" })},
		{"another's gateway", "differ in their scope", change(store.Gateways, func(g *vpc.Gateway) { g.Account++ })},
		{"two main tables", "has 2 main route tables", change(store.RouteTables, func(r *vpc.RouteTable) { r.ID = "rtb-00000000" })},
		{"ends twice", "are between the same ends", change(store.Connections, func(x *vpc.Connection) { x.ID = "vpnx-00000000" })},
		{"wrong next hop", "differ in their gateway", change(store.GatewayRoutes, func(r *vpc.GatewayRoute) { r.Gateway = "vpngw-00000000" })},
		{"address twice", "have one address", change(store.Gateways, func(g *vpc.Gateway) { g.ID = "vpngw-00000000" })},
		{"foreign address", "is not in the pool", change(store.Gateways, func(g *vpc.Gateway) { g.Public = netip.MustParseAddr("192.0.2.1") })},
		{"address rests", "was released and rests", func(tx *store.Tx) {
			for g := range store.Gateways.All(tx) {
				store.ReleasedAddresses.Put(tx, &vpc.ReleasedAddress{Addr: g.Public, Due: tx.Now()})
				return
			}
		}},
		{"in two CCNs", "is attached to", change(store.Attachments, func(a *vpc.Attachment) { a.CCN = "ccn-00000000" })},
		{"gateway's CCN", "differ in their CCN", change(store.Gateways, func(g *vpc.Gateway) { g.Network = "ccn-00000000" })},
		{"over a quota", "by " + vpc.QuotaVPCs, func(tx *store.Tx) {
			store.Quotas.Put(tx, &vpc.Quota{Name: vpc.QuotaVPCs, Value: 0})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newLawful(t)
			spoil(t, s, c.spoil)
			faults := strings.Join(broken(s.h.store.View(), pool), "\n")
			if c.want == "" && faults != "" || !strings.Contains(faults, c.want) {
				t.Errorf("got\n%s\nwant %q", faults, c.want)
			}
		})
	}
}

// TestBooksAreKept: a balance that no ledger line explains is found, and so is any row
// that differs.
func TestBooksAreKept(t *testing.T) {
	s := newLawful(t)
	if fault := unbalanced(t, s.h.store, s.account()); fault != "" {
		t.Error(fault)
	}
	before := rowsOf(t, s.h.store.View())
	spoil(t, s, func(tx *store.Tx) {
		a, _ := store.Accounts.Get(tx, s.account())
		changed := *a
		changed.Balance++
		store.Accounts.Put(tx, &changed)
	})
	if unbalanced(t, s.h.store, s.account()) == "" {
		t.Error("one more in the balance is not noticed")
	}
	if rowsOf(t, s.h.store.View()) == before {
		t.Error("a row that differs is not noticed")
	}
}

func spoil(t *testing.T, s *tunnel, do func(*store.Tx)) {
	t.Helper()
	_, err := s.h.store.Update(context.Background(), func(tx *store.Tx) error { do(tx); return nil })
	if err != nil {
		t.Fatal(err)
	}
}
