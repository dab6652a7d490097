package dataplane

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// perVPC is how many gateways share a VPC, its router and its workload.
const perVPC = 10

// lands are sites that have no gateway yet.
func (c *cloud) lands(l *lab.Lab, count int) (out []*site) {
	l.Helper()
	var land *site
	for i := range count {
		if i%perVPC == 0 {
			land = c.land(l)
		}
		s := *land
		out = append(out, &s)
	}
	return out
}

// order asks for a site's gateway.
func (s *site) order(mbit int) error {
	made, err := s.cloud.try("CreateVpnGateway", obj{"VpcId": s.vpc, "VpnGatewayName": "speed", "InternetMaxBandwidthOut": mbit})
	if err != nil {
		return err
	}
	s.gateway, s.public = text(made, "VpnGateway", "VpnGatewayId"), text(made, "VpnGateway", "PublicIpAddress")
	return nil
}

// stand waits until there are so many gateways and all are AVAILABLE. Asking costs what is
// measured as little as it can: one call for all of them.
func (c *cloud) stand(count int) error {
	return promptly(20*time.Millisecond, func() error {
		m, err := c.metrics()
		if up := int(m["gatewright_gateway_up"]); err == nil && up != count {
			err = fmt.Errorf("%d of %d gateways are AVAILABLE", up, count)
		}
		return err
	})
}

// promptly asks again and again.
func promptly(every time.Duration, done func() error) (err error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); <-tick.C {
		if err = done(); err == nil {
			return nil
		}
	}
	return err
}

// atOnce does something for each of count at the same time.
func atOnce(t *testing.T, count int, do func(n int) error) {
	t.Helper()
	errs := make([]error, count)
	var wg sync.WaitGroup
	for n := range count {
		wg.Go(func() { errs[n] = do(n) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// tunnels measures gateways and their first tunnels, one after another and all at once.
func (v speeds) tunnels(t *testing.T) {
	c, l := newCloud(t), lab.New(t)
	alone := c.lands(l, v.alone)
	var took []time.Duration
	for _, s := range alone {
		began := time.Now()
		if err := s.order(100); err != nil {
			t.Fatal(err)
		}
		if err := promptly(2*time.Millisecond, func() error { return c.stands(s.gateway) }); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	v.row("CreateVpnGateway to AVAILABLE, alone", v.alone, spread(took), below(took, 150*time.Millisecond))

	together := c.lands(l, v.together)
	began := time.Now()
	atOnce(t, v.together, func(n int) error { return together[n].order(100) })
	if err := c.stand(v.alone + v.together); err != nil {
		t.Fatal(err)
	}
	last := time.Since(began)
	v.row("CreateVpnGateway to AVAILABLE, at once", v.together, "the last "+millis(last), allBelow(time.Second, last))

	sites := append(alone, together...)
	branches := c.branches(l, len(sites))
	willing(branches, sites)
	for i, s := range sites {
		s.route(l, branches[i].lan)
	}
	took = nil
	for i, s := range alone {
		took = append(took, s.firstPing(l, branches[i], "0.01"))
	}
	v.row("CreateVpnConnection to first ping, alone", v.alone, spread(took), below(took, 300*time.Millisecond))

	took = make([]time.Duration, v.together)
	atOnce(t, v.together, func(n int) (err error) {
		took[n], err = together[n].tryFirstPing(branches[v.alone+n], "0.1")
		return err
	})
	v.row("CreateVpnConnection to first ping, at once", v.together, "the last "+millis(slices.Max(took)), allBelow(5*time.Second, took...))
}

func (s *site) firstPing(l *lab.Lab, o *office, every string) time.Duration {
	l.Helper()
	took, err := s.tryFirstPing(o, every)
	if err != nil {
		l.Fatalf("%v", err)
	}
	return took
}

// answeredAt is when ping -D has seen an answer.
var answeredAt = regexp.MustCompile(`(?m)^\[(\d+\.\d+)\] \d+ bytes from`)

// tryFirstPing makes a connection under a ping and says when the first answer came.
func (s *site) tryFirstPing(o *office, every string) (time.Duration, error) {
	ping := s.workload.Start("ping", "-n", "-D", "-i", every, o.inside)
	defer ping.Stop(syscall.SIGINT)
	began := time.Now()
	if _, err := s.cloud.try("CreateVpnConnection", s.connection(o, lab.IKEv2, nil)); err != nil {
		return 0, err
	}
	var seen float64
	err := lab.Poll(60*time.Second, func() error {
		m := answeredAt.FindStringSubmatch(ping.Output())
		if m == nil {
			return fmt.Errorf("%s does not answer", o.inside)
		}
		seen, _ = strconv.ParseFloat(m[1], 64)
		return nil
	})
	return time.Duration((seen - float64(began.UnixMicro())/1e6) * 1e9), err
}

// neighbours edits one of the tunnels of a gateway while pings go through the others.
func (v speeds) neighbours(t *testing.T) {
	c, l := newCloud(t), lab.New(t)
	s := c.site(l, 100)
	branches := c.branches(l, v.together)
	sites := make([]*site, v.together)
	for i, o := range branches {
		sites[i] = s
		s.route(l, o.lan)
	}
	willing(branches, sites)
	ids := make([]string, v.together)
	began := time.Now()
	atOnce(t, v.together, func(n int) error {
		made, err := c.try("CreateVpnConnection", s.connection(branches[n], lab.IKEv2, nil))
		if err != nil {
			return err
		}
		ids[n] = text(made, "VpnConnection", "VpnConnectionId")
		if err := lab.Poll(60*time.Second, func() error { return c.carries(ids[n]) }); err != nil {
			return fmt.Errorf("%w: %s", err, c.why(ids[n]))
		}
		return nil
	})
	v.row("tunnels of one gateway, created at once, all up", v.together, millis(time.Since(began)), beside)

	var pings []*lab.Pings
	for _, o := range branches[1:] {
		s.workload.Reaches(o.inside, lab.Patience)
		pings = append(pings, s.workload.PingStart(o.inside, "-i", "0.05"))
	}
	for _, edit := range []obj{
		{"PreShareKey": "another key"}, {"DpdTimeout": "40"}, {"PreShareKey": branches[0].key},
		{"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": subnetRange, "RemoteCidrBlock": []string{branches[0].lan}}}},
	} {
		edit["VpnConnectionId"] = ids[0]
		c.call(l, "ModifyVpnConnectionAttribute", edit)
		s.workload.Ping(branches[1].inside, 100*v.seconds)
	}
	c.call(l, "ResetVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": ids[0]})
	s.workload.Ping(branches[1].inside, 100*v.seconds)
	// Not all at once: what waits for last answers would itself delay them.
	c.each(t, len(pings), func(n int) error { pings[n].Stop(); return nil })
	sent, lost := 0, 0
	for _, p := range pings {
		sent, lost = sent+p.Sent, lost+p.Lost()
	}
	v.row("lost on the others while one tunnel is edited", v.together, fmt.Sprintf("%d of %d packets", lost, sent), hold("0", lost == 0))
	if lost > 0 || sent < 20*len(pings) {
		t.Errorf("%d of %d packets were lost", lost, sent)
	}
}
