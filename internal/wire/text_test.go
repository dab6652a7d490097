package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

// flat writes a JSON object as the SDKs write a form: empty lists and nulls left out.
func flat(body []byte) []wire.Param {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		panic(err)
	}
	return appendFlat(nil, "", tree)
}

func appendFlat(params []wire.Param, path string, v any) []wire.Param {
	below := strings.TrimPrefix(path+".", ".")
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for name, child := range v {
			params = appendFlat(params, below+name, child)
		}
	case []any:
		for i, child := range v {
			params = appendFlat(params, below+strconv.Itoa(i), child)
		}
	default:
		params = append(params, wire.Param{Name: path, Value: fmt.Sprint(v)})
	}
	return params
}

// params reads "Name=value&Name=value"; nothing in it is encoded.
func params(text string) []wire.Param {
	var list []wire.Param
	for part := range strings.SplitSeq(text, "&") {
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			list = append(list, wire.Param{Name: name, Value: value})
		}
	}
	return list
}

func decodeText(action, text string) string {
	return decoded(wire.Actions[action].DecodeParams(params(text)))
}

const gatewayText = "VpcId=vpc-abcd1234&VpnGatewayName=gw&InternetMaxBandwidthOut=5"

func TestDecodeParams(t *testing.T) {
	ids := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "&VpnGatewayIds.%d=a", n-1-i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, action, text, want string }{
		{"vector C", "CreateVpnGateway",
			"InstanceChargePrepaid.Period=1&InternetMaxBandwidthOut=5&Tags.0.Key=city&Tags.0.Value=上海&Type=IPSEC&VpcId=vpc-abcd1234&VpnGatewayName=gw test/1",
			`{"VpcId":"vpc-abcd1234","VpnGatewayName":"gw test/1","InternetMaxBandwidthOut":5,"InstanceChargePrepaid":{"Period":1},"Type":"IPSEC","Tags":[{"Key":"city","Value":"上海"}]}`},
		{"nothing", "DescribeVpnGateways", "", `{}`},
		{"lists in lists", "DescribeVpnGateways", "Filters.1.Values.1=d&Filters.0.Name=a&Filters.1.Name=c&Filters.0.Values.0=b&Filters.1.Values.0=e",
			`{"Filters":[{"Name":"a","Values":["b"]},{"Name":"c","Values":["e","d"]}]}`},
		{"eleven elements in the order of text", "DescribeVpnGateways",
			"VpnGatewayIds.0=a&VpnGatewayIds.1=b&VpnGatewayIds.10=k&VpnGatewayIds.2=c&VpnGatewayIds.3=d&VpnGatewayIds.4=e&VpnGatewayIds.5=f&VpnGatewayIds.6=g&VpnGatewayIds.7=h&VpnGatewayIds.8=i&VpnGatewayIds.9=j",
			`{"VpnGatewayIds":["a","b","c","d","e","f","g","h","i","j","k"]}`},
		{"numbers in a list", "EnableRoutes", "RouteTableId=r&RouteIds.0=1&RouteIds.1=18446744073709551615", `{"RouteTableId":"r","RouteIds":[1,18446744073709551615]}`},
		{"an empty text is there", "CreateVpnGateway", "VpcId=&VpnGatewayName=gw&InternetMaxBandwidthOut=5&Type=CCN", `{"VpcId":"","VpnGatewayName":"gw","InternetMaxBandwidthOut":5,"Type":"CCN"}`},
		{"text that looks like more", "DeleteVpnGateway", `VpnGatewayId={"a":[1]}`, `{"VpnGatewayId":"{\"a\":[1]}"}`},
		{"paging as text", "DescribeVpcs", "Offset=0&Limit=100", `{"Offset":"0","Limit":"100"}`},

		{"unknown", "CreateVpnGateway", gatewayText + "&Foo=1", "UnknownParameter Foo"},
		{"unknown below a list", "CreateVpnGateway", gatewayText + "&Tags.0.Key=a&Tags.0.Val=b", "UnknownParameter Tags.0.Val"},
		{"a slip below a list", "DeleteRoutes", "RouteTableId=r&Routes.0.RouteItemID=a", "UnknownParameter.WithGuess Routes.0.RouteItemID"},
		{"a slip, and nothing below", "DeleteRoutes", "RouteTableId.Id=r", "UnknownParameter RouteTableId.Id"},
		{"below a text", "DeleteVpnGateway", "VpnGatewayId.0=a", "UnknownParameter VpnGatewayId.0"},
		{"below an element", "DescribeVpnGateways", "VpnGatewayIds.0.Id=a", "UnknownParameter VpnGatewayIds.0.Id"},
		{"a name for an index", "DescribeVpnGateways", "Filters.Name=a", "UnknownParameter Filters.Name"},
		{"an index for a name", "RenewVpnGateway", "InstanceChargePrepaid.0=1", "UnknownParameter InstanceChargePrepaid.0"},
		{"a leading zero", "DescribeVpnGateways", "VpnGatewayIds.00=a", "UnknownParameter VpnGatewayIds.00"},
		{"a sign", "DescribeVpnGateways", "VpnGatewayIds.-1=a", "UnknownParameter VpnGatewayIds.-1"},
		{"a dot at the end", "DescribeVpnGateways", "VpnGatewayIds.=a", "UnknownParameter VpnGatewayIds."},
		{"two dots", "CreateVpnGateway", gatewayText + "&Tags..Key=a", "UnknownParameter Tags..Key"},
		{"a dot after all", "DeleteVpnGateway", "VpnGatewayId.=a", "UnknownParameter VpnGatewayId."},
		{"an empty name", "DeleteVpnGateway", "VpnGatewayId=a&=b", `UnknownParameter ""`},
		{"too deep", "DescribeVpnGateways", "Filters.0.Values.0.a.b.c.d.e.f=x", "UnknownParameter Filters.0.Values.0.a.b.c.d.e.f"},

		{"missing", "CreateVpnGateway", "VpcId=v&InternetMaxBandwidthOut=5", "MissingParameter VpnGatewayName"},
		{"missing below a list", "CreateVpnGateway", gatewayText + "&Tags.0.Key=a&Tags.1.Value=b", "MissingParameter Tags.1.Key"},
		{"a filter without values", "DescribeVpcs", "Filters.0.Name=a", "MissingParameter Filters.0.Values"},

		{"no number", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=abc", "InvalidParameter InternetMaxBandwidthOut"},
		{"no number at all", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=", "InvalidParameter InternetMaxBandwidthOut"},
		{"a fraction", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=5.0", "InvalidParameter InternetMaxBandwidthOut"},
		{"an exponent", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=1e3", "InvalidParameter InternetMaxBandwidthOut"},
		{"a leading zero in a number", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=05", "InvalidParameter InternetMaxBandwidthOut"},
		{"a plus", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=+5", "InvalidParameter InternetMaxBandwidthOut"},
		{"a minus", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=-5", "InvalidParameter InternetMaxBandwidthOut"},
		{"spaces", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut= 5", "InvalidParameter InternetMaxBandwidthOut"},
		{"65 bits", "CreateVpnGateway", "VpnGatewayName=gw&InternetMaxBandwidthOut=18446744073709551616", "InvalidParameter InternetMaxBandwidthOut"},
		{"quotes of the vendor's sample", "CreateVpnGateway", `VpnGatewayName="gw"&InternetMaxBandwidthOut="5"`, "InvalidParameter InternetMaxBandwidthOut"},
		{"a list as one value", "DescribeVpnGateways", "VpnGatewayIds=a", "InvalidParameter VpnGatewayIds"},
		{"a list as both", "DescribeVpnGateways", "VpnGatewayIds.0=a&VpnGatewayIds=a", "InvalidParameter VpnGatewayIds"},
		{"an object as one value", "RenewVpnGateway", "VpnGatewayId=a&InstanceChargePrepaid=1", "InvalidParameter InstanceChargePrepaid"},
		{"an object as both", "RenewVpnGateway", "VpnGatewayId=a&InstanceChargePrepaid.Period=1&InstanceChargePrepaid=1", "InvalidParameter InstanceChargePrepaid"},
		{"an element as one value", "CreateVpnGateway", gatewayText + "&Tags.0=a", "InvalidParameter Tags.0"},
		{"a filter as one value", "DescribeVpcs", "Filters.0=vpc-id", "InvalidParameter.FilterNotDict Filters.0"},
		{"filter values as one value", "DescribeVpcs", "Filters.0.Name=vpc-id&Filters.0.Values=a", "InvalidParameter.FilterValuesNotList Filters.0.Values"},
		{"a gap", "DescribeVpnGateways", "VpnGatewayIds.0=a&VpnGatewayIds.2=b", "InvalidParameter VpnGatewayIds.1"},
		{"a list from one", "DescribeVpnGateways", "VpnGatewayIds.1=a", "InvalidParameter VpnGatewayIds.0"},
		{"a far element", "DescribeVpnGateways", "VpnGatewayIds.9999=a", "InvalidParameter VpnGatewayIds.0"},
		{"a list at its bound", "DescribeVpnGateways", ids(10_000), ""},
		{"an element over the bound", "DescribeVpnGateways", "VpnGatewayIds.10000=a", "InvalidParameterValue.LimitExceeded VpnGatewayIds.10000"},
		{"an element beyond numbers", "DescribeVpnGateways", "VpnGatewayIds.99999999999999999999=a", "InvalidParameterValue.LimitExceeded VpnGatewayIds.99999999999999999999"},
		{"twice", "DeleteVpnGateway", "VpnGatewayId=a&VpnGatewayId=a", "InvalidParameter VpnGatewayId"},
		{"an element twice", "DescribeVpnGateways", "VpnGatewayIds.0=a&VpnGatewayIds.0=b", "InvalidParameter VpnGatewayIds.0"},

		{"a NUL", "DeleteVpnGateway", "VpnGatewayId=a\x00", "InvalidParameterValue VpnGatewayId"},
		{"not UTF-8", "DeleteVpnGateway", "VpnGatewayId=\xff", "InvalidParameterValue VpnGatewayId"},
		{"a NUL in a list", "DescribeVpnGateways", "VpnGatewayIds.0=a&VpnGatewayIds.1=\x00", "InvalidParameterValue VpnGatewayIds.1"},

		{"unknown before missing", "DeleteVpnConnection", "VpnGatewayId=a&Foo=1", "UnknownParameter Foo"},
		{"missing before mistyped", "CreateVpnGateway", "InternetMaxBandwidthOut=x", "MissingParameter VpnGatewayName"},
		{"mistyped before not text", "CreateVpnGateway", "VpcId=\x00&VpnGatewayName=gw&InternetMaxBandwidthOut=x", "InvalidParameter InternetMaxBandwidthOut"},
	} {
		got := decodeText(c.action, c.text)
		if c.want == "" && strings.HasPrefix(got, "{") {
			continue
		}
		if got != c.want {
			t.Errorf("%s: %s %.300s\n got %s\nwant %s", c.name, c.action, c.text, got, c.want)
		}
	}
}

func TestDecodeBooleans(t *testing.T) {
	for text, want := range map[string]string{
		"true": "true", "True": "true", "TRUE": "true", "1": "true",
		"false": "false", "False": "false", "FALSE": "false", "0": "false",
		"": "", "t": "", "F": "", "yes": "", "tRUE": "", " true": "", "2": "", "null": "",
	} {
		want = expectedBool(want)
		if got := decodeText("CreateVpc", "VpcName=n&CidrBlock=c&EnableRouteVpcPublish="+text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func expectedBool(v string) string {
	if v == "" {
		return "InvalidParameter EnableRouteVpcPublish"
	}
	return `{"VpcName":"n","CidrBlock":"c","EnableRouteVpcPublish":` + v + `}`
}
