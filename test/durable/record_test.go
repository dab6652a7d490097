package durable

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// record is what the clients of a load have asked and been told. Every gateway has a
// name of its own, which says which call made it, also when its answer was lost.
type record struct {
	mu       sync.Mutex
	byName   map[string]*entry
	holders  map[string]string // public address -> the name of the gateway that has or had it
	told     map[string]string // RequestId of each acknowledged call -> action
	faults   []string
	acked    int // acknowledged writes
	verified int // comparisons made
}

// entry is one gateway as its client knows it.
type entry struct {
	name, vpc   string
	id, address string
	made, gone  fate
	sizes       map[uint64]bool // bandwidths that it may have
	resizes     int             // of unknown outcome
}

func newRecord() *record {
	return &record{byName: map[string]*entry{}, holders: map[string]string{}, told: map[string]string{}}
}

// change runs fn while nobody compares.
func (b *record) change(fn func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fn()
}

func (b *record) acknowledged() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acked
}

// fault notes what should not be.
func (b *record) fault(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faultLocked(format, args...)
}

func (b *record) faultLocked(format string, args ...any) {
	b.faults = append(b.faults, fmt.Sprintf(format, args...))
}

// report fails the test with the first few faults.
func (b *record) report(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		if i == 20 {
			t.Fatalf("and %d more", len(b.faults)-i)
		}
		t.Error(f)
	}
	if len(b.faults) > 0 {
		t.FailNow()
	}
}

// settledLocked notes an acknowledged write.
func (b *record) settledLocked(r *reply, action string) {
	b.acked++
	if old, twice := b.told[r.id]; twice {
		b.faultLocked("%s and %s have the same RequestId %s", old, action, r.id)
	}
	b.told[r.id] = action
}

// holdLocked notes that a gateway has an address, which no other may ever have had.
func (b *record) holdLocked(address, name string) {
	if other, ok := b.holders[address]; ok && other != name {
		b.faultLocked("the address %s belonged to %s and belongs to %s", address, other, name)
	}
	b.holders[address] = name
}

// snapshot copies what is known, for a comparison with rows that are read afterwards.
func (b *record) snapshot() map[string]entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[string]entry, len(b.byName))
	for name, e := range b.byName {
		copied := *e
		copied.sizes = maps.Clone(e.sizes)
		out[name] = copied
	}
	return out
}

// compare holds gateways against what was known before they were read. A call that went
// on meanwhile may have done its work or not.
func (b *record) compare(before map[string]entry, gateways []vpc.Gateway) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.verified++
	seen := map[string]vpc.Gateway{}
	for _, g := range gateways {
		now := b.byName[g.Name]
		if now == nil {
			b.faultLocked("nobody made gateway %s named %q", g.ID, g.Name)
			continue
		}
		if other, twice := seen[g.Name]; twice {
			b.faultLocked("%s: one call made two gateways, %s and %s", g.Name, other.ID, g.ID)
		}
		seen[g.Name] = g
		b.holdLocked(g.Public.String(), g.Name)
	}
	for name, was := range before {
		g, there := seen[name]
		for _, f := range was.compare(b.byName[name], g, there && g.Deleted == 0) {
			b.faultLocked("%s (%s, %s; made: %v, gone: %v): %s", name, was.id, was.address, was.made, was.gone, f)
		}
	}
}

// compare returns what is wrong with one gateway. was is what was known before it was
// read, and now what is known since.
func (was *entry) compare(now *entry, g vpc.Gateway, there bool) (faults []string) {
	quietly := was.gone == unasked || was.gone == refused
	switch {
	case was.made == refused && there:
		faults = append(faults, "it was refused and is there")
	case was.made == done && was.gone == done && there:
		faults = append(faults, "its deletion was acknowledged and it is there")
	case was.made == done && quietly && now.gone == was.gone && !there:
		faults = append(faults, "it was acknowledged and is not there")
	}
	if !there || was.made != done {
		return faults
	}
	if string(g.ID) != was.id || g.Public.String() != was.address || string(g.VPC) != was.vpc {
		faults = append(faults, fmt.Sprintf("it is %s, %s in %s now", g.ID, g.Public, g.VPC))
	}
	if size := uint64(g.Bandwidth); !was.sizes[size] && !now.sizes[size] {
		faults = append(faults, fmt.Sprintf("it has %d Mbps, of %v", size, was.sizes))
	}
	return faults
}
