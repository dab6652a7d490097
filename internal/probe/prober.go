package probe

import (
	"context"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
)

// line carries the echoes of one probe. Only the prober's goroutine uses it.
type line interface {
	// Echo sends one request and waits for its answer, until ctx ends.
	Echo(ctx context.Context, seq uint16) error
	Close() error
}

// Counts are what one probe has seen since the server began to watch its tunnel.
type Counts struct {
	Sent, Lost uint64
	RTT        time.Duration // of the last answer
	Healthy    bool
}

// prober probes one tunnel.
type prober struct {
	want    plan.Probe
	open    func(plan.Probe) (line, error)
	changed func() // the verdict has changed
	end     context.CancelFunc
	done    chan struct{} // closed when the goroutine has ended
	first   chan struct{} // closed after the first outcome

	state struct {
		sync.Mutex
		verdict
		Counts
		cause string // of the last loss, empty after an answer
	}
}

// start begins to probe. What was known of the same path before is carried on.
func start(ctx context.Context, want plan.Probe, before *prober, open func(plan.Probe) (line, error), changed func()) *prober {
	r := &prober{want: want, open: open, changed: changed, done: make(chan struct{}), first: make(chan struct{})}
	if before != nil && samePath(before.want, want) {
		before.state.Lock()
		r.state.verdict, r.state.Counts, r.state.cause = before.state.verdict, before.state.Counts, before.state.cause
		before.state.Unlock()
	}
	ctx, r.end = context.WithCancel(ctx)
	go r.run(ctx)
	return r
}

// samePath reports whether two probes differ at most in how often and how patiently they
// ask.
func samePath(a, b plan.Probe) bool {
	return a.Namespace == b.Namespace && a.Local == b.Local && a.Remote == b.Remote
}

// stop ends the goroutine and waits for it.
func (r *prober) stop() {
	r.end()
	<-r.done
}

// run sends a request every interval, but none before the last one is answered or given
// up.
func (r *prober) run(ctx context.Context) {
	defer close(r.done)
	var l line
	defer func() {
		if l != nil {
			l.Close()
		}
	}()
	for seq := uint16(1); ; seq++ {
		begun := time.Now()
		var err error
		if l == nil {
			l, err = r.open(r.want)
		}
		if err == nil {
			err = r.echo(ctx, l, seq)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && l != nil { // the namespace or the address may be another one by now
			l.Close()
			l = nil
		}
		r.note(err, time.Since(begun))
		if seq == 1 {
			close(r.first)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(r.want.Interval-time.Since(begun), 0)):
		}
	}
}

func (r *prober) echo(ctx context.Context, l line, seq uint16) error {
	ctx, cancel := context.WithTimeout(ctx, r.want.Timeout)
	defer cancel()
	return l.Echo(ctx, seq)
}

// note counts an outcome and tells of a changed verdict.
func (r *prober) note(err error, took time.Duration) {
	s := &r.state
	s.Lock()
	s.Sent++
	if err != nil {
		s.Lost++
		s.cause = err.Error()
	} else {
		s.RTT, s.cause = took, ""
	}
	changed := s.verdict.note(err == nil, r.want.Threshold)
	s.Healthy = s.healthy
	s.Unlock()
	if changed {
		r.changed()
	}
}

// seen is what is known now.
func (r *prober) seen() (plan.ProbeState, Counts) {
	s := &r.state
	s.Lock()
	defer s.Unlock()
	out := plan.ProbeState{Healthy: s.healthy}
	switch {
	case s.healthy:
	case !s.known && s.cause == "":
		out.Cause = "not probed yet"
	case s.cause == "":
		out.Cause = "it answers again, but not often enough in a row yet"
	default:
		out.Cause = s.cause
	}
	return out, s.Counts
}
