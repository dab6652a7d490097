package ipsec

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/vpc"
)

// work does what is due, shows what is true and says when to come back.
func (d *daemon) work(now time.Time) time.Duration {
	next := now.Add(refreshEvery)
	if d.session != nil {
		look, err := d.tend(now)
		if err != nil {
			d.lost(err)
		}
		if !look.IsZero() && look.Before(next) {
			next = look
		}
	}
	if d.want != nil && d.session == nil && d.retry.Before(next) {
		next = d.retry
	}
	d.show()
	return max(next.Sub(now), time.Millisecond)
}

// tend looks after the tunnels of a daemon that answers.
func (d *daemon) tend(now time.Time) (time.Time, error) {
	if err := d.look(now); err != nil {
		return now, err
	}
	next := d.refresh
	for _, t := range d.tunnels {
		look, err := d.bury(t, now)
		if err != nil {
			return now, err
		}
		if err := d.attempt(t, now); err != nil {
			return now, err
		}
		for _, at := range []time.Time{look, t.due} {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
	}
	return next, d.watchFlows(now)
}

// attempt negotiates what is missing of a tunnel when its time has come. What charon has
// under way it tells nobody unasked, so it is asked first.
func (d *daemon) attempt(t *tunnel, now time.Time) error {
	id := t.want.Connection
	if !t.due.IsZero() && !now.Before(t.due) {
		if err := d.list([]vpc.ConnectionID{id}); err != nil {
			return err
		}
	}
	if t.wants(now) && d.beginning(t.want.Remote, now) >= atOnce {
		t.due = now.Add(afterward)
		return nil
	}
	for _, child := range t.next(now) {
		if !slices.ContainsFunc(t.sas, ikeSA.established) {
			t.begun = now
		}
		if err := d.abandon(t); err != nil {
			return err
		}
		_, err := d.session.call("initiate", map[string]any{"child": child, "ike": string(id), "timeout": -1})
		if err != nil && !isRejected(err) {
			return err
		}
	}
	return nil
}

// abandon ends what cannot end well; charon would put the next attempt into it.
func (d *daemon) abandon(t *tunnel) error {
	for _, s := range t.sas {
		if t.hopeless(s) {
			if err := d.kill(map[string]any{"ike-id": s.id}); err != nil && !isRejected(err) {
				return err
			}
		}
	}
	return nil
}

// beginning counts the tunnels to an address that have begun and are not through phase 1.
func (d *daemon) beginning(remote netip.Addr, now time.Time) (n int) {
	for _, t := range d.tunnels {
		if t.want.Remote == remote && now.Sub(t.begun) < believed {
			n++
		}
	}
	return n
}

// look lists the SAs of tunnels about which there was an event, and all now and then.
func (d *daemon) look(now time.Time) error {
	ids := slices.Collect(maps.Keys(d.dirty))
	if !now.Before(d.refresh) || len(ids) > 8 {
		ids, d.refresh = nil, now.Add(refreshEvery)
		d.trim()
	} else if len(ids) == 0 {
		return nil
	}
	clear(d.dirty)
	return d.list(ids)
}

// bury ends the IKE_SAs whose peer is dead and says when to look again. Those of which
// charon has said so itself may be there for a moment yet, and must not be taken for up.
func (d *daemon) bury(t *tunnel, now time.Time) (time.Time, error) {
	if t.late(now) { // what came in since the last list?
		if err := d.list([]vpc.ConnectionID{t.want.Connection}); err != nil {
			return now, err
		}
	}
	ids, look := t.dead(now)
	ids, t.corpses = append(ids, t.corpses...), nil
	if len(ids) == 0 {
		return look, nil
	}
	for _, id := range ids {
		if err := d.kill(map[string]any{"ike-id": id}); err != nil && !isRejected(err) {
			return look, err
		}
		t.tick.DPDFailures++
	}
	t.mourn(now)
	return look, d.list([]vpc.ConnectionID{t.want.Connection})
}

// mourn decides what follows a peer's death: with restart a new negotiation, whoever
// began the last one; with clear only what the tunnel does by itself.
func (t *tunnel) mourn(now time.Time) {
	t.failure = silent
	until := time.Time{}
	if t.want.DPD.Action == "restart" {
		until = now.Add(askedByCommand)
	}
	t.again(until)
}

// watchFlows waits for packets to the tunnels that a packet is to start. charon could do
// it itself with the kernel as the engine only.
func (d *daemon) watchFlows(now time.Time) error {
	var flows []host.Flow
	var key strings.Builder
	for _, w := range d.want.Tunnels {
		t := d.tunnels[w.Connection]
		if !w.Remote.IsValid() || now.Before(t.asked) {
			continue
		}
		for _, p := range t.awaits() {
			flows = append(flows, host.Flow{From: []netip.Prefix{p.local}, To: []netip.Prefix{p.remote}})
			key.WriteString(p.String() + "\n")
		}
	}
	if key.String() == d.watching {
		return nil
	}
	d.unwatch()
	if len(flows) == 0 {
		return nil
	}
	w, err := host.WatchFlows(d.want.Namespace, flows, func(from, to netip.Addr) {
		select {
		case d.packets <- flow{from, to}:
		default: // it is busy, and the next packet will do
		}
	})
	if err != nil {
		d.log.Warn("IKE daemon: flows", "daemon", d.name, "error", err)
		return nil
	}
	d.watch, d.watching = w, key.String()
	return nil
}

func (d *daemon) unwatch() {
	if d.watch != nil {
		d.watch.Close()
	}
	d.watch, d.watching = nil, ""
}

// packet starts the tunnels that a packet asks for. IKE and ESP of the peers themselves
// are none: a range may hold our own address.
func (d *daemon) packet(f flow, now time.Time) {
	for _, t := range d.tunnels {
		if f.to == t.want.Local || now.Before(t.asked) {
			continue
		}
		if slices.ContainsFunc(t.awaits(), func(p pair) bool { return p.local.Contains(f.from) && p.remote.Contains(f.to) }) {
			t.again(now.Add(askedByPacket))
		}
	}
}
