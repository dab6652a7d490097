package dataplane

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// promised is how long after the answer to a call that revokes a certificate packets of
// its holder may still arrive.
const promised = time.Second

// leaver is somebody whose certificate is revoked under a running ping.
type leaver struct {
	*person
	seat     netip.Addr
	by       int // the call, of those in revoking
	obeys    bool
	answered time.Time // when the call was
}

// The calls that revoke a certificate, and the input that names its client.
var revoking = []struct{ call, id string }{
	{"DisableVpnGatewaySslClientCert", "SslVpnClientId"},
	{"ModifyVpnGatewaySslClientCert", "SslVpnClientIds"},
	{"DeleteVpnGatewaySslClient", "SslVpnClientId"},
}

// TestCutOff revokes certificates by each call that can, under the pings of their holders.
// The last packet of each reaches the workload at most a second after the call's answer,
// by the kernel's clock. Half of them do not obey when they are told to go. A busy machine
// may be late for one of three, a broken product is for all. Nothing of anybody comes any
// more while they go on calling, and who is enabled again is back by itself with the same
// certificate.
func TestCutOff(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.land(l)
	d := s.dialIn(l, 20, "172.30.6.0/24", nil)
	c := &cutOff{dialIn: d, all: d.leavers(l)}
	c.wire = s.workload.Capture(between(s.workload.Run("ip", "-o", "route", "get", "10.7.1.1"), "dev ", " "))
	for n := range revoking {
		c.revoke(l, n)
	}
	c.refused(l, 1)
	settled := time.Now()
	c.refused(l, 2)
	for n := range revoking {
		c.judge(t, n, true)
		c.judge(t, n, false)
	}
	for _, p := range c.all {
		if after := c.last(p).Sub(settled); after > 0 {
			t.Errorf("%s, %s: a packet arrives %v after everybody was refused", revoking[p.by].call, p.client, after)
		}
	}
	for _, p := range c.of(0) {
		shared.call(l, "EnableVpnGatewaySslClientCert", obj{"SslVpnClientId": p.client})
	}
	for _, p := range c.of(0) {
		p.Reaches(s.inside, 2*lab.Patience)
	}
}

// cutOff is a server whose people are to leave, and what arrives at the workload.
type cutOff struct {
	*dialIn
	all  []*leaver
	wire *lab.Capture
}

// of are those whom one of the calls is for.
func (c *cutOff) of(by int) (some []*leaver) {
	for _, p := range c.all {
		if p.by == by {
			some = append(some, p)
		}
	}
	return some
}

// packets are those of one person that have arrived.
func (c *cutOff) packets(p *leaver) []lab.Packet {
	return c.wire.Packets(func(got lab.Packet) bool { return !got.Out && got.Src == p.seat })
}

// last is when the last of them arrived.
func (c *cutOff) last(p *leaver) (at time.Time) {
	for _, got := range c.packets(p) {
		if got.At.After(at) {
			at = got.At
		}
	}
	return at
}

// revoke has one of the calls take the certificates of those whom it is for, whose pings
// arrive, and go on afterwards.
func (c *cutOff) revoke(l *lab.Lab, by int) {
	l.Helper()
	for _, p := range c.of(by) {
		p.PingStart(c.inside, "-i", "0.02")
	}
	began := time.Now()
	l.Eventually(lab.Patience, "their packets arrive", func() error {
		for _, p := range c.of(by) {
			if n := len(c.packets(p)); n < 10 || c.last(p).Before(began) {
				return fmt.Errorf("%d of %s", n, p.client)
			}
		}
		return nil
	})
	for _, p := range c.of(by) {
		var id any = p.client
		if revoking[by].id == "SslVpnClientIds" {
			id = []string{p.client}
		}
		c.cloud.call(l, revoking[by].call, obj{revoking[by].id: id})
		p.answered = time.Now()
	}
}

// refused waits until each has heard so many times that it may not come in.
func (c *cutOff) refused(l *lab.Lab, times int) {
	l.Helper()
	l.Eventually(2*lab.Patience, fmt.Sprintf("each has called %d times in vain", times), func() error {
		for _, p := range c.all {
			if out := p.openvpn.Output(); strings.Count(out, "control message: AUTH_FAILED") < times {
				return fmt.Errorf("%s:\n%s", p.client, out[max(0, len(out)-1500):])
			}
		}
		return nil
	})
}

// judge tells how long after a call's answers packets arrived of those who obey, or of
// those who do not.
func (c *cutOff) judge(t *testing.T, by int, obey bool) {
	t.Helper()
	var late []time.Duration
	for _, p := range c.of(by) {
		if p.obeys != obey {
			continue
		}
		late = append(late, c.last(p).Sub(p.answered))
		if !obey && !strings.Contains(p.openvpn.Output(), "unknown control message: RESTART") {
			t.Errorf("%s does not obey and has not been told to go:\n%s", p.client, p.openvpn.Output())
		}
	}
	who := ""
	if !obey {
		who = " of who does not obey"
	}
	t.Logf("figure: %s: the last packet%s arrives %s after the answer (median; min %s, max %s)",
		revoking[by].call, who, millis(median(late)), millis(slices.Min(late)), millis(slices.Max(late)))
	if slices.Min(late) > promised {
		t.Errorf("%s: packets arrive until %v after the answer", revoking[by].call, late)
	}
}

// leavers has three people for each call come in who obey, and three who do not.
func (d *dialIn) leavers(l *lab.Lab) (all []*leaver) {
	l.Helper()
	var names []string
	for n := range 6 * len(revoking) {
		names = append(names, fmt.Sprintf("leaver-%d", n))
	}
	stubborn := l.StubbornOpenVPN()
	for n, p := range d.people(l, names...) {
		who := &leaver{person: p, seat: netip.MustParseAddr(d.seat(n)), by: n / 6, obeys: n%2 == 0}
		var more []string
		if !who.obeys { // nor does it take a minute to find out that nobody answers
			p.program, more = stubborn, []string{"--pull-filter", "ignore", "ping", "--ping", "1", "--ping-restart", "5"}
		}
		p.dial(l, d.profile(l, p.client), more...)
		all = append(all, who)
	}
	for _, p := range all {
		p.Reaches(d.inside, 2*lab.Patience)
	}
	return all
}
