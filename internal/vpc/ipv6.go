package vpc

import "net/netip"

// The blocks that IPv6 ranges of VPCs are cut from. Global ones come from the block set
// aside for documentation (RFC 3849), as nobody has given this server a routed one, and
// local ones from fd00::/8 with a random global id (RFC 4193, section 3.2.2).
var (
	globalIPv6Block = netip.MustParsePrefix("2001:db8::/32")
	localIPv6Block  = netip.MustParsePrefix("fd00::/8")
)

const (
	vpcIPv6Bits    = 56
	subnetIPv6Bits = 64
)

// IPv6Quota is the quota on a VPC's ranges of one kind.
func IPv6Quota(kind string) string {
	if kind == LocalIPv6 {
		return "vpc-max-ula-ipv6-cidrs"
	}
	return "vpc-max-bgp-ipv6-cidrs"
}

// CheckIPv6Kind reads AddressType; "" is GUA.
func CheckIPv6Kind(kind string, codes Listed) (string, *Error) {
	switch kind {
	case "":
		return GlobalIPv6, nil
	case GlobalIPv6, LocalIPv6:
		return kind, nil
	}
	return "", Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), "AddressType",
		"`%s` is neither GUA nor ULA", "`%s` 既不是 GUA 也不是 ULA", Clip(kind))
}

// PickIPv6Range draws a /56 that is not taken. It gives up after some draws, which
// happens by accident less than once in 10^9 while three quarters of a block are free.
func PickIPv6Range(kind string, pick func() uint64, taken func(netip.Prefix) bool) (netip.Prefix, bool) {
	block := globalIPv6Block
	if kind == LocalIPv6 {
		block = localIPv6Block
	}
	for range 64 {
		if p := cutIPv6(block, vpcIPv6Bits, pick()); !taken(p) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// PickIPv6Subnet finds the first /64 of the ranges that is not taken.
func PickIPv6Subnet(ranges []netip.Prefix, taken func(netip.Prefix) bool) (netip.Prefix, bool) {
	for _, r := range ranges {
		for n := range uint64(1) << (subnetIPv6Bits - vpcIPv6Bits) {
			if p := cutIPv6(r, subnetIPv6Bits, n); !taken(p) {
				return p, true
			}
		}
	}
	return netip.Prefix{}, false
}

// cutIPv6 returns the nth range of so many bits in a block, n taken modulo their number.
// bits is at most 64.
func cutIPv6(block netip.Prefix, bits int, n uint64) netip.Prefix {
	a := block.Addr().As16()
	free := bits - block.Bits()
	if free < 64 {
		n &= 1<<free - 1
	}
	n <<= 64 - bits
	for i := range 8 {
		a[i] |= byte(n >> (56 - 8*i))
	}
	return netip.PrefixFrom(netip.AddrFrom16(a), bits)
}

// CheckIPv6Range reads an IPv6 range in prefix form, its host bits clear, and returns it
// in the short spelling that answers have.
func CheckIPv6Range(param, s string, codes Listed) (netip.Prefix, *Error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() || p.Masked() != p {
		return netip.Prefix{}, Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param,
			"`%s` is not an IPv6 range such as 2001:db8:20:1200::/56", "`%s` 不是 IPv6 网段，例如 2001:db8:20:1200::/56", Clip(s))
	}
	return p, nil
}
