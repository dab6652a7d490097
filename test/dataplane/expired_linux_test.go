package dataplane

import (
	"log/slog"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestExpired lets the term of a prepaid gateway end while its server is down: the next
// run lets nothing pass, either way, until the gateway is renewed.
func TestExpired(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	c := newCloud(t)
	s, o, id := c.joined(l)
	c.stop()
	if p := s.workload.Ping(o.inside, 20); p.Lost() > 0 {
		t.Errorf("while the server is down: %v", p)
	}
	c.expire(t, vpc.GatewayID(s.gateway))
	c.start()
	l.Eventually(lab.Patience, "nothing passes", func() error {
		if s.workload.Ping(o.inside, 1, "-W", "0.2").Received > 0 {
			return errPasses
		}
		return nil
	})
	if state := text(c.gateway(l, s.gateway), "RestrictState"); state != "PROTECTIVELY_ISOLATED" {
		t.Errorf("the gateway is %s", state)
	}
	s.netStatus(l, id, "UNAVAILABLE", lab.Patience)
	if p := s.workload.Ping(o.inside, 20); p.Received > 0 {
		t.Errorf("to the office: %v", p)
	}
	if p := o.Ping(s.inside, 20, "-I", o.inside); p.Received > 0 {
		t.Errorf("to the cloud: %v", p)
	}
	c.call(l, "RenewVpnGateway", obj{"VpnGatewayId": s.gateway, "InstanceChargePrepaid": obj{"Period": 1, "RenewFlag": "NOTIFY_AND_MANUAL_RENEW"}})
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(o.inside, lab.Patience)
}

// expire makes a gateway a prepaid one whose term is just over. The server is down.
func (c *cloud) expire(t *testing.T, id vpc.GatewayID) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{DataDir: c.dir, MinFree: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("%v", err)
	}
	_, err = st.Update(t.Context(), func(tx *store.Tx) error {
		row, _ := store.Gateways.Get(tx, id)
		g := *row
		g.Charge, g.Rate, g.RateSince, g.RenewFlag = vpc.Prepaid, 0, 0, vpc.RenewManually
		g.Expires, g.Due = tx.Now(), tx.Now()
		g.Generation++
		store.Gateways.Put(tx, &g)
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatalf("%v", err)
	}
}
