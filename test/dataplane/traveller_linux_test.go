package dataplane

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestTraveller is the whole way of a person with an OpenVPN client: a gateway, a server,
// a certificate, packets to a workload with nothing but the downloaded profile, out
// after DisableVpnGatewaySslClientCert, and in again.
func TestTraveller(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	gateway := s.door(l, 5, 100).gateway
	number := offices.Add(1)
	server := shared.began(l, "CreateVpnGatewaySslServer", "SslVpnServerId", obj{
		"VpnGatewayId": gateway, "SslVpnServerName": "people", "RemoteAddress": fmt.Sprintf("172.30.%d.0/24", number),
	})
	client := shared.began(l, "CreateVpnGatewaySslClient", "SslVpnClientId", obj{"SslVpnServerId": server, "SslVpnClientName": "traveller"})

	far := l.Namespace("traveller")
	far.Plug("wan0", l.Existing(shared.host.Name), uplink, fmt.Sprintf("198.18.%d.%d/16", 200+number/200, 1+number%200))
	configs, _ := shared.call(l, "DownloadVpnGatewaySslClientCert", obj{"SslVpnClientId": client})["SslClientConfig"].([]any)
	config, _ := configs[0].(obj)
	profile := filepath.Join(t.TempDir(), "profile.ovpn")
	if err := os.WriteFile(profile, []byte(text(config, "SslVpnClientConfiguration")), 0o600); err != nil {
		t.Fatal(err)
	}
	openvpn := far.Start("openvpn", "--config", profile)
	far.Reaches(s.inside, 20*time.Second)
	if p := s.workload.Ping(fmt.Sprintf("172.30.%d.2", number), 10); p.Lost() > 0 {
		t.Errorf("workload to traveller: %v", p)
	}
	if out := shared.operate(l, "debug", "sslserver", server); !strings.Contains(out, client) {
		t.Errorf("the session is not shown:\n%s", out)
	}

	shared.began(l, "DisableVpnGatewaySslClientCert", "", obj{"SslVpnClientId": client})
	if out := shared.operate(l, "debug", "sslserver", server); strings.Contains(out, client) {
		t.Errorf("the task is done, and the session is there:\n%s", out)
	}
	if p := far.Ping(s.inside, 3); p.Received > 0 {
		t.Errorf("a disabled client still reaches: %v", p)
	}
	shared.began(l, "EnableVpnGatewaySslClientCert", "", obj{"SslVpnClientId": client})
	far.Reaches(s.inside, 30*time.Second)
	openvpn.Kill()

	shared.began(l, "DeleteVpnGatewaySslClient", "", obj{"SslVpnClientId": client})
	shared.began(l, "DeleteVpnGatewaySslServer", "", obj{"SslVpnServerId": server})
	shared.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": gateway})
	l.Eventually(20*time.Second, "the gateway is gone", gone(func() bool { return shared.gateway(l, gateway) == nil }))
}

// began makes an asynchronous call and waits for its task; id names the field of the
// answer to give, if any.
func (c *cloud) began(l *lab.Lab, action, id string, params obj) string {
	l.Helper()
	out := c.call(l, action, params)
	task, _ := out["TaskId"].(float64)
	l.Eventually(20*time.Second, action+" is done", func() error {
		if status := text(c.call(l, "DescribeVpcTaskResult", obj{"TaskId": strconv.FormatFloat(task, 'f', 0, 64)}), "Status"); status != "SUCCESS" {
			return fmt.Errorf("%s", status)
		}
		return nil
	})
	made, _ := out[id].(string)
	return made
}
