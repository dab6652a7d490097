package vpc

import (
	"strings"
	"unicode/utf8"
)

// TextLimit is how long a name or description may be.
type TextLimit struct {
	Min, Max int
	Runes    bool // count characters instead of bytes of UTF-8
}

// The limits of names and descriptions. The vendor counts some in bytes and some in
// characters.
var (
	GatewayName         = TextLimit{Min: 1, Max: 60}
	CustomerGatewayName = TextLimit{Min: 1, Max: 60, Runes: true}
	ConnectionName      = TextLimit{Min: 1, Max: 60, Runes: true}
	SSLServerName       = TextLimit{Min: 1, Max: 60}
	SSLClientName       = TextLimit{Min: 1, Max: 60}
	VPCName             = TextLimit{Min: 1, Max: 60}              // CreateVpc
	VPCNewName          = TextLimit{Min: 1, Max: 60, Runes: true} // ModifyVpcAttribute
	SubnetName          = TextLimit{Min: 1, Max: 60}
	RouteTableName      = TextLimit{Min: 1, Max: 60}
	CCNName             = TextLimit{Min: 1, Max: 60}
	CCNDescription      = TextLimit{Max: 100}
	RouteDescription    = TextLimit{Max: 255, Runes: true} // gateway routes and route tables' routes
	DomainName          = TextLimit{Max: 60}
)

// Check refuses a text that is too short (Empty), too long (TooLong), not UTF-8 or holds
// a NUL (Malformed). Any other character is fine, line breaks and quotes included.
func (l TextLimit) Check(param, text string, codes Listed) *Error {
	size, unit, unitZH := len(text), "bytes of UTF-8", "字节（UTF-8）"
	if l.Runes {
		size, unit, unitZH = utf8.RuneCountInString(text), "characters", "个字符"
	}
	switch {
	case size < l.Min:
		return Refuse(codes.Pick(InvalidParameterValueEmpty, InvalidParameterValueMalformed, InvalidParameterValue), param,
			"it is empty", "不能为空")
	case size > l.Max:
		return Refuse(codes.Pick(InvalidParameterValueTooLong, InvalidParameterValueLimitExceeded, InvalidParameterValue), param,
			"it is %d %s long, the most is %d", "长度为 %[1]d，最多 %[3]d "+unitZH, size, unit, l.Max)
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		return Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param,
			"it has a NUL or is not valid UTF-8", "包含 NUL 或不是有效的 UTF-8")
	}
	return nil
}
