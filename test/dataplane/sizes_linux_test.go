package dataplane

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// The greatest packet that fits through a tunnel, and TCP's segments in it.
const (
	innerMTU = 1400
	innerMSS = innerMTU - 40
)

// TestSizes sends TCP between hosts that know of no tunnel and believe in 1,500 bytes:
// neither way is a hole, both ends hear of segments that fit, and what is too large for
// the tunnel and must not be cut is answered with the size that fits.
func TestSizes(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, _ := shared.joined(l)
	inside, outside := o.Capture("ipsec0"), o.Capture("wan0")
	up := s.workload.Iperf(o.Namespace, o.inside, 2*time.Second)
	down := o.Iperf(s.workload, s.inside, 2*time.Second, "-B", o.inside)
	if up < 5 || down < 5 {
		t.Errorf("%.1f Mbit/s to the office, %.1f to the cloud, of 100", up, down)
	}
	if sizes := segments(inside); len(sizes) < 4 {
		t.Errorf("%d SYNs were seen", len(sizes))
	} else {
		for _, mss := range sizes {
			if mss > innerMSS {
				t.Errorf("a SYN offers segments of %d bytes", mss)
			}
		}
	}
	if large := inside.Packets(func(p lab.Packet) bool { return p.Length > innerMTU }); len(large) > 0 {
		t.Errorf("in the tunnel: %v", large[0])
	}
	if large := outside.Packets(func(p lab.Packet) bool { return p.Length > 1500 }); len(large) > 0 {
		t.Errorf("outside: %v", large[0])
	}
	out, err := s.workload.Try("ping", "-n", "-c", "3", "-W", "1", "-i", "0.2", "-M", "do", "-s", "1472", o.inside)
	if err == nil || !strings.Contains(out, fmt.Sprintf("mtu = %d", innerMTU)) && !strings.Contains(out, fmt.Sprintf("mtu=%d", innerMTU)) {
		t.Errorf("1,500 bytes that must not be cut: %v\n%s", err, out)
	}
	if p := s.workload.Ping(o.inside, 10, "-M", "do", "-s", fmt.Sprint(innerMTU-28)); p.Lost() > 0 {
		t.Errorf("what just fits: %v", p)
	}
	if p := s.workload.Ping(o.inside, 10, "-M", "dont", "-s", "1472"); p.Lost() > 0 {
		t.Errorf("what may be cut: %v", p)
	}
}

// segments are the MSS of each SYN that a capture has seen.
func segments(c *lab.Capture) (out []int) {
	for _, p := range c.Packets(func(p lab.Packet) bool { return p.Proto == 6 && len(p.Payload) >= 24 && p.Payload[13]&2 != 0 }) {
		// iperf's hosts put it first: kind 2, length 4.
		if p.Payload[20] == 2 && p.Payload[21] == 4 {
			out = append(out, int(binary.BigEndian.Uint16(p.Payload[22:])))
		}
	}
	return out
}

// TestLargeNegotiation has so many ranges that IKE's messages do not fit into a packet:
// both ends send them in fragments of their own, and none that a router has to cut.
func TestLargeNegotiation(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o := shared.site(l, 100), shared.office(l, "", false)
	o.Kill()
	o.Peer = o.Namespace.Peer("fragment_size = 576")
	remotes := []string{o.lan}
	for i := range manyRanges {
		remotes = append(remotes, fmt.Sprintf("172.31.%d.0/24", i))
		o.Address("lo", fmt.Sprintf("172.31.%d.1/24", i)) // the peer's engine wants one in each
	}
	far := o.tunnel(s, lab.IKEv2)
	far.LocalTS = remotes
	o.Load(far.Text())
	s.route(l, o.lan)
	s.route(l, remotes[manyRanges])
	id := s.connect(l, o, lab.IKEv2, obj{"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": siteRange, "RemoteCidrBlock": remotes}}})
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	for _, to := range []string{o.inside, fmt.Sprintf("172.31.%d.1", manyRanges-1)} {
		s.workload.Reaches(to, lab.Patience)
	}
	log := o.Log()
	if !strings.Contains(log, "splitting IKE message") || !strings.Contains(log, "received fragment #2 of") {
		t.Errorf("no message was in fragments:\n%s", log)
	}
}

const manyRanges = 90
