package sslvpn

import (
	"strconv"
	"time"
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
	others := 0
	for _, session := range s.sessions {
		if session.Client != h.client {
			others++
		}
	}
	c, refused := decide(s.want, h.knock, others)
	if refused != "" {
		return refused
	}
	session, known := s.sessions[cid]
	if !known {
		session = Session{Client: c.ID, Serial: h.serial, Address: c.Address, Since: time.Now()}
	}
	session.key, _ = strconv.ParseUint(h.kid, 10, 64) // a number is what OpenVPN says
	_ = s.tell(answer(s.want, h.knock, c, strconv.FormatUint(cid, 10), h.kid))
	s.sessions[cid] = session
	s.note()
	return ""
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
