package metrics

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// rig is a server whose host h carries a gateway with two connections, one of them up.
type rig struct {
	*testing.T
	st      *store.Store
	c       *control.Control
	caller  *control.Caller
	gateway vpc.GatewayID
	tunnels []vpc.ConnectionID
	servers []vpc.SSLServerID // the first is up
	dialled []vpc.GatewayID   // their gateways
}

func newRig(t *testing.T) *rig {
	st, err := store.OpenMemory(store.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := vpc.ParseAddrRange("198.51.100.0/24")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, st: st}
	r.c = control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, HostName: "h", Pool: []vpc.AddrRange{pool}})
	operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "test"}
	acct, _, err := r.c.CreateAccount(t.Context(), operator, control.AccountSpec{Name: "a", Balance: vpc.Yuan(1000)})
	r.must(err)
	r.caller = &control.Caller{Account: acct.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", RequestID: "r"}
	epoch, err := st.Announce(t.Context(), vpc.Host{Name: "h", Engine: "libipsec", Algorithms: []string{"3DES-CBC", "AES-CBC-128", "SHA", "SHA1", "GROUP1"}, Pool: []vpc.AddrRange{pool}})
	r.must(err)
	r.make(epoch)
	r.dial(epoch)
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) make(epoch string) {
	r.Helper()
	ccn := string(vpc.TypeCCN)
	made, err := r.c.CreateGateway(r.Context(), r.caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, Type: &ccn})
	r.must(err)
	r.gateway = made.ID
	r.must(r.c.Report(r.Context(), vpc.Report{Host: "h", Epoch: epoch, Gateways: []vpc.GatewayStatus{{ID: r.gateway, Host: "h", Epoch: epoch, Generation: 1, Ready: true}}}))
	time.Sleep(2 * time.Second)
	for _, addr := range []string{"58.211.1.12", "58.211.1.13"} {
		peer, err := r.c.CreateCustomerGateway(r.Context(), r.caller, vpc.CustomerGatewaySpec{Name: "c", Addr: addr})
		r.must(err)
		x, err := r.c.CreateConnection(r.Context(), r.caller, vpc.ConnectionSpec{
			Gateway: string(r.gateway), CustomerGateway: string(peer.ID), Name: "x", PreSharedKey: "a secret key",
			Tunnel: vpc.TunnelSpec{Policies: []vpc.PolicySpec{{Local: "10.0.0.0/24", Remotes: []string{"192.168." + addr[len(addr)-1:] + ".0/24"}}}},
		})
		r.must(err)
		r.tunnels = append(r.tunnels, x.ID)
	}
	r.must(r.c.Report(r.Context(), vpc.Report{Host: "h", Epoch: epoch, Connections: []vpc.ConnectionStatus{{ID: r.tunnels[0], Host: "h", Epoch: epoch, Generation: 1, Up: true}}}))
}

// dial makes two gateways with SSL servers, of which the second does not run, and
// clients: one is disabled, one has another certificate by now.
func (r *rig) dial(epoch string) {
	r.Helper()
	kind := string(vpc.TypeSSLCCN)
	for n := range 2 {
		g, err := r.c.CreateGateway(r.Context(), r.caller, vpc.GatewaySpec{Name: "s", Bandwidth: 5, Type: &kind})
		r.must(err)
		r.must(r.c.Report(r.Context(), vpc.Report{Host: "h", Epoch: epoch, Gateways: []vpc.GatewayStatus{{ID: g.ID, Generation: 1, Ready: true}}}))
		made, err := r.c.CreateSSLServer(r.Context(), r.caller, vpc.SSLServerSpec{Gateway: string(g.ID), Name: "s", Remote: "172.16.0.0/24", Settings: vpc.SSLServerSettings{Local: []string{"10.0.0.0/16"}}})
		r.must(err)
		status := vpc.SSLServerStatus{ID: vpc.SSLServerID(made.ID), Generation: 1, Ready: n == 0}
		if n == 1 {
			status.Cause = "Address already in use"
		}
		r.must(r.c.Report(r.Context(), vpc.Report{Host: "h", Epoch: epoch, SSLServers: []vpc.SSLServerStatus{status}}))
		r.servers, r.dialled = append(r.servers, status.ID), append(r.dialled, g.ID)
	}
	time.Sleep(2 * time.Second)
	first, err := r.c.CreateSSLClients(r.Context(), r.caller, string(r.servers[0]), "SslVpnClientName", []string{"a"}, nil)
	r.must(err)
	second, err := r.c.CreateSSLClients(r.Context(), r.caller, string(r.servers[0]), "SslVpnClientName", []string{"b"}, nil)
	r.must(err)
	time.Sleep(2 * time.Second)
	_, err = r.c.DisableSSLClients(r.Context(), r.caller, "SslVpnClientId", []string{first.ID})
	r.must(err)
	_, err = r.c.ReissueSSLClients(r.Context(), r.caller, "SslVpnClientIds", []string{second.ID})
	r.must(err)
}

// carry are sources in which the second connection's daemon tells nothing, nor does the
// second SSL server's process.
func (r *rig) carry(host vpc.HostName) Sources {
	return Sources{
		Host:  host,
		Loops: func() reconcile.Figures { return reconcile.Figures{Passes: 12, Faults: 3, Machines: 2, Failing: 1} },
		Tunnels: func(_ context.Context, g vpc.GatewayID) []Tunnel {
			if slices.Contains(r.dialled, g) {
				return nil
			}
			if g != r.gateway {
				r.Errorf("asked for gateway %s", g)
			}
			return []Tunnel{{Connection: r.tunnels[0], IKESAs: 1, ChildSAs: 2, BytesIn: 1 << 40, BytesOut: 20, PacketsIn: 3, PacketsOut: 4, Rekeys: 5, DPDFailures: 6}}
		},
		SSLServers: func() map[vpc.SSLServerID]SSLServer {
			return map[vpc.SSLServerID]SSLServer{r.servers[0]: {
				Sessions: 2, In: 1 << 40, Out: 30, Refused: map[string]int{"unknown": 1, "replaced": 2, "full": 3}, Expelled: 4, Starts: 5,
			}}
		},
		Probes: func() map[vpc.ConnectionID]Probe {
			return map[vpc.ConnectionID]Probe{r.tunnels[0]: {Healthy: true, Sent: 100, Lost: 2, RTT: 1500 * time.Microsecond}}
		},
	}
}

// scrape is what a scrape shows of the data plane.
func (r *rig) scrape(s Sources) string {
	r.Helper()
	m := New(r.c, "v0")
	m.Carry(s)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	var out strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		for _, prefix := range []string{"gatewright_gateway_", "gatewright_connection_", "gatewright_probe_", "gatewright_reconcile_", "gatewright_sslserver_"} {
			if strings.Contains(line, prefix) {
				out.WriteString(line)
			}
		}
	}
	return out.String()
}

// TestCarried holds the series of a host's tunnels against a file: one that is
// configured and down has its series, with 0.
func TestCarried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.st.Close()
		got := strings.NewReplacer(string(r.gateway), "GATEWAY", string(r.tunnels[0]), "UP", string(r.tunnels[1]), "DOWN",
			string(r.servers[0]), "SSL-UP", string(r.servers[1]), "SSL-DOWN", string(r.dialled[0]), "SSL-GATEWAY", string(r.dialled[1]), "SSL-GATEWAY-2").Replace(r.scrape(r.carry("h")))
		for _, want := range []string{`gatewright_connection_up{connection="UP",gateway="GATEWAY"} 1`, `gatewright_connection_up{connection="DOWN",gateway="GATEWAY"} 0`, `gatewright_gateway_up{gateway="GATEWAY"} 1`,
			`gatewright_sslserver_up{gateway="SSL-GATEWAY",sslserver="SSL-UP"} 1`, `gatewright_sslserver_up{gateway="SSL-GATEWAY-2",sslserver="SSL-DOWN"} 0`} {
			if !strings.Contains(got, want+"\n") {
				t.Errorf("no %s", want)
			}
		}
		golden(t, "testdata/carried.txt", inOrder(got))
	})
}

// inOrder sorts lines, since the order of ids is that of chance.
func inOrder(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestCarriedElsewhere: what another host carries, and what none does, has no series of
// its own, however much of it there is.
func TestCarriedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.st.Close()
		for _, host := range []vpc.HostName{"elsewhere", ""} {
			if got := r.scrape(r.carry(host)); strings.Contains(got, "vpngw-") || strings.Contains(got, "vpnx-") || strings.Contains(got, "vpns-") {
				t.Errorf("host %q:\n%s", host, got)
			}
		}
		got := r.scrape(Sources{Host: "h"})
		if !strings.Contains(got, "gatewright_connection_up{") || strings.Contains(got, "bytes_total{") || strings.Contains(got, "gatewright_reconcile_passes_total 0") {
			t.Errorf("without sources:\n%s", got)
		}
	})
}
