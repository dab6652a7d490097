package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

// decoded prints what became of a request: its JSON, or its refusal as code and path.
func decoded(req any, err *wire.Error) string {
	if err != nil {
		return strings.TrimSpace(err.Code + " " + err.Param)
	}
	return string(req.(wire.Encoder).AppendJSON(nil))
}

func decodeJSON(action, body string) string {
	return decoded(wire.Actions[action].DecodeJSON([]byte(body)))
}

const createGateway = `{"VpcId":"vpc-abcd1234","VpnGatewayName":"gw","InternetMaxBandwidthOut":5`

func TestDecodeJSON(t *testing.T) {
	for _, c := range []struct{ name, action, body, want string }{
		{"every kind", "CreateVpnConnection",
			`{"VpnGatewayId":"g","CustomerGatewayId":"c","VpnConnectionName":"n","PreShareKey":"k","EnableHealthCheck":true,"DpdEnable":-1,
			"SecurityPolicyDatabases":[{"LocalCidrBlock":"10.0.0.0/8","RemoteCidrBlock":["1.0.0.0/8","2.0.0.0/8"]}],
			"IKEOptionsSpecification":{"IKESaLifetimeSeconds":60}}`,
			`{"VpnGatewayId":"g","CustomerGatewayId":"c","VpnConnectionName":"n","PreShareKey":"k",` +
				`"SecurityPolicyDatabases":[{"LocalCidrBlock":"10.0.0.0/8","RemoteCidrBlock":["1.0.0.0/8","2.0.0.0/8"]}],` +
				`"IKEOptionsSpecification":{"IKESaLifetimeSeconds":60},"EnableHealthCheck":true,"DpdEnable":-1}`},
		{"any order", "DeleteVpnConnection", `{"VpnConnectionId":"b","VpnGatewayId":"a"}`, `{"VpnGatewayId":"a","VpnConnectionId":"b"}`},
		{"white space", "DeleteVpnGateway", " \r\n\t{ \"VpnGatewayId\" : \"a\" } \n", `{"VpnGatewayId":"a"}`},
		{"empty body", "DescribeVpnGateways", ``, `{}`},
		{"blank body", "DescribeVpnGateways", " \n", `{}`},
		{"empty body, something required", "DeleteVpnGateway", ``, `MissingParameter VpnGatewayId`},
		{"no inputs at all", "GetCallerIdentity", `{}`, `{}`},
		{"null is absent", "DescribeVpnGateways", `{"Limit":null,"Filters":null,"VpnGatewayIds":null}`, `{}`},
		{"null is missing", "DeleteVpnGateway", `{"VpnGatewayId":null}`, `MissingParameter VpnGatewayId`},
		{"null object", "CreateVpnGateway", createGateway + `,"InstanceChargePrepaid":null}`, createGateway + `}`},
		{"an empty list is there", "DescribeVpnGateways", `{"VpnGatewayIds":[],"Filters":[]}`, `{"VpnGatewayIds":[],"Filters":[]}`},
		{"VpcId may be absent", "CreateVpnGateway", `{"VpnGatewayName":"gw","InternetMaxBandwidthOut":5,"Type":"CCN"}`,
			`{"VpnGatewayName":"gw","InternetMaxBandwidthOut":5,"Type":"CCN"}`},
		{"the last of two counts", "DeleteVpnGateway", `{"VpnGatewayId":"a","VpnGatewayId":"b"}`, `{"VpnGatewayId":"b"}`},
		{"the last of two lists counts", "DescribeVpnGateways", `{"VpnGatewayIds":["a","b"],"VpnGatewayIds":["c"]}`, `{"VpnGatewayIds":["c"]}`},
		{"the last of two objects counts whole", "RenewVpnGateway",
			`{"VpnGatewayId":"a","InstanceChargePrepaid":{"Period":1,"RenewFlag":"x"},"InstanceChargePrepaid":{"Period":2}}`,
			`{"VpnGatewayId":"a","InstanceChargePrepaid":{"Period":2}}`},
		{"a null that comes last counts", "DeleteVpnGateway", `{"VpnGatewayId":"a","VpnGatewayId":null}`, `MissingParameter VpnGatewayId`},
		{"an escaped name", "DeleteVpnGateway", `{"Vpn\u0047atewayId":"a"}`, `{"VpnGatewayId":"a"}`},

		{"unknown", "CreateVpnGateway", createGateway + `,"Foo":1}`, `UnknownParameter Foo`},
		{"unknown null", "CreateVpnGateway", createGateway + `,"Foo":null}`, `UnknownParameter Foo`},
		{"wrong case", "DeleteVpnGateway", `{"vpnGatewayId":"a"}`, `UnknownParameter vpnGatewayId`},
		{"unknown below a list", "CreateVpnGateway", createGateway + `,"Tags":[{"Key":"a"},{"Key":"a","Val":"b"}]}`, `UnknownParameter Tags.1.Val`},
		{"unknown below an object", "CreateVpnGateway", createGateway + `,"InstanceChargePrepaid":{"Period":1,"X":{}}}`, `UnknownParameter InstanceChargePrepaid.X`},
		{"an empty name", "DeleteVpnGateway", `{"":1}`, `UnknownParameter ""`},
		{"a slip in the name", "CreateRoutes", `{"RouteTableId":"r","Routs":[]}`, `UnknownParameter.WithGuess Routs`},
		{"a slip below a list", "CreateRoutes", `{"RouteTableId":"r","Routes":[{"DestinationCIDRBlock":"a"}]}`, `UnknownParameter.WithGuess Routes.0.DestinationCIDRBlock`},
		{"a name that is near to none", "CreateRoutes", `{"RouteTableId":"r","Things":1}`, `UnknownParameter Things`},
		{"a short name that is near to all", "CreateRoutes", `{"RouteTableId":"r","Rout":1}`, `UnknownParameter Rout`},
		{"a name of another length", "CreateRoutes", `{"RouteTableId":"r","RouteTableIdentity":1}`, `UnknownParameter RouteTableIdentity`},
		{"no ClientToken here", "CreateVpnGateway", createGateway + `,"ClientToken":"x"}`, `UnknownParameter ClientToken`},

		{"missing", "CreateVpnGateway", `{"VpcId":"vpc-abcd1234","InternetMaxBandwidthOut":5}`, `MissingParameter VpnGatewayName`},
		{"missing below a list", "CreateVpnGateway", createGateway + `,"Tags":[{"Key":"a"},{"Value":"b"}]}`, `MissingParameter Tags.1.Key`},
		{"missing below an object", "RenewVpnGateway", `{"VpnGatewayId":"a","InstanceChargePrepaid":{}}`, `MissingParameter InstanceChargePrepaid.Period`},
		{"filter without values", "DescribeVpcs", `{"Filters":[{"Name":"vpc-id"}]}`, `MissingParameter Filters.0.Values`},

		{"number for text", "DeleteVpnGateway", `{"VpnGatewayId":5}`, `InvalidParameter VpnGatewayId`},
		{"object for text", "DeleteVpnGateway", `{"VpnGatewayId":{"a":[1,{"b":null}]}}`, `InvalidParameter VpnGatewayId`},
		{"text for a boolean", "CreateVpc", `{"VpcName":"n","CidrBlock":"c","EnableRouteVpcPublish":"true"}`, `InvalidParameter EnableRouteVpcPublish`},
		{"number for a boolean", "CreateVpc", `{"VpcName":"n","CidrBlock":"c","EnableRouteVpcPublish":1}`, `InvalidParameter EnableRouteVpcPublish`},
		{"boolean for text", "CreateVpc", `{"VpcName":"n","CidrBlock":"c","EnableMulticast":true}`, `InvalidParameter EnableMulticast`},
		{"text for a list", "DescribeVpnGateways", `{"VpnGatewayIds":"a"}`, `InvalidParameter VpnGatewayIds`},
		{"number in a list of text", "DescribeVpnGateways", `{"VpnGatewayIds":["a",5]}`, `InvalidParameter VpnGatewayIds.1`},
		{"null in a list of text", "DescribeVpnGateways", `{"VpnGatewayIds":["a",null]}`, `InvalidParameter VpnGatewayIds.1`},
		{"null in a list of objects", "CreateVpnGateway", createGateway + `,"Tags":[null]}`, `InvalidParameter Tags.0`},
		{"list for an object", "RenewVpnGateway", `{"VpnGatewayId":"a","InstanceChargePrepaid":[]}`, `InvalidParameter InstanceChargePrepaid`},
		{"a filter that is no object", "DescribeVpcs", `{"Filters":["vpc-id"]}`, `InvalidParameter.FilterNotDict Filters.0`},
		{"filter values that are no list", "DescribeVpnGateways", `{"Filters":[{"Name":"vpc-id","Values":"a"}]}`, `InvalidParameter.FilterValuesNotList Filters.0.Values`},
		{"filters that are no list", "DescribeVpcs", `{"Filters":{"Name":"vpc-id","Values":["a"]}}`, `InvalidParameter Filters`},
		{"a filter value that is no text", "DescribeVpcs", `{"Filters":[{"Name":"vpc-id","Values":[true]}]}`, `InvalidParameter Filters.0.Values.0`},

		{"unknown before missing", "DeleteVpnGateway", `{"Foo":1}`, `UnknownParameter Foo`},
		{"unknown before mistyped", "DeleteVpnGateway", `{"VpnGatewayId":1,"Foo":1}`, `UnknownParameter Foo`},
		{"unknown in the depth before missing", "CreateVpnGateway", `{"Tags":[{"Foo":1}]}`, `UnknownParameter Tags.0.Foo`},
		{"missing before mistyped", "DeleteVpnConnection", `{"VpnGatewayId":1}`, `MissingParameter VpnConnectionId`},
		{"missing before mistyped in the depth", "CreateVpnGateway", createGateway + `,"MaxConnection":"5","Tags":[{}]}`, `MissingParameter Tags.0.Key`},
		{"mistyped before not text", "DeleteVpnConnection", `{"VpnGatewayId":"\u0000","VpnConnectionId":1}`, `InvalidParameter VpnConnectionId`},
		{"not UTF-8, where that has a code", "DescribeRoutes", "{\"Filters\":[{\"Name\":\"\xff\",\"Values\":[]}]}", `InvalidParameterValue.NotUtf8EncodingError Filters.0.Name`},
		{"half a pair, where that has a code", "DescribeRoutes", `{"Filters":[{"Name":"\ud800","Values":[]}]}`, `InvalidParameterValue.NotUtf8EncodingError Filters.0.Name`},
		{"a NUL has none", "DescribeRoutes", `{"Filters":[{"Name":"\u0000","Values":[]}]}`, `InvalidParameterValue Filters.0.Name`},
		{"the first of two mistyped", "DeleteVpnConnection", `{"VpnConnectionId":1,"VpnGatewayId":2}`, `InvalidParameter VpnConnectionId`},
		{"a mistyped required one is not missing", "DeleteVpnGateway", `{"VpnGatewayId":[]}`, `InvalidParameter VpnGatewayId`},
	} {
		if got := decodeJSON(c.action, c.body); got != c.want {
			t.Errorf("%s: %s %s\n got %s\nwant %s", c.name, c.action, c.body, got, c.want)
		}
	}
}

// TestDecodeIntegers gives one unsigned and one signed input every way to write a number.
func TestDecodeIntegers(t *testing.T) {
	const no = "InvalidParameter"
	for _, c := range []struct{ text, unsigned, signed string }{
		{`0`, "0", "0"},
		{`5`, "5", "5"},
		{`-0`, no, "0"},
		{`-1`, no, "-1"},
		{`5.0`, no, no},
		{`1e3`, no, no},
		{`1E+3`, no, no},
		{`"5"`, no, no},
		{`true`, no, no},
		{`[5]`, no, no},
		{`{}`, no, no},
		{`9223372036854775807`, "9223372036854775807", "9223372036854775807"},
		{`9223372036854775808`, "9223372036854775808", no},
		{`-9223372036854775808`, no, "-9223372036854775808"},
		{`-9223372036854775809`, no, no},
		{`18446744073709551615`, "18446744073709551615", no},
		{`18446744073709551616`, no, no},
		{`100000000000000000000000000000000000000000`, no, no},
	} {
		if got, want := decodeJSON("CreateVpnGateway", `{"VpnGatewayName":"n","InternetMaxBandwidthOut":`+c.text+`}`),
			expected(c.unsigned, `{"VpnGatewayName":"n","InternetMaxBandwidthOut":%s}`, "InternetMaxBandwidthOut"); got != want {
			t.Errorf("unsigned %s: got %s, want %s", c.text, got, want)
		}
		if got, want := decodeJSON("CreateCustomerGateway", `{"CustomerGatewayName":"n","IpAddress":"i","BgpAsn":`+c.text+`}`),
			expected(c.signed, `{"CustomerGatewayName":"n","IpAddress":"i","BgpAsn":%s}`, "BgpAsn"); got != want {
			t.Errorf("signed %s: got %s, want %s", c.text, got, want)
		}
	}
}

func expected(value, format, param string) string {
	if strings.HasPrefix(value, "Invalid") {
		return value + " " + param
	}
	return fmt.Sprintf(format, value)
}

// TestDecodePaging shows that Offset and Limit of a list take a number and digits,
// whichever of the two their action documents.
func TestDecodePaging(t *testing.T) {
	for _, c := range []struct{ action, body, want string }{
		{"DescribeVpcs", `{"Offset":"0","Limit":"100"}`, `{"Offset":"0","Limit":"100"}`},
		{"DescribeVpcs", `{"Offset":0,"Limit":100}`, `{"Offset":"0","Limit":"100"}`},
		{"DescribeVpcs", `{"Limit":"many"}`, `{"Limit":"many"}`},
		{"DescribeVpcs", `{"Limit":1.5}`, `InvalidParameter Limit`},
		{"DescribeVpcs", `{"Limit":true}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Offset":0,"Limit":100}`, `{"Offset":0,"Limit":100}`},
		{"DescribeVpnGateways", `{"Offset":"0","Limit":"100"}`, `{"Offset":0,"Limit":100}`},
		{"DescribeVpnGateways", `{"Limit":"many"}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Limit":""}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Limit":" 5"}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Limit":"+5"}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Limit":"-5"}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Limit":"05"}`, `InvalidParameter Limit`},
		{"DescribeVpnGateways", `{"Limit":"5e0"}`, `InvalidParameter Limit`},
		{"DescribeVpnGatewayRoutes", `{"VpnGatewayId":"a","Offset":"-1","Limit":-1}`, `{"VpnGatewayId":"a","Offset":-1,"Limit":-1}`},
		{"DescribeTags", `{"Limit":"5"}`, `{"Limit":5}`},
	} {
		if got := decodeJSON(c.action, c.body); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.action, c.body, got, c.want)
		}
	}
}

// TestDecodePagingNotJSON breaks off where a number or digits may stand.
func TestDecodePagingNotJSON(t *testing.T) {
	for _, action := range []string{"DescribeVpcs", "DescribeVpnGateways"} {
		for _, body := range []string{`{"Limit":"5`, `{"Limit":-}`, `{"Limit":01}`, `{"Limit":5`, `{"Limit":"\u00"}`} {
			if got := decodeJSON(action, body); got != "InvalidParameter" {
				t.Errorf("%s %s: got %s", action, body, got)
			}
		}
	}
}

// TestDecodeText keeps strings byte for byte, or refuses them.
func TestDecodeText(t *testing.T) {
	const no = "InvalidParameterValue VpnGatewayId"
	for _, c := range []struct{ text, want string }{
		{`""`, ""},
		{`" a "`, " a "},
		{`"上海"`, "上海"},
		{`"\u4e0a\u6d77"`, "上海"},
		{`"\ud83d\ude00"`, "😀"},
		{`"😀"`, "😀"},
		{`"\uD83D\uDE00"`, "😀"},
		{`"a\n\r\t\b\f\/\\\""`, "a\n\r\t\b\f/\\\""},
		{`"\u0001\u001f\u007f"`, "\x01\x1f\x7f"},
		{`"\u202e"`, "\u202e"},
		{`"\ufffd"`, "\ufffd"},
		{`"$(id);../%s}#"`, "$(id);../%s}#"},
		{`"\u0000"`, no},
		{`"a\u0000b"`, no},
		{`"\ud800"`, no},
		{`"\udc00"`, no},
		{`"\ud800\ud800"`, no},
		{`"\ud800a"`, no},
		{`"\ud800\n"`, no},
		{`"\ude00\ud83d"`, no},
		{"\"\xff\"", no},
		{"\"\xc0\x80\"", no},
		{"\"\xed\xa0\x80\"", no},
		{"\"\\n\xff\"", no},
		{"\"\xe4\xb8\"", no},
	} {
		req, err := wire.Actions["DeleteVpnGateway"].DecodeJSON([]byte(`{"VpnGatewayId":` + c.text + `}`))
		got := ""
		if err != nil {
			got = err.Code + " " + err.Param
		} else {
			got = *req.(*wire.DeleteVpnGatewayRequest).VpnGatewayId
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

// TestDecodeNotJSON refuses everything that is not one JSON object.
func TestDecodeNotJSON(t *testing.T) {
	for _, body := range []string{
		`null`, `[]`, `"a"`, `1`, `true`, `x`, `{`, `}`, `{]`, `{"`, `{"VpnGatewayId`, `{"VpnGatewayId"`, `{"VpnGatewayId":`,
		`{"VpnGatewayId":"a`, `{"VpnGatewayId":"a"`, `{"VpnGatewayId":"a",`, `{"VpnGatewayId":"a",}`, `{,"VpnGatewayId":"a"}`,
		`{"VpnGatewayId":"a"}}`, `{"VpnGatewayId":"a"}{}`, `{"VpnGatewayId":"a"} x`, "{\"VpnGatewayId\":\"a\"}\x00",
		`{"VpnGatewayId" "a"}`, `{VpnGatewayId:"a"}`, `{'VpnGatewayId':'a'}`, `{"VpnGatewayId":a}`, `{"VpnGatewayId":nul}`, `{"VpnGatewayId":nulll}`,
		`{"VpnGatewayId":"\x"}`, `{"VpnGatewayId":"\u12"}`, `{"VpnGatewayId":"\u12g4"}`, "{\"VpnGatewayId\":\"a\nb\"}", "{\"VpnGatewayId\":\"\x00\"}",
		`{"VpnGatewayId":01}`, `{"VpnGatewayId":-}`, `{"VpnGatewayId":1.}`, `{"VpnGatewayId":.5}`, `{"VpnGatewayId":1e}`, `{"VpnGatewayId":+1}`, `{"VpnGatewayId":NaN}`,
		`{"VpnGatewayId":[1,]}`, `{"VpnGatewayId":[,1]}`, `{"VpnGatewayId":[1 2]}`, `{"VpnGatewayId":[1}`, `{"VpnGatewayId":{"a":1]}`, `{"VpnGatewayId":{"a"}}`,
		`{"VpnGatewayId":"\`, `{"VpnGatewayId":"a\n`, "{\"VpnGatewayId\":\"\\n\n\"}", `{"VpnGatewayId":"\u`, `{"VpnGatewayId":"\n\`, `{"VpnGatewayId":[`, `{"VpnGatewayId":{`,
		"\xef\xbb\xbf{\"VpnGatewayId\":\"a\"}", `VpnGatewayId=a`, "{\"VpnGatewayId\":\"a\"\v}", `{"VpnGatewayId":1,"VpnGatewayId":`,
	} {
		if got := decodeJSON("DeleteVpnGateway", body); got != "InvalidParameter" {
			t.Errorf("%q: got %s", body, got)
		}
		if json.Valid([]byte(body)) && body[0] == '{' {
			t.Errorf("%q is a JSON object after all", body)
		}
	}
}

// TestDecodeBounds shows that no body makes the decoder deep, or large beyond its size.
func TestDecodeBounds(t *testing.T) {
	list := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat(`"a",`, n), ",") + "]" }
	policies := func(n, m int) string {
		one := `{"LocalCidrBlock":"l","RemoteCidrBlock":` + list(m) + `}`
		return `{"VpnConnectionId":"c","SecurityPolicyDatabases":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]}"
	}
	for _, c := range []struct{ name, action, body, want string }{
		{"a list at its bound", "DescribeVpnGateways", `{"VpnGatewayIds":` + list(10_000) + `}`, ""},
		{"a list over its bound", "DescribeVpnGateways", `{"VpnGatewayIds":` + list(10_001) + `}`, "InvalidParameterValue.LimitExceeded VpnGatewayIds"},
		{"many lists", "ModifyVpnConnectionAttribute", policies(11, 9_000), ""},
		{"too many lists", "ModifyVpnConnectionAttribute", policies(12, 9_000), "RequestSizeLimitExceeded SecurityPolicyDatabases.11.RemoteCidrBlock.962"},
		{"nested where text belongs", "DeleteVpnGateway", `{"VpnGatewayId":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "InvalidParameter VpnGatewayId"},
		{"nested too deep", "DeleteVpnGateway", `{"VpnGatewayId":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`, "InvalidParameter"},
		{"nested without end", "DeleteVpnGateway", `{"VpnGatewayId":` + strings.Repeat(`{"a":[`, 1<<20), "InvalidParameter"},
		{"a long name", "DeleteVpnGateway", `{"` + strings.Repeat("海", 1<<20) + `":1}`, "UnknownParameter " + strings.Repeat("海", 42) + "…"},
		{"a name that is not UTF-8", "DeleteVpnGateway", "{\"a\xff\xffb\":1}", "UnknownParameter a\uFFFDb"},
	} {
		got := decodeJSON(c.action, c.body)
		if c.want == "" && strings.HasPrefix(got, "{") {
			continue
		}
		if got != c.want {
			t.Errorf("%s: got %.200s, want %s", c.name, got, c.want)
		}
	}
}

// TestDecodedOwnsItsText shows that a decoded string does not change with its body.
func TestDecodedOwnsItsText(t *testing.T) {
	body := []byte(`{"VpnGatewayId":"vpngw-abcdefgh"}`)
	req, err := wire.Actions["DeleteVpnGateway"].DecodeJSON(body)
	if err != nil {
		t.Fatal(err)
	}
	clear(body)
	if got := *req.(*wire.DeleteVpnGatewayRequest).VpnGatewayId; got != "vpngw-abcdefgh" {
		t.Errorf("got %q", got)
	}
}

// TestEveryActionDecodes sends each action a request with every input filled in, by
// JSON and as text, and compares the two.
func TestEveryActionDecodes(t *testing.T) {
	for name, a := range wire.Actions {
		req := a.New()
		fill(reflect.ValueOf(req).Elem(), 3)
		body := req.(wire.Encoder).AppendJSON(nil)
		if !json.Valid(body) {
			t.Errorf("%s: not JSON: %s", name, body)
		}
		fromJSON, err := a.DecodeJSON(body)
		if err != nil || !reflect.DeepEqual(fromJSON, req) {
			t.Errorf("%s: JSON %s\n got %s", name, body, decoded(fromJSON, err))
		}
		fromText, err := a.DecodeParams(flat(body))
		if err != nil || !reflect.DeepEqual(fromText, req) {
			t.Errorf("%s: text %s\n got %s", name, body, decoded(fromText, err))
		}
		if empty, err := a.DecodeJSON([]byte(`{}`)); err == nil && !bytes.Equal(empty.(wire.Encoder).AppendJSON(nil), []byte(`{}`)) {
			t.Errorf("%s: {} became %s", name, decoded(empty, nil))
		}
	}
}

// fill sets every field below v to something, n elements to a list.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.String:
		v.SetString("a\"\n上\u2028😀")
	case reflect.Uint64:
		v.SetUint(1<<64 - 1)
	case reflect.Int64:
		v.SetInt(-1 << 63)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.25)
	}
}
