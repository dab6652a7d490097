package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// street is a site with a subnet whose host attaches what it is told, but for namespaces
// that it does not have.
type street struct {
	*site
	op     *control.Caller
	subnet vpc.SubnetID
	absent map[string]bool
	slow   bool // it says nothing
}

func inStreet(t *testing.T, test func(*street)) {
	atSite(t, func(s *site) {
		v, err := s.c.CreateVPC(s.Context(), s.caller, vpc.VPCSpec{Name: "v", CIDR: "10.7.0.0/16"})
		s.must(err)
		made, err := s.c.CreateSubnets(s.Context(), s.caller, control.SubnetOrder{VPC: string(v.ID), One: true, Subnets: []vpc.SubnetSpec{{Name: "s", CIDR: "10.7.1.0/29", Zone: "ap-guangzhou-1"}}})
		s.must(err)
		d := &street{site: s, subnet: made[0].ID, absent: map[string]bool{}}
		d.op = &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "subnet attach", RequestID: "r"}
		test(d)
	})
}

// attach asks for an attachment while the host does its part.
func (d *street) attach(spec vpc.WorkloadSpec) (control.WorkloadView, error) {
	d.Helper()
	spec.Subnet = d.subnet
	changed := d.st.View().Changed()
	type answer struct {
		view control.WorkloadView
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		v, err := d.c.AttachSubnet(d.Context(), d.op, spec)
		done <- answer{v, err}
	}()
	for {
		select {
		case a := <-done:
			return a.view, a.err
		case <-changed:
			changed = d.st.View().Changed()
			d.work()
		}
	}
}

// work is a pass of the host.
func (d *street) work() {
	d.Helper()
	var r vpc.Report
	for w := range store.Workloads.All(d.st.View()) {
		switch {
		case d.slow:
		case w.Deleted != 0:
			r.GoneWorkloads = append(r.GoneWorkloads, w.ID)
		case d.absent[w.Namespace]:
			r.Workloads = append(r.Workloads, vpc.WorkloadStatus{ID: w.ID, Generation: w.Generation, Cause: "no namespace " + w.Namespace})
		default:
			r.Workloads = append(r.Workloads, vpc.WorkloadStatus{ID: w.ID, Generation: w.Generation, Ready: true})
		}
	}
	d.report(r)
}

// free is what DescribeSubnets says of the subnet.
func (d *street) free() uint64 {
	d.Helper()
	_, rows, err := d.c.Subnets(d.Context(), d.caller, control.Query{Limit: 10})
	d.must(err)
	return rows[0].Available
}

func (d *street) listed() string {
	d.Helper()
	rows, err := d.c.AttachedTo(d.Context(), d.subnet)
	d.must(err)
	var out []string
	for _, w := range rows {
		out = append(out, fmt.Sprintf("%s %s %s", w.Name(), w.Address, w.State))
	}
	return strings.Join(out, ", ")
}

func TestAttach(t *testing.T) {
	inStreet(t, func(d *street) {
		if n := d.free(); n != 5 {
			t.Errorf("an empty /29 has %d free addresses", n)
		}
		one, err := d.attach(vpc.WorkloadSpec{Namespace: "one"})
		d.must(err)
		if one.Address.String() != "10.7.1.2" || one.Gateway.String() != "10.7.1.1" || one.Range.Bits() != 29 || one.Host != "h" || one.Account != d.caller.Account {
			t.Errorf("attached %+v", one)
		}
		_, err = d.attach(vpc.WorkloadSpec{Namespace: "two", Address: "10.7.1.6"})
		d.must(err)
		_, err = d.attach(vpc.WorkloadSpec{Device: "eth1.20"})
		d.must(err)
		again, err := d.attach(vpc.WorkloadSpec{Namespace: "one"})
		d.must(err)
		if again.ID != one.ID {
			t.Errorf("attached twice: %s and %s", one.ID, again.ID)
		}
		if n := d.free(); n != 3 {
			t.Errorf("with two workloads %d addresses are free", n)
		}
		for want, spec := range map[string]vpc.WorkloadSpec{
			"ResourceInUse": {Namespace: "three", Address: "10.7.1.6"}, "InvalidParameter": {},
			"InvalidParameterValue.Reserved": {Namespace: "three", Address: "10.7.1.1"},
		} {
			if _, err := d.attach(spec); code(err) != want {
				t.Errorf("%+v: %v, want %s", spec, err, want)
			}
		}
		if _, err := d.attach(vpc.WorkloadSpec{Namespace: "one", Address: "10.7.1.5"}); code(err) != "ResourceInUse" {
			t.Errorf("another address for what is attached: %v", err)
		}
		n, used, err := d.c.UsedAddresses(d.Context(), d.caller, control.AddressQuery{VPC: string(one.VPC), Limit: 10})
		d.must(err)
		if n != 3 || used[1].Addr != one.Address || used[1].Type != control.AddressWorkload || used[1].Holder != string(one.ID) {
			t.Errorf("used addresses %+v", used)
		}
	})
}

// TestAttachFails: what the host cannot attach is not kept, and the cause is told.
func TestAttachFails(t *testing.T) {
	inStreet(t, func(d *street) {
		d.absent["lost"] = true
		if _, err := d.attach(vpc.WorkloadSpec{Namespace: "lost"}); code(err) != "FailedOperation" || !strings.Contains(err.Error(), "no namespace lost") {
			t.Errorf("a namespace that is not there: %v", err)
		}
		d.work()
		if got := d.listed(); got != "" {
			t.Errorf("kept: %s", got)
		}
		// One that was attached stays when its namespace goes, and is found again.
		_, err := d.attach(vpc.WorkloadSpec{Namespace: "app"})
		d.must(err)
		d.absent["app"] = true
		d.work()
		if _, err := d.attach(vpc.WorkloadSpec{Namespace: "app"}); code(err) != "FailedOperation" {
			t.Errorf("attached again while it is not there: %v", err)
		}
		if got := d.listed(); got != "app 10.7.1.2 PENDING_ERROR" {
			t.Errorf("listed %s", got)
		}
		d.slow = true
		start := time.Now()
		if _, err := d.attach(vpc.WorkloadSpec{Namespace: "other"}); code(err) != "FailedOperation" || time.Since(start) > time.Minute {
			t.Errorf("a host that says nothing: %v after %v", err, time.Since(start))
		}
	})
}

func TestDetach(t *testing.T) {
	inStreet(t, func(d *street) {
		_, err := d.attach(vpc.WorkloadSpec{Namespace: "app"})
		d.must(err)
		drop := func() string { return code(d.c.DeleteSubnet(d.Context(), d.caller, string(d.subnet))) }
		if got := drop(); got != "ResourceInUse" {
			t.Errorf("deleting the subnet: %s", got)
		}
		detach := func(name string) string {
			_, err := d.c.DetachSubnet(d.Context(), d.op, vpc.WorkloadSpec{Subnet: d.subnet, Namespace: name})
			return code(err)
		}
		if got := detach("other"); got != "ResourceNotFound" {
			t.Errorf("detaching another: %s", got)
		}
		if got := detach("app"); got != "OK" || d.listed() != "app 10.7.1.2 DELETING" || drop() != "ResourceInUse" {
			t.Errorf("detaching: %s, %s", got, d.listed())
		}
		if _, err := d.attach(vpc.WorkloadSpec{Namespace: "app"}); code(err) != "ResourceInUse" {
			t.Errorf("attached while it is being detached: %v", err)
		}
		d.work()
		if got := d.listed(); got != "" || d.free() != 5 {
			t.Errorf("detached: %q, %d free", got, d.free())
		}
		_, err = d.attach(vpc.WorkloadSpec{Namespace: "app"})
		d.must(err)
		d.must(d.st.Withdraw(d.Context()))
		if got := detach("app"); got != "OK" || d.listed() != "" || store.WorkloadStatuses.Len(d.st.View()) != 0 {
			t.Errorf("detached from a host that is gone: %s, %q", got, d.listed())
		}
		if _, err := d.attach(vpc.WorkloadSpec{Namespace: "app"}); code(err) != "UnsupportedOperation" {
			t.Errorf("attached with no data plane: %v", err)
		}
		if got := drop(); got != "OK" {
			t.Errorf("deleting the subnet: %s", got)
		}
	})
}
