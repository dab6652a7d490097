package durable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// load is clients that make, resize and delete gateways of one account, balanced over
// its servers, until it is stopped.
type load struct {
	*record
	account account
	servers []*server
	vpcs    []string
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// worker is one client. Its gateways are its own, so that it knows what they are.
type worker struct {
	*load
	*client
	n     int
	rand  *rand.Rand
	made  int      // gateways it has tried to make
	live  []*entry // those it may still change
	avoid int      // the server that refused a connection last, -1: none
}

// loadTags are on every gateway of a load.
var loadTags = []vpc.Tag{{Key: "made-by", Value: "load"}, {Key: "purpose", Value: "durability"}}

// startLoad begins a load on servers that are ready.
func startLoad(t *testing.T, rnd *rand.Rand, workers int, servers ...*server) *load {
	t.Helper()
	first := servers[0]
	l := &load{record: newRecord(), account: first.account("load"), servers: servers}
	c := newClient(l.account.cred)
	for i := range 2 {
		l.vpcs = append(l.vpcs, c.vpc(t, first.addr, fmt.Sprintf("load-%d", i)))
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	for n := range workers {
		w := &worker{load: l, client: newClient(l.account.cred), n: n, rand: rand.New(rand.NewPCG(rnd.Uint64(), 2)), avoid: -1}
		l.workers.Go(func() { w.run(ctx) })
	}
	t.Cleanup(l.end)
	return l
}

// end stops the load and waits for its last answers.
func (l *load) end() {
	l.stop()
	l.workers.Wait()
}

// more waits until n more writes have been acknowledged.
func (l *load) more(t *testing.T, n int) {
	t.Helper()
	want := l.acknowledged() + n
	await(t, fmt.Sprintf("%d more acknowledged writes", n), startTime, func() bool { return l.acknowledged() >= want })
}

// check compares the rows of a server with the record.
func (l *load) check(t *testing.T, s *server) {
	t.Helper()
	before := l.snapshot()
	l.compare(before, rows[vpc.Gateway](s, "gateway"))
	l.report(t)
}

func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		var r *reply
		switch x := w.rand.IntN(100); {
		case len(w.live) == 0 || x < 50:
			r = w.create()
		case x < 80:
			r = w.remove()
		default:
			r = w.resize()
		}
		if r.fate != done {
			pause(ctx, time.Duration(w.rand.IntN(20))*time.Millisecond) // as clients do
		}
	}
}

// write makes one call on one of the servers.
func (w *worker) write(action string, in inputs) *reply {
	at := w.pick()
	r := w.call(w.servers[at].addr, action, in)
	w.avoid = -1
	if r.fate == refused && r.err != nil {
		w.avoid = at
	}
	if r.code == vpc.InternalError {
		w.fault("%s: %v", action, r)
	}
	return r
}

// pick is the balancer: any server, but not the one that has just refused a connection.
func (w *worker) pick() int {
	at := w.rand.IntN(len(w.servers))
	if at == w.avoid {
		at = (at + 1) % len(w.servers)
	}
	return at
}

func (w *worker) create() *reply {
	w.made++
	e := &entry{name: fmt.Sprintf("w%d-%d", w.n, w.made), vpc: w.vpcs[w.rand.IntN(len(w.vpcs))], made: asked, sizes: map[uint64]bool{5: true}}
	w.change(func() { w.byName[e.name] = e })
	prepaid := w.rand.IntN(30) == 0
	r := w.write("CreateVpnGateway", createInputs(e, prepaid))
	var out wire.CreateVpnGatewayResponse
	if r.fate == done {
		if err := decode(r, &out); err != nil {
			w.fault("CreateVpnGateway: %v", err)
			return r
		}
	}
	w.change(func() {
		e.made = r.fate
		if r.fate == done {
			e.id, e.address = out.VpnGateway.VpnGatewayId, out.VpnGateway.PublicIpAddress
			w.settledLocked(r, "CreateVpnGateway")
			w.holdLocked(e.address, e.name)
		}
	})
	if r.fate != done {
		return r
	}
	w.find(e, true)
	if !prepaid {
		w.live = append(w.live, e)
	}
	return r
}

func createInputs(e *entry, prepaid bool) inputs {
	in := inputs{
		"VpcId": e.vpc, "VpnGatewayName": e.name, "InternetMaxBandwidthOut": 5,
		"Tags": []map[string]string{
			{"Key": loadTags[0].Key, "Value": loadTags[0].Value}, {"Key": loadTags[1].Key, "Value": loadTags[1].Value},
		},
	}
	if prepaid {
		in["InstanceChargeType"] = "PREPAID"
		in["InstanceChargePrepaid"] = map[string]any{"Period": 1, "RenewFlag": "NOTIFY_AND_MANUAL_RENEW"}
	}
	return in
}

// find looks for a gateway at once, on any server: what was acknowledged by one is to be
// seen on all.
func (w *worker) find(e *entry, there bool) {
	at := w.pick()
	r := w.call(w.servers[at].addr, "DescribeVpnGateways", inputs{"VpnGatewayIds": []string{e.id}})
	if r.err != nil || r.fate != done && r.code == vpc.ServiceUnavailable {
		return // the server is down or not up yet
	}
	g, err := gatewayOf(r)
	switch {
	case err != nil:
		w.fault("%s: %v", e.name, err)
	case (g != nil) == there:
		if there && (g.VpnGatewayName != e.name || g.PublicIpAddress != e.address) {
			w.fault("%s, %s: it is described as %s, %s", e.name, e.address, g.VpnGatewayName, g.PublicIpAddress)
		}
	case !staleDuring(w.servers[at].staleSpans(), r.began, r.ended):
		w.fault("%s (%s): acknowledged as there=%v, and then server %d does not agree", e.name, e.id, there, at)
	}
}

func (w *worker) remove() *reply {
	i := w.rand.IntN(len(w.live))
	e := w.live[i]
	w.change(func() { e.gone = asked })
	r := w.write("DeleteVpnGateway", inputs{"VpnGatewayId": e.id})
	w.change(func() {
		e.gone = r.fate
		if r.fate == done {
			w.settledLocked(r, "DeleteVpnGateway")
		}
	})
	if r.fate == refused && !unavailable(r) {
		w.fault("%s: DeleteVpnGateway: %v", e.name, r)
	}
	if r.fate == done || r.fate == unknown {
		w.live = slices.Delete(w.live, i, i+1)
	}
	if r.fate == done {
		w.find(e, false)
	}
	return r
}

func (w *worker) resize() *reply {
	e := w.live[w.rand.IntN(len(w.live))]
	size := []uint64{5, 10, 20, 50, 100}[w.rand.IntN(5)]
	had := false
	w.change(func() { had, e.sizes[size] = e.sizes[size], true })
	r := w.write("ResetVpnGatewayInternetMaxBandwidth", inputs{"VpnGatewayId": e.id, "InternetMaxBandwidthOut": size})
	w.change(func() {
		switch r.fate {
		case refused:
			if !had {
				delete(e.sizes, size)
			}
		case unknown:
			e.resizes++
		case done:
			w.settledLocked(r, "ResetVpnGatewayInternetMaxBandwidth")
			if e.resizes == 0 { // an earlier call without an answer may still come true
				e.sizes = map[uint64]bool{size: true}
			}
		}
	})
	return r
}

// unavailable reports a refusal that says only that the server cannot now.
func unavailable(r *reply) bool { return r.err != nil || r.code == vpc.ServiceUnavailable }
