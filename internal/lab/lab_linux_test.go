package lab

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func rooted(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if err := Missing(); err != nil {
		t.Fatalf("run scripts/deps.sh dataplane: %v", err)
	}
}

// TestPeers joins two peers, one of them behind NAT, and looks at everything that the
// tests of others lean on: losses are counted, clear packets are seen, and nothing stays.
func TestPeers(t *testing.T) {
	rooted(t)
	var names []string
	t.Run("lab", func(t *testing.T) {
		l := New(t)
		inet, nat := l.Namespace("inet"), l.Namespace("nat")
		inet.Bridge("net", "198.51.100.1/24")
		left, right := l.Namespace("left"), l.Namespace("right")
		names = []string{inet.Name, nat.Name, left.Name, right.Name}

		left.Plug("wan0", inet, "net", "198.51.100.10/24")
		nat.Plug("wan0", inet, "net", "198.51.100.20/24")
		nat.Cable("lan0", right, "wan0")
		nat.Address("lan0", "192.168.77.1/24")
		right.Address("wan0", "192.168.77.2/24")
		right.Route("default", "192.168.77.1")
		nat.Masquerade("wan0")
		left.Address("lo", "10.1.0.1/24")
		right.Address("lo", "10.2.0.1/24")

		answering, calling := left.Peer(), right.Peer()
		answering.Load(Tunnel{Name: "right", Key: `a "key"`, Local: "198.51.100.10", LocalID: "left.example", RemoteID: "right.example",
			LocalTS: []string{"10.1.0.0/24"}, RemoteTS: []string{"10.2.0.0/24"}}.Text())
		calling.Load(Tunnel{Name: "left", Key: `a "key"`, Remote: "198.51.100.10", LocalID: "right.example", RemoteID: "left.example",
			LocalTS: []string{"10.2.0.0/24"}, RemoteTS: []string{"10.1.0.0/24"}}.Text())

		seen := left.Capture("wan0")
		if p := right.Ping("10.1.0.1", 3, "-I", "10.2.0.1"); p.Received != 0 {
			t.Errorf("with no tunnel: %v", p)
		}
		if err := calling.Up("left-1"); err != nil {
			t.Fatal(err)
		}
		answering.Installed("right-1", 2*time.Second)
		pings := right.PingStart("10.1.0.1", "-I", "10.2.0.1")
		if err := calling.RekeyChild("left-1"); err != nil {
			t.Error(err)
		}
		if rate := right.Iperf(left, "10.1.0.1", time.Second, "-B", "10.2.0.1"); rate < 10 {
			t.Errorf("%.1f Mbit/s through the tunnel", rate)
		}
		if pings.Stop(); pings.Sent < 50 {
			t.Errorf("pings: %v\n%s", pings, pings.Text)
		}
		if err := calling.Down("left"); err != nil {
			t.Error(err)
		}
		l.Eventually(Patience, "the tunnel is down", func() error {
			if p := right.Ping("10.1.0.1", 1, "-I", "10.2.0.1", "-W", "0.2"); p.Received > 0 {
				return os.ErrExist
			}
			return nil
		})
		seen.Stop()
		encrypted := seen.Packets(func(p Packet) bool { return p.DstPort == 4500 })
		if len(encrypted) < 100 {
			t.Errorf("%d packets were seen on port 4500", len(encrypted))
		}
		if !strings.Contains(calling.Log(), "established") {
			t.Errorf("log: %s", calling.Log())
		}
	})
	for _, name := range names {
		if left := Namespaces(name); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	}
}

// TestLosses shows that a loss is counted as one.
func TestLosses(t *testing.T) {
	rooted(t)
	l := New(t)
	a, b := l.Namespace("a"), l.Namespace("b")
	a.Cable("eth0", b, "eth0")
	a.Address("eth0", "10.9.0.1/24")
	b.Address("eth0", "10.9.0.2/24")
	a.Reaches("10.9.0.2", Patience)

	clear, began := b.Capture("eth0"), time.Now()
	if p := a.Ping("10.9.0.2", 20); p.Sent != 20 || p.Received != 20 {
		t.Errorf("on a sound cable: %v", p)
	}
	l.Eventually(Patience, "every packet is captured", func() error {
		if got := clear.Packets(Touches("10.9.0.1/32")); len(got) < 40 {
			return fmt.Errorf("%d packets: %v", len(got), got)
		}
		return nil
	})
	last := began
	for _, p := range clear.Packets(Touches("10.9.0.1/32")) {
		if p.At.Before(began) || p.At.After(time.Now()) {
			t.Errorf("seen at %v, of a capture that began at %v: %v", p.At, began, p)
		}
		if p.At.After(last) {
			last = p.At
		}
	}
	if spread := last.Sub(began); spread < 10*10*time.Millisecond {
		t.Errorf("twenty pings, 10 ms apart, are stamped within %v", spread)
	}
	b.Run("ip", "link", "set", "eth0", "down")
	if p := a.Ping("10.9.0.2", 20); p.Lost() != 20 {
		t.Errorf("on a cut cable: %v\n%s", p, p.Text)
	}
}
