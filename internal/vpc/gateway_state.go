package vpc

import "time"

// GatewayState is what a gateway reads at now. Without a host, making and deleting take
// settle; with one, the machine on that host decides. seen is what the host last said of
// it, nil when it has said nothing in its present epoch or is gone.
//
//	nothing said, or not ready and no cause  PENDING
//	not ready, with a cause                  PENDING_ERROR
//	ready                                    AVAILABLE
//	a change failed, what was before stands  AVAILABLE
//	deletion asked for                       DELETING
func GatewayState(g *Gateway, seen *GatewayStatus, now Instant, settle time.Duration) State {
	switch {
	case g.Deleted != 0:
		return StateDeleting
	case g.Host == "" && now < g.Created.Add(settle):
		return StatePending
	case g.Host == "":
		return StateAvailable
	case seen == nil:
		return StatePending
	case seen.Stands():
		return StateAvailable
	case seen.Cause != "":
		return StateFailed
	}
	return StatePending
}

// Stands reports whether the machine can be used: as it is wanted, or as it was before a
// change that could not be made.
func (s *GatewayStatus) Stands() bool {
	return s.Ready || s.Stood != 0 && s.Stood < s.Generation
}

// GatewayCause is why a gateway with a host does not stand as it is wanted, in words for
// an operator; empty when all is well. host is the host's row, nil for none.
func GatewayCause(g *Gateway, host *Host, seen *GatewayStatus) string {
	switch {
	case g.Host == "":
		return CauseNoPlane
	case host == nil:
		return "host " + string(g.Host) + " is gone"
	case seen == nil:
		return "host " + string(g.Host) + " has not reported yet"
	}
	return seen.Cause
}

// CauseNoPlane is why no tunnel is up where nothing carries packets.
const CauseNoPlane = "no data plane"
