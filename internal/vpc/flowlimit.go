package vpc

import (
	"net/netip"
	"slices"
)

// FlowLimit holds the clear traffic of one machine of a gateway's VPC through the
// gateway, in each direction by itself. Bandwidth 0 lets nothing pass.
type FlowLimit struct {
	Addr      netip.Addr `json:"addr"`
	Bandwidth Mbps       `json:"bandwidth"`
	Since     Instant    `json:"since"` // when it was set; another bandwidth leaves it
}

const (
	noFlowLimit      = -1 // the bandwidth that takes a limit away
	maxFlowLimit     = 10_000
	maxFlowAddresses = 100 // of one call
	maxFlowLimits    = 200 // of one gateway; each is two rules that all of its packets pass
)

// LimitFlows gives addresses of a gateway's ranges another limit, and returns the changed
// row: the same one where nothing changes.
func LimitFlows(g *Gateway, addresses []string, bandwidth int64, ranges []netip.Prefix, now Instant, codes Listed) (*Gateway, *Error) {
	addrs, err := parseFlowAddresses(addresses, codes)
	switch {
	case err != nil:
		return nil, err
	case bandwidth < noFlowLimit || bandwidth > maxFlowLimit:
		return nil, Refuse(codes.Pick(InvalidParameterValueRange, InvalidParameterValue), "Bandwidth",
			"it must lie between %d and %d Mbps", "取值范围为 %d 到 %d（Mbps）", noFlowLimit, maxFlowLimit)
	case g.Deleted != 0:
		return nil, Refuse(codes.Pick(UnsupportedOperationInvalidState), "GatewayId", "`%s` is being deleted", "`%s` 正在删除", g.ID)
	}
	limits := slices.Clone(g.Limits)
	for _, a := range addrs {
		if bandwidth == noFlowLimit {
			limits = slices.DeleteFunc(limits, func(l FlowLimit) bool { return l.Addr == a })
			continue
		}
		if !CoveredByAny(netip.PrefixFrom(a, a.BitLen()), ranges) {
			return nil, Refuse(codes.Pick(InvalidParameterValue), "IpAddresses", "`%s` lies outside of the VPC of `%s`", "`%s` 不在 `%s` 所属 VPC 的网段内", a, g.ID)
		}
		limits = putFlowLimit(limits, FlowLimit{a, Mbps(bandwidth), now})
	}
	switch {
	case len(limits) > maxFlowLimits:
		return nil, Refuse(codes.Pick(InvalidParameterValueRange, InvalidParameterValue), "IpAddresses",
			"a gateway has at most %d addresses with a limit", "每个网关最多限速 %d 个地址", maxFlowLimits)
	case slices.Equal(limits, g.Limits):
		return g, nil
	}
	n := *g
	n.Limits = limits
	n.Generation++
	return &n, nil
}

// putFlowLimit keeps limits in the order of their addresses.
func putFlowLimit(limits []FlowLimit, l FlowLimit) []FlowLimit {
	i, found := slices.BinarySearchFunc(limits, l, func(a, b FlowLimit) int { return a.Addr.Compare(b.Addr) })
	if found {
		limits[i].Bandwidth = l.Bandwidth
		return limits
	}
	return slices.Insert(limits, i, l)
}

func parseFlowAddresses(addresses []string, codes Listed) ([]netip.Addr, *Error) {
	const param = "IpAddresses"
	switch {
	case len(addresses) == 0:
		return nil, Refuse(codes.Pick(InvalidParameterValue), param, "it is empty", "不能为空")
	case len(addresses) > maxFlowAddresses:
		return nil, Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValueRange, InvalidParameterValue), param,
			"at most %d addresses are allowed", "最多允许 %d 个地址", maxFlowAddresses)
	}
	out := make([]netip.Addr, len(addresses))
	for i, text := range addresses {
		a, ok := ParseIPv4(text)
		if !ok {
			return nil, Refuse(codes.Pick(InvalidParameterValue), param, "`%s` is no IPv4 address", "`%s` 不是 IPv4 地址", Clip(text))
		}
		out[i] = a
	}
	return out, nil
}

// FlowLimits are a gateway's limits: of the addresses that are asked for, or with none
// all of them.
func FlowLimits(g *Gateway, addresses []string, codes Listed) ([]FlowLimit, *Error) {
	if len(addresses) == 0 {
		return g.Limits, nil
	}
	asked, err := parseFlowAddresses(addresses, codes)
	if err != nil {
		return nil, err
	}
	var out []FlowLimit
	for _, l := range g.Limits {
		if slices.Contains(asked, l.Addr) {
			out = append(out, l)
		}
	}
	return out, nil
}
