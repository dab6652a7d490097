package sslvpn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// step sends what comes next of a session that is never finished, waits a moment for an
// answer, and says whether the server has taken the session on: it has then acknowledged
// the beginning of a TLS handshake.
func (c *channel) step() (done bool, err error) {
	if c.peer == nil {
		err = c.send(resetClientV2, 0, nil)
	} else {
		err = c.send(controlV1, 1, []byte{0x16, 3, 1, 2, 0, 1, 0, 1}) // the head of a record of 512 bytes
	}
	if err != nil {
		return false, err
	}
	acks, err := c.receive(time.Second)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return slices.Contains(acks, 1), err
}

// open goes on until the session is half open.
func (c *channel) open() error {
	return lab.Poll(2*lab.Patience, func() error {
		done, err := c.step()
		if err == nil && !done {
			err = fmt.Errorf("it is not half open, the server known: %t", c.peer != nil)
		}
		return err
	})
}

// TestHalfOpen has somebody with the tls-crypt key of a profile begin 1,000 TLS sessions
// and let them lie. A good client comes in beside them, one that is in stays, and they cost
// the server little memory.
func TestHalfOpen(t *testing.T) {
	b := newBench(t)
	in, good, rogue := b.traveller(t), b.traveller(t), b.traveller(t)
	b.ready(t)
	b.comesIn(t, in)
	before := b.memory(t)
	const many = 1000
	waiting := make([]*channel, many)
	for i := range waiting {
		conn, err := rogue.Dial(context.Background(), "udp", public+":1194")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		waiting[i] = newChannel(t, conn, b.crypt)
	}
	pings := in.PingStart("172.16.0.1")
	began := time.Now()
	halfOpen(t, waiting)
	t.Logf("figure: %d half-open sessions made in %v", many, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	b.comesIn(t, good)
	t.Logf("figure: a good client came in beside them in %v", time.Since(began).Round(time.Millisecond))
	t.Logf("figure: of the pings of one who was in, %v", pings.Stop())
	halfOpen(t, waiting) // they are all there at once
	after := b.memory(t)
	b.up(t, in)
	if n := in.times(); n != 1 {
		t.Errorf("who was in has connected %d times", n)
	}
	t.Logf("figure: they take %d KiB of memory", after-before)
	if after-before > many*256 {
		t.Errorf("%d half-open sessions take %d KiB", many, after-before)
	}
}

// halfOpen has every session be taken on, or still be there.
func halfOpen(t *testing.T, all []*channel) {
	t.Helper()
	ends := make(chan error)
	for _, o := range all {
		go func() { ends <- o.open() }()
	}
	failed, last := 0, error(nil)
	for range all {
		if err := <-ends; err != nil {
			failed, last = failed+1, err
		}
	}
	if failed > 0 {
		t.Fatalf("%d of %d sessions: %v", failed, len(all), last)
	}
}

// memory is the server's own, in KiB.
func (b *bench) memory(t *testing.T) (kib int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", b.pid(t)))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[0], "Private_") {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			kib += n
		}
	}
	return kib
}
