package dataplane

import (
	"fmt"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestCCN has gateways of type CCN, which stand in no VPC: their tunnels come up, and the
// health check's echoes through them tell the truth.
func TestCCN(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"Policy", "StaticRoute"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			s, o := shared.cloudWide(l), shared.office(l, "", false)
			far, more := o.tunnel(s, lab.IKEv2), obj{"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": siteRange, "RemoteCidrBlock": []string{o.lan}}}}
			if kind == "StaticRoute" {
				far = routed(far)
				more = obj{"RouteType": kind, "EnableHealthCheck": true, "HealthCheckLocalIp": "169.254.132.1", "HealthCheckRemoteIp": "169.254.132.2",
					"HealthCheckConfig": obj{"ProbeType": "NQA", "ProbeInterval": 1000, "ProbeThreshold": 3, "ProbeTimeout": 500}}
			}
			o.Load(far.Text())
			id := s.connect(l, o, lab.IKEv2, more)
			if kind == "Policy" {
				s.netStatus(l, id, "AVAILABLE", 2*lab.Patience)
				return
			}
			const probed = "169.254.132.2/32"
			health := func(want string) {
				t.Helper()
				l.Eventually(2*lab.Patience, "the health check says "+want, func() error {
					if got := text(shared.connection(l, id), "HealthCheckStatus"); got != want {
						return fmt.Errorf("it says %s\n%s", got, shared.why(id))
					}
					return nil
				})
			}
			o.Address("lo", probed)
			health("AVAILABLE")
			s.netStatus(l, id, "AVAILABLE", 2*lab.Patience)
			o.Run("ip", "addr", "del", probed, "dev", "lo")
			health("UNAVAILABLE")
			s.netStatus(l, id, "UNAVAILABLE", 2*lab.Patience)
			o.Address("lo", probed)
			health("AVAILABLE")
		})
	}
}

// cloudWide is a gateway of type CCN, with nothing else.
func (c *cloud) cloudWide(l *lab.Lab) *site {
	l.Helper()
	s := &site{cloud: c}
	s.gateway = text(c.call(l, "CreateVpnGateway", obj{"Type": "CCN", "VpnGatewayName": "gateway", "InternetMaxBandwidthOut": 100}), "VpnGateway", "VpnGatewayId")
	s.public = c.standing(l, s.gateway)
	return s
}
