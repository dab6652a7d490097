package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// logged is a log that a test can search.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestPreSharedKeysDoNotLeak looks for known keys in every place but the one answer that
// is for keys that may write.
func TestPreSharedKeysDoNotLeak(t *testing.T) {
	const first, second = "Zebra-Quartz-7781", "Walrus-Basalt-9042"
	log := &logged{}
	h := newSlowHarness(t, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { h.control.Run(ctx) })
	s := newTunnel(t, h, 0)
	var errors strings.Builder
	refused := func(action string, inputs map[string]any) {
		t.Helper()
		body := s.body(t, inputs)
		if action == "ModifyVpnConnectionAttribute" {
			b, err := json.Marshal(inputs)
			if err != nil {
				t.Fatal(err)
			}
			body = string(b)
		}
		reply := s.call(t, action, body)
		if codeOf(reply) == "OK" {
			t.Errorf("%s %v should have been refused", action, inputs)
		}
		errors.WriteString(compact(reply) + "\n")
	}
	refused("CreateVpnConnection", map[string]any{"PreShareKey": first + "\n"})
	refused("CreateVpnConnection", map[string]any{"PreShareKey": first + "\x00"})
	refused("CreateVpnConnection", map[string]any{"PreShareKey": strings.Repeat(first, 20)})
	refused("CreateVpnConnection", map[string]any{"PreShareKey": []string{first}})
	refused("CreateVpnConnection", map[string]any{"PreShareKey": map[string]any{first: 1}})
	refused("CreateVpnConnection", map[string]any{"PreShareKey": first, "RouteType": "x"})
	id := s.made(t, "CreateVpnConnection", s.body(t, map[string]any{"PreShareKey": first}), "VpnConnection.VpnConnectionId")
	s.settle(t)
	refused("ModifyVpnConnectionAttribute", map[string]any{"VpnConnectionId": id, "PreShareKey": second + "é"})
	refused("ModifyVpnConnectionAttribute", map[string]any{"VpnConnectionId": id, "PreShareKey": second, "DpdAction": "x"})
	if got := s.made(t, "DescribeVpnConnections", `{}`, "VpnConnectionSet.0.PreShareKey"); got != first {
		t.Errorf("after refused changes the key is %q", got)
	}
	if reply := s.call(t, "ModifyVpnConnectionAttribute", fmt.Sprintf(`{"VpnConnectionId":%q,"PreShareKey":%q}`, id, second)); codeOf(reply) != "OK" {
		t.Fatal(compact(reply))
	}
	if got := s.made(t, "DescribeVpnConnections", `{}`, "VpnConnectionSet.0.PreShareKey"); got != second {
		t.Errorf("a key that may write reads %q", got)
	}
	if err := s.setRole(vpc.RoleRead, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.made(t, "DescribeVpnConnections", `{}`, "VpnConnectionSet.0.PreShareKey"); got != "" {
		t.Errorf("a read-only key reads %q", got)
	}
	row, _ := store.Connections.Get(h.store.View(), vpc.ConnectionID(id))
	stored, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	running.Wait()
	audit, err := h.store.AuditEntries(context.Background(), 0, 1000)
	if err != nil || !slices.ContainsFunc(audit, func(e vpc.AuditEntry) bool { return e.Action == "CreateVpnConnection" && e.Result != "OK" }) {
		t.Fatalf("the audit has no refused call among its %d entries, %v", len(audit), err)
	}
	written, err := json.Marshal(audit)
	if err != nil {
		t.Fatal(err)
	}
	for place, text := range map[string]string{"error texts": errors.String(), "the log": log.String(), "the row": string(stored) + fmt.Sprintf("%v %+v %#v", row, row, row), "the audit": string(written)} {
		for _, key := range []string{first, second} {
			if strings.Contains(text, key) {
				t.Errorf("%s holds a pre-shared key:\n%s", place, text)
			}
		}
	}
}
