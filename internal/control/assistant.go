package control

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Assistant is one assistant range of a VPC and the subnets in it.
type Assistant struct {
	VPC     vpc.VPCID
	Range   netip.Prefix
	Subnets []SubnetView
}

// AssistantRanges are the assistant ranges of a VPC, in the order they were added.
func (v VPCView) AssistantRanges() []Assistant {
	out := make([]Assistant, len(v.Assistants))
	for i, p := range v.Assistants {
		out[i] = Assistant{VPC: v.ID, Range: p}
		for _, s := range v.Subnets {
			if vpc.Covers(p, s.CIDR) {
				out[i].Subnets = append(out[i].Subnets, s)
			}
		}
	}
	return out
}

func network(r store.Reader, v *vpc.VPC) vpc.Network {
	return vpc.Network{VPC: v, Subnets: vpcSubnets(r, v), Tables: vpcTables(r, v), Pools: clientPools(r, v, "")}
}

// ChangeAssistants adds assistant ranges to a VPC and takes others away, and returns the
// VPC as it is then.
func (c *Control) ChangeAssistants(ctx context.Context, caller *Caller, id string, spec vpc.AssistantSpec) (VPCView, error) {
	var out VPCView
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		after, refusal := vpc.ChangeAssistants(network(tx, v), spec, quota(tx, caller.Account, vpc.QuotaAssistants), caller.Codes)
		if refusal != nil {
			return refusal
		}
		changed := *v
		changed.Assistants = after
		store.VPCs.Put(tx, &changed)
		out = vpcView(tx, &changed)
		return nil
	})
	return out, err
}

// AssistantConflicts lists what stands against a change of a VPC's assistant ranges.
func (c *Control) AssistantConflicts(ctx context.Context, caller *Caller, id string, spec vpc.AssistantSpec) ([]vpc.Conflict, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	v, err := findVPC(view, caller, id)
	if err != nil {
		return nil, err
	}
	conflicts, refusal := vpc.AssistantConflicts(network(view, v), spec, quota(view, caller.Account, vpc.QuotaAssistants), caller.Codes)
	if refusal != nil {
		return nil, refusal
	}
	return conflicts, nil
}

// assisted lists VPCs with assistant ranges.
var assisted = listing[vpc.VPC]{
	idParam: "VpcIds", idPrefix: vpc.PrefixVPC, malformed: vpc.InvalidParameterValueMalformed, unknown: vpc.ResourceNotFound,
	get:     getVPC,
	scope:   vpcs.scope,
	all:     func(r store.Reader, s vpc.Scope) source[vpc.VPC] { return from(r, store.VPCsByAssisted, s) },
	filters: map[string]filterRule[vpc.VPC]{"vpc-id": vpcs.filters["vpc-id"]},
}

// Assistants lists the assistant ranges of the caller's VPCs; the page counts ranges.
func (c *Control) Assistants(ctx context.Context, caller *Caller, q Query) (int, []Assistant, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	whole := q
	whole.Offset, whole.Limit = 0, store.VPCsByScope.Count(view, caller.Scope())
	_, rows, err := assisted.list(view, caller.Scope(), whole)
	if err != nil {
		return 0, nil, narrow(caller, err)
	}
	total, out := 0, []Assistant(nil)
	for _, v := range rows {
		n := len(v.Assistants)
		if total+n > q.Offset && len(out) < q.Limit {
			for i, a := range vpcView(view, v).AssistantRanges() {
				if total+i >= q.Offset && len(out) < q.Limit {
					out = append(out, a)
				}
			}
		}
		total += n
	}
	return total, out, nil
}
