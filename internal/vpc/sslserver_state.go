package vpc

import "time"

// SSLSighting is what is known of an SSL server's process at one moment.
type SSLSighting struct {
	Gateway *Gateway
	Host    *Host            // that carries the gateway; nil when it is gone or there is none
	Seen    *SSLServerStatus // what the host said in its present epoch; nil: nothing
	Before  bool             // some host has said something, if only in an earlier epoch
	Stood   uint64           // the last generation that ran, in any epoch
	Clients uint64           // of the row's ClientChanges, the last that was carried out, in any epoch
}

// Hosted reports whether a host decides, and not the settle time.
func (x SSLSighting) Hosted() bool { return x.Gateway != nil && x.Gateway.Host != "" }

// Settled is what the server reads at now by the clock alone, where new things and
// changes take settle. What callers may do hangs on it, so that they can mend a server
// that does not run.
func (s *SSLServer) Settled(now Instant, settle time.Duration) SSLState {
	return sslState(s.Created, s.Changed, s.Deleted, now, settle)
}

// State is what the server reads at now. Without a host that is Settled; with one its
// process decides.
//
//	nothing said yet, or of an older row  0 creating, 2 updating if it has run before
//	it runs with the row's settings       6
//	it does not, with a cause             1 create failed, 3 update failed if it ran with older settings
//	it ran with these settings and fell   7 unknown, until it is started again
//	its host is gone, or begins anew      7
//	deletion asked for                    4
func (s *SSLServer) State(x SSLSighting, now Instant, settle time.Duration) SSLState {
	settled := s.Settled(now, settle)
	if settled == SSLDeleting || !x.Hosted() {
		return settled
	}
	seen := x.Seen
	switch {
	case x.Host == nil || seen == nil && x.Before:
		return SSLUnknown
	case seen == nil:
		return SSLCreating
	case seen.Generation < s.Generation || !seen.Ready && seen.Cause == "":
		return seen.either(SSLCreating, SSLUpdating)
	case seen.Ready:
		return SSLUp
	case seen.Stood == s.Generation:
		return SSLUnknown
	}
	return seen.either(SSLCreateFailed, SSLUpdateFailed)
}

// either tells a server that has never run from one that has.
func (s *SSLServerStatus) either(never, once SSLState) SSLState {
	if s.Stood == 0 {
		return never
	}
	return once
}

// Cause is why a server with a host does not take clients, in words for an operator;
// empty when it does, or is to go.
func (s *SSLServer) Cause(x SSLSighting) string {
	switch {
	case s.Deleted != 0:
		return ""
	case !x.Hosted():
		return CauseNoPlane
	case x.Host == nil:
		return "host " + string(x.Gateway.Host) + " is gone"
	case x.Seen == nil:
		return "host " + string(x.Host.Name) + " has not reported yet"
	case x.Seen.Ready && x.Seen.Generation == s.Generation:
		return ""
	case x.Seen.Cause == "":
		return "it is being started"
	}
	return x.Seen.Cause
}

// Failed reports whether a host says why the row as it is now cannot be made to run.
func (s SSLState) Failed() bool { return s == SSLCreateFailed || s == SSLUpdateFailed }

// String is the state in words.
func (s SSLState) String() string {
	words := [...]string{"creating", "create failed", "updating", "update failed", "deleting", "delete failed", "up", "unknown"}
	return words[min(int(s), len(words)-1)]
}
