package control

import (
	"context"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// VPCResources counts what is in a VPC.
type VPCResources struct {
	*vpc.VPC
	Gateways, Subnets, RouteTables int
	Addresses                      int // that something in its subnets has
}

// VPCResources counts what is in each of some VPCs of the caller.
func (c *Control) VPCResources(ctx context.Context, caller *Caller, ids []string) ([]VPCResources, error) {
	if len(ids) > MaxLimit {
		return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueLimitExceeded), "VpcIds", "at most %d ids are allowed", "最多允许 %d 个 ID", MaxLimit)
	}
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]VPCResources, len(ids))
	for i, id := range ids {
		param := "VpcIds." + strconv.Itoa(i)
		if err := vpc.CheckID(vpc.PrefixVPC, param, id, caller.Codes); err != nil {
			return nil, err
		}
		v := ownVPC(view, caller.Scope(), vpc.VPCID(id))
		if v == nil {
			return nil, vpc.NotFound(vpc.PrefixVPC, param, id, caller.Codes)
		}
		out[i] = vpcResources(view, v)
	}
	return out, nil
}

func vpcResources(r store.Reader, v *vpc.VPC) VPCResources {
	in := store.Of(v.Scope, v.ID)
	out := VPCResources{
		VPC: v, Gateways: store.GatewaysByVPC.Count(r, in), Subnets: store.SubnetsByVPC.Count(r, in),
		RouteTables: store.RouteTablesByVPC.Count(r, in),
	}
	for _, s := range vpcSubnets(r, v) {
		out.Addresses += 1 + len(lent(r, s)) // the router's, too
	}
	return out
}
