package store

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// awkward is what users may write into keys.
const awkward = "a/b %2F:ü \x00\t*"

// oneOfEach puts a row into every table.
func oneOfEach(tx *Tx) error {
	Accounts.Put(tx, &vpc.Account{ID: 1<<64 - 1, Created: 1, SettledAt: 2})
	Keys.Put(tx, &vpc.Key{ID: "AKID1", Account: 7, Created: 1})
	Gateways.Put(tx, &vpc.Gateway{ID: "vpngw-1", Scope: here, Public: netip.MustParseAddr("192.0.2.1"), Created: 1})
	ReleasedAddresses.Put(tx, &vpc.ReleasedAddress{Addr: netip.MustParseAddr("2001:db8::1"), Due: 9})
	CustomerGateways.Put(tx, &vpc.CustomerGateway{ID: "cgw-1", Scope: here, Created: 1})
	Connections.Put(tx, &vpc.Connection{ID: "vpnx-1", Scope: here, Created: 1})
	GatewayRoutes.Put(tx, &vpc.GatewayRoute{ID: "vpnr-1", Scope: here, Created: 1})
	GatewayCCNRoutes.Put(tx, &vpc.GatewayCCNRoute{ID: "vpnr-2", Scope: here, Created: 1})
	VPCs.Put(tx, &vpc.VPC{ID: "vpc-1", Scope: here, CIDR: netip.MustParsePrefix("10.0.0.0/16"), IPv6: []vpc.IPv6Range{{CIDR: netip.MustParsePrefix("2001:db8::/56")}}, Created: 1})
	Subnets.Put(tx, &vpc.Subnet{ID: "subnet-1", Scope: here, Created: 1})
	RouteTables.Put(tx, &vpc.RouteTable{ID: "rtb-1", Scope: here, Created: 1})
	CCNs.Put(tx, &vpc.CCN{ID: "ccn-1", Scope: vpc.Scope{Account: 7}, Created: 1})
	Attachments.Put(tx, &vpc.Attachment{CCN: "ccn-1", Instance: awkward, Scope: here, Attached: 1})
	TagPairs.Put(tx, &vpc.TagPair{Account: 7, Tag: vpc.Tag{Key: awkward, Value: ""}, Created: 1})
	Taggings.Put(tx, &vpc.Tagging{Resource: vpc.Resource{Prefix: "vpngw", ID: awkward}, Scope: here, Tags: []vpc.Tag{{Key: "k", Value: awkward}}, Created: 1})
	Quotas.Put(tx, &vpc.Quota{Name: "vpc-max-vpn-gateways", Value: 3})
	RateLimits.Put(tx, &vpc.RateLimit{Account: 7, Rate: 5})
	Faults.Put(tx, &vpc.Fault{ID: "1", Account: 7, Created: 1})
	Tasks.Put(tx, &vpc.Task{ID: "1", Account: 7, Due: 3})
	Hosts.Put(tx, &vpc.Host{Name: "h1", Epoch: "1"})
	GatewayStatuses.Put(tx, &vpc.GatewayStatus{ID: "vpngw-1", Host: "h1", Epoch: "1"})
	ConnectionStatuses.Put(tx, &vpc.ConnectionStatus{ID: "vpnx-1", Host: "h1", Epoch: "1"})
	Workloads.Put(tx, &vpc.Workload{ID: "att-1", Scope: here, Subnet: "subnet-1", VPC: "vpc-1", Host: "h1", Created: 1})
	WorkloadStatuses.Put(tx, &vpc.WorkloadStatus{ID: "att-1", Host: "h1", Epoch: "1"})
	SSLServers.Put(tx, &vpc.SSLServer{ID: "vpns-1", Scope: here, VPC: "vpc-1", Gateway: "vpngw-1", Created: 1})
	SSLServerStatuses.Put(tx, &vpc.SSLServerStatus{ID: "vpns-1", Host: "h1", Epoch: "1"})
	SSLClients.Put(tx, &vpc.SSLClient{ID: "vpnc-1", Scope: here, VPC: "vpc-1", Created: 1})
	SSLRevocations.Put(tx, &vpc.SSLRevocation{Server: "vpns-1", Serial: awkward, At: 1, Due: 2})
	return nil
}

// rowsIn prints every row of every table, as EachRow gives it.
func rowsIn(t *testing.T, r Reader) string {
	t.Helper()
	var b strings.Builder
	for _, name := range TableNames() {
		n := 0
		err := EachRow(r, name, "", func(key string, row any) bool {
			text, err := json.Marshal(row)
			if err != nil {
				t.Error(err)
			}
			b.WriteString(name + "/" + key + " " + string(text) + "\n")
			if found, err := tables[name].byID(r, key); err != nil || found != row {
				t.Errorf("%s/%s is found as %v, %v", name, key, found, err)
			}
			n++
			return true
		})
		if err != nil || n != 1 {
			t.Errorf("%s: %d rows, %v, want one", name, n, err)
		}
	}
	return b.String()
}

// TestEveryTable puts a row into each table, and finds it again in the store, in its
// indexes and after the rows were read anew.
func TestEveryTable(t *testing.T) {
	a := replicas(t, sharedMemory(), 2)
	update(t, a[0], oneOfEach)
	want := rowsIn(t, a[0].View())
	v, err := a[1].Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := rowsIn(t, v); got != want {
		t.Errorf("another replica shows\n%s\nwant\n%s", got, want)
	}
	again := openOn(t, a[0].kv, a[0].opts).View()
	if got := rowsIn(t, again); got != want {
		t.Errorf("read anew\n%s\nwant\n%s", got, want)
	}
	for name, n := range map[string]int{
		"account to settle":   AccountsBySettled.Count(again, 2),
		"IPv6 range":          VPCsByIPv6.Count(again, netip.MustParsePrefix("2001:db8::/56")),
		"attachment":          AttachmentsByInstance.Count(again, awkward),
		"gateway of no host":  GatewaysByHost.Count(again, ""),
		"workload, by subnet": WorkloadsBySubnet.Count(again, "subnet-1"),
		"workload, by VPC":    WorkloadsByVPC.Count(again, "vpc-1"),
		"workload, by host":   WorkloadsByHost.Count(again, "h1"),
		"revoked certificate": SSLRevocationsByServer.Count(again, "vpns-1"),
		"tag pair":            TagPairsByKey.Count(again, OwnedBy(vpc.AccountID(7), awkward)),
		"tagged":              TaggingsByTag.Count(again, Of(here, Tagged{"vpngw", vpc.Tag{Key: "k", Value: awkward}})),
	} {
		if n != 1 {
			t.Errorf("%s: found %d times in its index", name, n)
		}
	}
}

// TestDeleteEveryTable takes away what TestEveryTable puts: no index keeps anything.
func TestDeleteEveryTable(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	update(t, s, oneOfEach)
	update(t, s, func(tx *Tx) error {
		Accounts.Delete(tx, 1<<64-1)
		Keys.Delete(tx, "AKID1")
		Gateways.Delete(tx, "vpngw-1")
		ReleasedAddresses.Delete(tx, netip.MustParseAddr("2001:db8::1"))
		CustomerGateways.Delete(tx, "cgw-1")
		Connections.Delete(tx, "vpnx-1")
		GatewayRoutes.Delete(tx, "vpnr-1")
		GatewayCCNRoutes.Delete(tx, "vpnr-2")
		VPCs.Delete(tx, "vpc-1")
		Subnets.Delete(tx, "subnet-1")
		RouteTables.Delete(tx, "rtb-1")
		CCNs.Delete(tx, "ccn-1")
		Attachments.Delete(tx, AttachmentKey{"ccn-1", awkward})
		TagPairs.Delete(tx, TagPairKey{7, vpc.Tag{Key: awkward}})
		Taggings.Delete(tx, vpc.Resource{Prefix: "vpngw", ID: awkward})
		Quotas.Delete(tx, QuotaKey{0, "vpc-max-vpn-gateways"})
		RateLimits.Delete(tx, RateLimitKey{7, ""})
		Faults.Delete(tx, "1")
		Tasks.Delete(tx, "1")
		Hosts.Delete(tx, "h1")
		GatewayStatuses.Delete(tx, "vpngw-1")
		ConnectionStatuses.Delete(tx, "vpnx-1")
		Workloads.Delete(tx, "att-1")
		WorkloadStatuses.Delete(tx, "att-1")
		SSLServers.Delete(tx, "vpns-1")
		SSLServerStatuses.Delete(tx, "vpns-1")
		SSLClients.Delete(tx, "vpnc-1")
		SSLRevocations.Delete(tx, RevocationKey{"vpns-1", awkward})
		return nil
	})
	for i, tree := range s.View().trees {
		if n := tree.(interface{ Len() int }).Len(); n != 0 {
			t.Errorf("tree %d of %d still has %d entries", i, len(slots), n)
		}
	}
	if snap, err := s.kv.snapshot(t.Context()); err != nil {
		t.Error(err)
	} else if left, _, err := snap.page(t.Context(), rowPrefix, endOf(rowPrefix), 9); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEachRow(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	update(t, s, func(tx *Tx) error {
		for _, id := range []vpc.VPCID{"vpc-1", "vpc-2", "vpc-21", "vpc-3"} {
			VPCs.Put(tx, &vpc.VPC{ID: id, Scope: here})
		}
		return nil
	})
	for _, c := range []struct{ table, prefix, want string }{
		{"vpc", "", "vpc-1 vpc-2 vpc-21 vpc-3 "},
		{"vpc", "vpc-2", "vpc-2 vpc-21 "},
		{"vpc", "x", ""},
		{"subnet", "", ""},
	} {
		var got string
		err := EachRow(s.View(), c.table, c.prefix, func(key string, _ any) bool {
			got += key + " "
			return true
		})
		if err != nil || got != c.want {
			t.Errorf("%s %q: %q, %v, want %q", c.table, c.prefix, got, err, c.want)
		}
	}
	stopped := 0
	_ = EachRow(s.View(), "vpc", "", func(string, any) bool { stopped++; return false })
	if stopped != 1 {
		t.Errorf("%d rows after the first was enough", stopped)
	}
	if err := EachRow(s.View(), "vpn", "", nil); err == nil || !strings.Contains(err.Error(), "subnet, ") {
		t.Errorf("a table that is none: %v", err)
	}
}

// TestAddressRank finds the holes of a pool.
func TestAddressRank(t *testing.T) {
	s := openOn(t, newMemory(), Options{Seed: 1})
	addr := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, n}) }
	update(t, s, func(tx *Tx) error {
		for i, n := range []byte{1, 2, 5, 9} {
			Gateways.Put(tx, &vpc.Gateway{ID: vpc.GatewayID(rune('a' + i)), Public: addr(n)})
		}
		Gateways.Put(tx, &vpc.Gateway{ID: "none"})
		for _, n := range []byte{3, 8} {
			ReleasedAddresses.Put(tx, &vpc.ReleasedAddress{Addr: addr(n), Due: 1})
		}
		return nil
	})
	for n, want := range []int{0, 0, 1, 2, 3, 3, 4, 4, 4, 5, 6} {
		if got := AddressRank(s.View(), addr(byte(n))); got != want {
			t.Errorf("%d addresses below %v, want %d", got, addr(byte(n)), want)
		}
	}
}
