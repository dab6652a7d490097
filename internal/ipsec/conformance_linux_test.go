package ipsec

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestConformance holds the plane to what the loops rely on. What there is on the host is
// asked of charon by its own tool.
func TestConformance(t *testing.T) {
	planetest.Conformance(t, func(t *testing.T) planetest.Subject {
		s := newSite(t)
		p := s.office(1)
		namespace := func(n int) string { return fmt.Sprintf("gwr-%s-c%d", s.tag, n) }
		for n := range 3 {
			if err := host.CreateNamespace(namespace(n), true); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { host.DeleteNamespace(namespace(n)) })
		}
		machine := func(n int) plan.Machine {
			w := p.want
			w.Connection, w.Start = id(n+1), vpc.NegotiatePassive
			name := fmt.Sprintf("vpngw-conf%04d", n)
			return plan.Machine{ID: plan.GatewayMachine(vpc.GatewayID(name)),
				Daemons: []plan.Daemon{{Name: name, Namespace: namespace(n), Engine: plan.EngineLibipsec, Tunnels: []plan.Tunnel{w}}}}
		}
		return planetest.Subject{
			Planes:  []reconcile.Plane{s.plane},
			Machine: machine,
			Changed: func(n int) plan.Machine {
				m := machine(n)
				w := m.Daemons[0].Tunnels[0]
				w.IKE.DHGroup = "GROUP14"
				more := w
				more.Connection, more.RemoteID = id(n+100), plan.Identity{Kind: vpc.IdentityFQDN, Text: "another"}
				more.Children = []plan.Child{{Name: "more", Local: w.Children[0].Local, Remote: w.Children[0].Remote}}
				m.Daemons[0].Tunnels = []plan.Tunnel{w, more}
				return m
			},
			State: s.print,
			Fail:  s.breaks(),
		}
	})
}

// breaks cuts the connection to charon at the nth command that changes something.
func (s *site) breaks() func(n int) func() bool {
	var left atomic.Int64
	left.Store(-1)
	s.plane.dial = func(ctx context.Context, path string) (net.Conn, error) {
		c, err := dialUnix(ctx, path)
		return brittle{c, &left}, err
	}
	return func(n int) func() bool {
		left.Store(int64(n) + 1)
		return func() bool { return left.Swap(-1) <= 0 }
	}
}

// brittle is a connection that breaks before a command is sent; it counts down to that.
type brittle struct {
	net.Conn
	left *atomic.Int64
}

func (b brittle) Write(packet []byte) (int, error) {
	if changes(packet) && b.left.Add(-1) == 0 {
		b.Close()
	}
	return b.Conn.Write(packet)
}

// changes says whether a packet is a command that changes what charon holds.
func changes(packet []byte) bool {
	const header = 6 // length of the packet, kind, length of the command's name
	if len(packet) <= header || packet[4] != 0 {
		return false
	}
	command := string(packet[header:])
	return strings.HasPrefix(command, "load-") || strings.HasPrefix(command, "unload-")
}

// print is every daemon with what it holds, and every file of the runtime directory. An
// old log beside its log is left out: whether there is one hangs on how much was said.
func (s *site) print(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	files, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range files {
		names[f.Name()] = true
	}
	for _, f := range files {
		if log, old := strings.CutSuffix(f.Name(), ".old"); !old || !names[log] {
			fmt.Fprintln(&b, f.Name())
		}
	}
	for _, c := range s.leftovers() {
		c.Release()
		out, err := exec.Command("swanctl", "--list-conns", "--uri", "unix://"+s.children.Path(c.Name, endSocket)).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", c.Name, err, out)
		}
		fmt.Fprintf(&b, "%s\n%s", c.Name, out)
	}
	return b.String()
}
