package ipsec

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// tunnel is what a daemon's goroutine knows of one connection.
//
//	missing pairs -> due -> attempt -> (negotiation under way) -> up
//	                     ^                        |
//	                     +---- pause, longer each time ----+
type tunnel struct {
	want   plan.Tunnel
	loaded bool
	refuse reason // why it could not be loaded

	sas     []ikeSA
	asked   time.Time // until then a packet, a reset or DPD asks for it
	due     time.Time // of the next attempt; zero: none
	pause   time.Duration
	tried   []string  // the children begun since it last had all, or in this round
	singly  bool      // the last attempt asked for single pairs where it could have asked for all
	begun   time.Time // of the last attempt, until phase 1 is done or it has ended
	failure reason
	failed  uint32               // the IKE_SA that failed
	owes    map[uint32]time.Time // IKE_SAs whose peer owes an answer, and since when
	phase1  map[uint32]bool      // IKE_SAs whose phase 1 is done
	corpses []uint32             // IKE_SAs whose peer charon itself takes for dead

	log  *history
	past counts            // of SAs that are gone
	last map[uint32]counts // of SAs that are there, by the CHILD_SA's id
	tick Measure           // counters of events
}

// firstPause and lastPause bound the time between attempts of a tunnel that fails.
const (
	firstPause = time.Second
	lastPause  = 10 * time.Second
)

// How long a tunnel that is not active is negotiated after a packet, and after a reset
// or a peer's death.
const (
	askedByPacket  = time.Minute
	askedByCommand = 10 * time.Minute
)

// Peers take too many beginnings at once from one address for an attack; strongSwan draws
// the line at five.
const (
	atOnce    = 4
	afterward = 30 * time.Millisecond // when to look whether one of them is done
	believed  = 2 * time.Second       // after that a beginning is no longer under way
)

func newTunnel(want plan.Tunnel) *tunnel {
	return &tunnel{want: want, owes: map[uint32]time.Time{}, phase1: map[uint32]bool{}, last: map[uint32]counts{}, log: &history{}}
}

// lack is what the tunnel does not carry, and what to begin for it. A peer that has refused
// the selectors of a whole rule is asked for its pairs, and then again for the whole.
func (t *tunnel) lack() lack { return compare(t.want.Children, serving(t.sas), t.alternates()) }

func (t *tunnel) alternates() bool {
	return !t.singly && (t.failure == refusal2 || t.failure == ranges2)
}

// awaits are the pairs that a packet is to start.
func (t *tunnel) awaits() []pair {
	l := t.lack()
	if t.want.Start != vpc.NegotiateOnFlow || !t.loaded || len(l.begin) == 0 {
		return nil
	}
	return l.missing
}

// begins says whether it is ever up to us to negotiate, by ourselves or for a packet.
func (t *tunnel) begins() bool {
	return t.want.Start != vpc.NegotiatePassive && t.want.Remote.IsValid()
}

// starts says whether it is up to us to negotiate now.
func (t *tunnel) starts(now time.Time) bool {
	return t.loaded && t.want.Remote.IsValid() && (t.want.Start == vpc.NegotiateActive || now.Before(t.asked))
}

// up says whether the tunnel carries what it should. Of a tunnel that the peer starts,
// the peer chooses which pairs of ranges it wants.
func (t *tunnel) up() bool {
	if t.begins() {
		return t.loaded && len(t.lack().missing) == 0
	}
	return t.loaded && len(serving(t.sas)) > 0
}

// underWay says whether charon is at it. An IKE_SA that cannot end well is not: with the
// wrong key IKEv1 repeats a message that the peer cannot read. charon negotiates one
// CHILD_SA of an IKE_SA after the other.
func (t *tunnel) underWay() bool {
	return slices.ContainsFunc(t.sas, func(s ikeSA) bool {
		return s.underWay() && !t.hopeless(s) || s.established() && s.creating
	})
}

func (t *tunnel) hopeless(s ikeSA) bool {
	return s.underWay() && s.id == t.failed && t.failure.cause != "" && t.failure != silent
}

// wants says whether next would begin now.
func (t *tunnel) wants(now time.Time) bool {
	return t.starts(now) && !t.underWay() && now.Sub(t.begun) >= believed && !now.Before(t.due) && len(t.lack().begin) > 0
}

// next says which children to negotiate now. It plans the attempt after this one, which
// the next list of SAs may make needless.
func (t *tunnel) next(now time.Time) []string {
	begin := t.lack().begin
	if len(begin) == 0 {
		t.again(time.Time{})
		return nil
	}
	if !t.starts(now) {
		t.due = time.Time{}
		return nil
	}
	answered := t.answered(begin)
	if at := now.Add(t.gap()); answered && t.due.After(at) {
		t.due = at
	}
	if t.due.IsZero() {
		t.due = now.Add(t.pause)
	}
	if now.Before(t.due) {
		return nil
	}
	if !answered {
		t.pause = min(max(t.pause*2, firstPause), lastPause)
	}
	t.due = now.Add(t.pause)
	if t.underWay() {
		return nil // charon goes on trying by itself
	}
	if t.want.IKE.Version == ikeV1 {
		begin = t.turn(begin)
	}
	t.singly = t.alternates()
	for _, name := range begin {
		if !slices.Contains(t.tried, name) {
			t.tried = append(t.tried, name)
		}
	}
	return begin
}

// answered says whether the peer's answer to one question has led to another, which
// has not been asked yet and need not wait.
func (t *tunnel) answered(begin []string) bool {
	return len(t.tried) > 0 && slices.ContainsFunc(t.sas, ikeSA.established) && !t.underWay() &&
		slices.ContainsFunc(begin, func(name string) bool { return !slices.Contains(t.tried, name) })
}

// The last message of a quick mode has no answer. Where that of the next comes right behind
// it, a peer that works on both at once may take them in the wrong order, and strongSwan
// then drops the CHILD_SA that we have. So in IKEv1 one is begun at a time, after a gap.
const quickGap = 30 * time.Millisecond

func (t *tunnel) gap() time.Duration {
	if t.want.IKE.Version == ikeV1 {
		return quickGap
	}
	return 0
}

// turn is the one of the children whose turn it is; when all had theirs, it is the first's.
func (t *tunnel) turn(begin []string) []string {
	for i, name := range begin {
		if !slices.Contains(t.tried, name) {
			return begin[i : i+1]
		}
	}
	t.tried = nil
	return begin[:1]
}

// again makes the next attempt happen at once, and until then of a tunnel that is not
// active.
func (t *tunnel) again(until time.Time) {
	t.due, t.pause, t.tried, t.asked = time.Time{}, 0, nil, until
}

// fail notes why a negotiation did not end well. That nobody answers any more tells less
// than what was said before in the same negotiation.
func (t *tunnel) fail(id uint32, r reason) {
	weak := r == silent || r == closed
	if weak && t.failed == id && t.failure != (reason{}) {
		return
	}
	t.failure, t.failed = r, id
}

// state is what is told of the tunnel.
func (t *tunnel) state() plan.TunnelState {
	if t.up() {
		return plan.TunnelState{Loaded: true, Up: true, Remote: t.peer()}
	}
	r := t.refuse
	if t.loaded {
		r = t.why()
	}
	return plan.TunnelState{Loaded: t.loaded, Cause: r.cause, Hint: r.hint}
}

// peer is where a peer of unknown address is: at the far end of the newest IKE_SA that
// carries packets.
func (t *tunnel) peer() (at netip.Addr) {
	if t.want.Remote.IsValid() {
		return at
	}
	newest := uint32(0)
	for _, s := range t.sas {
		a, err := netip.ParseAddr(s.remote)
		if err == nil && a.Is4() && s.id >= newest && slices.ContainsFunc(s.children, childSA.usable) {
			at, newest = a, s.id
		}
	}
	return at
}

func (t *tunnel) why() reason {
	lack, carries := t.lack(), len(serving(t.sas)) > 0
	phase1 := slices.ContainsFunc(t.sas, ikeSA.established)
	r := t.failure
	switch {
	case carries && len(lack.begin) == 0:
		r = narrowed
	case r.cause != "":
	case phase1 && (t.want.Start == vpc.NegotiatePassive || !t.want.Remote.IsValid()):
		r = reason{"the peer has not completed phase 2", "look at the peer's log: it has not asked for the ranges, or could not install the keys"}
	case t.want.Start == vpc.NegotiatePassive:
		r = reason{"waits for the peer to begin", "start the tunnel at the peer, or set NegotiationType to active"}
	case t.want.Start == vpc.NegotiateOnFlow && t.due.IsZero():
		r = reason{"waits for traffic", "send a packet from a local range to a remote range"}
	case carries:
		r = partial
	case !t.want.Remote.IsValid():
		r = reason{"the peer's address is unknown, so the peer has to begin", "start the tunnel at the peer"}
	default:
		r = reason{cause: negotiating}
	}
	switch {
	case carries:
		r.cause += fmt.Sprintf(" (missing: %s)", lack)
	case phase1 && r.cause != negotiating:
		r.cause = "IKE is up, IPsec is not: " + r.cause
	}
	return r
}

const negotiating = "negotiating"

// facts are the SAs, for `gatewright debug observed`.
func (t *tunnel) facts() []string {
	var out []string
	for _, s := range t.sas {
		out = append(out, fmt.Sprintf("%s IKE_SA %d %s with %s", t.want.Connection, s.id, s.state, s.remote))
		for _, c := range s.children {
			out = append(out, fmt.Sprintf("%s CHILD_SA %s %d %s %s %s, %d bytes in, %d out",
				t.want.Connection, c.name, c.id, c.state, c.cipher, c.selectors, c.bytesIn, c.bytesOut))
		}
	}
	return out
}
