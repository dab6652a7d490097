package dataplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// storms is how many gateways come and go.
const storms = 500

// census counts what could leak.
type census struct {
	namespaces, processes, files, links, rules int // of the host
	goroutines, descriptors, machines, failing int // of the server
}

func (c *cloud) census() (census, error) {
	c.calls.CloseIdleConnections() // each has goroutines and a descriptor in the server
	m, err := c.metrics()
	if err != nil {
		return census{}, err
	}
	names := lab.Namespaces(c.prefix)
	processes := 0
	for _, name := range append(names, c.host.Name) {
		for _, pid := range lab.Pids(name) {
			if pid != os.Getpid() { // a thread of ours that has called from there
				processes++
			}
		}
	}
	files := 0
	err = filepath.WalkDir(c.runtime, func(string, fs.DirEntry, error) error { files++; return nil })
	links, err1 := c.host.Try("ip", "-o", "link")
	rules, err2 := c.host.Try("nft", "list", "ruleset")
	return census{
		namespaces: len(names), processes: processes, files: files, links: strings.Count(links, "\n"), rules: strings.Count(rules, "\n"),
		goroutines: int(m["go_goroutines"]), descriptors: int(m["process_open_fds"]),
		machines: int(m["gatewright_reconcile_machines"]), failing: int(m["gatewright_reconcile_failing_machines"]),
	}, errors.Join(err, err1, err2)
}

// settled is the census when it has been the same for a while.
func (c *cloud) settled(l *lab.Lab) (last census) {
	l.Helper()
	same := 0
	l.Eventually(30*time.Second, "the server is at rest", func() error {
		now, err := c.census()
		if err != nil {
			return err
		}
		if same++; now != last {
			same, last = 0, now
		}
		if same < 5 {
			return fmt.Errorf("%+v", now)
		}
		return nil
	})
	return last
}

// TestStorm creates and deletes gateways, some with a tunnel that negotiates, some before
// they stand, sixteen at a time. In the end nothing of them is left anywhere. It takes all
// of the machine, so it is alone.
func TestStorm(t *testing.T) {
	c := newCloud(t)
	l := lab.New(t)
	o := c.office(l, "", false)
	far := o.tunnel(&site{}, lab.IKEv2) // willing for every gateway
	o.Load(far.Text())
	var lands []*site
	for range 4 {
		vpc := text(c.call(l, "CreateVpc", obj{"VpcName": "storm", "CidrBlock": siteRange}), "Vpc", "VpcId")
		lands = append(lands, &site{cloud: c, vpc: vpc})
	}
	gust := func(n int) error {
		s := *lands[n%len(lands)]
		return s.gust(o, n)
	}
	c.each(t, 8, gust) // whatever is made once, and stays
	before := c.settled(l)

	began := time.Now()
	c.each(t, storms, gust)
	l.Eventually(60*time.Second, "everything is as before", func() error {
		if after, err := c.census(); err != nil || after != before {
			return fmt.Errorf("before %+v\nnow    %+v\n%v", before, after, err)
		}
		return nil
	})
	t.Logf("%d gateways came and went in %v; before and after: %+v", storms, time.Since(began).Round(time.Millisecond), before)
}

// each does something a number of times, up to sixteen at once.
func (c *cloud) each(t *testing.T, count int, do func(n int) error) {
	t.Helper()
	turns := make(chan int)
	var wg sync.WaitGroup
	for range min(count, 16) {
		wg.Go(func() {
			for n := range turns {
				if err := do(n); err != nil {
					t.Errorf("number %d: %v", n, err)
				}
			}
		})
	}
	for n := range count {
		turns <- n
	}
	close(turns)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// gust is the life of one gateway: every fourth has a connection, half of these until its
// tunnel is up, every third is left alone until it is AVAILABLE, the others go while they
// are being made.
func (s *site) gust(o *office, n int) error {
	c := s.cloud
	made, err := c.try("CreateVpnGateway", obj{"VpcId": s.vpc, "VpnGatewayName": "storm", "InternetMaxBandwidthOut": 5})
	if err != nil {
		return err
	}
	s.gateway = text(made, "VpnGateway", "VpnGatewayId")
	if n%3 == 0 {
		if err := lab.Poll(60*time.Second, func() error { return c.stands(s.gateway) }); err != nil {
			return err
		}
	}
	if n%4 == 0 {
		if err := s.fleeting(o, n%8 == 0); err != nil {
			return err
		}
	}
	// Refused while the connection is being deleted.
	return lab.Poll(60*time.Second, func() error {
		_, err := c.try("DeleteVpnGateway", obj{"VpnGatewayId": s.gateway})
		return err
	})
}

// fleeting makes a connection and deletes it, when it is up or at once.
func (s *site) fleeting(o *office, up bool) error {
	var id string
	err := lab.Poll(60*time.Second, func() error { // refused while the gateway is PENDING
		made, err := s.cloud.try("CreateVpnConnection", s.connection(o, lab.IKEv2, nil))
		id = text(made, "VpnConnection", "VpnConnectionId")
		return err
	})
	if err == nil && up {
		err = lab.Poll(60*time.Second, func() error { return s.cloud.carries(id) })
	}
	if err != nil {
		return err
	}
	return lab.Poll(60*time.Second, func() error {
		_, err := s.cloud.try("DeleteVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": id})
		return err
	})
}

// stands says why a gateway is not AVAILABLE.
func (c *cloud) stands(id string) error {
	return c.reads("DescribeVpnGateways", "VpnGatewayIds", id, "VpnGatewaySet", "State")
}

// carries says why a connection is not up.
func (c *cloud) carries(id string) error {
	return c.reads("DescribeVpnConnections", "VpnConnectionIds", id, "VpnConnectionSet", "NetStatus")
}

func (c *cloud) reads(action, ids, id, set, field string) error {
	out, err := c.try(action, obj{ids: []string{id}})
	if err != nil {
		return err
	}
	list, _ := out[set].([]any)
	if len(list) != 1 {
		return fmt.Errorf("there is no %s", id)
	}
	if got := text(list[0].(obj), field); got != "AVAILABLE" {
		return fmt.Errorf("%s is %s", id, got)
	}
	return nil
}
