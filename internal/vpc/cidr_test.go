package vpc

import (
	"net/netip"
	"testing"
)

func TestCheckRange(t *testing.T) {
	for s, want := range map[string]Code{
		"10.0.0.0/8":           "OK",
		"10.0.0.5/24":          InvalidParameterValueMalformed,
		"10.0.0.0/33":          InvalidParameterValueMalformed,
		"10.0.0.0/08":          InvalidParameterValueMalformed,
		"10.0.0.0/-1":          InvalidParameterValueMalformed,
		"10.0.0.0/":            InvalidParameterValueMalformed,
		"10.0.0.0":             InvalidParameterValueMalformed,
		"10.0.0.0/8,":          InvalidParameterValueMalformed,
		"010.0.0.0/8":          InvalidParameterValueMalformed,
		"10.0.0/8":             InvalidParameterValueMalformed,
		" 10.0.0.0/8":          InvalidParameterValueMalformed,
		"10.0.0.0/8\n":         InvalidParameterValueMalformed,
		"":                     InvalidParameterValueMalformed,
		"fd00::/8":             InvalidParameterValueMalformed,
		"::ffff:10.0.0.0/104":  InvalidParameterValueMalformed,
		"0.0.0.0/0":            "OK",
		"255.255.255.255/32":   "OK",
		"10.0.0.0/8%eth0":      InvalidParameterValueMalformed,
		"10.0.0.0/255.0.0.0":   InvalidParameterValueMalformed,
		"99999999999.0.0.0/8":  InvalidParameterValueMalformed,
		"10.0.0.0/99999999999": InvalidParameterValueMalformed,
	} {
		if _, err := CheckRange("CidrBlock", s, nil); codeOf(err) != want {
			t.Errorf("%q: %s, want %s", s, codeOf(err), want)
		}
	}
}

func TestParseRangeClearsHostBits(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.5/24": "10.0.0.0/24", "172.123.10.5/16": "172.123.0.0/16", "1.2.3.4/0": "0.0.0.0/0", "1.2.3.4/32": "1.2.3.4/32",
	} {
		p, ok := ParseRange(in)
		if !ok || p.String() != want {
			t.Errorf("%s: %v %v, want %s", in, p, ok, want)
		}
	}
}

func TestCheckVPCRange(t *testing.T) {
	for s, want := range map[string]Code{
		"10.0.0.0/16":    "OK",
		"10.0.0.0/12":    "OK",
		"10.0.0.0/28":    "OK",
		"172.16.0.0/12":  "OK",
		"192.168.0.0/16": "OK",
		"10.0.0.0/11":    InvalidParameterValue,
		"10.0.0.0/29":    InvalidParameterValue,
		"172.32.0.0/16":  InvalidParameterValue,
		"192.168.0.0/15": InvalidParameterValue,
		"192.168.0.0/29": InvalidParameterValue,
		"11.0.0.0/16":    InvalidParameterValue,
		"0.0.0.0/0":      InvalidParameterValue,
		"10.1.0.0/12":    InvalidParameterValueMalformed,
	} {
		if _, err := CheckVPCRange("CidrBlock", s, nil); codeOf(err) != want {
			t.Errorf("%q: %s, want %s", s, codeOf(err), want)
		}
	}
}

func TestCheckSubnetRange(t *testing.T) {
	ranges := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/14"), netip.MustParsePrefix("192.168.0.0/24")}
	for s, want := range map[string]Code{
		"10.0.0.0/16":      "OK",
		"10.3.255.0/29":    "OK",
		"192.168.0.128/25": "OK",
		"10.0.0.0/15":      InvalidParameterValue,
		"10.0.0.0/30":      InvalidParameterValue,
		"10.4.0.0/16":      InvalidParameterValueSubnetRange,
		"192.168.0.0/23":   InvalidParameterValueSubnetRange,
		"10.0.0.1/24":      InvalidParameterValueMalformed,
	} {
		if _, err := CheckSubnetRange("CidrBlock", s, ranges, nil); codeOf(err) != want {
			t.Errorf("%q: %s, want %s", s, codeOf(err), want)
		}
	}
}

func TestCheckPeerAddr(t *testing.T) {
	bad := []string{"0.0.0.0", "0.1.2.3", "255.255.255.255", "127.0.0.1", "169.254.1.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "250.1.2.3",
		"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.16.255.255", "203.0.113.0", "203.0.113.255", "::1", "::ffff:1.2.3.4", "fe80::1%eth0",
		"1.2.3.4/32", "010.1.1.1", "1.2.3.4\n", " 1.2.3.4", "1.2.3", "1.2.3.256", "", "host.example", "1.2.3.4:500"}
	for _, s := range bad {
		if _, err := CheckPeerAddr("IpAddress", s, nil); codeOf(err) != InvalidParameterValueMalformed {
			t.Errorf("%q: %s", s, codeOf(err))
		}
	}
	for _, s := range []string{"58.211.1.12", "203.0.113.1", "172.16.0.255", "10.0.0.255", "10.0.1.0", "223.255.255.254", "1.0.0.1"} {
		if a, err := CheckPeerAddr("IpAddress", s, nil); err != nil || a.String() != s {
			t.Errorf("%q: %v %v", s, a, err)
		}
	}
}

func TestTrafficRange(t *testing.T) {
	for s, want := range map[string]bool{
		"0.0.0.0/0": true, "0.0.0.0/1": true, "128.0.0.0/1": true, "10.0.0.0/8": true, "169.254.0.0/16": true,
		"0.0.0.0/8": false, "0.0.0.0/32": false, "127.0.0.0/8": false, "127.0.0.1/32": false,
		"224.0.0.0/4": false, "239.0.0.0/8": false, "255.255.255.255/32": false, "240.0.0.0/4": false,
	} {
		if got := trafficRange(netip.MustParsePrefix(s)); got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
}

func TestOverlapAndCover(t *testing.T) {
	p := netip.MustParsePrefix
	ranges := []netip.Prefix{p("10.0.0.0/16"), p("192.168.0.0/24")}
	for _, c := range []struct {
		in      string
		overlap string
		covered bool
	}{
		{"10.0.1.0/24", "10.0.0.0/16", true},
		{"10.0.0.0/8", "10.0.0.0/16", false},
		{"192.168.0.0/24", "192.168.0.0/24", true},
		{"192.168.1.0/24", "", false},
		{"0.0.0.0/0", "10.0.0.0/16", false},
	} {
		got, ok := FirstOverlap(p(c.in), ranges)
		if ok != (c.overlap != "") || ok && got.String() != c.overlap {
			t.Errorf("FirstOverlap(%s) = %v %v", c.in, got, ok)
		}
		if covered := CoveredByAny(p(c.in), ranges); covered != c.covered {
			t.Errorf("CoveredByAny(%s) = %v", c.in, covered)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"10.0.0.5/24", "0.0.0.0/0", "::/0", "1.2.3.4", "10.0.0.0/8,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := ParseRange(s)
		if !ok {
			if _, err := CheckRange("CidrBlock", s, nil); err == nil {
				t.Errorf("%q: refused as a range, taken as a canonical one", s)
			}
			return
		}
		again, ok := ParseCanonicalRange(p.String())
		if !ok || again != p || !p.IsValid() || !p.Addr().Is4() || p.Masked() != p {
			t.Errorf("%q gives %v, which reads back as %v %v", s, p, again, ok)
		}
	})
}

func FuzzCheckPeerAddr(f *testing.F) {
	for _, s := range []string{"1.2.3.4", "010.1.1.1", "1.2.3.4\n", "::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := CheckPeerAddr("IpAddress", s, nil)
		if err == nil && (a.String() != s || strange(a) || classEdge(a)) {
			t.Errorf("%q was taken as %v", s, a)
		}
	})
}
