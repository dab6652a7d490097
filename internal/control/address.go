package control

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// The types of addresses that this server knows to be in use: those of the VPC's router,
// one in each subnet, and those of what the operator has attached.
const (
	AddressGateway  = "GATEWAY"
	AddressWorkload = "CVM"
)

// FewAddresses is how many addresses the calls that look up a few may name.
const FewAddresses = 10

// UsedAddress is an address of a subnet that something has.
type UsedAddress struct {
	Addr   netip.Addr
	Range  netip.Prefix // the subnet's, of the address's family
	Type   string
	Holder string // id of what has it
	Subnet *vpc.Subnet
}

// AddressQuery asks for used addresses of a VPC.
type AddressQuery struct {
	VPC     string
	Subnet  string   // "": all subnets
	Addrs   []string // nil: all
	Param   string   // name of the input that Addrs came from
	IPv6    bool
	Max     int      // of Addrs
	Filters []Filter // ip-address and resource-id
	Offset  int
	Limit   int
}

// UsedAddresses lists used addresses, sorted. Addresses that are not used are left out;
// those outside the VPC, or the subnet that is named, are refused.
func (c *Control) UsedAddresses(ctx context.Context, caller *Caller, q AddressQuery) (int, []UsedAddress, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	v, err := findVPC(view, caller, q.VPC)
	if err != nil {
		return 0, nil, err
	}
	subnets, err := q.subnets(view, caller, v)
	if err != nil {
		return 0, nil, err
	}
	wanted, err := q.wanted(v, subnets, caller.Codes)
	if err != nil {
		return 0, nil, err
	}
	used, err := q.filter(usedAddresses(view, subnets, q.IPv6), caller.Codes)
	if err != nil {
		return 0, nil, err
	}
	if q.Addrs != nil {
		used = slices.DeleteFunc(used, func(u UsedAddress) bool {
			return !vpc.CoveredByAny(netip.PrefixFrom(u.Addr, u.Addr.BitLen()), wanted)
		})
	}
	lo := min(q.Offset, len(used))
	return len(used), used[lo:min(lo+q.Limit, len(used))], nil
}

func usedAddresses(r store.Reader, subnets []*vpc.Subnet, v6 bool) []UsedAddress {
	var out []UsedAddress
	for _, s := range subnets {
		u := UsedAddress{Addr: s.Gateway(), Range: s.CIDR, Type: AddressGateway, Holder: string(s.ID), Subnet: s}
		if v6 {
			u.Addr, u.Range = s.GatewayIPv6(), s.IPv6
		}
		if u.Addr.IsValid() {
			out = append(out, u)
		}
		if !v6 {
			out = append(out, usedByWorkloads(r, s)...)
		}
	}
	slices.SortFunc(out, func(a, b UsedAddress) int { return a.Addr.Compare(b.Addr) })
	return out
}

func usedByWorkloads(r store.Reader, s *vpc.Subnet) (out []UsedAddress) {
	for w := range store.WorkloadsBySubnet.All(r, s.ID) {
		if w.Address.IsValid() {
			out = append(out, UsedAddress{Addr: w.Address, Range: s.CIDR, Type: AddressWorkload, Holder: string(w.ID), Subnet: s})
		}
	}
	return out
}

// subnets are those that a query is about.
func (q *AddressQuery) subnets(r store.Reader, caller *Caller, v *vpc.VPC) ([]*vpc.Subnet, error) {
	if q.Subnet == "" {
		return vpcSubnets(r, v), nil
	}
	s, err := findSubnet(r, caller, q.Subnet)
	if err != nil {
		return nil, err
	}
	if s.VPC != v.ID {
		return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueParameterMismatch, vpc.ResourceNotFound), "SubnetId",
			"`%s` is not a subnet of `%s`", "`%s` 不是 `%s` 的子网", s.ID, v.ID)
	}
	return []*vpc.Subnet{s}, nil
}

// wanted reads the addresses that a query names; IPv6 ones may be whole ranges.
func (q *AddressQuery) wanted(v *vpc.VPC, subnets []*vpc.Subnet, codes vpc.Listed) ([]netip.Prefix, error) {
	if len(q.Addrs) > q.Max {
		return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterValueLimitExceeded, vpc.InvalidParameterValueParameterMismatch, vpc.InvalidParameterValueMalformed), q.Param,
			"%d addresses, a call may name %d", "%d 个地址，每次最多 %d 个", len(q.Addrs), q.Max)
	}
	out := make([]netip.Prefix, len(q.Addrs))
	for i, text := range q.Addrs {
		p, ok := q.address(text)
		param := q.Param + "." + strconv.Itoa(i)
		if !ok {
			return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterValueMalformed), param, "`%s` is not an address", "`%s` 不是 IP 地址", vpc.Clip(text))
		}
		if !q.inside(p, v, subnets) {
			return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterValueParameterMismatch, vpc.InvalidParameterValue, vpc.InvalidParameterValueMalformed), param,
				"`%s` does not lie in the VPC or subnet", "`%s` 不在私有网络或子网之内", p.Addr())
		}
		out[i] = p
	}
	return out, nil
}

func (q *AddressQuery) address(text string) (netip.Prefix, bool) {
	if !q.IPv6 {
		a, ok := vpc.ParseIPv4(text)
		return netip.PrefixFrom(a, 32), ok
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), p.Addr().Is6()
	}
	a, err := netip.ParseAddr(text)
	return netip.PrefixFrom(a, 128), err == nil && a.Is6() && a.Zone() == ""
}

func (q *AddressQuery) inside(p netip.Prefix, v *vpc.VPC, subnets []*vpc.Subnet) bool {
	ranges := v.Ranges()
	if q.IPv6 {
		ranges = v.IPv6Ranges()
	}
	if q.Subnet != "" {
		ranges = []netip.Prefix{subnets[0].CIDR}
		if q.IPv6 {
			ranges = []netip.Prefix{subnets[0].IPv6}
		}
	}
	for _, r := range ranges {
		if r.IsValid() && r.Overlaps(p) {
			return true
		}
	}
	return false
}

// filter keeps the addresses that match every filter.
func (q *AddressQuery) filter(used []UsedAddress, codes vpc.Listed) ([]UsedAddress, error) {
	if q.Addrs != nil && len(q.Filters) > 0 {
		return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterCoexist, vpc.InvalidParameterValueParameterMismatch), q.Param,
			"it cannot be combined with `Filters`", "不能与 `Filters` 同时使用")
	}
	for i, f := range q.Filters {
		var match func(u UsedAddress, v string) bool
		switch f.Name {
		case "ip-addresses", "ip-address":
			match = func(u UsedAddress, v string) bool { return u.Addr.String() == v }
		case "resource-id":
			match = func(u UsedAddress, v string) bool { return u.Holder == v }
		default:
			return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterFilterInvalidKey, vpc.InvalidParameterValueParameterMismatch), "Filters."+strconv.Itoa(i)+".Name",
				"`%s` is not a filter of this call", "本接口不支持过滤条件 `%s`", vpc.Clip(f.Name))
		}
		used = slices.DeleteFunc(used, func(u UsedAddress) bool {
			return !slices.ContainsFunc(f.Values, func(v string) bool { return match(u, v) })
		})
	}
	return used, nil
}

// Instances lists the CVM instances of VPCs. This server has none; what it can say is
// whether the question makes sense.
func (c *Control) Instances(ctx context.Context, caller *Caller, filters []Filter) error {
	view, err := c.read(ctx)
	if err != nil {
		return err
	}
	for i, f := range filters {
		at := "Filters." + strconv.Itoa(i)
		switch f.Name {
		case "instance-id", "instance-type", "instance-name":
		case "vpc-id":
			for n, id := range f.Values {
				if _, err := findVPCAt(view, caller, id, at+".Values."+strconv.Itoa(n)); err != nil {
					return err
				}
			}
		default:
			return vpc.Refuse(vpc.InvalidParameterFilterInvalidKey, at+".Name", "`%s` is not a filter of this call", "本接口不支持过滤条件 `%s`", vpc.Clip(f.Name))
		}
		if len(f.Values) > MaxLimit {
			return vpc.Refuse(vpc.InvalidParameterValueLimitExceeded, at+".Values", "at most %d values are allowed", "最多允许 %d 个取值", MaxLimit)
		}
	}
	return nil
}
