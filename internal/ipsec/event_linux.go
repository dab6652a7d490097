package ipsec

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/strongswan/govici/vici"

	"github.com/gatewright/gatewright/internal/vpc"
)

// unnamed is charon's name for an IKE_SA of which it does not know yet whose it is.
const unnamed = "(unnamed)"

// stranger is such an IKE_SA: somebody has begun, and what was said so far.
type stranger struct {
	remote string // the address that it comes from
	lines  []Entry
}

// maxStrangers bounds what unknown peers can make us remember.
const (
	maxStrangers     = 64
	maxStrangerLines = 32
)

// drain takes the events that are there, so that one pass of work serves them all.
func (d *daemon) drain() {
	for range 4096 {
		if d.session == nil {
			return
		}
		select {
		case e, ok := <-d.session.events:
			d.take(e, ok)
		default:
			return
		}
	}
}

func (d *daemon) take(e vici.Event, ok bool) {
	if !ok {
		d.lost(errors.New("charon closed the session"))
		return
	}
	if e.Name == "log" {
		d.line(e)
		return
	}
	for _, s := range parseEvent(e) {
		t := d.tunnels[vpc.ConnectionID(s.connection)]
		if t == nil {
			continue
		}
		d.dirty[t.want.Connection] = true
		for _, c := range s.children { // the last counters of what may be gone in the next list
			t.count(c)
		}
		if e.Name == "ike-rekey" || e.Name == "child-rekey" {
			t.tick.Rekeys++
		}
	}
}

// parseEvent reads the IKE_SAs of an event. ike-rekey has two below the name.
func parseEvent(e vici.Event) []ikeSA {
	if e.Name != "ike-rekey" {
		return parseSAs(e.Message)
	}
	var out []ikeSA
	sections(e.Message, func(name string, _ *vici.Message) { out = append(out, ikeSA{connection: name}) })
	return out
}

// line takes one line of charon's log to the tunnel that it is about.
func (d *daemon) line(e vici.Event) {
	m := e.Message
	id, name := uint32(number(m, "ikesa-uniqueid")), text(m, "ikesa-name")
	entry := Entry{At: e.Timestamp, Group: text(m, "group"), Text: text(m, "msg")}
	if d.logged++; d.logged >= linesBetween {
		d.trim() // strangers can make it say much in little time
	}
	switch {
	case name == "":
		return
	case name == unnamed:
		d.hear(id, entry)
		return
	}
	t := d.tunnels[vpc.ConnectionID(name)]
	if t == nil {
		return
	}
	if s := d.strange[id]; s != nil {
		delete(d.strange, id)
		if d.suspects(s.remote) == nil { // else it has them already
			for _, line := range s.lines {
				t.log.add(line)
			}
		}
	}
	t.log.add(entry)
	if t.learn(id, entry) || strings.Contains(entry.Text, "failed") {
		d.dirty[t.want.Connection] = true // what never was ends without an event
	}
}

// learn draws conclusions from a line, and says whether it tells of a failure.
func (t *tunnel) learn(id uint32, e Entry) bool {
	t.heard(id, e.Text, e.At)
	if strings.HasPrefix(e.Text, "IKE_SA ") && strings.Contains(e.Text, " established between ") {
		t.phase1[id], t.begun = true, time.Time{}
	}
	r, failed := explain(e.Text, t.phase1[id])
	if failed {
		t.fail(id, r.of(t.want))
		t.begun = time.Time{}
	}
	if strings.Contains(e.Text, "DPD check timed out") {
		t.corpses = append(t.corpses, id)
	}
	return failed
}

// hear takes a line of a stranger. Once its address is known, the tunnels that expect a
// peer there get to know of it, and of what was said before: charon hands lines to VICI by
// several threads, so that they may come in another order than they were written.
func (d *daemon) hear(id uint32, e Entry) {
	s := d.strange[id]
	if s == nil {
		if len(d.strange) >= maxStrangers {
			clear(d.strange)
		}
		s = &stranger{}
		d.strange[id] = s
	}
	news := []Entry{e}
	if from, _, ok := strings.Cut(e.Text, " is initiating a"); ok && s.remote == "" {
		s.remote = from
		news = slices.Concat(s.lines, news)
	}
	if len(s.lines) < maxStrangerLines {
		s.lines = append(s.lines, e)
	}
	for _, t := range d.suspects(s.remote) {
		for _, line := range news {
			t.log.add(line)
			if r, ok := explain(line.Text, false); ok && !t.up() {
				t.fail(id, r)
			}
		}
	}
}

// suspects are the tunnels whose peer is at an address, or else may be anywhere.
func (d *daemon) suspects(remote string) (out []*tunnel) {
	if remote == "" {
		return nil
	}
	var anywhere []*tunnel
	for _, t := range d.tunnels {
		switch {
		case !t.want.Remote.IsValid():
			anywhere = append(anywhere, t)
		case t.want.Remote.String() == remote:
			out = append(out, t)
		}
	}
	if out == nil {
		return anywhere
	}
	return out
}
