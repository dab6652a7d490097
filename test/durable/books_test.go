package durable

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// books are everything that a stopped server has left behind.
type books struct {
	view   *store.View
	ledger []vpc.LedgerEntry
	audit  map[string][]vpc.AuditEntry // by RequestId
	made   map[string]int              // successful CreateVpnGateway calls in the audit, by name
}

// openBooks reads the store of servers that have stopped. Their audit entries are in
// the store or in the files of one of them.
func openBooks(t *testing.T, opts store.Options, acct vpc.AccountID, others ...*server) *books {
	t.Helper()
	opts.MinFree, opts.Logger = -1, quiet
	st, err := store.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, st)
	b := &books{view: st.View(), audit: map[string][]vpc.AuditEntry{}, made: map[string]int{}}
	if b.ledger, err = st.LedgerEntries(t.Context(), acct); err != nil {
		t.Fatal(err)
	}
	entries, err := st.AuditEntries(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range others {
		entries = append(entries, auditFiles(t, s.dir)...)
	}
	for _, e := range entries {
		b.audit[e.RequestID] = append(b.audit[e.RequestID], e)
		if e.Account == acct && e.Action == "CreateVpnGateway" && e.Result == "OK" {
			b.made[auditedName(t, e)]++
		}
	}
	return b
}

func auditedName(t *testing.T, e vpc.AuditEntry) string {
	var params struct{ VpnGatewayName string }
	if err := json.Unmarshal(e.Params, &params); err != nil {
		t.Errorf("audit entry %s: %v", e.RequestID, err)
	}
	return params.VpnGatewayName
}

// auditFiles reads the entries that a server has moved to its files.
func auditFiles(t *testing.T, dir string) (entries []vpc.AuditEntry) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "audit", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var e vpc.AuditEntry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%s: %v: %q", path, err, line)
			}
			entries = append(entries, e)
		}
	}
	return entries
}

// audited holds the books against what the clients of a load know. The servers have
// stopped, and so has the load.
func (l *load) audited(t *testing.T, b *books) {
	t.Helper()
	var gateways []vpc.Gateway
	for g := range store.Gateways.All(b.view) {
		gateways = append(gateways, *g)
	}
	l.compare(l.snapshot(), gateways)
	l.auditOnce(b, gateways)
	l.noHalves(b, gateways)
	l.balanced(b)
	l.report(t)
}

// auditOnce: every acknowledged call is in the audit, once, and a call without an
// answer is there if and only if its gateway is.
func (l *load) auditOnce(b *books, gateways []vpc.Gateway) {
	for id, action := range l.told {
		entries := b.audit[id]
		if len(entries) != 1 || entries[0].Action != action || entries[0].Result != "OK" {
			l.fault("the audit of %s, acknowledged with RequestId %s: %+v", action, id, entries)
		}
	}
	there := map[string]bool{}
	for _, g := range gateways {
		there[g.Name] = true
	}
	for name, e := range l.byName {
		want := 0
		if e.made == done || there[name] {
			want = 1
		}
		if b.made[name] != want {
			l.fault("%s (made: %v, there: %v): the audit has %d calls that made it", name, e.made, there[name], b.made[name])
		}
	}
}

// noHalves: what one call does is there as a whole or not at all.
func (l *load) noHalves(b *books, gateways []vpc.Gateway) {
	opened := map[string]int{}
	for _, e := range b.ledger {
		if e.Kind == vpc.LedgerPurchase || e.Kind == vpc.LedgerRate {
			opened[e.Resource]++
		}
	}
	held := map[string]bool{}
	for _, g := range gateways {
		held[g.Public.String()] = true
		if opened[string(g.ID)] == 0 {
			l.fault("%s (%s) is not in the ledger", g.ID, g.Name)
		}
		tagging, ok := store.Taggings.Get(b.view, vpc.Resource{Prefix: "vpngw", ID: string(g.ID)})
		if !ok || fmt.Sprint(tagging.Tags) != fmt.Sprint(loadTags) || tagging.Created != g.Created {
			l.fault("%s (%s) has the tags %+v", g.ID, g.Name, tagging)
		}
	}
	for tagging := range store.Taggings.All(b.view) {
		if _, ok := store.Gateways.Get(b.view, vpc.GatewayID(tagging.ID)); tagging.Prefix == "vpngw" && !ok {
			l.fault("%s is tagged and does not exist", tagging.ID)
		}
	}
	for a := range store.ReleasedAddresses.All(b.view) {
		held[a.Addr.String()] = true
	}
	for address, name := range l.holders {
		if e := l.byName[name]; e.made == done && e.gone == done && !held[address] {
			l.fault("%s of %s, which is gone, has no rest", address, name)
		}
	}
}

// balanced: the balance is the sum of the ledger.
func (l *load) balanced(b *books) {
	sum := vpc.Money(0)
	for _, e := range b.ledger {
		sum = sum.Plus(e.Amount)
	}
	acct, ok := store.Accounts.Get(b.view, l.account.id)
	if !ok || acct.Balance != sum {
		l.fault("the balance is %v, and the ledger adds up to %v", acct, sum)
	}
}
