package plan

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// rows are those of a test: one a line, its kind and what differs from a plain one, as
// JSON. What the store does not know of a row is beside its own fields.
type rows struct {
	host        Host
	now         time.Time
	account     *vpc.Account
	gateways    []*vpc.Gateway
	ready       map[vpc.GatewayID]bool
	vpcs        []*vpc.VPC
	connections []ConnectionSnapshot
	routes      []*vpc.GatewayRoute
	subnets     []*vpc.Subnet
	tables      []*vpc.RouteTable
	workloads   []*vpc.Workload
	sslServers  []*vpc.SSLServer
	sslClients  []*vpc.SSLClient
}

func parseRows(t testing.TB, text string) *rows {
	t.Helper()
	r := &rows{
		host: Host{
			Name: "host-1", Tag: "abcdef", Engine: EngineLibipsec,
			Uplink: Uplink{Device: "gwr-uplink", Kind: UplinkBridge, Prefix: netip.MustParsePrefix("198.51.100.0/24"), Router: netip.MustParseAddr("198.51.100.1"), MTU: 1500},
		},
		account: &vpc.Account{ID: 7}, ready: map[vpc.GatewayID]bool{},
	}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		if kind != "" && kind != "#" {
			r.row(t, kind, rest)
		}
	}
	return r
}

// decode lays the JSON over a row.
func decode[R any](t testing.TB, text string, row R) R {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&row); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return row
}

// put adds a row, in the place of an earlier one with its id.
func put[R any](all []R, row R, id func(R) string) []R {
	for i, r := range all {
		if id(r) == id(row) {
			all[i] = row
			return all
		}
	}
	return append(all, row)
}

func (r *rows) row(t testing.TB, kind, text string) {
	t.Helper()
	switch kind {
	case "host":
		r.host = decode(t, text, r.host)
	case "account":
		r.account = decode(t, text, r.account)
	case "vpc":
		r.vpcs = append(r.vpcs, decode(t, text, &vpc.VPC{}))
	case "gateway":
		type row struct {
			*vpc.Gateway
			Ready bool
		}
		g := decode(t, text, row{&vpc.Gateway{Type: vpc.TypeIPsec, Bandwidth: 5, Version: "4.0", Host: "host-1", Charge: vpc.Postpaid, Generation: 1}, true})
		r.gateways = put(r.gateways, g.Gateway, func(g *vpc.Gateway) string { return string(g.ID) })
		r.ready[g.ID] = g.Ready
	case "connection":
		r.connections = put(r.connections, parseConnection(t, text), func(c ConnectionSnapshot) string { return string(c.Row.ID) })
	case "route":
		r.routes = append(r.routes, decode(t, text, &vpc.GatewayRoute{NextHopType: vpc.NextHopConnection, Enabled: true}))
	case "subnet":
		r.subnets = append(r.subnets, decode(t, text, &vpc.Subnet{}))
	case "table":
		r.tables = append(r.tables, decode(t, text, &vpc.RouteTable{}))
	case "now":
		r.now = decode(t, text, r.now)
	case "sslserver":
		r.sslServers = append(r.sslServers, decode(t, text, &vpc.SSLServer{Port: 1194, Encryption: "AES-128-CBC", Integrity: "SHA1"}))
	case "sslclient":
		r.sslClients = append(r.sslClients, parseSSLClient(t, text))
	case "workload":
		r.workloads = append(r.workloads, decode(t, text, &vpc.Workload{Host: "host-1"}))
	default:
		t.Fatalf("no such kind of row: %q", kind)
	}
}

func parseConnection(t testing.TB, text string) ConnectionSnapshot {
	t.Helper()
	type row struct {
		*vpc.Connection
		Peer        netip.Addr // of the customer gateway; none: its row is missing
		Secret      string     // the key; empty: it cannot be unsealed
		Up, Healthy bool
		At          netip.Addr // where it was last
	}
	x := decode(t, text, row{Secret: "k", Connection: &vpc.Connection{
		CustomerGateway: "cgw-aaaaaaaa", RouteType: vpc.RouteStaticRoute, Negotiation: vpc.NegotiateActive, Generation: 1,
		IKE: vpc.IKEOptions{Encryption: "AES-CBC-128", Integrity: "SHA-256", Exchange: "MAIN", LocalIdentity: vpc.IdentityAddress, RemoteIdentity: vpc.IdentityAddress,
			DHGroup: "GROUP14", Lifetime: 86400, Version: "IKEV2"},
		IPsec: vpc.IPsecOptions{Encryption: "AES-CBC-128", Integrity: "SHA-256", PFS: "NULL", Lifetime: 3600, LifetimeKiB: 1843200},
	}})
	c := ConnectionSnapshot{Row: x.Connection, Key: vpc.Secret(x.Secret), Seen: Seen{Up: x.Up, Healthy: x.Healthy, Remote: x.At}}
	if x.Peer.IsValid() {
		c.Peer = &vpc.CustomerGateway{ID: x.CustomerGateway, Addr: x.Peer}
	}
	return c
}

func parseSSLClient(t testing.TB, text string) *vpc.SSLClient {
	t.Helper()
	type row struct {
		*vpc.SSLClient
		From, To time.Time // of the certificate
	}
	c := decode(t, text, row{SSLClient: &vpc.SSLClient{}})
	c.Begin, c.End = vpc.At(c.From), vpc.At(c.To)
	return c.SSLClient
}

func (r *rows) gateway(g *vpc.Gateway) GatewaySnapshot {
	s := GatewaySnapshot{Host: r.host, Now: vpc.At(r.now), ID: g.ID, Gateway: g, Account: r.account}
	for _, v := range r.vpcs {
		if v.ID == g.VPC {
			s.Ranges = v.Ranges()
		}
	}
	for _, c := range r.connections {
		if c.Row.Gateway == g.ID || c.Row.Gateway == "" {
			s.Connections = append(s.Connections, c)
		}
	}
	for _, route := range r.routes {
		if route.Gateway == g.ID || route.Gateway == "" {
			s.Routes = append(s.Routes, route)
		}
	}
	for _, server := range r.sslServers {
		if server.Gateway == g.ID {
			s.SSLServers = append(s.SSLServers, SSLServerSnapshot{Row: server, Key: "k", Crypt: "k",
				Clients: slices.DeleteFunc(slices.Clone(r.sslClients), func(c *vpc.SSLClient) bool { return c.Server != server.ID })})
		}
	}
	return s
}

func (r *rows) router(v *vpc.VPC) RouterSnapshot {
	s := RouterSnapshot{Host: r.host, ID: v.ID, VPC: v}
	mine := func(id vpc.VPCID) bool { return id == v.ID || id == "" }
	for _, g := range r.gateways {
		if mine(g.VPC) {
			s.Gateways = append(s.Gateways, GatewayPort{g.ID, r.ready[g.ID]})
		}
	}
	s.Subnets = slices.DeleteFunc(slices.Clone(r.subnets), func(n *vpc.Subnet) bool { return !mine(n.VPC) })
	s.Tables = slices.DeleteFunc(slices.Clone(r.tables), func(n *vpc.RouteTable) bool { return !mine(n.VPC) })
	s.Workloads = slices.DeleteFunc(slices.Clone(r.workloads), func(n *vpc.Workload) bool { return !mine(n.VPC) })
	return s
}

// machines compiles everything: routers, then gateways.
func (r *rows) machines() []Machine {
	var out []Machine
	for _, v := range r.vpcs {
		out = append(out, CompileRouter(r.router(v)))
	}
	for _, g := range r.gateways {
		out = append(out, CompileGateway(r.gateway(g)))
	}
	return out
}
