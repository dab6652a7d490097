package ipsec

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// charon's own DPD timeout is for IKEv1 alone; in IKEv2 it retransmits as long as for any
// exchange. So every request that charon sends and every answer it reads is followed in
// its log, and a peer that owes an answer for too long is taken for dead here.

// heard follows the exchanges of an IKE_SA.
func (t *tunnel) heard(id uint32, line string, now time.Time) {
	switch {
	case strings.HasPrefix(line, "parsed "):
		delete(t.owes, id)
	case strings.HasPrefix(line, "generating ") && strings.Contains(line, " request "),
		strings.Contains(line, "retransmit ") && strings.Contains(line, " of request"):
		if _, ok := t.owes[id]; !ok {
			t.owes[id] = now
		}
	}
}

// patience is how long the peer may owe an answer. It was silent before, for the time
// after which charon asks; the sum is the timeout, or little more where that is short.
func patience(d vpc.DPD) time.Duration {
	delay, _ := dpdTimes(d.Timeout)
	return max(2*time.Second, time.Duration(d.Timeout-min(d.Timeout, delay))*time.Second)
}

// late says whether the peer has owed an answer for too long in some IKE_SA.
func (t *tunnel) late(now time.Time) bool {
	return slices.ContainsFunc(t.sas, func(s ikeSA) bool {
		since, ok := t.owes[s.id]
		return ok && t.watches() && s.established() && !now.Before(since.Add(patience(t.want.DPD)))
	})
}

// watches says whether it is for us to find out that the peer is dead.
func (t *tunnel) watches() bool { return t.want.DPD.Enable && t.want.IKE.Version != ikeV1 }

// dead are the IKE_SAs whose peer must be taken for dead now, and when to look again;
// zero when nobody owes anything. A peer whose ESP still comes in is alive.
func (t *tunnel) dead(now time.Time) (ids []uint32, look time.Time) {
	if !t.watches() {
		return nil, time.Time{}
	}
	for _, s := range t.sas {
		since, ok := t.owes[s.id]
		if !ok || !s.established() {
			continue
		}
		end := since.Add(patience(t.want.DPD))
		switch {
		case now.Before(end):
		case s.hears(t.want.DPD.Timeout):
			end = now.Add(time.Second)
		default:
			ids = append(ids, s.id)
			continue
		}
		if look.IsZero() || end.Before(look) {
			look = end
		}
	}
	return ids, look
}

// hears says whether the peer has sent ESP within some seconds.
func (s ikeSA) hears(seconds uint32) bool {
	for _, c := range s.children {
		if c.usable() && c.heard && c.silence < uint64(seconds) {
			return true
		}
	}
	return false
}

// forget drops what is known of IKE_SAs that are no more.
func (t *tunnel) forget() {
	gone := func(id uint32) bool {
		return !slices.ContainsFunc(t.sas, func(s ikeSA) bool { return s.id == id })
	}
	maps.DeleteFunc(t.owes, func(id uint32, _ time.Time) bool { return gone(id) })
	maps.DeleteFunc(t.phase1, func(id uint32, _ bool) bool { return gone(id) })
}
