package reconcile

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// machine is one machine's place in the loops.
type machine struct {
	id plan.MachineID

	// Guarded by Loops.mu.
	running bool
	again   bool   // a pass is due
	due     planes // that this pass applies in any case
	timer   *time.Timer
	next    time.Time        // when the timer is to fire
	tries   int              // passes that failed in a row
	waiters []plan.MachineID // that wait for the end of this one's first pass
	shown   shown

	// Owned by the goroutine that serves the machine.
	applied  plan.Machine // zero before the first pass
	observed []plan.Observed
	errs     []error
	err      error // of the last time that planes were asked
	seen     map[vpc.ConnectionID]plan.Seen
	clients  map[vpc.SSLServerID]uint64 // of ClientChanges, what was carried out last
	told     told
}

// shown is what others may see of a machine between its passes.
type shown struct {
	passes, faults uint64
	plan           plan.Machine
	observed       []plan.Observed
	seen           map[vpc.ConnectionID]plan.Seen
	err            error
	last           time.Time
	took           time.Duration
}

func newMachine(id plan.MachineID, n int) *machine {
	return &machine{id: id, clients: map[vpc.SSLServerID]uint64{}, observed: make([]plan.Observed, n), errs: make([]error, n)}
}

// rest stops the timer.
func (m *machine) rest() {
	if m.timer != nil {
		m.timer.Stop()
	}
}

// outcome is what a pass came to.
type outcome struct {
	waits   bool // for the first pass of a machine that it needs; nothing was done
	applied bool // some plane was asked
	gone    bool // nothing is left of it
	more    bool // what was seen last may ask for more
	took    time.Duration
}

// mostRounds bounds how often a pass follows what it sees itself.
const mostRounds = 4

var errLeft = errors.New("something of the machine is left")

// pass compiles the machine's plan and applies it, to all planes if it is new and to
// those that are due in any case. What is seen then may change the plan; the pass
// follows.
func (l *Loops) pass(ctx context.Context, m *machine, due planes) (o outcome) {
	for range mostRounds {
		s := l.snapshot(m)
		want := s.compile()
		if l.waits(m, want) {
			return outcome{waits: true}
		}
		if !reflect.DeepEqual(want, m.applied) {
			due = l.all()
		}
		if due != 0 {
			o.applied = true
			m.err = l.apply(ctx, m, want, due)
			m.seen = s.seen(m.seen, m.observed)
		}
		if o.gone = want.Gone && m.err == nil && m.gone(); due == 0 || m.err != nil || o.gone {
			l.tell(m, s, o.gone)
			return o
		}
		l.tell(m, s, false)
		due = 0
		if want.Gone {
			due = l.all() // what an early plane saw is older than what a later one did
		}
	}
	if o.more = !m.applied.Gone; !o.more {
		m.err = errLeft
	}
	return o
}

// apply asks planes one after another. One that fails leaves the others at work, except
// that nothing is taken away behind one that could not let go.
func (l *Loops) apply(ctx context.Context, m *machine, want plan.Machine, due planes) error {
	m.applied = want
	var errs []error
	for i, p := range l.Planes {
		if due&(1<<i) == 0 {
			continue
		}
		m.observed[i], m.errs[i] = l.ask(ctx, p, want)
		if m.errs[i] != nil && want.Gone {
			break
		}
	}
	for i, err := range m.errs {
		switch seen := m.observed[i]; {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", l.Planes[i].Name(), err))
		case !want.Gone && !seen.Ready:
			errs = append(errs, fmt.Errorf("%s: %s", l.Planes[i].Name(), seen.Cause))
		}
	}
	return errors.Join(errs...)
}

// ask lets one plane apply a plan, within its deadline.
func (l *Loops) ask(ctx context.Context, p Plane, want plan.Machine) (plan.Observed, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return p.Apply(ctx, want)
}

// gone reports whether every plane has seen that nothing is left.
func (m *machine) gone() bool {
	for _, o := range m.observed {
		if !o.Gone {
			return false
		}
	}
	return true
}

// waits reports whether a machine that this one needs has yet to see its first pass,
// whose end then makes this one due.
func (l *Loops) waits(m *machine, want plan.Machine) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range want.Needs {
		if needed := l.mu.machines[id]; needed != nil && needed.shown.passes == 0 {
			needed.waiters = append(needed.waiters, m.id)
			return true
		}
	}
	return false
}

// finish notes a pass, makes due what depends on it, and says when to look again.
func (l *Loops) finish(m *machine, o outcome) {
	if o.waits {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	healed := m.err == nil && (m.tries > 0 || m.shown.passes == 0)
	l.noteLocked(m, o)
	for _, id := range m.waiters {
		if w := l.mu.machines[id]; w != nil {
			l.kickLocked(w, 0)
		}
	}
	m.waiters = nil
	if healed {
		l.dependentsLocked(m.id)
	}
	l.linkedLocked(m, o)
	m.again = m.again || o.more
	if o.gone && !m.again {
		delete(l.mu.machines, m.id)
		return
	}
	l.laterLocked(m, o)
}

func (l *Loops) noteLocked(m *machine, o outcome) {
	m.shown.passes++
	l.mu.total.Passes++
	if !o.applied {
		return
	}
	if m.err == nil {
		m.tries = 0
	} else {
		m.tries, m.shown.faults = m.tries+1, m.shown.faults+1
		l.mu.total.Faults++
	}
	m.shown.plan, m.shown.seen, m.shown.err = m.applied, m.seen, m.err
	m.shown.observed = slices.Clone(m.observed)
	m.shown.last, m.shown.took = time.Now(), o.took
}

// dependentsLocked makes due what has failed and needs a machine that stands now. Only
// routers are needed.
func (l *Loops) dependentsLocked(id plan.MachineID) {
	if id.Kind != plan.KindRouter {
		return
	}
	for _, other := range l.mu.machines {
		if other.tries == 0 {
			continue
		}
		for _, need := range other.shown.plan.Needs {
			if need == id {
				l.kickLocked(other, l.all())
			}
		}
	}
}

// linkedLocked tells a VPC's router when a gateway's link begins to stand, or goes. A
// link that stood once keeps its routes while its gateway fails: what they lead to drops
// by itself what it cannot send.
func (l *Loops) linkedLocked(m *machine, o outcome) {
	if m.id.Kind != plan.KindGateway || !o.applied {
		return
	}
	id := vpc.GatewayID(m.id.ID)
	stands := !m.applied.Gone && (l.mu.ready[id] || l.stood(m))
	if stands == l.mu.ready[id] && m.shown.passes > 1 {
		return
	}
	l.mu.ready[id] = stands
	if m.applied.Gone {
		delete(l.mu.ready, id)
	}
	for _, need := range m.applied.Needs {
		if r := l.mu.machines[need]; r != nil {
			l.kickLocked(r, 0)
		}
	}
}

// stood reports whether the first plane, which makes links, has made the machine's.
func (l *Loops) stood(m *machine) bool { return m.errs[0] == nil && m.observed[0].Ready }

// laterLocked sets the timer of a machine, which also fires when time changes the plan. A
// pass in which no plane was asked puts off nothing.
func (l *Loops) laterLocked(m *machine, o outcome) {
	if l.mu.ctx == nil {
		return
	}
	if o.applied {
		wait := resync
		if m.tries > 0 {
			wait = min(firstWait<<min(m.tries-1, 16), lastWait)
		}
		m.next = time.Now().Add(l.jitterLocked(wait))
	}
	wait := time.Until(m.next)
	if until := m.applied.Until; until != 0 {
		wait = min(wait, time.Duration(until-l.Now()))
	}
	m.rest()
	m.timer = time.AfterFunc(max(0, wait), func() { l.kick(m.id, l.all()) })
}
