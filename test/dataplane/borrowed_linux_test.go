package dataplane

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestBorrowedAddresses has tenants name public addresses that are not theirs: as the range
// of a tunnel, and as the range of people. Their gateways do not answer for them on the
// uplink, where another tenant's gateway or a router may have them.
func TestBorrowedAddresses(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	const ofTunnel, ofPeople = "198.18.64.77", "198.18.65.1"
	s, o := shared.cloudWide(l), shared.office(l, "", false)
	far := o.tunnel(s, lab.IKEv2)
	far.RemoteTS = []string{ofTunnel + "/32"}
	o.Load(far.Text())
	id := s.connect(l, o, lab.IKEv2, obj{"SecurityPolicyDatabases": []obj{{"LocalCidrBlock": ofTunnel + "/32", "RemoteCidrBlock": []string{o.lan}}}})
	s.netStatus(l, id, "AVAILABLE", 2*lab.Patience)
	d := shared.site(l, 100).dialIn(l, 5, "198.18.65.0/24", nil)
	d.comesIn(l, d.people(l, "ada")[0], ofPeople)

	n := l.Namespace("neighbour")
	number := offices.Add(1)
	n.Plug("wan0", l.Existing(shared.host.Name), uplink, fmt.Sprintf("198.18.%d.%d/16", 200+number/200, 1+number%200))
	n.Reaches(s.public, lab.Patience)
	n.Reaches(d.public, lab.Patience)
	for _, a := range []string{ofTunnel, ofPeople} {
		n.Ping(a, 2, "-W", "1")
		if who := n.Run("ip", "neigh", "show", a); strings.Contains(who, "lladdr") {
			t.Errorf("somebody answers for %s: %s", a, who)
		}
	}
	if _, err := shared.try("ModifyVpnGatewaySslServer", obj{"SslVpnServerId": d.server, "RemoteAddress": "198.18.0.0/19"}); err == nil || !strings.Contains(err.Error(), "CidrConflict") {
		t.Errorf("people may have the gateway's own address: %v", err)
	}
}
