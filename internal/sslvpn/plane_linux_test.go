package sslvpn

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// bench is one gateway with an SSL server, and travellers around it.
type bench struct {
	*lab.Lab
	net       *lab.Namespace // a switch
	gateway   *lab.Namespace
	children  *host.Children
	plane     *Plane
	row       *vpc.SSLServer
	authority *pki.Authority
	crypt     vpc.Secret
	machine   plan.Machine
	next      int
	stop      func() // ends the plane, not the server
}

const public = "198.51.100.7"

func newBench(t *testing.T) *bench {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: OpenVPN runs in network namespaces")
	}
	if _, err := os.Stat(openVPN); err != nil {
		t.Fatal("OpenVPN is not installed")
	}
	b := &bench{Lab: lab.New(t)}
	b.net, b.gateway = b.Namespace("net"), b.Namespace("gw")
	b.net.Bridge("br0")
	b.gateway.Plug("wan0", b.net, "br0", public+"/24")
	dir, err := os.MkdirTemp("", "gwr-ssl") // short: the path of a socket has a limit
	if err != nil {
		t.Fatal(err)
	}
	b.children, err = host.OpenChildren(filepath.Join(dir, "run"), "ssl001")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		all, err := b.children.All()
		for _, c := range all {
			if err := c.Stop(context.Background(), time.Second); err != nil {
				t.Error(err)
			}
		}
		if err != nil || b.children.Remove() != nil || os.RemoveAll(dir) != nil {
			t.Error("not cleaned up:", err)
		}
	})
	b.certify(t)
	b.stop = b.start(t)
	return b
}

func (b *bench) certify(t *testing.T) {
	t.Helper()
	now := time.Now()
	root, err := pki.NewAuthority("vpns-aaaaaaaa", now)
	if err != nil {
		t.Fatal(err)
	}
	if b.authority, err = pki.Open(root.Cert, root.Key); err != nil {
		t.Fatal(err)
	}
	own, err := b.authority.NewServer("vpns-aaaaaaaa", now)
	if err != nil {
		t.Fatal(err)
	}
	b.crypt = pki.NewCryptKey()
	b.row = &vpc.SSLServer{
		ID: "vpns-aaaaaaaa", Port: 1194, Encryption: "AES-128-CBC", Integrity: "SHA1", RootCert: root.Cert, Cert: own.Cert,
		Remote: netip.MustParsePrefix("172.16.0.0/24"), Local: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")},
	}
	b.machine = plan.Machine{ID: plan.GatewayMachine("vpngw-aaaaaaaa"), SSLServers: []plan.SSLServer{{
		ID: b.row.ID, Namespace: b.gateway.Name, Listen: netip.MustParseAddrPort(public + ":1194"),
		Address: netip.PrefixFrom(b.row.Address(), 24), Routes: b.row.Local, DNS: []netip.Addr{netip.MustParseAddr("10.0.0.2")},
		Encryption: b.row.Encryption, Integrity: b.row.Integrity, Sessions: 5,
		RootCert: root.Cert, Cert: own.Cert, Key: own.Key, Crypt: b.crypt,
	}}}
}

// start makes a plane over the children as they are.
func (b *bench) start(t *testing.T) (stop func()) {
	t.Helper()
	p, err := New(b.children, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx, func(plan.MachineID) {}) }()
	b.plane = p
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func (b *bench) server() *plan.SSLServer { return &b.machine.SSLServers[0] }

// apply applies the plan, which must do.
func (b *bench) apply(t *testing.T) {
	t.Helper()
	if _, err := b.plane.Apply(t.Context(), b.machine); err != nil {
		t.Fatal(err)
	}
}

// ready waits until the server answers.
func (b *bench) ready(t *testing.T) {
	t.Helper()
	b.Eventually(lab.Patience, "the server is ready", func() error {
		o, err := b.plane.Apply(t.Context(), b.machine)
		if err == nil && !o.Ready {
			err = fmt.Errorf("%s", o.Cause)
		}
		return err
	})
}

// traveller is a person somewhere with a profile.
type traveller struct {
	*lab.Namespace
	id      vpc.SSLClientID
	profile string // a file
	process *lab.Process
}

// issue makes a certificate for an id, valid around now, and gives the profile as the
// API does.
func (b *bench) issue(t *testing.T, id vpc.SSLClientID, begin, end time.Time) (profile, serial string) {
	t.Helper()
	pair, err := b.authority.NewClient(string(id), begin, end)
	if err != nil {
		t.Fatal(err)
	}
	p := vpc.SSLProfile{Server: b.row, Gateway: netip.MustParseAddr(public), Cert: pair.Cert, Key: pair.Key, Crypt: b.crypt}
	return p.Text().Reveal(), pair.Serial
}

// traveller makes a namespace with a profile; the client is put into the plan.
func (b *bench) traveller(t *testing.T) *traveller {
	t.Helper()
	b.next++
	id := vpc.SSLClientID(fmt.Sprintf("vpnc-%08d", b.next))
	text, serial := b.issue(t, id, time.Now(), time.Now().AddDate(3, 0, 0))
	s := b.server()
	s.Clients = append(s.Clients[:len(s.Clients):len(s.Clients)], plan.SSLClient{ID: id, Serial: serial, Address: b.row.SeatAddress(uint32(b.next - 1))})
	n := b.Namespace(fmt.Sprintf("c%d", b.next))
	n.Plug("wan0", b.net, "br0", fmt.Sprintf("198.51.100.%d/24", 20+b.next))
	return &traveller{Namespace: n, id: id, profile: b.file(t, text)}
}

func (b *bench) file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profile.ovpn")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// dial starts a client with nothing but the profile, and what else is asked for.
func (c *traveller) dial(more ...string) {
	c.process = c.Start(append([]string{openVPN, "--config", c.profile}, more...)...)
}

func (b *bench) up(t *testing.T, c *traveller, within time.Duration) {
	t.Helper()
	b.Eventually(within, string(c.id)+" reaches the server", func() error {
		_, err := c.Try("ping", "-n", "-c", "1", "-W", "1", b.server().Address.Addr().String())
		if err != nil {
			return fmt.Errorf("%w\n%s", err, tail(c.process.Output()))
		}
		return nil
	})
}

func tail(s string) string { return s[max(0, len(s)-1500):] }

func (b *bench) sessions(t *testing.T) []Session {
	t.Helper()
	all, _, ok := b.plane.Sessions(b.row.ID)
	if !ok {
		t.Fatal("there is no such server")
	}
	return all
}

func (b *bench) count(want int) func() error {
	return func() error {
		all, _, _ := b.plane.Sessions(b.row.ID)
		if len(all) != want {
			return fmt.Errorf("%d sessions, want %d", len(all), want)
		}
		return nil
	}
}

// without is the plan's clients but one.
func (b *bench) without(id vpc.SSLClientID) (out []plan.SSLClient) {
	for _, c := range b.server().Clients {
		if c.ID != id {
			out = append(out, c)
		}
	}
	return out
}

// TestTraveller plays the whole life of a certificate: in, thrown out within a second,
// kept out, in again with the same certificate, replaced, and out for good.
func TestTraveller(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	b.ready(t)
	began := time.Now()
	c.dial()
	b.up(t, c, 10*time.Second)
	t.Logf("connected and pinged %v after the client's start", time.Since(began).Round(time.Millisecond))

	routes := c.Run("ip", "route")
	if !strings.Contains(routes, "10.0.0.0/16") {
		t.Errorf("the pushed route is not there:\n%s", routes)
	}
	if addrs := c.Run("ip", "-o", "addr"); !strings.Contains(addrs, "172.16.0.2/24") {
		t.Errorf("the client does not have its address:\n%s", addrs)
	}
	b.Eventually(lab.Patience, "the session is listed", func() error {
		for _, s := range b.sessions(t) {
			if s.Client == c.id && s.Source.Addr().String() == "198.51.100.21" && s.Cipher == "AES-256-GCM" && s.In > 0 {
				return nil
			}
		}
		return fmt.Errorf("%+v", b.sessions(t))
	})

	all := b.server().Clients
	b.server().Clients = b.without(c.id)
	pid := b.pid(t)
	began = time.Now()
	b.apply(t)
	b.Eventually(lab.Patience, "the session ends", b.count(0))
	t.Logf("revoked %v after the plan", time.Since(began).Round(time.Millisecond))
	if _, err := c.Try("ping", "-n", "-c", "1", "-W", "1", "172.16.0.1"); err == nil {
		t.Error("a client that was thrown out still reaches the server")
	}
	b.Eventually(20*time.Second, "the client is refused", func() error {
		if _, refusals, _ := b.plane.Sessions(b.row.ID); refusals[refusedUnknown] == 0 {
			return fmt.Errorf("nobody was refused; the client says %s", tail(c.process.Output()))
		}
		return nil
	})

	b.server().Clients = all
	b.apply(t)
	b.up(t, c, 30*time.Second)

	replaced := append([]plan.SSLClient(nil), all...)
	replaced[0].Serial = "abcdef"
	b.server().Clients = replaced
	b.apply(t)
	b.Eventually(lab.Patience, "a replaced certificate's session ends", b.count(0))
	if now := b.pid(t); now != pid {
		t.Errorf("the server was restarted: %d, then %d", pid, now)
	}
}

func (b *bench) pid(t *testing.T) int {
	t.Helper()
	c, err := b.children.Find(childName(b.row.ID))
	if err != nil || c == nil {
		t.Fatal("no process:", err)
	}
	defer c.Release()
	return c.PID
}

// TestRestartDropsNobody makes a new plane over a running server, as a restarted program
// does, while pings go through.
func TestRestartDropsNobody(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	b.ready(t)
	c.dial()
	b.up(t, c, 10*time.Second)
	b.Eventually(lab.Patience, "the session is listed", b.count(1))
	pid := b.pid(t)
	pings := c.PingStart("172.16.0.1")
	b.stop()
	stop := b.start(t)
	if m, err := b.plane.Machines(t.Context()); err != nil || len(m) != 1 || m[0] != b.machine.ID {
		t.Errorf("found %v, %v", m, err)
	}
	b.ready(t)
	b.Eventually(lab.Patience, "the session is found again", b.count(1))
	if p := pings.Stop(); p.Sent == 0 || p.Lost() > 0 {
		t.Errorf("pings: %v", p)
	}
	if now := b.pid(t); now != pid {
		t.Errorf("the server was restarted: %d, then %d", pid, now)
	}
	stop()
	if now := b.pid(t); now != pid {
		t.Error("the end of a program ends its servers")
	}
}

// TestAdmission lets in and keeps out: an old client without AEAD, one session too many,
// a second device, and certificates that are another's, expired or not valid yet.
func TestAdmission(t *testing.T) {
	b := newBench(t)
	b.server().Sessions = 2
	old, first, second := b.traveller(t), b.traveller(t), b.traveller(t)
	b.ready(t)
	old.dial("--data-ciphers", "AES-128-CBC")
	first.dial()
	b.up(t, old, 15*time.Second)
	b.up(t, first, 15*time.Second)
	b.Eventually(lab.Patience, "CBC for one, AEAD for the other", func() error {
		ciphers := map[vpc.SSLClientID]string{}
		for _, s := range b.sessions(t) {
			ciphers[s.Client] = s.Cipher
		}
		if ciphers[old.id] != "AES-128-CBC" || ciphers[first.id] != "AES-256-GCM" {
			return fmt.Errorf("%v", ciphers)
		}
		return nil
	})

	second.dial()
	b.refused(t, refusedFull)
	second.process.Kill()

	device := b.Namespace("second") // of the first client's
	device.Plug("wan0", b.net, "br0", "198.51.100.99/24")
	taker := &traveller{Namespace: device, id: first.id, profile: first.profile}
	taker.dial()
	b.up(t, taker, 20*time.Second)
	if n := len(b.sessions(t)); n != 2 {
		t.Errorf("%d sessions, want 2: a client's second device takes over from its first", n)
	}
	taker.process.Kill()
	first.process.Kill()

	now := time.Now()
	for what, text := range map[string]string{
		"expired":       b.profileOf(t, first.id, now.AddDate(-3, 0, 0), now.Add(-time.Hour)),
		"not yet valid": b.profileOf(t, first.id, now.AddDate(0, 0, 2), now.AddDate(3, 0, 0)),
		"of no client":  b.profileOf(t, "vpnc-zzzzzzzz", now, now.AddDate(3, 0, 0)),
		"an odd name":   b.profileOf(t, "../x\nid", now, now.AddDate(3, 0, 0)),
	} {
		c := &traveller{Namespace: second.Namespace, id: first.id, profile: b.file(t, text)}
		log, err := os.ReadFile(b.children.Path(childName(b.row.ID), ".log"))
		if err != nil {
			t.Fatal(err)
		}
		verified := strings.Count(string(log), "VERIFY ERROR")
		c.dial()
		b.Eventually(lab.Patience, what+" is refused", func() error {
			log, err := os.ReadFile(b.children.Path(childName(b.row.ID), ".log"))
			if err != nil || strings.Contains(c.process.Output(), "AUTH_FAILED") || strings.Count(string(log), "VERIFY ERROR") > verified {
				return err
			}
			return fmt.Errorf("%s", tail(string(log)))
		})
		if strings.Contains(c.process.Output(), "Initialization Sequence Completed") {
			t.Errorf("a certificate that is %s came in", what)
		}
		c.process.Kill()
	}
}

func (b *bench) profileOf(t *testing.T, id vpc.SSLClientID, begin, end time.Time) string {
	t.Helper()
	text, _ := b.issue(t, id, begin, end)
	return text
}

func (b *bench) refused(t *testing.T, why string) {
	t.Helper()
	b.Eventually(lab.Patience, "a refusal: "+why, func() error {
		if _, refusals, _ := b.plane.Sessions(b.row.ID); refusals[why] == 0 {
			return fmt.Errorf("%v", refusals)
		}
		return nil
	})
}

// TestSettings changes the port: that server restarts and clients with a new profile come
// in; then the process is killed, and the next look starts it again.
func TestSettings(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	b.ready(t)
	pid := b.pid(t)
	b.row.Port = 4500
	b.server().Listen = netip.MustParseAddrPort(public + ":4500")
	text, serial := b.issue(t, c.id, time.Now(), time.Now().AddDate(3, 0, 0))
	b.server().Clients[0].Serial, c.profile = serial, b.file(t, text)
	b.ready(t)
	if b.pid(t) == pid {
		t.Fatal("another port did not restart the server")
	}
	c.dial()
	b.up(t, c, 15*time.Second)

	child, err := b.children.Find(childName(b.row.ID))
	if err != nil || child == nil {
		t.Fatal(err)
	}
	if err := child.Signal(9); err != nil {
		t.Fatal(err)
	}
	<-child.Gone()
	b.ready(t)

	b.machine.Gone = true
	if o, err := b.plane.Apply(t.Context(), b.machine); err != nil || !o.Gone {
		t.Errorf("gone %t, %v", o.Gone, err)
	}
	if all, err := b.children.All(); err != nil || len(all) != 0 {
		t.Errorf("left behind: %v, %v", all, err)
	}
	for _, ending := range endings {
		if _, err := os.Stat(b.children.Path(childName(b.row.ID), ending)); err == nil {
			t.Errorf("the file %s is left behind", ending)
		}
	}
}
