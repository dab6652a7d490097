package vpc

import (
	"net/netip"
	"slices"
	"strconv"
)

// maxRangesPerCall is how many assistant ranges one call may name.
const maxRangesPerCall = 100

// AssistantSpec adds assistant ranges to a VPC and takes others away. The params are
// the names of the two inputs in the call.
type AssistantSpec struct {
	Add, Remove           []string
	AddParam, RemoveParam string
}

// Network is a VPC with what is in it.
type Network struct {
	*VPC
	Subnets []*Subnet
	Tables  []*RouteTable
	Pools   []netip.Prefix // client ranges of its SSL servers
}

// assistantChange is a spec that was read.
type assistantChange struct {
	add, remove []netip.Prefix
	spec        AssistantSpec
}

// ChangeAssistants checks a spec and returns the VPC's assistant ranges after it. What
// is taken away is gone before what is added is looked at.
func ChangeAssistants(n Network, spec AssistantSpec, quota int, codes Listed) ([]netip.Prefix, *Error) {
	ch, err := spec.read(codes)
	if err != nil {
		return nil, err
	}
	after := slices.Clone(n.Assistants)
	for i, p := range ch.remove {
		param := spec.RemoveParam + "." + strconv.Itoa(i)
		at := slices.Index(after, p)
		if at < 0 {
			return nil, Refuse(ResourceNotFound, param, "the VPC has no assistant range `%s`", "私有网络没有辅助网段 `%s`", p)
		}
		if s := n.subnetWithin(p); s != nil {
			return nil, Refuse(ResourceInUse, param, "subnet `%s` (`%s`) lies in `%s`", "子网 `%s`（`%s`）位于 `%s`", s.ID, s.CIDR, p)
		}
		after = slices.Delete(after, at, at+1)
	}
	for i, p := range ch.add {
		if err := n.admit(p, after, spec.AddParam+"."+strconv.Itoa(i), codes); err != nil {
			return nil, err
		}
	}
	if err := OverQuotaBy(codes.Pick(LimitExceeded), spec.AddParam, QuotaAssistants, len(after), len(ch.add), quota); err != nil {
		return nil, err
	}
	return append(after, ch.add...), nil
}

// read parses a spec and compares its ranges with one another.
func (spec AssistantSpec) read(codes Listed) (assistantChange, *Error) {
	ch := assistantChange{spec: spec}
	if len(spec.Add) == 0 && len(spec.Remove) == 0 {
		param := spec.AddParam
		if param == "" {
			param = spec.RemoveParam
		}
		return ch, Refuse(codes.Pick(InvalidParameterValue, InvalidParameter), param, "no range is named", "未指定网段")
	}
	var err *Error
	if ch.remove, err = readRanges(spec.RemoveParam, spec.Remove, CheckRange, codes); err != nil {
		return ch, err
	}
	if ch.add, err = readRanges(spec.AddParam, spec.Add, CheckVPCRange, codes); err != nil {
		return ch, err
	}
	for i, p := range ch.add {
		if slices.Contains(ch.remove, p) {
			return ch, Refuse(codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValue), spec.AddParam+"."+strconv.Itoa(i),
				"`%s` is to be added and taken away", "`%s` 同时要求新增和删除", p)
		}
		if other, found := FirstOverlap(p, ch.add[:i]); found {
			return ch, Refuse(codes.Pick(InvalidParameterValueSubnetConflict, InvalidParameterValue), spec.AddParam+"."+strconv.Itoa(i),
				"`%s` overlaps `%s` of the same call", "`%s` 与同一请求中的 `%s` 重叠", p, other)
		}
	}
	return ch, nil
}

func readRanges(param string, texts []string, check func(param, s string, codes Listed) (netip.Prefix, *Error), codes Listed) ([]netip.Prefix, *Error) {
	if len(texts) > maxRangesPerCall {
		return nil, Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValue), param,
			"%d ranges, a call may name %d", "%d 个网段，每次最多 %d 个", len(texts), maxRangesPerCall)
	}
	out := make([]netip.Prefix, 0, len(texts))
	for i, s := range texts {
		p, err := check(param+"."+strconv.Itoa(i), s, codes)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, p) {
			return nil, Refuse(codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValue), param+"."+strconv.Itoa(i),
				"`%s` is there twice", "`%s` 重复", p)
		}
		out = append(out, p)
	}
	return out, nil
}

// admit refuses a new assistant range that overlaps a range of the VPC or of clients, or covers
// the destination of a route.
func (n Network) admit(p netip.Prefix, assistants []netip.Prefix, param string, codes Listed) *Error {
	if n.CIDR.Overlaps(p) {
		return Refuse(codes.Pick(InvalidParameterValueVpcCidrConflict, InvalidParameterValueSubnetConflict, InvalidParameterValue), param,
			"`%s` overlaps the VPC's range `%s`", "`%s` 与私有网络的网段 `%s` 重叠", p, n.CIDR)
	}
	if other, found := FirstOverlap(p, assistants); found {
		return Refuse(codes.Pick(InvalidParameterValueSubnetOverlapAssistCidr, InvalidParameterValueSubnetConflict, InvalidParameterValue), param,
			"`%s` overlaps the assistant range `%s`", "`%s` 与辅助网段 `%s` 重叠", p, other)
	}
	if pool, found := FirstOverlap(p, n.Pools); found {
		return Refuse(codes.Pick(InvalidParameterValueVpcCidrConflict, InvalidParameterValueSubnetConflict, InvalidParameterValue), param,
			"`%s` overlaps `%s`, the clients of an SSL server of the VPC", "`%s` 与该私有网络 SSL 服务端的客户端网段 `%s` 重叠", p, pool)
	}
	for _, table := range n.Tables {
		for _, route := range table.Routes {
			if Covers(p, route.Destination) {
				return Refuse(codes.Pick(InvalidParameterValueVpcCidrOverlapRoute, InvalidParameterValueVpcCidrConflict, InvalidParameterValue), param,
					"`%s` covers the destination `%s` of route `%s`", "`%s` 包含路由 `%[3]s` 的目的网段 `%[2]s`", p, route.Destination, route.ID)
			}
		}
	}
	return nil
}

func (n Network) subnetWithin(p netip.Prefix) *Subnet {
	for _, s := range n.Subnets {
		if Covers(p, s.CIDR) {
			return s
		}
	}
	return nil
}

// Conflict is what stands against a range that is to be added or taken away.
type Conflict struct {
	Source string       // the VPC, route table or subnet
	Range  netip.Prefix // the range that was asked about
	With   []ConflictItem
}

// ConflictItem is one range that is in the way, and whose it is.
type ConflictItem struct {
	ID    string
	Range netip.Prefix
}

// AssistantConflicts lists all that stands against a spec, without refusing it. A range
// that is to go, but is not there, is refused, and so are more ranges than the quota has.
func AssistantConflicts(n Network, spec AssistantSpec, quota int, codes Listed) ([]Conflict, *Error) {
	ch, err := spec.read(codes)
	if err != nil {
		return nil, err
	}
	var out []Conflict
	left := slices.Clone(n.Assistants)
	for i, p := range ch.remove {
		at := slices.Index(left, p)
		if at < 0 {
			return nil, Refuse(ResourceNotFound, spec.RemoveParam+"."+strconv.Itoa(i), "the VPC has no assistant range `%s`", "私有网络没有辅助网段 `%s`", p)
		}
		left = slices.Delete(left, at, at+1)
		out = append(out, n.subnetConflicts(p)...)
	}
	if err := OverQuotaBy(codes.Pick(LimitExceeded), spec.AddParam, QuotaAssistants, len(left), len(ch.add), quota); err != nil {
		return nil, err
	}
	for _, p := range ch.add {
		out = append(out, n.rangeConflicts(p, left)...)
	}
	return out, nil
}

func (n Network) subnetConflicts(p netip.Prefix) []Conflict {
	var out []Conflict
	for _, s := range n.Subnets {
		if Covers(p, s.CIDR) {
			out = append(out, Conflict{Source: string(s.ID), Range: p, With: []ConflictItem{{string(s.ID), s.CIDR}}})
		}
	}
	return out
}

// rangeConflicts compares a new range with the VPC's ranges and with its routes.
func (n Network) rangeConflicts(p netip.Prefix, assistants []netip.Prefix) []Conflict {
	var out []Conflict
	note := func(source string, items []ConflictItem) {
		if len(items) > 0 {
			out = append(out, Conflict{Source: source, Range: p, With: items})
		}
	}
	var own []ConflictItem
	for _, r := range append([]netip.Prefix{n.CIDR}, assistants...) {
		if r.Overlaps(p) {
			own = append(own, ConflictItem{string(n.ID), r})
		}
	}
	note(string(n.ID), own)
	for _, table := range n.Tables {
		var routes []ConflictItem
		for _, route := range table.Routes {
			if Covers(p, route.Destination) {
				routes = append(routes, ConflictItem{string(route.ID), route.Destination})
			}
		}
		note(string(table.ID), routes)
	}
	return out
}
