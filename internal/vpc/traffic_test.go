package vpc

import (
	"math"
	"net/netip"
	"strings"
	"testing"
)

func TestTrafficPrice(t *testing.T) {
	cn := DefaultPrices(SiteCN)
	for bytes, want := range map[uint64]string{
		0: "0", 1: "0", 1342: "0", 1343: "0.000001", 1 << 29: "0.4", 1 << 30: "0.8", 10 << 30: "8", 1 << 50: "838860.8",
	} {
		if got, _ := cn.Traffic("ap-guangzhou", bytes); got.String() != want {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
	dear := &PriceBook{Tables: []PriceTable{{Regions: []Region{everyRegion}, TrafficPerGB: Amount(Yuan(maxAmount))}}}
	if got, _ := dear.Traffic("ap-guangzhou", math.MaxUint64); got != math.MaxInt64 {
		t.Errorf("more than money can count: %d", got)
	}
	free := &PriceBook{Tables: []PriceTable{{Regions: []Region{everyRegion}}}}
	if got, left := free.Traffic("ap-guangzhou", 1<<40); got != 0 || left != 0 {
		t.Errorf("for nothing: %d, %d bytes left", got, left)
	}
}

// TestTrafficRounding pays for the same bytes in many parts: that comes to what they
// cost at once, but for what is still left and a byte of each part.
func TestTrafficRounding(t *testing.T) {
	for _, price := range []Amount{Amount(Yuan(1) * 8 / 10), 1, 777_777, Amount(Yuan(1000)), Amount(Yuan(maxAmount))} {
		book := &PriceBook{Tables: []PriceTable{{Regions: []Region{everyRegion}, TrafficPerGB: price}}}
		for _, part := range []uint64{1, 1000, 1343, 5000, 1<<20 + 1} {
			const parts = 10_000
			sum, owed := Money(0), uint64(0)
			for range parts {
				var cost Money
				cost, owed = book.Traffic("ap-guangzhou", owed+part)
				sum += cost
			}
			whole, _ := book.Traffic("ap-guangzhou", part*parts-owed)
			slack := Money(parts*uint64(price)/gigabyte) + 1
			if sum > whole+1 || sum < whole-slack {
				t.Errorf("%d a GB, %d times %d bytes: %d, at once %d (%d bytes left)", price, parts, part, sum, whole, owed)
			}
		}
	}
}

func TestTrafficOrder(t *testing.T) {
	peers := []PeerTraffic{
		{Connection: "a", Peer: netip.MustParseAddr("1.1.1.1"), InPackets: 1, OutBytes: 5},
		{Connection: "b", Peer: netip.MustParseAddr("2.2.2.2"), InPackets: 3, OutBytes: 5},
		{Connection: "c", Peer: netip.MustParseAddr("3.3.3.3"), InPackets: 2, OutBytes: 9},
	}
	for _, c := range []struct {
		q    TrafficQuery
		want string
	}{
		{TrafficQuery{}, "c a b"},
		{TrafficQuery{Field: "InPkg"}, "b c a"},
		{TrafficQuery{Field: "InPkg", Direction: "ASC"}, "a c b"},
		{TrafficQuery{Peer: "2.2.2.2"}, "b"},
	} {
		var ids []string
		for _, p := range c.q.Order(peers) {
			ids = append(ids, string(p.Connection))
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

func TestTrafficMinute(t *testing.T) {
	now := at("2026-07-31 12:00:30")
	q := TrafficQuery{Gateway: "vpngw-aaaaaaaa", TimePoint: "2026-07-31 12:00:20"}
	if minute, err := q.Check(now, nil); err != nil || minute != at("2026-07-31 12:00:00") {
		t.Errorf("%v, %v", minute, err)
	}
	q.TimePoint = "2026-07-31 12:00:31"
	if _, err := q.Check(now, nil); code(err) != InvalidParameterValueMalformed {
		t.Errorf("the future: %v", err)
	}
}
