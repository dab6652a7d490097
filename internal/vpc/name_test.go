package vpc

import (
	"strings"
	"testing"
)

func TestTextLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit TextLimit
		text  string
		codes Listed
		want  Code
	}{
		{"60 bytes", GatewayName, strings.Repeat("a", 60), nil, "OK"},
		{"61 bytes", GatewayName, strings.Repeat("a", 61), nil, InvalidParameterValueTooLong},
		{"20 Chinese characters", GatewayName, strings.Repeat("网", 20), nil, "OK"},
		{"21 Chinese characters", GatewayName, strings.Repeat("网", 21), nil, InvalidParameterValueTooLong},
		{"empty", GatewayName, "", nil, InvalidParameterValueEmpty},
		{"empty where Empty is not documented", GatewayName, "", only(InvalidParameterValueMalformed), InvalidParameterValueMalformed},
		{"NUL", GatewayName, "a\x00b", nil, InvalidParameterValueMalformed},
		{"half a character", GatewayName, "a\xe7\xbd", nil, InvalidParameterValueMalformed},
		{"surrogate in UTF-8", GatewayName, "\xed\xa0\x80", nil, InvalidParameterValueMalformed},
		{"line breaks and quotes", GatewayName, "a\r\n\"}#$(id)`id`;../%s", nil, "OK"},
		{"right-to-left mark", GatewayName, "a\u200fb", nil, "OK"},
		{"1 MiB", GatewayName, strings.Repeat("x", 1<<20), nil, InvalidParameterValueTooLong},
		{"60 characters", CustomerGatewayName, strings.Repeat("网", 60), nil, "OK"},
		{"61 characters", CustomerGatewayName, strings.Repeat("网", 61), nil, InvalidParameterValueTooLong},
		{"60 characters", ConnectionName, strings.Repeat("网", 60), nil, "OK"},
		{"new VPC name", VPCNewName, strings.Repeat("网", 60), nil, "OK"},
		{"VPC name", VPCName, strings.Repeat("网", 21), nil, InvalidParameterValueTooLong},
		{"no description", CCNDescription, "", nil, "OK"},
		{"description", CCNDescription, strings.Repeat("a", 101), nil, InvalidParameterValueTooLong},
	} {
		err := c.limit.Check("Name", c.text, c.codes)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if err != nil && strings.Contains(err.Message(English)+err.Message(Chinese), "%!") {
			t.Errorf("%s: broken text %q %q", c.name, err.EN, err.ZH)
		}
	}
}
