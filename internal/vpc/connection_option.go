package vpc

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The option lists of CreateVpnConnection.
var (
	ikeCiphers      = []string{"3DES-CBC", "AES-CBC-128", "AES-CBC-192", "AES-CBC-256", "DES-CBC", "SM4", "AES128GCM128", "AES192GCM128", "AES256GCM128"}
	ikeIntegrities  = []string{"MD5", "SHA", "SHA-256", "SHA-512"}
	ikeExchanges    = []string{"MAIN", "AGGRESSIVE"}
	ikeVersions     = []string{"IKEV1", "IKEV2"}
	identities      = []string{IdentityAddress, IdentityFQDN}
	dhGroups        = []string{"GROUP1", "GROUP2", "GROUP5", "GROUP14", "GROUP15", "GROUP16", "GROUP19", "GROUP20", "GROUP21", "GROUP24"}
	ipsecCiphers    = append([]string{"NULL"}, ikeCiphers...)
	ipsecIntegrites = []string{"MD5", "SHA1", "SHA-256", "SHA-512", "SHA-384", "SM3"}
	dpdActions      = []string{"clear", "restart"}
	negotiations    = []string{string(NegotiateActive), string(NegotiatePassive), string(NegotiateOnFlow)}
)

// pfsGroups are the groups of phase 2: the phase 1 groups under another name, or none.
var pfsGroups = func() []string {
	out := []string{"NULL"}
	for _, g := range dhGroups {
		out = append(out, "DH-"+g)
	}
	return out
}()

// The kinds of IKE identity.
const (
	IdentityAddress = "ADDRESS"
	IdentityFQDN    = "FQDN"
)

// Spellings that the vendor's international pages use for a value of the mainland list.
var (
	cipherAliases    = map[string]string{"AES-CBS-192": "AES-CBC-192"}
	integrityAliases = map[string]string{"SHA1": "SHA", "SHA-1": "SHA"}
)

// The bounds of lifetimes. Times are in seconds, traffic in the API's kilobytes.
const (
	minIKELifetime, maxIKELifetime     = 60, 604800
	minIPsecLifetime, maxIPsecLifetime = 180, 604800
	minIPsecTraffic, maxIPsecTraffic   = 2560, 1<<32 - 1
	minDPDTimeout, maxDPDTimeout       = 1, 3600
	defaultDPDTimeout                  = 30
)

// Limits of a pre-shared key and of an identity, in bytes.
const (
	maxPreSharedKey = 128
	maxIdentity     = 255
)

// IKESpec is what a caller says of phase 1; nil fields were left out.
type IKESpec struct {
	Encryption, Integrity, Exchange *string
	LocalIdentity, RemoteIdentity   *string
	LocalAddress, RemoteAddress     *string
	LocalFQDN, RemoteFQDN           *string
	DHGroup                         *string
	Lifetime                        *uint64
	Version                         *string
}

// IPsecSpec is what a caller says of phase 2; nil fields were left out.
type IPsecSpec struct {
	Encryption, Integrity, PFS *string
	Lifetime, LifetimeKiB      *uint64
}

// DPDSpec is what a caller says of dead peer detection; nil fields were left out.
type DPDSpec struct {
	Enable          *int64
	Timeout, Action *string
}

// options reads options one after another and keeps the first refusal.
type options struct {
	codes Listed
	err   *Error
}

func (o *options) refuse(e *Error) {
	if o.err == nil {
		o.err = e
	}
}

func (o *options) malformed(param, en, zh string, args ...any) {
	o.refuse(Refuse(o.codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue, InvalidParameter), param, en, zh, args...))
}

// word reads a value of a list, or takes the default where none was given.
func (o *options) word(param string, given *string, fallback string, list []string) string {
	switch {
	case given == nil:
		return fallback
	case !slices.Contains(list, *given):
		o.malformed(param, "`%s` is none of %s", "`%s` 不在 %s 之中", Clip(*given), strings.Join(list, ", "))
		return fallback
	}
	return *given
}

// number reads a number of a range, or takes the default where none was given.
func (o *options) number(param string, given *uint64, fallback uint32, least, most uint64) uint32 {
	switch {
	case given == nil:
		return fallback
	case *given < least || *given > most:
		o.malformed(param, "%d is not in %d..%d", "%d 不在 %d 至 %d 之内", *given, least, most)
		return fallback
	}
	return uint32(*given)
}

func alias(given *string, aliases map[string]string) *string {
	if given != nil {
		if real, ok := aliases[*given]; ok {
			return &real
		}
	}
	return given
}

// ike fills a whole phase 1 from what was given and the site's defaults. An identity by
// address defaults to the address of its end.
func (o *options) ike(s IKESpec, around *Surroundings) IKEOptions {
	integrity := "SHA"
	if around.Site == SiteIntl {
		integrity = "MD5"
	}
	const p = "IKEOptionsSpecification."
	out := IKEOptions{
		Encryption: o.word(p+"PropoEncryAlgorithm", alias(s.Encryption, cipherAliases), "3DES-CBC", ikeCiphers),
		Integrity:  o.word(p+"PropoAuthenAlgorithm", alias(s.Integrity, integrityAliases), integrity, ikeIntegrities),
		Exchange:   o.word(p+"ExchangeMode", s.Exchange, "MAIN", ikeExchanges),
		DHGroup:    o.word(p+"DhGroupName", s.DHGroup, "GROUP1", dhGroups),
		Lifetime:   o.number(p+"IKESaLifetimeSeconds", s.Lifetime, 86400, minIKELifetime, maxIKELifetime),
		Version:    o.word(p+"IKEVersion", s.Version, "IKEV1", ikeVersions),
	}
	out.LocalIdentity, out.LocalAddress, out.LocalFQDN = o.identity(p+"Local", s.LocalIdentity, s.LocalAddress, s.LocalFQDN, around.Gateway.Public.String())
	out.RemoteIdentity, out.RemoteAddress, out.RemoteFQDN = o.identity(p+"Remote", s.RemoteIdentity, s.RemoteAddress, s.RemoteFQDN, around.CustomerGateway.Addr.String())
	o.gcm(p+"PropoEncryAlgorithm", out.Encryption, around.Gateway)
	return out
}

// identity reads one end's identity. Of address and name only the one that the kind
// asks for is kept. An empty text counts as left out.
func (o *options) identity(param string, kind, address, name *string, own string) (string, string, string) {
	k := o.word(param+"Identity", kind, IdentityAddress, identities)
	if k == IdentityFQDN {
		text := ""
		if name != nil {
			text = *name
		}
		o.refuse(checkIdentityName(param+"FqdnName", text, o.codes))
		return k, "", text
	}
	if address == nil || *address == "" {
		return k, own, ""
	}
	a, ok := ParseIPv4(*address)
	if !ok || strange(a) {
		o.malformed(param+"Address", "`%s` is not the IPv4 address of a host", "`%s` 不是主机的 IPv4 地址", Clip(*address))
	}
	return k, *address, ""
}

// gcm refuses a GCM cipher on a gateway older than version 4.0.
func (o *options) gcm(param, cipher string, g *Gateway) {
	if strings.Contains(cipher, "GCM") && !versionFrom(g.Version, 4, 0) {
		o.refuse(Refuse(UnsupportedOperation, param,
			"`%s` needs a gateway of version 4.0, this one is %s", "`%s` 需要 4.0 版本的网关，当前为 %s", cipher, g.Version))
	}
}

// ipsec fills a whole phase 2 from what was given and the defaults.
func (o *options) ipsec(s IPsecSpec, g *Gateway) IPsecOptions {
	const p = "IPSECOptionsSpecification."
	out := IPsecOptions{
		Encryption:  o.word(p+"EncryptAlgorithm", alias(s.Encryption, cipherAliases), "AES-CBC-128", ipsecCiphers),
		Integrity:   o.word(p+"IntegrityAlgorith", s.Integrity, "SHA1", ipsecIntegrites),
		PFS:         o.word(p+"PfsDhGroup", s.PFS, "NULL", pfsGroups),
		Lifetime:    o.number(p+"IPSECSaLifetimeSeconds", s.Lifetime, 14400, minIPsecLifetime, maxIPsecLifetime),
		LifetimeKiB: o.number(p+"IPSECSaLifetimeTraffic", s.LifetimeKiB, 4096000000, minIPsecTraffic, maxIPsecTraffic),
	}
	o.gcm(p+"EncryptAlgorithm", out.Encryption, g)
	return out
}

// dpd lays what was given over what was so far.
func (o *options) dpd(s DPDSpec, was DPD) DPD {
	out := was
	if s.Enable != nil {
		if *s.Enable != 0 && *s.Enable != 1 {
			o.malformed("DpdEnable", "%d is neither 0 nor 1", "%d 既不是 0 也不是 1", *s.Enable)
		}
		out.Enable = *s.Enable == 1
	}
	if s.Timeout != nil {
		out.Timeout = o.seconds("DpdTimeout", *s.Timeout)
	}
	out.Action = o.word("DpdAction", s.Action, was.Action, dpdActions)
	return out
}

// seconds reads a number of seconds that the API writes as a text.
func (o *options) seconds(param, text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n < minDPDTimeout || n > maxDPDTimeout || strconv.FormatUint(n, 10) != text {
		o.malformed(param, "`%s` is not a number of seconds from %d to %d", "`%s` 不是 %d 至 %d 之间的秒数", Clip(text), minDPDTimeout, maxDPDTimeout)
	}
	return uint32(n)
}

// CheckPreSharedKey refuses a key that is not 1 to 128 bytes of printable ASCII and
// spaces. Nothing in a key has a meaning of its own: 0x and 0s are characters too. No
// message repeats any of the key.
func CheckPreSharedKey(key Secret, codes Listed) *Error {
	const param = "PreShareKey"
	text := key.Reveal()
	switch {
	case text == "":
		return Refuse(codes.Pick(InvalidParameterValueEmpty, InvalidParameterValueMalformed), param, "it is empty", "不能为空")
	case len(text) > maxPreSharedKey:
		return Refuse(codes.Pick(InvalidParameterValueTooLong, InvalidParameterValueMalformed), param,
			"it is %d bytes long, the most is %d", "长度为 %d 字节，最多 %d 字节", len(text), maxPreSharedKey)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return Refuse(codes.Pick(InvalidParameterValueMalformed), param,
			"it has a character that is not printable ASCII or a space", "包含可打印 ASCII 和空格以外的字符")
	}
	return nil
}

// anyIdentities are texts that IKE daemons take for "whoever it may be".
var anyIdentities = []string{"0.0.0.0", "::", "::0", "0::0", "0:0:0:0:0:0:0:0"}

// typedIdentities start a text that IKE daemons take for an identity of another kind, or
// with the asterisk for every name that ends in what follows it.
var typedIdentities = []string{"*", "%any", "keyid:", "asn1dn:", "asn1gn:"}

// checkIdentityName refuses a name that is empty, too long, or that would match more
// peers than one.
func checkIdentityName(param, name string, codes Listed) *Error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return Refuse(codes.Pick(InvalidParameterValueEmpty, InvalidParameterValueMalformed), param,
			"an identity of kind FQDN needs a name", "FQDN 类型的标识需要名称")
	case len(name) > maxIdentity:
		return Refuse(codes.Pick(InvalidParameterValueTooLong, InvalidParameterValueMalformed), param,
			"it is %d bytes long, the most is %d", "长度为 %d 字节，最多 %d 字节", len(name), maxIdentity)
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return Refuse(codes.Pick(InvalidParameterValueMalformed), param,
			"it has a control character or is not valid UTF-8", "包含控制字符或不是有效的 UTF-8")
	case slices.Contains(anyIdentities, lower), slices.ContainsFunc(typedIdentities, func(p string) bool { return strings.HasPrefix(lower, p) }):
		return Refuse(codes.Pick(InvalidParameterValueMalformed), param,
			"`%s` is not the name of one peer", "`%s` 不是单个对端的名称", Clip(name))
	}
	return nil
}

// versionFrom reports whether a gateway's version, such as 4.0 or ver3.1, is at least
// major.minor. A text without a number is older than any.
func versionFrom(version string, major, minor int) bool {
	digits := strings.TrimLeftFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	a, b, _ := strings.Cut(digits, ".")
	x, err := strconv.Atoi(a)
	if err != nil {
		return false
	}
	y, _ := strconv.Atoi(b)
	return x > major || x == major && y >= minor
}
