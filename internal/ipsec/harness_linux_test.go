package ipsec

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// site is a gateway of ours on a small internet, with a host behind it:
//
//	host 10.1.0.2 -- lan0 gateway wan0 198.51.100.1 -- inet -- peers 198.51.100.1N with 10.2.N.0/24
//
// As in a plan the inner link has no address of the range. charon in user space wants an
// address of its own in each local range, so the first, which no host has, is on lo.
type site struct {
	*lab.Lab
	t        *testing.T
	inet     *lab.Namespace
	gateway  *lab.Namespace
	host     *lab.Namespace
	dir      string
	tag      string
	plane    *Plane
	children *host.Children
	stop     func() // ends the plane, not its daemons
	daemon   plan.Daemon
	wakes    chan plan.MachineID
}

const (
	gatewayAddress = "198.51.100.1"
	theKey         = "a key of some length"
)

var sites atomic.Int64

var machineID = plan.GatewayMachine("vpngw-test0001")

func newSite(t *testing.T) *site {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: charon runs inside network namespaces")
	}
	l := lab.New(t)
	s := &site{Lab: l, t: t, inet: l.Namespace("inet"), gateway: l.Namespace("gw"), host: l.Namespace("host")}
	s.inet.Bridge("net")
	s.gateway.Forward()
	s.gateway.Plug("wan0", s.inet, "net", gatewayAddress+"/24")
	s.gateway.Cable("lan0", s.host, "eth0")
	s.host.Address("eth0", "10.1.0.2/24")
	s.inside()
	s.host.Run("ip", "route", "add", "default", "via", "169.254.0.2", "dev", "eth0", "onlink")

	dir, err := os.MkdirTemp("", "gw") // short, for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	s.dir, s.tag = dir, fmt.Sprintf("t%d-%d", os.Getpid(), sites.Add(1)) // what bears the tag of a server is its own
	t.Cleanup(func() { os.RemoveAll(dir) })
	s.daemon = plan.Daemon{Name: "vpngw-test0001", Namespace: s.gateway.Name, Engine: plan.EngineLibipsec}
	s.open()
	t.Cleanup(func() {
		s.stop()
		for _, c := range s.leftovers() {
			if err := c.Stop(context.Background(), 0); err != nil {
				t.Error(err)
			}
		}
		if err := s.children.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// inside is the gateway's inner side.
func (s *site) inside() {
	s.gateway.Address("lo", "10.1.0.0/32")
	s.gateway.Address("lan0", "169.254.0.2/32")
	s.gateway.Run("ip", "route", "add", "10.1.0.0/24", "dev", "lan0")
}

// open starts a plane, as a run of the server does.
func (s *site) open() {
	s.t.Helper()
	children, err := host.OpenChildren(s.dir, s.tag)
	if err != nil {
		s.t.Fatal(err)
	}
	s.children = children
	if s.plane, err = New(children, slog.New(slog.NewTextHandler(s.t.Output(), nil))); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	s.wakes = make(chan plan.MachineID, 1024)
	wakes := s.wakes
	go func() {
		defer close(ended)
		_ = s.plane.Run(ctx, func(m plan.MachineID) {
			select {
			case wakes <- m:
			default:
			}
		})
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-ended })
}

func (s *site) machine() plan.Machine {
	m := plan.Machine{ID: machineID}
	if len(s.daemon.Tunnels) > 0 {
		d := s.daemon
		d.Tunnels = append([]plan.Tunnel(nil), d.Tunnels...)
		m.Daemons = []plan.Daemon{d}
	}
	return m
}

// apply gives the plane what the site wants now.
func (s *site) apply() plan.Observed {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	o, err := s.plane.Apply(ctx, s.machine())
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// state is what the plane says of a tunnel, without changing anything.
func (s *site) state(id vpc.ConnectionID) plan.TunnelState {
	return s.plane.observe(plan.Machine{ID: machineID}, nil).Tunnels[id]
}

func (s *site) becomes(id vpc.ConnectionID, up bool, within time.Duration) {
	s.t.Helper()
	err := lab.Poll(within, func() error {
		if st := s.state(id); st.Up != up {
			return fmt.Errorf("%+v", st)
		}
		return nil
	})
	if err != nil {
		s.t.Fatalf("%s up=%v: not within %v: %v\n%s", id, up, within, err, s.lines(id))
	}
}

// fails waits for a cause that has a piece of text in it.
func (s *site) fails(id vpc.ConnectionID, piece string, within time.Duration) {
	s.t.Helper()
	err := lab.Poll(within, func() error {
		if st := s.state(id); st.Up || !strings.Contains(st.Cause, piece) {
			return fmt.Errorf("%+v", st)
		}
		return nil
	})
	if err != nil {
		s.t.Fatalf("%s fails with %q: not within %v: %v\n%s", id, piece, within, err, s.lines(id))
	}
}

func (s *site) lines(id vpc.ConnectionID) string {
	var b strings.Builder
	for _, e := range s.plane.Log(id) {
		fmt.Fprintf(&b, "%s [%s] %s\n", e.At.Format("05.000"), e.Group, e.Text)
	}
	return b.String()
}

// peer is an office: a strongSwan of its own and the range behind it.
type peer struct {
	*lab.Peer
	s    *site
	n    int
	want plan.Tunnel
	have lab.Tunnel
}

func id(n int) vpc.ConnectionID { return vpc.ConnectionID(fmt.Sprintf("vpnx-%08d", n)) }

// office makes the n-th peer, and a tunnel to it that both sides agree on.
func (s *site) office(n int) *peer {
	s.t.Helper()
	ns := s.Namespace(fmt.Sprintf("peer%d", n))
	address := fmt.Sprintf("198.51.100.%d", 10+n)
	ns.Plug("wan0", s.inet, "net", address+"/24")
	ns.Address("lo", fmt.Sprintf("10.2.%d.1/24", n))
	p := &peer{Peer: ns.Peer(), s: s, n: n}
	inner := netip.MustParsePrefix(fmt.Sprintf("10.2.%d.0/24", n))
	p.want = plan.Tunnel{
		Connection: id(n), Local: netip.MustParseAddr(gatewayAddress), Remote: netip.MustParseAddr(address),
		LocalID:  plan.Identity{Kind: vpc.IdentityAddress, Text: gatewayAddress},
		RemoteID: plan.Identity{Kind: vpc.IdentityAddress, Text: address},
		Key:      theKey,
		IKE:      vpc.IKEOptions{Encryption: "AES-CBC-128", Integrity: "SHA", Exchange: "MAIN", DHGroup: "GROUP2", Lifetime: 86400, Version: "IKEV2"},
		IPsec:    vpc.IPsecOptions{Encryption: "AES-CBC-128", Integrity: "SHA1", PFS: "NULL", Lifetime: 14400, LifetimeKiB: 4096000000},
		DPD:      vpc.DPD{Timeout: 30, Action: "restart"},
		Start:    vpc.NegotiateActive,
		Children: []plan.Child{{Name: fmt.Sprintf("c%d", n), Local: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24")}, Remote: []netip.Prefix{inner}}},
	}
	p.have = lab.Tunnel{Name: "gw", Local: address, Remote: gatewayAddress, Key: theKey,
		LocalTS: []string{inner.String()}, RemoteTS: []string{"10.1.0.0/24"}}
	return p
}

func (p *peer) version(v string) {
	p.have.Version = v
	if v != lab.IKEv2 {
		p.want.IKE.Version = ikeV1
	}
	if v == lab.IKEv1Aggressive {
		p.want.IKE.Exchange = "AGGRESSIVE"
		p.s.daemon.Aggressive = true
	}
}

func (p *peer) load() { p.Load(p.have.Text()) }

// inner is an address behind the peer.
func (p *peer) inner() string { return fmt.Sprintf("10.2.%d.1", p.n) }

// set puts the peer's tunnel into the plan, in place of what it was.
func (s *site) set(p *peer) {
	for i, t := range s.daemon.Tunnels {
		if t.Connection == p.want.Connection {
			s.daemon.Tunnels[i] = p.want
			return
		}
	}
	s.daemon.Tunnels = append(s.daemon.Tunnels, p.want)
}

// joined is the site's first office with a tunnel to it that is up.
func (s *site) joined(version string) *peer {
	s.t.Helper()
	p := s.office(1)
	p.version(version)
	p.load()
	s.set(p)
	s.apply()
	s.becomes(id(1), true, lab.Patience)
	return p
}

// carries proves by packets, both ways, that the tunnel is one. In IKEv1 the first may be
// lost: who begins has the keys before the other has read the last message.
func (s *site) carries(p *peer) {
	s.t.Helper()
	s.answered("from the host to "+p.inner(), p, func() *lab.Pings { return s.host.Ping(p.inner(), 1) })
	s.answered("from the office to the host", p, func() *lab.Pings { return p.Ping("10.1.0.2", 1, "-I", p.inner()) })
}

// answered waits until a ping is.
func (s *site) answered(way string, p *peer, ping func() *lab.Pings) {
	s.t.Helper()
	err := lab.Poll(lab.Patience, func() error {
		if got := ping(); got.Received == 0 {
			return fmt.Errorf("nothing is answered %s: %v", way, got)
		}
		return nil
	})
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.lines(id(p.n)))
	}
}

// gaps is how often pings may be interrupted by rekeys. In IKEv1 the side that begins sends
// with the new keys as soon as it has them, and the other has them only when it has
// read the last message of the exchange; in IKEv2 nothing is lost.
func gaps(version string, rekeys int) int {
	if version == lab.IKEv2 {
		return 0
	}
	return rekeys
}

// leftovers are the daemons that are meant to outlive the plane.
func (s *site) leftovers() []*host.Child {
	all, err := s.children.All()
	if err != nil {
		s.t.Error(err)
	}
	return all
}

// longestGap is how many pings in a row a busy machine may lose between two messages of an
// exchange: half a second. A tunnel that had to be begun anew would lose more.
const longestGap = 50

// whole ends pings and fails when they were interrupted more than that many times. Those
// after the last answer may still have been under way when ping was ended.
func (s *site) whole(what string, p *lab.Pings, allowed int) {
	s.t.Helper()
	p.Stop()
	last, found, longest := 0, 0, 0
	for _, n := range p.Answered() {
		if lost := n - last - 1; lost > 0 {
			found, longest = found+1, max(longest, lost)
		}
		last = n
	}
	if found > allowed || longest > longestGap || p.Sent-last > 20 {
		s.t.Errorf("%s: %d gaps, the longest of %d; the last answered of %d is %d", what, found, longest, p.Sent, last)
	}
}
