package ipsec

import (
	"slices"
	"sync"
	"time"
)

// Entry is a line of a connection's negotiation, as charon logged it.
type Entry struct {
	At    time.Time
	Group string // the part of charon that speaks: IKE, CFG, ENC, NET, KNL
	Text  string
}

// kept is how many lines of a connection are remembered.
const kept = 256

// history is a ring of the last lines. It may be read while it is written.
type history struct {
	mu    sync.Mutex
	lines []Entry
	next  int
}

func (h *history) add(e Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.lines) < kept {
		h.lines = append(h.lines, e)
		return
	}
	h.lines[h.next] = e
	h.next = (h.next + 1) % kept
}

// all gives the lines, the oldest first.
func (h *history) all() []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Concat(h.lines[h.next:], h.lines[:h.next])
}
