package vpc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func sslAround() *SSLSurroundings {
	return &SSLSurroundings{
		Gateway:   &Gateway{ID: "vpngw-aaaaaaaa", VPC: "vpc-aaaaaaaa", Type: TypeSSL, Version: GatewayVersion},
		VPCRanges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")},
		Pools:     []netip.Prefix{netip.MustParsePrefix("172.20.0.0/24")},
	}
}

func TestSSLServerVersion(t *testing.T) {
	around := sslAround()
	around.Gateway.Version = "3.1"
	spec := SSLServerSpec{Name: "s", Remote: "172.16.0.0/24", Settings: SSLServerSettings{DNS: &DNSSpec{Primary: "10.0.0.2"}}}
	if _, err := NewSSLServer(spec, around); err == nil || err.Code != UnsupportedOperationVersionNotSupported {
		t.Errorf("an old gateway pushes DNS servers: %v", err)
	}
	spec.Settings.DNS = &DNSSpec{}
	if _, err := NewSSLServer(spec, around); err != nil {
		t.Errorf("no DNS servers need a new gateway: %v", err)
	}
}

// TestSSLServerChange holds what a change touches, and that it leaves the old row alone.
func TestSSLServerChange(t *testing.T) {
	s, err := NewSSLServer(SSLServerSpec{Name: "s", Remote: "172.16.0.0/24", AccessPolicy: true}, sslAround())
	if err != nil {
		t.Fatal(err)
	}
	s.Policies = []AccessPolicy{{Target: netip.MustParsePrefix("10.0.1.0/24")}, {Target: netip.MustParsePrefix("10.0.2.0/24")}}
	name := "t"
	n, differs, err := s.Change(SSLServerChange{Name: &name}, sslAround())
	if err != nil || differs || n.Name != "t" || s.Name != "s" {
		t.Errorf("a new name: differs %t, %v", differs, err)
	}
	n, differs, err = s.Change(SSLServerChange{Settings: SSLServerSettings{Local: []string{"10.0.2.0/23"}}}, sslAround())
	if err != nil || !differs || len(n.Policies) != 1 || len(s.Policies) != 2 {
		t.Errorf("a policy without a way stays: %v, %v", n, err)
	}
	for _, p := range []int64{0, -1, 65536, 1 << 40} {
		if _, _, err := s.Change(SSLServerChange{Settings: SSLServerSettings{Port: &p}}, sslAround()); err == nil {
			t.Errorf("port %d is taken", p)
		}
	}
}

// TestSSLServerBesideItself: people may not have the gateway's own public address.
func TestSSLServerBesideItself(t *testing.T) {
	around := sslAround()
	around.Gateway.Public = netip.MustParseAddr("198.51.100.9")
	for remote, bad := range map[string]bool{"198.51.100.0/24": true, "198.51.100.8/29": true, "198.51.100.16/28": false} {
		_, err := NewSSLServer(SSLServerSpec{Name: "s", Remote: remote}, around)
		if (err != nil) != bad || err != nil && (err.Code != InvalidParameterValueCidrConflict || err.Param != "RemoteAddress") {
			t.Errorf("%s: %v", remote, err)
		}
	}
}

func TestSeats(t *testing.T) {
	for pool, want := range map[string]uint32{"9.0.0.0/30": 1, "9.0.0.0/29": 5, "9.0.0.0/24": 253, "9.0.0.0/8": 1<<24 - 3, "9.0.0.0/31": 0, "9.0.0.0/32": 0} {
		if got := Seats(netip.MustParsePrefix(pool)); got != want {
			t.Errorf("%s has %d seats, want %d", pool, got, want)
		}
	}
	s := &SSLServer{Remote: netip.MustParsePrefix("9.0.0.248/29")}
	if a, last := s.Address(), s.SeatAddress(4); a != netip.MustParseAddr("9.0.0.249") || last != netip.MustParseAddr("9.0.0.254") {
		t.Errorf("the server has %s, the last client %s", a, last)
	}
	free, err := FreeSeats(s.Remote, []uint32{0, 2}, 3, nil)
	if err != nil || !slices.Equal(free, []uint32{1, 3, 4}) {
		t.Errorf("free are %v, %v", free, err)
	}
	if _, err := FreeSeats(s.Remote, []uint32{0, 2}, 4, nil); err == nil || err.Code != LimitExceededSslVpnClientLimitExceeded {
		t.Errorf("a sixth client in a /29: %v", err)
	}
}

func TestAccessPolicyRule(t *testing.T) {
	on := &SSLServer{ID: "vpns-aaaaaaaa", AccessPolicy: true, Local: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, Remote: netip.MustParsePrefix("172.16.0.0/24")}
	off := &SSLServer{ID: "vpns-bbbbbbbb", Local: on.Local, Remote: on.Remote}
	full := *on
	full.Policies = make([]AccessPolicy, maxPolicies)
	for _, c := range []struct {
		what   string
		server *SSLServer
		policy AccessPolicy
		good   bool
	}{
		{"a local range", on, AccessPolicy{Target: netip.MustParsePrefix("10.0.3.0/24")}, true},
		{"the clients themselves", on, AccessPolicy{Target: on.Remote}, true},
		{"elsewhere", on, AccessPolicy{Target: netip.MustParsePrefix("10.1.0.0/16")}, false},
		{"everywhere", on, AccessPolicy{Target: Everywhere}, false},
		{"policies off", off, AccessPolicy{Target: netip.MustParsePrefix("10.0.3.0/24")}, false},
		{"one too many", &full, AccessPolicy{Target: netip.MustParsePrefix("10.0.3.0/24")}, false},
		{"a long remark", on, AccessPolicy{Target: on.Remote, Remark: strings.Repeat("x", 256)}, false},
	} {
		if err := CheckAccessPolicy(c.server, &c.policy); (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestPoliciesWithoutAClient: what named a client that is gone names the others still, is
// gone where there are none, and is never for all.
func TestPoliciesWithoutAClient(t *testing.T) {
	policy := func(id AccessPolicyID, clients ...SSLClientID) AccessPolicy {
		return AccessPolicy{ID: id, Clients: clients, Updated: 1}
	}
	show := func(s *SSLServer) string {
		var out []string
		for _, p := range s.Policies {
			out = append(out, fmt.Sprint(p.ID, p.Clients, int64(p.Updated)))
		}
		return strings.Join(out, " ")
	}
	s := &SSLServer{Generation: 3, Policies: []AccessPolicy{policy("all"), policy("ann", "a"), policy("both", "b", "a"), policy("bob", "b"), policy("twice", "a", "a")}}
	before := show(s)
	n := s.WithoutClient("a", 2)
	if got, want := show(n), "all[] 1 both[b] 2 bob[b] 1"; got != want {
		t.Errorf("without a: %s, want %s", got, want)
	}
	if show(s) != before {
		t.Errorf("the old row was changed: %s", show(s))
	}
	if got := n.WithoutClient("b", 3); show(got) != "all[] 1" || got.Generation != s.Generation {
		t.Errorf("without both: %s, generation %d", show(got), got.Generation)
	}
	if s.WithoutClient("c", 2) != s {
		t.Error("a client that no policy names makes another row")
	}
}
