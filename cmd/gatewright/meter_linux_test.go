package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/netdev"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

const aGateway, aConnection = vpc.GatewayID("vpngw-00000001"), vpc.ConnectionID("vpnx-00000001")

// counted is a gateway with counters that a test sets, and what it was billed.
type counted struct {
	*testing.T
	*meter
	counters map[string]netdev.Traffic // nil: it has no namespace
	row      vpc.Gateway
	billed   uint64
	calls    int   // to have it billed
	refuse   error // what billing fails with

	tooLittle uint64 // bytes that each bill leaves over
}

func newCounted(t *testing.T) *counted {
	return &counted{T: t, row: vpc.Gateway{ID: aGateway, Monitored: true}}
}

// start is a new run in the same directory.
func (c *counted) start(dir string) {
	c.Helper()
	c.meter = &meter{
		file: filepath.Join(dir, "billed"), log: slog.New(slog.DiscardHandler),
		gateways: func() []*vpc.Gateway { return []*vpc.Gateway{&c.row} },
		read: func(context.Context, vpc.GatewayID) (map[string]netdev.Traffic, error) {
			if c.counters == nil {
				return nil, fmt.Errorf("counters: %w", host.ErrNoNamespace)
			}
			return c.counters, nil
		},
		bill: func(_ context.Context, id vpc.GatewayID, bytes uint64) (uint64, error) {
			c.calls++
			if c.refuse == nil {
				c.billed += bytes - min(bytes, c.tooLittle)
			}
			return min(bytes, c.tooLittle), c.refuse
		},
	}
	if err := c.begin(c.Context()); err != nil {
		c.Fatal(err)
	}
}

// carry sets the counters: so many packets of 100 bytes each way.
func (c *counted) carry(in, out uint64) {
	nameIn, nameOut := plan.PeerCounters(aConnection)
	c.counters = map[string]netdev.Traffic{
		plan.CounterIn: {Packets: in, Bytes: 100 * in}, nameIn: {Packets: in, Bytes: 100 * in},
		plan.CounterOut: {Packets: out, Bytes: 100 * out}, nameOut: {Packets: out, Bytes: 100 * out},
	}
}

func (c *counted) wantBilled(bytes uint64, when string) {
	c.Helper()
	if c.billed != bytes {
		c.Errorf("%s: %d bytes are billed, want %d", when, c.billed, bytes)
	}
}

// TestMeterBillsOnce follows one gateway through all that may happen to its counters.
func TestMeterBillsOnce(t *testing.T) {
	c, dir := newCounted(t), t.TempDir()
	c.start(dir)
	c.carry(1, 10) // made after the start, so all of it counts
	c.minute(t.Context(), 0)
	c.settleAll(t.Context())
	c.wantBilled(1000, "the first minutes")
	c.settleAll(t.Context())
	c.wantBilled(1000, "asked again")

	c.carry(2, 15)
	c.start(dir)
	c.settleAll(t.Context())
	c.wantBilled(1500, "after a restart, with what was sent meanwhile")

	c.carry(0, 3)
	c.minute(t.Context(), 0)
	c.settleAll(t.Context())
	c.wantBilled(1800, "in a new namespace")

	c.refuse = errors.New("no quorum")
	c.carry(0, 4)
	c.minute(t.Context(), 0)
	c.settleAll(t.Context())
	c.start(dir)
	c.refuse = nil
	c.settleAll(t.Context())
	c.wantBilled(1900, "when the store is back, in a later run")

	c.start(t.TempDir())
	c.settleAll(t.Context())
	c.wantBilled(1900, "when the file is lost")
}

// TestMeterLeft: bytes that are worth no money yet are billed with the next, after a
// restart, too, and are no reason to bill.
func TestMeterLeft(t *testing.T) {
	c, dir := newCounted(t), t.TempDir()
	c.start(dir)
	c.tooLittle = 300
	c.carry(0, 10)
	c.minute(t.Context(), 0)
	c.settleAll(t.Context())
	c.wantBilled(700, "300 of 1000 are left")
	c.settleAll(t.Context())
	if c.calls != 1 {
		t.Errorf("%d bills for one minute's traffic", c.calls)
	}
	c.carry(0, 15)
	c.minute(t.Context(), 0)
	c.tooLittle = 50
	c.settleAll(t.Context())
	c.wantBilled(1450, "50 of 800 are left")
	if err := c.save(); err != nil { // as at the end of a run
		t.Fatal(err)
	}
	c.start(dir)
	c.tooLittle = 0
	c.settleAll(t.Context())
	c.wantBilled(1500, "nothing is left")
}

// TestMeterLast: what a gateway has sent before it goes is billed before it is gone, once.
func TestMeterLast(t *testing.T) {
	c := newCounted(t)
	c.start(t.TempDir())
	c.carry(0, 10)
	gone := plan.Machine{ID: plan.GatewayMachine(aGateway), Gone: true}
	c.refuse = errors.New("no quorum")
	if o, err := c.Apply(t.Context(), gone); err == nil || o.Gone {
		t.Errorf("it is gone and not billed: %+v", o)
	}
	c.refuse = nil
	for range 2 {
		if o, err := c.Apply(t.Context(), gone); err != nil || !o.Gone {
			t.Errorf("%+v, %v", o, err)
		}
	}
	c.wantBilled(1000, "while its namespace stands")
	c.counters = nil
	if _, err := c.Apply(t.Context(), gone); err != nil {
		t.Error(err)
	}
	c.wantBilled(1000, "without a namespace")
	if len(c.tallies) != 0 {
		t.Error("it is remembered")
	}
}

// TestMeterMinutes keeps a day's minutes of a gateway while it is monitored.
func TestMeterMinutes(t *testing.T) {
	c := newCounted(t)
	c.start(t.TempDir())
	const minute = vpc.Instant(time.Minute)
	c.carry(1, 2)
	c.minute(t.Context(), minute)
	c.carry(4, 8)
	c.minute(t.Context(), 2*minute)
	want := vpc.PeerTraffic{Connection: aConnection, InPackets: 3, InBytes: 300, OutPackets: 6, OutBytes: 600}
	if got := c.traffic(aGateway, 2*minute); len(got) != 1 || got[0] != want {
		t.Errorf("the second minute is %+v", got)
	}
	c.minute(t.Context(), 3*minute)
	if got := c.traffic(aGateway, 3*minute); got != nil {
		t.Errorf("a silent minute is %+v", got)
	}
	c.minute(t.Context(), (minutesKept+1)*minute)
	if c.traffic(aGateway, minute) != nil || c.traffic(aGateway, 2*minute) == nil {
		t.Error("a day is not what is kept")
	}
	c.row.Monitored = false
	c.minute(t.Context(), (minutesKept+2)*minute)
	if c.traffic(aGateway, 2*minute) != nil {
		t.Error("the minutes of a gateway that is no longer monitored are kept")
	}
}
