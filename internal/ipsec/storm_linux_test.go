package ipsec

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// held counts what a process can leak.
type held struct{ goroutines, descriptors, files, children int }

func (s *site) held() (h held) {
	s.t.Helper()
	fds, err1 := os.ReadDir("/proc/self/fd")
	files, err2 := os.ReadDir(s.dir)
	if err1 != nil || err2 != nil {
		s.t.Fatal(err1, err2)
	}
	return held{runtime.NumGoroutine(), len(fds), len(files), len(s.leftovers())}
}

// TestStormLeavesNothing makes and removes machines, each with a daemon in a namespace of
// its own, all at once and several times.
func TestStormLeavesNothing(t *testing.T) {
	s := newSite(t)
	p := s.office(1)
	const machines = 12
	var names []string
	for i := range machines {
		name := fmt.Sprintf("gwr-%s-%d", s.tag, i)
		if err := host.CreateNamespace(name, true); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { host.DeleteNamespace(name) })
		names = append(names, name)
	}
	all := func(gone bool) {
		var wg sync.WaitGroup
		for i, name := range names {
			wg.Go(func() {
				w := p.want
				w.Connection, w.Start = id(i), vpc.NegotiateOnFlow
				gateway := fmt.Sprintf("vpngw-storm%03d", i)
				m := plan.Machine{ID: plan.GatewayMachine(vpc.GatewayID(gateway)), Gone: gone,
					Daemons: []plan.Daemon{{Name: gateway, Namespace: name, Engine: plan.EngineLibipsec, Tunnels: []plan.Tunnel{w}}}}
				o, err := s.plane.Apply(t.Context(), m)
				if err != nil || o.Gone != gone || o.Tunnels[id(i)].Loaded == gone {
					t.Errorf("%s: %+v, %v", gateway, o, err)
				}
			})
		}
		wg.Wait()
	}
	before := s.held()
	for round := range 3 {
		began := time.Now()
		all(false)
		if n := s.held().children; n != machines {
			t.Errorf("%d daemons", n)
		}
		t.Logf("round %d: %d daemons loaded after %v", round, machines, time.Since(began))
		all(true)
	}
	s.Eventually(lab.Patience, "nothing is left", func() error {
		if now := s.held(); now.goroutines > before.goroutines || now.descriptors > before.descriptors || now.files > before.files || now.children > 0 {
			return fmt.Errorf("before %+v, now %+v", before, now)
		}
		return nil
	})
}

// TestBothBegin has both sides active, so that they meet half-way.
func TestBothBegin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var peers []*peer
	for n := 1; n <= 4; n++ {
		p := s.office(n)
		p.have.Start = "start"
		s.set(p)
		peers = append(peers, p)
	}
	var wg sync.WaitGroup
	for _, p := range peers {
		wg.Go(p.load)
	}
	s.apply()
	wg.Wait()
	for n, p := range peers {
		s.becomes(id(n+1), true, lab.Patience)
		s.host.Reaches(p.inner(), lab.Patience)
		pings := s.host.PingStart(p.inner())
		s.host.Ping(p.inner(), 100)
		s.whole(p.Name, pings, 0)
	}
}
