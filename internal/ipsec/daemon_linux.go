package ipsec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/strongswan/govici/vici"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// daemon is one charon. Its goroutine, run, owns everything but what is shown.
//
//	no process -> starting -> answering -> (killed) -> no process
//	                             |  ^
//	                     (session broken) -> connecting
type daemon struct {
	name    string
	machine plan.MachineID
	host    *host.Children
	key     []byte // of stamps
	log     *slog.Logger
	dial    dialer
	changed func() // what is shown differs
	orders  chan order
	packets chan flow
	done    chan struct{} // closed when run has returned

	want     *plan.Daemon // nil: found on the host and not claimed yet
	process  *host.Child
	session  *session
	record   record
	tunnels  map[vpc.ConnectionID]*tunnel
	strange  map[uint32]*stranger
	dirty    map[vpc.ConnectionID]bool
	silent   bool      // it runs and has not answered a call in time
	failures int       // to start or to reach it, in a row
	retry    time.Time // when to try that again
	refresh  time.Time // when to list all SAs again
	logged   int       // lines of the process's log since that was trimmed
	watch    *host.FlowWatch
	watching string // for which flows

	shown struct {
		sync.Mutex
		fault     string
		facts     []string
		states    map[vpc.ConnectionID]plan.TunnelState
		measures  []Measure
		histories map[vpc.ConnectionID]*history
	}
}

// order asks a daemon to match a plan; without one, to end; or only to list its SAs.
type order struct {
	want  *plan.Daemon
	count bool
	reply chan error
}

// flow is a packet that waits for a tunnel.
type flow struct{ from, to netip.Addr }

// refreshEvery bounds how long a lost event and old counters are believed.
const refreshEvery = 30 * time.Second

// run is the daemon's goroutine. When ctx ends the process is left alone.
func (d *daemon) run(ctx context.Context) {
	defer close(d.done)
	defer d.leave()
	timer := time.NewTimer(refreshEvery)
	defer timer.Stop()
	for {
		var events chan vici.Event
		var gone <-chan struct{}
		if d.session != nil {
			events = d.session.events
		}
		if d.process != nil {
			gone = d.process.Gone()
		}
		select {
		case <-ctx.Done():
			return
		case o := <-d.orders:
			err := d.obey(ctx, o)
			o.reply <- err
			if o.want == nil && !o.count && err == nil {
				return
			}
		case e, ok := <-events:
			d.take(e, ok)
			d.drain()
		case <-gone:
			d.died()
		case f := <-d.packets:
			d.packet(f, time.Now())
		case <-timer.C:
		}
		if now := time.Now(); d.want != nil && d.session == nil && !now.Before(d.retry) {
			if err := d.converge(ctx); err != nil && ctx.Err() == nil {
				d.log.Warn("IKE daemon", "daemon", d.name, "error", err)
			}
		}
		timer.Reset(d.work(time.Now()))
	}
}

func (d *daemon) obey(ctx context.Context, o order) error {
	switch {
	case o.count:
		d.refresh = time.Time{}
		d.work(time.Now())
		return nil
	case o.want == nil:
		return d.end(ctx)
	}
	d.want = o.want
	err := d.converge(ctx)
	d.work(time.Now())
	return err
}

// leave lets go of the process and what watches for it.
func (d *daemon) leave() {
	d.disconnect()
	d.unwatch()
	if d.process != nil {
		d.process.Release()
	}
}

func (d *daemon) disconnect() {
	if d.session != nil {
		d.session.close()
		d.session = nil
	}
}

// died notes that the process is gone, with every SA, and starts it again at once.
func (d *daemon) died() {
	d.log.Warn("IKE daemon died", "daemon", d.name, "pid", d.process.PID)
	d.forget()
	for _, t := range d.tunnels {
		t.failure = reason{cause: "the IKE daemon died and is started again"}
	}
	d.retry = time.Now().Add(pause(d.failures))
	d.show()
}

// forget drops everything that was true of a process.
func (d *daemon) forget() {
	d.disconnect()
	d.process, d.silent = nil, false
	d.record.Stamps, d.record.PID = map[vpc.ConnectionID]stamp{}, 0
	clear(d.strange)
	clear(d.dirty)
	for _, t := range d.tunnels {
		t.loaded, t.sas, t.due, t.pause, t.tried = false, nil, time.Time{}, 0, nil
		t.forget()
		t.settle()
	}
}

// lost notes that the session is broken. The process may be well, unless it has let a call
// wait for too long.
func (d *daemon) lost(err error) {
	d.log.Warn("IKE daemon: session lost", "daemon", d.name, "error", err)
	d.disconnect()
	var late net.Error
	d.silent = d.silent || errors.As(err, &late) && late.Timeout()
	d.retry = time.Now()
}

// pause is how long to wait after some failures in a row.
func pause(failures int) time.Duration {
	if failures == 0 {
		return 0
	}
	return min(time.Second<<min(failures-1, 6), 30*time.Second)
}

// end stops the process and removes what it had.
func (d *daemon) end(ctx context.Context) error {
	d.disconnect()
	d.unwatch()
	if d.process == nil {
		p, err := d.host.Find(childName(d.name))
		if err != nil {
			return err
		}
		d.process = p
	}
	if d.process != nil {
		if err := d.process.Stop(ctx, stopGrace); err != nil {
			return err
		}
		d.process = nil
	}
	return d.removeFiles()
}

// stopGrace is how long a daemon may take to say goodbye to its peers.
const stopGrace = 3 * time.Second

// Endings of a daemon's files in the runtime directory.
const (
	endConf   = ".conf"
	endSocket = ".vici"
	endLog    = ".charon.log"
	endRecord = ".json"
)

// prefix is that of our children's names.
const prefix = "charon-"

func childName(daemon string) string { return prefix + daemon }

func (d *daemon) path(ending string) string { return d.host.Path(childName(d.name), ending) }

// show publishes what others may read, and says so when a tunnel's state differs.
func (d *daemon) show() {
	states := make(map[vpc.ConnectionID]plan.TunnelState, len(d.tunnels))
	histories := make(map[vpc.ConnectionID]*history, len(d.tunnels))
	var measures []Measure
	facts := []string{fmt.Sprintf("daemon %s in %s, engine %s, pid %d", d.name, d.record.Namespace, d.record.Engine, d.record.PID)}
	for id, t := range d.tunnels {
		states[id], histories[id] = d.stateOf(t), t.log
		measures = append(measures, t.measure())
		facts = append(facts, t.facts()...)
	}
	s := &d.shown
	s.Lock()
	differs := len(states) != len(s.states)
	for id, state := range states {
		differs = differs || s.states[id] != state
	}
	s.states, s.histories, s.measures, s.facts = states, histories, measures, facts
	s.Unlock()
	if differs {
		d.changed()
	}
}

// hung is what is said of tunnels whose daemon has stopped to answer.
var hung = reason{"the IKE daemon does not answer", "it is killed and started again if that goes on; its log is in the runtime directory"}

// stateOf is what a tunnel is in. What a daemon encrypts itself stands still with it.
func (d *daemon) stateOf(t *tunnel) plan.TunnelState {
	if d.silent && d.record.Engine == plan.EngineLibipsec {
		return plan.TunnelState{Loaded: t.loaded, Cause: hung.cause, Hint: hung.hint}
	}
	return t.state()
}

func (d *daemon) fault(err error) error {
	d.shown.Lock()
	defer d.shown.Unlock()
	d.shown.fault = ""
	if err != nil {
		d.shown.fault = err.Error()
	}
	return err
}
