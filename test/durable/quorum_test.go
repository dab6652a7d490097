package durable

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// How long a server may take, with the quorum lost, to refuse a write and to answer a
// read. Its own patience with the cluster is in it, and a busy machine.
const (
	refuseTime = 12 * time.Second
	answerTime = 8 * time.Second
)

// TestQuorumLost takes two of three members away, killed or frozen, and gives them back.
func TestQuorumLost(t *testing.T) {
	for _, c := range []struct {
		name       string
		take, give func(*cluster, *member)
	}{
		{"killed", func(_ *cluster, m *member) { m.kill() }, (*cluster).start},
		{"frozen",
			func(c *cluster, m *member) { m.signal(c.t, syscall.SIGSTOP) },
			func(c *cluster, m *member) { m.signal(c.t, syscall.SIGCONT) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := newQuorumTest(t)
			q.interrupted(t, func() {
				for _, m := range q.members[1:] {
					c.take(q.cluster, m)
				}
			})
			q.lost(t)
			for _, m := range q.members[1:] {
				c.give(q.cluster, m)
			}
			q.healed(t)
		})
	}
}

// quorumTest is a cluster with one server on it and a client that knows what it made.
type quorumTest struct {
	*cluster
	server *server
	client *client
	vpc    string

	mu      sync.Mutex
	made    []string // ids of acknowledged gateways
	refused []string // names of those that were certainly not made
	unsure  int      // calls without an outcome
	n       int
}

func newQuorumTest(t *testing.T) *quorumTest {
	q := &quorumTest{cluster: newCluster(t, 3, 0)}
	q.server = q.cluster.newServer().run()
	q.client = newClient(q.server.account("load").cred)
	q.vpc = q.client.vpc(t, q.server.addr, "quorum")
	for range 3 {
		if r := q.create(t); r.fate != done {
			t.Fatalf("before anything has happened: %v", r)
		}
	}
	return q
}

func (q *quorumTest) create(t *testing.T) *reply {
	t.Helper()
	q.mu.Lock()
	q.n++
	name := fmt.Sprintf("g%d", q.n)
	q.mu.Unlock()
	r := q.client.call(q.server.addr, "CreateVpnGateway", inputs{"VpcId": q.vpc, "VpnGatewayName": name, "InternetMaxBandwidthOut": 5})
	if took := r.ended.Sub(r.began); took > refuseTime {
		t.Errorf("it took %v to answer a write: %v", took, r)
	}
	var out wire.CreateVpnGatewayResponse
	if err := decode(r, &out); err != nil && (r.err != nil || r.code != vpc.ServiceUnavailable) {
		t.Error(err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch r.fate {
	case done:
		q.made = append(q.made, out.VpnGateway.VpnGatewayId)
	case refused:
		q.refused = append(q.refused, name)
	default:
		q.unsure++
	}
	return r
}

// interrupted takes the quorum away while clients write, and waits until each of them
// has been told that it cannot.
func (q *quorumTest) interrupted(t *testing.T, take func()) {
	t.Helper()
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for q.create(t).fate == done {
			}
		})
	}
	await(t, "the clients to write", startTime, func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.made) > 50
	})
	take()
	clients.Wait()
}

// lost is what holds while there is no quorum: writes are refused with a code and a
// cause, soon at once; reads are answered from what the server has, and it says so.
func (q *quorumTest) lost(t *testing.T) {
	t.Helper()
	q.refuses(t)
	await(t, "/readyz to say that reads may be old", startTime, func() bool {
		r := q.server.readiness()
		return r.Status == 200 && r.Ready && r.Stale && !r.Writable && r.Cause != ""
	})
	for range 3 {
		q.refuses(t)
		q.reads(t)
	}
	if took := q.refuses(t); took > time.Second {
		t.Errorf("a server that knows of the lost quorum took %v to refuse a write", took)
	}
	if took := q.reads(t); took > time.Second {
		t.Errorf("a server that knows of the lost quorum took %v to answer a read", took)
	}
	if r := q.server.readiness(); !r.Ready || !r.Stale || r.Writable {
		t.Errorf("/readyz without a quorum: %+v", r)
	}
}

func (q *quorumTest) refuses(t *testing.T) time.Duration {
	t.Helper()
	r := q.create(t)
	if r.fate == done {
		t.Fatalf("a write was acknowledged without a quorum: %v", r)
	}
	return r.ended.Sub(r.began)
}

func (q *quorumTest) reads(t *testing.T) time.Duration {
	t.Helper()
	r := q.client.call(q.server.addr, "DescribeVpnGateways", inputs{"VpnGatewayIds": q.made[:3]})
	var out wire.DescribeVpnGatewaysResponse
	if err := decode(r, &out); err != nil {
		t.Fatalf("a read without a quorum: %v", err)
	}
	if len(out.VpnGatewaySet) != 3 {
		t.Errorf("a read without a quorum: %d gateways of 3", len(out.VpnGatewaySet))
	}
	took := r.ended.Sub(r.began)
	if took > answerTime {
		t.Errorf("it took %v to answer a read", took)
	}
	return took
}

// healed is what holds when the members are back: the same server process writes again,
// and what it refused it has not done.
func (q *quorumTest) healed(t *testing.T) {
	t.Helper()
	process := q.server.process
	await(t, "a write to be acknowledged again", startTime, func() bool { return q.create(t).fate == done })
	await(t, "/readyz to say that all is well", startTime, func() bool { return q.server.readiness().fresh() })
	if q.server.process != process || !process.running() {
		t.Fatal("the server did not heal by itself")
	}
	there := map[string]bool{}
	for _, g := range rows[vpc.Gateway](q.server, "gateway") {
		if there[g.Name] {
			t.Errorf("one call has made two gateways named %s", g.Name)
		}
		there[g.Name], there[string(g.ID)] = true, true
	}
	for _, id := range q.made {
		if !there[id] {
			t.Errorf("%s was acknowledged and is not there", id)
		}
	}
	for _, name := range q.refused {
		if there[name] {
			t.Errorf("%s was refused and is there", name)
		}
	}
	t.Logf("%d made, %d refused, %d without an outcome", len(q.made), len(q.refused), q.unsure)
}
