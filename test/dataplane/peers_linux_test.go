package dataplane

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestTwoBehindOneNAT has two offices behind one address, which two gateways can tell
// apart by the ports that the NAT box gives.
func TestTwoBehindOneNAT(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	first := shared.office(l, "", true)
	offices := []*office{first, first.housemate(l)}
	var sites []*site
	for i, o := range offices {
		s := shared.site(l, 100)
		s.route(l, o.lan)
		id := s.connect(l, o, lab.IKEv2, obj{"NegotiationType": "passive"})
		o.Load(o.tunnel(s, lab.IKEv2).Text())
		l.Eventually(lab.Patience, fmt.Sprintf("office %d calls", i+1), func() error { return o.Up("cloud-1") })
		s.netStatus(l, id, "AVAILABLE", lab.Patience)
		sites = append(sites, s)
	}
	var both []*lab.Pings
	for i, s := range sites {
		s.workload.Reaches(offices[i].inside, lab.Patience)
		both = append(both, s.workload.PingStart(offices[i].inside))
	}
	for i, o := range offices {
		if p := o.Ping(sites[i].inside, 30, "-I", o.inside); p.Lost() > 0 {
			t.Errorf("office %d to its VPC: %v", i+1, p)
		}
	}
	for i, p := range both {
		if p.Stop(); p.Lost() > 0 || p.Sent < 20 {
			t.Errorf("VPC %d to its office: %v", i+1, p)
		}
	}
}

// TestMoves has offices that are known by name alone and come from another address one
// day. The tunnel of the one that stays loses nothing.
func TestMoves(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, stays, _ := shared.joined(l)
	for _, version := range []string{lab.IKEv2, lab.IKEv1Aggressive} {
		o := shared.office(l, "", false)
		name := strings.ReplaceAll("branch-"+o.public, ".", "-")
		options := obj{"RemoteIdentity": "FQDN", "RemoteFqdnName": name}
		maps.Copy(options, ikeOptions(version))
		id := s.connect(l, o, version, obj{"NegotiationType": "passive", "IKEOptionsSpecification": options})
		s.route(l, o.lan)
		far := o.tunnel(s, version)
		far.LocalID = name
		call := func() {
			t.Helper()
			o.Load(far.Text())
			l.Eventually(lab.Patience, "the office calls", func() error { return o.Up("cloud-1") })
			s.netStatus(l, id, "AVAILABLE", lab.Patience)
			s.workload.Reaches(o.inside, lab.Patience)
			if p := s.workload.Ping(o.inside, 20); p.Lost() > 0 {
				t.Errorf("%s from %s: %v", version, far.Local, p)
			}
			s.counts(l, o, id, far.Local)
		}
		call()
		pings := s.workload.PingStart(stays.inside)
		moved := fmt.Sprintf("198.18.250.%d", offices.Add(1))
		o.Kill()
		o.Run("ip", "addr", "del", o.public+"/16", "dev", "wan0")
		o.Address("wan0", moved+"/16")
		o.Start()
		far.Local = moved
		call()
		if p := pings.Stop(); p.Lost() > 0 || p.Sent < 20 {
			t.Errorf("the neighbour: %v", p)
		}
	}
}

// counts waits until the gateway counts what an office sends from an address.
func (s *site) counts(l *lab.Lab, o *office, connection, from string) {
	l.Helper()
	const rule = `ip saddr %s counter name "in-%s"`
	gateway := l.Existing(s.cloud.prefix + s.gateway)
	l.Eventually(lab.Patience, "a counter for "+from, func() error {
		if rules := gateway.Run("nft", "list", "chain", "ip", "gatewright", "input"); !strings.Contains(rules, fmt.Sprintf(rule, from, connection)) {
			return fmt.Errorf("there is %s", rules)
		}
		return nil
	})
	counted := func() (packets int) {
		_, after, _ := strings.Cut(gateway.Run("nft", "list", "counter", "ip", "gatewright", "in-"+connection), "packets ")
		fmt.Sscan(after, &packets)
		return packets
	}
	before := counted()
	if p := s.workload.Ping(o.inside, 20); p.Lost() > 0 {
		l.Fatalf("%v", p)
	}
	if n := counted() - before; n < 20 {
		l.Fatalf("%d packets of 20 from %s are counted", n, from)
	}
}

// TestNewKey changes a pre-shared key and resets a connection by the API. Both take
// effect at once on that connection, and its neighbour on the gateway does not notice.
func TestNewKey(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, near, _ := shared.joined(l)
	o := shared.office(l, "", false)
	id := s.join(l, o)
	pings, sa := s.workload.PingStart(near.inside), near.association()

	shared.call(l, "ModifyVpnConnectionAttribute", obj{"VpnConnectionId": id, "PreShareKey": "the \"new\" key"})
	s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
	if p := s.workload.Ping(o.inside, 20); p.Received > 0 {
		t.Errorf("with the old key: %v", p)
	}
	l.Eventually(lab.Patience, "the reason", func() error {
		if why := shared.why(id); !strings.Contains(between(why, `"cause": "`, `"`), "key") {
			return fmt.Errorf("it says %s", why)
		}
		return nil
	})
	o.key = "the \"new\" key"
	o.Load(o.tunnel(s, lab.IKEv2).Text())
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)

	before := o.association()
	shared.call(l, "ResetVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": id})
	l.Eventually(lab.Patience, "the association is a new one", func() error {
		if now := o.association(); now == "" || now == before {
			return fmt.Errorf("%q, before %q", now, before)
		}
		return nil
	})
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 50 || near.association() != sa {
		t.Errorf("the neighbour: %v, %q, before %q", p, near.association(), sa)
	}
}

// TestKeys gives a connection one key after the other that some program would read as
// something else than it is. Each goes through the API and the store as it was written.
func TestKeys(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, id := shared.joined(l)
	for _, key := range []string{"0x6162636465", "0sYWJjZGU=", `"quoted"`, "  blanks  ", `back\slash }{ # % $(id) '`, "%any", strings.Repeat("k", 128)} {
		before := o.association()
		o.key = key
		o.Load(o.tunnel(s, lab.IKEv2).Text())
		// While the change before is on its way, another is refused.
		l.Eventually(lab.Patience, "the change is taken", func() error {
			_, err := shared.try("ModifyVpnConnectionAttribute", obj{"VpnConnectionId": id, "PreShareKey": key})
			return err
		})
		l.Eventually(lab.Patience, "a tunnel with the key "+key, func() error {
			if now := o.association(); now == "" || now == before {
				return fmt.Errorf("%q, before %q\n%s", now, before, shared.why(id))
			}
			return nil
		})
		s.workload.Reaches(o.inside, lab.Patience)
		if got := text(shared.connection(l, id), "PreShareKey"); got != key {
			t.Errorf("%s reads %s", key, got)
		}
	}
}

// TestManyPairs has two ranges at an office that has a child for each: in IKEv1, which knows
// no other, and in IKEv2, where it narrows what it is asked for to one of them. Both ranges are
// reached, and an office that lacks one is not up, which is told with the range.
func TestManyPairs(t *testing.T) {
	for _, version := range []string{lab.IKEv1Main, lab.IKEv2} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			s, o := shared.site(l, 100), shared.office(l, "", false)
			number := offices.Add(1)
			other := fmt.Sprintf("172.%d.%d.0/24", 20+number/200, number%200)
			inside := strings.Replace(other, ".0/24", ".1", 1)
			o.Address("lo", inside+"/24")
			s.route(l, o.lan)
			s.route(l, other)
			far := o.tunnel(s, version)
			far.Singly = true
			o.Load(far.Text())
			id := s.connect(l, o, version, obj{"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": siteRange, "RemoteCidrBlock": []string{o.lan, other}}}})
			l.Eventually(lab.Patience, "the first pair", func() error {
				if !strings.Contains(o.SAs(), "INSTALLED") {
					return fmt.Errorf("the office has %s\n%s", o.SAs(), shared.why(id))
				}
				return nil
			})
			s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
			s.workload.Reaches(o.inside, lab.Patience)
			l.Eventually(lab.Patience, "the missing range is told", func() error {
				if why := between(shared.why(id), `"cause": "`, `"`); !strings.Contains(why, "missing: "+siteRange+" - "+other) {
					return fmt.Errorf("it says %q\n%s", why, shared.why(id))
				}
				return nil
			})
			far.LocalTS = []string{o.lan, other}
			o.Load(far.Text())
			s.netStatus(l, id, "AVAILABLE", lab.Patience)
			for _, to := range []string{o.inside, inside} {
				s.workload.Reaches(to, lab.Patience)
				if p := s.workload.Ping(to, 20); p.Lost() > 0 {
					t.Errorf("%s: %v", to, p)
				}
			}
			if n := strings.Count(o.SAs(), "INSTALLED"); n != 2 {
				t.Errorf("%d CHILD_SAs:\n%s", n, o.SAs())
			}
		})
	}
}

// association is the office's IKE_SA, by its SPIs; empty when there is none. One that is
// being replaced, or has been, is none.
func (o *office) association() string {
	for line := range strings.Lines(o.SAs()) {
		if strings.HasPrefix(line, "cloud: #") && strings.Contains(line, "ESTABLISHED") {
			return between(line, "ESTABLISHED", "*") + between(line, "*", "\n")
		}
	}
	return ""
}

// TestSilentOffice cuts an office off without a word: the API says so within the DPD
// timeout and five seconds, and the tunnel is back by itself afterwards.
func TestSilentOffice(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o := shared.site(l, 100), shared.office(l, "", false)
	o.Load(o.tunnel(s, lab.IKEv2).Text())
	s.route(l, o.lan)
	id := s.connect(l, o, lab.IKEv2, obj{"DpdEnable": 1, "DpdTimeout": "6", "DpdAction": "restart"})
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)
	o.Run("nft", "add table ip quiet; add chain ip quiet in { type filter hook input priority 0; policy drop; }; add chain ip quiet out { type filter hook output priority 0; policy drop; }")
	began := time.Now()
	s.netStatus(l, id, "UNAVAILABLE", 11*time.Second)
	took := time.Since(began)
	t.Logf("a timeout of 6 s: UNAVAILABLE after %v", took.Round(time.Millisecond))
	if took < 3*time.Second {
		t.Errorf("UNAVAILABLE after %v already", took)
	}
	s.scrape(l, "the dead peer is counted", func(all map[string]float64) error {
		if n := all[fmt.Sprintf("gatewright_connection_dpd_failures_total{connection=%q,gateway=%q}", id, s.gateway)]; n < 1 {
			return fmt.Errorf("%v are", n)
		}
		return nil
	})
	o.Run("nft", "delete table ip quiet")
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)
}

// fresh is how long after a change of a CHILD_SA the API may still say what was before.
const fresh = time.Second

// TestFirstPacket has tunnels that wait for traffic: the first packet brings one up, and
// again after the office has ended it. The API says so within a second; a busy machine may
// be late half of the times, a broken product is more often.
func TestFirstPacket(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	var ups, downs []time.Duration
	for _, kind := range []string{"Policy", "StaticRoute"} {
		o, more := shared.office(l, "", false), obj{"NegotiationType": "flowTrigger"}
		far := o.tunnel(s, lab.IKEv2)
		if kind == "StaticRoute" {
			far, more["RouteType"] = routed(far), kind
		}
		o.Load(far.Text())
		id := s.connect(l, o, lab.IKEv2, more)
		if kind == "StaticRoute" {
			s.gatewayRoute(l, o.lan, id, 0)
		}
		l.Eventually(lab.Patience, "the connection is made", func() error {
			if state := text(shared.connection(l, id), "State"); state != "AVAILABLE" {
				return fmt.Errorf("%s", state)
			}
			return nil
		})
		s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
		s.route(l, o.lan)
		if sa := o.association(); sa != "" {
			t.Errorf("%s: up without a packet: %s", kind, sa)
		}
		for range 2 {
			s.workload.Reaches(o.inside, lab.Patience)
			began := time.Now()
			s.netStatus(l, id, "AVAILABLE", lab.Patience)
			ups = append(ups, time.Since(began).Round(time.Millisecond))
			if err := o.Down("cloud"); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			ended := time.Now()
			s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
			downs = append(downs, time.Since(ended).Round(time.Millisecond))
		}
	}
	t.Logf("the API says that a tunnel is up %v after the first packet, and that it is down %v after the office has ended it", ups, downs)
	for _, late := range [][]time.Duration{ups, downs} {
		slices.Sort(late)
		if late[(len(late)-1)/2] > fresh {
			t.Errorf("the API is late by more than %v most of the times: %v", fresh, late)
		}
	}
}

// TestLacking asks for what this host's daemon does not have: the API says so, names the
// input, and makes nothing.
func TestLacking(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o := shared.site(l, 100), shared.office(l, "", false)
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		for input, more := range map[string]obj{
			"PropoEncryAlgorithm": {"IKEOptionsSpecification": with(ikeOptions(version), "PropoEncryAlgorithm", "SM4")},
			"EncryptAlgorithm":    {"IPSECOptionsSpecification": obj{"EncryptAlgorithm": "SM4"}},
			"IntegrityAlgorith":   {"IPSECOptionsSpecification": obj{"IntegrityAlgorith": "SM3"}},
		} {
			out, err := shared.try("CreateVpnConnection", s.connection(o, version, more))
			if err == nil || !strings.Contains(err.Error(), "Code=UnsupportedOperation,") || !strings.Contains(err.Error(), input) || !strings.Contains(err.Error(), "`SM") {
				t.Errorf("%s, %s: %v, %v", version, input, out, err)
			}
		}
	}
	list := shared.call(l, "DescribeVpnConnections", obj{"Filters": []obj{{"Name": "vpn-gateway-id", "Values": []string{s.gateway}}}})
	if n, _ := list["TotalCount"].(float64); n != 0 {
		t.Errorf("%v connections were made", n)
	}
}

func with(o obj, key, value string) obj {
	o[key] = value
	return o
}
