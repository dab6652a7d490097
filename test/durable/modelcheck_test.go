package durable

import (
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/gatewright/gatewright/internal/vpc"
)

// at makes an operation that lasts from one moment to another.
func at(begin, end int64, in ask, out told) porcupine.Operation {
	return porcupine.Operation{Input: in, Call: begin, Output: out, Return: end}
}

// TestModel proves that the model tells right histories from wrong ones.
func TestModel(t *testing.T) {
	one := place{there: true, id: "one", name: "a"}
	going := place{there: true, going: true, id: "one", name: "a"}
	create := func(begin, end int64, id string) porcupine.Operation {
		return at(begin, end, ask{kind: opCreate, name: "a"}, told{fate: done, id: id})
	}
	look := func(begin, end int64, seen place) porcupine.Operation {
		return at(begin, end, ask{kind: opLook}, told{fate: done, seen: seen})
	}
	find := func(begin, end int64, id string, seen place) porcupine.Operation {
		return at(begin, end, ask{kind: opFind, id: id}, told{fate: done, seen: seen})
	}
	remove := func(begin, end int64, f fate) porcupine.Operation {
		return at(begin, end, ask{kind: opDelete, id: "one"}, told{fate: f, code: vpc.ResourceNotFound})
	}
	rename := func(begin, end int64, name string, f fate) porcupine.Operation {
		return at(begin, end, ask{kind: opRename, id: "one", name: name}, told{fate: f, code: vpc.ResourceNotFound})
	}
	lost := at(1, noAnswer, ask{kind: opCreate, name: "a"}, told{fate: unknown})
	full := at(3, 4, ask{kind: opCreate, name: "b"}, told{fate: refused, code: vpc.LimitExceeded})
	for _, c := range []struct {
		name    string
		history []porcupine.Operation
		want    porcupine.CheckResult
	}{
		{"a read of what was made", []porcupine.Operation{create(1, 2, "one"), look(3, 4, one), find(3, 4, "one", one)}, porcupine.Ok},
		{"a read during the call may see it or not", []porcupine.Operation{create(1, 9, "one"), look(2, 3, place{}), look(4, 5, one)}, porcupine.Ok},
		{"an old read", []porcupine.Operation{create(1, 2, "one"), look(3, 4, place{})}, porcupine.Illegal},
		{"an old read by id", []porcupine.Operation{create(1, 2, "one"), find(3, 4, "one", place{})}, porcupine.Illegal},
		{"reads that go back", []porcupine.Operation{create(1, 9, "one"), look(2, 3, one), look(4, 5, place{})}, porcupine.Illegal},
		{"two in a place for one", []porcupine.Operation{create(1, 2, "one"), create(3, 4, "two")}, porcupine.Illegal},
		{"no room where one is", []porcupine.Operation{create(1, 2, "one"), full}, porcupine.Ok},
		{"no room where none is", []porcupine.Operation{look(1, 2, place{}), full}, porcupine.Illegal},
		{"deleted, then going, then gone", []porcupine.Operation{create(1, 2, "one"), remove(3, 4, done), look(5, 6, going), look(7, 8, place{}), create(9, 10, "two")}, porcupine.Ok},
		{"deleted and still there", []porcupine.Operation{create(1, 2, "one"), remove(3, 4, done), look(5, 6, one)}, porcupine.Illegal},
		{"gone and going again", []porcupine.Operation{create(1, 2, "one"), remove(3, 4, done), look(5, 6, place{}), look(7, 8, going)}, porcupine.Illegal},
		{"deleted twice", []porcupine.Operation{create(1, 2, "one"), remove(3, 4, done), remove(5, 6, done)}, porcupine.Illegal},
		{"not found and there", []porcupine.Operation{create(1, 2, "one"), remove(3, 4, refused)}, porcupine.Illegal},
		{"a lost deletion that came true later", []porcupine.Operation{create(1, 2, "one"), remove(3, noAnswer, unknown), look(5, 6, one), look(7, 8, going)}, porcupine.Ok},
		{"a rename that was forgotten", []porcupine.Operation{create(1, 2, "one"), rename(3, 4, "b", done), look(5, 6, one)}, porcupine.Illegal},
		{"a lost rename", []porcupine.Operation{create(1, 2, "one"), rename(3, noAnswer, "b", unknown), look(5, 6, one), look(7, 8, place{there: true, id: "one", name: "b"})}, porcupine.Ok},
		{"a lost creation that was done", []porcupine.Operation{lost, look(5, 6, one), rename(7, 8, "b", done)}, porcupine.Ok},
		{"a lost creation that was not", []porcupine.Operation{lost, look(5, 6, place{}), create(7, 8, "two")}, porcupine.Ok},
		{"a lost creation done twice", []porcupine.Operation{lost, look(5, 6, one), remove(7, 8, done), look(9, 10, place{}), look(11, 12, place{there: true, id: "two", name: "a"})}, porcupine.Illegal},
	} {
		if got := porcupine.CheckOperationsTimeout(newModel(c.history).porcupine(), c.history, 0); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
