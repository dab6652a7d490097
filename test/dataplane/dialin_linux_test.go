package dataplane

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// dialIn is a site whose gateway people dial in to with OpenVPN.
type dialIn struct {
	*site
	server string
	pool   netip.Prefix // of the people's addresses
}

// dialIn makes a gateway for people in a VPC and its server; more goes over the server's
// usual parameters.
func (s *site) dialIn(l *lab.Lab, people int, pool string, more obj) *dialIn {
	l.Helper()
	d := s.door(l, people, 100)
	d.open(l, pool, more)
	return d
}

// door makes the gateway alone, for so many people and Mbit/s.
func (s *site) door(l *lab.Lab, people, mbit int) *dialIn {
	l.Helper()
	at := *s
	d := &dialIn{site: &at}
	d.gateway = text(s.cloud.call(l, "CreateVpnGateway", obj{
		"VpcId": s.vpc, "VpnGatewayName": "dial-in", "InternetMaxBandwidthOut": mbit, "Type": "SSL", "MaxConnection": people,
	}), "VpnGateway", "VpnGatewayId")
	l.Eventually(2*lab.Patience, "the gateway is AVAILABLE", func() error {
		g := s.cloud.gateway(l, d.gateway)
		if d.public = text(g, "PublicIpAddress"); text(g, "State") != "AVAILABLE" {
			return fmt.Errorf("%v", g)
		}
		return nil
	})
	return d
}

// open makes the server, and returns when it takes clients.
func (d *dialIn) open(l *lab.Lab, pool string, more obj) {
	l.Helper()
	d.pool = netip.MustParsePrefix(pool)
	params := obj{"VpnGatewayId": d.gateway, "SslVpnServerName": "people", "RemoteAddress": pool}
	for k, v := range more {
		params[k] = v
	}
	d.server = d.cloud.began(l, "CreateVpnGatewaySslServer", "SslVpnServerId", params)
}

// seat is the address of the client that was made as the nth, from 0.
func (d *dialIn) seat(n int) string {
	a := d.pool.Addr().Next().Next()
	for range n {
		a = a.Next()
	}
	return a.String()
}

// clients makes some with one call, and gives their ids in the order of the names.
func (d *dialIn) clients(l *lab.Lab, names ...string) []string {
	l.Helper()
	d.cloud.began(l, "CreateVpnGatewaySslClient", "", obj{"SslVpnServerId": d.server, "SslVpnClientNames": names})
	ids := make([]string, len(names))
	for i, name := range names {
		out := d.cloud.call(l, "DescribeVpnGatewaySslClients", obj{"Filters": []obj{
			{"Name": "ssl-vpn-server-id", "Values": []string{d.server}}, {"Name": "ssl-vpn-client-name", "Values": []string{name}},
		}})
		set, _ := out["SslVpnClientSet"].([]any)
		if len(set) != 1 {
			l.Fatalf("%d clients of the name %s", len(set), name)
		}
		ids[i] = text(set[0].(obj), "SslVpnClientId")
	}
	return ids
}

// config is what DownloadVpnGatewaySslClientCert hands out for a client.
func (d *dialIn) config(l *lab.Lab, client string) obj {
	l.Helper()
	all, _ := d.cloud.call(l, "DownloadVpnGatewaySslClientCert", obj{"SslVpnClientId": client})["SslClientConfig"].([]any)
	if len(all) != 1 {
		l.Fatalf("%d configurations", len(all))
	}
	config, _ := all[0].(obj)
	return config
}

func (d *dialIn) profile(l *lab.Lab, client string) string {
	l.Helper()
	return text(d.config(l, client), "SslVpnClientConfiguration")
}

// ready waits until a client's certificate may be downloaded.
func (d *dialIn) ready(l *lab.Lab, client string) {
	l.Helper()
	l.Eventually(lab.Patience, "the certificate is ready", func() error {
		_, err := d.cloud.try("DownloadVpnGatewaySslClientCert", obj{"SslVpnClientId": client})
		return err
	})
}

// person is somebody somewhere with OpenVPN.
type person struct {
	*lab.Namespace
	client  string
	program string // the person's OpenVPN, if it is not the machine's
	openvpn *lab.Process
}

// person makes a place on the public network for somebody with a client's certificate.
func (d *dialIn) person(l *lab.Lab, client string) *person {
	l.Helper()
	n := l.Namespace("person")
	number := offices.Add(1)
	n.Plug("wan0", l.Existing(d.cloud.host.Name), uplink, fmt.Sprintf("198.18.%d.%d/16", 200+number/200, 1+number%200))
	return &person{Namespace: n, client: client}
}

// people are persons with new certificates.
func (d *dialIn) people(l *lab.Lab, names ...string) []*person {
	l.Helper()
	var out []*person
	for _, id := range d.clients(l, names...) {
		out = append(out, d.person(l, id))
	}
	return out
}

// dial starts OpenVPN with a profile, and what else is asked for.
func (p *person) dial(l *lab.Lab, profile string, more ...string) {
	l.Helper()
	path := filepath.Join(l.TempDir(), "profile.ovpn")
	if err := os.WriteFile(path, []byte(profile), 0o600); err != nil {
		l.Fatalf("%v", err)
	}
	p.openvpn = p.Start(append([]string{cmp.Or(p.program, "openvpn"), "--config", path}, more...)...)
}

// times is how often the person was let in.
func (p *person) times() int {
	return strings.Count(p.openvpn.Output(), "Initialization Sequence Completed")
}

// comesIn dials with the profile as it is now and waits until a packet of the person's
// comes back from an address. Who was refused asks again every few seconds.
func (d *dialIn) comesIn(l *lab.Lab, p *person, to string) {
	l.Helper()
	if p.openvpn != nil {
		p.openvpn.Kill()
	}
	p.dial(l, d.profile(l, p.client))
	p.Reaches(to, 2*lab.Patience)
}

// connected is who has a session, and how often somebody was refused and why.
func (d *dialIn) connected(l lab.T) (clients map[string]string, refused map[string]int) {
	l.Helper()
	var state struct {
		Sessions []struct{ Client, Address string }
		Refused  map[string]int
	}
	if err := json.Unmarshal([]byte(d.cloud.operate(l, "debug", "sslserver", d.server)), &state); err != nil {
		l.Fatalf("%v", err)
	}
	clients = map[string]string{}
	for _, s := range state.Sessions {
		clients[s.Client] = s.Address
	}
	return clients, state.Refused
}

// out waits until a client has no session, and gives how long after began that was.
func (d *dialIn) out(l *lab.Lab, client string, began time.Time) time.Duration {
	l.Helper()
	l.Eventually(lab.Patience, client+" has no session", func() error {
		if in, _ := d.connected(l); in[client] != "" {
			return fmt.Errorf("%v", in)
		}
		return nil
	})
	return time.Since(began).Round(time.Millisecond)
}

// refusal waits until somebody is refused for a reason once more than before.
func (d *dialIn) refusal(l *lab.Lab, why string, before int) {
	l.Helper()
	l.Eventually(2*lab.Patience, "a refusal: "+why, func() error {
		if _, refused := d.connected(l); refused[why] <= before {
			return fmt.Errorf("%v", refused)
		}
		return nil
	})
}

// silent holds that nothing comes back from an address, also where the person sends
// everything into the tunnel.
func (p *person) silent(t *testing.T, what, to string) {
	t.Helper()
	if got := p.Ping(to, 2, "-I", "tun0", "-W", "0.3"); got.Received > 0 {
		t.Errorf("%s, %s, answers: %v", what, to, got)
	}
}
