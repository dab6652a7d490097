package control

import (
	"context"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// VPCView is a VPC as its owner sees it at one moment.
type VPCView struct {
	*vpc.VPC
	Tags    []vpc.Tag
	Subnets []SubnetView // those that lie in an assistant range
}

func vpcView(r store.Reader, v *vpc.VPC) VPCView {
	out := VPCView{VPC: v, Tags: tagsOf(r, vpcResource(v.ID))}
	if len(v.Assistants) == 0 {
		return out
	}
	for s := range store.SubnetsByVPC.All(r, store.Of(v.Scope, v.ID)) {
		if vpc.CoveredByAny(s.CIDR, v.Assistants) {
			out.Subnets = append(out.Subnets, subnetView(r, s))
		}
	}
	return out
}

func vpcResource(id vpc.VPCID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixVPC), ID: string(id)}
}

// CreateVPC makes a VPC with its main route table.
func (c *Control) CreateVPC(ctx context.Context, caller *Caller, spec vpc.VPCSpec) (VPCView, error) {
	var out VPCView
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		row, refusal := vpc.NewVPC(spec, caller.Codes)
		if refusal != nil {
			return refusal
		}
		have := store.VPCsByScope.Count(tx, caller.Scope())
		if refusal := vpc.OverQuota(caller.Codes.Pick(vpc.LimitExceeded), "", vpc.QuotaVPCs, have, quota(tx, caller.Account, vpc.QuotaVPCs)); refusal != nil {
			return refusal
		}
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		v := putVPC(tx, caller.Scope(), row)
		if err := c.tagNew(tx, acct, v.Scope, vpcResource(v.ID), spec.Tags, v.Created, caller.Codes); err != nil {
			return err
		}
		out = vpcView(tx, v)
		return nil
	})
	return out, err
}

// putVPC gives a new VPC its ids and writes it and its main route table.
func putVPC(tx *store.Tx, scope vpc.Scope, row *vpc.VPC) *vpc.VPC {
	v := *row
	v.ID, v.Scope, v.Created = newID(tx, store.VPCs, vpc.PrefixVPC), scope, tx.Now()
	v.DHCP = vpc.NewID[string](vpc.PrefixDHCP, tx.Rand().Uint64)
	store.VPCs.Put(tx, &v)
	store.RouteTables.Put(tx, &vpc.RouteTable{
		ID: newID(tx, store.RouteTables, vpc.PrefixRouteTable), Scope: scope, VPC: v.ID,
		Name: vpc.MainRouteTableName, Main: true, Created: v.Created,
	})
	return &v
}

// findVPC finds one of the caller's VPCs in the call's region.
func findVPC(r store.Reader, caller *Caller, id string) (*vpc.VPC, error) {
	return findVPCAt(r, caller, id, "VpcId")
}

func findVPCAt(r store.Reader, caller *Caller, id, param string) (*vpc.VPC, error) {
	if refusal := vpc.CheckID(vpc.PrefixVPC, param, id, caller.Codes); refusal != nil {
		return nil, refusal
	}
	v := ownVPC(r, caller.Scope(), vpc.VPCID(id))
	if v == nil {
		return nil, vpc.NotFound(vpc.PrefixVPC, param, id, caller.Codes)
	}
	return v, nil
}

// ownVPC finds a VPC of a scope; nil stands for "no such VPC of yours".
func ownVPC(r store.Reader, s vpc.Scope, id vpc.VPCID) *vpc.VPC {
	v, ok := store.VPCs.Get(r, id)
	if !ok || v.Scope != s {
		return nil
	}
	return v
}

// vpcSubnets are the subnets of a VPC, the oldest first.
func vpcSubnets(r store.Reader, v *vpc.VPC) []*vpc.Subnet {
	var out []*vpc.Subnet
	for s := range store.SubnetsByVPC.All(r, store.Of(v.Scope, v.ID)) {
		out = append(out, s)
	}
	return out
}

// vpcTables are the route tables of a VPC, the oldest first.
func vpcTables(r store.Reader, v *vpc.VPC) []*vpc.RouteTable {
	var out []*vpc.RouteTable
	for t := range store.RouteTablesByVPC.All(r, store.Of(v.Scope, v.ID)) {
		out = append(out, t)
	}
	return out
}

// DeleteVPC deletes a VPC with its main route table. Subnets, other route tables, VPN
// gateways and a CCN keep it.
func (c *Control) DeleteVPC(ctx context.Context, caller *Caller, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		if refusal := vpcInUse(tx, v); refusal != nil {
			return refusal
		}
		for _, t := range vpcTables(tx, v) {
			dropRouteTable(tx, t.ID)
		}
		for a := range store.AttachmentsByInstance.All(tx, string(v.ID)) { // none of them live
			store.Attachments.Delete(tx, store.AttachmentKey{CCN: a.CCN, Instance: a.Instance})
		}
		untag(tx, vpcResource(v.ID))
		store.VPCs.Delete(tx, v.ID)
		return nil
	})
}

// vpcInUse refuses to delete a VPC that something is in or attached to.
func vpcInUse(tx *store.Tx, v *vpc.VPC) *vpc.Error {
	in := store.Of(v.Scope, v.ID)
	for _, use := range []struct {
		count  int
		en, zh string
	}{
		{store.SubnetsByVPC.Count(tx, in), "subnets", "子网"},
		{store.GatewaysByVPC.Count(tx, in), "VPN gateways", "VPN 网关"},
		{liveAttachments(tx, string(v.ID), tx.Now()), "attachments to a CCN", "云联网关联"},
		{store.RouteTablesByVPC.Count(tx, in) - 1, "route tables beside the main one", "自定义路由表"},
	} {
		if use.count > 0 {
			return &vpc.Error{
				Code: vpc.ResourceInUse, Param: "VpcId",
				EN: "the VPC still has " + use.en, ZH: "私有网络中仍有" + use.zh,
			}
		}
	}
	return nil
}

func liveAttachments(r store.Reader, instance string, now vpc.Instant) int {
	n := 0
	for a := range store.AttachmentsByInstance.All(r, instance) {
		if a.Live(now) {
			n++
		}
	}
	return n
}

// ModifyVPC changes a VPC's attributes.
func (c *Control) ModifyVPC(ctx context.Context, caller *Caller, id string, change vpc.VPCChange) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		changed, refusal := change.Apply(v, vpcSubnets(tx, v), caller.Codes)
		if refusal != nil {
			return refusal
		}
		store.VPCs.Put(tx, changed)
		return nil
	})
}

// DefaultNet is a default VPC with one default subnet.
type DefaultNet struct {
	VPC    *vpc.VPC
	Subnet *vpc.Subnet
}

// CreateDefaultVPC gives the default VPC of the call's region and its default subnet in
// a zone, making what there is not. Without a zone it is any default subnet that there
// is, or a new one in the first zone. Every account here is one that has VPCs only, so
// that there is nothing to force.
func (c *Control) CreateDefaultVPC(ctx context.Context, caller *Caller, zone *string) (DefaultNet, error) {
	var out DefaultNet
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		wanted, refusal := c.defaultZone(caller, zone)
		if refusal != nil {
			return refusal
		}
		v, ok := store.VPCsByDefault.First(tx, caller.Scope())
		if !ok {
			have := store.VPCsByScope.Count(tx, caller.Scope())
			if refusal := vpc.OverQuota(vpc.LimitExceededDefaultVpcLimitExceeded, "", vpc.QuotaVPCs, have, quota(tx, caller.Account, vpc.QuotaVPCs)); refusal != nil {
				return refusal
			}
			v = putVPC(tx, caller.Scope(), vpc.DefaultVPC())
		}
		s, err := c.defaultSubnet(tx, caller, v, wanted, zone != nil)
		out = DefaultNet{VPC: v, Subnet: s}
		return err
	})
	return out, err
}

// defaultZone reads the zone of a default subnet; without one it is the region's first.
func (c *Control) defaultZone(caller *Caller, zone *string) (vpc.Zone, *vpc.Error) {
	zones := c.zones(caller.Region)
	switch {
	case zone == nil:
		return zones[0], nil
	case *zone == "":
		return "", vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueEmpty, vpc.ResourceNotFound), "Zone", "it is empty", "不能为空")
	}
	if !slices.Contains(zones, vpc.Zone(*zone)) {
		return "", vpc.Refuse(vpc.ResourceNotFound, "Zone", "there is no zone `%s` in this region", "此地域没有可用区 `%s`", vpc.Clip(*zone))
	}
	return vpc.Zone(*zone), nil
}

// defaultSubnet finds or makes the default subnet of a default VPC; strict says that it
// has to be in that zone.
func (c *Control) defaultSubnet(tx *store.Tx, caller *Caller, v *vpc.VPC, zone vpc.Zone, strict bool) (*vpc.Subnet, error) {
	subnets := vpcSubnets(tx, v)
	for _, s := range subnets {
		if s.Default && (s.Zone == zone || !strict) {
			return s, nil
		}
	}
	if refusal := subnetQuota(tx, caller, v, 1); refusal != nil {
		return nil, refusal
	}
	row, ok := vpc.DefaultSubnet(v, zone, subnets)
	if !ok {
		return nil, vpc.Refuse(vpc.ResourceInsufficientCidrBlock, "", "the default VPC has no free range for another default subnet", "默认私有网络没有可用于默认子网的空闲网段")
	}
	return putSubnet(tx, v, row), nil
}
