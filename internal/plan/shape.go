package plan

import "github.com/gatewright/gatewright/internal/vpc"

const (
	frameShare = 1.05       // of Ethernet frames to TCP's payload in full-sized ones
	leastBurst = 16 << 10   // bytes: less would stop a full TSO frame
	burstTime  = 10.0 / 1e3 // seconds of the rate
	queueTime  = 25.0 / 1e3 // seconds that a packet may wait at most
)

// leastAllowance is what may pass at once where packets beyond a rate are dropped and do
// not wait: less would drop a whole packet of segmentation offload, each time.
const (
	leastAllowance = 128 << 10   // bytes
	allowanceTime  = 100.0 / 1e3 // seconds of the rate
)

// RateFor lets TCP's payload have about the nominal bandwidth. Bandwidth 0 is no rate, so
// that a rule for what goes beyond it takes everything.
func RateFor(nominal vpc.Mbps) Rate {
	rate := float64(nominal) * 1e6 * frameShare / 8
	if nominal == 0 {
		return Rate{}
	}
	return Rate{Bytes: uint64(rate), Burst: uint32(max(leastAllowance, rate*allowanceTime))}
}

// ShapeFor is the token bucket that gives TCP's payload the nominal bandwidth.
func ShapeFor(nominal vpc.Mbps) Shape {
	rate := float64(nominal) * 1e6 * frameShare
	return Shape{
		Rate:  uint64(rate),
		Burst: uint32(max(leastBurst, rate*burstTime/8)),
		Queue: uint32(rate * queueTime / 8),
	}
}
