package durable

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// smallQuota is what the database of the small cluster's member may hold.
const smallQuota = 64 << 20

// TestQuotaFull fills the database of a cluster to nine tenths of its quota: growth is
// refused before etcd itself would refuse everything, deletions are not, and when there
// is room again growth goes on by itself, also after etcd has closed its doors.
func TestQuotaFull(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, smallQuota)
	s := c.newServer("--settle", "0s").run()
	f := &hoard{server: s, client: newClient(s.account("hoarder").cred), etcd: c.members[0]}
	f.vpc = f.client.vpc(t, s.addr, "hoard")
	for range 50 {
		f.create(t)
	}
	f.ballast(t, 0.89)
	refusal := f.fill(t)
	if refusal.code != vpc.ServiceUnavailable || !strings.Contains(refusal.message, "90 %") {
		t.Fatalf("a write beyond nine tenths of the quota: %v", refusal)
	}
	if r := s.readiness(); !r.Ready || !strings.Contains(r.Cause, "quota") {
		t.Errorf("/readyz beyond nine tenths of the quota: %+v", r)
	}
	for _, id := range f.made[:50] {
		if r := f.client.call(s.addr, "DeleteVpnGateway", inputs{"VpnGatewayId": id}); r.fate != done {
			t.Fatalf("a deletion beyond nine tenths of the quota: %v", r)
		}
	}
	if st := f.status(t); len(st.Errors) > 0 {
		t.Errorf("etcd has come to its own limit: %v", st.Errors)
	}
	f.unload(t)
	f.goesOn(t)

	f.ballast(t, 1.1)
	await(t, "etcd to refuse everything", startTime, func() bool { return len(f.status(t).Errors) > 0 })
	if r := f.create(t); r.fate != refused {
		t.Errorf("a write beyond the quota: %v", r)
	}
	f.unload(t)
	f.goesOn(t)
}

// hoard is a client that makes gateways until the database is full.
type hoard struct {
	server *server
	client *client
	etcd   *member
	vpc    string
	made   []string // ids
	n      int
}

func (f *hoard) create(t *testing.T) *reply {
	t.Helper()
	f.n++
	r := f.client.call(f.server.addr, "CreateVpnGateway", inputs{
		"VpcId": f.vpc, "VpnGatewayName": fmt.Sprintf("g%d", f.n), "InternetMaxBandwidthOut": 5,
	})
	if r.fate == done {
		var out wire.CreateVpnGatewayResponse
		if err := decode(r, &out); err != nil {
			t.Fatal(err)
		}
		f.made = append(f.made, out.VpnGateway.VpnGatewayId)
	}
	return r
}

// fill makes gateways until one is refused.
func (f *hoard) fill(t *testing.T) (last *reply) {
	t.Helper()
	await(t, "the database to be full", startTime, func() bool {
		last = f.create(t)
		return last.fate != done
	})
	return last
}

// goesOn: the server does all by itself that is to be done when there is room again.
func (f *hoard) goesOn(t *testing.T) {
	t.Helper()
	await(t, "growth to be taken again", 2*startTime, func() bool { return f.create(t).fate == done })
	await(t, "/readyz to say that all is well", startTime, func() bool { return f.server.readiness().fresh() })
}

func (f *hoard) status(t *testing.T) *clientv3.StatusResponse {
	t.Helper()
	st, err := f.etcd.status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// junk is a place in the cluster that the server does not look at.
const junk = "gw/claim/junk-"

// ballast fills a share of the quota with something large, so that it need not be
// filled with gateways, and leaves no holes. The whole of it is more than etcd takes.
func (f *hoard) ballast(t *testing.T, share float64) {
	t.Helper()
	have := float64(f.status(t).DbSizeInUse)
	f.inEtcd(t, func(ctx context.Context, c *clientv3.Client) error {
		for n := 0; have < share*smallQuota; n++ {
			size := min(256<<10, int(share*smallQuota-have)+1)
			if _, err := c.Put(ctx, fmt.Sprintf("%s%d", junk, n), strings.Repeat("b", size)); err != nil {
				t.Logf("ballast: %v", err)
				return nil
			}
			have += float64(size)
		}
		_, err := c.Defragment(ctx, f.etcd.client)
		return err
	})
}

// unload takes the ballast out again, and its history, which the server does not know.
func (f *hoard) unload(t *testing.T) {
	t.Helper()
	f.inEtcd(t, func(ctx context.Context, c *clientv3.Client) error {
		gone, err := c.Delete(ctx, junk, clientv3.WithPrefix())
		if err == nil {
			_, err = c.Compact(ctx, gone.Header.Revision)
		}
		return err
	})
}

func (f *hoard) inEtcd(t *testing.T, do func(context.Context, *clientv3.Client) error) {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{f.etcd.client}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := do(ctx, c); err != nil {
		t.Fatal(err)
	}
}
