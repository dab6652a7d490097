package ipsec

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/strongswan/govici/vici"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// converge makes the daemon hold what is wanted. What is held already as it is wanted is
// not touched.
func (d *daemon) converge(ctx context.Context) error {
	if d.tunnels == nil {
		d.tunnels = map[vpc.ConnectionID]*tunnel{}
	}
	d.expect()
	err := d.reach(ctx)
	if err == nil {
		err = d.configure()
	}
	if err == nil {
		err = d.load()
	}
	if err != nil && d.session != nil && !isRejected(err) && !isRefusal(err) {
		d.lost(err)
	}
	if d.session == nil {
		d.retry = time.Now().Add(pause(d.failures))
		for _, t := range d.tunnels {
			t.refuse = reason{cause: "the IKE daemon cannot be reached", hint: err.Error()}
		}
	}
	return d.fault(err)
}

func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// expect makes room for every wanted tunnel, also while there is no daemon, so that
// something can be said of it.
func (d *daemon) expect() {
	for _, w := range d.want.Tunnels {
		if t := d.tunnels[w.Connection]; t != nil {
			t.want = w
		} else {
			d.tunnels[w.Connection] = newTunnel(w)
		}
	}
}

// adopt finds out what a process holds that we have just met. What bears no stamp was
// loaded by a run that did not live to say so, and goes.
func (d *daemon) adopt() error {
	if d.record.Stamps == nil {
		d.record.Stamps = map[vpc.ConnectionID]stamp{}
	}
	reply, err := d.session.call("get-conns", nil)
	if err != nil {
		return err
	}
	names, _ := reply.Get("conns").([]string)
	for _, name := range names {
		if _, ok := d.record.Stamps[vpc.ConnectionID(name)]; !ok {
			if err := d.unload(name); err != nil {
				return err
			}
		}
	}
	maps.DeleteFunc(d.record.Stamps, func(id vpc.ConnectionID, _ stamp) bool { return !slices.Contains(names, string(id)) })
	for id, t := range d.tunnels {
		_, t.loaded = d.record.Stamps[id]
	}
	d.record.PID, d.refresh = d.process.PID, time.Time{}
	return nil
}

// change is a tunnel that the daemon must be told of.
type change struct {
	tunnel *tunnel
	config connection
	shared sharedKey
	stamp  stamp
	was    stamp
	had    bool
}

// load tells the daemon of what differs. A stamp is taken away before and given after,
// so that a run that is killed in between does not leave a wrong one.
func (d *daemon) load() error {
	changes, errs := d.compare()
	gone := d.surplus()
	if len(changes)+len(gone) == 0 {
		return errors.Join(errs...)
	}
	for _, id := range gone {
		delete(d.record.Stamps, id)
	}
	for _, c := range changes {
		delete(d.record.Stamps, c.tunnel.want.Connection)
	}
	if err := d.record.write(d.path(endRecord)); err != nil {
		return err
	}
	for _, id := range gone {
		if err := d.unload(string(id)); err != nil {
			return err
		}
		if !d.planned(id) {
			delete(d.tunnels, id)
		}
	}
	for _, c := range changes {
		err := d.apply(c)
		if err != nil && !isRejected(err) {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, d.record.write(d.path(endRecord)))...)
}

// compare finds what is wanted and not held as it is wanted. A tunnel that cannot be put
// into charon's words is its owner's matter, and none of the daemon's.
func (d *daemon) compare() (changes []change, errs []error) {
	for _, w := range d.want.Tunnels {
		t := d.tunnels[w.Connection]
		config, err := describe(w)
		var no *refusal
		if errors.As(err, &no) {
			t.refuse, t.loaded = reason{no.cause, no.hint}, false
			continue
		}
		shared := loadShared(w, config)
		s, err := stampOf(d.key, w, config, shared)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		was, had := d.record.Stamps[w.Connection]
		if t.loaded = had && was == s; !t.loaded {
			changes = append(changes, change{t, config, shared, s, was, had})
		}
	}
	return changes, errs
}

// planned says whether a tunnel is wanted, be it one that cannot be said.
func (d *daemon) planned(id vpc.ConnectionID) bool {
	return slices.ContainsFunc(d.want.Tunnels, func(w plan.Tunnel) bool { return w.Connection == id })
}

// surplus are the tunnels that the daemon must not hold any more.
func (d *daemon) surplus() []vpc.ConnectionID {
	wanted := map[vpc.ConnectionID]bool{}
	for _, w := range d.want.Tunnels {
		// One that cannot be said as it is wanted must not stay as it was.
		_, err := describe(w)
		wanted[w.Connection] = err == nil
	}
	var out []vpc.ConnectionID
	for id := range d.record.Stamps {
		if !wanted[id] {
			out = append(out, id)
		}
	}
	for id := range d.tunnels {
		if _, planned := wanted[id]; !planned && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// apply tells the daemon of one tunnel and ends what was negotiated under other terms.
func (d *daemon) apply(c change) error {
	t, id := c.tunnel, string(c.tunnel.want.Connection)
	if !c.had || c.was.Key != c.stamp.Key {
		if _, err := d.session.call("load-shared", c.shared); err != nil {
			return d.refused(t, err)
		}
	}
	if !c.had || c.was.Config != c.stamp.Config {
		m, err := loadConn(t.want, c.config)
		if err != nil {
			return err
		}
		if _, err := d.session.call("load-conn", m); err != nil {
			return d.refused(t, err)
		}
	}
	t.loaded, t.refuse, t.failure = true, reason{}, reason{}
	d.record.Stamps[t.want.Connection] = c.stamp
	if !c.had {
		return nil
	}
	until := time.Time{}
	if t.want.Start != vpc.NegotiatePassive {
		until = time.Now().Add(askedByCommand)
	}
	t.again(until)
	return d.terminate(id)
}

// refused notes that charon does not take a tunnel. It keeps the one before, which is not
// what is wanted, so that goes.
func (d *daemon) refused(t *tunnel, err error) error {
	if isRejected(err) {
		t.refuse = reason{cause: err.Error(), hint: "run `gatewright doctor` and compare what this host's daemon can do"}
		err = errors.Join(err, d.unload(string(t.want.Connection)))
	}
	return err
}

// unload ends a connection and makes the daemon forget it.
func (d *daemon) unload(name string) error {
	if err := d.terminate(name); err != nil {
		return err
	}
	if _, err := d.session.call("unload-conn", map[string]string{"name": name}); err != nil && !isRejected(err) {
		return err // rejected: it does not hold it
	}
	_, err := d.session.call("unload-shared", map[string]string{"id": name})
	return err
}

// terminate ends every IKE_SA of a connection at once, telling the peer.
func (d *daemon) terminate(name string) error {
	d.dirty[vpc.ConnectionID(name)] = true
	return d.kill(map[string]any{"ike": name})
}

// kill does not wait for the peer's answer, which may never come. That there is nothing
// to end is no fault.
func (d *daemon) kill(which map[string]any) error {
	which["force"], which["timeout"] = true, -1
	reply, err := d.session.call("terminate", which)
	if isRejected(err) && text(reply, "matches") == "0" {
		return nil
	}
	return err
}

// list reads the SAs of some connections, or of all.
func (d *daemon) list(ids []vpc.ConnectionID) error {
	if ids == nil {
		return d.listAll()
	}
	for _, id := range ids {
		replies, err := d.session.list("list-sas", "list-sa", map[string]string{"ike": string(id)})
		if err != nil {
			return err
		}
		if t := d.tunnels[id]; t != nil {
			t.see(replies)
		}
	}
	return nil
}

func (d *daemon) listAll() error {
	replies, err := d.session.list("list-sas", "list-sa", nil)
	if err != nil {
		return err
	}
	for _, t := range d.tunnels {
		t.see(replies)
	}
	return nil
}

// see takes what is the tunnel's from a list of SAs.
func (t *tunnel) see(replies []*vici.Message) {
	t.sas = t.sas[:0:0]
	for _, m := range replies {
		for _, s := range parseSAs(m) {
			if s.connection == string(t.want.Connection) {
				t.sas = append(t.sas, s)
			}
		}
	}
	if len(t.lack().missing) == 0 {
		t.failure = reason{}
	}
	t.forget()
	t.settle()
}
