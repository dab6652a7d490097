package dataplane

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestPeopleOfCCN has a person at a gateway of type SSL_CCN, which no VPC is behind: the
// server runs, the person comes in, is told the ranges and reaches the gateway's end of
// the tunnel; what is for the CCN goes no further, and nothing of it leaves in clear.
func TestPeopleOfCCN(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	d := &dialIn{site: &site{cloud: shared}}
	d.gateway = text(shared.call(l, "CreateVpnGateway", obj{
		"VpcId": "", "VpnGatewayName": "ccn", "InternetMaxBandwidthOut": 100, "Type": "SSL_CCN", "MaxConnection": 5,
	}), "VpnGateway", "VpnGatewayId")
	l.Eventually(2*lab.Patience, "the gateway is AVAILABLE", func() error {
		g := shared.gateway(l, d.gateway)
		if d.public = text(g, "PublicIpAddress"); text(g, "State") != "AVAILABLE" {
			return fmt.Errorf("%v", g)
		}
		return nil
	})
	const beyond = "10.99.0.0/16"
	d.open(l, "172.28.1.0/24", obj{"LocalAddress": []string{beyond}})
	shared.sslReads(l, d.server, 6, `"up"`)
	ann := d.people(l, "ann")[0]
	wan := l.Existing(shared.host.Name).Capture("gwu" + strings.TrimPrefix(d.gateway, "vpngw-"))
	d.comesIn(l, ann, "172.28.1.1")
	if routes := ann.Run("ip", "route"); !strings.Contains(routes, beyond) {
		t.Errorf("the routes are\n%s", routes)
	}
	ann.silent(t, "the CCN", "10.99.0.1")
	inner := netip.MustParsePrefix("172.28.1.0/24")
	ccn := netip.MustParsePrefix(beyond)
	for _, p := range wan.Packets(func(lab.Packet) bool { return true }) {
		if inner.Contains(p.Src) || inner.Contains(p.Dst) || ccn.Contains(p.Dst) {
			t.Errorf("in clear on the internet side: %v", p)
		}
	}
	if len(wan.Packets(func(p lab.Packet) bool { return p.SrcPort == 1194 || p.DstPort == 1194 })) == 0 {
		t.Error("the capture sees nothing")
	}
	shared.call(l, "DisableVpnGatewaySslClientCert", obj{"SslVpnClientId": ann.client})
	shared.began(l, "DeleteVpnGatewaySslClient", "", obj{"SslVpnClientId": ann.client})
	shared.began(l, "DeleteVpnGatewaySslServer", "", obj{"SslVpnServerId": d.server})
	shared.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": d.gateway})
	l.Eventually(2*lab.Patience, "the gateway is gone", gone(func() bool { return shared.gateway(l, d.gateway) == nil }))
}
