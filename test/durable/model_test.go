package durable

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The model of linearizability: a VPC that has room for one gateway is a place that is
// empty, or holds a gateway with an id and a name. A deleted one stands there as going
// until the server's queue takes it away, which may come at any moment after.

// place is the state of one VPC. The zero value is empty.
type place struct {
	there, going bool
	id           string // empty: made by a call whose answer was lost
	name         string
}

// The kinds of calls.
const (
	opCreate = "create"
	opLook   = "look"   // at the place
	opFind   = "find"   // by id
	opRename = "rename" // by id
	opDelete = "delete" // by id
)

// ask is the input of an operation.
type ask struct {
	kind  string
	place int
	id    string // of find, rename and delete
	name  string // of create and rename
}

// told is the output of an operation: done, refused or unknown, and what was seen.
type told struct {
	fate
	code vpc.Code
	seen place  // of look and find
	id   string // of create
}

func (a ask) String() string {
	return fmt.Sprintf("%s %d %s %s", a.kind, a.place, a.id, a.name)
}

func (o told) String() string {
	switch {
	case o.fate == refused:
		return string(o.code)
	case o.fate == done && o.seen.there:
		return fmt.Sprintf("%+v", o.seen)
	}
	return fmt.Sprintf("%v %s", o.fate, o.id)
}

// model knows the ids that acknowledged calls have made: a gateway whose maker got no
// answer has none of them.
type model struct{ known map[string]bool }

func newModel(history []porcupine.Operation) *model {
	m := &model{map[string]bool{}}
	for _, op := range history {
		if out := op.Output.(told); out.id != "" {
			m.known[out.id] = true
		}
	}
	return m
}

// porcupine is the model as the checker wants it.
func (m *model) porcupine() porcupine.Model {
	nm := porcupine.NondeterministicModel{
		Partition: byPlace,
		Init:      func() []any { return []any{place{}} },
		Step: func(state, in, out any) []any {
			var next []any
			for _, s := range state.(place).perhapsGone() {
				for _, n := range m.step(s, in.(ask), out.(told)) {
					next = append(next, n)
				}
			}
			return next
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%v -> %v", in, out) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
	}
	return nm.ToModel()
}

func byPlace(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[int][]porcupine.Operation{}
	for _, op := range history {
		p := op.Input.(ask).place
		parts[p] = append(parts[p], op)
	}
	return slices.Collect(maps.Values(parts))
}

func (s place) perhapsGone() []place {
	if s.going {
		return []place{s, {}}
	}
	return []place{s}
}

// step returns the states that an operation with this output can lead to; none: it
// cannot have had this output.
func (m *model) step(s place, in ask, out told) []place {
	if out.fate == unknown {
		if after, ok := m.effect(s, in, told{fate: done}); ok {
			return []place{s, after}
		}
		return []place{s}
	}
	if after, ok := m.effect(s, in, out); ok {
		return []place{after}
	}
	return nil
}

// effect is what an operation with this answer makes of a place.
func (m *model) effect(s place, in ask, out told) (place, bool) {
	switch in.kind {
	case opLook:
		return m.seen(s, out.seen)
	case opFind:
		if !out.seen.there {
			return s, !s.there || s.id != in.id
		}
		return m.seen(s, out.seen)
	case opCreate:
		if out.fate == refused {
			return s, s.there
		}
		return place{there: true, id: out.id, name: in.name}, !s.there
	}
	return m.change(s, in, out)
}

func (m *model) seen(s, seen place) (place, bool) {
	bound, ok := m.bind(s, seen.id)
	return bound, ok && bound == seen || !s.there && !seen.there
}

// change renames or deletes the gateway that an id names.
func (m *model) change(s place, in ask, out told) (place, bool) {
	if out.fate == refused {
		return s, !s.there || s.going || s.id != in.id
	}
	bound, ok := m.bind(s, in.id)
	if !ok || bound.going {
		return s, false
	}
	if in.kind == opRename {
		bound.name = in.name
	} else {
		bound.going = true
	}
	return bound, true
}

// bind takes s for the place of the gateway id, if it can be that.
func (m *model) bind(s place, id string) (place, bool) {
	if s.there && s.id == "" && !m.known[id] {
		s.id = id
	}
	return s, s.there && s.id == id
}

// noAnswer is when a call without an answer ends, for the checker.
const noAnswer = math.MaxInt64
