package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// tryChanges makes a connection and tries each input as a change of it: what is refused
// at first is refused later, too, and nothing has changed.
func tryChanges(t *testing.T, inputs []map[string]any) {
	t.Helper()
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	id := s.made(t, "CreateVpnConnection", s.body(t, nil), "VpnConnection.VpnConnectionId")
	s.settle(t)
	for _, in := range inputs {
		in = maps.Clone(in)
		in["VpnConnectionId"] = id
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		before := s.seen(t)
		reply := s.call(t, "ModifyVpnConnectionAttribute", string(body))
		if code := codeOf(reply); code == "OK" || strings.HasPrefix(code, "InternalError") {
			t.Errorf("%s: %s", body, code)
		}
		if after := s.seen(t); after != before {
			t.Errorf("%s changed\n%s\nto\n%s", body, before, after)
		}
	}
}

// TestBadChanges: groups of bad inputs as changes of a connection that stands.
func TestBadChanges(t *testing.T) {
	var all []map[string]any
	for _, key := range []string{"", strings.Repeat("k", 129), "a\nb", "a\x7f", "ключ", "a\x00b"} {
		all = append(all, map[string]any{"PreShareKey": key})
	}
	for _, name := range []string{"", strings.Repeat("x", 256), "%any", "%ANY6", "*", "0.0.0.0", "::", "keyid:x", "asn1dn:#30", "asn1gn:x", "C=CN, CN=x\"\n}", "a\tb"} {
		all = append(all, map[string]any{"IKEOptionsSpecification": map[string]any{"RemoteIdentity": "FQDN", "RemoteFqdnName": name}},
			map[string]any{"IKEOptionsSpecification": map[string]any{"LocalIdentity": "FQDN", "LocalFqdnName": name}})
	}
	for _, address := range []string{"%any", "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "1.2.3.4/32", "010.1.1.1", "1.2.3.4\n", "::1"} {
		all = append(all, map[string]any{"IKEOptionsSpecification": map[string]any{"RemoteAddress": address}})
	}
	for _, r := range []string{"10.0.0.0/33", "10.0.0.0/8,", "2001:db8::/32", "", "10.0.0.0", "0x0a000000/8", "10.0.1.0/24"} {
		all = append(all, map[string]any{"SecurityPolicyDatabases": spd("10.0.0.0/24", r)})
	}
	all = append(all, map[string]any{"SecurityPolicyDatabases": []any{}})
	for option, values := range map[string][]any{
		"IKEVersion": {"ikev2", "IKEv2", "IKEV3", ""}, "PropoEncryAlgorithm": {"aes-cbc-128", "NULL", "AES256"}, "PropoAuthenAlgorithm": {"sha", "SM3", "SHA-384"}, "ExchangeMode": {"main", "QUICK"},
		"DhGroupName": {"group2", "GROUP3", "DH-GROUP2", 2}, "IKESaLifetimeSeconds": {59, 604801, -1, "1e3", 1.5}, "LocalIdentity": {"fqdn", "IP"},
	} {
		for _, v := range values {
			all = append(all, map[string]any{"IKEOptionsSpecification": map[string]any{option: v}})
		}
	}
	for option, values := range map[string][]any{
		"EncryptAlgorithm": {"aes-cbc-128", "null", "CHACHA20"}, "IntegrityAlgorith": {"sha1", "SHA", "SHA-1024"}, "IntegrityAlgorithm": {"sha-256"}, "PfsDhGroup": {"GROUP2", "null", "dh-group2"},
		"IPSECSaLifetimeSeconds": {179, 604801}, "IPSECSaLifetimeTraffic": {2559, uint64(1) << 32},
	} {
		for _, v := range values {
			all = append(all, map[string]any{"IPSECOptionsSpecification": map[string]any{option: v}})
		}
	}
	for _, v := range []any{0, 3601, "0", "45s", "-1", ""} {
		all = append(all, map[string]any{"DpdTimeout": fmt.Sprint(v)})
	}
	all = append(all, map[string]any{"DpdAction": "RESTART"}, map[string]any{"DpdEnable": 2}, map[string]any{"NegotiationType": "Active"})
	tryChanges(t, all)
}

// TestBadDownloads: whatever legal key and identity a connection has, every make's
// configuration is written or refused with a reason, and no refusal shows the key.
func TestBadDownloads(t *testing.T) {
	refused := 0
	for _, text := range []string{"123456", " both ends ", `"`, `\`, "?", "0x31323334", "${ENV}", "include /etc/shadow", "} # {", "'; reboot; '", "站点", "C=CN, CN=x\"}", strings.Repeat("%", 128)} {
		s := newTunnel(t, newSlowHarness(t, nil), 0)
		key := text
		if vpc.CheckPreSharedKey(vpc.Secret(key), nil) != nil {
			key = "secret-of-seven"
		}
		id := s.made(t, "CreateVpnConnection", s.body(t, map[string]any{
			"PreShareKey": key, "IKEOptionsSpecification": map[string]any{"RemoteIdentity": "FQDN", "RemoteFqdnName": text},
		}), "VpnConnection.VpnConnectionId")
		for _, v := range vpc.Vendors() {
			body, err := json.Marshal(map[string]any{
				"VpnGatewayId": s.gateway, "VpnConnectionId": id, "InterfaceName": "eth0",
				"CustomerGatewayVendor": map[string]any{"VendorName": v.Name, "Platform": v.Platform, "SoftwareVersion": v.Version},
			})
			if err != nil {
				t.Fatal(err)
			}
			reply := s.call(t, "DownloadCustomerGatewayConfiguration", string(body))
			code := codeOf(reply)
			if !slices.Contains([]string{"OK", "InvalidParameterValue.Malformed"}, code) {
				t.Errorf("%s for %q: %s", v.Name, text, compact(reply))
			}
			if code == "OK" {
				continue
			}
			refused++
			if text != key && strings.Contains(compact(reply), key) {
				t.Errorf("%s for %q: the refusal shows the key: %s", v.Name, text, compact(reply))
			}
		}
	}
	if refused == 0 {
		t.Error("no make has refused anything")
	}
}
