package control

import (
	"context"
	"errors"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// ErrNotHost is in the chain of Report's error when the reporter's row is gone or has
// another epoch: it must read its row again, and report all it sees anew.
var ErrNotHost = errors.New("the reporter is not a host any more, or has another epoch")

// Report takes what a host's loop saw after a pass. What is as it was is not written, so
// that a loop may report all it sees, and after a restore must. Rows that are not the
// reporter's are passed over: they were moved or are gone. What the host says is gone is
// removed if its deletion was asked for. There is no audit entry: nobody asked for this.
func (c *Control) Report(ctx context.Context, r vpc.Report) error {
	rep, view := reporting{r}, c.st.View()
	if !liveHost(view, r.Host).Heard(r.Epoch) {
		return ErrNotHost
	}
	steps := slices.Concat(
		news(view, r.Gateways, rep.gateway), news(view, r.Connections, rep.connection), news(view, r.Workloads, rep.workload),
		news(view, r.SSLServers, rep.sslServer),
		each(c, r.GoneConnections, rep.goneConnection), each(c, r.GoneGateways, rep.goneGateway), each(c, r.GoneWorkloads, rep.goneWorkload),
	)
	for i, s := range steps {
		steps[i] = rep.heard(s)
	}
	return c.doDue(ctx, steps)
}

// reporting is one report on its way into the rows.
type reporting struct{ vpc.Report }

// heard refuses a step whose reporter is no host any more.
func (rep reporting) heard(s dueStep) dueStep {
	return func(tx *store.Tx) error {
		if !liveHost(tx, rep.Host).Heard(rep.Epoch) {
			return ErrNotHost
		}
		return s(tx)
	}
}

// news makes a step of every status that differs from what r has. look returns how the
// row is to be put, nil when there is nothing to say.
func news[S any](r store.Reader, statuses []S, look func(store.Reader, S) (put func(*store.Tx))) []dueStep {
	var steps []dueStep
	for _, s := range statuses {
		if look(r, s) == nil {
			continue
		}
		steps = append(steps, func(tx *store.Tx) error {
			if put := look(tx, s); put != nil {
				put(tx)
			}
			return nil
		})
	}
	return steps
}

func each[K any](c *Control, ids []K, remove func(*Control, *store.Tx, K) error) []dueStep {
	var steps []dueStep
	for _, id := range ids {
		steps = append(steps, func(tx *store.Tx) error { return remove(c, tx, id) })
	}
	return steps
}

// gateway is how a gateway's status is to be put; nil when it is there already, or the
// gateway is not the reporter's.
func (rep reporting) gateway(r store.Reader, s vpc.GatewayStatus) func(*store.Tx) {
	g, ok := store.Gateways.Get(r, s.ID)
	if !ok || g.Host != rep.Host {
		return nil
	}
	old, _ := store.GatewayStatuses.Get(r, s.ID)
	s.Host, s.Epoch, s.Stood, s.Changed = rep.Host, rep.Epoch, 0, 0
	if old != nil && old.Host == s.Host && old.Epoch == s.Epoch {
		s.Stood, s.Changed = old.Stood, old.Changed
	}
	if s.Ready {
		s.Stood = s.Generation
	}
	return changed(old, &s, &s.Changed, store.GatewayStatuses.Put)
}

func (rep reporting) connection(r store.Reader, s vpc.ConnectionStatus) func(*store.Tx) {
	x, ok := store.Connections.Get(r, s.ID)
	if !ok || !rep.carries(r, x) {
		return nil
	}
	old, _ := store.ConnectionStatuses.Get(r, s.ID)
	s.Host, s.Epoch, s.Changed = rep.Host, rep.Epoch, 0
	if old != nil {
		s.Changed = old.Changed
	}
	return changed(old, &s, &s.Changed, store.ConnectionStatuses.Put)
}

// changed puts a status that differs from the old one, with the time in at; nil if it
// does not.
func changed[S comparable](old, now *S, at *vpc.Instant, put func(*store.Tx, *S)) func(*store.Tx) {
	if old != nil && *old == *now {
		return nil
	}
	return func(tx *store.Tx) {
		*at = tx.Now()
		put(tx, now)
	}
}

// carries reports whether a connection's gateway is the reporter's.
func (rep reporting) carries(r store.Reader, x *vpc.Connection) bool { return rep.hosts(r, x.Gateway) }

func (rep reporting) hosts(r store.Reader, id vpc.GatewayID) bool {
	g, ok := store.Gateways.Get(r, id)
	return ok && g.Host == rep.Host
}

func (rep reporting) sslServer(r store.Reader, s vpc.SSLServerStatus) func(*store.Tx) {
	row, ok := store.SSLServers.Get(r, s.ID)
	if !ok || !rep.hosts(r, row.Gateway) {
		return nil
	}
	old, _ := store.SSLServerStatuses.Get(r, s.ID)
	s.Host, s.Epoch, s.Stood, s.Changed = rep.Host, rep.Epoch, 0, 0
	if old != nil {
		s.Stood, s.Changed, s.Clients = old.Stood, old.Changed, max(old.Clients, s.Clients)
	}
	if s.Ready {
		s.Stood = s.Generation
	}
	return changed(old, &s, &s.Changed, store.SSLServerStatuses.Put)
}

func (rep reporting) workload(r store.Reader, s vpc.WorkloadStatus) func(*store.Tx) {
	w, ok := store.Workloads.Get(r, s.ID)
	if !ok || w.Host != rep.Host {
		return nil
	}
	old, _ := store.WorkloadStatuses.Get(r, s.ID)
	s.Host, s.Epoch, s.Changed = rep.Host, rep.Epoch, 0
	if old != nil {
		s.Changed = old.Changed
	}
	return changed(old, &s, &s.Changed, store.WorkloadStatuses.Put)
}

// goneGateway removes a gateway of which nothing is left on the host, with all that
// stands on it. It is no host's from here on, so that the queue does what is left over.
func (rep reporting) goneGateway(c *Control, tx *store.Tx, id vpc.GatewayID) error {
	g, ok := store.Gateways.Get(tx, id)
	if !ok || g.Host != rep.Host || g.Deleted == 0 {
		return nil
	}
	free := *g
	free.Host, free.Due = "", tx.Now()
	store.Gateways.Put(tx, &free)
	_, err := c.removeGateway(tx, &free)
	return err
}

// goneConnection removes a connection that no daemon holds. What does not fit into one
// transaction is left to the queue.
func (rep reporting) goneConnection(c *Control, tx *store.Tx, id vpc.ConnectionID) error {
	x, ok := store.Connections.Get(tx, id)
	if !ok || !rep.carries(tx, x) || x.Deleted == 0 {
		return nil
	}
	gone := *x
	gone.Due = tx.Now()
	store.Connections.Put(tx, &gone)
	return removeConnection(c, tx, &gone)
}

func (rep reporting) goneWorkload(_ *Control, tx *store.Tx, id vpc.WorkloadID) error {
	w, ok := store.Workloads.Get(tx, id)
	if !ok || w.Host != rep.Host || w.Deleted == 0 {
		return nil
	}
	store.Workloads.Delete(tx, id)
	store.WorkloadStatuses.Delete(tx, id)
	return nil
}
