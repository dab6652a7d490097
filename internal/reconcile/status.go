package reconcile

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// gateway puts the statuses of a gateway and its connections on the boards, and says
// what of them is gone.
func (r *reporter) gateway(m *machine, s *plan.GatewaySnapshot, gone bool) {
	id := vpc.GatewayID(m.id.ID)
	switch {
	case s.Gateway == nil:
		r.gateways.forget(id)
		return
	case gone:
		r.gateways.left(id)
	case !m.applied.Gone:
		r.gateways.set(id, vpc.GatewayStatus{ID: id, Generation: m.applied.Generation, Ready: m.err == nil, Cause: causeOf(m.err)})
	}
	for _, c := range s.Connections {
		switch {
		case c.Row.Deleted == 0 && !m.applied.Gone:
			r.connections.set(c.Row.ID, m.connection(c))
			m.told.connections = append(m.told.connections, c.Row.ID)
		case c.Row.Deleted != 0 && m.err == nil && (gone || !m.applied.Gone && !m.holds(c.Row.ID)):
			r.connections.left(c.Row.ID)
		}
	}
	for _, x := range s.SSLServers {
		if x.Row.Deleted == 0 && !m.applied.Gone {
			r.sslServers.set(x.Row.ID, m.sslServer(x))
			m.told.sslServers = append(m.told.sslServers, x.Row.ID)
		}
	}
}

// sslServer is what is known of an SSL server's process. What a pass has not carried out
// leaves its clients as they were told last.
func (m *machine) sslServer(x plan.SSLServerSnapshot) vpc.SSLServerStatus {
	s := vpc.SSLServerStatus{ID: x.Row.ID, Generation: x.Row.Generation}
	seen, runs := m.seenSSL(x.Row.ID)
	if runs && seen.Settled || !runs && m.err == nil {
		m.clients[x.Row.ID] = x.Row.ClientChanges
	}
	s.Clients = m.clients[x.Row.ID]
	switch {
	case runs:
		s.Ready, s.Cause = seen.Ready, seen.Cause
	case x.Key == "":
		s.Cause = "its keys cannot be opened; is this the master key that it was made with?"
	case m.err != nil:
		s.Cause = causeOf(m.err)
	default:
		s.Cause = "its gateway is isolated or blocked"
	}
	return s
}

// seenSSL is what a plane has seen of an SSL server that is in the plan.
func (m *machine) seenSSL(id vpc.SSLServerID) (plan.SSLServerState, bool) {
	for _, o := range m.observed {
		if seen, ok := o.SSLServers[string(id)]; ok {
			return seen, true
		}
	}
	return plan.SSLServerState{}, false
}

func causeOf(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// holds reports whether a plane still has something of a connection.
func (m *machine) holds(id vpc.ConnectionID) bool {
	return slices.ContainsFunc(m.observed, func(o plan.Observed) bool {
		_, tunnel := o.Tunnels[id]
		_, probe := o.Probes[id]
		return tunnel || probe
	})
}

// connection is what is known of a connection's tunnel. It is up only as far as a plane
// has seen it so.
func (m *machine) connection(c plan.ConnectionSnapshot) vpc.ConnectionStatus {
	id := c.Row.ID
	s := vpc.ConnectionStatus{ID: id}
	for _, r := range m.applied.Refused {
		if r.Connection == id {
			s.Generation, s.Cause, s.Hint = c.Row.Generation, r.Cause, r.Hint
			return s
		}
	}
	seen, checked := m.seen[id], c.Row.Health.Enable
	tunnel, known := m.tunnel(id)
	if tunnel.Loaded {
		s.Generation = m.generation(id)
	}
	s.Healthy = checked && seen.Healthy
	s.Up = known && tunnel.Up && (!checked || seen.Healthy)
	switch {
	case s.Up:
	case !known:
		s.Cause = causeOf(m.err)
		if s.Cause == "" {
			s.Cause = "no daemon holds it yet"
		}
	case !tunnel.Up:
		s.Cause, s.Hint = tunnel.Cause, tunnel.Hint
	default:
		s.Cause, s.Hint = m.probe(id).Cause, "the peer must answer pings to the health check's remote address, through the tunnel"
	}
	return s
}

func (m *machine) tunnel(id vpc.ConnectionID) (plan.TunnelState, bool) {
	for _, o := range m.observed {
		if t, ok := o.Tunnels[id]; ok {
			return t, true
		}
	}
	return plan.TunnelState{}, false
}

func (m *machine) probe(id vpc.ConnectionID) plan.ProbeState {
	for _, o := range m.observed {
		if p, ok := o.Probes[id]; ok {
			return p
		}
	}
	return plan.ProbeState{Cause: "the health check has no verdict yet"}
}

// generation is that of a connection's row in the plan that was applied last.
func (m *machine) generation(id vpc.ConnectionID) uint64 {
	for _, d := range m.applied.Daemons {
		for _, t := range d.Tunnels {
			if t.Connection == id {
				return t.Generation
			}
		}
	}
	return 0
}

// router puts the statuses of workloads on the boards.
func (r *reporter) router(m *machine, s *plan.RouterSnapshot) {
	for _, w := range s.Workloads {
		switch {
		case w.Deleted == 0:
			r.workloads.set(w.ID, m.workload(w))
			m.told.workloads = append(m.told.workloads, w.ID)
		case m.err == nil:
			r.workloads.left(w.ID)
		}
	}
}

func (m *machine) workload(w *vpc.Workload) vpc.WorkloadStatus {
	for _, o := range m.observed {
		if seen, ok := o.Workloads[string(w.ID)]; ok {
			return vpc.WorkloadStatus{ID: w.ID, Generation: w.Generation, Ready: seen.Ready, Cause: seen.Cause}
		}
	}
	s := vpc.WorkloadStatus{ID: w.ID, Generation: w.Generation, Cause: causeOf(m.err)}
	if s.Cause == "" {
		s.Cause = "its subnet is not there"
	}
	return s
}

// dropped are the members of before that now has not.
func dropped[K comparable](before, now []K) []K {
	return slices.DeleteFunc(slices.Clone(before), func(id K) bool { return slices.Contains(now, id) })
}

func values[K comparable, S any](m map[K]S) []S {
	if len(m) == 0 {
		return nil
	}
	return slices.Collect(maps.Values(m))
}

func keys[K comparable, S any](m map[K]S) []K {
	if len(m) == 0 {
		return nil
	}
	return slices.Collect(maps.Keys(m))
}
