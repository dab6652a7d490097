package control_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// nets is a Control on an in-memory store with one account, for the tests of VPCs,
// subnets and route tables.
type nets struct {
	*testing.T
	*control.Control
	st     *store.Store
	caller *control.Caller
}

func newNets(t *testing.T) *nets {
	t.Helper()
	st, err := store.OpenMemory(store.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	n := &nets{T: t, st: st, Control: control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN})}
	n.caller = n.account("one")
	return n
}

func (n *nets) account(name string) *control.Caller {
	n.Helper()
	operator := &control.Caller{KeyID: control.Operator, Action: "account create"}
	acct, _, err := n.CreateAccount(context.Background(), operator, control.AccountSpec{Name: name})
	if err != nil {
		n.Fatal(err)
	}
	return &control.Caller{Account: acct.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", Action: "test"}
}

func (n *nets) quota(name string, value int) {
	n.Helper()
	if err := n.SetQuota(context.Background(), n.caller, vpc.Quota{Account: n.caller.Account, Name: name, Value: value}); err != nil {
		n.Fatal(err)
	}
}

func (n *nets) makeVPC(spec vpc.VPCSpec) control.VPCView {
	n.Helper()
	if spec.Name == "" {
		spec.Name = "a"
	}
	if spec.CIDR == "" {
		spec.CIDR = "10.0.0.0/16"
	}
	v, err := n.CreateVPC(context.Background(), n.caller, spec)
	if err != nil {
		n.Fatal(err)
	}
	return v
}

// count says how many rows of each table of this file there are.
func (n *nets) count() string {
	v := n.st.View()
	return fmt.Sprintf("%d VPCs, %d subnets, %d tables, %d taggings, %d attachments",
		store.VPCs.Len(v), store.Subnets.Len(v), store.RouteTables.Len(v), store.Taggings.Len(v), store.Attachments.Len(v))
}

func refusedAs(err error, code vpc.Code) bool { return errors.Is(err, &vpc.Error{Code: code}) }

func TestVPCLeavesNothingBehind(t *testing.T) {
	n, ctx := newNets(t), context.Background()
	tags := []vpc.Tag{{Key: "k", Value: "v"}}
	v := n.makeVPC(vpc.VPCSpec{Tags: tags})
	table, err := n.CreateRouteTable(ctx, n.caller, string(v.ID), "r", tags)
	if err != nil {
		t.Fatal(err)
	}
	made, err := n.CreateSubnets(ctx, n.caller, control.SubnetOrder{
		VPC: string(v.ID), Tags: tags, One: true,
		Subnets: []vpc.SubnetSpec{{Name: "s", CIDR: "10.0.1.0/24", Zone: "ap-guangzhou-1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// A request to attach that was turned down stays as a row; it must not keep the VPC.
	if _, err := n.st.Update(ctx, func(tx *store.Tx) error {
		store.Attachments.Put(tx, &vpc.Attachment{CCN: "ccn-aaaaaaaa", Scope: v.Scope, Owner: v.Account, InstanceType: vpc.InstanceVPC, Instance: string(v.ID), State: vpc.AttachmentRejected})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got, want := n.count(), "1 VPCs, 1 subnets, 2 tables, 3 taggings, 1 attachments"; got != want {
		t.Errorf("made: %s, want %s", got, want)
	}
	for _, step := range []struct {
		name string
		do   func() error
		code vpc.Code
	}{
		{"VPC with a subnet", func() error { return n.DeleteVPC(ctx, n.caller, string(v.ID)) }, vpc.ResourceInUse},
		{"subnet", func() error { return n.DeleteSubnet(ctx, n.caller, string(made[0].ID)) }, ""},
		{"VPC with a table", func() error { return n.DeleteVPC(ctx, n.caller, string(v.ID)) }, vpc.ResourceInUse},
		{"table", func() error { return n.DeleteRouteTable(ctx, n.caller, string(table.ID)) }, ""},
		{"VPC", func() error { return n.DeleteVPC(ctx, n.caller, string(v.ID)) }, ""},
	} {
		if err := step.do(); step.code == "" && err != nil || step.code != "" && !refusedAs(err, step.code) {
			t.Errorf("%s: %v, want %q", step.name, err, step.code)
		}
	}
	if got, want := n.count(), "0 VPCs, 0 subnets, 0 tables, 0 taggings, 0 attachments"; got != want {
		t.Errorf("left: %s, want %s", got, want)
	}
}

func TestRefusedVPCLeavesNothing(t *testing.T) {
	n := newNets(t)
	_, err := n.CreateVPC(context.Background(), n.caller, vpc.VPCSpec{Name: "a", CIDR: "10.0.0.0/16", Tags: []vpc.Tag{{Key: "qcs:x"}}})
	if !refusedAs(err, vpc.UnsupportedOperationTagSystemReservedTagKey) {
		t.Errorf("answered %v", err)
	}
	if got, want := n.count(), "0 VPCs, 0 subnets, 0 tables, 0 taggings, 0 attachments"; got != want {
		t.Errorf("left: %s, want %s", got, want)
	}
}

func TestVPCQuotaUnderConcurrency(t *testing.T) {
	n := newNets(t)
	n.quota(vpc.QuotaVPCs, 7)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			_, err := n.CreateVPC(context.Background(), n.caller, vpc.VPCSpec{Name: "a", CIDR: "10.0.0.0/16"})
			if err != nil && !refusedAs(err, vpc.LimitExceeded) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := store.VPCs.Len(n.st.View()); got != 7 {
		t.Errorf("%d VPCs, want 7", got)
	}
}

func TestSubnetsNeverOverlap(t *testing.T) {
	n, ctx := newNets(t), context.Background()
	v := n.makeVPC(vpc.VPCSpec{})
	var wg sync.WaitGroup
	for i := range 64 { // /24 and /25 ranges over the same space, from many callers at once
		wg.Go(func() {
			cidr := fmt.Sprintf("10.0.%d.%d/%d", i%8, i/32*128, 24+i/32)
			_, err := n.CreateSubnets(ctx, n.caller, control.SubnetOrder{VPC: string(v.ID), One: true, Subnets: []vpc.SubnetSpec{{Name: "s", CIDR: cidr, Zone: "ap-guangzhou-1"}}})
			if err != nil && !refusedAs(err, vpc.InvalidParameterValueSubnetConflict) && !refusedAs(err, vpc.InvalidParameterValueSubnetOverlap) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var taken []netip.Prefix
	for s := range store.Subnets.All(n.st.View()) {
		if other, overlaps := vpc.FirstOverlap(s.CIDR, taken); overlaps {
			t.Errorf("%s overlaps %s", s.CIDR, other)
		}
		taken = append(taken, s.CIDR)
	}
	if len(taken) < 8 {
		t.Errorf("only %d subnets were made", len(taken))
	}
}

// TestLargestBatches makes as many subnets as one call may: all their rows have to fit
// into one transaction of the store.
func TestLargestBatches(t *testing.T) {
	n, ctx := newNets(t), context.Background()
	n.quota(vpc.QuotaSubnets, 1000)
	v := n.makeVPC(vpc.VPCSpec{})
	order := func(from, count int) control.SubnetOrder {
		o := control.SubnetOrder{VPC: string(v.ID)}
		for i := range count {
			o.Subnets = append(o.Subnets, vpc.SubnetSpec{Name: fmt.Sprint(from + i), CIDR: fmt.Sprintf("10.0.%d.0/24", from+i), Zone: "ap-guangzhou-1"})
		}
		return o
	}
	if _, err := n.CreateSubnets(ctx, n.caller, order(0, 100)); err != nil {
		t.Fatal(err)
	}
	tagged := order(100, 30)
	for i := range vpc.MaxTagsPerThing {
		tagged.Tags = append(tagged.Tags, vpc.Tag{Key: fmt.Sprint(i), Value: "v"})
	}
	made, err := n.CreateSubnets(ctx, n.caller, tagged)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range made {
		if s.Name != fmt.Sprint(100+i) || len(s.Tags) != vpc.MaxTagsPerThing {
			t.Errorf("subnet %d is %q with %d tags", i, s.Name, len(s.Tags))
		}
	}
	_, listed, err := n.Subnets(ctx, n.caller, control.Query{Offset: 98, Limit: 4})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range listed {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "98 99 100 101" {
		t.Errorf("the list's order is %s", got)
	}
}

func TestIPv6RangesAreUnique(t *testing.T) {
	n, ctx := newNets(t), context.Background()
	n.quota(vpc.QuotaVPCs, 1000)
	seen := map[netip.Prefix]bool{}
	for range 200 {
		v := n.makeVPC(vpc.VPCSpec{})
		for kind, block := range map[string]string{"GUA": "2001:db8::/32", "ULA": "fd00::/8"} {
			x, err := n.AssignIPv6(ctx, n.caller, string(v.ID), kind)
			if err != nil {
				t.Fatal(err)
			}
			if x.CIDR.Bits() != 56 || !vpc.Covers(netip.MustParsePrefix(block), x.CIDR) || seen[x.CIDR] {
				t.Fatalf("%s: %s, seen before %t", kind, x.CIDR, seen[x.CIDR])
			}
			seen[x.CIDR] = true
		}
	}
}

// TestVPCPages walks every list of VPCs page by page and compares it with the whole.
func TestVPCPages(t *testing.T) {
	n, ctx := newNets(t), context.Background()
	n.quota(vpc.QuotaVPCs, 1000)
	for i := range 57 {
		spec := vpc.VPCSpec{Name: fmt.Sprintf("web-%d", i%3), CIDR: fmt.Sprintf("10.%d.0.0/16", i%5)}
		if i%2 == 0 {
			spec.Tags = []vpc.Tag{{Key: "city", Value: fmt.Sprint(i % 4)}}
		}
		n.makeVPC(spec)
	}
	for _, c := range []struct {
		filters []control.Filter
		want    int
	}{
		{nil, 57},
		{[]control.Filter{{Name: "vpc-name", Values: []string{"web-1"}}}, 19},
		{[]control.Filter{{Name: "cidr-block", Values: []string{"10.1.0.0/16", "10.2.0.0/16"}}}, 23},
		{[]control.Filter{{Name: "cidr-block", Values: []string{"10.1.0.0"}}}, 12},
		{[]control.Filter{{Name: "tag:city", Values: []string{"0"}}}, 15},
		{[]control.Filter{{Name: "tag:city", Values: []string{"0", "2"}}}, 29},
		{[]control.Filter{{Name: "tag-key", Values: []string{"city"}}}, 29},
		{[]control.Filter{{Name: "is-default", Values: []string{"false"}}}, 57},
		{[]control.Filter{{Name: "tag-key", Values: []string{"city"}}, {Name: "cidr-block", Values: []string{"10.0.0.0/16"}}}, 6},
	} {
		seen := map[vpc.VPCID]bool{}
		for offset := 0; ; offset += 10 {
			total, page, err := n.VPCs(ctx, n.caller, control.Query{Filters: c.filters, Offset: offset, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			if total != c.want {
				t.Errorf("%v: total %d, want %d", c.filters, total, c.want)
			}
			for _, v := range page {
				if seen[v.ID] {
					t.Errorf("%v: %s is on two pages", c.filters, v.ID)
				}
				seen[v.ID] = true
			}
			if len(page) == 0 {
				break
			}
		}
		if len(seen) != c.want {
			t.Errorf("%v: %d VPCs on all pages, want %d", c.filters, len(seen), c.want)
		}
	}
}

func TestRoutesStayBounded(t *testing.T) {
	n, ctx := newNets(t), context.Background()
	n.quota(vpc.QuotaRoutes, 40)
	v := n.makeVPC(vpc.VPCSpec{})
	table, err := n.CreateRouteTable(ctx, n.caller, string(v.ID), "r", nil)
	if err != nil {
		t.Fatal(err)
	}
	kind, hop := "EIP", "0"
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			to := fmt.Sprintf("192.168.%d.0/24", i)
			_, _, err := n.CreateRoutes(ctx, n.caller, string(table.ID), []vpc.RouteSpec{{Destination: &to, GatewayType: &kind, Gateway: &hop}})
			if err != nil && !refusedAs(err, vpc.LimitExceeded) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	total, routes, err := n.Routes(ctx, n.caller, control.Query{Limit: 100})
	if err != nil || total != 40 {
		t.Fatalf("%d routes, %v", total, err)
	}
	ids, numbers := map[vpc.RouteItemID]bool{}, map[uint64]bool{}
	for _, r := range routes {
		ids[r.ID], numbers[r.Number] = true, true
	}
	if len(ids) != 40 || len(numbers) != 40 {
		t.Errorf("%d ids and %d numbers of 40 routes", len(ids), len(numbers))
	}
}
