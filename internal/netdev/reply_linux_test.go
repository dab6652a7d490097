package netdev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
)

// crossing is a machine between two workloads, a at 10.1.0.2 and b at 10.2.0.2.
func (r *rig) crossing() (m plan.Machine, a, b *lab.Namespace) {
	a, b = r.lab.Namespace("a"), r.lab.Namespace("b")
	m = r.alone()
	m.Namespaces[0].Links = []plan.Link{
		{Name: "l0", Kind: plan.LinkVeth, Addrs: prefixes("10.1.0.1/24"), Peer: plan.End{Namespace: a.Name, Name: "e0", Addrs: prefixes("10.1.0.2/24"), Default: addr("10.1.0.1"), Workload: "a"}},
		{Name: "l1", Kind: plan.LinkVeth, Addrs: prefixes("10.2.0.1/24"), Peer: plan.End{Namespace: b.Name, Name: "e0", Addrs: prefixes("10.2.0.2/24"), Default: addr("10.2.0.1"), Workload: "b"}},
	}
	return m, a, b
}

// TestReply lets a begin and b only answer: pings also in fragments, errors, streams. What
// b began while it might does not pass when it may not any more, though a answered it; and
// what is not tracked is no reply.
func TestReply(t *testing.T) {
	r := newRig(t)
	m, a, b := r.crossing()
	ahead := plan.Filter{In: "l0", Out: "l1", Verdict: plan.Accept}
	back := plan.Filter{In: "l1", Out: "l0", Reply: true, Verdict: plan.Accept}
	begins := plan.Filter{In: "l1", Out: "l0", Verdict: plan.Accept}
	rules := func(untracked []plan.Filter, forward ...plan.Filter) {
		t.Helper()
		m.Namespaces[0].Firewall = plan.Firewall{Chains: []plan.Chain{{Hook: plan.HookForward, Rules: forward}, {Hook: plan.HookPrerouting, Accept: true, Rules: untracked}}}
		r.apply(m)
		r.still(m)
	}
	none := func(what string, c *lab.Capture) {
		t.Helper()
		r.lab.Eventually(lab.Patience, "a sees b's answer", func() error {
			if len(c.Packets(func(p lab.Packet) bool {
				return p.Src == addr("10.2.0.2") && p.Proto == unix.IPPROTO_ICMP && p.Payload[0] == 0
			})) == 0 {
				return errors.New("none")
			}
			return nil
		})
		if got := c.Packets(func(p lab.Packet) bool {
			return p.Src == addr("10.2.0.2") && (p.Proto != unix.IPPROTO_ICMP || p.Payload[0] != 0)
		}); len(got) > 0 {
			t.Errorf("%s: a got %v", what, got[0])
		}
	}

	rules(nil, ahead, back)
	a.Reaches("10.2.0.2", lab.Patience)
	a.Reaches("10.2.0.2", lab.Patience, "-s", "3000")
	r.refusedBy(a, "10.2.0.2:9")
	if got := r.stream(a, b, "10.2.0.2:7"); got != nil {
		t.Errorf("a's stream to b: %v", got)
	}
	seen := a.Capture("e0")
	b.Ping("10.1.0.2", 2, "-W", "0.2")
	_, _ = b.Try("bash", "-c", "echo x >/dev/udp/10.1.0.2/9; timeout 0.3 bash -c 'echo >/dev/tcp/10.1.0.2/9'")
	a.Reaches("10.2.0.2", lab.Patience)
	none("b began", seen)

	// A flow of b's, which a has answered.
	rules(nil, ahead, back, begins)
	at, from := r.socket(a, "10.1.0.2:5353"), r.socket(b, "10.2.0.2:5353")
	r.lab.Eventually(lab.Patience, "b and a talk", func() error { return errors.Join(says(from, at), says(at, from)) })
	rules(nil, ahead, back)
	seen = a.Capture("e0")
	for range 3 {
		_, _ = from.WriteTo([]byte("x"), at.LocalAddr())
	}
	a.Reaches("10.2.0.2", lab.Patience)
	none("b went on", seen)

	rules([]plan.Filter{{In: "l0", NoTrack: true}}, ahead, back)
	if p := a.Ping("10.2.0.2", 3, "-W", "0.2"); p.Received > 0 {
		t.Errorf("what is not tracked was answered: %v", p)
	}
}

// socket listens for datagrams.
func (r *rig) socket(n *lab.Namespace, at string) net.PacketConn {
	r.Helper()
	c, err := n.ListenPacket("udp4", at)
	if err != nil {
		r.Fatal(err)
	}
	r.T.Cleanup(func() { _ = c.Close() })
	return c
}

// says sends from one socket and waits for the other to have it.
func says(from, to net.PacketConn) error {
	if _, err := from.WriteTo([]byte("x"), to.LocalAddr()); err != nil {
		return err
	}
	if err := to.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		return err
	}
	_, _, err := to.ReadFrom(make([]byte, 9))
	return err
}

// refusedBy waits until an ICMP error says that nobody listens at a port.
func (r *rig) refusedBy(n *lab.Namespace, at string) {
	r.Helper()
	c, err := n.Dial(r.T.Context(), "udp4", at)
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	r.lab.Eventually(lab.Patience, "an error comes back", func() error {
		_, _ = c.Write([]byte("x"))
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := c.Read(make([]byte, 9)); !errors.Is(err, unix.ECONNREFUSED) {
			return fmt.Errorf("the answer is %w", err)
		}
		return nil
	})
}

// stream has one namespace connect to another and be sent a byte.
func (r *rig) stream(from, to *lab.Namespace, at string) error {
	l, err := to.Listen("tcp4", at)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write([]byte("x"))
			_ = c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(r.T.Context(), lab.Patience)
	defer cancel()
	c, err := from.Dial(ctx, "tcp4", at)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(lab.Patience))
	_, err = c.Read(make([]byte, 1))
	return err
}
