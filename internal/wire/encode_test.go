package wire_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatewright/gatewright/internal/wire"
)

// TestRepliesAreJSON fills every reply, and leaves it empty, and reads it back with
// encoding/json: nothing is lost, no list is null, nothing documented is left out.
func TestRepliesAreJSON(t *testing.T) {
	for name, a := range wire.Actions {
		full := a.Reply()
		fill(reflect.ValueOf(full).Elem(), 2)
		body := full.AppendJSON(nil)
		back := a.Reply()
		if err := json.Unmarshal(body, back); err != nil || !reflect.DeepEqual(back, full) {
			t.Errorf("%s: %v\n%s", name, err, body)
		}
		std, err := json.Marshal(full)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := tree(t, body), tree(t, std); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s\nwant %s", name, body, std)
		}
		empty := a.Reply().AppendJSON(nil)
		if strings.Contains(string(empty), "null") {
			t.Errorf("%s: empty reply has a null: %s", name, empty)
		}
		checkPresent(t, name, reflect.TypeOf(full).Elem(), tree(t, empty))
	}
}

func tree(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// checkPresent demands that every field without a pointer is in an empty reply.
func checkPresent(t *testing.T, path string, typ reflect.Type, v any) {
	t.Helper()
	object, _ := v.(map[string]any)
	for i := range typ.NumField() {
		f := typ.Field(i)
		child, ok := object[jsonName(f)]
		switch {
		case f.Type.Kind() == reflect.Pointer && ok:
			t.Errorf("%s.%s: an absent value is written", path, f.Name)
		case f.Type.Kind() != reflect.Pointer && !ok:
			t.Errorf("%s.%s: left out", path, f.Name)
		case f.Type.Kind() == reflect.Struct:
			checkPresent(t, path+"."+f.Name, f.Type, child)
		}
	}
}

// TestFieldsNeverLeftOut lists, from what the Terraform provider dereferences without a
// look, what an empty row must still answer.
func TestFieldsNeverLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		of     wire.Encoder
		fields string
	}{
		"VpnGateway": {&wire.VpnGateway{}, "VpnGatewayId VpnGatewayName PublicIpAddress CreatedTime RenewFlag State InstanceChargeType ExpiredTime " +
			"IsAddressBlocked InternetMaxBandwidthOut NewPurchasePlan RestrictState Zone Type NetworkInstanceId VpnGatewayQuotaSet TagSet MaxConnection"},
		"VpnConnection": {&wire.VpnConnection{}, "VpnConnectionId VpnConnectionName VpcId VpnGatewayId CustomerGatewayId PreShareKey VpnProto EncryptProto " +
			"RouteType CreatedTime State NetStatus EnableHealthCheck HealthCheckLocalIp HealthCheckRemoteIp DpdEnable DpdTimeout DpdAction " +
			"IKEOptionsSpecification IPSECOptionsSpecification SecurityPolicyDatabaseSet"},
		"CustomerGateway":     {&wire.CustomerGateway{}, "CustomerGatewayId CustomerGatewayName IpAddress CreatedTime"},
		"Vpc":                 {&wire.Vpc{}, "VpcId VpcName CidrBlock IsDefault EnableMulticast CreatedTime TagSet"},
		"CCN":                 {&wire.CCN{}, "CcnName CcnDescription InstanceCount CreateTime State QosLevel InstanceChargeType BandwidthLimitType RouteECMPFlag RouteOverlapFlag"},
		"CcnAttachedInstance": {&wire.CcnAttachedInstance{}, "InstanceType InstanceId InstanceRegion State AttachedTime CcnUin Description RouteTableId"},
		"DescribeVpnGateways": {&wire.DescribeVpnGatewaysResponse{}, "VpnGatewaySet TotalCount"},
		"DescribeVpcs":        {&wire.DescribeVpcsResponse{}, "VpcSet TotalCount"},
	} {
		object := tree(t, c.of.AppendJSON(nil)).(map[string]any)
		for field := range strings.FieldsSeq(c.fields) {
			if v, ok := object[field]; !ok || v == nil {
				t.Errorf("%s.%s: %v, %v", name, field, v, ok)
			}
		}
	}
}

// TestFieldsLeftOut names the few fields that an answer may leave out.
func TestFieldsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		of     wire.Encoder
		fields string
	}{
		"VpnGateway":      {&wire.VpnGateway{}, "BgpAsn"},
		"CustomerGateway": {&wire.CustomerGateway{}, "BgpAsn"},
		"VpnConnection":   {&wire.VpnConnection{}, "HealthCheckStatus BgpConfig HealthCheckConfig"},
		"CCN":             {&wire.CCN{}, "Ipv6Flag"},
	} {
		object := tree(t, c.of.AppendJSON(nil)).(map[string]any)
		for field := range strings.FieldsSeq(c.fields) {
			if v, ok := object[field]; ok {
				t.Errorf("%s.%s: %v", name, field, v)
			}
		}
	}
}

// TestStringsAreJSON writes strings of every sort into a reply and reads them back.
func TestStringsAreJSON(t *testing.T) {
	for _, s := range append([]string{
		"", "plain", `"`, `\`, "a\"b\\c", "\n\r\t\b\f", "\x7f", "上海", "😀", "\u2028\u2029", "<>&'", "\ufffd", "%s%d", "a\x00b",
		"\xff", "a\xffb", "\xed\xa0\x80", "\xc0\x80", "上\xe4\xb8", strings.Repeat("x\n", 1000),
	}, controls()...) {
		body := (&wire.VpnGateway{VpnGatewayName: s}).AppendJSON(nil)
		var back wire.VpnGateway
		if err := json.Unmarshal(body, &back); err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if want := strings.ToValidUTF8(s, ""); utf8.ValidString(s) && back.VpnGatewayName != s || strings.ReplaceAll(back.VpnGatewayName, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Errorf("%q: came back as %q", s, back.VpnGatewayName)
		}
		if !utf8.Valid(body) {
			t.Errorf("%q: the body is not UTF-8", s)
		}
	}
}

func controls() []string {
	var list []string
	for c := range rune(' ') {
		list = append(list, string(c))
	}
	return list
}

func TestFloats(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 0.48: "0.48", 1717.86: "1717.86", -1.5: "-1.5", 1e21: "1000000000000000000000", 1e-7: "0.0000001",
		math.Inf(1): "0", math.Inf(-1): "0",
	} {
		got := string((&wire.ItemPrice{UnitPrice: f}).AppendJSON(nil))
		if !strings.HasPrefix(got, `{"UnitPrice":`+want+`,`) {
			t.Errorf("%v: %s", f, got)
		}
	}
	if got := string((&wire.ItemPrice{UnitPrice: math.NaN()}).AppendJSON(nil)); !strings.HasPrefix(got, `{"UnitPrice":0,`) {
		t.Errorf("NaN: %s", got)
	}
}

func TestAppendResponse(t *testing.T) {
	asn := uint64(64551)
	for _, c := range []struct {
		reply wire.Encoder
		want  string
	}{
		{&wire.DeleteVpnGatewayResponse{}, `{"Response":{"RequestId":"r-1"}}`},
		{&wire.DescribeVpnGatewaysResponse{}, `{"Response":{"TotalCount":0,"VpnGatewaySet":[],"RequestId":"r-1"}}`},
		{&wire.CreateCustomerGatewayResponse{CustomerGateway: wire.CustomerGateway{CustomerGatewayName: "n", BgpAsn: &asn}},
			`{"Response":{"CustomerGateway":{"CustomerGatewayId":"","CustomerGatewayName":"n","IpAddress":"","CreatedTime":"","BgpAsn":64551},"RequestId":"r-1"}}`},
		{&wire.DescribeRouteTablesResponse{RouteTableSet: []wire.RouteTable{{RouteSet: []wire.Route{{}, {RouteId: &asn}}}}},
			`{"Response":{"TotalCount":0,"RouteTableSet":[{"VpcId":"","RouteTableId":"","RouteTableName":"","AssociationSet":[],` +
				`"RouteSet":[{},{"RouteId":64551}],"Main":false,"CreatedTime":"","TagSet":[],"LocalCidrForCcn":[]}],"RequestId":"r-1"}}`},
	} {
		if got := string(wire.AppendResponse([]byte("x"), c.reply, "r-1")); got != "x"+c.want {
			t.Errorf("got %s\nwant x%s", got, c.want)
		}
	}
}

func TestAppendError(t *testing.T) {
	for _, c := range []struct {
		err  wire.Error
		lang wire.Language
		want string
	}{
		{wire.Error{Code: "MissingParameter", Param: "Tags.0.Key", EN: "it is required", ZH: "此参数必填"}, wire.English,
			"The parameter `Tags.0.Key` is not acceptable: it is required."},
		{wire.Error{Code: "MissingParameter", Param: "Tags.0.Key", EN: "it is required", ZH: "此参数必填"}, wire.Chinese,
			"参数 `Tags.0.Key` 不可接受：此参数必填。"},
		{wire.Error{Code: "InternalError", EN: "something broke"}, wire.Chinese, "something broke."},
		{wire.Error{Code: "LimitExceeded"}, wire.English, "LimitExceeded."},
		{wire.Error{Code: "UnknownParameter", Param: "\"\x01\xff", EN: "a\nb"}, wire.English, "The parameter `\"\x01\ufffd` is not acceptable: a\nb."},
	} {
		body := wire.AppendError(nil, &c.err, c.lang, "r-1")
		var got struct {
			Response struct {
				Error     struct{ Code, Message string }
				RequestId string
			}
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		if r := got.Response; r.Error.Code != c.err.Code || r.Error.Message != c.want || r.RequestId != "r-1" {
			t.Errorf("got %+v, want %q", r, c.want)
		}
	}
	if got := (&wire.Error{Code: "A.B", Param: "C", EN: "d"}).Error(); got != "A.B: The parameter `C` is not acceptable: d." {
		t.Errorf("Error() = %s", got)
	}
}
