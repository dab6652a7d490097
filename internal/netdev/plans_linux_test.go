package netdev

import (
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// compiled is a router with a subnet and a gateway with a connection by policy and two
// by routes, as they are compiled from rows.
func (r *rig) compiled(engine plan.Engine, workload string) (router, gateway plan.Machine) {
	host := plan.Host{Name: "host-1", Tag: r.tag, Engine: engine, Uplink: plan.Uplink{
		Device: OwnUplink, Kind: plan.UplinkBridge, Prefix: prefix("198.51.100.0/24"), Router: addr("198.51.100.1"),
	}}
	v := &vpc.VPC{ID: "vpc-aaaaaaaa", CIDR: prefix("10.7.0.0/16")}
	gw := &vpc.Gateway{ID: "vpngw-aaaaaaaa", VPC: v.ID, Public: addr("198.51.100.10"), Type: vpc.TypeIPsec, Bandwidth: 5, Host: host.Name, Generation: 1}
	connection := func(id vpc.ConnectionID, peer string, policies ...vpc.PolicyRule) plan.ConnectionSnapshot {
		row := &vpc.Connection{ID: id, Gateway: gw.ID, VPC: v.ID, CustomerGateway: "cgw-aaaaaaaa", RouteType: vpc.RouteStaticRoute, Generation: 1,
			IKE:   vpc.IKEOptions{Encryption: "AES-CBC-128", Integrity: "SHA-256", LocalIdentity: vpc.IdentityAddress, RemoteIdentity: vpc.IdentityAddress, DHGroup: "GROUP14", Lifetime: 86400, Version: "IKEV2"},
			IPsec: vpc.IPsecOptions{Encryption: "AES-CBC-128", Integrity: "SHA-256", PFS: "NULL", Lifetime: 3600}}
		if len(policies) > 0 {
			row.RouteType, row.Policies = vpc.RoutePolicy, policies
		}
		return plan.ConnectionSnapshot{Row: row, Key: "k", Peer: &vpc.CustomerGateway{ID: "cgw-aaaaaaaa", Addr: addr(peer)}, Seen: plan.Seen{Up: true}}
	}
	route := func(id vpc.GatewayRouteID, to string, over vpc.ConnectionID) *vpc.GatewayRoute {
		return &vpc.GatewayRoute{ID: id, Gateway: gw.ID, Destination: prefix(to), NextHopType: vpc.NextHopConnection, NextHop: string(over), Enabled: true}
	}
	gateway = plan.CompileGateway(plan.GatewaySnapshot{
		Host: host, ID: gw.ID, Gateway: gw, Account: &vpc.Account{ID: 7}, Ranges: v.Ranges(),
		Connections: []plan.ConnectionSnapshot{
			connection("vpnx-aaaaaaaa", "198.51.100.201", vpc.PolicyRule{Local: prefix("10.7.1.0/24"), Remotes: prefixes("10.2.1.0/24", "10.2.2.0/24")}),
			connection("vpnx-bbbbbbbb", "198.51.100.202"),
			connection("vpnx-cccccccc", "198.51.100.203"),
		},
		Routes: []*vpc.GatewayRoute{route("vpnr-aaaaaaaa", "10.3.0.0/16", "vpnx-bbbbbbbb"), route("vpnr-bbbbbbbb", "10.3.0.0/16", "vpnx-cccccccc"), route("vpnr-cccccccc", "10.4.0.0/16", "vpnx-cccccccc")},
	})
	router = plan.CompileRouter(plan.RouterSnapshot{
		Host: host, ID: v.ID, VPC: v, Gateways: []plan.GatewayPort{{ID: gw.ID, Ready: true}},
		Subnets: []*vpc.Subnet{{ID: "subnet-aaaaaaaa", VPC: v.ID, CIDR: prefix("10.7.1.0/24"), RouteTable: "rtb-aaaaaaaa"}},
		Tables:  []*vpc.RouteTable{{ID: "rtb-aaaaaaaa", VPC: v.ID, Routes: []vpc.Route{{Destination: prefix("10.3.0.0/16"), GatewayType: "VPN", Gateway: string(gw.ID)}}}},
		Workloads: []*vpc.Workload{{ID: "att-aaaaaaaa", Subnet: "subnet-aaaaaaaa", VPC: v.ID, Host: host.Name, Namespace: workload, Address: addr("10.7.1.2")},
			{ID: "att-bbbbbbbb", Subnet: "subnet-aaaaaaaa", VPC: v.ID, Host: host.Name, Device: "eth1.20"}},
	})
	return router, gateway
}

// TestCompiledPlans builds what the compiler asks for, with each engine, and changes
// from one to the other and back. A device that a workload names is not there.
func TestCompiledPlans(t *testing.T) {
	r := newRig(t)
	r.uplink()
	work := r.lab.Namespace("work")
	for _, engine := range []plan.Engine{plan.EngineLibipsec, plan.EngineKernel, plan.EngineNone, plan.EngineLibipsec} {
		router, gateway := r.compiled(engine, work.Name)
		// The router's routes need the gateway's link, the gateway the router's namespace.
		if _, err := r.Build().Apply(t.Context(), router); err != nil && engine != plan.EngineLibipsec {
			t.Errorf("%v", err)
		}
		r.apply(gateway)
		o := r.apply(router)
		if !o.Workloads["att-aaaaaaaa"].Ready || o.Workloads["att-bbbbbbbb"].Ready || o.Workloads["att-bbbbbbbb"].Cause == "" {
			t.Errorf("%+v", o.Workloads)
		}
		r.still(router, gateway)
		work.Reaches("10.7.1.1", lab.Patience)
		r.host.Reaches("198.51.100.10", lab.Patience)
		r.still(router, gateway)
	}
	r.host.Cable("eth1.20", r.host, "other")
	router, gateway := r.compiled(plan.EngineLibipsec, work.Name)
	if o := r.apply(router); !o.Workloads["att-bbbbbbbb"].Ready {
		t.Errorf("%+v", o.Workloads)
	}
	r.apply(gone(gateway), gone(router))
}
