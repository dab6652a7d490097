package sslvpn

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestCannotStart: a server whose port is taken is said to be down, with OpenVPN's own
// reason, and stands when the port is free.
func TestCannotStart(t *testing.T) {
	b := newBench(t)
	taken := b.gateway.Start("openvpn", "--dev", "null", "--local", public, "--port", "1194")
	b.Eventually(lab.Patience, "the port is taken", func() error {
		if out := taken.Output(); !strings.Contains(out, "UDPv4 link") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	for range 2 { // the second finds what the first has left
		o, err := b.plane.Apply(t.Context(), b.machine)
		cause := o.SSLServers[string(b.row.ID)].Cause
		if err == nil || o.Ready || !strings.Contains(cause, "Address already in use") {
			t.Errorf("ready %t, cause %q, error %v", o.Ready, cause, err)
		}
	}
	if c := b.plane.Counts()[b.row.ID]; c.Starts != 2 {
		t.Errorf("the process was started %d times in two looks", c.Starts)
	}
	taken.Kill()
	b.ready(t)
}

// TestNotInstalled: a host without OpenVPN says so, and leaves nothing of a server that
// goes.
func TestNotInstalled(t *testing.T) {
	b := newBench(t)
	b.plane.program = "/usr/sbin/openvpn-is-not-here"
	o, err := b.plane.Apply(t.Context(), b.machine)
	if cause := o.SSLServers[string(b.row.ID)].Cause; err == nil || o.Ready || !strings.Contains(cause, "not installed") {
		t.Errorf("ready %t, cause %q, error %v", o.Ready, cause, err)
	}
	b.machine.Gone = true
	if o, err := b.plane.Apply(t.Context(), b.machine); err != nil || !o.Gone {
		t.Errorf("gone %t, %v", o.Gone, err)
	}
}

// TestDiedUnseen: what a server has left whose process ended while no program was there
// is found, and goes when it is not wanted any more.
func TestDiedUnseen(t *testing.T) {
	b := newBench(t)
	b.ready(t)
	b.stop()
	child, err := b.children.Find(childName(b.row.ID))
	if err != nil || child == nil {
		t.Fatal("no process:", err)
	}
	if err := child.Signal(9); err != nil {
		t.Fatal(err)
	}
	<-child.Gone()
	b.start(t)
	if m, err := b.plane.Machines(t.Context()); err != nil || len(m) != 1 || m[0] != b.machine.ID {
		t.Errorf("found %v, %v", m, err)
	}
	b.machine.Gone = true
	if o, err := b.plane.Apply(t.Context(), b.machine); err != nil || !o.Gone {
		t.Errorf("gone %t, %v", o.Gone, err)
	}
	if _, err := os.Stat(b.children.Path(childName(b.row.ID), endConfig)); !os.IsNotExist(err) {
		t.Errorf("its configuration is left: %v", err)
	}
}

// TestCounts: bytes stay counted when their session has ended, also across another
// connection to the management socket, and who was thrown out is counted once.
func TestCounts(t *testing.T) {
	b, c := dialable(t)
	b.comesIn(t, c)
	count := func() Count { return b.plane.Counts()[b.row.ID] }
	b.Eventually(lab.Patience, "bytes are counted", func() error {
		if n := count(); n.Sessions != 1 || n.In == 0 || n.Out == 0 || n.Starts != 1 {
			return fmt.Errorf("%+v", n)
		}
		return nil
	})
	before := count()
	b.server().Clients = b.without(c.id)
	b.apply(t)
	b.Eventually(lab.Patience, "the session ends", b.count(0))
	b.apply(t)
	if n := count(); n.In < before.In || n.Out < before.Out || n.Expelled != 1 {
		t.Errorf("%+v, and was %+v", n, before)
	}
}
