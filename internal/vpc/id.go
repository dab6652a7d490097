package vpc

import "strings"

// Prefix is the part of an id before the dash. It says what the id names.
type Prefix string

// The prefixes of ids. Gateway routes and gateway CCN routes share one.
const (
	PrefixGateway         Prefix = "vpngw"
	PrefixCustomerGateway Prefix = "cgw"
	PrefixConnection      Prefix = "vpnx"
	PrefixGatewayRoute    Prefix = "vpnr"
	PrefixSSLServer       Prefix = "vpns"
	PrefixSSLClient       Prefix = "vpnc"
	PrefixAccessPolicy    Prefix = "vpnap"
	PrefixVPC             Prefix = "vpc"
	PrefixSubnet          Prefix = "subnet"
	PrefixRouteTable      Prefix = "rtb"
	PrefixRouteItem       Prefix = "rti"
	PrefixCCN             Prefix = "ccn"
	PrefixCCNRoute        Prefix = "ccnr"
	PrefixCCNRouteTable   Prefix = "ccnrtb"
	PrefixCDC             Prefix = "cluster"
	PrefixDHCP            Prefix = "dopt"
	PrefixWorkload        Prefix = "att"
)

const (
	idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	idLength   = 8
)

// NewID makes an id: the prefix, a dash and eight characters that one draw from pick
// decides. Draws should be uniform over all of uint64; the bias is below one in a million.
func NewID[K ~string](prefix Prefix, pick func() uint64) K {
	n := pick()
	var tail [idLength]byte
	for i := range tail {
		tail[i] = idAlphabet[n%uint64(len(idAlphabet))]
		n /= uint64(len(idAlphabet))
	}
	return K(string(prefix) + "-" + string(tail[:]))
}

// Match reports whether id has the shape of an id of this kind.
func (p Prefix) Match(id string) bool {
	tail, ok := strings.CutPrefix(id, string(p))
	if !ok || len(tail) != 1+idLength || tail[0] != '-' {
		return false
	}
	for i := 1; i < len(tail); i++ {
		if c := tail[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// own returns the codes that an action may have for this kind alone.
func (p Prefix) own() (malformed, notFound Code) {
	switch p {
	case PrefixGateway:
		return InvalidVpnGatewayIdMalformed, InvalidVpnGatewayIdNotFound
	case PrefixVPC:
		return InvalidVpcIdMalformed, InvalidVpcIdNotFound
	case PrefixRouteTable:
		return InvalidRouteTableIdMalformed, InvalidRouteTableIdNotFound
	}
	return InvalidParameterValueMalformed, ResourceNotFound
}

// CheckID refuses an id that does not have the shape of its kind, with the kind's own
// Malformed code where the action has it.
func CheckID(prefix Prefix, param, id string, codes Listed) *Error {
	if prefix.Match(id) {
		return nil
	}
	own, _ := prefix.own()
	return Refuse(codes.Pick(own, InvalidParameterValueMalformed, InvalidParameterValue), param,
		"`%s` should be %s- and eight lower-case letters or digits",
		"`%s` 应为 %s- 加八位小写字母或数字", Clip(id), prefix)
}

// NotFound refuses an id of the right shape that names nothing of the caller's, with
// the kind's own NotFound code where the action has it.
func NotFound(prefix Prefix, param, id string, codes Listed) *Error {
	_, own := prefix.own()
	if !codes.Has(own) {
		own = ResourceNotFound // common to all actions
	}
	return Refuse(own, param, "`%s` does not exist", "`%s` 不存在", Clip(id))
}

// Clip shortens a caller's text for a message: at most 64 bytes, cut between
// characters, and no control characters.
func Clip(s string) string {
	const limit = 64
	var b strings.Builder
	for _, r := range s {
		if b.Len() >= limit {
			b.WriteString("...")
			break
		}
		if r < ' ' || r == 0x7f || r == '`' {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
