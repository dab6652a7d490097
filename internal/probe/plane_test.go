package probe

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct{ outcomes, verdicts string }{
		// y an answer, n a loss; U unknown, H healthy, D unhealthy, after each.
		{"y", "H"},
		{"nny", "UUH"},
		{"nnny", "UUDD"},
		{"ynnyynnn", "HHHHHHHD"},
		{"nnnyynyyy", "UUDDDDDDH"},
		{"yyynnn", "HHHHHD"},
	} {
		v, got := verdict{}, ""
		for i, o := range c.outcomes {
			was := v
			changed := v.note(o == 'y', 3)
			if changed != (was.known != v.known || was.healthy != v.healthy) {
				t.Errorf("%s, outcome %d: changed is %t", c.outcomes, i, changed)
			}
			got += map[bool]string{true: map[bool]string{true: "H", false: "D"}[v.healthy], false: "U"}[v.known]
		}
		if got != c.verdicts {
			t.Errorf("%s: %s, want %s", c.outcomes, got, c.verdicts)
		}
	}
}

// far is the far end of all tunnels of a test.
type far struct {
	sync.Mutex
	silent bool
	broken error // of opening a line
	opened int
	closed int
}

func (f *far) set(silent bool) {
	f.Lock()
	defer f.Unlock()
	f.silent = silent
}

func (f *far) open(plan.Probe) (line, error) {
	f.Lock()
	defer f.Unlock()
	if f.broken != nil {
		return nil, f.broken
	}
	f.opened++
	return fakeLine{f}, nil
}

type fakeLine struct{ far *far }

func (l fakeLine) Close() error {
	l.far.Lock()
	defer l.far.Unlock()
	l.far.closed++
	return nil
}

func (l fakeLine) Echo(ctx context.Context, _ uint16) error {
	l.far.Lock()
	silent := l.far.silent
	l.far.Unlock()
	if silent {
		<-ctx.Done()
		return errors.New("no answer")
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Millisecond):
		return nil
	}
}

// bench is a plane in a bubble with one fake far end.
type bench struct {
	t     *testing.T
	plane *Plane
	far   *far
	wakes chan plan.MachineID
}

var (
	machine = plan.GatewayMachine("vpngw-aaaaaaaa")
	path    = plan.Probe{
		Connection: "vpnx-aaaaaaaa", Namespace: "gwr-x", Local: netip.MustParseAddr("169.254.128.1"), Remote: netip.MustParseAddr("169.254.128.2"),
		Interval: time.Second, Timeout: 150 * time.Millisecond, Threshold: 3,
	}
)

func bubble(t *testing.T, f func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, far: &far{}, wakes: make(chan plan.MachineID, 100)}
		b.plane = newPlane(slog.New(slog.DiscardHandler), b.far.open)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.plane.Run(ctx, func(m plan.MachineID) { b.wakes <- m }) }()
		synctest.Wait()
		f(b)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if b.far.opened != b.far.closed {
			t.Errorf("%d lines opened, %d closed", b.far.opened, b.far.closed)
		}
	})
}

func (b *bench) apply(probes ...plan.Probe) plan.Observed {
	b.t.Helper()
	o, err := b.plane.Apply(b.t.Context(), plan.Machine{ID: machine, Probes: probes})
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

func (b *bench) healthy() plan.ProbeState {
	b.t.Helper()
	return b.apply(path).Probes[path.Connection]
}

func (b *bench) woken() (n int) {
	for len(b.wakes) > 0 {
		<-b.wakes
		n++
	}
	return n
}

// TestFailsAndHeals: a silent far end is found after threshold intervals, and again
// healthy after as many answers; each change wakes the machine once.
func TestFailsAndHeals(t *testing.T) {
	bubble(t, func(b *bench) {
		if s := b.healthy(); !s.Healthy || s.Cause != "" {
			t.Fatalf("a tunnel that answers: %+v", s)
		}
		if n := b.woken(); n != 1 {
			t.Errorf("%d wakes at first", n)
		}
		b.far.set(true)
		time.Sleep(2500 * time.Millisecond)
		if s := b.healthy(); !s.Healthy {
			t.Errorf("after two losses: %+v", s)
		}
		time.Sleep(1000 * time.Millisecond)
		if s := b.healthy(); s.Healthy || s.Cause != "no answer" {
			t.Errorf("after three losses: %+v", s)
		}
		b.far.set(false)
		time.Sleep(1600 * time.Millisecond)
		if s := b.healthy(); s.Healthy || !strings.Contains(s.Cause, "again") {
			t.Errorf("after two answers: %+v", s)
		}
		time.Sleep(time.Second)
		if s := b.healthy(); !s.Healthy {
			t.Errorf("after three answers: %+v", s)
		}
		if n := b.woken(); n != 2 {
			t.Errorf("%d wakes, want one for each change", n)
		}
		c := b.plane.Counts()[path.Connection]
		if c.Lost != 3 || c.Sent < 7 || c.RTT != 10*time.Millisecond || !c.Healthy {
			t.Errorf("counts: %+v", c)
		}
	})
}

// TestApplyAgain: the same plan disturbs nothing; another pace keeps the verdict and the
// counts; another path begins anew.
func TestApplyAgain(t *testing.T) {
	bubble(t, func(b *bench) {
		b.apply(path)
		for range 5 {
			b.apply(path)
		}
		if b.far.opened != 1 {
			t.Errorf("%d lines for one probe", b.far.opened)
		}
		b.far.set(true)
		slower := path
		slower.Interval = 5 * time.Second
		if s := b.apply(slower).Probes[path.Connection]; !s.Healthy {
			t.Errorf("another pace: %+v", s)
		}
		if c := b.plane.Counts()[path.Connection]; c.Sent != 2 {
			t.Errorf("another pace: counts %+v", c)
		}
		moved := path
		moved.Remote = netip.MustParseAddr("169.254.128.6")
		if s := b.apply(moved).Probes[path.Connection]; s.Healthy {
			t.Errorf("another path: %+v", s)
		}
		if c := b.plane.Counts()[path.Connection]; c.Sent != 1 || c.Lost != 1 {
			t.Errorf("another path: counts %+v", c)
		}
	})
}

// TestUnknown: a pass does not wait for a tunnel that does not answer.
func TestUnknown(t *testing.T) {
	bubble(t, func(b *bench) {
		b.far.set(true)
		slow := path
		slow.Timeout = 5 * time.Second
		begun := time.Now()
		o := b.apply(slow)
		if took := time.Since(begun); took != patience {
			t.Errorf("the pass took %v", took)
		}
		if s := o.Probes[path.Connection]; s.Healthy || s.Cause != "not probed yet" {
			t.Errorf("%+v", s)
		}
		if !o.Ready || o.Gone || len(o.Facts) != 1 {
			t.Errorf("observed %+v", o)
		}
	})
}

// TestLineCannotOpen: an address that is not there yet is a loss, and is tried again.
func TestLineCannotOpen(t *testing.T) {
	bubble(t, func(b *bench) {
		b.far.broken = errors.New("no such address")
		if s := b.healthy(); s.Healthy || s.Cause != "no such address" {
			t.Errorf("%+v", s)
		}
		b.far.Lock()
		b.far.broken = nil
		b.far.Unlock()
		time.Sleep(1100 * time.Millisecond)
		if s := b.healthy(); !s.Healthy {
			t.Errorf("once it is there: %+v", s)
		}
	})
}

// TestGone: probes end with their connection and with their machine.
func TestGone(t *testing.T) {
	bubble(t, func(b *bench) {
		other := path
		other.Connection = "vpnx-bbbbbbbb"
		b.apply(path, other)
		o := b.apply(other)
		if _, ok := o.Probes[path.Connection]; ok || len(o.Probes) != 1 {
			t.Errorf("%+v", o.Probes)
		}
		if m, err := b.plane.Machines(b.t.Context()); err != nil || len(m) != 1 || m[0] != machine {
			t.Errorf("machines %v, %v", m, err)
		}
		gone, err := b.plane.Apply(b.t.Context(), plan.Machine{ID: machine, Gone: true, Probes: []plan.Probe{path}})
		if err != nil || !gone.Gone || len(gone.Probes) != 0 {
			t.Errorf("%+v, %v", gone, err)
		}
		if m, _ := b.plane.Machines(b.t.Context()); len(m) != 0 || len(b.plane.Counts()) != 0 {
			t.Errorf("left: %v, %v", m, b.plane.Counts())
		}
		synctest.Wait()
		if b.far.opened != b.far.closed {
			t.Errorf("%d lines opened, %d closed", b.far.opened, b.far.closed)
		}
	})
}
