package durable

import (
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/store"
)

// stopTime is how long a server may take to end after SIGTERM.
const stopTime = 5 * time.Second

// TestTerminate stops a server with SIGTERM under load, starts it again, and finds that
// nothing is lost.
func TestTerminate(t *testing.T) {
	rnd := chance(t)
	s := newServer(t, "--settle", "100ms").run()
	l := startLoad(t, rnd, 8, s)
	for range 4 {
		l.more(t, 100+rnd.IntN(200))
		took, code := s.terminate(t, startTime)
		if code != 0 {
			t.Fatalf("exit code %d after SIGTERM", code)
		}
		if took > stopTime {
			t.Errorf("it took %v to end after SIGTERM", took)
		}
		s.run()
		l.check(t, s)
	}
	l.end()
	if _, code := s.terminate(t, startTime); code != 0 {
		t.Fatalf("exit code %d after SIGTERM", code)
	}
	l.audited(t, openBooks(t, store.Options{DataDir: s.dir}, l.account.id))
	lost := 0
	for _, e := range l.byName {
		if e.made == unknown || e.gone == unknown {
			lost++
		}
	}
	t.Logf("%d writes acknowledged, %d gateways with a call that got no answer", l.acked, lost)
}
