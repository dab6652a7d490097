package dataplane

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// metrics are what the server counts, each the sum of its series.
func (c *cloud) metrics() (map[string]float64, error) {
	all, err := c.series()
	out := map[string]float64{}
	for name, value := range all {
		name, _, _ = strings.Cut(name, "{")
		out[name] += value
	}
	return out, err
}

// series are what the server tells, by their names with their labels.
func (c *cloud) series() (map[string]float64, error) {
	// A connection of its own each time, so that there is none when it counts goroutines
	// but the one that asks.
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: c.host.Dial, DisableKeepAlives: true}}
	answer, err := client.Get("http://" + metricsEndpoint + "/metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", answer.Status)
	}
	out := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		cut := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[cut+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %s: %w", line, err)
		}
		out[line[:cut]] = value
	}
	return out, lines.Err()
}

// TestMetrics scrapes a server that carries a tunnel which is up and one whose office is
// not there: every family has its series, what is down is 0, and what passes is counted.
func TestMetrics(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, up, down := shared.site(l, 100), shared.office(l, "", false), shared.office(l, "", false)
	up.Address("lo", "169.254.131.2/32")
	up.Load(routed(up.tunnel(s, lab.IKEv2)).Text())
	s.route(l, up.lan)
	id := s.connect(l, up, lab.IKEv2, obj{"RouteType": "StaticRoute", "EnableHealthCheck": true, "HealthCheckLocalIp": "169.254.131.1", "HealthCheckRemoteIp": "169.254.131.2",
		"HealthCheckConfig": obj{"ProbeType": "NQA", "ProbeInterval": 1000, "ProbeThreshold": 3, "ProbeTimeout": 500}})
	s.gatewayRoute(l, up.lan, id, 0)
	silent := s.connect(l, down, lab.IKEv2, nil)
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	s.workload.Reaches(up.inside, lab.Patience)
	of := func(family, connection string) string {
		return fmt.Sprintf("gatewright_%s{connection=%q,gateway=%q}", family, connection, s.gateway)
	}
	const in, out = "in", "out"
	directed := func(family, connection, direction string) string {
		return fmt.Sprintf("gatewright_%s{connection=%q,direction=%q,gateway=%q}", family, connection, direction, s.gateway)
	}
	before := s.scrape(l, "everything has its series", func(all map[string]float64) error {
		want := map[string]float64{
			of("connection_up", id): 1, of("connection_up", silent): 0, of("connection_ike_sas", id): 1, of("connection_child_sas", id): 1,
			of("connection_child_sas", silent): 0, of("probe_healthy", id): 1, fmt.Sprintf("gatewright_gateway_up{gateway=%q}", s.gateway): 1,
		}
		for name, value := range want {
			if got, ok := all[name]; !ok || got != value {
				return fmt.Errorf("%s is %v (there: %v)", name, got, ok)
			}
		}
		return anySeries(all, of("connection_rekeys_total", id), of("connection_dpd_failures_total", id), of("connection_rekeys_total", silent),
			directed("connection_bytes_total", silent, in), of("probe_sent_total", id), of("probe_lost_total", id), of("probe_rtt_seconds", id),
			"gatewright_reconcile_passes_total", "gatewright_reconcile_faults_total", "gatewright_reconcile_machines", "gatewright_reconcile_failing_machines",
			`gatewright_api_calls_total{action="CreateVpnConnection",code="OK"}`, "gatewright_store_revision", `gatewright_rows{table="gateways"}`,
			directed("connection_packets_total", id, in), directed("connection_packets_total", id, out))
	})
	if p := s.workload.Ping(up.inside, 50, "-s", "1000"); p.Lost() > 0 {
		t.Errorf("to the office: %v", p)
	}
	grown := func(least map[string]float64) func(map[string]float64) error {
		return func(now map[string]float64) error {
			for name, n := range least {
				if got := now[name] - before[name]; got < n {
					return fmt.Errorf("%s has grown by %v, want %v", name, got, n)
				}
			}
			return nil
		}
	}
	passed := map[string]float64{
		directed("connection_bytes_total", id, in): 50 * 1000, directed("connection_bytes_total", id, out): 50 * 1000,
		directed("connection_packets_total", id, in): 50, directed("connection_packets_total", id, out): 50, of("probe_sent_total", id): 1,
	}
	s.scrape(l, "what has passed is counted", grown(passed))
	if err := up.RekeyChild("cloud-1"); err != nil {
		t.Error(err)
	}
	passed[of("connection_rekeys_total", id)] = 1
	s.scrape(l, "a new SA is counted, and what the old one carried is not forgotten", grown(passed))
	up.Kill()
	s.scrape(l, "a tunnel whose office is gone is 0", func(now map[string]float64) error {
		if got, ok := now[of("connection_up", id)]; !ok || got != 0 {
			return fmt.Errorf("it is %v (there: %v)", got, ok)
		}
		return nil
	})
}

// scrape scrapes until the series are as wanted.
func (s *site) scrape(l *lab.Lab, what string, wanted func(map[string]float64) error) (all map[string]float64) {
	l.Helper()
	l.Eventually(2*lab.Patience, what, func() (err error) {
		if all, err = s.cloud.series(); err != nil {
			return err
		}
		return wanted(all)
	})
	return all
}

// anySeries misses the first series that is not there, whatever its value.
func anySeries(all map[string]float64, names ...string) error {
	for _, n := range names {
		if _, ok := all[n]; !ok {
			return fmt.Errorf("there is no %s", n)
		}
	}
	return nil
}
