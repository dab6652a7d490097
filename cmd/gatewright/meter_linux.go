package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/netdev"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	minutesKept = 24 * 60 // of a gateway that is monitored
	billEvery   = 5       // minutes
)

// meter reads the counters of this host's gateways at the end of every minute. It is a
// plane that makes nothing, so that it comes to see a gateway that has to go before its
// namespace does.
type meter struct {
	file     string // what is billed already; it goes when the machine is booted, as counters do
	read     func(ctx context.Context, id vpc.GatewayID) (map[string]netdev.Traffic, error)
	gateways func() []*vpc.Gateway
	bill     func(ctx context.Context, id vpc.GatewayID, bytes uint64) (left uint64, err error) // left: too few for any money
	log      *slog.Logger

	saving  sync.Mutex // held while the file is written
	mu      sync.Mutex
	tallies map[vpc.GatewayID]*tally
}

// tally is what is known of one gateway. Its lock is held over a reading, so that no
// older one comes after a newer.
type tally struct {
	mu      sync.Mutex
	last    map[string]netdev.Traffic
	owed    uint64 // sent and not billed
	left    uint64 // of that, what was too little when it was billed last
	minutes map[vpc.Instant][]vpc.PeerTraffic
}

// billed is a tally in the file.
type billed struct {
	Out  uint64 `json:"out"`            // the counter, when it was read last
	Owed uint64 `json:"owed,omitempty"` // of that
}

func (m *meter) tally(id vpc.GatewayID) *tally {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tallies[id]
	if t == nil {
		t = &tally{minutes: map[vpc.Instant][]vpc.PeerTraffic{}}
		m.tallies[id] = t
	}
	return t
}

// begin goes on where the last run stopped. A gateway that stands and is not in the file
// counts from here: what it sent before may have been billed.
func (m *meter) begin(ctx context.Context) error {
	m.tallies = map[vpc.GatewayID]*tally{}
	saved := map[vpc.GatewayID]billed{}
	text, err := os.ReadFile(m.file)
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("what was billed is not known; gateways that stand are billed from now", "error", err)
	}
	for _, g := range m.gateways() {
		now, err := m.read(ctx, g.ID)
		if errors.Is(err, host.ErrNoNamespace) {
			err = nil
		}
		if err != nil {
			return err
		}
		t := m.tally(g.ID)
		t.last = now
		if was, ok := saved[g.ID]; ok {
			t.owed = was.Owed + grown(was.Out, now[plan.CounterOut].Bytes)
		}
	}
	return nil
}

// grown is by how much a counter has grown. One that is less than it was has begun again.
func grown(was, now uint64) uint64 {
	if now < was {
		return now
	}
	return now - was
}

// sample reads a gateway's counters and says whether it has any.
func (m *meter) sample(ctx context.Context, id vpc.GatewayID, keep func([]vpc.PeerTraffic, *tally)) (stands bool, err error) {
	t := m.tally(id)
	t.mu.Lock()
	defer t.mu.Unlock()
	now, err := m.read(ctx, id)
	if errors.Is(err, host.ErrNoNamespace) {
		t.last = nil
		return false, nil
	}
	if err != nil {
		return true, err
	}
	t.owed += grown(t.last[plan.CounterOut].Bytes, now[plan.CounterOut].Bytes)
	if keep != nil {
		keep(peers(t.last, now), t)
	}
	t.last = now
	return true, nil
}

// peers are the connections that packets have passed between two readings.
func peers(was, now map[string]netdev.Traffic) (out []vpc.PeerTraffic) {
	for name := range now {
		id, ok := strings.CutPrefix(name, plan.CounterIn+"-")
		if !ok {
			continue
		}
		in, sent := plan.PeerCounters(vpc.ConnectionID(id))
		p := vpc.PeerTraffic{
			Connection: vpc.ConnectionID(id),
			InPackets:  grown(was[in].Packets, now[in].Packets), InBytes: grown(was[in].Bytes, now[in].Bytes),
			OutPackets: grown(was[sent].Packets, now[sent].Packets), OutBytes: grown(was[sent].Bytes, now[sent].Bytes),
		}
		if p.InPackets+p.OutPackets > 0 {
			out = append(out, p)
		}
	}
	return out
}

// minute samples every gateway for the minute that began at an instant.
func (m *meter) minute(ctx context.Context, at vpc.Instant) {
	for _, g := range m.gateways() {
		_, err := m.sample(ctx, g.ID, func(seen []vpc.PeerTraffic, t *tally) {
			if g.Monitored && len(seen) > 0 {
				t.minutes[at] = seen
			}
			maps.DeleteFunc(t.minutes, func(k vpc.Instant, _ []vpc.PeerTraffic) bool {
				return !g.Monitored || k <= at.Add(-minutesKept*time.Minute)
			})
		})
		if err != nil && ctx.Err() == nil {
			m.log.Warn("a gateway's traffic could not be counted", "gateway", g.ID, "error", err)
		}
	}
}

// settle bills what a gateway owes. The file says so first: a crash between the two costs
// the operator a few minutes' traffic, and nobody pays twice.
func (m *meter) settle(ctx context.Context, id vpc.GatewayID) error {
	t := m.tally(id)
	t.mu.Lock()
	owed := t.owed
	if owed == t.left { // nothing since
		t.mu.Unlock()
		return nil
	}
	t.owed = 0
	t.mu.Unlock()
	left, err := uint64(0), m.save()
	if err == nil {
		left, err = m.bill(ctx, id, owed)
	}
	t.mu.Lock()
	if err != nil {
		left = owed
	} else {
		t.left = left
	}
	t.owed += left
	t.mu.Unlock()
	if err == nil {
		return nil
	}
	return errors.Join(err, m.save())
}

func (m *meter) save() error {
	m.saving.Lock()
	defer m.saving.Unlock()
	m.mu.Lock()
	all := maps.Clone(m.tallies)
	m.mu.Unlock()
	out := map[vpc.GatewayID]billed{}
	for id, t := range all {
		t.mu.Lock()
		out[id] = billed{t.last[plan.CounterOut].Bytes, t.owed}
		t.mu.Unlock()
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return writeFileAtomic(m.file, text, 0o600)
}

// Name names the plane.
func (*meter) Name() string { return "meter" }

// Machines finds nothing: counters are netdev's.
func (*meter) Machines(context.Context) ([]plan.MachineID, error) { return nil, nil }

// Apply bills the last of a gateway that has to go.
func (m *meter) Apply(ctx context.Context, want plan.Machine) (plan.Observed, error) {
	if !want.Gone || want.ID.Kind != plan.KindGateway {
		return plan.Observed{Ready: true}, nil
	}
	id := vpc.GatewayID(want.ID.ID)
	stands, err := m.sample(ctx, id, nil)
	if err == nil {
		err = m.settle(ctx, id)
	}
	if err != nil {
		return plan.Observed{Cause: "its traffic is not billed: " + err.Error()}, err
	}
	if !stands {
		m.mu.Lock()
		delete(m.tallies, id)
		m.mu.Unlock()
	}
	return plan.Observed{Ready: true, Gone: true}, nil
}

// Run samples at the end of every minute.
func (m *meter) Run(ctx context.Context, _ func(plan.MachineID)) error {
	for n := 1; ; n++ {
		begun := time.Now().Truncate(time.Minute)
		select {
		case <-ctx.Done():
			return m.save()
		case <-time.After(time.Until(begun.Add(time.Minute))):
		}
		m.minute(ctx, vpc.At(begun))
		if n%billEvery == 0 {
			m.settleAll(ctx)
		}
	}
}

func (m *meter) settleAll(ctx context.Context) {
	for _, g := range m.gateways() {
		if err := m.settle(ctx, g.ID); err != nil && ctx.Err() == nil {
			m.log.Warn("a gateway's traffic could not be billed, trying again", "gateway", g.ID, "error", err)
		}
	}
}

// traffic is what a gateway has carried in a minute that is over.
func (m *meter) traffic(id vpc.GatewayID, minute vpc.Instant) []vpc.PeerTraffic {
	m.mu.Lock()
	t := m.tallies[id]
	m.mu.Unlock()
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.minutes[minute]
}
