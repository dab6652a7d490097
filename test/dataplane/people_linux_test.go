package dataplane

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestPeopleReach asserts by packets where people get to: the ranges of LocalAddress, and
// neither another subnet, the internet, the gateway, the router nor one another; with access
// policies where those say and no further.
func TestPeopleReach(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.land(l)
	other := text(shared.call(l, "CreateSubnet", obj{"VpcId": s.vpc, "SubnetName": "two", "CidrBlock": "10.7.2.0/24", "Zone": "ap-guangzhou-3"}), "Subnet", "SubnetId")
	neighbour, beside := s.attach(l, other, "neighbour")
	d := s.dialIn(l, 5, "172.30.1.0/24", obj{"LocalAddress": []string{subnetRange}})
	people := d.people(l, "ann", "bob")
	ann, bob := people[0], people[1]
	for _, p := range people {
		d.comesIn(l, p, s.inside)
	}
	t.Run("what is pushed", func(t *testing.T) {
		routes := ann.Run("ip", "route")
		if !strings.Contains(routes, subnetRange) || strings.Contains(routes, "10.7.2.0") || strings.Contains(routes, "default") || strings.Contains(routes, "0.0.0.0/1") {
			t.Errorf("the routes are\n%s", routes)
		}
	})
	t.Run("both ways", func(t *testing.T) {
		s.workload.Reaches(d.seat(0), lab.Patience)
		s.workload.Reaches(d.seat(1), lab.Patience)
	})
	t.Run("nothing else", func(t *testing.T) {
		inner := l.Existing(shared.prefix + d.gateway).Capture("lan0")
		wall := neighbour.Capture(between(neighbour.Run("ip", "-o", "route", "get", "10.7.2.1"), "dev ", " "))
		for what, to := range map[string]string{
			"a neighbouring subnet": beside, "its router": "10.7.2.1", "the internet": "203.0.113.9", "the gateway's public address": d.public, "the uplink": "198.18.0.1",
			"the gateway's side of the VPC": "169.254.0.2", "the router": "169.254.0.1", "loopback": "127.0.0.1", "somebody else": d.seat(1), "a place that nobody has": d.seat(99),
		} {
			ann.silent(t, what, to)
		}
		ann.Reaches(s.inside, lab.Patience)
		sees(t, inner, s.inside)
		s.workload.Reaches(beside, lab.Patience)
		sees(t, wall, s.inside)
		allowed := netip.MustParsePrefix(subnetRange)
		for _, p := range inner.Packets(lab.Touches("172.30.1.0/24")) {
			if !allowed.Contains(p.Dst) && !allowed.Contains(p.Src) {
				t.Errorf("got past the gateway: %v", p)
			}
		}
		if seen := wall.Packets(lab.Touches("172.30.1.0/24")); len(seen) > 0 {
			t.Errorf("got to the neighbour: %v", seen[0])
		}
	})
	t.Run("not from elsewhere", func(t *testing.T) {
		tun := ann.Capture("tun0")
		if p := neighbour.Ping(d.seat(0), 2, "-W", "0.3"); p.Received > 0 {
			t.Errorf("a neighbouring subnet reaches a person: %v", p)
		}
		bob.silent(t, "ann", d.seat(0))
		s.workload.Reaches(d.seat(0), lab.Patience)
		sees(t, tun, s.inside)
		for _, p := range tun.Packets(func(p lab.Packet) bool { return !p.Out }) {
			if p.Src.String() != s.inside {
				t.Errorf("ann got %v", p)
			}
		}
	})
	t.Run("no faster than the gateway", func(t *testing.T) {
		const mbit = 5
		shared.call(l, "ResetVpnGatewayInternetMaxBandwidth", obj{"VpnGatewayId": d.gateway, "InternetMaxBandwidthOut": mbit})
		l.Eventually(lab.Patience, "the cap is set", func() error {
			if out := l.Existing(shared.prefix+d.gateway).Run("tc", "qdisc", "show", "dev", "lan0"); between(out, "rate ", "bit ") != rateText(mbit) {
				return fmt.Errorf("lan0 has %s", out)
			}
			return nil
		})
		for what, got := range map[string]float64{
			"to ann":   s.workload.Iperf(ann.Namespace, d.seat(0), 2*time.Second, "-O", "1"),
			"from ann": ann.Iperf(s.workload, s.inside, 2*time.Second, "-O", "1"),
		} {
			t.Logf("figure: TCP %s under a cap of %d Mbit/s: %.2f", what, mbit, got)
			if got > mbit*1.1 || got < mbit*0.5 {
				t.Errorf("%s: %.2f Mbit/s", what, got)
			}
		}
	})
	t.Run("with another's address", func(t *testing.T) {
		inner := l.Existing(shared.prefix + d.gateway).Capture("lan0")
		bob.Run("ip", "addr", "add", d.seat(7)+"/32", "dev", "tun0")
		if p := bob.Ping(s.inside, 2, "-I", d.seat(7), "-W", "0.3"); p.Received > 0 {
			t.Errorf("an address that is not bob's is answered: %v", p)
		}
		bob.Reaches(s.inside, lab.Patience)
		sees(t, inner, s.inside)
		if seen := inner.Packets(lab.Touches(d.seat(7) + "/32")); len(seen) > 0 {
			t.Errorf("got past the gateway: %v", seen[0])
		}
	})
}

// sees waits until a capture has a packet of a host. All that passed before it is then in
// the capture too.
func sees(t *testing.T, c *lab.Capture, host string) {
	t.Helper()
	if err := lab.Poll(lab.Patience, func() error {
		if len(c.Packets(lab.Touches(host+"/32"))) == 0 {
			return fmt.Errorf("no packet of %s", host)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestPolicies has a server with AccessPolicyEnabled: nothing is reached that no policy
// says, a policy may be for one person, and one for the people's own range lets them reach
// each other. What a policy names answers who may reach it, and cannot begin.
func TestPolicies(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.land(l)
	d := s.dialIn(l, 5, "172.30.2.0/24", obj{"AccessPolicyEnabled": true})
	people := d.people(l, "ann", "bob")
	ann, bob := people[0], people[1]
	for _, p := range people {
		p.dial(l, d.profile(l, p.client))
	}
	l.Eventually(2*lab.Patience, "both are in", func() error {
		if ann.times() == 0 || bob.times() == 0 {
			return fmt.Errorf("%s\n%s", ann.openvpn.Output(), bob.openvpn.Output())
		}
		return nil
	})
	ann.silent(t, "the workload without a policy", s.inside)
	ann.silent(t, "bob without a policy", d.seat(1))

	policy := func(args ...string) string {
		var made struct{ Policy string }
		out := shared.operate(l, append([]string{"sslpolicy", "add", d.server}, args...)...)
		if err := json.Unmarshal([]byte(out), &made); err != nil || made.Policy == "" {
			l.Fatalf("sslpolicy add: %v: %s", err, out)
		}
		return made.Policy
	}
	one := policy(subnetRange, "--client", ann.client)
	ann.Reaches(s.inside, lab.Patience)
	bob.silent(t, "the workload with ann's policy", s.inside)
	ann.oneWay(t, s.workload, s.inside, d.seat(0))
	still := ann.held(t, s.workload, s.inside)
	toBob := policy(d.seat(1)+"/32", "--client", ann.client)
	ann.Reaches(d.seat(1), lab.Patience)
	ann.oneWay(t, bob.Namespace, d.seat(1), d.seat(0))
	shared.operate(l, "sslpolicy", "remove", d.server, toBob)
	each := policy(d.pool.String())
	ann.Reaches(d.seat(1), lab.Patience)
	bob.Reaches(d.seat(0), lab.Patience)
	bob.silent(t, "the workload with a policy for people", s.inside)

	for _, id := range []string{one, each} {
		shared.operate(l, "sslpolicy", "remove", d.server, id)
	}
	closed := func(p *person, to string) {
		l.Eventually(lab.Patience, "the way is closed", func() error {
			if got := p.Ping(to, 1, "-I", "tun0", "-W", "0.3"); got.Received > 0 {
				return fmt.Errorf("%s answers", to)
			}
			return nil
		})
	}
	closed(ann, s.inside)
	if still.echoes(time.Second) {
		t.Error("a connection outlives its policy")
	}
	closed(ann, d.seat(1))
	closed(bob, d.seat(0))
}

// oneWay holds that somebody whom the person may reach, pinged or by TCP, begins nothing
// with the person.
func (p *person) oneWay(t *testing.T, other *lab.Namespace, at, own string) {
	t.Helper()
	tun := p.Capture("tun0")
	if got := other.Ping(own, 2, "-W", "0.3"); got.Received > 0 {
		t.Errorf("%s begins to talk to a client: %v", at, got)
	}
	_, _ = other.Try("bash", "-c", fmt.Sprintf("echo x >/dev/udp/%[1]s/9; timeout 0.3 bash -c 'echo >/dev/tcp/%[1]s/9'", own))
	if c := p.held(t, other, at); !c.echoes(lab.Patience) {
		t.Errorf("%s does not answer a client", at)
	}
	p.Reaches(at, lab.Patience)
	sees(t, tun, at)
	for _, got := range tun.Packets(func(p lab.Packet) bool { return !p.Out }) {
		if answers := got.SrcPort == heldPort || got.Proto == syscall.IPPROTO_ICMP && got.Payload[0] == 0; !answers {
			t.Errorf("a client got %v", got)
		}
	}
}

// heldPort is where held listens.
const heldPort = 4007

// held is a TCP connection of a person's, whose far end sends back what it gets.
type held struct{ net.Conn }

func (p *person) held(t *testing.T, other *lab.Namespace, at string) held {
	t.Helper()
	at = fmt.Sprintf("%s:%d", at, heldPort)
	l, err := other.Listen("tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	far := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			far <- c
			_, _ = io.Copy(c, c)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	c, err := p.Dial(ctx, "tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	select {
	case end := <-far:
		t.Cleanup(func() { _ = end.Close() })
	case <-ctx.Done():
		t.Fatal("nobody accepts")
	}
	h := held{c}
	if !h.echoes(lab.Patience) {
		t.Fatalf("%s accepts and does not answer", at)
	}
	return h
}

// echoes reports whether a byte comes back in time.
func (h held) echoes(within time.Duration) bool {
	_, err := h.Write([]byte("x"))
	if err == nil {
		err = h.SetReadDeadline(time.Now().Add(within))
	}
	if err == nil {
		_, err = h.Read(make([]byte, 1))
	}
	return err == nil
}

// TestPlaces fills a server: the client range holds as many certificates as it has places,
// MaxConnection as many sessions, and each refuses one more in its own way.
func TestPlaces(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.land(l)
	small := s.dialIn(l, 5, "172.30.3.0/29", nil)
	five := small.people(l, "p1", "p2", "p3", "p4", "p5")
	for _, names := range [][]string{{"p6"}, {"p7", "p8"}} {
		if _, err := shared.try("CreateVpnGatewaySslClient", obj{"SslVpnServerId": small.server, "SslVpnClientNames": names}); err == nil || !strings.Contains(err.Error(), "LimitExceeded") {
			t.Errorf("%v beside a full range: %v", names, err)
		}
	}
	for _, p := range five {
		p.dial(l, small.profile(l, p.client))
	}
	for n, p := range five {
		p.Reaches(s.inside, 2*lab.Patience)
		if in, _ := small.connected(l); in[p.client] != small.seat(n) {
			t.Errorf("%d of the five is at %s, not at %s", n, in[p.client], small.seat(n))
		}
	}
	// A place is free again when its client is gone; nobody else has to move.
	shared.began(l, "DeleteVpnGatewaySslClient", "", obj{"SslVpnClientId": five[2].client})
	small.out(l, five[2].client, time.Now())
	var made obj
	l.Eventually(lab.Patience, "there is a place again", func() (err error) {
		made, err = shared.try("CreateVpnGatewaySslClient", obj{"SslVpnServerId": small.server, "SslVpnClientName": "p9"})
		return err
	})
	five[2].openvpn.Kill()
	sixth := &person{Namespace: five[2].Namespace, client: text(made, "SslVpnClientId")}
	small.ready(l, sixth.client)
	small.comesIn(l, sixth, s.inside)
	if in, _ := small.connected(l); in[sixth.client] != small.seat(2) {
		t.Errorf("the sixth is at %s", in[sixth.client])
	}

	// MaxConnection: the range has room for many more.
	d := s.dialIn(l, 5, "172.30.4.0/24", nil)
	six := d.people(l, "q1", "q2", "q3", "q4", "q5", "q6")
	for _, p := range six[:5] {
		d.comesIn(l, p, s.inside)
	}
	last := six[5]
	last.dial(l, d.profile(l, last.client))
	d.refusal(l, "full", 0) // in what debug shows
	shared.metric(l, fmt.Sprintf("reason=%q,sslserver=%q", "full", d.server), "gatewright_sslserver_refused_total", above(0))
	shared.logged(l, "client refused", "server="+d.server, "client="+last.client, "why=full")
	if last.times() > 0 {
		t.Error("one too many came in")
	}
	// Who leaves makes room, and so does who is thrown out.
	if err := six[1].openvpn.Stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	last.Reaches(s.inside, 2*lab.Patience)
	six[1].dial(l, d.profile(l, six[1].client))
	shared.call(l, "DisableVpnGatewaySslClientCert", obj{"SslVpnClientId": six[0].client})
	six[1].Reaches(s.inside, 2*lab.Patience)
}

// certificate is the pair in a profile.
var certificate = regexp.MustCompile(`(?s)<cert>.*</key>\n`)

// TestRevoked ends sessions by each call that can, and holds that what was revoked stays
// out: also its certificate under another client's name, or at another account's server.
// How fast sessions end is TestCutOff's to measure.
func TestRevoked(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.land(l)
	d := s.dialIn(l, 5, "172.30.5.0/24", nil)
	people := d.people(l, "ann", "bob", "cem")
	ann, bob, cem := people[0], people[1], people[2]
	for _, p := range people {
		d.comesIn(l, p, s.inside)
	}
	stay := cem.PingStart(s.inside)
	revoked := func(p *person, action string, params obj) {
		t.Helper()
		shared.call(l, action, params)
		d.out(l, p.client, time.Now())
		p.silent(t, "the workload after "+action, s.inside)
	}
	_, before := d.connected(l)
	revoked(ann, "DisableVpnGatewaySslClientCert", obj{"SslVpnClientId": ann.client})
	d.refusal(l, "unknown", before["unknown"])
	shared.call(l, "EnableVpnGatewaySslClientCert", obj{"SslVpnClientId": ann.client})
	ann.Reaches(s.inside, 2*lab.Patience) // with the same certificate, by itself

	old := d.profile(l, ann.client)
	revoked(ann, "ModifyVpnGatewaySslClientCert", obj{"SslVpnClientIds": []string{ann.client}})
	d.refusal(l, "replaced", before["replaced"])
	ann.openvpn.Kill()
	d.ready(l, ann.client)
	fresh := d.profile(l, ann.client)
	if fresh == old {
		t.Error("the profile is the old one")
	}
	d.comesIn(l, ann, s.inside)

	gone := d.profile(l, bob.client)
	revoked(bob, "DeleteVpnGatewaySslClient", obj{"SslVpnClientId": bob.client})
	bob.openvpn.Kill()
	l.Eventually(lab.Patience, "the client is gone", func() error {
		if out := shared.describe(l, "DescribeVpnGatewaySslClients", "SslVpnClientIds", bob.client, "SslVpnClientSet"); out != nil {
			return fmt.Errorf("%v", out)
		}
		return nil
	})
	again := d.people(l, "bob")[0] // the same name
	if again.client == bob.client {
		t.Error("a new client has the id of a deleted one")
	}
	_, before = d.connected(l)
	bob.dial(l, gone)
	d.refusal(l, "unknown", before["unknown"])
	bob.openvpn.Kill()
	d.comesIn(l, again, s.inside)

	// Another account's people, with this server's address, and with all that is secret of it.
	theirs := shared.as(l, fmt.Sprintf("dial-in-%d", offices.Add(1))).land(l)
	stranger := theirs.dialIn(l, 5, "172.30.5.0/24", nil)
	eve := stranger.people(l, "eve")[0]
	profile := stranger.profile(l, eve.client)
	eve.dial(l, strings.Replace(profile, "remote "+stranger.public, "remote "+d.public, 1))
	wire := eve.Capture("wan0") // also what is flooded to everybody on the uplink
	l.Eventually(lab.Patience, "eve calls", func() error {
		if n := len(wire.Packets(func(p lab.Packet) bool { return p.Out && p.DstPort == 1194 })); n < 2 {
			return fmt.Errorf("%d packets", n)
		}
		return nil
	})
	own := strings.TrimSuffix(between(eve.Run("ip", "-o", "-4", "addr", "show", "wan0"), "inet ", " "), "/16")
	if heard := wire.Packets(func(p lab.Packet) bool { return p.SrcPort == 1194 && p.Dst.String() == own }); len(heard) > 0 {
		t.Errorf("a stranger is answered: %v", heard[0])
	}
	eve.openvpn.Kill()
	eve.dial(l, certificate.ReplaceAllLiteralString(fresh, certificate.FindString(profile)))
	l.Eventually(lab.Patience, "eve is turned away", func() error {
		log, err := os.ReadFile(filepath.Join(shared.runtime, "openvpn-"+d.server+".log"))
		if err == nil && !strings.Contains(string(log), "VERIFY ERROR") {
			err = fmt.Errorf("%s", log)
		}
		return err
	})
	if n := eve.times(); n > 0 {
		t.Errorf("eve was let in %d times", n)
	}
	eve.openvpn.Kill()
	stranger.comesIn(l, eve, theirs.inside) // and is welcome at home

	t.Logf("figure: of the pings of one who stays meanwhile, %v", stay.Stop())
	if cem.times() != 1 {
		t.Errorf("who stays has connected %d times", cem.times())
	}
}

// TestHundreds makes 300 people by batches over HTTP; the last of them connects, at the last
// address. Then a batch is disabled and all are deleted.
func TestHundreds(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.land(l)
	d := s.dialIn(l, 500, "172.31.0.0/22", nil)
	const batches, size = 6, 50
	var last string
	began := time.Now()
	for b := range batches {
		names := make([]string, size)
		for i := range names {
			names[i] = fmt.Sprintf("person-%d-%d", b, i)
		}
		last = d.cloud.began(l, "CreateVpnGatewaySslClient", "SslVpnClientId", obj{"SslVpnServerId": d.server, "SslVpnClientNames": names})
	}
	t.Logf("figure: %d people made by %d calls in %v", batches*size, batches, time.Since(began).Round(time.Millisecond))
	var ids []string
	for offset := 0; ; offset += 100 {
		set, _ := shared.call(l, "DescribeVpnGatewaySslClients", obj{"Filters": []obj{{"Name": "ssl-vpn-server-id", "Values": []string{d.server}}}, "Offset": offset, "Limit": 100})["SslVpnClientSet"].([]any)
		if len(set) == 0 {
			break
		}
		for _, c := range set {
			ids = append(ids, text(c.(obj), "SslVpnClientId"))
		}
	}
	if len(ids) != batches*size {
		t.Fatalf("%d people", len(ids))
	}
	p := d.person(l, last)
	d.comesIn(l, p, s.inside)
	if in, _ := d.connected(l); in[last] != d.seat((batches-1)*size) {
		t.Errorf("the first of the last batch is at %s", in[last])
	}
	for b := range batches {
		some := ids[b*size : (b+1)*size]
		began := time.Now()
		shared.began(l, "DisableVpnGatewaySslClientCert", "", obj{"SslVpnClientIds": some})
		for _, id := range some {
			if id == last {
				t.Logf("figure: one of a disabled batch: gone after %v, its task's end included", d.out(l, last, began))
			}
		}
	}
	for b := range batches {
		shared.began(l, "DeleteVpnGatewaySslClient", "", obj{"SslVpnClientIds": ids[b*size : (b+1)*size]})
	}
	l.Eventually(lab.Patience, "the server may be deleted", func() error {
		_, err := shared.try("DeleteVpnGatewaySslServer", obj{"SslVpnServerId": d.server})
		return err
	})
}
