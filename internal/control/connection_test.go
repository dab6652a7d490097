package control_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// tunnels is a store in a bubble with one account that has a gateway to a customer
// gateway, both ready for connections.
type tunnels struct {
	*testing.T
	st      *store.Store
	c       *control.Control
	caller  *control.Caller
	gateway control.GatewayView
	peer    *vpc.CustomerGateway
}

// inTunnels runs a test in a bubble of its own, with a gateway of the given type.
func inTunnels(t *testing.T, kind vpc.GatewayType, test func(*tunnels)) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.OpenMemory(store.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		pool, err := vpc.ParseAddrRange("198.51.100.0/24")
		if err != nil {
			t.Fatal(err)
		}
		n := &tunnels{T: t, st: st}
		n.c = control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, Pool: []vpc.AddrRange{pool}})
		operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "test", RequestID: "test"}
		acct, _, err := n.c.CreateAccount(t.Context(), operator, control.AccountSpec{Name: "a", Balance: vpc.Yuan(1000)})
		if err != nil {
			t.Fatal(err)
		}
		n.caller = &control.Caller{Account: acct.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", RequestID: "request-1"}
		n.makeEnds(kind)
		test(n)
	})
}

func (n *tunnels) makeEnds(kind vpc.GatewayType) {
	n.Helper()
	spec, text := vpc.GatewaySpec{Name: "g", Bandwidth: 5}, string(kind)
	spec.Type = &text
	if kind == vpc.TypeIPsec {
		v, err := n.c.CreateVPC(n.Context(), n.caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16"})
		n.must(err)
		spec.VPC = string(v.ID)
	}
	var err error
	n.gateway, err = n.c.CreateGateway(n.Context(), n.caller, spec)
	n.must(err)
	n.peer, err = n.c.CreateCustomerGateway(n.Context(), n.caller, vpc.CustomerGatewaySpec{Name: "c", Addr: "58.211.1.12"})
	n.must(err)
	n.pass(time.Second)
}

func (n *tunnels) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// pass lets time go by and does what is due.
func (n *tunnels) pass(d time.Duration) {
	n.Helper()
	time.Sleep(d)
	_, err := n.c.RunDue(n.Context())
	n.must(err)
}

func (n *tunnels) spec() vpc.ConnectionSpec {
	return vpc.ConnectionSpec{
		Gateway: string(n.gateway.ID), CustomerGateway: string(n.peer.ID), Name: "x", PreSharedKey: "open sesame",
		Tunnel: vpc.TunnelSpec{Policies: []vpc.PolicySpec{{Local: "10.0.0.0/24", Remotes: []string{"192.168.0.0/24", "192.168.1.0/24"}}}},
	}
}

func (n *tunnels) connect(spec vpc.ConnectionSpec) control.ConnectionView {
	n.Helper()
	x, err := n.c.CreateConnection(n.Context(), n.caller, spec)
	n.must(err)
	return x
}

func (n *tunnels) row(id vpc.ConnectionID) *vpc.Connection {
	n.Helper()
	x, ok := store.Connections.Get(n.st.View(), id)
	if !ok {
		n.Fatalf("no row %s", id)
	}
	return x
}

func TestConnectionLife(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		spec := n.spec()
		spec.Tags = []vpc.Tag{{Key: "k", Value: "v"}}
		made := n.connect(spec)
		x := n.row(made.ID)
		if clear, err := n.st.Unseal("connection/"+string(x.ID), "psk", x.PreSharedKey); err != nil || string(clear) != "open sesame" {
			t.Errorf("sealed key: %q, %v", clear, err)
		}
		if strings.Contains(string(x.PreSharedKey), "open sesame") {
			t.Error("the row holds the key in clear")
		}
		task, ok := store.Tasks.Get(n.st.View(), "request-1")
		if !ok || task.Account != n.caller.Account || task.Done != x.Created.Add(time.Second) || fmt.Sprint(task.Resources) != fmt.Sprintf("[%s]", x.ID) {
			t.Errorf("task: %+v", task)
		}
		n.pass(time.Second)

		n.must(n.c.ResetConnection(n.Context(), n.caller, string(n.gateway.ID), string(x.ID)))
		if y := n.row(x.ID); y.Resets != 1 || y.Generation != 2 || y.Changed == 0 {
			t.Errorf("after a reset: %+v", y)
		}
		n.pass(time.Second)
		n.must(n.c.DeleteConnection(n.Context(), n.caller, string(n.gateway.ID), string(x.ID)))
		if y := n.row(x.ID); y.Deleted == 0 || y.Due != y.Deleted.Add(time.Second) {
			t.Errorf("while it is being deleted: %+v", y)
		}
		n.pass(time.Second)
		view := n.st.View()
		_, tagged := store.Taggings.Get(view, vpc.Resource{Prefix: "vpnx", ID: string(x.ID)})
		if left := store.Connections.Len(view); left != 0 || tagged {
			t.Errorf("left behind: %d rows, tags %v", left, tagged)
		}
	})
}

// TestChangeCounts: a change of what is wanted makes a new generation, repeating what
// is there or renaming does not.
func TestChangeCounts(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		id := n.connect(n.spec()).ID
		key, other, name, action := vpc.Secret("open sesame"), vpc.Secret("another"), "y", "restart"
		clear := "clear"
		for _, tt := range []struct {
			name   string
			change vpc.ConnectionChange
			more   uint64
		}{
			{"nothing", vpc.ConnectionChange{}, 0},
			{"name", vpc.ConnectionChange{Name: &name}, 0},
			{"same key", vpc.ConnectionChange{PreSharedKey: &key}, 0},
			{"same options", vpc.ConnectionChange{Tunnel: vpc.TunnelSpec{IKE: &vpc.IKESpec{}, DPD: vpc.DPDSpec{Action: &action}}}, 0},
			{"other key", vpc.ConnectionChange{PreSharedKey: &other}, 1},
			{"other options", vpc.ConnectionChange{Tunnel: vpc.TunnelSpec{DPD: vpc.DPDSpec{Action: &clear}}}, 1},
		} {
			n.pass(time.Second)
			before := n.row(id)
			n.must(n.c.ModifyConnection(n.Context(), n.caller, string(id), tt.change))
			after := n.row(id)
			if after.Generation-before.Generation != tt.more || (after.Changed != before.Changed) != (tt.more > 0) {
				t.Errorf("%s: generation %d to %d, changed %s to %s", tt.name, before.Generation, after.Generation, before.Changed, after.Changed)
			}
		}
		if x := n.row(id); x.Name != "y" {
			t.Errorf("name %q", x.Name)
		}
	})
}

func TestRoutesGoWithTheirConnection(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		spec := n.spec()
		kind := string(vpc.RouteStaticRoute)
		spec.RouteType, spec.Tunnel.Policies = &kind, nil
		spec.Route = &vpc.ConnectionRouteSpec{Destination: "172.16.0.0/16"}
		x := n.connect(spec)
		n.pass(time.Second)
		_, err := n.c.CreateGatewayRoutes(n.Context(), n.caller, string(n.gateway.ID), []vpc.GatewayRouteSpec{
			{Destination: "172.17.0.0/16", NextHopType: "VPNCONN", NextHop: string(x.ID), Status: "ENABLE"},
			{Destination: "172.17.0.0/16", NextHopType: "VPNCONN", NextHop: string(x.ID), Status: "ENABLE"},
		})
		if !errors.Is(err, &vpc.Error{Code: vpc.InvalidParameterValueVpnGatewayRouteDuplicate}) || store.GatewayRoutes.Len(n.st.View()) != 1 {
			t.Errorf("twice in one call: %v, %d routes", err, store.GatewayRoutes.Len(n.st.View()))
		}
		n.must(n.c.DeleteConnection(n.Context(), n.caller, string(n.gateway.ID), string(x.ID)))
		n.pass(time.Second)
		if left := store.GatewayRoutes.Len(n.st.View()); left != 0 {
			t.Errorf("%d routes are left", left)
		}
	})
}

// TestManyRoutes makes, changes and drops as many routes as one call may: each has to
// fit into transactions of the store.
func TestManyRoutes(t *testing.T) {
	inTunnels(t, vpc.TypeCCN, func(n *tunnels) {
		operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, RequestID: "test"}
		n.must(n.c.SetQuota(n.Context(), operator, vpc.Quota{Account: n.caller.Account, Name: vpc.QuotaGatewayRoutes, Value: 1000}))
		spec, kind := n.spec(), string(vpc.RouteStaticRoute)
		spec.RouteType, spec.Tunnel.Policies = &kind, nil
		x := n.connect(spec)
		gateway := string(n.gateway.ID)
		routes := func(net, count int) (out []vpc.GatewayRouteSpec) {
			for i := range count {
				out = append(out, vpc.GatewayRouteSpec{Destination: fmt.Sprintf("172.%d.%d.0/24", net, i), NextHopType: "VPNCONN", NextHop: string(x.ID), Status: "ENABLE"})
			}
			return out
		}
		var made []*vpc.GatewayRoute
		for net := range 2 {
			rows, err := n.c.CreateGatewayRoutes(n.Context(), n.caller, gateway, routes(16+net, 100))
			n.must(err)
			made = append(made, rows...)
		}
		if _, err := n.c.CreateGatewayRoutes(n.Context(), n.caller, gateway, routes(18, 101)); !errors.Is(err, &vpc.Error{Code: vpc.InvalidParameterValueLimitExceeded}) {
			t.Errorf("101 routes in a call: %v", err)
		}
		_, published, err := n.c.GatewayCCNRoutes(n.Context(), n.caller, gateway, control.Query{Limit: 100})
		n.must(err)
		off := vpc.RouteDisabled
		var switches []vpc.GatewayCCNRouteChange
		for _, r := range published {
			switches = append(switches, vpc.GatewayCCNRouteChange{Route: string(r.ID), Status: &off})
		}
		n.must(n.c.ModifyGatewayCCNRoutes(n.Context(), n.caller, gateway, switches))
		var changes []vpc.GatewayRouteChange
		var ids []string
		for _, r := range made[:100] {
			changes = append(changes, vpc.GatewayRouteChange{Route: string(r.ID), Status: &off})
			ids = append(ids, string(r.ID))
		}
		_, err = n.c.ModifyGatewayRoutes(n.Context(), n.caller, gateway, changes)
		n.must(err)
		n.must(n.c.DeleteGatewayRoutes(n.Context(), n.caller, gateway, ids))
		n.pass(time.Second)
		n.must(n.c.DeleteConnection(n.Context(), n.caller, gateway, string(x.ID)))
		n.pass(time.Second)
		view := n.st.View()
		if c, r := store.Connections.Len(view), store.GatewayRoutes.Len(view); c != 0 || r != 0 {
			t.Errorf("%d connections and %d routes are left", c, r)
		}
	})
}

// TestPublishedRangesFollow: switches go with what they switch.
func TestPublishedRangesFollow(t *testing.T) {
	inTunnels(t, vpc.TypeCCN, func(n *tunnels) {
		x := n.connect(n.spec())
		n.pass(time.Second)
		list := func() (out string) {
			_, rows, err := n.c.GatewayCCNRoutes(n.Context(), n.caller, string(n.gateway.ID), control.Query{Limit: 100})
			n.must(err)
			for _, r := range rows {
				out += fmt.Sprintf("%s %s;", r.Destination, r.Status())
			}
			return out
		}
		_, rows, err := n.c.GatewayCCNRoutes(n.Context(), n.caller, string(n.gateway.ID), control.Query{Limit: 1})
		n.must(err)
		off := vpc.RouteDisabled
		n.must(n.c.ModifyGatewayCCNRoutes(n.Context(), n.caller, string(n.gateway.ID), []vpc.GatewayCCNRouteChange{{Route: string(rows[0].ID), Status: &off}}))
		if got := list(); got != "192.168.0.0/24 DISABLE;192.168.1.0/24 ENABLE;" {
			t.Error(got)
		}
		n.must(n.c.ModifyConnection(n.Context(), n.caller, string(x.ID), vpc.ConnectionChange{Tunnel: vpc.TunnelSpec{Policies: []vpc.PolicySpec{{Local: "10.0.0.0/24", Remotes: []string{"192.168.1.0/24"}}}}}))
		if got := list(); got != "192.168.1.0/24 ENABLE;" || store.GatewayCCNRoutes.Len(n.st.View()) != 0 {
			t.Errorf("%s %d switches", got, store.GatewayCCNRoutes.Len(n.st.View()))
		}
	})
}

// TestConnectionPages: pages of a long list together are the list, each row once.
func TestConnectionPages(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, RequestID: "test"}
		for _, q := range []string{vpc.QuotaConnections, vpc.QuotaGatewayConnections, vpc.QuotaCustomerGateways} {
			n.must(n.c.SetQuota(context.Background(), operator, vpc.Quota{Account: n.caller.Account, Name: q, Value: 100}))
		}
		want := []vpc.ConnectionID{}
		for i := range 45 {
			peer, err := n.c.CreateCustomerGateway(n.Context(), n.caller, vpc.CustomerGatewaySpec{Name: "c", Addr: fmt.Sprintf("58.211.2.%d", i+1)})
			n.must(err)
			spec := n.spec()
			spec.CustomerGateway = string(peer.ID)
			spec.Tunnel.Policies = []vpc.PolicySpec{{Local: "10.0.0.0/24", Remotes: []string{fmt.Sprintf("172.16.%d.0/24", i)}}}
			want = append(want, n.connect(spec).ID)
			time.Sleep(time.Millisecond)
		}
		var got []vpc.ConnectionID
		for offset := 0; ; offset += 20 {
			total, page, err := n.c.Connections(n.Context(), n.caller, control.Query{
				Filters: []control.Filter{{Name: "vpn-gateway-id", Values: []string{string(n.gateway.ID)}}}, Offset: offset, Limit: 20,
			})
			n.must(err)
			if total != len(want) {
				t.Fatalf("total %d, want %d", total, len(want))
			}
			if len(page) == 0 {
				break
			}
			for _, x := range page {
				got = append(got, x.ID)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
