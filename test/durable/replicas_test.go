package durable

import (
	"reflect"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestReplicas kills a member of the cluster, the leader and another, and one server
// after the other, under a load that is balanced over both servers, and starts them
// again. Every client looks for what it has made, at once, on any server.
func TestReplicas(t *testing.T) {
	rnd := chance(t)
	c := newCluster(t, 3, 0)
	servers := []*server{c.newServer("--settle", "100ms").run(), c.newServer("--settle", "100ms").run()}
	l := startLoad(t, rnd, 8, servers...)
	l.more(t, 100)
	for round, victim := range servers {
		m := c.leader()
		if round > 0 || m == nil {
			m = c.members[rnd.IntN(len(c.members))]
		}
		m.kill()
		l.more(t, 100+rnd.IntN(200))
		victim.kill()
		l.more(t, 100+rnd.IntN(200))
		c.start(m)
		victim.run()
		l.more(t, 100+rnd.IntN(200))
		for _, s := range servers {
			l.heals(t, s)
			l.check(t, s)
		}
	}
	l.end()
	for _, s := range servers {
		l.check(t, s)
	}
	sameRows(t, servers[0], servers[1])
	for _, s := range servers {
		if took, code := s.terminate(t, startTime); code != 0 {
			t.Fatalf("exit code %d after SIGTERM and %v", code, took)
		}
	}
	opts := store.Options{DataDir: servers[0].dir, Endpoints: c.endpoints(), MasterKeyFile: c.masterKey}
	l.audited(t, openBooks(t, opts, l.account.id, servers[1]))
	t.Logf("%d gateways asked for, %d writes acknowledged", len(l.byName), l.acked)
}

// heals waits until a server says that nothing is wrong any more.
func (l *load) heals(t *testing.T, s *server) {
	t.Helper()
	await(t, "the server to be as before", startTime, func() bool { return s.readiness().fresh() })
}

// sameRows: with the load over, both replicas show the same.
func sameRows(t *testing.T, a, b *server) {
	t.Helper()
	var left, right []vpc.Gateway
	// A deletion may still become due between the two looks.
	await(t, "both servers to show the same rows", startTime, func() bool {
		left, right = rows[vpc.Gateway](a, "gateway"), rows[vpc.Gateway](b, "gateway")
		return reflect.DeepEqual(left, right)
	})
	if len(left) == 0 {
		t.Fatal("no gateway is left to compare")
	}
}
