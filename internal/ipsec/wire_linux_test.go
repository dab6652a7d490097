package ipsec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/strongswan/govici/vici"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// wire is a gateway with a tunnel that carries pings, a neighbour's beside it, and
// strangers on the uplink at 198.51.100.64 to .127. Anybody may call: a tunnel of IKEv2 by
// name and one of IKEv1 have no address, so that no message ends for want of a connection.
type wire struct {
	*site
	peer    *peer // whose tunnel is attacked
	other   *peer
	older   plan.Tunnel // for whoever calls in IKEv1
	strange *lab.Namespace
	raw     *lab.Raw
	rand    *rand.Rand
	pulse   *caller // who asks whether the daemon has come as far
	unread  int     // bytes that it may not have read yet
	callers int
	refused []*caller // who must not be agreed with
	ikeI    uint64    // the SPIs of the live tunnel, as an eavesdropper has them
	ikeR    uint64
	espIn   uint32 // by the gateway
}

// roamer is who calls by name.
const roamer = "roamer.example"

func newWire(t *testing.T, seed uint64) *wire {
	t.Helper()
	w := &wire{site: newSite(t), rand: rand.New(rand.NewPCG(seed, 11))}
	w.strange = w.Namespace("strange")
	w.strange.Plug("wan0", w.inet, "net")
	w.strange.Run("sh", "-c", "for i in $(seq 64 127); do ip addr add 198.51.100.$i/24 dev wan0; done")
	w.raw = w.strange.Raw()
	w.gateway.Route("default", "198.51.100.64")

	w.peer, w.other = w.office(1), w.office(2)
	anybody := w.nobody(8)
	w.older = w.nobody(9)
	anybody.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: roamer}
	w.older.RemoteID = plan.Identity{Kind: vpc.IdentityFQDN, Text: "older.example"}
	w.older.IKE.Version = ikeV1
	for _, p := range []*peer{w.peer, w.other} {
		p.load()
		w.set(p)
	}
	w.daemon.Tunnels = append(w.daemon.Tunnels, anybody, w.older)
	w.apply()
	w.becomes(id(1), true, lab.Patience)
	w.becomes(id(2), true, lab.Patience)
	w.carries(w.peer)
	w.carries(w.other)
	w.overhear()
	w.pulse = w.caller()
	return w
}

// nobody is the n-th tunnel, that waits for a peer from anywhere.
func (w *wire) nobody(n int) plan.Tunnel {
	o := w.peer.want
	o.Connection, o.Remote, o.Start = id(n), netip.Addr{}, vpc.NegotiatePassive
	o.Children = []plan.Child{{Name: fmt.Sprint("c", n), Local: o.Children[0].Local, Remote: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.2.%d.0/24", n))}}}
	return o
}

var ikeSPIs = regexp.MustCompile(`([0-9a-f]{16})_i\*? ([0-9a-f]{16})_r`)

// overhear learns the SPIs of the live tunnel.
func (w *wire) overhear() {
	w.t.Helper()
	sas := w.peer.SAs()
	m := ikeSPIs.FindStringSubmatch(sas)
	esp := strings.Fields(strings.ReplaceAll(spis(sas), ",", ""))
	if m == nil || len(esp) != 2 {
		w.t.Fatalf("no SPIs in %s", sas)
	}
	w.ikeI, _ = strconv.ParseUint(m[1], 16, 64) // hex digits
	w.ikeR, _ = strconv.ParseUint(m[2], 16, 64)
	out, err := strconv.ParseUint(esp[1], 16, 32)
	if err != nil {
		w.t.Fatal(err)
	}
	w.espIn = uint32(out)
}

// gatewayAt is a port of the gateway.
func gatewayAt(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(gatewayAddress), port)
}

// peerAt is a port of the live tunnel's peer.
func peerAt(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("198.51.100.11"), port)
}

// anywhere is a sender that does not exist.
func (w *wire) anywhere() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{100, 64, byte(w.rand.UintN(256)), byte(1 + w.rand.UintN(254))}), uint16(1024+w.rand.UintN(60000)))
}

// noise is some random bytes.
func (w *wire) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.rand.UintN(256))
	}
	return b
}

// forge sends from the live tunnel's peer to the gateway, as IKE between their two ports.
func (w *wire) forge(m []byte) {
	w.t.Helper()
	w.send(peerAt(4500), gatewayAt(4500), append(make([]byte, 4), m...))
	w.send(peerAt(500), gatewayAt(500), m)
}

// send sends a datagram from any address.
func (w *wire) send(from, to netip.AddrPort, m []byte) {
	w.t.Helper()
	w.raw.UDP(from, to, m)
	w.sent(len(m))
}

// sent keeps the daemon's sockets from running over: what is lost there for want of room
// says nothing about how it is read, and takes the tunnel's packets with it.
func (w *wire) sent(size int) {
	w.t.Helper()
	const room = 48 << 10 // of about 200 KiB
	if w.unread += 800 + size; w.unread > room {
		w.caughtUp()
	}
}

// caughtUp waits until the daemon has read all that was sent to either port: what comes
// after it is answered.
func (w *wire) caughtUp() {
	w.t.Helper()
	w.unread = 0
	m := ikeMessage{spiI: w.rand.Uint64(), version: 0x30, exchange: exchangeInit, flags: fromInitiator}.bytes()
	for _, port := range []uint16{500, 4500} {
		w.Eventually(lab.Patience, fmt.Sprintf("port %d answers", port), func() error {
			data := m
			if port == 4500 {
				data = append(make([]byte, 4), m...)
			}
			w.pulse.sayTo(port, data)
			for answer := w.pulse.hear(500 * time.Millisecond); answer != nil; answer = w.pulse.hear(time.Millisecond) {
				if bytes.Contains(answer, m[:8]) {
					return nil
				}
			}
			return errors.New("silence")
		})
	}
}

// caller is a stranger with an address of his own.
type caller struct {
	*initiator
	w    *wire
	conn net.PacketConn
}

func (w *wire) caller() *caller {
	w.t.Helper()
	conn, err := w.strange.ListenPacket("udp4", fmt.Sprintf("198.51.100.%d:0", 65+w.callers%60))
	if err != nil {
		w.t.Fatal(err)
	}
	w.callers++
	w.t.Cleanup(func() { conn.Close() })
	return &caller{newInitiator(), w, conn}
}

// say sends to the gateway's port 500.
func (c *caller) say(m []byte) {
	c.w.t.Helper()
	c.sayTo(500, m)
	c.w.sent(len(m))
}

func (c *caller) sayTo(port uint16, m []byte) {
	c.w.t.Helper()
	if _, err := c.conn.WriteTo(m, net.UDPAddrFromAddrPort(gatewayAt(port))); err != nil {
		c.w.t.Fatalf("say %d bytes: %v", len(m), err)
	}
}

// hear is the next message within a time, or nothing.
func (c *caller) hear(within time.Duration) []byte {
	c.w.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.w.t.Fatal(err)
	}
	b := make([]byte, 65536)
	n, _, err := c.conn.ReadFrom(b)
	if err != nil {
		return nil
	}
	return b[:n]
}

// ask says a message until it is answered.
func (c *caller) ask(m []byte) (answer []byte) {
	c.w.t.Helper()
	c.w.Eventually(lab.Patience, fmt.Sprintf("%x is answered", m[:28]), func() error {
		c.say(m)
		for answer = c.hear(500 * time.Millisecond); answer != nil; answer = c.hear(time.Millisecond) {
			if len(answer) >= 28 && bytes.Equal(answer[:8], m[:8]) && bytes.Equal(answer[20:24], m[20:24]) {
				return nil
			}
		}
		return errors.New("silence")
	})
	return answer
}

// begin has the keys of an IKE_SA that nobody has vouched for, also of a gateway that asks
// for a cookie first.
func (c *caller) begin() {
	c.w.t.Helper()
	answer := c.ask(c.init())
	if cookie, ok := notified(unchain(answer), notifyCookie); ok {
		answer = c.ask(c.init(notify(notifyCookie, cookie...)))
	}
	if err := c.agree(answer); err != nil {
		c.w.t.Fatalf("%v: %x", err, answer)
	}
}

// begun is a caller that has.
func (w *wire) begun() *caller {
	w.t.Helper()
	c := w.caller()
	c.begin()
	return c
}

// tell says something to which the gateway must not agree.
func (c *caller) tell(messages ...[]byte) {
	c.w.t.Helper()
	for _, m := range messages {
		c.say(m)
	}
	c.w.refused = append(c.w.refused, c)
}

// noted says that a message is answered by a notification.
func (c *caller) noted(m []byte, kind uint16) {
	c.w.t.Helper()
	answer := c.ask(m)
	if _, ok := notified(unchain(answer), kind); !ok {
		c.w.t.Errorf("answered with %x, without a notification %d", answer, kind)
	}
}

// enter calls by the name and the key that the gateway knows.
func (c *caller) enter() {
	c.w.t.Helper()
	c.enterWith(proposal(protocolESP, random(4)))
}

// enterWith gives the answer to what is offered.
func (c *caller) enterWith(offered ...payload) []payload {
	c.w.t.Helper()
	inner, err := c.open(c.ask(c.authenticate(roamer, theKey, [3]byte{10, 2, 8}, [3]byte{10, 1, 0}, offered...)))
	if err != nil || find(inner, payloadSA) == nil {
		c.w.t.Fatalf("not let in: %v, %v", err, inner)
	}
	return inner
}

// askCharon asks the gateway's daemon over a session of the test's own.
func (w *wire) askCharon(do func(*session) error) {
	w.t.Helper()
	s, err := dialer(dialUnix).open(context.Background(), w.children.Path(childName(w.daemon.Name), endSocket))
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.close()
	if err := do(s); err != nil {
		w.t.Fatal(err)
	}
}

// sas are the gateway's IKE_SAs: how many there are, and how many of them are established.
// charon's own count of those that are half-open is no use: a message with a wrong number
// adds one to it that never goes.
func (w *wire) sas() (all, established int) {
	w.t.Helper()
	w.askCharon(func(s *session) error {
		replies, err := s.list("list-sas", "list-sa", nil)
		for _, m := range replies {
			sections(m, func(_ string, sa *vici.Message) {
				all++
				if text(sa, "state") == "ESTABLISHED" {
					established++
				}
			})
		}
		return err
	})
	return all, established
}

var residentSize = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// memory is what a process has of it, in bytes.
func memory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := residentSize.FindSubmatch(status)
	if m == nil {
		t.Fatalf("no size in %s", status)
	}
	kib, _ := strconv.Atoi(string(m[1])) // digits
	return kib << 10
}
