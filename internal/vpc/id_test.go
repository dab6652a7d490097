package vpc

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNewIDHasItsShape(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	seen := map[GatewayID]bool{}
	for range 10000 {
		id := NewID[GatewayID](PrefixGateway, source.Uint64)
		if !PrefixGateway.Match(string(id)) {
			t.Fatalf("made %q, which does not match its own prefix", id)
		}
		seen[id] = true
	}
	if len(seen) != 10000 {
		t.Errorf("10000 draws gave %d different ids", len(seen))
	}
	for _, n := range []uint64{0, 1, 1<<64 - 1} {
		if id := NewID[VPCID](PrefixVPC, func() uint64 { return n }); !PrefixVPC.Match(string(id)) {
			t.Errorf("draw %d made %q", n, id)
		}
	}
}

func only(codes ...Code) Listed {
	return func(c Code) bool {
		for _, k := range codes {
			if k == c {
				return true
			}
		}
		return false
	}
}

func codeOf(e *Error) Code {
	if e == nil {
		return "OK"
	}
	return e.Code
}

func TestCheckID(t *testing.T) {
	for _, c := range []struct {
		prefix Prefix
		id     string
		codes  Listed
		want   Code
	}{
		{PrefixVPC, "vpc-aaaaaaaa", nil, "OK"},
		{PrefixVPC, "vpc-0123456z", nil, "OK"},
		{PrefixVPC, "vpc_1", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "vpc-AAAAAAAA", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "vpc-aaaaaaa", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "vpc-aaaaaaaaa", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "vpc-aaaaaaa\n", nil, InvalidVpcIdMalformed},
		{PrefixVPC, " vpc-aaaaaaaa", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "vpc-aaaaaa\u00e9", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "", nil, InvalidVpcIdMalformed},
		{PrefixVPC, "vpc_1", only(InvalidParameterValueMalformed), InvalidParameterValueMalformed},
		{PrefixVPC, "vpc_1", only(InvalidParameterValue), InvalidParameterValue},
		{PrefixVPC, "vpc_1", only(), InvalidVpcIdMalformed},
		{PrefixGateway, "vpngw-aaaaaaaa", nil, "OK"},
		{PrefixGateway, "vpn-aaaaaaaa", nil, InvalidVpnGatewayIdMalformed},
		{PrefixGateway, "vpngw-aaaa/../", nil, InvalidVpnGatewayIdMalformed},
		{PrefixGateway, "x", only(InvalidParameterValueMalformed), InvalidParameterValueMalformed},
		{PrefixCustomerGateway, "cgw-aaaaaaaa", nil, "OK"},
		{PrefixCustomerGateway, "vpngw-aaaaaaaa", nil, InvalidParameterValueMalformed},
		{PrefixCDC, "cluster-gbo27yc4", nil, "OK"},
		{PrefixCDC, "x", nil, InvalidParameterValueMalformed},
		{PrefixCCN, "ccnr-aaaaaaaa", nil, InvalidParameterValueMalformed},
	} {
		if got := codeOf(CheckID(c.prefix, "Id", c.id, c.codes)); got != c.want {
			t.Errorf("CheckID(%s, %q) = %s, want %s", c.prefix, c.id, got, c.want)
		}
	}
}

func TestNotFound(t *testing.T) {
	for _, c := range []struct {
		prefix Prefix
		codes  Listed
		want   Code
	}{
		{PrefixGateway, nil, InvalidVpnGatewayIdNotFound},
		{PrefixGateway, only(ResourceNotFound), ResourceNotFound},
		{PrefixVPC, nil, InvalidVpcIdNotFound},
		{PrefixVPC, only(ResourceNotFound), ResourceNotFound},
		{PrefixConnection, nil, ResourceNotFound},
	} {
		if got := NotFound(c.prefix, "Id", "x", c.codes).Code; got != c.want {
			t.Errorf("NotFound(%s) = %s, want %s", c.prefix, got, c.want)
		}
	}
}

func TestNarrow(t *testing.T) {
	full := Refuse(LimitExceededTagQuota, "Tags", "full", "")
	if got := only(LimitExceededTagQuota).Narrow(full); got != full {
		t.Errorf("a documented code was narrowed to %s", got.Code)
	}
	got := only(LimitExceeded).Narrow(full)
	if got.Code != LimitExceeded || got.Param != "Tags" || full.Code != LimitExceededTagQuota {
		t.Errorf("narrowed to %+v, original %+v", got, full)
	}
	if got := only().Narrow(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"a\x00b\nc`d":            "a?b?c?d",
		strings.Repeat("x", 100): strings.Repeat("x", 64) + "...",
		"项目":                     "项目",
	} {
		if got := Clip(in); got != want {
			t.Errorf("Clip(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCheckID(f *testing.F) {
	f.Add("vpngw-aaaaaaaa")
	f.Add("vpngw-\xff\xfe")
	f.Fuzz(func(t *testing.T, id string) {
		err := CheckID(PrefixGateway, "VpnGatewayId", id, nil)
		if (err == nil) != (len(id) == len("vpngw-")+idLength && PrefixGateway.Match(id)) {
			t.Errorf("%q: %v", id, err)
		}
		if err != nil && !utf8.ValidString(err.Message(Chinese)) {
			t.Errorf("message for %q is not UTF-8", id)
		}
	})
}
