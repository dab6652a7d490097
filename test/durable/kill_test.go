package durable

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/store"
)

// killFor is how long the server of TestKill is killed again and again.
func killFor(t *testing.T) time.Duration {
	text := os.Getenv("GATEWRIGHT_KILL_FOR")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("GATEWRIGHT_KILL_FOR: %v", err)
	}
	return d
}

// TestKill kills a server with SIGKILL under load, at random moments of its work and of
// its start, and starts it again.
func TestKill(t *testing.T) {
	rnd := chance(t)
	s := newServer(t, "--settle", "100ms").run()
	l := startLoad(t, rnd, 8, s)
	kills := 0
	for end := time.Now().Add(killFor(t)); time.Now().Before(end); kills++ {
		if rnd.IntN(5) == 0 {
			s.killStarting(rnd)
			kills++
		}
		if !s.running() {
			s.run()
		}
		l.check(t, s)
		l.more(t, 1+rnd.IntN(600))
		s.kill()
	}
	s.run()
	l.more(t, 100)
	l.end()
	l.check(t, s)
	if took, code := s.terminate(t, startTime); code != 0 {
		t.Fatalf("exit code %d after SIGTERM and %v", code, took)
	}
	l.audited(t, openBooks(t, store.Options{DataDir: s.dir}, l.account.id))
	t.Logf("%d kills, %d gateways asked for, %d writes acknowledged, %d comparisons", kills, len(l.byName), l.acked, l.verified)
}

// killStarting starts the server and kills it while it starts.
func (s *server) killStarting(rnd *rand.Rand) {
	if s.running() {
		s.kill()
	}
	s.start()
	pause(s.t.Context(), time.Duration(rnd.IntN(400))*time.Millisecond)
	s.kill()
}
