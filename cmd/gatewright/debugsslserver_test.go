package main

import (
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/gatewright/gatewright/internal/operator"
)

// TestShowSSLServer holds what the operator reads of a server that runs and of one that
// cannot.
func TestShowSSLServer(t *testing.T) {
	shown := func(s operator.SSLServer) string {
		var b strings.Builder
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		showSSLServer(w, s)
		w.Flush()
		return strings.Join(strings.Fields(b.String()), " ")
	}
	runs := shown(operator.SSLServer{
		State: "up", Limit: 5, Refused: map[string]int{"full": 2, "unknown": 1}, Hints: []string{"do something"}, Expelled: 3,
		Invalid:  []operator.SSLInvalid{{Client: "vpnc-bbbbbbbb", Cause: "its certificate ended at 2026-01-02T03:04:05Z"}},
		Sessions: []operator.SSLSession{{Client: "vpnc-aaaaaaaa", Address: "172.16.0.2", Source: "198.51.100.9:40000", In: 10, Out: 20, Since: "2026-01-02T03:04:05Z", Cipher: "AES-256-GCM"}},
	})
	for _, want := range []string{"state up sessions 1 of 5", "vpnc-aaaaaaaa 172.16.0.2 198.51.100.9:40000 10 20 2026-01-02T03:04:05Z AES-256-GCM", "vpnc-bbbbbbbb may not come in: its certificate ended at 2026-01-02T03:04:05Z refused, full: 2 refused, unknown: 1 hint: do something", "any more: 3"} {
		if !strings.Contains(runs, want) {
			t.Errorf("no %q in %s", want, runs)
		}
	}
	if fails := shown(operator.SSLServer{State: "create failed", Cause: "Address already in use", Limit: 5}); !strings.Contains(fails, "state create failed cause Address already in use sessions 0 of 5") {
		t.Errorf("it reads %s", fails)
	}
}
