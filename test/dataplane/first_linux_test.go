package dataplane

import (
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestTunnel is the whole way once: a VPC, a gateway, a tunnel to an office that waits
// for it, packets both ways, and after the deletion nothing of it.
func TestTunnel(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s := shared.site(l, 100)
	o := shared.office(l, "", false)
	o.Load(o.tunnel(s, lab.IKEv2).Text())
	s.route(l, o.lan)
	id := s.connect(l, o, lab.IKEv2, nil)
	s.netStatus(l, id, "AVAILABLE", lab.Patience)

	s.workload.Reaches(o.inside, lab.Patience)
	if p := s.workload.Ping(o.inside, 50); p.Lost() > 0 {
		t.Errorf("workload to office: %v", p)
	}
	if p := o.Ping(s.inside, 50, "-I", o.inside); p.Lost() > 0 {
		t.Errorf("office to workload: %v", p)
	}

	if err := o.Down("cloud"); err != nil {
		t.Error(err)
	}
	s.netStatus(l, id, "AVAILABLE", lab.Patience) // NegotiationType is active
	shared.call(l, "DeleteVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": id})
	l.Eventually(lab.Patience, "the connection is gone", gone(func() bool { return shared.connection(l, id) == nil }))
	shared.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": s.gateway})
	l.Eventually(lab.Patience, "the gateway is gone", gone(func() bool { return shared.gateway(l, s.gateway) == nil }))
	if left := lab.Namespaces(shared.prefix + s.gateway); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	if p := s.workload.Ping(o.inside, 3); p.Received > 0 {
		t.Errorf("a deleted gateway still carries: %v", p)
	}
}
