package sslvpn

import (
	"maps"
	"strconv"
	"time"
)

// Count is what a server has counted since this program has known it. Its bytes begin
// with those of the sessions that were there then.
type Count struct {
	Sessions int
	In, Out  uint64 // bytes from and to clients, those of ended sessions too
	Refused  map[string]int
	Expelled uint64 // sessions that were ended because their client may not come in any more
	Starts   uint64 // of the process
}

// tally keeps a server's counts. Its bytes only grow: what a session has carried stays
// counted when it ends.
type tally struct {
	in, out  uint64 // of sessions that have ended
	refused  map[string]int
	expelled uint64
	thrown   map[uint64]time.Time // when a session was told to end that has not yet
	starts   uint64
	before   map[uint64]Session // those of the connection before, until they are listed again
}

func newTally() tally {
	return tally{refused: map[string]int{refusedUnknown: 0, refusedSerial: 0, refusedInvalid: 0, refusedOld: 0, refusedCipher: 0, refusedFull: 0}, thrown: map[uint64]time.Time{}}
}

// end counts sessions whose end nobody has told. Their numbers may come again.
func (t *tally) end(sessions map[uint64]Session) {
	for cid, s := range sessions {
		t.in, t.out = t.in+s.In, t.out+s.Out
		delete(t.thrown, cid)
	}
}

// throw counts a session that is told to end, and gives when it was told first. Who is not
// listed is told, and is no session yet.
func (t *tally) throw(cid uint64, now time.Time, listed bool) (first time.Time) {
	if at, known := t.thrown[cid]; known {
		return at
	}
	t.thrown[cid] = now
	if listed {
		t.expelled++
	}
	return now
}

// left counts a session that has ended, of which OpenVPN says the last figures.
func (t *tally) left(cid uint64, s Session, env map[string]string) {
	delete(t.thrown, cid)
	t.in += max(s.In, number(env["bytes_received"]))
	t.out += max(s.Out, number(env["bytes_sent"]))
}

func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64) // what is missing counts nothing
	return n
}

// ask keeps the sessions of a connection that broke until they are listed again.
func (t *tally) ask(sessions map[uint64]Session) {
	if t.before == nil {
		t.before = map[uint64]Session{}
	}
	maps.Copy(t.before, sessions)
}

// missed counts the sessions that ended while nobody was connected.
func (t *tally) missed(listed map[uint64]Session) {
	for cid := range listed {
		delete(t.before, cid)
	}
	t.end(t.before)
	t.before = nil
}

func (t *tally) count(sessions map[uint64]Session) Count {
	c := Count{Sessions: len(sessions), In: t.in, Out: t.out, Refused: maps.Clone(t.refused), Expelled: t.expelled, Starts: t.starts}
	for _, all := range []map[uint64]Session{sessions, t.before} {
		for _, s := range all {
			c.In, c.Out = c.In+s.In, c.Out+s.Out
		}
	}
	return c
}
