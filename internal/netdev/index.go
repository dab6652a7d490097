package netdev

import (
	"slices"
	"sync"

	"github.com/gatewright/gatewright/internal/plan"
)

// device names a link in a namespace.
type device struct{ namespace, name string }

// index knows which machines care about a namespace or a link, from the last plan of
// each.
type index struct {
	sync.Mutex
	spaces  map[string]map[plan.MachineID]bool
	wanted  map[device]plan.MachineID          // the machine that makes it
	missing map[device]map[plan.MachineID]bool // machines that could not go on without it
	of      map[plan.MachineID]plan.Machine
}

func (x *index) init() {
	x.spaces = map[string]map[plan.MachineID]bool{}
	x.wanted = map[device]plan.MachineID{}
	x.missing = map[device]map[plan.MachineID]bool{}
	x.of = map[plan.MachineID]plan.Machine{}
}

// learn replaces what is known of a machine.
func (x *index) learn(m plan.Machine) {
	x.Lock()
	defer x.Unlock()
	eachPlace(x.of[m.ID], func(d device) {
		delete(x.spaces[d.namespace], m.ID)
		if len(x.spaces[d.namespace]) == 0 {
			delete(x.spaces, d.namespace)
		}
		delete(x.wanted, d)
	})
	for d, ids := range x.missing {
		delete(ids, m.ID)
		if len(ids) == 0 {
			delete(x.missing, d)
		}
	}
	if m.Gone {
		delete(x.of, m.ID)
		return
	}
	x.of[m.ID] = m
	eachPlace(m, func(d device) {
		if x.spaces[d.namespace] == nil {
			x.spaces[d.namespace] = map[plan.MachineID]bool{}
		}
		x.spaces[d.namespace][m.ID] = true
		x.wanted[d] = m.ID
	})
}

// eachPlace visits every link of a plan, and both ends of its cables.
func eachPlace(m plan.Machine, visit func(device)) {
	for _, ns := range m.Namespaces {
		visit(device{ns.Name, "lo"})
		for _, l := range ns.Links {
			visit(device{ns.Name, l.Name})
			if l.Kind == plan.LinkVeth {
				visit(device{l.Peer.Namespace, l.Peer.Name})
			}
		}
	}
}

// miss notes that a machine waits for a link that it does not make itself, or, without a
// name, for the namespace.
func (x *index) miss(id plan.MachineID, d device) {
	x.Lock()
	defer x.Unlock()
	if x.missing[d] == nil {
		x.missing[d] = map[plan.MachineID]bool{}
	}
	x.missing[d][id] = true
}

// users are the machines that have something in a namespace.
func (x *index) users(namespace string) []plan.MachineID {
	x.Lock()
	defer x.Unlock()
	return keys(x.spaces[namespace])
}

// maker is the machine that wants a link.
func (x *index) maker(d device) (plan.MachineID, bool) {
	x.Lock()
	defer x.Unlock()
	id, ok := x.wanted[d]
	return id, ok
}

// guested is the machine in whose namespace another machine wants a link.
func (x *index) guested(d device) (plan.MachineID, bool) {
	x.Lock()
	defer x.Unlock()
	maker, made := x.wanted[d]
	id, ok := x.wanted[device{d.namespace, "lo"}]
	return id, made && ok && id != maker
}

// waiting are the machines that miss a link.
func (x *index) waiting(d device) []plan.MachineID {
	x.Lock()
	defer x.Unlock()
	return keys(x.missing[d])
}

// all are all machines that were ever built and are not gone.
func (x *index) all() []plan.MachineID {
	x.Lock()
	defer x.Unlock()
	return keys(x.of)
}

func keys[V any](m map[plan.MachineID]V) []plan.MachineID {
	var out []plan.MachineID
	for id := range m {
		out = append(out, id)
	}
	slices.SortFunc(out, compareIDs)
	return out
}
