package control

import (
	"context"
	"slices"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// SubnetView is a subnet as its owner sees it at one moment.
type SubnetView struct {
	*vpc.Subnet
	Available uint64 // addresses that nothing has
	Tags      []vpc.Tag
}

func subnetView(r store.Reader, s *vpc.Subnet) SubnetView {
	free := s.Total() - min(s.Total(), uint64(len(lent(r, s))))
	return SubnetView{Subnet: s, Available: free, Tags: tagsOf(r, subnetResource(s.ID))}
}

func subnetResource(id vpc.SubnetID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixSubnet), ID: string(id)}
}

// SubnetOrder is a call that makes subnets in one VPC. With One it is CreateSubnet's,
// whose inputs have no place in a list.
type SubnetOrder struct {
	VPC     string
	Subnets []vpc.SubnetSpec
	Tags    []vpc.Tag // of each of them
	CDC     string
	One     bool
}

func (o *SubnetOrder) at(i int) string {
	if o.One {
		return ""
	}
	return "Subnets." + strconv.Itoa(i) + "."
}

// CreateSubnets makes all the subnets of an order, or none.
func (c *Control) CreateSubnets(ctx context.Context, caller *Caller, order SubnetOrder) ([]SubnetView, error) {
	var out []SubnetView
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		out = nil
		v, err := findVPC(tx, caller, order.VPC)
		if err != nil {
			return err
		}
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		if refusal := vpc.CheckSubnetCount(len(order.Subnets), len(order.Tags) > 0, caller.Codes); refusal != nil {
			return refusal
		}
		if refusal := checkCDC(acct, order.CDC, caller.Codes); refusal != nil {
			return refusal
		}
		made, err := c.makeSubnets(tx, caller, v, order)
		if err != nil {
			return err
		}
		for _, s := range made {
			if err := c.tagNew(tx, acct, s.Scope, subnetResource(s.ID), order.Tags, s.Created, caller.Codes); err != nil {
				return err
			}
			out = append(out, subnetView(tx, s))
		}
		return nil
	})
	return out, err
}

// makeSubnets checks and writes the subnets of an order, each beside those before it.
func (c *Control) makeSubnets(tx *store.Tx, caller *Caller, v *vpc.VPC, order SubnetOrder) ([]*vpc.Subnet, error) {
	have := vpcSubnets(tx, v)
	old := len(have)
	for i, spec := range order.Subnets {
		at := order.at(i)
		if spec.Zone == "" {
			return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueEmpty, vpc.InvalidParameterValueMalformed), at+"Zone", "it is empty", "不能为空")
		}
		if refusal := vpc.CheckZone(at+"Zone", string(spec.Zone), c.zones(caller.Region), caller.Codes); refusal != nil {
			return nil, refusal
		}
		spec.CDC = vpc.CDCID(order.CDC)
		row, refusal := vpc.NewSubnet(spec, v, have, at, caller.Codes)
		if refusal != nil {
			return nil, refusal
		}
		if err := bindTable(tx, caller, v, row, spec.RouteTable, at); err != nil {
			return nil, err
		}
		have = append(have, row)
	}
	if refusal := subnetQuota(tx, caller, v, len(order.Subnets)); refusal != nil {
		return nil, refusal
	}
	for i := old; i < len(have); i++ {
		have[i].Created = tx.Now() + vpc.Instant(i-old) // so that lists keep the order of the call
		have[i] = putSubnet(tx, v, have[i])
	}
	return have[old:], nil
}

// bindTable binds a new subnet to the route table that its spec names.
func bindTable(r store.Reader, caller *Caller, v *vpc.VPC, row *vpc.Subnet, id vpc.RouteTableID, at string) error {
	if id == "" {
		return nil
	}
	param := at + "RouteTableId"
	if refusal := vpc.CheckID(vpc.PrefixRouteTable, param, string(id), caller.Codes); refusal != nil {
		return refusal
	}
	t := ownRouteTable(r, v.Scope, id)
	if t == nil || t.VPC != v.ID {
		return vpc.NotFound(vpc.PrefixRouteTable, param, string(id), caller.Codes)
	}
	row.RouteTable = t.ID
	return nil
}

func subnetQuota(r store.Reader, caller *Caller, v *vpc.VPC, more int) *vpc.Error {
	have := store.SubnetsByVPC.Count(r, store.Of(v.Scope, v.ID))
	return vpc.OverQuotaBy(vpc.LimitExceeded, "", vpc.QuotaSubnets, have, more, quota(r, caller.Account, vpc.QuotaSubnets))
}

// checkCDC refuses a dedicated cluster that is not the account's; "" is none.
func checkCDC(acct *vpc.Account, id string, codes vpc.Listed) *vpc.Error {
	if id == "" {
		return nil
	}
	if refusal := vpc.CheckID(vpc.PrefixCDC, "CdcId", id, codes); refusal != nil {
		return refusal
	}
	if !slices.Contains(acct.CDCs, vpc.CDCID(id)) {
		return vpc.NotFound(vpc.PrefixCDC, "CdcId", id, codes)
	}
	return nil
}

// putSubnet gives a new subnet its id and, where it has none, the main route table.
func putSubnet(tx *store.Tx, v *vpc.VPC, row *vpc.Subnet) *vpc.Subnet {
	s := *row
	s.ID, s.Scope, s.Created = newID(tx, store.Subnets, vpc.PrefixSubnet), v.Scope, max(s.Created, tx.Now())
	if s.RouteTable == "" {
		s.RouteTable = mainTable(tx, v)
	}
	store.Subnets.Put(tx, &s)
	return &s
}

func mainTable(r store.Reader, v *vpc.VPC) vpc.RouteTableID {
	for _, t := range vpcTables(r, v) {
		if t.Main {
			return t.ID
		}
	}
	return ""
}

// findSubnet finds one of the caller's subnets in the call's region.
func findSubnet(r store.Reader, caller *Caller, id string) (*vpc.Subnet, error) {
	if err := vpc.CheckID(vpc.PrefixSubnet, "SubnetId", id, caller.Codes); err != nil {
		return nil, err
	}
	s := ownSubnet(r, caller.Scope(), vpc.SubnetID(id))
	if s == nil {
		return nil, vpc.NotFound(vpc.PrefixSubnet, "SubnetId", id, caller.Codes)
	}
	return s, nil
}

// ownSubnet finds a subnet of a scope; nil stands for "no such subnet of yours".
func ownSubnet(r store.Reader, scope vpc.Scope, id vpc.SubnetID) *vpc.Subnet {
	s, ok := store.Subnets.Get(r, id)
	if !ok || s.Scope != scope {
		return nil
	}
	return s
}

// DeleteSubnet deletes a subnet with its IPv6 range. An enabled route to an instance in
// it keeps it.
func (c *Control) DeleteSubnet(ctx context.Context, caller *Caller, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		s, err := findSubnet(tx, caller, id)
		if err != nil {
			return err
		}
		if v := ownVPC(tx, s.Scope, s.VPC); v != nil {
			if refusal := network(tx, v).KeepsOpen(s, "SubnetId", s.CIDR, s.IPv6); refusal != nil {
				return refusal
			}
		}
		if n := store.WorkloadsBySubnet.Count(tx, s.ID); n > 0 {
			return vpc.Refuse(caller.Codes.Pick(vpc.ResourceInUse, vpc.UnsupportedOperation), "SubnetId",
				"%d workloads are attached to `%s`", "`%[2]s` 上仍有 %[1]d 个接入", n, s.ID)
		}
		untag(tx, subnetResource(s.ID))
		store.Subnets.Delete(tx, s.ID)
		return nil
	})
}

// SubnetChange is what ModifySubnetAttribute asks for; nil leaves things as they are.
type SubnetChange struct {
	Name      *string
	Broadcast *string
}

// ModifySubnet changes a subnet's attributes.
func (c *Control) ModifySubnet(ctx context.Context, caller *Caller, id string, change SubnetChange) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		s, err := findSubnet(tx, caller, id)
		if err != nil {
			return err
		}
		changed := *s
		if change.Name != nil {
			if refusal := vpc.SubnetName.Check("SubnetName", *change.Name, caller.Codes); refusal != nil {
				return refusal
			}
			changed.Name = *change.Name
		}
		if change.Broadcast != nil {
			on, refusal := vpc.CheckSwitch("EnableBroadcast", *change.Broadcast, caller.Codes)
			if refusal != nil {
				return refusal
			}
			changed.Broadcast = on
		}
		store.Subnets.Put(tx, &changed)
		return nil
	})
}

// CanMakeDefaultSubnet reports whether CreateDefaultVPC would make a default subnet in
// the zone: there is none yet and there is room for one. A default VPC whose ranges are
// all taken is refused.
func (c *Control) CanMakeDefaultSubnet(ctx context.Context, caller *Caller, zone *string) (bool, error) {
	view, err := c.read(ctx)
	if err != nil {
		return false, err
	}
	wanted, refusal := c.defaultZone(caller, zone)
	if refusal != nil {
		return false, refusal
	}
	v, ok := store.VPCsByDefault.First(view, caller.Scope())
	if !ok {
		return store.VPCsByScope.Count(view, caller.Scope()) < quota(view, caller.Account, vpc.QuotaVPCs), nil
	}
	subnets := vpcSubnets(view, v)
	if slices.ContainsFunc(subnets, func(s *vpc.Subnet) bool { return s.Default && s.Zone == wanted }) {
		return false, nil
	}
	if _, ok := vpc.DefaultSubnet(v, wanted, subnets); !ok {
		return false, vpc.Refuse(vpc.ResourceInsufficientCidrBlock, "", "the default VPC has no free range for another default subnet", "默认私有网络没有可用于默认子网的空闲网段")
	}
	return subnetQuota(view, caller, v, 1) == nil, nil
}
