package vpc

import (
	"net/netip"
	"strings"
	"testing"
)

func TestNewCustomerGateway(t *testing.T) {
	tests := []struct {
		name, addr string
		asn        *int64
		want       Code
	}{
		{"office", "58.211.1.12", nil, "OK"},
		{strings.Repeat("站", 60), "58.211.1.12", nil, "OK"},
		{"a\r\n\"}$(id)", "58.211.1.12", nil, "OK"},
		{"office", "192.168.0.7", signed(1), "OK"},
		{"office", "100.127.255.1", signed(4294967295), "OK"},
		{"", "58.211.1.12", nil, InvalidParameterValueEmpty},
		{strings.Repeat("a", 61), "58.211.1.12", nil, InvalidParameterValueTooLong},
		{"a\x00", "58.211.1.12", nil, InvalidParameterValueMalformed},
		{"office", "58.211.1.12", signed(0), InvalidParameterValue},
		{"office", "58.211.1.12", signed(-1), InvalidParameterValue},
		{"office", "58.211.1.12", signed(1 << 32), InvalidParameterValue},
		{"office", "58.211.1.12", signed(45090), InvalidParameterValue},
	}
	for _, tt := range tests {
		g, err := NewCustomerGateway(CustomerGatewaySpec{Name: tt.name, Addr: tt.addr, ASN: tt.asn}, nil)
		if code(err) != tt.want {
			t.Errorf("%q %s: got %v, want %s", tt.name, tt.addr, err, tt.want)
		}
		if err == nil && (g.Name != tt.name || g.Addr.String() != tt.addr || tt.asn != nil && int64(g.BGPASN) != *tt.asn) {
			t.Errorf("%q: got %+v", tt.name, g)
		}
	}
}

func TestCustomerGatewayAddresses(t *testing.T) {
	for _, addr := range strings.Fields("0.0.0.0 255.255.255.255 127.0.0.1 169.254.1.1 224.0.0.1 240.0.0.1 0.1.2.3 10.0.0.0 10.255.255.255 172.16.0.0 172.16.255.255 192.0.2.0 192.0.2.255 ::1 ::ffff:1.2.3.4 1.2.3.4/32 010.1.1.1 1.2.3 1.2.3.4%eth0 example.com") {
		if _, err := NewCustomerGateway(CustomerGatewaySpec{Name: "a", Addr: addr}, nil); code(err) != InvalidParameterValueMalformed {
			t.Errorf("%s: got %v", addr, err)
		}
	}
	for _, addr := range []string{"", "1.2.3.4\n", " 1.2.3.4"} {
		if _, err := NewCustomerGateway(CustomerGatewaySpec{Name: "a", Addr: addr}, nil); code(err) != InvalidParameterValueMalformed {
			t.Errorf("%q: got %v", addr, err)
		}
	}
}

func TestCustomerGatewayChange(t *testing.T) {
	g := &CustomerGateway{ID: "cgw-aaaaaaaa", Name: "a", Addr: netip.MustParseAddr("203.0.113.7"), BGPASN: 65010}
	tests := []struct {
		change            CustomerGatewayChange
		allowed, speaking bool
		want              Code
	}{
		{CustomerGatewayChange{Name: "b"}, false, false, "OK"},
		{CustomerGatewayChange{Name: ""}, false, false, InvalidParameterValueEmpty},
		{CustomerGatewayChange{Name: strings.Repeat("a", 61)}, false, false, InvalidParameterValueTooLong},
		{CustomerGatewayChange{Name: "b", ASN: num(65010)}, false, true, "OK"},
		{CustomerGatewayChange{Name: "b", ASN: num(65011)}, false, false, UnsupportedOperationVpnUnsupportedModifyBgpAsn},
		{CustomerGatewayChange{Name: "b", ASN: num(65011)}, true, true, UnsupportedOperationVpnUnsupportedModifyBgpAsn},
		{CustomerGatewayChange{Name: "b", ASN: num(65011)}, true, false, "OK"},
		{CustomerGatewayChange{Name: "b", ASN: num(0)}, true, false, InvalidParameterValue},
		{CustomerGatewayChange{Name: "b", ASN: num(1<<32 + 65010)}, true, false, InvalidParameterValue},
		{CustomerGatewayChange{Name: "b", ASN: num(1 << 63)}, true, false, InvalidParameterValue},
	}
	for _, tt := range tests {
		out, err := g.CheckChange(tt.change, tt.allowed, tt.speaking, nil)
		if code(err) != tt.want {
			t.Errorf("%+v: got %v, want %s", tt.change, err, tt.want)
		}
		if err == nil && (out.Name != tt.change.Name || tt.change.ASN != nil && uint64(out.BGPASN) != *tt.change.ASN) {
			t.Errorf("%+v: got %+v", tt.change, out)
		}
	}
	if g.Name != "a" || g.BGPASN != 65010 {
		t.Errorf("the old row changed: %+v", g)
	}
}

func TestVendors(t *testing.T) {
	seen := map[Vendor]bool{}
	for _, v := range Vendors() {
		if v.Name == "" || v.Platform == "" || v.Version == "" || seen[v] {
			t.Errorf("%+v is incomplete or there twice", v)
		}
		seen[v] = true
	}
	Vendors()[0].Name = "changed"
	if Vendors()[0].Name == "changed" {
		t.Error("callers share the list")
	}
}
