package ipsec

import "github.com/gatewright/gatewright/internal/vpc"

// Measure is what metrics tell of a connection. The counters only grow while the
// server runs.
type Measure struct {
	Connection  vpc.ConnectionID
	Up          bool
	IKESAs      int
	ChildSAs    int
	BytesIn     uint64
	BytesOut    uint64
	PacketsIn   uint64
	PacketsOut  uint64
	Rekeys      uint64 // of either kind of SA
	DPDFailures uint64 // how often the peer was taken for dead
}

// counts are what has passed through a CHILD_SA.
type counts struct{ bytesIn, bytesOut, packetsIn, packetsOut uint64 }

func (c *counts) add(more counts) {
	c.bytesIn += more.bytesIn
	c.bytesOut += more.bytesOut
	c.packetsIn += more.packetsIn
	c.packetsOut += more.packetsOut
}

// count takes a CHILD_SA's counters. charon forgets them with the SA, so the last ones
// seen are kept.
func (t *tunnel) count(c childSA) {
	t.last[c.id] = counts{c.bytesIn, c.bytesOut, c.packetsIn, c.packetOut}
}

// settle moves the counters of SAs that are gone into the past.
func (t *tunnel) settle() {
	there := map[uint32]bool{}
	for _, s := range t.sas {
		for _, c := range s.children {
			there[c.id] = true
			t.count(c)
		}
	}
	for id, c := range t.last {
		if !there[id] {
			t.past.add(c)
			delete(t.last, id)
		}
	}
}

func (t *tunnel) measure() Measure {
	m := t.tick
	m.Connection, m.Up, m.IKESAs = t.want.Connection, t.up(), len(t.sas)
	sum := t.past
	for _, c := range t.last {
		sum.add(c)
	}
	for _, s := range t.sas {
		m.ChildSAs += len(s.children)
	}
	m.BytesIn, m.BytesOut, m.PacketsIn, m.PacketsOut = sum.bytesIn, sum.bytesOut, sum.packetsIn, sum.packetsOut
	return m
}
