package dataplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// sslServer is the API's row of an SSL server.
func (c *cloud) sslServer(l *lab.Lab, id string) obj {
	l.Helper()
	rows, _ := c.call(l, "DescribeVpnGatewaySslServers", obj{"SslVpnServerIds": []string{id}})["SslVpnSeverSet"].([]any)
	if len(rows) != 1 {
		return nil
	}
	row, _ := rows[0].(obj)
	return row
}

// sslReads waits for an SSL server's State, and for the cause that the operator sees. The
// loops may take half a minute until they try again what has failed many times.
func (c *cloud) sslReads(l *lab.Lab, id string, state float64, cause string) {
	l.Helper()
	l.Eventually(4*lab.Patience, fmt.Sprintf("State %v, cause %q", state, cause), func() error {
		if now := c.sslServer(l, id)["State"]; now != state {
			return fmt.Errorf("State is %v", now)
		}
		if out := c.operate(l, "debug", "sslserver", id); !strings.Contains(out, cause) {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
}

// metric waits until the sum of a family's series of something is as it should be.
func (c *cloud) metric(l *lab.Lab, of, family string, good func(float64) bool) {
	l.Helper()
	l.Eventually(lab.Patience, family, func() error {
		all, err := c.series()
		if err != nil {
			return err
		}
		sum, there := 0.0, false
		for name, v := range all {
			if strings.HasPrefix(name, family+"{") && strings.Contains(name, of) {
				sum, there = sum+v, true
			}
		}
		if !there || !good(sum) {
			return fmt.Errorf("it is %v, there %t", sum, there)
		}
		return nil
	})
}

// logged waits for a line of the server's log that has all of some words.
func (c *cloud) logged(l *lab.Lab, words ...string) {
	l.Helper()
	l.Eventually(lab.Patience, fmt.Sprintf("a line of the log with %q", words), func() error {
		for line := range strings.Lines(c.process.Output()) {
			if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
				return nil
			}
		}
		return errors.New("there is none")
	})
}

func is(want float64) func(float64) bool    { return func(v float64) bool { return v == want } }
func above(less float64) func(float64) bool { return func(v float64) bool { return v > less } }

// TestSSLServerTruth plays a server whose port another program has taken: State, task,
// status, debug and metrics tell it with OpenVPN's own words, and tell when it runs. Then
// a traveller comes, is counted, and is thrown out, which is counted too. Then the gateway is
// blocked, which is told, and a client is made that comes when it is not any more.
func TestSSLServerTruth(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	d := s.door(l, 5, 100)
	gateway, public := d.gateway, d.public
	thief := l.Existing(shared.prefix+gateway).Start("openvpn", "--dev", "null", "--local", public, "--port", "1194")
	l.Eventually(lab.Patience, "the port is taken", func() error {
		if out := thief.Output(); !strings.Contains(out, "UDPv4 link") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	number := offices.Add(1)
	out := shared.call(l, "CreateVpnGatewaySslServer", obj{"VpnGatewayId": gateway, "SslVpnServerName": "people", "RemoteAddress": fmt.Sprintf("172.29.%d.0/24", number), "DnsServers": obj{"PrimaryDns": s.inside}})
	server, _ := out["SslVpnServerId"].(string)
	task, _ := out["TaskId"].(float64)
	status := func() string {
		return text(shared.call(l, "DescribeVpcTaskResult", obj{"TaskId": fmt.Sprintf("%.0f", task)}), "Status")
	}
	const taken = "Address already in use"
	shared.sslReads(l, server, 1, taken)
	if now := status(); now != "FAILED" {
		t.Errorf("its task is %s", now)
	}
	if all := shared.operate(l, "status"); !strings.Contains(all, server) || !strings.Contains(all, taken) {
		t.Errorf("status does not tell it:\n%s", all)
	}
	shared.metric(l, server, "gatewright_sslserver_up", is(0))
	shared.metric(l, server, "gatewright_sslserver_sessions", is(0))

	thief.Kill()
	shared.sslReads(l, server, 6, "up")
	if now := status(); now != "SUCCESS" {
		t.Errorf("its task is %s", now)
	}
	shared.metric(l, server, "gatewright_sslserver_up", is(1))
	countTraveller(l, s, server, number)

	shared.operate(l, "gateway", "block", gateway)
	shared.sslReads(l, server, 7, "its gateway is isolated or blocked")
	if out := shared.operate(l, "debug", "sslserver", server); !strings.Contains(out, `"sessions": []`) || !strings.Contains(out, `"limit": 5`) {
		t.Errorf("of a server on a blocked gateway it is told %s", out)
	}
	early := shared.began(l, "CreateVpnGatewaySslClient", "SslVpnClientId", obj{"SslVpnServerId": server, "SslVpnClientName": "early"})
	shared.operate(l, "gateway", "unblock", gateway)
	shared.sslReads(l, server, 6, "up")
	shared.began(l, "DeleteVpnGatewaySslClient", "", obj{"SslVpnClientId": early})

	shared.began(l, "DeleteVpnGatewaySslServer", "", obj{"SslVpnServerId": server})
	shared.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": gateway})
	l.Eventually(lab.Patience, "the gateway is gone", gone(func() bool { return shared.gateway(l, gateway) == nil }))
}

// countTraveller holds the metrics of a server against one traveller's day.
func countTraveller(l *lab.Lab, s *site, server string, number int64) {
	l.Helper()
	client := shared.began(l, "CreateVpnGatewaySslClient", "SslVpnClientId", obj{"SslVpnServerId": server, "SslVpnClientName": "traveller"})
	shared.metric(l, server, "gatewright_sslserver_certificates", is(1))
	far := l.Namespace("traveller")
	far.Plug("wan0", l.Existing(shared.host.Name), uplink, fmt.Sprintf("198.18.%d.%d/16", 200+number/200, 1+number%200))
	configs, _ := shared.call(l, "DownloadVpnGatewaySslClientCert", obj{"SslVpnClientId": client})["SslClientConfig"].([]any)
	config, _ := configs[0].(obj)
	profile := filepath.Join(l.TempDir(), "profile.ovpn")
	if err := os.WriteFile(profile, []byte(text(config, "SslVpnClientConfiguration")), 0o600); err != nil {
		l.Fatalf("%v", err)
	}
	openvpn := far.Start("openvpn", "--config", profile)
	far.Reaches(s.inside, lab.Patience)
	if pushed := "dhcp-option DNS " + s.inside; !strings.Contains(openvpn.Output(), pushed) {
		l.Fatalf("the client was not told %q:\n%s", pushed, openvpn.Output())
	}
	shared.metric(l, server, "gatewright_sslserver_sessions", is(1))
	shared.metric(l, server, "gatewright_sslserver_sessions_limit", is(5))
	shared.metric(l, server, "gatewright_sslserver_bytes_total", above(0))
	shared.began(l, "DisableVpnGatewaySslClientCert", "", obj{"SslVpnClientId": client})
	shared.metric(l, server, "gatewright_sslserver_sessions", is(0))
	shared.metric(l, server, "gatewright_sslserver_expelled_total", is(1))
	shared.metric(l, server, "gatewright_sslserver_refused_total", above(0))
	shared.metric(l, server, "gatewright_sslserver_bytes_total", above(0))
	shared.began(l, "DeleteVpnGatewaySslClient", "", obj{"SslVpnClientId": client})
	shared.metric(l, server, "gatewright_sslserver_revoked_certificates", is(1))
}
