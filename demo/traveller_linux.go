package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// traveller is a person with an OpenVPN client and one downloaded file.
type traveller struct {
	*site
	door    string // the SSL gateway
	outside string // its address
	server  string
	client  string
	profile string // the downloaded file
	at      *lab.Namespace
	openvpn *lab.Process
}

const (
	travellerAddr  = "198.51.100.201"
	travellerRange = "172.21.0.0/24"
)

// traveller makes a gateway to dial in to and a certificate for one person, and builds
// the place where that person is.
func (c *cloud) traveller(s *site) *traveller {
	c.Helper()
	r := &traveller{site: s}
	say("a gateway to dial in to, and a certificate for a traveller")
	r.door = c.field(c.call("CreateVpnGateway", "VpcId="+s.vpc, "VpnGatewayName=people", "InternetMaxBandwidthOut="+strconv.Itoa(megabits), "Type=SSL", "MaxConnection=5"), "VpnGateway", "VpnGatewayId")
	r.outside = c.stands(r.door)
	r.server = c.done("CreateVpnGatewaySslServer", "VpnGatewayId="+r.door, "SslVpnServerName=people", "RemoteAddress="+travellerRange)("SslVpnServerId")
	r.client = c.done("CreateVpnGatewaySslClient", "SslVpnServerId="+r.server, "SslVpnClientName=traveller")("SslVpnClientId")
	text := c.field(c.call("DownloadVpnGatewaySslClientCert", "SslVpnClientId="+r.client), "SslClientConfig", "SslVpnClientConfiguration")
	r.profile = filepath.Join(c.TempDir(), "profile.ovpn")
	if err := os.WriteFile(r.profile, []byte(text), 0o600); err != nil {
		c.Fatalf("%v", err)
	}
	r.at = c.Namespace("traveller")
	r.at.Plug("wan0", c.host, uplink, travellerAddr+"/24")
	return r
}

// done makes a call that goes on after its answer, waits for its end and gives the
// answer's fields by name.
func (c *cloud) done(action string, params ...string) func(field string) string {
	c.Helper()
	answer := c.call(action, params...)
	task, _ := answer["TaskId"].(float64)
	id := strconv.FormatFloat(task, 'f', 0, 64)
	c.Eventually(20*time.Second, action+" is done", func() error {
		if status := c.field(c.ask("DescribeVpcTaskResult", "TaskId="+id), "Status"); status != "SUCCESS" {
			return fmt.Errorf("task %s is %s", id, status)
		}
		return nil
	})
	return func(field string) string { return c.field(answer, field) }
}

// connect starts OpenVPN with nothing but the downloaded file.
func (r *traveller) connect(seen *table) {
	r.Helper()
	say("the traveller: openvpn --config FILE, and nothing else")
	if p := r.at.Ping(r.inside, 3, "-W", "0.2"); p.Received > 0 {
		r.Fatalf("the workload is reached without a session: %v", p)
	}
	began := time.Now()
	r.openvpn = r.at.Start("openvpn", "--config", r.profile)
	r.at.Reaches(r.inside, 20*time.Second)
	took := time.Since(began)
	seen.add(took < 10*time.Second, "traveller connected, and the first ping", "within 10 s of the start", "%.2f s", took.Seconds())
}

func (r *traveller) ping(seen *table) {
	r.Helper()
	pinged(r, seen, "ping, traveller to workload", r.at, r.inside)
}

func (r *traveller) copy(seen *table) {
	r.Helper()
	copied(r.site, seen, "a file of 4 MiB, from the traveller", r.at)
}

// sessions asks who is connected, and how often somebody was refused.
func (r *traveller) sessions() (connected bool, refused int) {
	r.Helper()
	var now struct {
		Sessions []struct{ Client string }
		Refused  map[string]int
	}
	r.gatewright(&now, "debug", "sslserver", r.server, "--json")
	for _, s := range now.Sessions {
		connected = connected || s.Client == r.client
	}
	for _, n := range now.Refused {
		refused += n
	}
	return connected, refused
}

// disable switches the certificate off under a running ping, which must end, and looks
// for the refusal when the client tries again.
func (r *traveller) disable(seen *table) {
	r.Helper()
	say("the certificate is disabled")
	pings := r.at.PingStart(r.inside)
	_, before := r.sessions()
	r.call("DisableVpnGatewaySslClientCert", "SslVpnClientId="+r.client)
	began := time.Now()
	r.Eventually(10*time.Second, "the session is gone", func() error {
		if connected, _ := r.sessions(); connected {
			return fmt.Errorf("%s is still connected", r.client)
		}
		return nil
	})
	took := time.Since(began)
	seen.add(took < 5*time.Second, "disabled, the session is gone", "within 1 s, 5 s on a busy machine", "%.2f s", took.Seconds())
	r.Eventually(30*time.Second, "the client is refused", func() error {
		if _, refused := r.sessions(); refused == before {
			return fmt.Errorf("nobody was refused; OpenVPN says\n%s", r.openvpn.Output())
		}
		return nil
	})
	pings.Stop()
	after := r.at.Ping(r.inside, 3, "-W", "0.2")
	seen.add(pings.Lost() > 0 && after.Received == 0, "refused while it is disabled", "no ping", "%d of %d pings after the refusal", after.Received, after.Sent)
}

// enable lets the same certificate in again; the client that has been running all the
// time comes back by itself.
func (r *traveller) enable(seen *table) {
	r.Helper()
	say("the certificate is enabled")
	r.call("EnableVpnGatewaySslClientCert", "SslVpnClientId="+r.client)
	began := time.Now()
	r.at.Reaches(r.inside, 60*time.Second)
	took := time.Since(began)
	ok := took < 30*time.Second && !r.openvpn.Ended()
	seen.add(ok, "enabled, the traveller is back", "by itself, within 30 s", "%.2f s, the same process", took.Seconds())
}

// watch looks at the SSL gateway's internet side.
func (r *traveller) watch() *outside {
	r.Helper()
	return newOutside(r.site, "SSL gateway", r.door, travellerRange, func(p lab.Packet) bool { return p.SrcPort == sslPort || p.DstPort == sslPort })
}

const sslPort = 1194

// short is an id without its prefix, as names of devices have it.
func short(id string) string { return strings.TrimPrefix(id, "vpngw-") }
