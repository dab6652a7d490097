package vpc

import (
	"fmt"
	"net/netip"
	"testing"
)

// TestLimitFlows plays calls one after another on one gateway.
func TestLimitFlows(t *testing.T) {
	ranges := []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("172.16.0.0/24")}
	many := func(from, n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("10.7.%d.%d", (from+i)/200, 1+(from+i)%200))
		}
		return out
	}
	g := &Gateway{ID: "vpngw-aaaaaaaa", Generation: 1}
	for i, step := range []struct {
		addresses []string
		bandwidth int64
		code      Code
		limits    int
		changes   bool
	}{
		{[]string{"10.7.1.9", "10.7.1.2"}, 5, "", 2, true},
		{[]string{"10.7.1.9", "10.7.1.2"}, 5, "", 2, false},
		{[]string{"172.16.0.3"}, 0, "", 3, true},
		{[]string{"10.7.1.2"}, 10, "", 3, true},
		{[]string{"10.7.1.9"}, -1, "", 2, true},
		{[]string{"10.7.1.9"}, -1, "", 2, false},
		{[]string{"10.8.1.9"}, -1, "", 2, false},
		{[]string{"10.8.1.9"}, 5, InvalidParameterValue, 2, false},
		{[]string{"10.7.1.4", "10.7.1.x"}, 5, InvalidParameterValue, 2, false},
		{[]string{"fd00::1"}, 5, InvalidParameterValue, 2, false},
		{nil, 5, InvalidParameterValue, 2, false},
		{[]string{"10.7.1.9"}, -2, InvalidParameterValueRange, 2, false},
		{[]string{"10.7.1.9"}, maxFlowLimit + 1, InvalidParameterValueRange, 2, false},
		{many(0, 101), 5, InvalidParameterValueRange, 2, false},
		{many(0, 100), 5, "", 102, true},
		{many(100, 98), 5, "", 200, true},
		{many(198, 1), 5, InvalidParameterValueRange, 200, false},
		{many(0, 100), -1, "", 100, true},
	} {
		before := g.Generation
		listed := Listed(func(c Code) bool { return c != InvalidParameterValueLimitExceeded })
		n, err := LimitFlows(g, step.addresses, step.bandwidth, ranges, Instant(100+i), listed)
		if err == nil {
			g = n
		}
		var code Code
		if err != nil {
			code = err.Code
		}
		if code != step.code || len(g.Limits) != step.limits || (g.Generation > before) != step.changes {
			t.Errorf("step %d: %q, %d limits, generation %d after %d", i, code, len(g.Limits), g.Generation, before)
		}
		for j := 1; j < len(g.Limits); j++ {
			if !g.Limits[j-1].Addr.Less(g.Limits[j].Addr) {
				t.Errorf("step %d: %v are not in order", i, g.Limits)
			}
		}
	}
	first, err := FlowLimits(g, []string{"172.16.0.3", "10.7.9.9"}, nil)
	if err != nil || len(first) != 1 || first[0] != (FlowLimit{netip.MustParseAddr("172.16.0.3"), 0, 102}) {
		t.Errorf("%v, %v", first, err)
	}
	if all, err := FlowLimits(g, nil, nil); err != nil || len(all) != 100 {
		t.Errorf("%d limits, %v", len(all), err)
	}
	gone := &Gateway{ID: "vpngw-aaaaaaaa", Deleted: 1}
	if _, err := LimitFlows(gone, []string{"10.7.1.9"}, 5, ranges, 1, nil); err == nil || err.Code != UnsupportedOperationInvalidState {
		t.Errorf("of one that is going: %v", err)
	}
}
