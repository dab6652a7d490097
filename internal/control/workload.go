package control

import (
	"context"
	"net/netip"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// attachTime is how long an attachment may take before it is taken back.
const attachTime = 10 * time.Second

// WorkloadView is a workload as the operator sees it.
type WorkloadView struct {
	*vpc.Workload
	Range   netip.Prefix // of the subnet
	Gateway netip.Addr   // of the subnet
	State   string       // PENDING, AVAILABLE, PENDING_ERROR, DELETING
	Cause   string       // why it is not AVAILABLE
}

// AttachSubnet attaches a namespace or a device of this server's host to a subnet, and
// waits until the host has done it. What it cannot do is taken back, and its cause is the
// error. What is attached already is waited for, and stays.
func (c *Control) AttachSubnet(ctx context.Context, caller *Caller, spec vpc.WorkloadSpec) (WorkloadView, error) {
	if err := spec.Check(); err != nil {
		return WorkloadView{}, err
	}
	var id vpc.WorkloadID
	var made bool
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		w, isNew, err := c.workloadFor(tx, spec)
		if err != nil {
			return err
		}
		store.Workloads.Put(tx, w)
		caller.Account, id, made = w.Account, w.ID, isNew
		return nil
	})
	if err != nil {
		return WorkloadView{}, err
	}
	view, err := c.awaitWorkload(ctx, id)
	if err != nil && made {
		_ = c.release(context.WithoutCancel(ctx), caller, id) // the first error says more
	}
	return view, err
}

// workloadFor is the row of a spec: that which there is, or a new one.
func (c *Control) workloadFor(tx *store.Tx, spec vpc.WorkloadSpec) (w *vpc.Workload, isNew bool, err error) {
	s, err := subnetNamed(tx, spec.Subnet)
	if err != nil {
		return nil, false, err
	}
	if liveHost(tx, c.cfg.HostName) == nil {
		return nil, false, vpc.Refuse(vpc.UnsupportedOperation, "", "this server has no data plane that could attach anything", "本服务未启用数据面，无法接入")
	}
	for o := range store.WorkloadsByHost.All(tx, c.cfg.HostName) {
		if o.Namespace != spec.Namespace || o.Device != spec.Device {
			continue
		}
		if o.Subnet == s.ID && o.Deleted == 0 && (spec.Address == "" || spec.Address == o.Address.String()) {
			return o, false, nil
		}
		return nil, false, vpc.Refuse(vpc.ResourceInUse, "", "`%s` is attached to subnet `%s`, or is being detached from it", "`%s` 已接入子网 `%s` 或正在断开", o.Name(), o.Subnet)
	}
	w = &vpc.Workload{
		ID: newID(tx, store.Workloads, vpc.PrefixWorkload), Subnet: s.ID, Scope: s.Scope, VPC: s.VPC, Host: c.cfg.HostName,
		Namespace: spec.Namespace, Device: spec.Device, Created: tx.Now(), Generation: 1,
	}
	if spec.Namespace == "" {
		return w, true, nil
	}
	var refusal *vpc.Error
	if w.Address, refusal = s.Lends(spec.Address, lent(tx, s)); refusal != nil {
		return nil, false, refusal
	}
	return w, true, nil
}

func subnetNamed(r store.Reader, id vpc.SubnetID) (*vpc.Subnet, error) {
	if err := vpc.CheckID(vpc.PrefixSubnet, "subnet", string(id), nil); err != nil {
		return nil, err
	}
	s, ok := store.Subnets.Get(r, id)
	if !ok {
		return nil, vpc.NotFound(vpc.PrefixSubnet, "subnet", string(id), nil)
	}
	return s, nil
}

// lent are the addresses of a subnet that workloads have, those being detached too.
func lent(r store.Reader, s *vpc.Subnet) map[netip.Addr]bool {
	taken := map[netip.Addr]bool{}
	for w := range store.WorkloadsBySubnet.All(r, s.ID) {
		if w.Address.IsValid() {
			taken[w.Address] = true
		}
	}
	return taken
}

// awaitWorkload waits until a workload's host has done it, or says why it cannot.
func (c *Control) awaitWorkload(ctx context.Context, id vpc.WorkloadID) (WorkloadView, error) {
	late := time.NewTimer(attachTime)
	defer late.Stop()
	for {
		view := c.st.View()
		w, ok := store.Workloads.Get(view, id)
		if !ok || w.Deleted != 0 {
			return WorkloadView{}, vpc.Refuse(vpc.ResourceNotFound, "", "it was detached meanwhile", "已被断开")
		}
		switch v := workloadView(view, w); {
		case v.State == string(vpc.StateAvailable):
			return v, nil
		case v.State == string(vpc.StateFailed):
			return v, vpc.Refuse(vpc.FailedOperation, "", "`%s` cannot be attached: %s", "`%s` 无法接入：%s", w.Name(), v.Cause)
		}
		select {
		case <-view.Changed():
		case <-ctx.Done():
			return WorkloadView{}, ctx.Err()
		case <-late.C:
			return WorkloadView{}, vpc.Refuse(vpc.FailedOperation, "", "the data plane has not attached `%s` within %v", "数据面未能在 %[2]v 内接入 `%[1]s`", w.Name(), attachTime)
		}
	}
}

func workloadView(r store.Reader, w *vpc.Workload) WorkloadView {
	out := WorkloadView{Workload: w}
	if s, ok := store.Subnets.Get(r, w.Subnet); ok {
		out.Range, out.Gateway = s.CIDR, s.Gateway()
	}
	host := liveHost(r, w.Host)
	seen, ok := store.WorkloadStatuses.Get(r, w.ID)
	if !ok || seen.Host != w.Host || !host.Heard(seen.Epoch) {
		seen = nil
	}
	state, cause := w.State(host, seen)
	out.State, out.Cause = string(state), cause
	return out
}

// DetachSubnet takes a namespace or a device of this server's host off a subnet. The row
// goes when the host has done it, or at once if that host is gone.
func (c *Control) DetachSubnet(ctx context.Context, caller *Caller, spec vpc.WorkloadSpec) (WorkloadView, error) {
	if err := spec.Check(); err != nil {
		return WorkloadView{}, err
	}
	view, err := c.read(ctx)
	if err != nil {
		return WorkloadView{}, err
	}
	if _, err := subnetNamed(view, spec.Subnet); err != nil {
		return WorkloadView{}, err
	}
	for w := range store.WorkloadsBySubnet.All(view, spec.Subnet) {
		if w.Host == c.cfg.HostName && w.Namespace == spec.Namespace && w.Device == spec.Device {
			caller.Account = w.Account
			return workloadView(view, w), c.release(ctx, caller, w.ID)
		}
	}
	return WorkloadView{}, vpc.Refuse(vpc.ResourceNotFound, "", "nothing of this name is attached to subnet `%s`", "子网 `%s` 上没有该名称的接入", spec.Subnet)
}

// release begins to detach a workload.
func (c *Control) release(ctx context.Context, caller *Caller, id vpc.WorkloadID) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		w, ok := store.Workloads.Get(tx, id)
		if !ok || w.Deleted != 0 {
			return nil
		}
		if liveHost(tx, w.Host) == nil {
			store.Workloads.Delete(tx, id)
			store.WorkloadStatuses.Delete(tx, id)
			return nil
		}
		changed := *w
		changed.Deleted = tx.Now()
		changed.Generation++
		store.Workloads.Put(tx, &changed)
		return nil
	})
}

// AttachedTo lists what is attached to a subnet, or to any if none is named.
func (c *Control) AttachedTo(ctx context.Context, subnet vpc.SubnetID) ([]WorkloadView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	rows := store.Workloads.All(view)
	if subnet != "" {
		if _, err := subnetNamed(view, subnet); err != nil {
			return nil, err
		}
		rows = store.WorkloadsBySubnet.All(view, subnet)
	}
	out := []WorkloadView{}
	for w := range rows {
		out = append(out, workloadView(view, w))
	}
	return out, nil
}
