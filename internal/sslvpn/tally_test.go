package sslvpn

import (
	"testing"
	"time"
)

// TestTally: what sessions carry is counted once, however they end.
func TestTally(t *testing.T) {
	t.Parallel()
	n := newTally()
	sessions := map[uint64]Session{1: {In: 10, Out: 1}, 2: {In: 20, Out: 2}, 3: {In: 40, Out: 4}}
	want := func(what string, in, out uint64) {
		t.Helper()
		if c := n.count(sessions); c.In != in || c.Out != out {
			t.Errorf("%s: %d in, %d out; want %d, %d", what, c.In, c.Out, in, out)
		}
	}
	want("at first", 70, 7)
	now := time.Now()
	if first, again := n.throw(1, now, true), n.throw(1, now.Add(1), true); first != now || again != now {
		t.Errorf("told at %v, then at %v", first, again)
	}
	n.left(1, sessions[1], map[string]string{"bytes_received": "15", "bytes_sent": "0"})
	delete(sessions, 1)
	want("one ended and had carried more than was known", 75, 7)

	n.ask(sessions)
	sessions = map[uint64]Session{}
	want("another connection, nothing is listed yet", 75, 7)
	n.ask(sessions)
	want("and another", 75, 7)
	sessions[2] = Session{In: 22, Out: 2}
	n.missed(sessions)
	want("one was missed, one is there", 77, 7)

	n.throw(2, now, true)
	n.end(sessions)
	sessions = map[uint64]Session{}
	want("the process is gone", 77, 7)
	n.throw(2, now, true) // another one, of the next process
	if c := n.count(sessions); c.Expelled != 3 || len(c.Refused) != 6 {
		t.Errorf("%+v", c)
	}
}

func TestLastWords(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"": "it said nothing",
		"2026-01-02 03:04:05 hello\n2026-01-02 03:04:05 Exiting due to fatal error\n":                     "hello",
		"why\nExiting due to fatal error\nClosing TUN/TAP interface\nnet_addr_v4_del: 1.2.3.4 dev ssl0\n": "why",
		"Options error: x\nUse --help for more information.":                                              "Options error: x",
		"2026-01-02 03:04:05 us=123 TCP/UDP: Socket bind failed":                                          "TCP/UDP: Socket bind failed",
		"a name \xff\n":                      "a name ",
		"a terminal's \x1b[2J\x07 words\r\n": "a terminal's [2J words",
	} {
		if got := lastWords(log); got != want {
			t.Errorf("of %q: %q, want %q", log, got, want)
		}
	}
}
