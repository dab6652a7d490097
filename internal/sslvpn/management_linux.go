package sslvpn

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

const (
	dialPause  = 20 * time.Millisecond  // between tries to reach the socket
	lookPause  = 5 * time.Second        // between looks at the bytes of sessions
	silence    = 3 * lookPause          // without an answer, after which a process counts as hung
	sayTime    = 2 * time.Second        // for a hung process's full socket
	farewell   = 200 * time.Millisecond // for a client to hear that it is thrown out
	keysAhead  = 8                      // renewals that may have gone unanswered
	firstKey   = "1"                    // the number that OpenVPN gives a new client's first keys
	maxEnv     = 1 << 10                // lines of one event
	maxLineLen = 1 << 16
)

// tend keeps the management connection of a server until ctx ends, which leaves the
// process as it is.
func (s *server) tend(ctx context.Context) {
	defer close(s.done)
	for ctx.Err() == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
		if err == nil {
			err = s.talk(ctx, conn)
			if s.lost() && ctx.Err() == nil {
				s.wake()
			}
		}
		if ctx.Err() == nil && err != nil && !errors.Is(err, os.ErrNotExist) {
			s.log.Debug("sslvpn: management", "server", s.id, "error", err)
		}
		pause(ctx, dialPause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// talk reads events and answers them until the connection breaks.
func (s *server) talk(ctx context.Context, conn net.Conn) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	s.begin(conn)
	go s.look(ctx, conn)
	scan := bufio.NewScanner(conn)
	scan.Buffer(nil, maxLineLen)
	for scan.Scan() {
		s.hear(strings.TrimRight(scan.Text(), "\r"))
	}
	return scan.Err()
}

// look asks for the sessions and their bytes, at first and then now and again.
func (s *server) look(ctx context.Context, conn net.Conn) {
	for ctx.Err() == nil && s.say("status 3\n") == nil {
		pause(ctx, lookPause)
		if err := host.RotateLog(s.children.Path(childName(s.id), ".log"), logLimit, nil); err != nil {
			s.log.Warn("sslvpn: log", "server", s.id, "error", err)
		}
		s.mu.Lock()
		other, silent := s.line != conn, time.Since(s.last) > silence
		s.mu.Unlock()
		if silent {
			conn.Close() // talk ends, and what is told of the server changes
		}
		if other || silent {
			return
		}
	}
}

// hear takes one line from OpenVPN. Lines of an event and of an answer do not mix: an
// event's begin with ">".
func (s *server) hear(line string) {
	switch event, ok := strings.CutPrefix(line, ">CLIENT:"); {
	case ok:
		s.event(event)
	case strings.HasPrefix(line, "CLIENT_LIST\t"):
		if cid, session, ok := parseClient(strings.TrimPrefix(line, "CLIENT_LIST\t")); ok && session.Address.IsValid() {
			s.listed[cid] = session
		} else if ok {
			s.pending = append(s.pending, cid)
		}
	case line == "END":
		s.list()
	case strings.HasPrefix(line, "ERROR:"):
		s.log.Debug("sslvpn: management", "server", s.id, "answer", line)
	}
}

// event takes a line about a client. CONNECT, REAUTH and others begin one that ENV lines
// go on and end.
func (s *server) event(text string) {
	word, rest, _ := strings.Cut(text, ",")
	switch {
	case word == "ENV" && rest == "END":
		s.decided(s.word, s.args, s.env)
		s.word, s.env = "", nil
	case word == "ENV":
		if k, v, ok := strings.Cut(rest, "="); ok && s.env != nil && len(s.env) < maxEnv { // nil: it goes on with an event whose begin was not heard
			s.env[k] = v
		}
	case word == "ADDRESS": // has no ENV
	default:
		s.word, s.args, s.env = word, strings.Split(rest, ","), map[string]string{}
	}
}

// decided acts on a whole event.
func (s *server) decided(word string, args []string, env map[string]string) {
	var cid uint64
	if len(args) == 0 {
		return
	}
	if _, err := fmt.Sscan(args[0], &cid); err != nil {
		return
	}
	switch {
	case (word == "CONNECT" || word == "REAUTH") && len(args) > 1:
		s.admit(cid, args[1], knockOf(env, word == "REAUTH"))
	case word == "ESTABLISHED":
		_ = s.say("status 3\n")
	case word == "DISCONNECT":
		s.mu.Lock()
		if session, ok := s.session(cid); ok {
			s.tally.left(cid, session, env)
		}
		delete(s.sessions, cid)
		delete(s.coming, cid)
		delete(s.waiting, cid)
		s.note()
		s.mu.Unlock()
		s.wake()
	}
}

// session is what is known of a client that was let in, whether or not its handshake is
// over. It is called with the lock held.
func (s *server) session(cid uint64) (session Session, known bool) {
	if session, known = s.sessions[cid]; !known {
		session, known = s.coming[cid]
	}
	return session, known
}

// everybody is who was let in: the sessions, and those whose handshake is not over. Nobody
// is both. It is called with the lock held.
func (s *server) everybody() iter.Seq2[uint64, Session] {
	return func(yield func(uint64, Session) bool) {
		for _, some := range []map[uint64]Session{s.sessions, s.coming} {
			for cid, session := range some {
				if !yield(cid, session) {
					return
				}
			}
		}
	}
}

// list replaces the sessions by those that OpenVPN has just listed, and throws out those
// that may not be.
func (s *server) list() {
	s.mu.Lock()
	for cid, session := range s.listed {
		known, ok := s.session(cid)
		if !ok {
			known.Serial, known.key = s.noted[cid].Serial, s.noted[cid].Key
		}
		session.Serial, session.key = known.Serial, known.key
		s.sessions[cid] = session
		delete(s.coming, cid)
	}
	s.last = time.Now()
	first := !s.heard
	if first {
		s.tally.missed(s.listed)
		s.heard, s.known = true, true
		close(s.answered)
	}
	s.listed = map[uint64]Session{}
	late, early := "", map[uint64]*held{}
	if first {
		early, s.waiting = s.waiting, early
		late = s.late(early)
	}
	s.pending = nil
	s.mu.Unlock()
	s.expel()
	if first {
		_ = s.say(late)
		for cid, h := range early {
			s.admit(cid, h.kid, h.knock)
		}
		s.wake()
	}
}

// late answers those who have asked while no program was connected. New clients are told to
// try again, but for those whose question has been heard since. Renewals of keys are let
// through: a client has begun to send with keys that the server does not take yet, and would
// be refused for good half a minute later. Their numbers follow the last one known; an
// answer to a number that is none is an error and does nothing. OpenVPN itself holds a
// renewal to the certificate that the session began with. It is called with the lock held.
func (s *server) late(heard map[uint64]*held) string {
	var b strings.Builder
	for _, cid := range s.pending {
		if heard[cid] == nil {
			b.WriteString(denial(knock{tries: true}, strconv.FormatUint(cid, 10), firstKey, refusedLate))
		}
	}
	for cid, session := range s.sessions {
		k := knock{client: session.Client, serial: session.Serial, again: true}
		if _, refused := decide(s.want, k, 0); refused != "" || session.key == 0 {
			continue
		}
		for n := range uint64(keysAhead) {
			fmt.Fprintf(&b, "client-auth-nt %d %d\n", cid, session.key+1+n)
		}
	}
	return b.String()
}

// expel ends every session that the plan does not allow: the client is told to start
// anew, and a moment later the session is gone, whether or not it has obeyed.
func (s *server) expel() {
	s.mu.Lock()
	out := s.unwanted()
	s.mu.Unlock()
	for cid, why := range out {
		s.throw(cid, why)
	}
}

// unwanted are the sessions that the plan does not allow, and why; and those who were let in
// and may become one. It is called with the lock held.
func (s *server) unwanted() map[uint64]string {
	out := map[uint64]string{}
	for cid, session := range s.everybody() {
		k := knock{client: session.Client, serial: session.Serial, again: true}
		if _, refused := decide(s.want, k, 0); refused != "" {
			out[cid] = refused
		}
	}
	return out
}

// throw tells a client to start anew and asks, a moment later, who is there; one that is
// then still listed is cut off at the address that it has by then.
func (s *server) throw(cid uint64, why string) {
	s.mu.Lock()
	if s.line == nil {
		s.mu.Unlock()
		return // the next connection's first look finds it
	}
	now := time.Now()
	session, _ := s.session(cid)
	_, listed := s.sessions[cid]
	first := s.tally.throw(cid, now, listed)
	s.mu.Unlock()
	switch {
	case first == now:
		s.log.Info("sslvpn: session ended", "server", s.id, "client", session.Client, "why", why)
		_ = s.say(fmt.Sprintf("client-kill %d RESTART\n", cid))
		time.AfterFunc(farewell, func() { _ = s.say("status 3\n") })
	case now.Sub(first) >= farewell && session.Source.IsValid():
		_ = s.say(fmt.Sprintf("kill %s\n", session.Source))
	}
}

// noted is what the next run has to know of a session and OpenVPN does not tell.
type noted struct {
	Serial string
	Key    uint64
}

// note keeps which certificate each session came in with, or will, for the next run. It is called
// with the lock held; a note that is lost makes sessions end at the next run's start.
func (s *server) note() {
	notes := map[uint64]noted{}
	for cid, session := range s.everybody() {
		notes[cid] = noted{session.Serial, session.key}
	}
	text, err := json.Marshal(notes)
	if err == nil {
		err = os.WriteFile(s.notes+endNew, text, 0o600)
	}
	if err == nil {
		err = os.Rename(s.notes+endNew, s.notes)
	}
	if err != nil {
		s.log.Warn("sslvpn: who is connected could not be noted", "server", s.id, "error", err)
	}
}

// readNotes reads what note wrote, if anything.
func readNotes(path string) map[uint64]noted {
	out := map[uint64]noted{}
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &out) // of another version: nothing is known
	}
	return out
}

// view is who is connected, and how many were refused, by reason.
func (s *server) view() (sessions []Session, refusals map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.sessions)), maps.Clone(s.tally.refused)
}

// invalid is who may not come in because of the times of their certificates.
func (s *server) invalid() []plan.SSLClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.want == nil { // found, and not looked at yet
		return nil
	}
	return s.want.Invalid
}

// count is what there is to count.
func (s *server) count() Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tally.count(s.sessions)
}
