package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// oddNames are names that are kept as they are, and badNames what is refused.
var (
	oddNames = []string{
		"n", strings.Repeat("n", 60), strings.Repeat("网", 20), "a\nb", "a\r\nb", `a"b`, "a}b", "#", "$(id)", "`id`", ";", "../../etc/passwd",
		"%s%n", "\u202eabc", "\\u0000", "</script>", "' OR 1=1 --", "\t", "\x7f", "👩‍👩‍👧",
	}
	badNames = map[string]string{ // as they stand between the quotes of JSON
		strings.Repeat("n", 61):        "InvalidParameterValue.TooLong",
		strings.Repeat("网", 20) + "n":  "InvalidParameterValue.TooLong",
		strings.Repeat("n", 1<<20):     "InvalidParameterValue.TooLong",
		`a\u0000b`:                     "InvalidParameterValue",
		`\ud800`:                       "InvalidParameterValue",
		`a\udc00b`:                     "InvalidParameterValue",
		"\xff":                         "InvalidParameterValue",
		`\ud83d\ud83d`:                 "InvalidParameterValue",
		strings.Repeat(`\u7f51`, 21):   "InvalidParameterValue.TooLong",
		strings.Repeat("\u202e", 1000): "InvalidParameterValue.TooLong",
	}
)

// quoted is a text as JSON.
func quoted(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBadGatewayNames(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	body := func(name string) string {
		return fmt.Sprintf(`{"VpnGatewayId":%q,"VpnGatewayName":%s}`, s.gateway, name)
	}
	for _, name := range oddNames {
		s.try(t, fmt.Sprintf("name %q", name), "ModifyVpnGatewayAttribute", body(quoted(t, name)), "OK")
		if got := s.made(t, "DescribeVpnGateways", `{}`, "VpnGatewaySet.0.VpnGatewayName"); got != name {
			t.Errorf("name %q: stored %q", name, got)
		}
		found := s.made(t, "DescribeVpnGateways", fmt.Sprintf(`{"Filters":[{"Name":"vpn-gateway-name","Values":[%s]}]}`, quoted(t, name)), "TotalCount")
		if found != "1" {
			t.Errorf("name %q: %s gateways are found by it", name, found)
		}
	}
	for name, want := range badNames {
		s.try(t, fmt.Sprintf("name %.40q", name), "ModifyVpnGatewayAttribute", body(`"`+name+`"`), want)
		create := fmt.Sprintf(`{"VpcId":%q,"InternetMaxBandwidthOut":5,"VpnGatewayName":"%s"}`, s.vpc, name)
		s.try(t, fmt.Sprintf("new with name %.40q", name), "CreateVpnGateway", create, want)
	}
	s.try(t, "no name", "ModifyVpnGatewayAttribute", body(`""`), "InvalidParameterValue.Malformed")
	s.try(t, "new without name", "CreateVpnGateway", fmt.Sprintf(`{"VpcId":%q,"InternetMaxBandwidthOut":5,"VpnGatewayName":""}`, s.vpc), "InvalidParameterValue.Empty")
}

// TestBadConnectionNames: a connection's name is counted in characters.
func TestBadConnectionNames(t *testing.T) {
	var inputs []input
	for _, name := range append(oddNames, strings.Repeat("网", 60)) {
		inputs = append(inputs, input{"name " + name, map[string]any{"VpnConnectionName": name}, "OK", "VpnConnectionName", name})
	}
	for name, want := range map[string]string{
		"": "InvalidParameterValue.Empty", strings.Repeat("网", 61): "InvalidParameterValue.TooLong", "a\x00": "InvalidParameterValue",
	} {
		inputs = append(inputs, input{fmt.Sprintf("name %q", name), map[string]any{"VpnConnectionName": name}, want, "", nil})
	}
	tryInputs(t, 0, inputs)
}

// TestBadTags: what stands in a tag is kept as it is, or refused.
func TestBadTags(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	body := func(key, value string) string {
		return fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"g","InternetMaxBandwidthOut":5,"Tags":[{"Key":"%s","Value":"%s"}]}`, s.vpc, key, value)
	}
	for _, tag := range []struct{ key, value, want string }{
		{strings.Repeat("网", 127), strings.Repeat("网", 255), "OK"},
		{"a b", "+-=._:/@()[],;><", "OK"},
		{strings.Repeat("k", 128), "v", "InvalidParameterValue.TagInvalidKeyLen"},
		{"", "v", "InvalidParameterValue.TagInvalidKeyLen"},
		{"k", strings.Repeat("v", 256), "InvalidParameterValue.TagInvalidVal"},
		{"k", " v", "InvalidParameterValue.TagInvalidVal"},
		{"k ", "v", "InvalidParameterValue.TagInvalidKey"},
		{`a\nb`, "v", "InvalidParameterValue.TagInvalidKey"},
		{"k", `a\r\nb`, "InvalidParameterValue.TagInvalidVal"},
		{"k", `\"`, "InvalidParameterValue.TagInvalidVal"},
		{"k", "$(id)", "InvalidParameterValue.TagInvalidVal"},
		{"k", "`id`", "InvalidParameterValue.TagInvalidVal"},
		{"k", "#", "InvalidParameterValue.TagInvalidVal"},
		{"k", "}", "InvalidParameterValue.TagInvalidVal"},
		{"k", "%s", "InvalidParameterValue.TagInvalidVal"},
		{"k", "\u202e", "InvalidParameterValue.TagInvalidVal"},
		{"k", `\u0000`, "InvalidParameterValue"},
		{`\ud800`, "v", "InvalidParameterValue"},
	} {
		s.try(t, fmt.Sprintf("tag %.40q %.40q", tag.key, tag.value), "CreateVpnGateway", body(tag.key, tag.value), tag.want)
	}
	if got := s.made(t, "DescribeVpnGateways", `{}`, "VpnGatewaySet.1.TagSet.0.Value"); got != strings.Repeat("网", 255) {
		t.Errorf("stored %q", got)
	}
}

// TestBadNumbers: numbers as JSON may spell them.
func TestBadNumbers(t *testing.T) {
	s := newTunnel(t, newSlowHarness(t, nil), 0)
	body := func(inputs string) string {
		return fmt.Sprintf(`{"VpcId":%q,"VpnGatewayName":"g",%s}`, s.vpc, inputs)
	}
	bandwidth := func(n string) string { return body(`"InternetMaxBandwidthOut":` + n) }
	sized := func(inputs string) string { return body(`"InternetMaxBandwidthOut":200,` + inputs) }
	for _, in := range []struct{ body, want string }{
		{bandwidth("7"), "InvalidParameterValue"},
		{bandwidth("0"), "InvalidParameterValue"},
		{bandwidth("-1"), "InvalidParameter"},
		{bandwidth("5.0"), "InvalidParameter"},
		{bandwidth("5.5"), "InvalidParameter"},
		{bandwidth(`"5"`), "InvalidParameter"},
		{bandwidth("9223372036854775808"), "InvalidParameterValue"},
		{bandwidth("18446744073709551616"), "InvalidParameter"},
		{bandwidth("1e2"), "InvalidParameter"},
		{bandwidth("1e400"), "InvalidParameter"},
		{bandwidth("[5]"), "InvalidParameter"},
		{bandwidth("{}"), "InvalidParameter"},
		{bandwidth("true"), "InvalidParameter"},
		{bandwidth("NaN"), "InvalidParameter"},
		{bandwidth("05"), "InvalidParameter"},
		{sized(`"Type":"SSL","MaxConnection":6`), "InvalidParameterValue"},
		{sized(`"Type":"SSL","MaxConnection":0`), "InvalidParameterValue"},
		{sized(`"Type":"SSL","MaxConnection":-5`), "InvalidParameter"},
		{sized(`"BgpAsn":0`), "InvalidParameterValue"},
		{sized(`"BgpAsn":23456`), "OK"},
		{sized(`"BgpAsn":65535`), "OK"},
		{sized(`"BgpAsn":4294967296`), "InvalidParameterValue"},
		{sized(`"BgpAsn":-1`), "InvalidParameter"},
	} {
		s.try(t, in.body, "CreateVpnGateway", in.body, in.want)
	}
}
