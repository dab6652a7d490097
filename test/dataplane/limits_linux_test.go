package dataplane

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestFlowLimits limits one machine of a subnet through a gateway, blocks it, and lets it
// go again, in both directions; the machine beside it does not notice.
func TestFlowLimits(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, o, _ := shared.joined(l)
	other, _ := s.attach(l, s.subnet, "other")
	other.Reaches(o.inside, lab.Patience)
	s.limit(l, 5)
	for what, send := range map[string]func() float64{
		"to the office": func() float64 { return s.workload.Iperf(o.Namespace, o.inside, 3*time.Second, "-O", "1") },
		"to the cloud": func() float64 {
			return o.Iperf(s.workload, s.inside, 3*time.Second, "-O", "1", "-B", o.inside, "-C", "cubic")
		},
	} {
		l.Eventually(time.Minute, "the most of 5 Mbit/s "+what, func() error {
			got := send()
			t.Logf("%s: %.2f Mbit/s", what, got)
			if got > 6.5 { // what may pass after a pause is 1 Mbit
				t.Fatalf("%s: %.2f Mbit/s pass", what, got)
			}
			if got < 2.5 { // as on a machine with much else to do
				return fmt.Errorf("%.2f", got)
			}
			return nil
		})
	}
	l.Eventually(time.Minute, "the other machine is not limited", func() error {
		if got := other.Iperf(o.Namespace, o.inside, time.Second); got < 10 {
			return fmt.Errorf("it gets %.2f Mbit/s", got)
		}
		return nil
	})

	s.limit(l, 0)
	if p := s.workload.Ping(o.inside, 20); p.Received > 0 {
		t.Errorf("blocked, to the office: %v", p)
	}
	if p := o.Ping(s.inside, 20, "-I", o.inside); p.Received > 0 {
		t.Errorf("blocked, to the cloud: %v", p)
	}
	if p := other.Ping(o.inside, 20); p.Lost() > 0 {
		t.Errorf("the other machine: %v", p)
	}
	s.limit(l, -1)
	s.workload.Reaches(o.inside, lab.Patience)
}

// limit limits the site's workload, and returns when the gateway's rules say so.
func (s *site) limit(l *lab.Lab, mbit int) {
	l.Helper()
	s.cloud.call(l, "ModifyGatewayFlowQos", obj{"GatewayId": s.gateway, "Bandwidth": mbit, "IpAddresses": []string{s.inside}})
	seen := s.cloud.call(l, "DescribeGatewayFlowQos", obj{"GatewayId": s.gateway})
	if n, _ := seen["TotalCount"].(float64); n == 0 != (mbit < 0) {
		l.Fatalf("after %d: %v", mbit, seen)
	}
	l.Eventually(lab.Patience, fmt.Sprintf("a limit of %d", mbit), func() error {
		var rules []string
		for line := range strings.Lines(l.Existing(s.cloud.prefix+s.gateway).Run("nft", "list", "chain", "ip", "gatewright", "forward")) {
			if strings.Contains(line, " "+s.inside+" ") && strings.Contains(line, " limit ") == (mbit > 0) {
				rules = append(rules, line)
			}
		}
		if (len(rules) == 2) != (mbit >= 0) {
			return fmt.Errorf("it has %q", rules)
		}
		return nil
	})
}
