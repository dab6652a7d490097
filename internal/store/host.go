package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

const (
	hostTTL   = 10 * time.Second // after which a silent host's row goes
	hostBeat  = 3 * time.Second  // between signs of life
	hostRetry = time.Second      // after one that was not answered
	hostWait  = 2 * time.Second  // for the answer to one
)

// errHostTaken is in the chain of Announce's error when another home has the name.
var errHostTaken = errors.New("another server is the host of this name: give each a name of its own")

// Announce makes this process a host, or changes what it says of itself: h is in Hosts,
// on every replica, until Withdraw, Close or the end of the process. It returns the
// epoch of the row. That is another one after every Announce, and when the row was lost
// for a while; whoever reports takes it from the row. A name that another home holds is
// waited for until that host must have been silent for its time, then refused.
//
// On a cluster the row is under a lease. Alone in its store it is an ordinary row, and
// the next Open removes it.
func (s *Store) Announce(ctx context.Context, h vpc.Host) (epoch string, err error) {
	s.host.Lock()
	defer s.host.Unlock()
	if h.Since == 0 {
		h.Since = s.now()
	}
	if s.kv.exclusive() {
		h.Epoch = randomName()
		_, err := s.Update(ctx, func(tx *Tx) error { Hosts.Put(tx, &h); return nil })
		if err == nil {
			s.host.alone = h.Name
		}
		return h.Epoch, err
	}
	before := s.host.presence.halt()
	p := &presence{s: s, host: h}
	if err := p.take(ctx); err != nil {
		return "", err
	}
	p.start()
	s.host.presence = p
	before.leave() // a row of the same name is under the new lease
	return p.epoch, s.awaitHost(ctx, h.Name, p.epoch)
}

// Withdraw takes back an Announce; it is no error if there was none.
func (s *Store) Withdraw(ctx context.Context) error {
	s.host.Lock()
	defer s.host.Unlock()
	if name := s.host.alone; name != "" {
		s.host.alone = ""
		_, err := s.Update(ctx, func(tx *Tx) error { Hosts.Delete(tx, name); return nil })
		return err
	}
	s.host.presence.halt().leave()
	s.host.presence = nil
	return nil
}

// presence is this process as a host of a cluster.
//
//	taken -> kept -(lease lost)-> taken again, with another epoch
//	kept -(another run or home took the name)-> over
//
// Its goroutine owns the fields from start to halt.
type presence struct {
	s     *Store
	host  vpc.Host
	epoch string // of the first row
	lease lease
	mod   int64  // revision of the row
	tried string // epoch of the last row that may have been written
	quiet bool   // it has been said that nobody answers
	stop  context.CancelFunc
	done  chan struct{}
}

func (p *presence) key() string { return hostPrefix + string(p.host.Name) }

// start keeps the row until halt, and until the store closes.
func (p *presence) start() {
	ctx, stop := context.WithCancel(p.s.running)
	p.epoch, p.stop, p.done = p.host.Epoch, stop, make(chan struct{})
	p.s.done.Go(func() {
		defer close(p.done)
		p.keep(ctx)
		if p.s.closed.Load() {
			p.leave()
		}
	})
}

// halt ends the goroutine and leaves the row; nil stays nil.
func (p *presence) halt() *presence {
	if p != nil {
		p.stop()
		<-p.done
	}
	return p
}

// leave ends the lease, and the row with it. It ends by itself, too.
func (p *presence) leave() {
	if p == nil || p.lease == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), hostWait)
	defer cancel()
	if err := p.s.kv.revoke(ctx, p.lease); err != nil {
		p.s.log.Warn("this host's row could not be taken back; it goes by itself", "host", p.host.Name, "error", err)
	}
}

// keep gives signs of life. Without a quorum no lease ends, and when there is one again
// every lease begins anew; so a lease is lost only when etcd says so.
func (p *presence) keep(ctx context.Context) {
	for wait := hostBeat; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		err := p.beat(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errHostTaken):
			p.s.log.Error("this server is no longer a host", "host", p.host.Name, "error", err)
			p.lease = 0
			return
		case err != nil:
			p.complain(err)
			wait = hostRetry
		default:
			p.quiet = false
			wait = hostBeat
		}
	}
}

func (p *presence) complain(err error) {
	if !p.quiet {
		p.s.log.Warn("the store does not hear this host; its tunnels may be shown as down", "host", p.host.Name, "error", err)
	}
	p.quiet = true
}

// beat renews the lease, or puts the row again when it is gone.
func (p *presence) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hostWait)
	defer cancel()
	switch err := p.s.kv.renew(ctx, p.lease); {
	case errors.Is(err, errLeaseGone):
		return p.put(ctx, p.wrote)
	case err != nil:
		return err
	}
	row, err := p.s.kv.get(ctx, p.key())
	if err != nil || row.mod == p.mod {
		return err
	}
	return p.put(ctx, p.wrote)
}

// wrote reports whether a row is this run's: a newer run of the same home must be left
// alone, or the two would take the name from each other.
func (p *presence) wrote(row *vpc.Host) bool {
	return row.Epoch == p.host.Epoch || row.Epoch == p.tried
}

// take puts the row, and waits for another home's to end.
func (p *presence) take(ctx context.Context) error {
	for late := time.Now().Add(hostTTL + hostBeat); ; {
		err := p.put(ctx, func(old *vpc.Host) bool { return old.Home == p.host.Home })
		if err == nil || !errors.Is(err, errHostTaken) || time.Now().After(late) {
			return err
		}
		select {
		case <-time.After(hostRetry):
		case <-ctx.Done():
			return err
		}
	}
}

// put writes the row under a new lease and with a new epoch, if there is none or it may
// replace the one that is there.
func (p *presence) put(ctx context.Context, may func(*vpc.Host) bool) error {
	db := p.s.kv
	old, err := db.get(ctx, p.key())
	if err != nil {
		return err
	}
	var holder vpc.Host
	if old.value != nil && json.Unmarshal(old.value, &holder) == nil && !may(&holder) {
		return fmt.Errorf("host %s is at %q: %w", holder.Name, holder.Home, errHostTaken)
	}
	l, err := db.grant(ctx, hostTTL)
	if err != nil {
		return err
	}
	h := p.host
	h.Epoch = randomName()
	p.tried = h.Epoch
	value, err := encode(h)
	if err != nil {
		return err
	}
	out, err := db.commit(ctx, txn{conds: []cond{{p.key(), old.mod}}, ops: []op{{p.key(), value}}, under: l})
	if err == nil && !out.ok {
		err = errors.New("somebody else was faster")
	}
	if err != nil {
		(&presence{s: p.s, host: h, lease: l}).leave()
		return fmt.Errorf("announce host %s: %w", h.Name, err)
	}
	p.host, p.lease, p.mod = h, l, out.rev
	return nil
}

// awaitHost waits until the snapshot shows a host's row.
func (s *Store) awaitHost(ctx context.Context, name vpc.HostName, epoch string) error {
	for {
		v := s.View()
		if h, ok := Hosts.Get(v, name); ok && h.Epoch == epoch {
			return nil
		}
		select {
		case <-v.Changed():
		case <-ctx.Done():
			return fmt.Errorf("host %s is announced, but this replica has not seen it: %w", name, ctx.Err())
		case <-s.writer.stopped:
			return errClosed
		}
	}
}

// forgetHosts removes the hosts of a store that has one process: they were former ones.
func (s *Store) forgetHosts(ctx context.Context) error {
	if !s.kv.exclusive() {
		return nil
	}
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return err
	}
	return eachPage(ctx, snap, hostPrefix, func(page []pair) error {
		for _, p := range page {
			if _, err := s.kv.commit(ctx, txn{ops: []op{{p.key, nil}}}); err != nil {
				return fmt.Errorf("remove a former host: %w", err)
			}
		}
		return nil
	})
}

// Exclusive reports whether no other process can use the store, so that no other host
// can be.
func (s *Store) Exclusive() bool { return s.kv.exclusive() }
