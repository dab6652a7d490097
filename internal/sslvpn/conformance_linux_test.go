package sslvpn

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestConformance holds the plane to what the loops rely on.
func TestConformance(t *testing.T) {
	planetest.Conformance(t, func(t *testing.T) planetest.Subject {
		b := newBench(t)
		var homes []*lab.Namespace
		for n := range 2 {
			home := b.Namespace(fmt.Sprintf("gw%d", n))
			home.Address("lo", public+"/32")
			homes = append(homes, home)
		}
		machine := func(n int) plan.Machine {
			s := *b.server()
			s.ID, s.Namespace = vpc.SSLServerID(fmt.Sprintf("vpns-conf%04d", n)), homes[n].Name
			return plan.Machine{ID: plan.GatewayMachine(vpc.GatewayID(fmt.Sprintf("vpngw-conf%04d", n))), SSLServers: []plan.SSLServer{s}}
		}
		return planetest.Subject{
			Planes:  []reconcile.Plane{b.plane},
			Machine: machine,
			Changed: func(n int) plan.Machine {
				m := machine(n)
				m.SSLServers[0].Listen = netip.MustParseAddrPort(public + ":1195")
				return m
			},
			State: b.print,
			Fail:  b.breaks(),
		}
	})
}

// breaks makes the nth change of the host from now on fail.
func (b *bench) breaks() func(n int) func() bool {
	var left atomic.Int64
	left.Store(-1)
	b.plane.brittle = func(change string) error {
		if left.Add(-1) == 0 {
			return errors.New(change + ": injected")
		}
		return nil
	}
	return func(n int) func() bool {
		left.Store(int64(n) + 1)
		return func() bool { return left.Swap(-1) <= 0 }
	}
}

// print is every file of the runtime directory, the configurations' content, and who
// runs where.
func (b *bench) print(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	dir := filepath.Dir(b.children.Path("x", ""))
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		fmt.Fprint(&out, f.Name())
		if strings.HasSuffix(f.Name(), endConfig) {
			text, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, " %x", sha256.Sum256(text))
		}
		fmt.Fprintln(&out)
	}
	all, err := b.children.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		fmt.Fprintf(&out, "%s runs in %s\n", c.Name, b.home(c))
		c.Release()
	}
	return out.String()
}

// home is the namespace that a child is in.
func (b *bench) home(c *host.Child) string {
	for _, name := range lab.Namespaces(fmt.Sprintf("lab-%d-", os.Getpid())) {
		if c.Inside(name) {
			return name
		}
	}
	return "nowhere"
}
