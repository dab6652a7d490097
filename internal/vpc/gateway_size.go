package vpc

import "slices"

// GatewaySize is one row of a gateway's quota set: a bandwidth and the names it is sold by.
type GatewaySize struct {
	Bandwidth Mbps
	Name      string
	Cname     string
}

// gatewaySizes are all sizes, smallest first. Names are the vendor's.
var gatewaySizes = []GatewaySize{
	{5, "cdmini", "微小型"},
	{10, "cdsmall", "小型"},
	{20, "cdmiddle", "中型"},
	{50, "cdlarge", "大型"},
	{100, "cdsuperLarge", "超大型"},
	{200, "cdsuperLarge2", "超大型2"},
	{500, "cdsuperLarge3", "超大型3"},
	{1000, "cdsuperLarge4", "超大型4"},
	{3000, "cdsuperLarge5", "超大型5"},
}

// GatewaySizes is the quota set of every gateway of a site.
func (s Site) GatewaySizes() []GatewaySize {
	n := len(s.Bandwidths())
	return gatewaySizes[:n:n]
}

// The smallest bandwidth with BGP, which is also the first of the upper band, and the
// one that can be neither left nor reached.
const (
	leastBGPBandwidth Mbps = 200
	fixedBandwidth    Mbps = 3000
)

// bgpCapable reports whether a gateway of such a type and bandwidth can speak BGP.
func bgpCapable(t GatewayType, b Mbps) bool { return t.Tunnels() && b >= leastBGPBandwidth }

// sameBand reports whether a gateway may go from one bandwidth to the other: both in
// 5..100 or both in 200..1000.
func sameBand(from, to Mbps) bool {
	if from == fixedBandwidth || to == fixedBandwidth {
		return from == to
	}
	return (from < leastBGPBandwidth) == (to < leastBGPBandwidth)
}

// offered reports whether n is one of a list of sizes.
func offered[T ~uint32](list []T, n uint64) bool {
	return n < 1<<32 && slices.Contains(list, T(n))
}
