package sslvpn

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestCrowd has fifty people call at once, each from a namespace of its own, and a
// fifty-first, who gets in when one goes.
func TestCrowd(t *testing.T) {
	const many = 50
	b := newBench(t)
	b.server().Sessions = many
	var all []*traveller
	for range many + 1 {
		all = append(all, b.traveller(t))
	}
	b.ready(t)
	before := b.memory(t)
	began := time.Now()
	for _, c := range all[:many] {
		c.dial()
	}
	for _, c := range all[:many] {
		b.up(t, c)
	}
	t.Logf("figure: %d clients at once: the last has pinged after %v", many, time.Since(began).Round(time.Millisecond))
	b.Eventually(lab.Patience, "all are listed", b.count(many))
	addresses := map[netip.Addr]bool{}
	for _, s := range b.sessions(t) {
		addresses[s.Address] = true
	}
	if len(addresses) != many {
		t.Errorf("%d addresses", len(addresses))
	}
	after := b.memory(t)
	t.Logf("figure: the server's memory: %d KiB with nobody, %d KiB with %d clients", before, after, many)
	if after-before > many*1024 {
		t.Errorf("%d clients take %d KiB", many, after-before)
	}

	last := all[many]
	last.dial()
	b.refused(t, refusedFull)
	if last.times() > 0 {
		t.Error("one too many came in")
	}
	b.revoke(t, all[0])
	b.up(t, last)
}

// TestManyClients has a server with 20,000 certificates. One of them is in and is thrown
// out as fast as from a server that has no others.
func TestManyClients(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	s := b.server()
	s.Address = netip.MustParsePrefix("172.16.0.1/16")
	for i := range 20000 {
		s.Clients = append(s.Clients, plan.SSLClient{
			ID: vpc.SSLClientID(fmt.Sprintf("vpnc-a%07d", i)), Serial: fmt.Sprintf("%x", i), Address: netip.AddrFrom4([4]byte{172, 16, byte(1 + i>>8), byte(i)}),
		})
	}
	b.ready(t)
	b.comesIn(t, c)
	t.Logf("figure: revoked beside 20,000 others: gone after %v", b.revoke(t, c))
	b.refused(t, refusedUnknown)
}

// TestRevocationList gives OpenVPN itself a list of 20,000 revoked certificates of an
// authority of ours, for those who want one beside the plane: a good one comes in, a
// revoked one does not, and a new list counts at the next handshake.
func TestRevocationList(t *testing.T) {
	b := newBench(t)
	good, bad := b.traveller(t), b.traveller(t)
	var revoked []pki.Revoked
	for i := range 19999 {
		revoked = append(revoked, pki.Revoked{Serial: fmt.Sprintf("%x", 1<<40+i), At: time.Now()})
	}
	revoked = append(revoked, pki.Revoked{Serial: b.server().Clients[1].Serial, At: time.Now()})
	list := b.list(t, revoked)
	path := b.file(t, list)
	var lines []string // of the server's configuration, without what asks the plane
	for line := range strings.Lines(config(b.server(), "/none")) {
		if !strings.HasPrefix(line, "management") && !strings.HasPrefix(line, "auth-user-pass") {
			lines = append(lines, line)
		}
	}
	lines = append(lines, "ifconfig-pool 172.16.0.2 172.16.0.9\n")
	server := b.gateway.Start(openVPN, "--config", b.file(t, strings.Join(lines, "")), "--crl-verify", path)
	b.Eventually(lab.Patience, "the server is up", func() error {
		if !strings.Contains(server.Output(), "Initialization Sequence Completed") {
			return fmt.Errorf("%s", tail(server.Output()))
		}
		return nil
	})
	b.comesIn(t, good)
	bad.dial()
	turnedAway := func(id vpc.SSLClientID) func() error {
		return func() error {
			for line := range strings.Lines(server.Output()) {
				if strings.Contains(line, "certificate revoked") && strings.Contains(line, "CN="+string(id)) {
					return nil
				}
			}
			return fmt.Errorf("%s", tail(server.Output()))
		}
	}
	b.Eventually(lab.Patience, "a revoked certificate is refused", turnedAway(bad.id))
	bad.process.Kill()
	good.process.Kill()

	began := time.Now()
	revoked = append(revoked, pki.Revoked{Serial: b.server().Clients[0].Serial, At: time.Now()}) // another size: OpenVPN looks at that and at whole seconds
	list = b.list(t, revoked)
	if err := os.WriteFile(path+".new", []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	made := time.Since(began)
	good.dial()
	b.Eventually(lab.Patience, "a certificate that is revoked now is refused", turnedAway(good.id))
	if n := good.times() + bad.times(); n > 0 {
		t.Errorf("somebody came in %d times", n)
	}
	t.Logf("figure: a new list of %d entries (%d KiB): made in %v, counted %v after that", len(revoked), len(list)>>10,
		made.Round(time.Millisecond), (time.Since(began) - made).Round(time.Millisecond))
}

func (b *bench) list(t *testing.T, revoked []pki.Revoked) string {
	t.Helper()
	text, err := b.authority.RevocationList(revoked, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return text
}
