package vpc

import "net/netip"

// Everywhere is 0.0.0.0/0, the range that stands for "any".
var Everywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// Blocks that ordinary traffic and peers never come from.
var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")
	loopback    = netip.MustParsePrefix("127.0.0.0/8")
	linkLocal   = netip.MustParsePrefix("169.254.0.0/16")
	multicast   = netip.MustParsePrefix("224.0.0.0/4")
	reserved    = netip.MustParsePrefix("240.0.0.0/4") // with 255.255.255.255
)

// privateBlocks are what a VPC may be cut from, with the shortest mask allowed in each.
var privateBlocks = []struct {
	block   netip.Prefix
	minBits int
}{
	{netip.MustParsePrefix("10.0.0.0/8"), 12},
	{netip.MustParsePrefix("172.16.0.0/12"), 12},
	{netip.MustParsePrefix("192.168.0.0/16"), 16},
}

const (
	maxVPCBits    = 28
	minSubnetBits = 16
	maxSubnetBits = 29
)

// ParseIPv4 reads a dotted IPv4 address. No leading zeros, no spaces, no mapped IPv6.
func ParseIPv4(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Is4()
}

// ParseRange reads an IPv4 range in prefix form and clears its host bits.
func ParseRange(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// ParseCanonicalRange reads an IPv4 range in prefix form whose host bits are clear.
func ParseCanonicalRange(s string) (netip.Prefix, bool) {
	p, ok := ParseRange(s)
	return p, ok && p.String() == s
}

// Covers reports whether all of inner lies in outer.
func Covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// CoveredByAny reports whether all of p lies in one of the ranges.
func CoveredByAny(p netip.Prefix, ranges []netip.Prefix) bool {
	for _, r := range ranges {
		if Covers(r, p) {
			return true
		}
	}
	return false
}

// FirstOverlap returns the first of the ranges that shares an address with p.
func FirstOverlap(p netip.Prefix, ranges []netip.Prefix) (netip.Prefix, bool) {
	for _, r := range ranges {
		if r.Overlaps(p) {
			return r, true
		}
	}
	return netip.Prefix{}, false
}

// FirstWithin finds the first of the ranges that p lies in or is. One that p contains does
// not count: there the more specific of the two leads packets its own way.
func FirstWithin(p netip.Prefix, ranges []netip.Prefix) (netip.Prefix, bool) {
	for _, r := range ranges {
		if Covers(r, p) {
			return r, true
		}
	}
	return netip.Prefix{}, false
}

// CheckRange reads an IPv4 range whose host bits are clear, Malformed otherwise.
func CheckRange(param, s string, codes Listed) (netip.Prefix, *Error) {
	if p, ok := ParseCanonicalRange(s); ok {
		return p, nil
	}
	malformed := codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue)
	if p, ok := ParseRange(s); ok {
		return netip.Prefix{}, Refuse(malformed, param,
			"`%s` should be `%s`", "`%s` 应写作 `%s`", Clip(s), p)
	}
	return netip.Prefix{}, Refuse(malformed, param,
		"`%s` is not an IPv4 range such as 10.0.0.0/16", "`%s` 不是 IPv4 网段，例如 10.0.0.0/16", Clip(s))
}

// CheckVPCRange reads the range of a VPC: inside 10/8 or 172.16/12 with a mask of 12 to
// 28, or inside 192.168/16 with a mask of 16 to 28.
func CheckVPCRange(param, s string, codes Listed) (netip.Prefix, *Error) {
	p, err := CheckRange(param, s, codes)
	if err != nil {
		return p, err
	}
	for _, b := range privateBlocks {
		if Covers(b.block, p) && p.Bits() >= b.minBits && p.Bits() <= maxVPCBits {
			return p, nil
		}
	}
	return p, Refuse(codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), param,
		"`%s` should lie in 10.0.0.0/8 or 172.16.0.0/12 with a mask of 12 to 28, or in 192.168.0.0/16 with a mask of 16 to 28",
		"`%s` 应在 10.0.0.0/8、172.16.0.0/12（掩码 12 至 28）或 192.168.0.0/16（掩码 16 至 28）之内", p)
}

// CheckSubnetRange reads the range of a subnet: a mask of 16 to 29 (InvalidParameterValue)
// inside one of the VPC's ranges (SubnetRange).
func CheckSubnetRange(param, s string, vpcRanges []netip.Prefix, codes Listed) (netip.Prefix, *Error) {
	p, err := CheckRange(param, s, codes)
	if err != nil {
		return p, err
	}
	if p.Bits() < minSubnetBits || p.Bits() > maxSubnetBits {
		return p, Refuse(codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), param,
			"`%s` should have a mask of %d to %d", "`%s` 的掩码应为 %d 至 %d", p, minSubnetBits, maxSubnetBits)
	}
	if !CoveredByAny(p, vpcRanges) {
		return p, Refuse(codes.Pick(InvalidParameterValueSubnetRange, InvalidParameterValue), param,
			"`%s` does not lie inside a range of the VPC", "`%s` 不在私有网络的网段之内", p)
	}
	return p, nil
}

// CheckPeerAddr reads the public address of a customer gateway. Refused are IPv6, this
// network, loopback, link-local, multicast and above, and an address whose host part
// under the old class rule is all zeros or all ones.
func CheckPeerAddr(param, s string, codes Listed) (netip.Addr, *Error) {
	a, ok := ParseIPv4(s)
	if ok && !strange(a) && !classEdge(a) {
		return a, nil
	}
	return netip.Addr{}, Refuse(codes.Pick(InvalidParameterValueMalformed), param,
		"`%s` is not the IPv4 address of a host that can be reached", "`%s` 不是可达主机的 IPv4 地址", Clip(s))
}

// strange reports whether no host on the internet can have the address.
func strange(a netip.Addr) bool {
	for _, b := range []netip.Prefix{thisNetwork, loopback, linkLocal, multicast, reserved} {
		if b.Contains(a) {
			return true
		}
	}
	return false
}

// classEdge reports whether the host part of a, by the class of its first byte, is all
// zeros or all ones.
func classEdge(a netip.Addr) bool {
	b := a.As4()
	hostBits := 8
	switch {
	case b[0] < 128:
		hostBits = 24
	case b[0] < 192:
		hostBits = 16
	}
	mask := uint32(1)<<hostBits - 1
	host := addrNumber(a) & mask
	return host == 0 || host == mask
}

// trafficRange reports whether a range may be one end of a security policy: 0.0.0.0/0,
// or any range that does not lie inside a block which no host can have.
func trafficRange(p netip.Prefix) bool {
	if p == Everywhere {
		return true
	}
	for _, b := range []netip.Prefix{thisNetwork, loopback, multicast, reserved} {
		if Covers(b, p) {
			return false
		}
	}
	return true
}
