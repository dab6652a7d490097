package wire_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

func redacted(t *testing.T, action, body string) string {
	t.Helper()
	a := wire.Actions[action]
	req, err := a.DecodeJSON([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	text := a.Redact(req)
	if !json.Valid(text) {
		t.Errorf("not JSON: %s", text)
	}
	return string(text)
}

func TestRedact(t *testing.T) {
	for _, c := range []struct{ name, action, body, want string }{
		{"no secret", "DeleteVpnGateway", `{"VpnGatewayId":"a"}`, `{"VpnGatewayId":"a"}`},
		{"a secret", "CreateVpnConnection",
			`{"VpnGatewayId":"g","CustomerGatewayId":"c","VpnConnectionName":"n","PreShareKey":"correct horse","Tags":[{"Key":"a"}]}`,
			`{"VpnGatewayId":"g","CustomerGatewayId":"c","VpnConnectionName":"n","PreShareKey":"***","Tags":[{"Key":"a"}]}`},
		{"an empty secret", "ModifyVpnConnectionAttribute", `{"VpnConnectionId":"c","PreShareKey":""}`, `{"VpnConnectionId":"c","PreShareKey":"***"}`},
		{"an absent secret", "ModifyVpnConnectionAttribute", `{"VpnConnectionId":"c"}`, `{"VpnConnectionId":"c"}`},
		{"a long text", "DeleteVpnGateway", `{"VpnGatewayId":"` + strings.Repeat("a", 1025) + `"}`, `{"VpnGatewayId":"` + strings.Repeat("a", 1024) + `…"}`},
		{"a long text cut inside a character", "DeleteVpnGateway", `{"VpnGatewayId":"` + strings.Repeat("上", 400) + `"}`, `{"VpnGatewayId":"` + strings.Repeat("上", 341) + `…"}`},
		{"a long list", "DescribeVpnGateways", `{"VpnGatewayIds":[` + strings.Repeat(`"a",`, 209) + `"a"]}`,
			`{"VpnGatewayIds":[` + strings.Repeat(`"a",`, 200) + `"… and 10 more"]}`},
	} {
		if got := redacted(t, c.action, c.body); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestRedactIsBounded shows that no request makes a large audit entry.
func TestRedactIsBounded(t *testing.T) {
	remote := `"RemoteCidrBlock":[` + strings.Repeat(`"`+strings.Repeat("\\u0001", 1000)+`",`, 150) + `"z"]`
	one := `{"LocalCidrBlock":"l",` + remote + `}`
	body := `{"VpnConnectionId":"c","SecurityPolicyDatabases":[` + one + "," + one + "," + one + `]}`
	if got := redacted(t, "ModifyVpnConnectionAttribute", body); len(got) > 30<<10 || !strings.Contains(got, "more") {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
	short := `{"VpnConnectionId":"c","SecurityPolicyDatabases":[` + strings.TrimSuffix(strings.Repeat(`{"LocalCidrBlock":"","RemoteCidrBlock":[`+strings.TrimSuffix(strings.Repeat(`"",`, 490), ",")+`]},`, 200), ",") + `]}`
	if got := redacted(t, "ModifyVpnConnectionAttribute", short); len(got) > 30<<10 {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
}

// secretWords are in the names of inputs that are secrets. SAML's are: metadata may hold
// keys, and a token opens a session.
var secretWords = []string{"Secret", "Password", "ShareKey", "PrivateKey", "SamlData", "SamlToken"}

// TestNoSecretIsForgotten finds secrets by name, so that a new one cannot be
// forgotten in the tables.
func TestNoSecretIsForgotten(t *testing.T) {
	for name, a := range wire.Actions {
		for _, f := range a.In.Fields {
			looks := slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(f.Name, w) })
			if looks != f.Secret {
				t.Errorf("%s.%s: secret is %t", name, f.Name, f.Secret)
			}
		}
	}
}
