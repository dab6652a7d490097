package wire_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gatewright/gatewright/internal/wire"
)

var names = slices.Sorted(maps.Keys(wire.Actions))

func picked(n uint16) *wire.Action { return wire.Actions[names[int(n)%len(names)]] }

func number(name string) uint16 {
	i, _ := slices.BinarySearch(names, name)
	return uint16(i)
}

// refusalCodes are all that decoding may answer.
var refusalCodes = []string{
	"InvalidParameter", "InvalidParameter.FilterNotDict", "InvalidParameter.FilterValuesNotList", "InvalidParameterValue",
	"InvalidParameterValue.LimitExceeded", "InvalidParameterValue.NotUtf8EncodingError", "MissingParameter",
	"RequestSizeLimitExceeded", "UnknownParameter", "UnknownParameter.WithGuess",
}

func checkRefusal(t *testing.T, err *wire.Error) {
	t.Helper()
	if !slices.Contains(refusalCodes, err.Code) || err.EN == "" || err.ZH == "" || len(err.Param) > 300 || !utf8.ValidString(err.Param) {
		t.Errorf("refusal %+q", *err)
	}
}

// checkAgain reads back what AppendJSON wrote: by the decoder, and by encoding/json.
func checkAgain(t *testing.T, a *wire.Action, req any) {
	t.Helper()
	body := req.(wire.Encoder).AppendJSON(nil)
	again, err := a.DecodeJSON(body)
	if err != nil || !reflect.DeepEqual(again, req) {
		t.Fatalf("%s: %s came back as %s", a.Name, body, decoded(again, err))
	}
	std := a.New()
	if err := json.Unmarshal(body, std); err != nil || !reflect.DeepEqual(std, req) {
		t.Fatalf("%s: encoding/json reads %s as %+v, %v", a.Name, body, std, err)
	}
	if !json.Valid(a.Redact(req)) {
		t.Fatalf("%s: Redact wrote %s", a.Name, a.Redact(req))
	}
	if bytes.Contains(body, []byte("[]")) || bytes.Contains(body, []byte("{}")) {
		return // text cannot say that something is empty
	}
	if again, err = a.DecodeParams(flat(body)); err != nil || !reflect.DeepEqual(again, req) {
		t.Fatalf("%s: as text %s came back as %s", a.Name, body, decoded(again, err))
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []struct{ action, body string }{
		{"CreateVpnGateway", `{"VpcId":"vpc-abcd1234","VpnGatewayName":"gw test/1","InternetMaxBandwidthOut":5,"Type":"IPSEC","Tags":[{"Key":"city","Value":"上海"}]}`},
		{"CreateVpnGateway", createGateway + `,"InstanceChargePrepaid":{"Period":1},"Tags":[null,{"Key":"\ud83d\ude00"}]}`},
		{"CreateVpnConnection", `{"VpnGatewayId":"g","CustomerGatewayId":"c","VpnConnectionName":"n","PreShareKey":"k","DpdEnable":-1,"SecurityPolicyDatabases":[{"LocalCidrBlock":"l","RemoteCidrBlock":["r"]}]}`},
		{"DescribeVpcs", `{"Offset":0,"Limit":"20","Filters":[{"Name":"vpc-id","Values":["a","b"]}]}`},
		{"DescribeVpcs", `{"Filters":[1,{"Name":null,"Values":"x"}],"VpcIds":[]}`},
		{"EnableRoutes", `{"RouteTableId":"r","RouteIds":[0,18446744073709551615]}`},
		{"DeleteVpnGateway", `{"VpnGatewayId":"\u0000\ud800","VpnGatewayId":1e3}`},
		{"DeleteVpnGateway", "{\"a\xff\":[[{\"b\":-1.5e+3}]]} "},
		{"GetCallerIdentity", ``},
	} {
		f.Add(number(s.action), []byte(s.body))
	}
	f.Fuzz(func(t *testing.T, n uint16, body []byte) {
		a := picked(n)
		before := bytes.Clone(body)
		req, err := a.DecodeJSON(body)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) {
			t.Fatalf("%s: not JSON, yet taken: %q", a.Name, body)
		}
		checkAgain(t, a, req)
	})
}

func FuzzDecodeParams(f *testing.F) {
	for _, s := range []struct{ action, text string }{
		{"CreateVpnGateway", gatewayText + "&Tags.0.Key=city&Tags.0.Value=上海&InstanceChargePrepaid.Period=1"},
		{"CreateVpnGateway", gatewayText + "&Tags.1.Key=a&Tags=b&InstanceChargePrepaid=1"},
		{"DescribeVpnGateways", "Filters.0.Values.1=b&Filters.0.Values.0=a&Filters.0.Name=vpc-id&Limit=20"},
		{"DescribeVpnGateways", "VpnGatewayIds.0=a&VpnGatewayIds.9999=b&VpnGatewayIds.10000=c&VpnGatewayIds.00=d&VpnGatewayIds..=e"},
		{"CreateVpc", "VpcName=a&CidrBlock=b&EnableRouteVpcPublish=True"},
		{"EnableRoutes", "RouteTableId=r&RouteIds.0=18446744073709551616"},
		{"ModifyVpnConnectionAttribute", "VpnConnectionId=c&DpdEnable=-1&SecurityPolicyDatabases.0.LocalCidrBlock=l&SecurityPolicyDatabases.0.RemoteCidrBlock.0=r"},
		{"DeleteVpnGateway", "VpnGatewayId=a&VpnGatewayId=b&VpnGatewayId.0=c&=d"},
	} {
		f.Add(number(s.action), s.text)
	}
	f.Fuzz(func(t *testing.T, n uint16, text string) {
		a := picked(n)
		req, err := a.DecodeParams(params(text))
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkAgain(t, a, req)
	})
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x1f\"\\\n", "上海😀\u2028", "\xff\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		body := (&wire.VpnGateway{VpnGatewayName: s}).AppendJSON(nil)
		var back wire.VpnGateway
		if err := json.Unmarshal(body, &back); err != nil || !utf8.Valid(body) {
			t.Fatalf("%q: %v, %q", s, err, body)
		}
		if utf8.ValidString(s) && back.VpnGatewayName != s {
			t.Fatalf("%q came back as %q", s, back.VpnGatewayName)
		}
	})
}
