// Package planetest holds planes to what the loops rely on. The fake in memory and every
// real driver pass the same suite; it is for tests only.
package planetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
)

// Subject is what is held to the suite. Planes that belong together, such as one that
// makes and one that removes, are one subject and are applied in their order.
type Subject struct {
	Planes []reconcile.Plane
	// Machine is the nth of some machines that the planes have something to do for, and
	// Changed the same machine after a change.
	Machine func(n int) plan.Machine
	Changed func(n int) plan.Machine
	// State prints what there is on the host, of all machines. It must not print what
	// differs from one moment to the next, such as counters.
	State func(t *testing.T) string
	// Fail makes the nth change from now on fail, once, and reports by the function that
	// it returns whether it came to that. Nil where a driver has no such seam.
	Fail func(n int) (failed func() bool)
}

const enough = 30 * time.Second

// apply applies a plan as the loops do, once.
func (s Subject) apply(t *testing.T, m plan.Machine) ([]plan.Observed, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enough)
	defer cancel()
	var seen []plan.Observed
	var first error
	for _, p := range s.Planes {
		o, err := p.Apply(ctx, m)
		seen = append(seen, o)
		if err != nil && first == nil {
			first = err
		}
	}
	return seen, first
}

// stands applies a plan and wants it to stand. What a plane waits for may take a moment.
func (s Subject) stands(t *testing.T, m plan.Machine) {
	t.Helper()
	s.until(t, m, func(o plan.Observed) bool { return o.Ready && !o.Gone })
}

// goes removes a machine and wants nothing of it to be left.
func (s Subject) goes(t *testing.T, id plan.MachineID) {
	t.Helper()
	s.until(t, plan.Machine{ID: id, Gone: true}, func(o plan.Observed) bool { return o.Gone })
}

func (s Subject) until(t *testing.T, m plan.Machine, ok func(plan.Observed) bool) {
	t.Helper()
	end := time.Now().Add(enough)
	for {
		seen, err := s.apply(t, m)
		if err == nil && !slices.ContainsFunc(seen, func(o plan.Observed) bool { return !ok(o) }) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not come about: %v, %+v", m.ID, err, seen)
		}
	}
}

// listed reports whether some plane finds something of a machine.
func (s Subject) listed(t *testing.T, id plan.MachineID) bool {
	t.Helper()
	for _, p := range s.Planes {
		ids, err := p.Machines(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", p.Name(), err)
		}
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
}

// Conformance holds a subject to the suite. Each part gets one of its own.
func Conformance(t *testing.T, make func(t *testing.T) Subject) {
	parts := []struct {
		name string
		part func(*testing.T, Subject)
	}{
		{"twice", twice}, {"there and back", thereAndBack}, {"gone", gone}, {"neighbours", neighbours},
		{"half-way", halfWay}, {"cancelled", cancelled}, {"run", run},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.part(t, make(t)) })
	}
}

// twice: applying the same plan again changes nothing.
func twice(t *testing.T, s Subject) {
	m := s.Machine(0)
	s.stands(t, m)
	first := s.State(t)
	s.stands(t, m)
	if again := s.State(t); again != first {
		t.Errorf("applied again, there is\n%s\nand was\n%s", again, first)
	}
	s.goes(t, m.ID)
}

// thereAndBack: what a plan brings depends on the plan and not on the one before.
func thereAndBack(t *testing.T, s Subject) {
	m := s.Machine(0)
	s.stands(t, m)
	first := s.State(t)
	s.stands(t, s.Changed(0))
	if s.State(t) == first {
		t.Error("the changed plan changes nothing")
	}
	s.stands(t, m)
	if back := s.State(t); back != first {
		t.Errorf("there and back, there is\n%s\nand was\n%s", back, first)
	}
	s.goes(t, m.ID)
}

// gone: a machine that goes leaves nothing, and is no longer listed; going again is no
// fault.
func gone(t *testing.T, s Subject) {
	empty := s.State(t)
	m := s.Machine(0)
	s.stands(t, m)
	if !s.listed(t, m.ID) {
		t.Error("a machine that stands is not listed")
	}
	s.goes(t, m.ID)
	s.goes(t, m.ID)
	if left := s.State(t); left != empty {
		t.Errorf("gone, there is\n%s\nand was, before it,\n%s", left, empty)
	}
	if s.listed(t, m.ID) {
		t.Error("a machine that is gone is listed")
	}
}

// neighbours: machines do not touch each other.
func neighbours(t *testing.T, s Subject) {
	a, b := s.Machine(0), s.Machine(1)
	s.stands(t, a)
	alone := s.State(t)
	s.stands(t, b)
	s.stands(t, s.Changed(1))
	s.goes(t, b.ID)
	if left := s.State(t); left != alone {
		t.Errorf("after a neighbour went there is\n%s\nand was, before it came,\n%s", left, alone)
	}
	s.goes(t, a.ID)
}

// halfWay: whatever change fails, the next Apply brings the same.
func halfWay(t *testing.T, s Subject) {
	if s.Fail == nil {
		t.Skip("this driver has no seam for faults")
	}
	m := s.Machine(0)
	s.stands(t, m)
	whole := s.State(t)
	s.goes(t, m.ID)
	empty := s.State(t)
	const most = 500
	for n := range most {
		failed := s.Fail(n)
		_, err := s.apply(t, m)
		if !failed() {
			s.goes(t, m.ID)
			return // there are not so many changes
		}
		if err == nil {
			t.Fatalf("change %d failed, and Apply does not say so", n)
		}
		s.stands(t, m)
		if got := s.State(t); got != whole {
			t.Fatalf("after change %d failed there is\n%s\nwant\n%s", n, got, whole)
		}
		failed = s.Fail(n)
		_, _ = s.apply(t, plan.Machine{ID: m.ID, Gone: true})
		_ = failed()
		s.goes(t, m.ID)
		if got := s.State(t); got != empty {
			t.Fatalf("after removal %d failed there is\n%s\nwant\n%s", n, got, empty)
		}
	}
	t.Fatalf("there are more than %d changes in one Apply", most)
}

// cancelled: an Apply whose context has ended returns, and the next one brings what it
// should.
func cancelled(t *testing.T, s Subject) {
	m := s.Machine(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		for _, p := range s.Planes {
			_, _ = p.Apply(ctx, m)
		}
	}()
	select {
	case <-returned:
	case <-time.After(enough):
		t.Fatal("Apply goes on after its context has ended")
	}
	s.stands(t, m)
	s.goes(t, m.ID)
}

// run: Run ends with its context, and does not end before.
func run(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, len(s.Planes))
	for i, p := range s.Planes {
		go func() {
			_ = p.Run(ctx, func(plan.MachineID) {})
			ended <- i
		}()
	}
	m := s.Machine(0)
	s.stands(t, m)
	s.goes(t, m.ID)
	select {
	case i := <-ended:
		t.Errorf("Run of %s has ended before its context", s.Planes[i].Name())
	default:
	}
	cancel()
	for range s.Planes {
		select {
		case <-ended:
		case <-time.After(enough):
			t.Fatal("Run goes on after its context has ended")
		}
	}
}
