package control_test

import (
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// results are those of an action in the audit, each with a star if it met a fault.
func (d *desk) results(action string) string {
	d.Helper()
	entries, err := d.c.AuditLog(d.Context(), 0, 0, 0)
	d.must(err)
	var out []string
	for _, e := range entries {
		if e.Action != action {
			continue
		}
		if e.Fault {
			e.Result += "*"
		}
		out = append(out, e.Result)
	}
	return strings.Join(out, " ")
}

// TestClearManyFaults clears more faults than a transaction of etcd takes.
func TestClearManyFaults(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		const many = 230
		for range many {
			_, err := d.c.AddFault(d.Context(), d.op, vpc.Fault{Account: a.ID, Action: "X", Code: "C", Left: 1})
			d.must(err)
		}
		clearing := &control.Caller{KeyID: control.Operator, Action: "fault clear"}
		if n, err := d.c.ClearFaults(d.Context(), clearing, "", a.ID); n != many || err != nil {
			d.Errorf("cleared %d: %v", n, err)
		}
		if left, err := d.c.Faults(d.Context()); len(left) != 0 || err != nil {
			d.Errorf("%d are left: %v", len(left), err)
		}
		if got := d.results("fault clear"); got != "OK" {
			d.Errorf("audited %q", got)
		}
	})
}

// TestAuditTellsWhatHappened looks at calls whose result is not just OK or a refusal.
func TestAuditTellsWhatHappened(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		slow := &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", Action: "CreateVpc", Fault: true}
		v, err := d.c.CreateVPC(d.Context(), slow, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16"})
		d.must(err)
		if got := d.results("CreateVpc"); got != "OK*" {
			d.Errorf("a write that a fault slowed is audited as %q", got)
		}

		name := vpc.ResourceName{Region: "ap-guangzhou", Account: a.ID, Resource: vpc.Resource{Prefix: "vpc", ID: string(v.ID)}}
		missing := name
		missing.ID = "vpc-zzzzzzzz"
		tagging := &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Action: "TagResources"}
		var want string
		for _, list := range [][]string{{name.String()}, {name.String(), missing.String()}, {missing.String()}} {
			failed, err := d.c.TagResources(d.Context(), tagging, list, []vpc.Tag{{Key: "k", Value: "v"}})
			d.must(err)
			if len(failed) == len(list) {
				want = string(failed[0].Err.Code)
			}
		}
		if got := d.results("TagResources"); got != "OK OK "+want || want == "" {
			d.Errorf("calls about one, half and no resource that there is are audited as %q", got)
		}
	})
}
