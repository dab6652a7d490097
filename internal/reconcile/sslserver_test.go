package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

const aServer = vpc.SSLServerID("vpns-aaaaaaaa")

// sslServer puts a gateway's SSL server, or changes it.
func (r *rig) sslServer(gateway int, change func(*vpc.SSLServer)) {
	r.Helper()
	key, err := r.st.Seal(store.SSLServers.Row(aServer), "key", []byte("a key"))
	if err != nil {
		r.Fatal(err)
	}
	crypt, err := r.st.Seal(store.SSLServers.Row(aServer), "crypt", []byte("another"))
	if err != nil {
		r.Fatal(err)
	}
	r.update(func(tx *store.Tx) {
		s := vpc.SSLServer{ID: aServer, Scope: here, VPC: aVPC, Gateway: gatewayID(gateway), Port: 1194, Key: key, Crypt: crypt,
			Remote: netip.MustParsePrefix("172.16.0.0/24"), Local: []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16")}}
		if old, ok := store.SSLServers.Get(tx, aServer); ok {
			s = *old
		}
		if change != nil {
			change(&s)
		}
		s.Generation++
		store.SSLServers.Put(tx, &s)
	})
}

func (r *rig) sslStatus() vpc.SSLServerStatus {
	if s, ok := store.SSLServerStatuses.Get(r.st.View(), aServer); ok {
		return *s
	}
	return vpc.SSLServerStatus{}
}

// TestSSLServerStatus tells what planes see of an SSL server, and why it cannot be there.
func TestSSLServerStatus(t *testing.T) {
	bubble(t, func(r *rig) {
		r.gateway(1, func(g *vpc.Gateway) { g.Type = vpc.TypeSSL })
		r.sslServer(1, nil)
		r.within(time.Second, "it runs", func() bool { s := r.sslStatus(); return s.Ready && s.Generation == 1 && s.Cause == "" })
		r.fault(func(_ context.Context, _ plan.MachineID, what string) error {
			if strings.Contains(what, "4500") {
				return errors.New("the port is taken")
			}
			return nil
		})
		r.sslServer(1, func(s *vpc.SSLServer) { s.Port = 4500 })
		r.within(2*time.Second, "it is told that it does not run", func() bool {
			s := r.sslStatus()
			return !s.Ready && s.Generation == 2 && strings.Contains(s.Cause, "the port is taken")
		})
		r.fault(nil)
		r.within(time.Minute, "it runs again", func() bool { s := r.sslStatus(); return s.Ready && s.Cause == "" })

		r.gateway(1, func(g *vpc.Gateway) { g.Blocked = true })
		r.within(2*time.Second, "a gateway that is shut has none", func() bool { return strings.Contains(r.sslStatus().Cause, "isolated or blocked") })
		r.gateway(1, func(g *vpc.Gateway) { g.Blocked = false })
		r.within(2*time.Second, "and has it again", func() bool { return r.sslStatus().Ready })

		r.sslServer(1, func(s *vpc.SSLServer) { s.Key = nil })
		r.within(2*time.Second, "without its keys it cannot run", func() bool { return strings.Contains(r.sslStatus().Cause, "keys cannot be opened") })
	})
}

// sslClient puts a client of aServer whose certificate ends after a time.
func (r *rig) sslClient(id vpc.SSLClientID, ends time.Duration) {
	r.Helper()
	r.update(func(tx *store.Tx) {
		store.SSLClients.Put(tx, &vpc.SSLClient{ID: id, Scope: here, VPC: aVPC, Gateway: gatewayID(1), Server: aServer, Serial: string(id), Begin: tx.Now(), End: tx.Now().Add(ends)})
	})
}

// admitted are the clients that the gateway's server has in the first plane.
func (r *rig) admitted() (ids string) {
	for line := range strings.Lines(r.fakes[0].Has(plan.GatewayMachine(gatewayID(1)))) {
		if all, ok := strings.CutPrefix(strings.TrimSpace(line), "clients "); ok {
			for c := range strings.SplitSeq(all, ", ") {
				ids += strings.Fields(c)[0] + " "
			}
		}
	}
	return ids
}

// TestCertificateEnds has planes hear of the end of a certificate when it comes, with no
// row changed and long before they would be asked anyway.
func TestCertificateEnds(t *testing.T) {
	bubble(t, func(r *rig) {
		r.gateway(1, func(g *vpc.Gateway) { g.Type = vpc.TypeSSL })
		r.sslServer(1, nil)
		r.sslClient("vpnc-first", 10*time.Second)
		r.sslClient("vpnc-second", 20*time.Second)
		r.sslClient("vpnc-third", 30*time.Hour)
		ends := time.Now().Add(10 * time.Second)
		r.within(time.Second, "all are in", func() bool { return r.admitted() == "vpnc-first vpnc-second vpnc-third " })
		time.Sleep(time.Until(ends) - time.Millisecond)
		if got := r.admitted(); got != "vpnc-first vpnc-second vpnc-third " {
			t.Errorf("just before the first end: %s", got)
		}
		r.within(10*time.Millisecond, "the first is out when its certificate ends", func() bool { return r.admitted() == "vpnc-second vpnc-third " })
		r.sslClient("vpnc-second", time.Hour)
		time.Sleep(15 * time.Second)
		if got := r.admitted(); got != "vpnc-second vpnc-third " {
			t.Errorf("after the end of a certificate that was replaced: %s", got)
		}
		time.Sleep(time.Hour)
		r.within(time.Second, "the second is out, too", func() bool { return r.admitted() == "vpnc-third " })
		calls := r.fakes[0].Calls(plan.GatewayMachine(gatewayID(1)))
		time.Sleep(10 * time.Minute)
		if n := r.fakes[0].Calls(plan.GatewayMachine(gatewayID(1))) - calls; n > 25 {
			t.Errorf("%d passes in ten minutes in which nothing ends", n)
		}
	})
}

// TestClientChanges tells which changes of clients are carried out: those of a plan that a
// plane has applied, those of a server that is not to be, and not those of a pass that
// failed.
func TestClientChanges(t *testing.T) {
	bubble(t, func(r *rig) {
		r.gateway(1, func(g *vpc.Gateway) { g.Type = vpc.TypeSSL })
		change := func(n uint64) {
			r.sslServer(1, func(s *vpc.SSLServer) { s.ClientChanges = n })
			r.sslClient(vpc.SSLClientID(fmt.Sprintf("vpnc-%08d", n)), time.Hour)
		}
		change(1)
		r.within(time.Second, "the first is told", func() bool { return r.sslStatus().Clients == 1 })
		r.fault(func(_ context.Context, _ plan.MachineID, what string) error {
			if strings.Contains(what, "clients") {
				return errors.New("no")
			}
			return nil
		})
		change(2)
		r.within(5*time.Second, "the fault is told", func() bool { return r.sslStatus().Cause != "" })
		if n := r.sslStatus().Clients; n != 1 {
			t.Errorf("what failed is told as carried out: %d", n)
		}
		r.fault(nil)
		r.within(time.Minute, "it is mended", func() bool { return r.sslStatus().Clients == 2 })
		r.gateway(1, func(g *vpc.Gateway) { g.Blocked = true })
		r.within(5*time.Second, "it is shut", func() bool { return !r.sslStatus().Ready })
		change(3)
		r.within(5*time.Second, "nobody is in where there is no server", func() bool { return r.sslStatus().Clients == 3 })
	})
}
