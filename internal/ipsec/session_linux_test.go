package ipsec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// tapped is a connection to charon whose packets a test sends in its own way.
type tapped struct {
	net.Conn
	write func(c net.Conn, packet []byte) (int, error)
}

func (t tapped) Write(packet []byte) (int, error) { return t.write(t.Conn, packet) }

// tap must come before the first apply.
func (s *site) tap(write func(c net.Conn, packet []byte) (int, error)) {
	s.plane.dial = func(ctx context.Context, path string) (net.Conn, error) {
		c, err := dialUnix(ctx, path)
		if err != nil {
			return nil, err
		}
		return tapped{c, write}, nil
	}
}

// losesReply cuts the connection after the nth command that changes something, when charon
// has begun to answer: the command is done, and nobody on our side has been told.
func (s *site) losesReply() func(n int) {
	var left atomic.Int64
	s.tap(func(c net.Conn, packet []byte) (int, error) {
		n, err := c.Write(packet)
		if err == nil && changes(packet) && left.Add(-1) == 0 {
			_, err = c.Read(make([]byte, 1))
			c.Close()
		}
		return n, err
	})
	return func(n int) { left.Store(int64(n)) }
}

// tried applies what the site wants and returns the error, which there must be.
func (s *site) tried() error {
	s.t.Helper()
	_, err := s.plane.Apply(s.t.Context(), s.machine())
	if err == nil {
		s.t.Fatal("it went well")
	}
	return err
}

// anew waits for SAs of a peer that are not those it had.
func (p *peer) anew(before string) {
	p.s.t.Helper()
	p.s.becomes(id(p.n), true, lab.Patience)
	p.s.Eventually(lab.Patience, "new SAs", func() error {
		if now := p.SAs(); spis(now) == "" || spis(now) == spis(before) {
			return fmt.Errorf("still %s", now)
		}
		return nil
	})
}

// TestLostReplies changes, removes and adds a tunnel beside one that carries pings, and
// loses the reply to each of the two commands of it. The pass after that sets it right.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	lose := s.losesReply()
	a, b := s.office(1), s.office(2)
	for _, p := range []*peer{a, b} {
		p.load()
		s.set(p)
	}
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	b.anew("")
	s.carries(a)
	pings := s.host.PingStart(a.inner())
	for n := 1; n <= 2; n++ {
		before, key := b.SAs(), fmt.Sprint("another key ", n)
		b.want.Key, b.have.Key = vpc.Secret(key), key
		b.want.IPsec.Lifetime++
		b.load()
		s.set(b)
		lose(n)
		s.tried()
		s.apply()
		b.anew(before)

		s.daemon.Tunnels = s.daemon.Tunnels[:1]
		lose(n)
		s.tried()
		if o := s.apply(); len(o.Tunnels) != 1 {
			t.Errorf("removed, command %d: tunnels left: %v", n, o.Tunnels)
		}
		if held := s.print(t); strings.Contains(held, string(id(2))) || !strings.Contains(held, string(id(1))) {
			t.Errorf("removed, command %d: charon holds\n%s", n, held)
		}

		before = b.SAs()
		s.set(b)
		lose(n)
		s.tried()
		s.apply()
		b.anew(before)
		s.carries(b)
	}
	s.whole("the neighbour", pings, 0)
}

// TestHangs stops a charon that carries a tunnel, as one that hangs, and has it go on
// again: the tunnel is not said to be up meanwhile, and it is the same daemon afterwards.
func TestHangs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.office(1)
	p.load()
	s.set(p)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	s.carries(p)
	pid := s.pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	s.plane.Measure(t.Context(), machineID) // or half a minute later by itself
	s.becomes(id(1), false, 2*callTimeout)
	if st := s.state(id(1)); st.Cause != hung.cause || st.Hint == "" {
		t.Errorf("%+v", st)
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.becomes(id(1), true, 4*lab.Patience)
	s.carries(p)
	if now := s.pid(); now != pid {
		t.Errorf("charon was %d and is %d", pid, now)
	}
}

// TestRejectedByCharon spoils a proposal on its way to charon, once, so that charon itself
// says no to a tunnel that we take for good.
func TestRejectedByCharon(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var spoil atomic.Bool
	s.tap(func(c net.Conn, packet []byte) (int, error) {
		if changes(packet) && bytes.Contains(packet, []byte("load-conn")) && spoil.Swap(false) {
			packet = bytes.ReplaceAll(packet, []byte("aes128"), []byte("xes128"))
		}
		return c.Write(packet)
	})
	a, b := s.office(1), s.office(2)
	a.load()
	b.load()
	s.set(a)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	s.carries(a)
	pings := s.host.PingStart(a.inner())

	s.set(b)
	spoil.Store(true)
	err := s.tried()
	var no *rejected
	if !errors.As(err, &no) || no.command != "load-conn" {
		t.Errorf("%v", err)
	}
	if st := s.state(id(2)); st.Loaded || st.Up || !strings.Contains(st.Cause, "charon rejects load-conn") || st.Hint == "" {
		t.Errorf("%+v", st)
	}
	if held := s.print(t); strings.Contains(held, string(id(2))) {
		t.Errorf("charon holds\n%s", held)
	}
	s.apply()
	s.becomes(id(2), true, lab.Patience)
	s.carries(b)
	s.whole("the neighbour", pings, 0)
}

// TestKilledMidLoad kills charon before and after each command of a plan that changes two
// tunnels. Nobody does anything about it, and both come up as they are wanted.
func TestKilledMidLoad(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var left atomic.Int64
	var after atomic.Bool
	s.tap(func(c net.Conn, packet []byte) (int, error) {
		if !changes(packet) || left.Add(-1) != 0 {
			return c.Write(packet)
		}
		var err error
		if after.Load() {
			if _, err = c.Write(packet); err == nil {
				_, err = c.Read(make([]byte, 1)) // the command is done
			}
		}
		return len(packet), errors.Join(err, syscall.Kill(s.pid(), syscall.SIGKILL))
	})
	var peers []*peer
	for n := 1; n <= 2; n++ {
		p := s.office(n)
		p.load()
		s.set(p)
		peers = append(peers, p)
	}
	s.apply()
	for n := 1; n <= 2*len(peers); n++ { // a key and a connection of each
		for _, done := range []bool{false, true} {
			what := fmt.Sprintf("command %d, done %v", n, done)
			before := s.pid()
			for _, p := range peers {
				p.have.Key = "a key for " + what
				p.want.Key = vpc.Secret(p.have.Key)
				p.want.IPsec.Lifetime++
				p.load()
				s.set(p)
			}
			after.Store(done)
			left.Store(int64(n))
			s.tried()
			for _, p := range peers {
				s.becomes(id(p.n), true, lab.Patience)
				s.carries(p)
			}
			if s.pid() == before {
				t.Errorf("%s: nothing was killed", what)
			}
		}
	}
}
