package ipsec

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestFlood begins thousands of IKE_SAs as fast as the daemon reads, from as many addresses
// that do not exist or from that of a peer. What it remembers of them is bounded; two
// tunnels lose nothing, and a good peer comes up meanwhile.
func TestFlood(t *testing.T) {
	t.Parallel()
	w := newWire(t, *wireSeed)
	v2 := func() []byte { return newInitiator().init() }
	v1 := func() []byte {
		return ikeMessage{spiI: w.rand.Uint64(), version: 0x10, exchange: exchangeMain, payloads: []payload{proposalV1()}}.bytes()
	}
	atPeer := func() netip.AddrPort { return peerAt(500) }
	const many = 2000
	n := 2
	for _, tt := range []struct {
		name    string
		from    func() netip.AddrPort
		message func() []byte
		anybody bool   // a tunnel of that version waits for a peer from anywhere
		most    int    // half-open IKE_SAs that this may leave
		version string // of the good peer
	}{
		// A cookie is asked for from the third of an address on, and from the 100th of all.
		{"cookie flood from a peer's address", atPeer, v2, true, 3, lab.IKEv2},
		{"cookie flood from everywhere", w.anywhere, v2, true, 100, lab.IKEv2},
		// IKEv1 has no cookies: an address is ignored from its 100th on.
		{"IKEv1 from a peer's address", atPeer, v1, true, 100, lab.IKEv1Main},
		{"IKEv1 from everywhere, whom no tunnel waits for", w.anywhere, v1, false, 0, lab.IKEv1Main},
		// And where a tunnel waits for anybody, each is remembered for half a minute.
		{"IKEv1 from everywhere", w.anywhere, v1, true, 3 * many, lab.IKEv1Main},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer w.under(t)()
			n++
			p := w.office(n)
			p.version(tt.version)
			p.want.Start = vpc.NegotiatePassive
			p.load()
			w.expectAnybody(tt.anybody)
			w.set(p)
			w.apply()
			pid, size := w.pid(), memory(t, w.pid())
			before, established := w.sas()
			steady := w.steady(w.peer, w.other)
			up := make(chan error, 1)
			go func() { up <- lab.Poll(lab.Patience, func() error { return p.Up("gw-1") }) }()
			sent := w.flood(many, up, tt.from, tt.message)
			all, now := w.sas()
			if left := all - before - (now - established); left > tt.most+inFlight {
				t.Errorf("%d IKE_SAs are half-open", left)
			} else {
				t.Logf("%d sent, %d half-open, %d bytes more", sent, left, memory(t, pid)-size)
			}
			w.becomes(id(n), true, lab.Patience)
			w.carries(p)
			steady()
			if grown := memory(t, pid) - size; grown > 64<<20 || w.pid() != pid {
				t.Errorf("pid %d, then %d; it has grown by %d bytes", pid, w.pid(), grown)
			}
			w.bounded()
		})
	}
}

// inFlight are IKE_SAs that come and go: those of the good peer, and what several threads
// have begun before they count.
const inFlight = 32

// expectAnybody has a tunnel of IKEv1 that waits for a peer from anywhere, or none.
func (w *wire) expectAnybody(wanted bool) {
	others := slices.DeleteFunc(w.daemon.Tunnels, func(x plan.Tunnel) bool { return x.Connection == w.older.Connection })
	if w.daemon.Tunnels = others; wanted {
		w.daemon.Tunnels = append(w.daemon.Tunnels, w.older)
	}
}

// flood sends at least as many messages, and until the good peer is up up to three times as
// many.
func (w *wire) flood(many int, up <-chan error, from func() netip.AddrPort, message func() []byte) (sent int) {
	w.t.Helper()
	for isUp := false; sent < many || !isUp && sent < 3*many; sent++ {
		w.send(from(), gatewayAt(500), message())
		isUp = len(up) > 0
	}
	if err := <-up; err != nil {
		w.t.Errorf("the good peer: %v", err)
	}
	w.caughtUp()
	return sent
}
