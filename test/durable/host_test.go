package durable

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// hostWord as the first argument makes this program a host instead of a test.
const hostWord = "host"

// beHost is a host of a cluster, by name, until its standard input ends.
func beHost(args []string) int {
	st, err := store.Open(context.Background(), store.Options{
		DataDir: args[1], MasterKeyFile: args[2], Endpoints: strings.Split(args[3], ","), MinFree: -1, Logger: quiet,
	})
	if err == nil {
		_, err = st.Announce(context.Background(), vpc.Host{Name: vpc.HostName(args[0]), Home: args[1], Engine: "libipsec"})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone
	return 0
}

// hostGone is within what time a silent host's lease must have ended: its own 10 s, what
// etcd adds, and a machine with much else to do.
const hostGone = time.Minute

// TestHostDies has a host on a cluster of etcd. Frozen or killed its row goes with its
// lease, and what it had reported counts no longer; one that goes on is a host again,
// with another epoch. A gateway that was being deleted there waits for it, until the
// operator has the dead one forgotten; then its address comes back.
func TestHostDies(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, 0)
	st, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), MasterKeyFile: c.masterKey, Endpoints: c.endpoints(), MinFree: -1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, st)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := dir + ".log"
	showLogs(t, log)
	host := launch(t, log, exe, hostWord, "far", dir, c.masterKey, strings.Join(c.endpoints(), ","))
	epoch := func() string {
		h, _ := store.Hosts.Get(st.View(), "far")
		if h == nil {
			return ""
		}
		return h.Epoch
	}
	await(t, "the host to be seen", startTime, func() bool { return epoch() != "" })
	first := epoch()
	g := &vpc.Gateway{ID: "vpngw-aaaaaaaa", Host: "far", Public: netip.MustParseAddr("198.51.100.7"), Type: vpc.TypeIPsec, Charge: vpc.Postpaid, Generation: 1}
	put(t, st, g)
	seen := &vpc.GatewayStatus{ID: g.ID, Host: "far", Epoch: first, Generation: 1, Ready: true, Stood: 1}
	if _, err := st.Update(t.Context(), func(tx *store.Tx) error { store.GatewayStatuses.Put(tx, seen); return nil }); err != nil {
		t.Fatal(err)
	}
	ctl := control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, ReuseAfter: time.Hour})
	if got := hostsOf(t, ctl); got != "[{far libipsec true 1 0 0}]" {
		t.Errorf("a host that lives: %s", got)
	}

	host.signal(t, syscall.SIGSTOP)
	frozen := time.Now()
	await(t, "a frozen host's row to go", hostGone, func() bool { return epoch() == "" })
	t.Logf("frozen: its row went after %v", time.Since(frozen).Round(time.Millisecond))
	host.signal(t, syscall.SIGCONT)
	await(t, "the host to be one again", hostGone, func() bool { return epoch() != "" })
	if epoch() == first {
		t.Error("it has the epoch that it had")
	}

	deleted := *g
	deleted.Deleted = 1
	put(t, st, &deleted)
	if out, err := forget(t, ctl); err == nil || !strings.Contains(err.Error(), string(vpc.ResourceInUse)) {
		t.Errorf("a host that lives was forgotten: %+v, %v", out, err)
	}
	host.kill()
	killed := time.Now()
	await(t, "a killed host's row to go", hostGone, func() bool { return epoch() == "" })
	t.Logf("killed: its row went after %v", time.Since(killed).Round(time.Millisecond))
	if got := hostsOf(t, ctl); got != "[{far  false 1 0 1}]" {
		t.Errorf("a host that is gone: %s", got)
	}
	out, err := forget(t, ctl)
	if err != nil || out.Gateways != 1 || out.Left != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	view := st.View()
	if _, left := store.Gateways.Get(view, g.ID); left {
		t.Error("the gateway is there")
	}
	if _, rests := store.ReleasedAddresses.Get(view, g.Public); !rests {
		t.Error("its address is not given back")
	}
	if got := hostsOf(t, ctl); got != "[]" {
		t.Errorf("after that: %s", got)
	}
}

func put(t *testing.T, st *store.Store, g *vpc.Gateway) {
	t.Helper()
	if _, err := st.Update(t.Context(), func(tx *store.Tx) error { store.Gateways.Put(tx, g); return nil }); err != nil {
		t.Fatal(err)
	}
}

func hostsOf(t *testing.T, ctl *control.Control) string {
	t.Helper()
	all, err := ctl.HostStandings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

func forget(t *testing.T, ctl *control.Control) (control.Forgotten, error) {
	t.Helper()
	operator := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "host forget", RequestID: "forget"}
	return ctl.ForgetHost(t.Context(), operator, "far")
}
