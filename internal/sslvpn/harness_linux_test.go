package sslvpn

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil { // the tests mostly wait for clients
		panic(err)
	}
	os.Exit(m.Run())
}

// bench is one gateway with an SSL server, and travellers around it.
type bench struct {
	*lab.Lab
	net       *lab.Namespace // a switch
	gateway   *lab.Namespace
	children  *host.Children
	plane     *Plane
	row       *vpc.SSLServer
	root      pki.Pair // of the authority
	authority *pki.Authority
	crypt     vpc.Secret
	machine   plan.Machine
	journal   journal // what the plane has logged
	next      int
	stop      func() // ends the plane, not the server
}

// journal keeps a log for readers while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
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
	t.Parallel()
	b := &bench{Lab: lab.New(t)}
	b.net, b.gateway = b.Namespace("net"), b.Namespace("gw")
	b.net.Bridge("br0")
	b.gateway.Plug("wan0", b.net, "br0", public+"/24")
	dir, err := os.MkdirTemp("", "gwr-ssl") // short: the path of a socket has a limit
	if err != nil {
		t.Fatal(err)
	}
	tag := strings.ToLower(rand.Text()[:6]) // another run on this machine, or a test beside this one, would end our children
	b.children, err = host.OpenChildren(filepath.Join(dir, "run"), tag)
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

// dialable is a bench whose server answers, and somebody who may come in.
func dialable(t *testing.T) (*bench, *traveller) {
	t.Helper()
	b := newBench(t)
	c := b.traveller(t)
	b.ready(t)
	return b, c
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
	b.root = root
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
	p, err := New(b.children, slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &b.journal), &slog.HandlerOptions{Level: slog.LevelDebug})))
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
	address string // on the switch
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
	return b.profile(pair), pair.Serial
}

// profile is what the API hands out for a certificate.
func (b *bench) profile(pair pki.Pair) string {
	p := vpc.SSLProfile{Server: b.row, Gateway: netip.MustParseAddr(public), Cert: pair.Cert, Key: pair.Key, Crypt: b.crypt}
	return p.Text().Reveal()
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
	address := fmt.Sprintf("198.51.100.%d", 20+b.next)
	n.Plug("wan0", b.net, "br0", address+"/24")
	return &traveller{Namespace: n, id: id, address: address, profile: b.file(t, text)}
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

// up waits until a client's packets come back. One that was refused asks again every few
// seconds.
func (b *bench) up(t *testing.T, c *traveller) {
	t.Helper()
	b.Eventually(2*lab.Patience, string(c.id)+" reaches the server", func() error {
		_, err := c.Try("ping", "-n", "-c", "1", "-W", "1", b.server().Address.Addr().String())
		if err != nil {
			return fmt.Errorf("%w\n%s", err, tail(c.process.Output()))
		}
		return nil
	})
}

// comesIn dials, with what else is asked for, and waits until packets come back.
func (b *bench) comesIn(t *testing.T, c *traveller, more ...string) {
	t.Helper()
	c.dial(more...)
	b.up(t, c)
}

// times is how often the client was let in.
func (c *traveller) times() int {
	return strings.Count(c.process.Output(), "Initialization Sequence Completed")
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
func (b *bench) pid(t *testing.T) int {
	t.Helper()
	c, err := b.children.Find(childName(b.row.ID))
	if err != nil || c == nil {
		t.Fatal("no process:", err)
	}
	defer c.Release()
	return c.PID
}

// log is what the server has written.
func (b *bench) log(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(b.children.Path(childName(b.row.ID), ".log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
