package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestBadSSLNames: names of SSL servers and clients are kept byte for byte, or refused, and
// are in no profile.
func TestBadSSLNames(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	gateway := s.made(t, "CreateVpnGateway", fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"d","InternetMaxBandwidthOut":5,"Type":"SSL"}`, s.vpc), "VpnGateway.VpnGatewayId")
	s.settle(t)
	server := s.made(t, "CreateVpnGatewaySslServer", fmt.Sprintf(`{"VpnGatewayId":%q,"SslVpnServerName":"s","RemoteAddress":"172.16.0.0/24"}`, gateway), "SslVpnServerId")
	s.settle(t)
	rename := func(name string) string {
		return fmt.Sprintf(`{"SslVpnServerId":%q,"SslVpnServerName":%s}`, server, name)
	}
	client := func(name string) string {
		return fmt.Sprintf(`{"SslVpnServerId":%q,"SslVpnClientName":%s}`, server, name)
	}
	for _, name := range oddNames {
		s.try(t, fmt.Sprintf("server %q", name), "ModifyVpnGatewaySslServer", rename(quoted(t, name)), "OK")
		if got := s.made(t, "DescribeVpnGatewaySslServers", `{}`, "SslVpnSeverSet.0.SslVpnServerName"); got != name {
			t.Errorf("server %q: stored %q", name, got)
		}
		id := s.made(t, "CreateVpnGatewaySslClient", client(quoted(t, name)), "SslVpnClientId")
		one := fmt.Sprintf(`{"SslVpnClientIds":[%q]}`, id)
		if got := s.made(t, "DescribeVpnGatewaySslClients", one, "SslVpnClientSet.0.Name"); got != name {
			t.Errorf("client %q: stored %q", name, got)
		}
		s.settle(t)
		profile := s.made(t, "DownloadVpnGatewaySslClientCert", fmt.Sprintf(`{"SslVpnClientId":%q}`, id), "SslClientConfig.0.SslVpnClientConfiguration")
		if len(name) > 3 && strings.Contains(profile, name) {
			t.Errorf("client %q: its name is in its profile", name)
		}
		s.try(t, fmt.Sprintf("client %q again", name), "CreateVpnGatewaySslClient", client(quoted(t, name)), "UnsupportedOperation.RecordExists")
	}
	for name := range badNames {
		name = `"` + name + `"`
		for action, body := range map[string]string{"ModifyVpnGatewaySslServer": rename(name), "CreateVpnGatewaySslClient": client(name)} {
			before := s.ssl(t)
			if code := codeOf(s.call(t, action, body)); !strings.HasPrefix(code, "InvalidParameter") {
				t.Errorf("%s %.40q: %s", action, name, code)
			}
			if after := s.ssl(t); after != before {
				t.Errorf("%s %.40q: a refused call changed\n%s\nto\n%s", action, name, before, after)
			}
		}
	}
}

// ssl is what an account sees of its SSL servers and clients.
func (s *tunnel) ssl(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, action := range []string{"DescribeVpnGatewaySslServers", "DescribeVpnGatewaySslClients"} {
		reply, _ := s.call(t, action, `{"Limit":100}`).(map[string]any)
		delete(reply, "RequestId")
		b.WriteString(compact(reply) + "\n")
	}
	return b.String()
}
