package vpc

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
	"time"
)

// PeerTraffic is the traffic of one connection in one minute, as the internet side has it:
// encrypted. In is from the peer.
type PeerTraffic struct {
	Connection            ConnectionID
	Peer                  netip.Addr
	InPackets, OutPackets uint64
	InBytes, OutBytes     uint64
}

// TrafficQuery asks for the peers of one gateway, by their traffic in one minute. Empty
// texts mean their defaults.
type TrafficQuery struct {
	Gateway, DirectConnect, Peering, NAT string // ids, of which one is given
	TimePoint                            string
	Field, Direction                     string
	Peer                                 string
}

// The fields by which peers are ordered.
var trafficFields = map[string]func(PeerTraffic) uint64{
	"InPkg":      func(p PeerTraffic) uint64 { return p.InPackets },
	"OutPkg":     func(p PeerTraffic) uint64 { return p.OutPackets },
	"InTraffic":  func(p PeerTraffic) uint64 { return p.InBytes },
	"OutTraffic": func(p PeerTraffic) uint64 { return p.OutBytes },
}

// Check refuses what makes no sense at now, and returns the beginning of the minute that
// is asked for.
func (q *TrafficQuery) Check(now Instant, codes Listed) (minute Instant, err *Error) {
	malformed := func(param, en, zh string, args ...any) *Error {
		return Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param, en, zh, args...)
	}
	at, wrong := time.ParseInLocation(time.DateTime, q.TimePoint, beijing)
	_, known := trafficFields[cmp.Or(q.Field, "OutTraffic")]
	switch {
	case q.DirectConnect+q.Peering+q.NAT != "":
		return 0, Refuse(codes.Pick(UnsupportedOperation), "VpnId", "this server has VPN gateways only; name one with `VpnId` alone", "本服务仅有 VPN 网关，请仅指定 `VpnId`")
	case q.Gateway == "":
		return 0, malformed("VpnId", "no gateway is named", "未指定网关")
	case wrong != nil || At(at) > now:
		return 0, malformed("TimePoint", "`%s` is not a past time such as 2006-01-02 15:04:05", "`%s` 不是形如 2006-01-02 15:04:05 的过去时间", Clip(q.TimePoint))
	case !known:
		return 0, malformed("OrderField", "`%s` is none of InPkg, OutPkg, InTraffic, OutTraffic", "`%s` 不在 InPkg、OutPkg、InTraffic、OutTraffic 之内", Clip(q.Field))
	case q.Direction != "" && q.Direction != "ASC" && q.Direction != "DESC":
		return 0, malformed("OrderDirection", "`%s` is neither ASC nor DESC", "`%s` 不是 ASC 或 DESC", Clip(q.Direction))
	}
	return At(at.Truncate(time.Minute)), nil
}

// Order keeps the peers that are asked for, in the order that is asked for.
func (q *TrafficQuery) Order(peers []PeerTraffic) []PeerTraffic {
	field := trafficFields[cmp.Or(q.Field, "OutTraffic")]
	out := slices.DeleteFunc(slices.Clone(peers), func(p PeerTraffic) bool { return q.Peer != "" && p.Peer.String() != q.Peer })
	slices.SortStableFunc(out, func(a, b PeerTraffic) int {
		c := cmp.Compare(field(a), field(b))
		if q.Direction != "ASC" {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.Connection, b.Connection))
	})
	return out
}

const gigabyte = 1 << 30

// Traffic is what so many bytes from a gateway of a region to the internet side cost,
// rounded down, and how many of them are left that this does not pay for: they are to be
// counted again with the next, so that nothing is lost over many calls.
func (b *PriceBook) Traffic(r Region, bytes uint64) (cost Money, left uint64) {
	price := uint64(b.table(r).TrafficPerGB)
	hi, lo := bits.Mul64(price, bytes)
	if hi >= gigabyte/2 { // more than money can count
		return Money(1<<63 - 1), 0
	}
	if price == 0 {
		return 0, 0
	}
	units, rest := bits.Div64(hi, lo, gigabyte)
	return Money(units), rest / price
}
