package vpc

import (
	"net/netip"
	"slices"
	"strconv"
)

// SubnetID names a subnet: subnet-xxxxxxxx.
type SubnetID string

// Subnet is a range of a VPC in one zone, bound to one route table.
type Subnet struct {
	ID SubnetID `json:"id"`
	Scope
	VPC        VPCID        `json:"vpc"`
	Name       string       `json:"name"`
	CIDR       netip.Prefix `json:"cidr"`
	IPv6       netip.Prefix `json:"ipv6,omitzero"`
	IPv6Token  string       `json:"ipv6Token,omitempty"` // ClientToken of the call that gave it IPv6
	Zone       Zone         `json:"zone"`
	RouteTable RouteTableID `json:"routeTable"`
	CDC        CDCID        `json:"cdc,omitempty"`
	Default    bool         `json:"default,omitempty"`
	Broadcast  bool         `json:"broadcast,omitempty"`
	Created    Instant      `json:"created"`
}

// SubnetSpec is what CreateSubnet asks for, and CreateSubnets of each subnet. Zone and
// dedicated cluster are known to exist.
type SubnetSpec struct {
	Name       string
	CIDR       string
	Zone       Zone
	RouteTable RouteTableID // "": the VPC's main table
	CDC        CDCID
}

// heldBack is how many addresses of a subnet nothing can have: the network's own, the
// first, which is the gateway's, and the last.
const heldBack = 3

// The most subnets that one call may make; with tags each makes two rows.
const (
	maxSubnetsPerCall       = 100
	maxTaggedSubnetsPerCall = 30
)

// CheckSubnetCount refuses a batch that is empty or too large.
func CheckSubnetCount(n int, tagged bool, codes Listed) *Error {
	limit := maxSubnetsPerCall
	if tagged {
		limit = maxTaggedSubnetsPerCall
	}
	switch {
	case n == 0:
		return Refuse(codes.Pick(MissingParameter, InvalidParameterValue), "Subnets", "no subnet is named", "未指定子网")
	case n > limit:
		return Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValue), "Subnets",
			"%d subnets, a call may make %d", "%d 个子网，每次最多创建 %d 个", n, limit)
	}
	return nil
}

// NewSubnet checks a spec and makes the row of it, without id, scope, time and route
// table. The others are the subnets that the VPC has; at goes before the names of inputs.
func NewSubnet(spec SubnetSpec, v *VPC, others []*Subnet, at string, codes Listed) (*Subnet, *Error) {
	if err := SubnetName.Check(at+"SubnetName", spec.Name, codes); err != nil {
		return nil, err
	}
	cidr, err := CheckSubnetRange(at+"CidrBlock", spec.CIDR, v.Ranges(), codes)
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		if err := apart(cidr, o.CIDR, at+"CidrBlock", codes); err != nil {
			return nil, err
		}
	}
	return &Subnet{VPC: v.ID, Name: spec.Name, CIDR: cidr, Zone: spec.Zone, CDC: spec.CDC}, nil
}

// apart refuses a range that is taken (SubnetConflict) or overlaps one (SubnetOverlap).
func apart(p, taken netip.Prefix, param string, codes Listed) *Error {
	switch {
	case p == taken:
		return Refuse(codes.Pick(InvalidParameterValueSubnetConflict, InvalidParameterValue), param,
			"the VPC has a subnet `%s` already", "私有网络已有子网 `%s`", p)
	case p.Overlaps(taken):
		return Refuse(codes.Pick(InvalidParameterValueSubnetOverlap, InvalidParameterValueSubnetConflict, InvalidParameterValue), param,
			"`%s` overlaps the subnet `%s`", "`%s` 与子网 `%s` 重叠", p, taken)
	}
	return nil
}

// Total is how many addresses of the subnet may be given to something.
func (s *Subnet) Total() uint64 { return 1<<(32-s.CIDR.Bits()) - heldBack }

// Gateway is the address of the VPC's router in the subnet.
func (s *Subnet) Gateway() netip.Addr { return s.CIDR.Addr().Next() }

// GatewayIPv6 is the IPv6 address of the VPC's router in the subnet; the zero address
// where the subnet has no IPv6.
func (s *Subnet) GatewayIPv6() netip.Addr {
	if !s.IPv6.IsValid() {
		return netip.Addr{}
	}
	return s.IPv6.Addr().Next()
}

// defaultSubnetBits is the mask of default subnets, one in each zone.
const defaultSubnetBits = 20

// DefaultSubnet makes the row of a default subnet of a default VPC in its first free
// range, without id, scope, time and route table.
func DefaultSubnet(v *VPC, zone Zone, others []*Subnet) (*Subnet, bool) {
	taken := make([]netip.Prefix, len(others))
	for i, o := range others {
		taken[i] = o.CIDR
	}
	for n := range uint32(1) << (defaultSubnetBits - v.CIDR.Bits()) {
		p := netip.PrefixFrom(numberAddr(addrNumber(v.CIDR.Addr())+n<<(32-defaultSubnetBits)), defaultSubnetBits)
		if _, overlaps := FirstOverlap(p, taken); !overlaps {
			return &Subnet{VPC: v.ID, Name: DefaultSubnetName, CIDR: p, Zone: zone, Default: true}, true
		}
	}
	return nil, false
}

// SubnetIPv6 asks for an IPv6 range of one subnet, or names the one to take away.
type SubnetIPv6 struct {
	ID    SubnetID
	Range string // "": any that is free; to take away: whatever it has
}

// AssignIPv6 checks the specs and returns the named subnets' rows with their new ranges.
// The subnets are all those of the VPC.
func AssignIPv6(v *VPC, subnets []*Subnet, specs []SubnetIPv6, codes Listed) ([]*Subnet, *Error) {
	taken := map[netip.Prefix]bool{}
	for _, s := range subnets {
		taken[s.IPv6] = true
	}
	var out []*Subnet
	err := eachSubnetIPv6(subnets, specs, codes, func(s *Subnet, text, param string) *Error {
		switch {
		case s.IPv6.IsValid():
			return Refuse(LimitExceededSubnetCidrBlock, param, "the subnet has the IPv6 range `%s` already", "子网已有 IPv6 网段 `%s`", s.IPv6)
		case len(v.IPv6) == 0:
			return Refuse(ResourceNotFound, "VpcId", "the VPC has no IPv6 range", "私有网络没有 IPv6 网段")
		}
		p, err := v.pickSubnetIPv6(text, taken, param, codes)
		if err != nil {
			return err
		}
		if s.CDC != "" && v.ipv6Kind(p) == GlobalIPv6 {
			return Refuse(codes.Pick(UnsupportedOperationGUANotSupportAllocateCdcSubnet), param,
				"a subnet of a dedicated cluster cannot have a global IPv6 range", "专属集群的子网不支持全球单播 IPv6 网段")
		}
		taken[p] = true
		given := *s
		given.IPv6 = p
		out = append(out, &given)
		return nil
	})
	return out, err
}

func (v *VPC) ipv6Kind(p netip.Prefix) string {
	for _, r := range v.IPv6 {
		if Covers(r.CIDR, p) {
			return r.Type
		}
	}
	return ""
}

func (v *VPC) pickSubnetIPv6(text string, taken map[netip.Prefix]bool, param string, codes Listed) (netip.Prefix, *Error) {
	if text == "" {
		p, ok := PickIPv6Subnet(v.IPv6Ranges(), func(p netip.Prefix) bool { return taken[p] })
		if !ok {
			return p, Refuse(LimitExceededSubnetCidrBlock, param, "every /64 of the VPC's IPv6 range is in use", "私有网络的 IPv6 网段已全部使用")
		}
		return p, nil
	}
	param += ".Ipv6CidrBlock"
	p, err := CheckIPv6Range(param, text, codes)
	switch {
	case err != nil:
		return p, err
	case p.Bits() != subnetIPv6Bits || !CoveredByAny(p, v.IPv6Ranges()):
		return p, Refuse(codes.Pick(InvalidParameterValueSubnetRange, InvalidParameterValueMalformed), param,
			"`%s` is not a /64 of the VPC's IPv6 range", "`%s` 不是私有网络 IPv6 网段中的 /64", p)
	case taken[p]:
		return p, Refuse(codes.Pick(InvalidParameterValueSubnetConflict, InvalidParameterValueMalformed), param,
			"another subnet has `%s`", "`%s` 已被其他子网使用", p)
	}
	return p, nil
}

// UnassignIPv6 checks the specs and returns the named subnets' rows without IPv6.
func UnassignIPv6(n Network, specs []SubnetIPv6, codes Listed) ([]*Subnet, *Error) {
	var out []*Subnet
	err := eachSubnetIPv6(n.Subnets, specs, codes, func(s *Subnet, text, param string) *Error {
		if text != "" {
			p, err := CheckIPv6Range(param+".Ipv6CidrBlock", text, codes)
			if err != nil {
				return err
			}
			if p != s.IPv6 {
				return Refuse(ResourceNotFound, param+".Ipv6CidrBlock", "the subnet does not have `%s`", "子网没有 `%s`", p)
			}
		}
		if !s.IPv6.IsValid() {
			return Refuse(ResourceNotFound, param, "the subnet has no IPv6 range", "子网没有 IPv6 网段")
		}
		if err := n.KeepsOpen(s, param, s.IPv6); err != nil {
			return err
		}
		bare := *s
		bare.IPv6, bare.IPv6Token = netip.Prefix{}, ""
		out = append(out, &bare)
		return nil
	})
	return out, err
}

// eachSubnetIPv6 finds the subnet of each spec, all different ones, and calls do.
func eachSubnetIPv6(subnets []*Subnet, specs []SubnetIPv6, codes Listed, do func(s *Subnet, text, param string) *Error) *Error {
	const list = "Ipv6SubnetCidrBlocks"
	switch {
	case len(specs) == 0:
		return Refuse(MissingParameter, list, "no subnet is named", "未指定子网")
	case len(specs) > maxSubnetsPerCall:
		return Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValueMalformed), list,
			"%d subnets, a call may name %d", "%d 个子网，每次最多 %d 个", len(specs), maxSubnetsPerCall)
	}
	seen := map[SubnetID]bool{}
	for i, spec := range specs {
		param := list + "." + strconv.Itoa(i)
		if err := CheckID(PrefixSubnet, param+".SubnetId", string(spec.ID), codes); err != nil {
			return err
		}
		at := slices.IndexFunc(subnets, func(s *Subnet) bool { return s.ID == spec.ID })
		if at < 0 {
			return NotFound(PrefixSubnet, param+".SubnetId", string(spec.ID), codes)
		}
		if seen[spec.ID] {
			return Refuse(codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValue), param+".SubnetId",
				"`%s` is there twice", "`%s` 重复", spec.ID)
		}
		seen[spec.ID] = true
		if err := do(subnets[at], spec.Range, param); err != nil {
			return err
		}
	}
	return nil
}

// KeepsOpen refuses to take ranges from a subnet, or the subnet away, while an enabled
// route leads to an instance in one of them.
func (n Network) KeepsOpen(s *Subnet, param string, ranges ...netip.Prefix) *Error {
	for _, t := range n.Tables {
		for _, r := range t.Routes {
			hop, err := netip.ParseAddr(r.Gateway)
			if r.Disabled || r.GatewayType != HopNormalCVM || err != nil {
				continue
			}
			for _, p := range ranges {
				if p.IsValid() && p.Contains(hop) {
					return Refuse(ResourceInUse, param, "route `%s` leads to `%s` in subnet `%s`", "路由 `%s` 的下一跳 `%s` 位于子网 `%s`", r.ID, hop, s.ID)
				}
			}
		}
	}
	return nil
}
