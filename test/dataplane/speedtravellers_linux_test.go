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
	"github.com/gatewright/gatewright/internal/pki"
)

// travellers measures what people with OpenVPN wait for, what a server holds, how fast it
// is beside OpenVPN configured by hand, and how fast somebody is out.
func (v speeds) travellers(t *testing.T) {
	c, l := newCloud(t), lab.New(t)
	s := c.land(l)
	doors := make([]*dialIn, v.alone)
	var first []time.Duration
	for i := range doors {
		doors[i] = s.door(l, 1000, 100)
		first = append(first, doors[i].opened(l, fmt.Sprintf("172.30.%d.0/24", i)))
	}
	v.row("CreateVpnGatewaySslServer to a client's first ping", len(first), spread(first), below(first, time.Second))
	v.row("memory of an SSL server with a client", len(doors), fmt.Sprintf("%.0f KiB", float64(c.serverMemory(l, doors))/float64(len(doors))), stated)
	v.connects(l, doors[0])
	v.revocations(l, doors[0])
	v.dialled(t, c, l)
}

// opened makes the server of a door and a person who comes in, and gives how long both took.
func (d *dialIn) opened(l *lab.Lab, pool string) time.Duration {
	l.Helper()
	p := d.person(l, "")
	began := time.Now()
	d.open(l, pool, nil)
	p.client = d.cloud.began(l, "CreateVpnGatewaySslClient", "SslVpnClientId", obj{"SslVpnServerId": d.server, "SslVpnClientName": "first"})
	p.dial(l, d.profile(l, p.client))
	p.Reaches(d.inside, 2*lab.Patience)
	return time.Since(began)
}

// serverMemory is what the OpenVPN servers have of their own, in KiB.
func (c *cloud) serverMemory(l *lab.Lab, doors []*dialIn) (kib int) {
	l.Helper()
	for _, d := range doors {
		pid, err := os.ReadFile(filepath.Join(c.runtime, "openvpn-"+d.server+".pid"))
		if err != nil {
			l.Fatalf("%v", err)
		}
		text, err := os.ReadFile("/proc/" + strings.Fields(string(pid))[0] + "/smaps_rollup")
		if err != nil {
			l.Fatalf("%v", err)
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[0], "Private_") {
				n, _ := strconv.Atoi(f[1]) // the kernel's
				kib += n
			}
		}
	}
	return kib
}

// connects measures from the start of a client's process to its first ping.
func (v speeds) connects(l *lab.Lab, d *dialIn) {
	l.Helper()
	p := d.people(l, "often")[0]
	profile := d.profile(l, p.client)
	var took []time.Duration
	for range v.alone {
		began := time.Now()
		p.dial(l, profile)
		p.Reaches(d.inside, 2*lab.Patience)
		took = append(took, time.Since(began))
		p.openvpn.Kill()
	}
	v.row("a client's start to its first ping", len(took), spread(took), stated)
}

// revocations measures from DisableVpnGatewaySslClientCert to the session's end, which
// the operator's command is asked for.
func (v speeds) revocations(l *lab.Lab, d *dialIn) {
	l.Helper()
	var names []string
	for i := range min(v.alone, 50) {
		names = append(names, fmt.Sprintf("leaving-%d", i))
	}
	people := d.people(l, names...)
	for _, p := range people {
		d.comesIn(l, p, d.inside)
	}
	var took []time.Duration
	for _, p := range people {
		began := time.Now()
		d.cloud.call(l, "DisableVpnGatewaySslClientCert", obj{"SslVpnClientId": p.client})
		took = append(took, d.out(l, p.client, began))
	}
	v.row("DisableVpnGatewaySslClientCert to session gone", len(took), spread(took), allBelow(time.Second, took...))
}

// dialled compares a server with the same OpenVPN configured by hand, in turns, so that
// both see the same machine.
func (v speeds) dialled(t *testing.T, c *cloud, l *lab.Lab) {
	s := c.land(l)
	d := s.door(l, 5, 1000)
	d.open(l, "172.31.0.0/24", nil)
	p := d.people(l, "fast")[0]
	d.comesIn(l, p, s.inside)
	inside, far := d.dialByHand(t, l)
	v.turns("TCP to a person, and by hand, Mbit/s",
		func(length time.Duration) float64 { return s.workload.Iperf(p.Namespace, d.seat(0), length) },
		func(length time.Duration) float64 { return inside.Iperf(far.Namespace, "172.31.0.2", length) })
}

// handMade is a plain configuration of OpenVPN's server, with what its manual advises.
const handMade = `server 172.31.0.0 255.255.255.0
topology subnet
dev tun
proto udp4
dh none
keepalive 10 60
persist-key
persist-tun
push "route 10.7.1.0 255.255.255.0"
verb 3
`

// dialByHand makes a server and a client of that without this program, and gives a machine
// behind the one and the other.
func (d *dialIn) dialByHand(t *testing.T, l *lab.Lab) (*lab.Namespace, *person) {
	l.Helper()
	near, inside := l.Namespace("by-hand"), l.Namespace("behind")
	number := offices.Add(1)
	public := fmt.Sprintf("198.18.%d.%d", 200+number/200, 1+number%200)
	near.Plug("wan0", l.Existing(d.cloud.host.Name), uplink, public+"/16")
	near.Cable("lan0", inside, "eth0")
	near.Address("lan0", "10.7.1.1/24")
	near.Forward()
	inside.Address("eth0", "10.7.1.2/24")
	inside.Route("default", "10.7.1.1")

	server, client := handKeys(t)
	path := filepath.Join(t.TempDir(), "server.conf")
	if err := os.WriteFile(path, []byte(handMade+server), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := near.Command("setsid", "openvpn", "--config", path) // as a server of a gateway has: processors are shared out among sessions
	l.Start(cmd)
	far := d.person(l, "")
	far.dial(l, "client\ndev tun\nproto udp\nremote "+public+" 1194\nnobind\nremote-cert-tls server\nverb 3\n"+client)
	far.Reaches("10.7.1.2", 2*lab.Patience)
	return inside, far
}

// handKeys are what a server and a client by hand have of certificates and keys.
func handKeys(t *testing.T) (server, client string) {
	t.Helper()
	now := time.Now()
	root, err := pki.NewAuthority("hand", now)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := pki.Open(root.Cert, root.Key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := authority.NewServer("server", now)
	if err != nil {
		t.Fatal(err)
	}
	far, err := authority.NewClient("client", now, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	crypt := pki.NewCryptKey()
	inline := func(p pki.Pair) string {
		return fmt.Sprintf("<ca>\n%s</ca>\n<cert>\n%s</cert>\n<key>\n%s</key>\n<tls-crypt>\n%s</tls-crypt>\n", root.Cert, p.Cert, p.Key.Reveal(), crypt.Reveal())
	}
	return inline(own), inline(far)
}
