package control

import (
	"context"
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// AssignIPv6 gives a VPC an IPv6 range of a kind (GUA or ULA, "" is GUA) that no other
// VPC of this server has.
func (c *Control) AssignIPv6(ctx context.Context, caller *Caller, id, kind string) (vpc.IPv6Range, error) {
	var out vpc.IPv6Range
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		wanted, refusal := vpc.CheckIPv6Kind(kind, caller.Codes)
		if refusal != nil {
			return refusal
		}
		have := 0
		for _, x := range v.IPv6 {
			if x.Type == wanted {
				have++
			}
		}
		name := vpc.IPv6Quota(wanted)
		if refusal := vpc.OverQuota(vpc.LimitExceededCidrBlock, "VpcId", name, have, quota(tx, caller.Account, name)); refusal != nil {
			return refusal
		}
		p, ok := vpc.PickIPv6Range(wanted, tx.Rand().Uint64, func(p netip.Prefix) bool { return store.VPCsByIPv6.Count(tx, p) > 0 })
		if !ok {
			return vpc.Refuse(vpc.ResourceInsufficientCidrBlock, "AddressType", "no IPv6 range is free", "没有空闲的 IPv6 网段")
		}
		out = vpc.IPv6Range{CIDR: p, ISP: "BGP", Type: wanted}
		changed := *v
		changed.IPv6 = append(slices.Clone(v.IPv6), out)
		store.VPCs.Put(tx, &changed)
		return nil
	})
	return out, err
}

// UnassignIPv6 takes an IPv6 range from a VPC, or with nil all that it has, unless a
// subnet has a part of it.
func (c *Control) UnassignIPv6(ctx context.Context, caller *Caller, id string, cidr *string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		going, refusal := leavingIPv6(v, cidr, caller.Codes)
		if refusal != nil {
			return refusal
		}
		for _, s := range vpcSubnets(tx, v) {
			if s.IPv6.IsValid() && vpc.CoveredByAny(s.IPv6, going) {
				return vpc.Refuse(vpc.ResourceInUse, "Ipv6CidrBlock", "subnet `%s` has `%s`", "子网 `%s` 正在使用 `%s`", s.ID, s.IPv6)
			}
		}
		changed := *v
		changed.IPv6 = slices.DeleteFunc(slices.Clone(v.IPv6), func(x vpc.IPv6Range) bool { return slices.Contains(going, x.CIDR) })
		store.VPCs.Put(tx, &changed)
		return nil
	})
}

// leavingIPv6 reads which IPv6 ranges a VPC is to lose, at least one.
func leavingIPv6(v *vpc.VPC, cidr *string, codes vpc.Listed) ([]netip.Prefix, *vpc.Error) {
	if cidr == nil {
		if len(v.IPv6) == 0 {
			return nil, vpc.Refuse(vpc.ResourceNotFound, "VpcId", "the VPC has no IPv6 range", "私有网络没有 IPv6 网段")
		}
		return v.IPv6Ranges(), nil
	}
	p, refusal := vpc.CheckIPv6Range("Ipv6CidrBlock", *cidr, codes)
	if refusal != nil {
		return nil, refusal
	}
	if !slices.Contains(v.IPv6Ranges(), p) {
		return nil, vpc.Refuse(vpc.ResourceNotFound, "Ipv6CidrBlock", "the VPC has no IPv6 range `%s`", "私有网络没有 IPv6 网段 `%s`", p)
	}
	return []netip.Prefix{p}, nil
}

// AssignSubnetIPv6 gives subnets of a VPC an IPv6 range each, or none of them. A call
// that repeats the token of the one that did it gets the same answer again.
func (c *Control) AssignSubnetIPv6(ctx context.Context, caller *Caller, id string, specs []vpc.SubnetIPv6, token string) ([]*vpc.Subnet, error) {
	var out []*vpc.Subnet
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		if len(token) > maxClientToken {
			return vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueMalformed), "ClientToken", "it is longer than %d bytes", "长度超过 %d 字节", maxClientToken)
		}
		have := vpcSubnets(tx, v)
		if again := givenBefore(have, specs, token); again != nil {
			out = again
			return nil
		}
		given, refusal := vpc.AssignIPv6(v, have, specs, caller.Codes)
		if refusal != nil {
			return refusal
		}
		for _, s := range given {
			s.IPv6Token = token
			store.Subnets.Put(tx, s)
		}
		out = given
		return nil
	})
	return out, err
}

// maxClientToken is how long a ClientToken may be, in bytes.
const maxClientToken = 64

// givenBefore finds the subnets of a call whose token gave all of them their ranges; nil
// if this is another call.
func givenBefore(have []*vpc.Subnet, specs []vpc.SubnetIPv6, token string) []*vpc.Subnet {
	if token == "" {
		return nil
	}
	var out []*vpc.Subnet
	for _, spec := range specs {
		at := slices.IndexFunc(have, func(s *vpc.Subnet) bool { return s.ID == spec.ID })
		if at < 0 || have[at].IPv6Token != token || spec.Range != "" && spec.Range != have[at].IPv6.String() {
			return nil
		}
		out = append(out, have[at])
	}
	return out
}

// UnassignSubnetIPv6 takes the IPv6 ranges of subnets of a VPC, all of them or none. An
// enabled route to an instance in a range keeps it.
func (c *Control) UnassignSubnetIPv6(ctx context.Context, caller *Caller, id string, specs []vpc.SubnetIPv6) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		v, err := findVPC(tx, caller, id)
		if err != nil {
			return err
		}
		bare, refusal := vpc.UnassignIPv6(network(tx, v), specs, caller.Codes)
		if refusal != nil {
			return refusal
		}
		for _, s := range bare {
			store.Subnets.Put(tx, s)
		}
		return nil
	})
}
