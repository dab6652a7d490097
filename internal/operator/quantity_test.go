package operator

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// TestQuantitiesInAudit: an operator reads amounts and times as they were typed.
func TestQuantitiesInAudit(t *testing.T) {
	dir, _ := open(t)
	c := Dial(dir)
	balance := Amount(12_500_000)
	made, err := c.CreateAccount(t.Context(), NewAccount{Name: "acme", Balance: &balance})
	if err != nil || made.Balance != 12.5 {
		t.Fatalf("%+v, %v", made, err)
	}
	f, err := c.AddFault(t.Context(), NewFault{Action: "CreateVpc", Code: vpc.InternalError, Times: 1, Latency: Span(1500 * time.Millisecond)})
	if err != nil || f.Latency != "1.5s" {
		t.Fatalf("%+v, %v", f, err)
	}
	var params []string
	err = c.Audit(t.Context(), Audit{}, func(e vpc.AuditEntry) error { params = append(params, string(e.Params)); return nil })
	want := []string{`{"name":"acme","balance":"12.5"}`, `{"account":"","action":"CreateVpc","code":"InternalError","times":1,"latency":"1.5s"}`}
	if err != nil || len(params) != 2 || params[0] != want[0] || params[1] != want[1] {
		t.Errorf("the audit has %q, %v; want %q", params, err, want)
	}
}

// TestBadQuantities: what is no amount or time is refused.
func TestBadQuantities(t *testing.T) {
	for text, into := range map[string]any{
		`{"balance":"12,5"}`: &NewAccount{}, `{"balance":12500000}`: &NewAccount{}, `{"balance":"0.0000001"}`: &NewAccount{},
		`{"latency":"soon"}`: &NewFault{}, `{"latency":1500}`: &NewFault{},
	} {
		if err := json.Unmarshal([]byte(text), into); err == nil {
			t.Errorf("%s is taken as %+v", text, into)
		}
	}
}
