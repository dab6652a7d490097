package control_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// dialIn makes a gateway that stands, with an SSL server of which nothing is known.
func (s *site) dialIn() (vpc.SSLServerID, control.Began) {
	s.Helper()
	kind := string(vpc.TypeSSLCCN)
	g, err := s.c.CreateGateway(s.Context(), s.caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, Type: &kind})
	s.must(err)
	s.stands(g.ID, 1)
	began, err := s.c.CreateSSLServer(s.Context(), s.caller, vpc.SSLServerSpec{
		Gateway: string(g.ID), Name: "s", Remote: "172.16.0.0/24", Settings: vpc.SSLServerSettings{Local: []string{"10.0.0.0/16"}}})
	s.must(err)
	s.pass(2 * time.Second)
	return vpc.SSLServerID(began.ID), began
}

// dialled is what the owner sees of the only SSL server, and what the operator does.
func (s *site) dialled() string {
	s.Helper()
	n, rows, err := s.c.SSLServers(s.Context(), s.caller, control.Query{Limit: 10})
	s.must(err)
	if n == 0 {
		return "gone"
	}
	stands, err := s.c.SSLServer(s.Context(), rows[0].ID)
	s.must(err)
	if stands.State != rows[0].State.String() {
		s.Errorf("the owner sees %s, the operator %s", rows[0].State, stands.State)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", rows[0].State, stands.Cause))
}

func (s *site) task(began control.Began) string {
	s.Helper()
	v, err := s.c.Task(s.Context(), s.caller, strconv.FormatUint(began.Task, 10))
	s.must(err)
	return v.Status
}

// TestSSLServerOfAHost follows an SSL server's State, its tasks and its causes through
// what its host says of the process.
func TestSSLServerOfAHost(t *testing.T) {
	atSite(t, func(s *site) {
		id, made := s.dialIn()
		generation := uint64(1)
		say := func(ready bool, cause string) {
			s.report(vpc.Report{SSLServers: []vpc.SSLServerStatus{{ID: id, Generation: generation, Ready: ready, Cause: cause}, {ID: "vpns-nobody00", Ready: true}}})
		}
		expect := func(when, want string, began control.Began, task string) {
			t.Helper()
			if got := s.dialled(); got != want {
				t.Errorf("%s: %s, want %s", when, got, want)
			}
			if got := s.task(began); got != task {
				t.Errorf("%s: its task is %s, want %s", when, got, task)
			}
		}
		expect("nobody has said a word", "0 host h has not reported yet", made, "RUNNING")
		say(false, "Address already in use")
		expect("it cannot start", "1 Address already in use", made, "FAILED")
		say(true, "")
		expect("it runs", "6", made, "SUCCESS")

		port := int64(4500)
		changed, err := s.c.ModifySSLServer(s.Context(), s.caller, string(id), vpc.SSLServerChange{Settings: vpc.SSLServerSettings{Port: &port}})
		s.must(err)
		s.pass(2 * time.Second)
		expect("a change is on its way", "2 it is being started", changed, "RUNNING")
		generation = 2
		say(false, "no such port")
		expect("the change failed", "3 no such port", changed, "FAILED")
		say(true, "")
		expect("the change is made", "6", changed, "SUCCESS")
		say(false, "killed")
		expect("it fell", "7 killed", changed, "SUCCESS")
		say(true, "")

		s.announce()
		expect("the host has begun anew", "7 host h has not reported yet", changed, "SUCCESS")
		say(true, "")
		expect("and has looked", "6", changed, "SUCCESS")
		s.must(s.st.Withdraw(s.Context()))
		expect("the host is gone", "7 host h is gone", changed, "SUCCESS")
		s.announce()
		say(true, "")

		st, err := s.c.Status(s.Context())
		s.must(err)
		if len(st.SSLServerList) != 1 || st.SSLServers["up"] != 1 || !st.SSLServerList[0].Up {
			t.Errorf("status has %+v, %v", st.SSLServerList, st.SSLServers)
		}
		_, err = s.c.DeleteSSLServer(s.Context(), s.caller, string(id))
		s.must(err)
		if got := s.dialled(); got != "4" {
			t.Errorf("deletion asked for: %s", got)
		}
		s.pass(2 * time.Second)
		if got := s.dialled(); got != "gone" || store.SSLServerStatuses.Len(s.st.View()) != 0 {
			t.Errorf("deleted: %s, %d statuses are left", got, store.SSLServerStatuses.Len(s.st.View()))
		}
	})
}

// TestSSLServerThatFails can be changed, given clients and deleted while it does.
func TestSSLServerThatFails(t *testing.T) {
	atSite(t, func(s *site) {
		id, _ := s.dialIn()
		s.report(vpc.Report{SSLServers: []vpc.SSLServerStatus{{ID: id, Generation: 1, Cause: "Address already in use"}}})
		port := int64(4500)
		_, err := s.c.ModifySSLServer(s.Context(), s.caller, string(id), vpc.SSLServerChange{Settings: vpc.SSLServerSettings{Port: &port}})
		s.must(err)
		client, err := s.c.CreateSSLClients(s.Context(), s.caller, string(id), "SslVpnClientName", []string{"a"}, nil)
		s.must(err)
		s.pass(2 * time.Second)
		_, err = s.c.DeleteSSLClients(s.Context(), s.caller, "SslVpnClientId", []string{client.ID})
		s.must(err)
		_, err = s.c.DeleteSSLServer(s.Context(), s.caller, string(id))
		s.must(err)
		s.pass(2 * time.Second)
		if got := s.dialled(); got != "gone" {
			t.Errorf("deleted: %s", got)
		}
	})
}

// TestSSLClientTasks has the tasks of changes of clients last until the host says that it
// has carried them out, whatever else it says, and fail where it cannot.
func TestSSLClientTasks(t *testing.T) {
	atSite(t, func(s *site) {
		id, _ := s.dialIn()
		say := func(ready bool, clients uint64) {
			s.report(vpc.Report{SSLServers: []vpc.SSLServerStatus{{ID: id, Generation: 1, Ready: ready, Cause: map[bool]string{false: "taken"}[ready], Clients: clients}}})
		}
		var began []control.Began
		expect := func(when string, want ...string) {
			t.Helper()
			for i, b := range began {
				if got := s.task(b); got != want[i] {
					t.Errorf("%s: task %d is %s, want %s", when, i, got, want[i])
				}
			}
		}
		call := func(b control.Began, err error) string { s.must(err); began = append(began, b); return b.ID }
		const running, done, failed = control.TaskRunning, control.TaskSuccess, control.TaskFailed

		client := call(s.c.CreateSSLClients(s.Context(), s.caller, string(id), "SslVpnClientName", []string{"a"}, nil))
		expect("the server has yet to start", running)
		say(false, 0)
		expect("it cannot start", failed)
		say(true, 0)
		expect("it runs without the client", running)
		say(true, 1)
		expect("it knows the client", done)

		ids := []string{client}
		param := "SslVpnClientIds"
		call(s.c.DisableSSLClients(s.Context(), s.caller, param, ids))
		call(s.c.EnableSSLClients(s.Context(), s.caller, param, ids))
		expect("nothing more is said", done, running, running)
		s.pass(time.Minute)
		expect("time alone does nothing", done, running, running)
		say(true, 2)
		expect("one of two is carried out", done, done, running)
		say(true, 0)
		expect("a host that has started again and not looked", done, done, running)
		s.must(s.st.Withdraw(s.Context()))
		expect("the host is gone", done, done, failed)
		s.announce()
		expect("and comes back", done, done, running)
		call(s.c.ReissueSSLClients(s.Context(), s.caller, param, ids))
		call(s.c.DeleteSSLClients(s.Context(), s.caller, param, ids))
		say(true, 4)
		expect("all but the last", done, done, done, done, running)
		s.pass(2 * time.Second)
		if _, there := store.SSLClients.Get(s.st.View(), vpc.SSLClientID(client)); there {
			t.Error("the row of a deleted client stays")
		}
		expect("the row is gone, the session may be there", done, done, done, done, running)
		say(true, 5)
		expect("all", done, done, done, done, done)
	})
}

// TestSSLClientTasksOfABatch counts one change for each call, however many clients it is
// about, and none twice.
func TestSSLClientTasksOfABatch(t *testing.T) {
	atSite(t, func(s *site) {
		id, _ := s.dialIn()
		s.report(vpc.Report{SSLServers: []vpc.SSLServerStatus{{ID: id, Generation: 1, Ready: true}}})
		var last control.Began
		for call := range 5 {
			var names []string
			for n := range vpc.MaxSSLBatch {
				names = append(names, fmt.Sprintf("c%d-%d", call, n))
			}
			var err error
			last, err = s.c.CreateSSLClients(s.Context(), s.caller, string(id), "SslVpnClientNames", names, nil)
			s.must(err)
		}
		row, _ := store.SSLServers.Get(s.st.View(), id)
		if row.ClientChanges != 5 || row.Generation != 1 {
			t.Errorf("%d changes, generation %d", row.ClientChanges, row.Generation)
		}
		s.report(vpc.Report{SSLServers: []vpc.SSLServerStatus{{ID: id, Generation: 1, Ready: true, Clients: 4}}})
		if got := s.task(last); got != "RUNNING" {
			t.Errorf("the last batch is on its way: %s", got)
		}
		s.report(vpc.Report{SSLServers: []vpc.SSLServerStatus{{ID: id, Generation: 1, Ready: true, Clients: 5}}})
		if got := s.task(last); got != "SUCCESS" {
			t.Errorf("the last batch is there: %s", got)
		}
	})
}

// TestPoliciesOfDeletedClients deletes hundreds of clients that as many policies name as a
// server may have: no id outlives its client, no policy its last id, and one that was for
// some is not for all.
func TestPoliciesOfDeletedClients(t *testing.T) {
	atSite(t, func(s *site) {
		kind := string(vpc.TypeSSLCCN)
		g, err := s.c.CreateGateway(s.Context(), s.caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, Type: &kind})
		s.must(err)
		s.stands(g.ID, 1)
		began, err := s.c.CreateSSLServer(s.Context(), s.caller, vpc.SSLServerSpec{
			Gateway: string(g.ID), Name: "s", Remote: "172.16.0.0/22", AccessPolicy: true, Settings: vpc.SSLServerSettings{Local: []string{"10.0.0.0/16"}}})
		s.must(err)
		id := vpc.SSLServerID(began.ID)
		const batches = 6
		var clients []vpc.SSLClientID
		for b := range batches {
			names := make([]string, vpc.MaxSSLBatch)
			for i := range names {
				names[i] = fmt.Sprintf("c%d-%d", b, i)
			}
			_, err := s.c.CreateSSLClients(s.Context(), s.caller, string(id), "SslVpnClientNames", names, nil)
			s.must(err)
		}
		for cl := range store.SSLClientsByServer.All(s.st.View(), store.Of(vpc.Scope{Account: s.caller.Account, Region: s.caller.Region}, id)) {
			clients = append(clients, cl.ID)
		}
		for i := range 100 {
			p := vpc.AccessPolicy{Target: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), 0}), 24), Remark: strings.Repeat("界", 255)}
			if i > 0 { // the first is for all
				p.Clients = clients[2*i : 2*i+100]
			}
			_, err := s.c.AddAccessPolicy(s.Context(), s.caller, id, p)
			s.must(err)
		}
		before, _ := store.SSLServers.Get(s.st.View(), id)
		for b := range batches {
			var ids []string
			for _, cl := range clients[b*vpc.MaxSSLBatch : (b+1)*vpc.MaxSSLBatch] {
				if cl != clients[200] { // one stays
					ids = append(ids, string(cl))
				}
			}
			_, err := s.c.DeleteSSLClients(s.Context(), s.caller, "SslVpnClientIds", ids)
			s.must(err)
		}
		s.pass(2 * time.Second)
		if n := store.SSLClients.Len(s.st.View()); n != 1 {
			t.Fatalf("%d clients are left", n)
		}
		row, _ := store.SSLServers.Get(s.st.View(), id)
		named, all := 0, 0
		for _, p := range row.Policies {
			switch fmt.Sprint(p.Clients) {
			case fmt.Sprint([]vpc.SSLClientID{clients[200]}):
				named++
			case "[]":
				all++
			default:
				t.Errorf("a policy is for %d clients", len(p.Clients))
			}
		}
		if all != 1 || named != 49 { // 51 to 99 begin before the two hundredth and end after it
			t.Errorf("%d policies are for all, %d for the one who stays", all, named)
		}
		if row.Generation != before.Generation {
			t.Errorf("the server's generation went from %d to %d", before.Generation, row.Generation)
		}
	})
}

// TestCRL: certificates that were replaced or deleted are on the list, disabled ones are
// not, and the server's authority has signed it.
func TestCRL(t *testing.T) {
	atSite(t, func(s *site) {
		id, _ := s.dialIn()
		var clients []string
		for _, name := range []string{"kept", "disabled", "replaced", "deleted"} {
			began, err := s.c.CreateSSLClients(s.Context(), s.caller, string(id), "SslVpnClientName", []string{name}, nil)
			s.must(err)
			clients = append(clients, began.ID)
		}
		serials := map[string]bool{}
		for _, c := range clients[2:] {
			row, _ := store.SSLClients.Get(s.st.View(), vpc.SSLClientID(c))
			serials[row.Serial] = true
		}
		s.pass(2 * time.Second)
		_, err := s.c.DisableSSLClients(s.Context(), s.caller, "SslVpnClientId", clients[1:2])
		s.must(err)
		_, err = s.c.ReissueSSLClients(s.Context(), s.caller, "SslVpnClientIds", clients[2:3])
		s.must(err)
		_, err = s.c.DeleteSSLClients(s.Context(), s.caller, "SslVpnClientId", clients[3:])
		s.must(err)
		text, err := s.c.RevocationList(s.Context(), id)
		s.must(err)
		block, _ := pem.Decode([]byte(text))
		list, err := x509.ParseRevocationList(block.Bytes)
		s.must(err)
		row, _ := store.SSLServers.Get(s.st.View(), id)
		root, err := pki.ParseCertificate(row.RootCert)
		s.must(err)
		s.must(list.CheckSignatureFrom(root))
		for _, e := range list.RevokedCertificateEntries {
			if !serials[pki.Serial(e.SerialNumber)] {
				t.Errorf("%x is on the list", e.SerialNumber)
			}
		}
		if n := len(list.RevokedCertificateEntries); n != 2 {
			t.Errorf("%d entries, want 2", n)
		}
		if _, err := s.c.RevocationList(s.Context(), "vpns-nobody00"); code(err) != "ResourceNotFound" {
			t.Errorf("of no server: %v", err)
		}
	})
}

// TestRowsHideKeys: what the operator prints of SSL servers and clients holds no secret,
// not even sealed.
func TestRowsHideKeys(t *testing.T) {
	atSite(t, func(s *site) {
		id, _ := s.dialIn()
		_, err := s.c.CreateSSLClients(s.Context(), s.caller, string(id), "SslVpnClientName", []string{"a"}, nil)
		s.must(err)
		for table, fields := range map[string][]string{"sslserver": {"rootKey", "key", "crypt"}, "sslclient": {"key"}} {
			n := 0
			s.must(s.c.Rows(s.Context(), table, "", func(_ string, row json.RawMessage) error {
				var all map[string]any
				if err := json.Unmarshal(row, &all); err != nil {
					return err
				}
				for _, field := range fields {
					if all[field] != nil {
						t.Errorf("%s shows its %s", table, field)
					}
				}
				n++
				return nil
			}))
			if n != 1 {
				t.Errorf("%d rows of %s", n, table)
			}
		}
	})
}
