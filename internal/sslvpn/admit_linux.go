package sslvpn

import (
	"strconv"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// holdTime is how long a client waits that the plan does not know: the plan that brings it,
// or its new certificate, may be on its way.
const holdTime = 300 * time.Millisecond

// held is a client that waits.
type held struct {
	kid string
	knock
}

// admit answers a client that knocks, or has it wait a moment. Until OpenVPN has said who
// is connected, new clients wait: how many may come in is not known.
func (s *server) admit(cid uint64, kid string, k knock) {
	h := &held{kid, k}
	s.mu.Lock()
	if !s.heard && !k.again {
		s.waiting[cid] = h
		s.mu.Unlock()
		return
	}
	why := s.judge(cid, h)
	wait := !k.again && (why == refusedUnknown || why == refusedSerial)
	if wait {
		s.waiting[cid] = h
	}
	s.mu.Unlock()
	switch {
	case wait:
		time.AfterFunc(holdTime, func() { s.deny(cid, h) })
	case why != "":
		s.refuse(cid, h, why)
	}
	s.wake()
}

// judge lets a client in, or says why it may not come. It is called with the lock held.
func (s *server) judge(cid uint64, h *held) (refused string) {
	c, refused := decide(s.want, h.knock, s.others(h.client))
	if refused != "" {
		return refused
	}
	in := s.coming
	session, known := s.sessions[cid]
	if known {
		in = s.sessions
	} else {
		session = Session{Client: c.ID, Serial: h.serial, Address: c.Address, Source: h.source, Since: time.Now()}
	}
	session.key, _ = strconv.ParseUint(h.kid, 10, 64) // a number is what OpenVPN says
	_ = s.tell(answer(s.want, h.knock, c, strconv.FormatUint(cid, 10), h.kid))
	in[cid] = session
	s.note()
	return ""
}

// others counts the other clients that have a place: those who are connected and those who
// have been let in and may be in a moment, each once, however often it calls. It is called
// with the lock held.
func (s *server) others(than vpc.SSLClientID) int {
	places := map[vpc.SSLClientID]bool{}
	for _, session := range s.everybody() {
		places[session.Client] = true
	}
	delete(places, than)
	return len(places)
}

// recall lets those in who wait and are in the plan by now.
func (s *server) recall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.heard {
		return
	}
	for cid, h := range s.waiting {
		if s.judge(cid, h) == "" {
			delete(s.waiting, cid)
		}
	}
}

// deny ends a client's wait, if it waits still: its number may be another's by now.
func (s *server) deny(cid uint64, h *held) {
	s.mu.Lock()
	still := s.waiting[cid] == h
	why := ""
	if still {
		delete(s.waiting, cid)
		why = s.judge(cid, h)
	}
	s.mu.Unlock()
	if why != "" {
		s.refuse(cid, h, why)
	}
	if still {
		s.wake()
	}
}

func (s *server) refuse(cid uint64, h *held, why string) {
	s.mu.Lock()
	s.tally.refused[why]++
	s.mu.Unlock()
	log := s.log
	if hint := Hint(why); hint != "" {
		log = log.With("hint", hint)
	}
	log.Info("sslvpn: client refused", "server", s.id, "client", h.client, "why", why)
	_ = s.say(denial(h.knock, strconv.FormatUint(cid, 10), h.kid, why))
}
