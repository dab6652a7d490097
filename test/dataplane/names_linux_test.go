package dataplane

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestSameName has two offices of one name on one gateway, each with a key of its own:
// both are up, each by its own key, and by the other's key neither is.
func TestSameName(t *testing.T) {
	t.Parallel()
	for _, version := range []string{lab.IKEv2, lab.IKEv1Aggressive} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			s := shared.site(l, 100)
			offices := []*office{shared.office(l, "", false), shared.office(l, "", false)}
			names := []string{"Branch.example", "branch.example"}
			var ids []string
			for i, o := range offices {
				s.route(l, o.lan)
				options := ikeOptions(version)
				options["RemoteIdentity"], options["RemoteFqdnName"] = "FQDN", names[i]
				ids = append(ids, s.connect(l, o, version, obj{"IKEOptionsSpecification": options}))
				o.Load(o.named(s, version, names[i]).Text())
			}
			for i, o := range offices {
				s.netStatus(l, ids[i], "AVAILABLE", 2*lab.Patience)
				s.workload.Reaches(o.inside, 2*lab.Patience)
			}
			for i, o := range offices {
				own := o.key
				o.key = offices[1-i].key
				wrong := o.named(s, version, names[i])
				o.key = own
				s.reloads(l, o, ids[i], wrong)
				l.Eventually(2*lab.Patience, "the reason", func() error {
					if why := shared.why(ids[i]); !strings.Contains(between(why, `"cause": "`, `"`), "key") {
						return fmt.Errorf("it says %s", why)
					}
					return nil
				})
				if p := s.workload.Ping(o.inside, 10); p.Received > 0 {
					t.Errorf("office %d by the other's key: %v", i+1, p)
				}
				o.Load(o.named(s, version, names[i]).Text())
				s.netStatus(l, ids[i], "AVAILABLE", 2*lab.Patience)
				s.workload.Reaches(o.inside, 2*lab.Patience)
			}
		})
	}
}

// named is the office's side of a connection that knows it by a name.
func (o *office) named(s *site, version, name string) lab.Tunnel {
	far := o.tunnel(s, version)
	far.LocalID = name
	return far
}

// reloads gives the office another tunnel, and ends the one that is up.
func (s *site) reloads(l *lab.Lab, o *office, connection string, far lab.Tunnel) {
	l.Helper()
	o.Load(far.Text())
	s.cloud.call(l, "ResetVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": connection})
	s.netStatus(l, connection, "UNAVAILABLE", 2*lab.Patience)
}
