package durable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

const (
	places   = 6
	callers  = 6
	thinking = 10 * time.Millisecond // at most, between two calls of a caller
)

// history is what callers of two servers have asked, and been told, about a few places.
type history struct {
	servers []*server
	vpcs    []string
	cred    wire.Credential
	began   time.Time

	mu  sync.Mutex
	ops []called
	ids [][]string // seen in each place, the newest last
}

// called is one call before it is known whether it counts.
type called struct {
	porcupine.Operation
	server       int
	reply        *reply
	read, answer bool
}

// TestLinearizable lets callers create, look at, rename and delete gateways of a few
// VPCs, through two servers of which one and then the other is killed, and a member of
// the cluster with them. There must be an order of all calls, each at a moment between
// its question and its answer, in which every answer is right.
//
// Reads that a server has marked as old, for want of a quorum, are left out.
func TestLinearizable(t *testing.T) {
	rnd := chance(t)
	c := newCluster(t, 3, 0)
	servers := []*server{c.newServer("--settle", "0s").run(), c.newServer("--settle", "0s").run()}
	h := newHistory(t, servers)
	stop := h.start(t, rnd)
	for round, victim := range servers {
		h.more(t, 300)
		victim.kill()
		h.more(t, 100+rnd.IntN(100))
		victim.run()
		h.more(t, 100+rnd.IntN(100))
		if round == 0 {
			m := c.leader()
			if m == nil {
				m = c.members[0]
			}
			m.kill()
			h.more(t, 200)
			c.start(m)
		}
	}
	h.more(t, 200)
	stop()
	h.check(t)
}

func newHistory(t *testing.T, servers []*server) *history {
	t.Helper()
	acct := servers[0].account("callers")
	servers[0].setQuota(vpc.QuotaGateways, "callers", 1)
	h := &history{servers: servers, cred: acct.cred, began: time.Now(), ids: make([][]string, places)}
	cl := newClient(acct.cred)
	for i := range places {
		h.vpcs = append(h.vpcs, cl.vpc(t, servers[0].addr, fmt.Sprintf("place-%d", i)))
	}
	return h
}

// start lets the callers begin; stop waits for their last answers.
func (h *history) start(t *testing.T, rnd *rand.Rand) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for n := range callers {
		c := &caller{h, newClient(h.cred), n, rand.New(rand.NewPCG(rnd.Uint64(), 3)), 0}
		all.Go(func() {
			for ctx.Err() == nil {
				c.once()
				pause(ctx, time.Duration(c.rand.Int64N(int64(thinking))))
			}
		})
	}
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}

func (h *history) answered() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, c := range h.ops {
		if c.answer {
			n++
		}
	}
	return n
}

func (h *history) more(t *testing.T, n int) {
	t.Helper()
	want := h.answered() + n
	await(t, fmt.Sprintf("%d more answers", n), startTime, func() bool { return h.answered() >= want })
}

// counted are the operations that count: all writes that may have been done, and the
// reads that were answered and not marked as old.
func (h *history) counted() (ops []porcupine.Operation, old, lost int) {
	spans := make([][]span, len(h.servers))
	for i, s := range h.servers {
		spans[i] = s.staleSpans()
	}
	for _, c := range h.ops {
		switch {
		case c.read && staleDuring(spans[c.server], c.reply.began, c.reply.ended):
			old++
			continue
		case !c.answer && c.read, !c.answer && c.reply.fate == refused:
			continue
		case !c.answer:
			lost++
		}
		ops = append(ops, c.Operation)
	}
	return ops, old, lost
}

func (h *history) check(t *testing.T) {
	t.Helper()
	ops, old, lost := h.counted()
	m := newModel(ops).porcupine()
	result, info := porcupine.CheckOperationsVerbose(m, ops, 60*time.Second)
	t.Logf("%d operations, %d without an answer; left out: %d reads marked as old", len(ops), lost, old)
	if result == porcupine.Ok {
		return
	}
	path := filepath.Join(t.ArtifactDir(), "history.html")
	if err := porcupine.VisualizePath(m, info, path); err != nil {
		t.Error(err)
	}
	t.Fatalf("linearizable: %s; run with -artifacts to keep %s", result, path)
}

// caller makes one call after another.
type caller struct {
	*history
	*client
	n     int
	rand  *rand.Rand
	names int
}

func (c *caller) once() {
	in := ask{place: c.rand.IntN(places), kind: opLook}
	if id := c.anyID(in.place); id != "" {
		in.id = id
	}
	switch x := c.rand.IntN(100); {
	case x < 30:
		in.kind, in.name = opCreate, c.name()
	case x < 50:
	case in.id == "":
	case x < 65:
		in.kind = opFind
	case x < 80:
		in.kind, in.name = opRename, c.name()
	default:
		in.kind = opDelete
	}
	if in.kind == opCreate || in.kind == opLook {
		in.id = ""
	}
	c.ask(in)
}

func (c *caller) name() string {
	c.names++
	return fmt.Sprintf("c%d-%d", c.n, c.names)
}

// anyID is mostly the newest id that was seen in a place.
func (c *caller) anyID(at int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := c.ids[at]
	switch {
	case len(ids) == 0:
		return ""
	case c.rand.IntN(8) == 0:
		return ids[c.rand.IntN(len(ids))]
	}
	return ids[len(ids)-1]
}

// ask makes a call and writes it down.
func (c *caller) ask(in ask) {
	at := c.rand.IntN(len(c.servers))
	action, params := c.params(in)
	r := c.call(c.servers[at].addr, action, params)
	op := called{server: at, reply: r, read: in.kind == opLook || in.kind == opFind}
	op.answer = r.fate == done || r.fate == refused && !unavailable(r)
	out := c.told(in, r)
	op.Operation = porcupine.Operation{
		ClientId: c.n, Input: in, Output: out,
		Call: r.began.Sub(c.began).Nanoseconds(), Return: r.ended.Sub(c.began).Nanoseconds(),
	}
	if !op.answer {
		op.Return = noAnswer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = append(c.ops, op)
	for _, id := range []string{out.id, out.seen.id} {
		if ids := c.ids[in.place]; id != "" && (len(ids) == 0 || ids[len(ids)-1] != id) {
			c.ids[in.place] = append(ids, id)
		}
	}
}

func (c *caller) params(in ask) (action string, params inputs) {
	switch in.kind {
	case opCreate:
		return "CreateVpnGateway", inputs{"VpcId": c.vpcs[in.place], "VpnGatewayName": in.name, "InternetMaxBandwidthOut": 5}
	case opRename:
		return "ModifyVpnGatewayAttribute", inputs{"VpnGatewayId": in.id, "VpnGatewayName": in.name}
	case opDelete:
		return "DeleteVpnGateway", inputs{"VpnGatewayId": in.id}
	case opFind:
		return "DescribeVpnGateways", inputs{"VpnGatewayIds": []string{in.id}}
	}
	filter := map[string]any{"Name": "vpc-id", "Values": []string{c.vpcs[in.place]}}
	return "DescribeVpnGateways", inputs{"Filters": []any{filter}}
}

// told is an answer as the model knows it.
func (c *caller) told(in ask, r *reply) told {
	out := told{fate: r.fate, code: r.code}
	if r.fate != done {
		return out
	}
	switch in.kind {
	case opCreate:
		var made wire.CreateVpnGatewayResponse
		if err := decode(r, &made); err == nil {
			out.id = made.VpnGateway.VpnGatewayId
		}
	case opLook, opFind:
		var list wire.DescribeVpnGatewaysResponse
		if err := decode(r, &list); err == nil && len(list.VpnGatewaySet) == 1 {
			g := list.VpnGatewaySet[0]
			out.seen = place{there: true, going: g.State == "DELETING", id: g.VpnGatewayId, name: g.VpnGatewayName}
		} else if err != nil || len(list.VpnGatewaySet) > 1 {
			out.seen = place{there: true, name: "more than one"} // never right
		}
	}
	return out
}
