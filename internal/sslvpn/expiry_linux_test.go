package sslvpn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// homed is the plane for plans that loops make of rows: servers are in the bench's
// namespace.
type homed struct {
	*Plane
	namespace string
}

func (h homed) Apply(ctx context.Context, want plan.Machine) (plan.Observed, error) {
	want.SSLServers = slices.Clone(want.SSLServers)
	for i := range want.SSLServers {
		want.SSLServers[i].Namespace = h.namespace
	}
	return h.Plane.Apply(ctx, want)
}

// loops has the bench's server kept by rows of a store, with a client that nobody has
// issued a certificate to yet.
func (b *bench) loops(t *testing.T, client vpc.SSLClientID) (reissue func(serial string, until time.Time)) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	st, err := store.OpenMemory(store.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	row := *b.row
	row.Scope, row.Gateway, row.Generation = vpc.Scope{Account: 7}, "vpngw-aaaaaaaa", 1
	for field, secret := range map[string]vpc.Secret{"key": b.server().Key, "crypt": b.crypt} {
		sealed, err := st.Seal(store.SSLServers.Row(row.ID), field, []byte(secret.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		if field == "key" {
			row.Key = sealed
		} else {
			row.Crypt = sealed
		}
	}
	update := func(do func(*store.Tx)) {
		t.Helper()
		if _, err := st.Update(context.Background(), func(tx *store.Tx) error { do(tx); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *store.Tx) {
		store.Accounts.Put(tx, &vpc.Account{ID: 7})
		store.Gateways.Put(tx, &vpc.Gateway{ID: row.Gateway, Scope: row.Scope, Type: vpc.TypeSSLCCN, Host: "host-1", Charge: vpc.Postpaid,
			Bandwidth: 5, MaxConnection: 5, Public: netip.MustParseAddr(public), Generation: 1})
		store.SSLServers.Put(tx, &row)
	})
	l := reconcile.New(reconcile.Options{
		Host: plan.Host{Name: "host-1", Tag: "abcdef", Engine: plan.EngineLibipsec, Uplink: plan.Uplink{Device: "up", Kind: plan.UplinkBridge}},
		View: st.View, Now: st.Now, Unseal: st.Unseal, Report: func(context.Context, vpc.Report) error { return nil },
		Planes: []reconcile.Plane{homed{b.plane, b.gateway.Name}}, Log: log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return func(serial string, until time.Time) {
		update(func(tx *store.Tx) {
			store.SSLClients.Put(tx, &vpc.SSLClient{ID: client, Scope: row.Scope, Gateway: row.Gateway, Server: row.ID, Serial: serial, Begin: tx.Now(), End: vpc.At(until)})
		})
	}
}

// TestCertificateEnds has a certificate end under a client that pings: the session ends
// with it, OpenVPN keeps the client out, and a new certificate lets it in again. A
// certificate that ends before the client is up, as on a busy machine, shows nothing;
// then a longer one is tried.
func TestCertificateEnds(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	reissue := b.loops(t, c.id)
	var until time.Time
	issue := func(life time.Duration) {
		until = time.Now().Add(life).Truncate(time.Second)
		text, serial := b.issue(t, c.id, time.Now(), until)
		c.profile = b.file(t, text)
		reissue(serial, until)
		c.dial()
	}
	reaches := func() error {
		_, err := c.Try("ping", "-n", "-c", "1", "-W", "1", "172.16.0.1")
		return err
	}
	early := func() bool { return time.Until(until) > time.Second }
	for life := 6 * time.Second; ; life *= 2 {
		issue(life)
		for early() && reaches() != nil {
		}
		if early() {
			break
		}
		c.process.Kill()
		if life > time.Minute {
			t.Fatalf("the client is not up after %v:\n%s", life, tail(c.process.Output()))
		}
	}
	for early() {
		if err := reaches(); err != nil && early() {
			t.Fatalf("%v before its certificate ends: %v", time.Until(until), err)
		}
	}
	b.Eventually(lab.Patience, "its packets stop and its session is gone", func() error {
		if reaches() == nil {
			return errors.New("a ping comes back")
		}
		return b.count(0)()
	})
	t.Logf("figure: session and packets are seen to be gone %v after the certificate's end", time.Since(until).Round(100*time.Millisecond))
	if time.Now().Before(until) {
		t.Error("the session ended early")
	}
	b.Eventually(lab.Patience, "it tries again and is refused", func() error {
		if log := b.log(t); !strings.Contains(log, "certificate has expired") {
			return fmt.Errorf("%s", tail(log))
		}
		return nil
	})
	if n := c.times(); n != 1 {
		t.Errorf("it was let in %d times", n)
	}
	if n := b.plane.Counts()[b.row.ID].Expelled; n != 1 {
		t.Errorf("%d sessions were ended", n)
	}
	invalid := b.plane.Invalid(b.row.ID)
	if want := "its certificate ended at " + until.UTC().Format(time.RFC3339); len(invalid) != 1 || invalid[0].ID != c.id || invalid[0].Why(vpc.At(time.Now())) != want {
		t.Errorf("%+v, want %s: %s", invalid, c.id, want)
	}
	c.process.Kill()
	issue(time.Hour)
	b.up(t, c)
}
