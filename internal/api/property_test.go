package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// GATEWRIGHT_SEED replays a run that failed, GATEWRIGHT_CALLS makes it longer.
const (
	seedVariable  = "GATEWRIGHT_SEED"
	callsVariable = "GATEWRIGHT_CALLS"
)

// tightQuotas are reached soon, and the pool has fewer addresses than they would allow.
var tightQuotas = map[string]int{
	vpc.QuotaVPCs: 4, vpc.QuotaSubnets: 4, vpc.QuotaRouteTables: 3, vpc.QuotaRoutes: 4,
	vpc.QuotaGateways: 4, vpc.QuotaCCNGateways: 2, vpc.QuotaCustomerGateways: 6,
	vpc.QuotaConnections: 9, vpc.QuotaGatewayConnections: 3, vpc.QuotaCustomerConnections: 3,
	vpc.QuotaGatewayRoutes: 3, vpc.QuotaSSLClients: 3, vpc.QuotaCCNs: 2,
}

const (
	tightPool = "100.64.0.0/28"
	clients   = 6
)

// weather is a run of random calls against one server.
type weather struct {
	*session
	seed  uint64
	calls int // of all clients
	pool  vpc.AddrRange
	codes sync.Map // a code to its *atomic.Int64
	met   sync.Map // an action that succeeded

	// A client's call holds quiet for reading; who holds it for writing sees rows and
	// journals that belong together.
	quiet sync.RWMutex
}

func newWeather(t *testing.T, calls int) *weather {
	t.Helper()
	w := &weather{seed: uint64(time.Now().UnixNano()), calls: number(t, callsVariable, calls)}
	if s := os.Getenv(seedVariable); s != "" {
		w.seed = uint64(number(t, seedVariable, 0))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to replay: %s=%d", seedVariable, w.seed)
		}
	})
	h := newHarnessPool(t, tightPool)
	w.session = h.session(t)
	var err error
	if w.pool, err = vpc.ParseAddrRange(tightPool); err != nil {
		t.Fatal(err)
	}
	for range w.accounts {
		for name, n := range tightQuotas {
			if err := w.setQuota(name, n); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.switchAccount(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// number reads a number of the environment.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// client is the nth caller. Every other one uses the second account.
func (w *weather) client(n int) *chance {
	s := *w.session
	s.now = n % len(s.accounts)
	s.cred = s.creds[s.now]
	return &chance{session: &s, rand: rand.New(rand.NewPCG(w.seed, uint64(n)))}
}

// call makes one random call, or lets some time pass, and holds what every call must
// keep. It returns the code, and what was asked.
func (w *weather) call(t *testing.T, c *chance) (code, asked string) {
	t.Helper()
	if c.rand.IntN(25) == 0 {
		return "OK", w.wait(t, c)
	}
	c.view = c.h.store.View()
	action, in := c.think()
	body, err := json.Marshal(in)
	if err != nil {
		t.Error(err)
		return "", ""
	}
	asked = action + " " + string(body)
	reply, err := decode(string(c.raw(t, action, string(body))))
	if err != nil {
		t.Errorf("%s: %v", asked, err)
		return "", asked
	}
	response, _ := lookup(reply, "Response")
	code = codeOf(response)
	w.count(action, code)
	if code == "InternalError" {
		t.Errorf("%s: %s", asked, compact(response))
	}
	after := c.h.store.View()
	if code == "OK" && after.Revision() <= c.view.Revision() {
		t.Errorf("%s: acknowledged, and the revision stays %d", asked, after.Revision())
	}
	w.lawful(t, after, asked)
	return code, asked
}

// wait lets seconds pass, so that things settle, or weeks, so that terms end.
func (w *weather) wait(t *testing.T, c *chance) string {
	d := []time.Duration{2 * time.Second, 2 * time.Second, 20 * time.Minute, 30 * time.Hour, 20 * 24 * time.Hour}[c.rand.IntN(5)]
	if err := c.advance(d); err != nil {
		t.Errorf("after %s: %v", d, err)
	}
	w.lawful(t, c.h.store.View(), d.String())
	return "wait " + d.String()
}

func (w *weather) count(action, code string) {
	n, _ := w.codes.LoadOrStore(code, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
	if code == "OK" {
		w.met.Store(action, true)
	}
}

func (w *weather) lawful(t *testing.T, view *store.View, asked string) {
	t.Helper()
	for _, fault := range broken(view, w.pool) {
		t.Errorf("after %s, at revision %d: %s", asked, view.Revision(), fault)
	}
}

// balanced holds each balance against its ledger. Nothing else may run.
func (w *weather) balanced(t *testing.T) {
	t.Helper()
	for _, id := range w.accounts {
		if fault := unbalanced(t, w.h.store, id); fault != "" {
			t.Error(fault)
		}
	}
}

// unbalanced says what is wrong with an account's balance. It is the sum of the ledger,
// which begins with the opening balance; use that is not yet settled is in neither.
func unbalanced(t *testing.T, st *store.Store, id vpc.AccountID) string {
	entries, err := st.LedgerEntries(t.Context(), id)
	if err != nil {
		return err.Error()
	}
	a, ok := store.Accounts.Get(st.View(), id)
	if sum := ledgerSum(entries); !ok || a.Balance != sum {
		return fmt.Sprintf("account %d: the balance is not what its ledger adds up to, %v: %+v", id, sum, a)
	}
	return ""
}

func ledgerSum(entries []vpc.LedgerEntry) vpc.Money {
	sum := vpc.Money(0)
	for _, e := range entries {
		sum = sum.Plus(e.Amount)
	}
	return sum
}

// TestRandomCalls lets one client call at random. A call that is refused changes no row,
// and the books balance after every call.
func TestRandomCalls(t *testing.T) {
	w := newWeather(t, 1000)
	both := []*chance{w.client(0), w.client(1)}
	for i := 0; i < w.calls && !t.Failed(); i++ {
		c := both[i%2]
		before := rowsOf(t, c.h.store.View())
		code, asked := w.call(t, c)
		if code != "OK" {
			if after := rowsOf(t, c.h.store.View()); after != before {
				t.Errorf("%s: refused with %s, and it changed\n%s\nto\n%s", asked, code, before, after)
			}
		}
		w.balanced(t)
	}
	w.report(t)
}

// TestRandomCallsAtOnce lets several clients of two accounts call at random.
func TestRandomCallsAtOnce(t *testing.T) {
	w := newWeather(t, 2400)
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() { w.blow(t, w.client(n)) })
	}
	wg.Wait()
	w.balanced(t)
	w.report(t)
}

// blow makes one client's calls. After every few it waits until no call is under way and
// looks at the books.
func (w *weather) blow(t *testing.T, c *chance) {
	for i := 0; i < w.calls/clients && !t.Failed(); i++ {
		w.quiet.RLock()
		w.call(t, c)
		w.quiet.RUnlock()
		if i%10 == 0 {
			w.quiet.Lock()
			w.balanced(t)
			w.quiet.Unlock()
		}
	}
}

// report tells what came of the calls. A run in which hardly an action succeeds, or none
// is refused for its quota, has tried nothing.
func (w *weather) report(t *testing.T) {
	t.Helper()
	var codes, never []string
	ok, limited := 0, 0
	w.codes.Range(func(code, n any) bool {
		count := int(n.(*atomic.Int64).Load())
		codes = append(codes, fmt.Sprintf("%s: %d", code, count))
		if code == "OK" {
			ok = count
		}
		if strings.HasPrefix(code.(string), "LimitExceeded") || strings.Contains(code.(string), "Quota") {
			limited += count
		}
		return true
	})
	for _, d := range deeds {
		if _, met := w.met.Load(d.action); !met {
			never = append(never, d.action)
		}
	}
	t.Logf("seed %d: %d calls, %d acknowledged, %d over a quota; never acknowledged: %v; %v", w.seed, w.calls, ok, limited, never, codes)
	if !t.Failed() && (ok < w.calls/10 || limited == 0 || len(never) > len(deeds)/2) {
		t.Errorf("the calls tried too little")
	}
}

// rowsOf prints every row of a view that a call can change.
func rowsOf(t *testing.T, view *store.View) string {
	t.Helper()
	var b strings.Builder
	printRows(t, &b, view, store.Accounts)
	printRows(t, &b, view, store.VPCs)
	printRows(t, &b, view, store.Subnets)
	printRows(t, &b, view, store.RouteTables)
	printRows(t, &b, view, store.Gateways)
	printRows(t, &b, view, store.ReleasedAddresses)
	printRows(t, &b, view, store.CustomerGateways)
	printRows(t, &b, view, store.Connections)
	printRows(t, &b, view, store.GatewayRoutes)
	printRows(t, &b, view, store.GatewayCCNRoutes)
	printRows(t, &b, view, store.CCNs)
	printRows(t, &b, view, store.Attachments)
	printRows(t, &b, view, store.TagPairs)
	printRows(t, &b, view, store.Taggings)
	printRows(t, &b, view, store.Tasks)
	printRows(t, &b, view, store.SSLServers)
	printRows(t, &b, view, store.SSLClients)
	printRows(t, &b, view, store.SSLRevocations)
	return b.String()
}

func printRows[K, R any](t *testing.T, b *strings.Builder, view *store.View, table *store.Table[K, R]) {
	t.Helper()
	for row := range table.All(view) {
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "%s %s\n", table.Name(), text)
	}
}
