package probe

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

func rooted(t *testing.T) *lab.Lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	return lab.New(t)
}

// TestPackets probes from one namespace to another: a filter that drops the echoes makes
// the tunnel unhealthy, its removal heals it, and each is told by a wake.
func TestPackets(t *testing.T) {
	l := rooted(t)
	near, far := l.Namespace("near"), l.Namespace("far")
	near.Cable("wan0", far, "wan0")
	near.Address("wan0", "169.254.128.1/30")
	far.Address("wan0", "169.254.128.2/30")

	wakes := make(chan plan.MachineID, 10)
	p := New(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- p.Run(ctx, func(m plan.MachineID) { wakes <- m }) }()
	l.Eventually(lab.Patience, "Run has begun", func() error {
		if p.wake.Load() == nil {
			return errors.New("nobody to wake")
		}
		return nil
	})
	x := path
	x.Namespace, x.Interval, x.Timeout = near.Name, 30*time.Millisecond, 100*time.Millisecond
	m := plan.Machine{ID: machine, Probes: []plan.Probe{x}}
	apply := func() plan.ProbeState {
		o, err := p.Apply(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		return o.Probes[x.Connection]
	}
	awake := func(what string) {
		select {
		case got := <-wakes:
			if got != machine {
				t.Errorf("%s: woke %v", what, got)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: no wake; %+v", what, apply())
		}
	}
	if s := apply(); !s.Healthy {
		t.Fatalf("at first: %+v", s)
	}
	awake("at first")

	far.Run("nft", "add table ip lab; add chain ip lab in { type filter hook input priority 0; }; add rule ip lab in icmp type echo-request drop")
	awake("echoes dropped")
	if s := apply(); s.Healthy || s.Cause != "no answer from 169.254.128.2" {
		t.Errorf("echoes dropped: %+v", s)
	}
	far.Run("nft", "delete table ip lab")
	awake("echoes pass again")
	if s := apply(); !s.Healthy {
		t.Errorf("echoes pass again: %+v", s)
	}

	near.Run("nft", "add table ip lab; add chain ip lab out { type filter hook output priority 0; }; add rule ip lab out icmp type echo-request drop")
	awake("not even sent")
	if s := apply(); s.Healthy {
		t.Errorf("not even sent: %+v", s)
	}
	near.Run("nft", "delete table ip lab")
	awake("sent again")
	if c := p.Counts()[x.Connection]; c.Lost < 6 || c.Sent < c.Lost+7 || c.RTT <= 0 || c.RTT > 100*time.Millisecond {
		t.Errorf("counts: %+v", c)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestForeignAnswers: answers to somebody else's echoes between the same addresses, or
// from another address, are no answers to ours.
func TestForeignAnswers(t *testing.T) {
	l := rooted(t)
	near, far := l.Namespace("near"), l.Namespace("far")
	near.Cable("wan0", far, "wan0")
	near.Address("wan0", "169.254.128.1/30")
	far.Address("wan0", "169.254.128.2/30")
	x := path
	x.Namespace = near.Name
	lineTo, err := open(x)
	if err != nil {
		t.Fatal(err)
	}
	defer lineTo.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := lineTo.Echo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	// Our own echoes are dropped by their size, ping's go through and are answered.
	far.Run("nft", "add table ip lab; add chain ip lab in { type filter hook input priority 0; }; add rule ip lab in icmp type echo-request meta length 44 drop")
	pings := near.PingStart("169.254.128.2", "-i", "0.01")
	defer pings.Stop()
	near.Reaches("169.254.128.2", lab.Patience)
	const wait = 300 * time.Millisecond
	begun := time.Now()
	short, stop := context.WithTimeout(context.Background(), wait)
	defer stop()
	if err := lineTo.Echo(short, 2); err == nil || time.Since(begun) < wait {
		t.Errorf("an answer to ping counted as ours, or ours was not waited for: %v", err)
	}
}

// TestOpens says why a line cannot be opened.
func TestOpens(t *testing.T) {
	l := rooted(t)
	near := l.Namespace("near")
	x := path
	x.Namespace = near.Name
	if _, err := open(x); err == nil || err.Error() != "the gateway does not have 169.254.128.1 yet" {
		t.Errorf("without the address: %v", err)
	}
	x.Namespace = near.Name + "-none"
	if _, err := open(x); err == nil {
		t.Error("a line in a namespace that is not there")
	}
	x.Namespace, x.Local, x.Remote = near.Name, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	in, err := open(x)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := errors.Join(in.Echo(ctx, 1), in.Echo(ctx, 2), in.Close()); err != nil {
		t.Error(err)
	}
}
