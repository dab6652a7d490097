package dataplane

import (
	"fmt"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestServerDiesUnderPeople kills the server and starts it again, then stops it as an
// operator would, while somebody is dialled in: packets do not notice, the process and
// the session are those of before, and who is thrown out afterwards goes.
func TestServerDiesUnderPeople(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	l := lab.New(t)
	s := c.land(l)
	d := s.dialIn(l, 5, "172.30.1.0/24", nil)
	ann := d.people(l, "ann")[0]
	d.comesIn(l, ann, s.inside)
	before := fmt.Sprint(lab.Pids(c.prefix + d.gateway))

	pings := ann.PingStart(s.inside)
	c.kill()
	c.start()
	c.sslReads(l, d.server, 6, `"up"`)
	c.stop()
	c.start()
	c.sslReads(l, d.server, 6, `"up"`)
	l.Eventually(lab.Patience, "ann's session is known again", func() error {
		if in, _ := d.connected(l); in[ann.client] != d.seat(0) {
			return fmt.Errorf("%v", in)
		}
		return nil
	})
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 20 {
		t.Errorf("under kill -9 and a restart: %v", p)
	}
	if after := fmt.Sprint(lab.Pids(c.prefix + d.gateway)); after != before {
		t.Errorf("processes were %s, are %s", before, after)
	}
	if n := ann.times(); n != 1 {
		t.Errorf("ann was let in %d times", n)
	}
	c.call(l, "DisableVpnGatewaySslClientCert", obj{"SslVpnClientId": ann.client})
	l.Eventually(lab.Patience, "ann is out", func() error {
		if in, _ := d.connected(l); len(in) > 0 {
			return fmt.Errorf("%v", in)
		}
		return nil
	})
}
