package control_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// site is a store in a bubble whose server runs a host with a data plane of its own.
type site struct {
	*tunnels
	host  vpc.Host
	epoch string
}

var allAlgorithms = []string{"3DES-CBC", "AES-CBC-128", "SHA", "SHA1", "GROUP1"}

func addrs(t testing.TB, text string) []vpc.AddrRange {
	t.Helper()
	r, err := vpc.ParseAddrRange(text)
	if err != nil {
		t.Fatal(err)
	}
	return []vpc.AddrRange{r}
}

// atSite runs a test with a host named h that is announced; nothing is made yet.
func atSite(t *testing.T, test func(*site)) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.OpenMemory(store.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		s := &site{tunnels: &tunnels{T: t, st: st}, host: vpc.Host{Name: "h", Engine: "libipsec", Algorithms: allAlgorithms, Pool: addrs(t, "203.0.113.0/28")}}
		s.c = control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, HostName: "h", Pool: addrs(t, "198.51.100.0/24"), ReuseAfter: time.Minute})
		operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "test", RequestID: "test"}
		acct, _, err := s.c.CreateAccount(t.Context(), operator, control.AccountSpec{Name: "a", Balance: vpc.Yuan(1000)})
		s.must(err)
		s.caller = &control.Caller{Account: acct.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", RequestID: "request-1"}
		s.announce()
		test(s)
	})
}

func (s *site) announce() {
	s.Helper()
	epoch, err := s.st.Announce(s.Context(), s.host)
	s.must(err)
	s.epoch = epoch
}

// report reports as the present run of the host.
func (s *site) report(r vpc.Report) {
	s.Helper()
	r.Host, r.Epoch = s.host.Name, s.epoch
	s.must(s.c.Report(s.Context(), r))
}

func (s *site) stands(id vpc.GatewayID, generation uint64) {
	s.Helper()
	s.report(vpc.Report{Gateways: []vpc.GatewayStatus{{ID: id, Generation: generation, Ready: true}}})
}

// built makes the ends of a connection, and a gateway that stands.
func (s *site) built() {
	s.Helper()
	s.makeEnds(vpc.TypeIPsec)
	s.stands(s.gateway.ID, 1)
}

// reads is the state of the gateway as its owner sees it.
func (s *site) reads() string {
	s.Helper()
	n, rows, err := s.c.Gateways(s.Context(), s.caller, control.Query{Limit: 10})
	s.must(err)
	if n == 0 {
		return "gone"
	}
	return rows[0].State
}

// tunnel is what the owner sees of the first connection.
func (s *site) tunnel() string {
	s.Helper()
	n, rows, err := s.c.Connections(s.Context(), s.caller, control.Query{Limit: 10})
	s.must(err)
	if n == 0 {
		return "gone"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", rows[0].State, rows[0].NetStatus, rows[0].HealthStatus))
}

// TestGatewayOfAHost follows a gateway's state through what its host says.
func TestGatewayOfAHost(t *testing.T) {
	atSite(t, func(s *site) {
		s.makeEnds(vpc.TypeIPsec)
		if g := s.gateway; g.Host != "h" || !netip.MustParsePrefix("203.0.113.0/28").Contains(g.Public) || g.State != "PENDING" {
			t.Fatalf("made at %q with %s, %s", g.Host, g.Public, g.State)
		}
		id := s.gateway.ID
		expect := func(when, want string) {
			t.Helper()
			if got := s.reads(); got != want {
				t.Errorf("%s: %s, want %s", when, got, want)
			}
		}
		s.pass(time.Hour)
		expect("nobody has said a word", "PENDING")
		s.report(vpc.Report{Gateways: []vpc.GatewayStatus{{ID: id, Generation: 1, Cause: "no link"}}})
		expect("it cannot be made", "PENDING_ERROR")
		if _, err := s.c.CreateConnection(s.Context(), s.caller, s.spec()); code(err) != "UnsupportedOperation.InvalidState" {
			t.Errorf("a connection of a gateway that does not stand: %v", err)
		}
		s.stands(id, 1)
		expect("it stands", "AVAILABLE")
		name := "renamed"
		s.must(s.c.ModifyGateway(s.Context(), s.caller, string(id), vpc.GatewayChange{Name: &name}))
		expect("a change is on its way", "AVAILABLE")
		s.report(vpc.Report{Gateways: []vpc.GatewayStatus{{ID: id, Generation: 2, Cause: "no qdisc"}}})
		expect("the change failed", "AVAILABLE")
		s.stands(id, 2)
		s.report(vpc.Report{Gateways: []vpc.GatewayStatus{{ID: id, Generation: 2, Cause: "no link"}}})
		expect("it fell", "PENDING_ERROR")
		s.stands(id, 2)
		old := s.epoch
		s.announce()
		expect("the host has begun anew", "PENDING")
		late := vpc.Report{Host: "h", Epoch: old, Gateways: []vpc.GatewayStatus{{ID: id, Generation: 2, Ready: true}}}
		if err := s.c.Report(s.Context(), late); !errors.Is(err, control.ErrNotHost) {
			t.Errorf("a report of the run before: %v", err)
		}
		s.report(vpc.Report{Gateways: []vpc.GatewayStatus{{ID: id, Generation: 2, Cause: "no link"}}})
		expect("it cannot be made again", "PENDING_ERROR")
		s.stands(id, 2)
		s.must(s.st.Withdraw(s.Context()))
		expect("the host is gone", "PENDING")
	})
}

// TestConnectionOfAHost follows a tunnel's state through what its host says.
func TestConnectionOfAHost(t *testing.T) {
	atSite(t, func(s *site) {
		s.built()
		spec := s.spec()
		spec.RouteType, spec.Tunnel.Policies = new("StaticRoute"), nil
		spec.Tunnel.Health = vpc.HealthSpec{Enable: new(true), Local: new("169.254.128.1"), Remote: new("169.254.128.2")}
		id := s.connect(spec).ID
		say := func(st vpc.ConnectionStatus) {
			t.Helper()
			st.ID = id
			s.report(vpc.Report{Connections: []vpc.ConnectionStatus{st}})
		}
		expect := func(when, want string) {
			t.Helper()
			if got := s.tunnel(); got != want {
				t.Errorf("%s: %s, want %s", when, got, want)
			}
		}
		reset := func() string {
			return code(s.c.ResetConnection(s.Context(), s.caller, string(s.gateway.ID), string(id)))
		}
		task := func(want string) {
			t.Helper()
			if v, err := s.c.Task(s.Context(), s.caller, "request-1"); err != nil || v.Status != want {
				t.Errorf("the task is %+v, %v, want %s", v, err, want)
			}
		}
		s.pass(time.Hour)
		expect("nobody has said a word", "PENDING UNAVAILABLE UNAVAILABLE")
		task("RUNNING")
		if got := reset(); got != "UnsupportedOperation.VpnConnInvalidState" {
			t.Errorf("reset of a pending connection: %s", got)
		}
		say(vpc.ConnectionStatus{Cause: "no such file"})
		task("FAILED")
		say(vpc.ConnectionStatus{Generation: 1})
		expect("the daemon holds it", "AVAILABLE UNAVAILABLE UNAVAILABLE")
		task("SUCCESS")
		say(vpc.ConnectionStatus{Generation: 1, Up: true})
		expect("up, not probed yet", "AVAILABLE UNAVAILABLE UNAVAILABLE")
		say(vpc.ConnectionStatus{Generation: 1, Up: true, Healthy: true})
		expect("up and healthy", "AVAILABLE AVAILABLE AVAILABLE")
		if got := reset(); got != "OK" {
			t.Errorf("reset: %s", got)
		}
		expect("being reset", "AVAILABLE AVAILABLE AVAILABLE")
		if got := reset(); got != "UnsupportedOperation.VpnConnInvalidState" {
			t.Errorf("reset of one that is being reset: %s", got)
		}
		say(vpc.ConnectionStatus{Generation: 2, Up: true, Healthy: true})
		if got := reset(); got != "OK" {
			t.Errorf("reset again: %s", got)
		}
		s.announce()
		expect("the host has begun anew", "PENDING UNAVAILABLE UNAVAILABLE")
	})
}

// TestDeletionWaitsForTheHost: rows stay, DELETING, until the host says that nothing is
// left; then everything goes that stood on them.
func TestDeletionWaitsForTheHost(t *testing.T) {
	atSite(t, func(s *site) {
		s.built()
		x := s.connect(s.spec())
		s.report(vpc.Report{Connections: []vpc.ConnectionStatus{{ID: x.ID, Generation: 1, Up: true}}})
		gone := vpc.Report{GoneConnections: []vpc.ConnectionID{x.ID}, GoneGateways: []vpc.GatewayID{s.gateway.ID}}
		s.report(gone)
		if got := s.reads() + ", " + s.tunnel(); got != "AVAILABLE, AVAILABLE AVAILABLE" {
			t.Fatalf("rows that nobody deleted: %s", got)
		}
		s.must(s.c.DeleteConnection(s.Context(), s.caller, string(s.gateway.ID), string(x.ID)))
		s.pass(time.Hour)
		if got := s.tunnel(); got != "DELETING AVAILABLE" {
			t.Errorf("the daemon still has it: %s", got)
		}
		s.report(vpc.Report{GoneConnections: []vpc.ConnectionID{x.ID}})
		if got := s.tunnel(); got != "gone" {
			t.Errorf("the daemon has let go: %s", got)
		}
		s.must(s.c.DeleteGateway(s.Context(), s.caller, string(s.gateway.ID)))
		s.pass(time.Hour)
		if got := s.reads(); got != "DELETING" {
			t.Errorf("the host still has it: %s", got)
		}
		other := gone
		other.Host, other.Epoch = "other", s.epoch
		if err := s.c.Report(s.Context(), other); !errors.Is(err, control.ErrNotHost) {
			t.Errorf("a report of no host: %v", err)
		}
		s.report(gone)
		v := s.st.View()
		if got := s.reads(); got != "gone" || store.GatewayStatuses.Len(v)+store.ConnectionStatuses.Len(v) != 0 {
			t.Errorf("the host has let go: %s, %d statuses", got, store.GatewayStatuses.Len(v)+store.ConnectionStatuses.Len(v))
		}
		if _, rests := store.ReleasedAddresses.Get(v, s.gateway.Public); !rests {
			t.Error("its address is given away at once")
		}
	})
}

// TestForgetHost: what is being deleted at a host that is gone ends when the operator
// says so, its address rests and returns; what nobody has deleted stays.
func TestForgetHost(t *testing.T) {
	atSite(t, func(s *site) {
		s.built()
		x := s.connect(s.spec())
		s.report(vpc.Report{Connections: []vpc.ConnectionStatus{{ID: x.ID, Generation: 1, Up: true}}})
		v, err := s.c.CreateVPC(s.Context(), s.caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16"})
		s.must(err)
		stays, err := s.c.CreateGateway(s.Context(), s.caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, VPC: string(v.ID)})
		s.must(err)
		_, err = s.st.Update(s.Context(), func(tx *store.Tx) error {
			store.Workloads.Put(tx, &vpc.Workload{ID: "att-00000001", Host: "h", Deleted: 1})
			store.Workloads.Put(tx, &vpc.Workload{ID: "att-00000002", Host: "h"})
			store.Workloads.Put(tx, &vpc.Workload{ID: "att-00000003", Host: "other", Deleted: 1})
			return nil
		})
		s.must(err)
		operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "host forget", RequestID: "forget"}
		forget := func(name vpc.HostName, want control.Forgotten, refusal string) {
			t.Helper()
			want.Name = name
			got, err := s.c.ForgetHost(s.Context(), operator, name)
			if code(err) != refusal || err == nil && got != want {
				t.Errorf("%+v, %v; want %+v, %s", got, err, want, refusal)
			}
		}
		s.must(s.c.DeleteConnection(s.Context(), s.caller, string(s.gateway.ID), string(x.ID)))
		forget("h", control.Forgotten{}, "ResourceInUse")
		forget("nobody", control.Forgotten{}, "ResourceNotFound")
		forget("", control.Forgotten{}, "ResourceNotFound")
		s.must(s.st.Withdraw(s.Context()))
		s.pass(time.Hour)
		if got := s.tunnel(); got != "DELETING UNAVAILABLE" {
			t.Errorf("its host is gone: %s", got)
		}
		calls := s.audited()
		forget("h", control.Forgotten{Connections: 1, Workloads: 1, Left: 2}, "OK")
		if got := s.tunnel(); got != "gone" || s.audited() != calls+1 {
			t.Errorf("forgotten: the connection is %s, %d calls are audited, %d before", got, s.audited(), calls)
		}
		s.must(s.c.DeleteGateway(s.Context(), s.caller, string(s.gateway.ID)))
		s.pass(time.Hour)
		forget("h", control.Forgotten{Gateways: 1, Left: 1}, "OK")
		view := s.st.View()
		_, left := store.Gateways.Get(view, s.gateway.ID)
		if _, rests := store.ReleasedAddresses.Get(view, s.gateway.Public); left || !rests {
			t.Errorf("the gateway is there: %v, its address rests: %v", left, rests)
		}
		s.pass(time.Hour)
		view = s.st.View()
		if _, rests := store.ReleasedAddresses.Get(view, s.gateway.Public); rests {
			t.Error("its address has not come back")
		}
		if g, ok := store.Gateways.Get(view, stays.ID); !ok || g.Host != "h" || g.Deleted != 0 {
			t.Errorf("the gateway that nobody deleted: %+v", g)
		}
		if n := store.Workloads.Len(view); n != 2 {
			t.Errorf("%d workloads are left", n)
		}
	})
}

// TestDeletionOfManyRows: what stands on a gateway goes in portions, also when the host
// has said its last word.
func TestDeletionOfManyRows(t *testing.T) {
	atSite(t, func(s *site) {
		s.built()
		_, err := s.st.Update(s.Context(), func(tx *store.Tx) error {
			for i := range 100 {
				store.GatewayRoutes.Put(tx, &vpc.GatewayRoute{ID: vpc.GatewayRouteID(fmt.Sprintf("vpnr-%08d", i)), Scope: s.caller.Scope(), Gateway: s.gateway.ID, NextHop: "vpnx-1"})
			}
			return nil
		})
		s.must(err)
		s.must(s.c.DeleteGateway(s.Context(), s.caller, string(s.gateway.ID)))
		s.report(vpc.Report{GoneGateways: []vpc.GatewayID{s.gateway.ID}})
		s.pass(time.Second)
		if n := store.GatewayRoutes.Len(s.st.View()); n != 0 || s.reads() != "gone" {
			t.Errorf("%d routes are left, the gateway is %s", n, s.reads())
		}
	})
}

// TestReportWritesNewsOnly: what is as it was costs no write, and no report is audited.
func TestReportWritesNewsOnly(t *testing.T) {
	atSite(t, func(s *site) {
		s.built()
		x := s.connect(s.spec())
		r := vpc.Report{
			Gateways:    []vpc.GatewayStatus{{ID: s.gateway.ID, Generation: 1, Ready: true}, {ID: "vpngw-nobody00", Ready: true}},
			Connections: []vpc.ConnectionStatus{{ID: x.ID, Generation: 1, Up: true}, {ID: "vpnx-nobody00"}},
			Workloads:   []vpc.WorkloadStatus{{ID: "att-nobody00", Ready: true}},
		}
		s.report(r)
		before, calls := s.st.View().Revision(), s.audited()
		s.pass(time.Minute)
		s.report(r)
		if after := s.st.View().Revision(); after != before {
			t.Errorf("the same report again has moved the store from %d to %d", before, after)
		}
		r.Connections[0].Up = false
		s.report(r)
		if after := s.st.View().Revision(); after == before {
			t.Error("news were not written")
		}
		if n := s.audited(); n != calls {
			t.Errorf("%d calls are audited after reports, %d before", n, calls)
		}
	})
}

func (s *site) audited() int {
	s.Helper()
	entries, err := s.st.AuditEntries(s.Context(), 0, 0)
	s.must(err)
	return len(entries)
}

// TestPlaceOfAGateway: a new gateway goes to the server's own host, else to the one with
// the fewest, and to none when no host lives.
func TestPlaceOfAGateway(t *testing.T) {
	hosts := func(s *site, rows ...vpc.Host) {
		s.Helper()
		_, err := s.st.Update(s.Context(), func(tx *store.Tx) error {
			for _, h := range rows {
				store.Hosts.Put(tx, &h)
			}
			return nil
		})
		s.must(err)
	}
	for _, c := range []struct {
		name  string
		local string // engine of the server's own host; "-": it is gone, "+": its pool is empty
		other []vpc.Host
		want  string
	}{
		{"own", "kernel", []vpc.Host{{Name: "a", Engine: "kernel"}}, "h"},
		{"own has no engine", "", []vpc.Host{{Name: "a", Engine: "kernel"}}, "a"},
		{"none has an engine", "", []vpc.Host{{Name: "a"}}, "h"},
		{"own has no address left", "+", []vpc.Host{{Name: "a", Engine: "kernel"}}, "a"},
		{"fewest", "-", []vpc.Host{{Name: "busy", Engine: "kernel"}, {Name: "idle", Engine: "kernel"}}, "idle"},
		{"none lives", "-", nil, "FailedOperation.CreateVpnGatewayFailed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			atSite(t, func(s *site) {
				switch c.local {
				case "-":
					s.must(s.st.Withdraw(s.Context()))
				case "+":
					s.host.Pool = addrs(t, "203.0.113.1")
					s.announce()
				default:
					s.host.Engine = c.local
					s.announce()
				}
				hosts(s, c.other...)
				_, err := s.st.Update(s.Context(), func(tx *store.Tx) error {
					store.Gateways.Put(tx, &vpc.Gateway{ID: "vpngw-busy0000", Host: "busy", Public: netip.MustParseAddr("203.0.113.1")})
					return nil
				})
				s.must(err)
				v, err := s.c.CreateVPC(s.Context(), s.caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16"})
				s.must(err)
				g, err := s.c.CreateGateway(s.Context(), s.caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, VPC: string(v.ID)})
				got := code(err)
				if err == nil {
					got = string(g.Host)
				}
				if got != c.want {
					t.Errorf("it went to %q, want %q (%v)", got, c.want, err)
				}
			})
		})
	}
}

// TestPoolIsFull gives away every public address. One that is released rests before
// the next gateway gets it.
func TestPoolIsFull(t *testing.T) {
	atSite(t, func(s *site) {
		s.host.Pool = addrs(t, "203.0.113.0-203.0.113.1")
		s.announce()
		v, err := s.c.CreateVPC(s.Context(), s.caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16"})
		s.must(err)
		create := func(when, want string) control.GatewayView {
			t.Helper()
			g, err := s.c.CreateGateway(s.Context(), s.caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, VPC: string(v.ID)})
			if code(err) != want {
				t.Fatalf("%s: %v, want %s", when, err, want)
			}
			return g
		}
		const full = "FailedOperation.CreateVpnGatewayFailed"
		first := create("the first", "OK")
		create("the last", "OK")
		create("nothing is free", full)
		s.must(s.c.DeleteGateway(s.Context(), s.caller, string(first.ID)))
		create("the host still has it", full)
		s.report(vpc.Report{GoneGateways: []vpc.GatewayID{first.ID}})
		create("its address rests", full)
		s.pass(time.Minute - time.Second)
		create("its address still rests", full)
		s.pass(time.Second)
		if g := create("it has rested", "OK"); g.Public != first.Public {
			t.Errorf("given %s, %s was free", g.Public, first.Public)
		}
		create("nothing is free again", full)
	})
}

// TestAdoption: gateways that were made with no data plane get this server's host when
// there is one, and are no host's again when the server runs without.
func TestAdoption(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		x := n.connect(n.spec())
		n.pass(time.Second)
		with := control.New(n.st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, HostName: "h", Pool: addrs(t, "198.51.100.0/24")})
		_, err := n.st.Announce(n.Context(), vpc.Host{Name: "h", Engine: "kernel", Algorithms: allAlgorithms})
		n.must(err)
		n.must(with.AdoptGateways(n.Context()))
		s := &site{tunnels: n}
		if g, _ := store.Gateways.Get(n.st.View(), n.gateway.ID); g.Host != "h" || g.Generation != 2 || s.reads() != "PENDING" {
			t.Errorf("adopted: %+v, %s", g, s.reads())
		}
		host, _ := store.Hosts.Get(n.st.View(), "h")
		n.must(with.Report(n.Context(), vpc.Report{
			Host: "h", Epoch: host.Epoch, Gateways: []vpc.GatewayStatus{{ID: n.gateway.ID, Generation: 2, Ready: true}},
			Connections: []vpc.ConnectionStatus{{ID: x.ID, Generation: 1}},
		}))
		n.must(with.DeleteConnection(n.Context(), n.caller, string(n.gateway.ID), string(x.ID)))
		n.pass(time.Hour)
		if got := s.reads() + ", " + s.tunnel(); got != "AVAILABLE, DELETING UNAVAILABLE" {
			t.Errorf("with a host: %s", got)
		}
		n.must(n.st.Withdraw(n.Context()))
		n.must(n.c.AdoptGateways(n.Context()))
		n.pass(0)
		if got := s.reads() + ", " + s.tunnel(); got != "AVAILABLE, gone" {
			t.Errorf("without a data plane again: %s", got)
		}
	})
}

// TestAdoptionOfMany takes more gateways than fit into a transaction, and leaves those
// alone that are on their way out.
func TestAdoptionOfMany(t *testing.T) {
	atSite(t, func(s *site) {
		const n = 100
		_, err := s.st.Update(s.Context(), func(tx *store.Tx) error {
			for i := range n {
				store.Gateways.Put(tx, &vpc.Gateway{ID: vpc.GatewayID(fmt.Sprintf("vpngw-%08d", i)), Host: vpc.HostName(fmt.Sprint("host-", i%3))})
			}
			store.Gateways.Put(tx, &vpc.Gateway{ID: "vpngw-deleted0", Deleted: 1, Due: 1})
			return nil
		})
		s.must(err)
		s.must(s.c.AdoptGateways(s.Context()))
		if got := store.GatewaysByHost.Count(s.st.View(), "h"); got != n {
			t.Errorf("%d gateways were adopted, want %d", got, n)
		}
	})
}

// TestAlgorithmsOfTheHost: what the gateway's host lacks is refused, and nothing is made.
func TestAlgorithmsOfTheHost(t *testing.T) {
	atSite(t, func(s *site) {
		s.built()
		spec := s.spec()
		spec.Tunnel.IPsec = &vpc.IPsecSpec{Encryption: new("SM4")}
		_, err := s.c.CreateConnection(s.Context(), s.caller, spec)
		if code(err) != "InvalidParameterValue" || !strings.Contains(err.Error(), "libipsec") {
			t.Errorf("SM4: %v", err)
		}
		x := s.connect(s.spec())
		s.report(vpc.Report{Connections: []vpc.ConnectionStatus{{ID: x.ID, Generation: 1}}})
		err = s.c.ModifyConnection(s.Context(), s.caller, string(x.ID), vpc.ConnectionChange{Tunnel: vpc.TunnelSpec{IKE: &vpc.IKESpec{Encryption: new("SM4")}}})
		if code(err) != "InvalidParameterValue" || !strings.Contains(err.Error(), "libipsec") {
			t.Errorf("SM4 by a change: %v", err)
		}
	})
}
