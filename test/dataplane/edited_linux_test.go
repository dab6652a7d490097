package dataplane

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestNewRanges changes a connection's policies by the API: what they name now passes,
// what they no longer name does not, and the neighbour on the gateway loses nothing.
func TestNewRanges(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	s, near, _ := shared.joined(l)
	o := shared.office(l, "", false)
	id := s.join(l, o)
	number := offices.Add(1)
	lan := fmt.Sprintf("172.%d.%d.0/24", 20+number/200, number%200)
	inside := strings.Replace(lan, ".0/24", ".1", 1)
	o.Address("lo", inside+"/24")
	s.route(l, lan)
	pings := s.workload.PingStart(near.inside)
	if p := s.workload.Ping(inside, 20); p.Received > 0 {
		t.Errorf("a range that no policy names: %v", p)
	}
	far := o.tunnel(s, lab.IKEv2)
	far.LocalTS = []string{lan}
	o.Load(far.Text())
	shared.call(l, "ModifyVpnConnectionAttribute", obj{"VpnConnectionId": id, "SecurityPolicyDatabases": []obj{{"LocalCidrBlock": siteRange, "RemoteCidrBlock": []string{lan}}}})
	s.workload.Reaches(inside, 2*lab.Patience)
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	if p := s.workload.Ping(inside, 20); p.Lost() > 0 {
		t.Errorf("a range that the policy names now: %v", p)
	}
	if p := s.workload.Ping(o.inside, 20); p.Received > 0 {
		t.Errorf("a range that it no longer names: %v", p)
	}
	if p := pings.Stop(); p.Lost() > 0 || p.Sent < 50 {
		t.Errorf("the neighbour: %v", p)
	}
}
