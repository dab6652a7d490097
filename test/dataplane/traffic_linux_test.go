package dataplane

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestFlowMonitor sends packets through a gateway that is monitored: the minute that they
// went in shows them, by the peer's address.
func TestFlowMonitor(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, _ := shared.joined(l)
	shared.call(l, "EnableGatewayFlowMonitor", obj{"GatewayId": s.gateway})
	beijing := time.FixedZone("", 8*60*60)
	sent := time.Now()
	if p := s.workload.Ping(o.inside, 20, "-s", "1000"); p.Lost() > 0 {
		t.Errorf("workload to office: %v", p)
	}
	over := time.Now()
	l.Eventually(90*time.Second, "the minute shows the packets", func() error {
		in, out := 0.0, 0.0
		for at := sent.Truncate(time.Minute); !at.After(over); at = at.Add(time.Minute) {
			seen := shared.call(l, "DescribeGatewayFlowMonitorDetail", obj{"VpnId": s.gateway, "TimePoint": at.In(beijing).Format(time.DateTime)})
			set, _ := seen["GatewayFlowMonitorDetailSet"].([]any)
			if len(set) != 1 {
				return fmt.Errorf("it shows %v", seen)
			}
			peer := set[0].(obj)
			in, out = in+peer["InTraffic"].(float64), out+peer["OutTraffic"].(float64)
		}
		if in < 20*1000 || out < 20*1000 {
			return fmt.Errorf("it shows %v bytes in, %v out", in, out)
		}
		return nil
	})
}
