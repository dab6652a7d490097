package plan

import "github.com/gatewright/gatewright/internal/vpc"

const (
	frameShare = 1.05       // of Ethernet frames to TCP's payload in full-sized ones
	leastBurst = 16 << 10   // bytes: less would stop a full TSO frame
	burstTime  = 10.0 / 1e3 // seconds of the rate
	queueTime  = 25.0 / 1e3 // seconds that a packet may wait at most
)

// ShapeFor is the token bucket that gives TCP's payload the nominal bandwidth.
func ShapeFor(nominal vpc.Mbps) Shape {
	rate := float64(nominal) * 1e6 * frameShare
	return Shape{
		Rate:  uint64(rate),
		Burst: uint32(max(leastBurst, rate*burstTime/8)),
		Queue: uint32(rate * queueTime / 8),
	}
}
