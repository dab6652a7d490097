package metrics

import (
	"context"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

var update = flag.Bool("update", false, "write the golden file")

// TestGolden holds what is served, the runtime's own series left out, against a file.
func TestGolden(t *testing.T) {
	st, err := store.OpenMemory(store.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	pool, err := vpc.ParseAddrRange("198.51.100.0/24")
	if err != nil {
		t.Fatal(err)
	}
	c := control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Pool: []vpc.AddrRange{pool}})
	caller := &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "test"}
	acct, _, err := c.CreateAccount(context.Background(), caller, control.AccountSpec{Name: "a", Balance: vpc.Yuan(1000)})
	if err != nil {
		t.Fatal(err)
	}
	caller.Account, caller.Region = acct.ID, "ap-guangzhou"
	ccn := string(vpc.TypeCCN)
	if _, err := c.CreateGateway(context.Background(), caller, vpc.GatewaySpec{Name: "g", Bandwidth: 5, Type: &ccn}); err != nil {
		t.Fatal(err)
	}
	m := New(c, "v0")
	m.Observe("CreateVpnGateway", "OK", 3*time.Millisecond)
	m.Observe("CreateVpnGateway", "LimitExceeded", time.Millisecond)
	m.Observe("unknown", "InvalidAction", time.Millisecond)

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for line := range strings.Lines(string(body)) {
		if strings.Contains(line, "gatewright_") {
			own = append(own, line)
		}
	}
	golden(t, "testdata/metrics.txt", strings.Join(own, ""))
}

// golden holds a text against a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("metrics differ from %s (run with -update to accept):\n%s", path, got)
	}
}
