package vpc

import "time"

// ConnectionState is how far a connection has come.
type ConnectionState string

// The states of a connection. UPDATING is never shown; it reads AVAILABLE.
const (
	ConnectionPending   ConnectionState = "PENDING"
	ConnectionAvailable ConnectionState = "AVAILABLE"
	ConnectionUpdating  ConnectionState = "UPDATING"
	ConnectionDeleting  ConnectionState = "DELETING"
)

// Shown returns the state as answers spell it.
func (s ConnectionState) Shown() string {
	if s == ConnectionUpdating {
		return string(ConnectionAvailable)
	}
	return string(s)
}

// Sighting is what is known of a connection's tunnel at one moment.
type Sighting struct {
	Gateway *Gateway
	Host    *Host             // that carries the gateway; nil when it is gone or there is none
	Seen    *ConnectionStatus // what the host said in its present epoch; nil: nothing
}

// hosted reports whether a host decides, and not the settle time.
func (s *Sighting) hosted() bool { return s.Gateway != nil && s.Gateway.Host != "" }

// State is what a connection reads at now. Without a host new things and changes take
// settle; with one they last until its daemon holds them.
func (x *Connection) State(s *Sighting, now Instant, settle time.Duration) ConnectionState {
	switch {
	case x.Deleted != 0:
		return ConnectionDeleting
	case s.hosted():
		return x.hostedState(s.Seen)
	case now < x.Created.Add(settle):
		return ConnectionPending
	case x.Changed != 0 && now < x.Changed.Add(settle):
		return ConnectionUpdating
	}
	return ConnectionAvailable
}

func (x *Connection) hostedState(seen *ConnectionStatus) ConnectionState {
	switch {
	case seen == nil || seen.Generation == 0:
		return ConnectionPending
	case seen.Generation < x.Generation:
		return ConnectionUpdating
	}
	return ConnectionAvailable
}

// Stuck reports whether a connection is on its way and cannot arrive: its host is gone,
// or says why it cannot hold it. It may be deleted then, and changed.
func (x *Connection) Stuck(s *Sighting) bool {
	return s.hosted() && (s.Host == nil || s.Seen != nil && s.Seen.Generation < x.Generation && s.Seen.Cause != "")
}

// The values of NetStatus and HealthCheckStatus.
const (
	NetUp   = "AVAILABLE"
	NetDown = "UNAVAILABLE"
)

// NetStatus says whether traffic can pass: the host sees a CHILD_SA, and its probes come
// back where there are any.
func (x *Connection) NetStatus(s *Sighting) string {
	if s.Seen != nil && s.Seen.Up && (!x.Health.Enable || s.Seen.Healthy) {
		return NetUp
	}
	return NetDown
}

// HealthStatus is the health check's verdict; empty without one.
func (x *Connection) HealthStatus(s *Sighting) string {
	switch {
	case !x.Health.Enable:
		return ""
	case s.Seen != nil && s.Seen.Healthy:
		return NetUp
	}
	return NetDown
}

// TunnelCause is why traffic cannot pass and what would mend it, in words for an
// operator; both are empty when it can.
func (x *Connection) TunnelCause(s *Sighting) (cause, hint string) {
	switch {
	case x.NetStatus(s) == NetUp:
		return "", ""
	case !s.hosted():
		return CauseNoPlane, "start a server with a data plane"
	case s.Host == nil:
		return "host " + string(s.Gateway.Host) + " is gone", "start the server on that machine again"
	case s.Host.Engine == "":
		return "host " + string(s.Host.Name) + " has no engine to encrypt with", "run `gatewright doctor` there"
	case s.Seen == nil:
		return "host " + string(s.Host.Name) + " has not reported yet", ""
	case s.Seen.Cause == "" && s.Seen.Up:
		return "the health check gets no answer", "look at the far end of the probe"
	case s.Seen.Cause == "":
		return "negotiating", ""
	}
	return s.Seen.Cause, s.Seen.Hint
}
