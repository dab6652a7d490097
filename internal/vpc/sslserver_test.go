package vpc

import (
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

func TestSSLProfile(t *testing.T) {
	p := SSLProfile{
		Server:  &SSLServer{ID: "vpns-aaaaaaaa", Name: "x\nscript-security 2", Port: 1194, Encryption: "AES-128-CBC", Integrity: "SHA1", RootCert: "ROOT\n"},
		Gateway: netip.MustParseAddr("198.51.100.7"), Cert: "CERT\n", Key: "KEY\n", Crypt: "CRYPT\n",
	}
	text := p.Text().Reveal()
	for _, want := range []string{"remote 198.51.100.7 1194\n", "<ca>\nROOT\n</ca>\n", "<cert>\nCERT\n</cert>\n", "<key>\nKEY\n</key>\n", "<tls-crypt>\nCRYPT\n</tls-crypt>\n", "verify-x509-name vpns-aaaaaaaa name\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the profile lacks %q", want)
		}
	}
	if strings.Contains(text, "script") {
		t.Error("a name is in the profile")
	}
}

// TestSSLProfileImports: the profile has no option but those that OpenVPN itself,
// NetworkManager's importer, OpenVPN Connect and Tunnelblick all take, and every key and
// certificate is inside it.
func TestSSLProfileImports(t *testing.T) {
	p := SSLProfile{
		Server:  &SSLServer{ID: "vpns-aaaaaaaa", Name: "x", Port: 1194, Encryption: "AES-128-CBC", Integrity: "SHA1", RootCert: "ROOT\n"},
		Gateway: netip.MustParseAddr("198.51.100.7"), Cert: "CERT\n", Key: "KEY\n", Crypt: "CRYPT\n",
	}
	taken := map[string]int{ // and how many words follow
		"client": 0, "dev": 1, "proto": 1, "remote": 2, "nobind": 0, "persist-key": 0, "persist-tun": 0, "resolv-retry": 1,
		"remote-cert-tls": 1, "verify-x509-name": 2, "cipher": 1, "auth": 1, "verb": 1,
	}
	inside, blocks := "", []string(nil)
	for line := range strings.Lines(p.Text().Reveal()) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "</"+inside+">":
			inside = ""
		case inside != "":
		case strings.HasPrefix(line, "<"):
			inside = strings.Trim(line, "<>")
			blocks = append(blocks, inside)
		default:
			words := strings.Fields(line)
			if n, ok := taken[words[0]]; !ok || len(words) != 1+n {
				t.Errorf("not every importer takes %q", line)
			}
		}
	}
	if !slices.Equal(blocks, []string{"ca", "cert", "key", "tls-crypt"}) || inside != "" {
		t.Errorf("it has %v inside, and ends in %q", blocks, inside)
	}
}
