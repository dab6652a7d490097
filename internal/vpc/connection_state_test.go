package vpc

import (
	"testing"
	"time"
)

func TestHostedConnection(t *testing.T) {
	host := &Host{Name: "h", Engine: "kernel"}
	const quiet, none = "host h has not reported yet", ""
	probed := HealthCheck{Enable: true}
	for _, c := range []struct {
		name   string
		health HealthCheck
		host   *Host
		seen   *ConnectionStatus
		state  ConnectionState
		stuck  bool
		net    string
		check  string
		cause  string
	}{
		{"host gone", HealthCheck{}, nil, nil, ConnectionPending, true, NetDown, none, "host h is gone"},
		{"no engine", HealthCheck{}, &Host{Name: "h"}, nil, ConnectionPending, false, NetDown, none, "host h has no engine to encrypt with"},
		{"nothing said", HealthCheck{}, host, nil, ConnectionPending, false, NetDown, none, quiet},
		{"refused", HealthCheck{}, host, &ConnectionStatus{Cause: "no such cipher"}, ConnectionPending, true, NetDown, none, "no such cipher"},
		{"held, not up", HealthCheck{}, host, &ConnectionStatus{Generation: 2}, ConnectionAvailable, false, NetDown, none, "negotiating"},
		{"held, wrong key", HealthCheck{}, host, &ConnectionStatus{Generation: 2, Cause: "wrong key"}, ConnectionAvailable, false, NetDown, none, "wrong key"},
		{"up", HealthCheck{}, host, &ConnectionStatus{Generation: 2, Up: true}, ConnectionAvailable, false, NetUp, none, none},
		{"up, being changed", HealthCheck{}, host, &ConnectionStatus{Generation: 1, Up: true}, ConnectionUpdating, false, NetUp, none, none},
		{"up, change refused", HealthCheck{}, host, &ConnectionStatus{Generation: 1, Up: true, Cause: "no such cipher"}, ConnectionUpdating, true, NetUp, none, none},
		{"up, not healthy", probed, host, &ConnectionStatus{Generation: 2, Up: true}, ConnectionAvailable, false, NetDown, NetDown, "the health check gets no answer"},
		{"up and healthy", probed, host, &ConnectionStatus{Generation: 2, Up: true, Healthy: true}, ConnectionAvailable, false, NetUp, NetUp, none},
		{"nothing said of the probe", probed, host, nil, ConnectionPending, false, NetDown, NetDown, quiet},
	} {
		x := &Connection{Generation: 2, Created: 1, Health: c.health}
		s := &Sighting{Gateway: &Gateway{Host: "h"}, Host: c.host, Seen: c.seen}
		if got := x.State(s, Instant(time.Hour), time.Second); got != c.state {
			t.Errorf("%s: %s, want %s", c.name, got, c.state)
		}
		if got := x.Stuck(s); got != c.stuck {
			t.Errorf("%s: stuck %v, want %v", c.name, got, c.stuck)
		}
		if net, check := x.NetStatus(s), x.HealthStatus(s); net != c.net || check != c.check {
			t.Errorf("%s: net %s, health %s, want %s, %s", c.name, net, check, c.net, c.check)
		}
		if cause, _ := x.TunnelCause(s); cause != c.cause {
			t.Errorf("%s: cause %q, want %q", c.name, cause, c.cause)
		}
		x.Deleted = 1
		if got := x.State(s, 1, time.Second); got != ConnectionDeleting {
			t.Errorf("%s, deleted: %s", c.name, got)
		}
	}
}

func TestUnhostedConnection(t *testing.T) {
	x := &Connection{Created: 1, Health: HealthCheck{Enable: true}}
	s := &Sighting{Gateway: &Gateway{}}
	cause, _ := x.TunnelCause(s)
	if x.NetStatus(s) != NetDown || x.HealthStatus(s) != NetDown || x.Stuck(s) || cause != CauseNoPlane {
		t.Errorf("%s, %s, %v, %q", x.NetStatus(s), x.HealthStatus(s), x.Stuck(s), cause)
	}
}
