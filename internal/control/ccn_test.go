package control_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// meshWalk is a random walk of two accounts over CCNs and what is attached to them.
type meshWalk struct {
	*desk
	rnd     *rand.Rand
	callers [2]*control.Caller
	seen    map[string]int // answers by action and code
}

func (w *meshWalk) note(action string, err error) {
	w.Helper()
	got := code(err)
	if got == "" || got != "OK" && err != nil && len(got) > 80 {
		w.Fatalf("%s: %v", action, err)
	}
	w.seen[action+" "+got]++
}

// pick draws an id of anybody's, now and then one of nobody.
func (w *meshWalk) pick(prefix vpc.Prefix, ids []string) string {
	if len(ids) == 0 || w.rnd.IntN(20) == 0 {
		return string(prefix) + "-nobody00"
	}
	return ids[w.rnd.IntN(len(ids))]
}

func (w *meshWalk) ids() (ccns, vpcs, gateways []string) {
	view := w.st.View()
	for c := range store.CCNs.All(view) {
		ccns = append(ccns, string(c.ID))
	}
	for v := range store.VPCs.All(view) {
		vpcs = append(vpcs, string(v.ID))
	}
	for g := range store.Gateways.All(view) {
		gateways = append(gateways, string(g.ID))
	}
	return ccns, vpcs, gateways
}

func (w *meshWalk) step() {
	ctx, caller := w.Context(), w.callers[w.rnd.IntN(2)]
	ccns, vpcs, gateways := w.ids()
	spec := vpc.AttachSpec{CCN: w.pick(vpc.PrefixCCN, ccns)}
	if w.rnd.IntN(2) == 0 {
		spec.Owner = strconv.FormatUint(uint64(w.callers[w.rnd.IntN(2)].Account), 10)
	}
	for range 1 + w.rnd.IntN(2) {
		in := vpc.CCNInstance{ID: w.pick(vpc.PrefixVPC, vpcs), Region: "ap-guangzhou", Type: vpc.InstanceVPC}
		if w.rnd.IntN(3) == 0 {
			in.ID, in.Type = w.pick(vpc.PrefixGateway, gateways), vpc.InstanceGateway
		}
		spec.Instances = append(spec.Instances, in)
	}
	switch w.rnd.IntN(14) {
	case 0:
		_, err := w.c.CreateCCN(ctx, caller, vpc.CCNSpec{Name: "c", Tags: []vpc.Tag{{Key: "k", Value: "v"}}})
		w.note("create ccn", err)
	case 1:
		_, err := w.c.CreateVPC(ctx, caller, vpc.VPCSpec{Name: "v", CIDR: fmt.Sprintf("10.%d.0.0/16", w.rnd.IntN(3)), Publish: true})
		w.note("create vpc", err)
	case 2:
		kind := string(vpc.TypeCCN)
		_, err := w.c.CreateGateway(ctx, caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, Type: &kind})
		w.note("create gateway", err)
	case 3, 4, 5:
		w.note("attach", w.c.AttachInstances(ctx, caller, spec))
	case 6:
		w.note("detach", w.c.DetachInstances(ctx, caller, spec))
	case 7, 8:
		w.note("accept", w.c.AcceptInstances(ctx, caller, spec))
	case 9:
		w.note("reject", w.c.RejectInstances(ctx, caller, spec))
	case 10:
		w.note("reset", w.c.ResetInstances(ctx, caller, spec))
	case 11:
		w.note("delete ccn", w.c.DeleteCCN(ctx, caller, spec.CCN))
	case 12:
		w.note("delete vpc", w.c.DeleteVPC(ctx, caller, w.pick(vpc.PrefixVPC, vpcs)))
		w.note("delete gateway", w.c.DeleteGateway(ctx, caller, w.pick(vpc.PrefixGateway, gateways)))
	case 13:
		time.Sleep([]time.Duration{time.Second, time.Hour, vpc.AttachmentPatience}[w.rnd.IntN(3)])
		_, err := w.c.RunDue(ctx)
		w.must(err)
	}
}

// check holds the rows against what must always be true of them.
func (w *meshWalk) check() {
	view, now := w.st.View(), w.st.Now()
	each, active := map[string]int{}, map[vpc.CCNID]int{}
	for a := range store.Attachments.All(view) {
		ccn, ok := store.CCNs.Get(view, a.CCN)
		if !ok || ccn.Account != a.Account {
			w.Fatalf("an attachment to a CCN that is not there: %+v", a)
		}
		w.checkInstance(view, a, a.StateAt(now) == vpc.AttachmentActive)
		each[a.Instance]++
		if a.StateAt(now) == vpc.AttachmentActive {
			active[a.CCN]++
		} else if a.Account == a.Owner {
			w.Fatalf("an account that asks itself: %+v", a)
		}
		if each[a.Instance] > 1 || active[a.CCN] > 3 {
			w.Fatalf("%d attachments of %s, %d active in %s", each[a.Instance], a.Instance, active[a.CCN], a.CCN)
		}
	}
	for g := range store.Gateways.All(view) {
		a, ok := store.Attachments.Get(view, store.AttachmentKey{CCN: g.Network, Instance: string(g.ID)})
		if g.Network != "" && (!ok || a.StateAt(now) != vpc.AttachmentActive) {
			w.Fatalf("%s thinks that it is in %s", g.ID, g.Network)
		}
	}
	for _, caller := range w.callers {
		w.checkWall(caller)
	}
}

func (w *meshWalk) checkInstance(view *store.View, a *vpc.Attachment, active bool) {
	v, isVPC := store.VPCs.Get(view, vpc.VPCID(a.Instance))
	g, isGateway := store.Gateways.Get(view, vpc.GatewayID(a.Instance))
	want := vpc.Scope{Account: a.Owner, Region: a.Region}
	switch {
	case a.InstanceType == vpc.InstanceVPC && isVPC && v.Scope == want:
	case a.InstanceType == vpc.InstanceGateway && isGateway && g.Scope == want && g.Network == a.CCN && active && a.Owner == a.Account:
	default:
		w.Fatalf("an attachment of what is not there, or not so: %+v", a)
	}
}

// checkWall reads the lists as one account: nothing of the other may be in them but what
// both agreed on.
func (w *meshWalk) checkWall(caller *control.Caller) {
	_, attachments, err := w.c.Attachments(w.Context(), caller, control.AttachmentQuery{Query: control.Query{Limit: 100}})
	w.must(err)
	for _, a := range attachments {
		if a.Account != caller.Account && a.Owner != caller.Account {
			w.Fatalf("account %d sees %+v", caller.Account, a.Attachment)
		}
	}
	ccns, _, _ := w.ids()
	for _, id := range ccns {
		_, routes, err := w.c.CCNRoutes(w.Context(), caller, control.CCNRouteQuery{CCN: id, Query: control.Query{Limit: 100}})
		ccn, _ := store.CCNs.Get(w.st.View(), vpc.CCNID(id))
		if ccn.Account == caller.Account && err != nil {
			w.Fatalf("account %d does not see its own routes: %v", caller.Account, err)
		}
		for _, r := range routes {
			if ccn.Account != caller.Account && r.Owner != caller.Account {
				w.Fatalf("account %d sees the route %+v", caller.Account, r)
			}
		}
	}
}

func TestMeshWalk(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(20) {
		atDesk(t, func(d *desk) {
			w := &meshWalk{desk: d, rnd: rand.New(rand.NewPCG(seed, 1)), seen: seen}
			for i := range w.callers {
				a, _ := d.account(fmt.Sprintf("a%d", i))
				w.callers[i] = &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", RequestID: "r"}
			}
			d.must(d.c.SetQuota(d.Context(), d.op, vpc.Quota{Name: vpc.QuotaCCNAttachments, Value: 3}))
			for range 400 {
				w.step()
				w.check()
			}
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		})
	}
	for _, want := range []string{
		"attach OK", "attach UnsupportedOperation.CcnAttached", "attach LimitExceeded.CurrentInstanceAttachedCcnInstances", "attach LimitExceeded",
		"attach UnsupportedOperation.CcnCrossAccount", "attach UnsupportedOperation.InvalidState", "attach ResourceNotFound",
		"detach OK", "accept OK", "reject OK", "reset OK", "accept UnsupportedOperation.InvalidInstanceState", "reset UnsupportedOperation",
		"delete ccn OK", "delete ccn UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn", "delete vpc OK", "delete gateway OK",
	} {
		if seen[want] == 0 {
			t.Errorf("the walk never saw %q", want)
		}
	}
}
