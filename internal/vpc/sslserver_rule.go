package vpc

import (
	"net/netip"
	"reflect"
	"slices"
	"strconv"
)

// SSLServerSpec is what CreateVpnGatewaySslServer asks for. Nil fields were left out.
type SSLServerSpec struct {
	Gateway      string
	Name         string
	Remote       string
	Settings     SSLServerSettings
	AccessPolicy bool
	Tags         []Tag
}

// SSLServerChange is what ModifyVpnGatewaySslServer asks for. Nil fields stay.
type SSLServerChange struct {
	Name     *string
	Remote   *string
	Settings SSLServerSettings
}

// SSLServerSettings is what creating and changing have in common; nil was left out.
type SSLServerSettings struct {
	Local      []string
	Protocol   *string
	Port       *int64
	Encryption *string
	Integrity  *string
	Compress   *bool
	SSO        *bool
	SAML       *string
	DNS        *DNSSpec
}

// DNSSpec is a pair of DNS servers as a caller writes it; empty is none.
type DNSSpec struct{ Primary, Secondary string }

// SSLSurroundings is everything that an SSL server must fit into.
type SSLSurroundings struct {
	Gateway   *Gateway
	VPCRanges []netip.Prefix // of the gateway's VPC; empty for SSL_CCN
	Pools     []netip.Prefix // client ranges of other servers in the VPC
	Beyond    []netip.Prefix // ranges that the VPC's other gateways lead to
	Codes     Listed
}

// What CreateVpnGatewaySslServer takes, with the defaults first.
var (
	sslCiphers     = []string{"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}
	sslIntegrities = []string{"SHA1"}
)

const (
	sslProtocol    = "UDP"
	defaultSSLPort = 1194

	// A smaller range has no place for a client.
	minPoolBits, maxPoolBits = 8, 30

	// maxSSLRanges is how many ranges clients may reach; each is a pushed route, and all
	// pushed options travel in few packets.
	maxSSLRanges = 50
)

// NewSSLServer returns a server with every setting at what is asked for or its default.
// Ids, keys and times are the caller's to fill in.
func NewSSLServer(spec SSLServerSpec, around *SSLSurroundings) (*SSLServer, *Error) {
	codes := around.Codes
	if err := codes.Narrow(SSLServerName.Check("SslVpnServerName", spec.Name, codes)); err != nil {
		return nil, err
	}
	s := &SSLServer{
		Name: spec.Name, VPC: around.Gateway.VPC, Gateway: around.Gateway.ID,
		Port: defaultSSLPort, Encryption: sslCiphers[0], Integrity: sslIntegrities[0], AccessPolicy: spec.AccessPolicy,
	}
	if spec.Settings.Local == nil && !around.Gateway.Type.CCN() {
		s.Local = slices.Clone(around.VPCRanges)
	}
	if err := s.lay(spec.Settings, &spec.Remote, around); err != nil {
		return nil, err
	}
	if len(s.Local) == 0 {
		return nil, malformed(codes, "LocalAddress", "a gateway of type SSL_CCN needs at least one range", "SSL_CCN 型网关至少需要一个网段")
	}
	return s, s.fits(around)
}

// Change returns a copy of s with the changes laid over it, and whether anything but the
// name differs. Policies whose target can no longer be reached go.
func (s *SSLServer) Change(change SSLServerChange, around *SSLSurroundings) (n *SSLServer, differs bool, err *Error) {
	n = new(SSLServer)
	*n = *s
	if err := n.lay(change.Settings, change.Remote, around); err != nil {
		return nil, false, err
	}
	if change.Remote != nil || change.Settings.Local != nil {
		if err := n.fits(around); err != nil {
			return nil, false, err
		}
		reachable := append(slices.Clone(n.Local), n.Remote)
		n.Policies = slices.DeleteFunc(slices.Clone(n.Policies), func(p AccessPolicy) bool { return !CoveredByAny(p.Target, reachable) })
	}
	differs = !reflect.DeepEqual(s, n)
	if change.Name != nil {
		if err := around.Codes.Narrow(SSLServerName.Check("SslVpnServerName", *change.Name, around.Codes)); err != nil {
			return nil, false, err
		}
		n.Name = *change.Name
	}
	return n, differs, nil
}

// lay puts the given settings over those that s has, each checked by itself.
func (s *SSLServer) lay(set SSLServerSettings, remote *string, around *SSLSurroundings) *Error {
	codes := around.Codes
	for _, check := range []func() *Error{
		func() *Error { return s.layRemote(remote, codes) },
		func() *Error { return s.layLocal(set.Local, codes) },
		func() *Error { return checkSSLProtocol(set.Protocol, codes) },
		func() *Error { return s.layPort(set.Port, codes) },
		func() *Error { return layWord(&s.Encryption, "EncryptAlgorithm", set.Encryption, sslCiphers, codes) },
		func() *Error {
			return layWord(&s.Integrity, "IntegrityAlgorithm", set.Integrity, sslIntegrities, codes)
		},
		func() *Error { return unoffered("Compress", set.Compress != nil && *set.Compress) },
		func() *Error { return unoffered("SsoEnabled", set.SSO != nil && *set.SSO) },
		func() *Error { return unoffered("SamlData", set.SAML != nil && *set.SAML != "") },
		func() *Error { return s.layDNS(set.DNS, around) },
	} {
		if err := codes.Narrow(check()); err != nil {
			return err
		}
	}
	return nil
}

func (s *SSLServer) layRemote(text *string, codes Listed) *Error {
	if text == nil {
		return nil
	}
	const param = "RemoteAddress"
	p, err := CheckRange(param, *text, codes)
	if err != nil {
		return err
	}
	if p.Bits() < minPoolBits || p.Bits() > maxPoolBits || !trafficRange(p) || linkLocal.Overlaps(p) {
		return malformed(codes, param, "`%s` should be a range that hosts can have, with a mask of %d to %d", "`%s` 应为主机可用的网段，掩码为 %d 至 %d", p, minPoolBits, maxPoolBits)
	}
	s.Remote = p
	return nil
}

func (s *SSLServer) layLocal(texts []string, codes Listed) *Error {
	if texts == nil {
		return nil
	}
	if len(texts) == 0 || len(texts) > maxSSLRanges {
		return malformed(codes, "LocalAddress", "it should have 1 to %d ranges", "应包含 1 至 %d 个网段", maxSSLRanges)
	}
	var local []netip.Prefix
	for i, text := range texts {
		param := "LocalAddress." + strconv.Itoa(i)
		p, err := CheckRange(param, text, codes)
		if err != nil {
			return err
		}
		if !trafficRange(p) {
			return Refuse(codes.Pick(UnsupportedOperationNotSupportedLocalAddressType, UnsupportedOperation), param,
				"no host can have an address of `%s`", "主机不可能使用 `%s` 中的地址", p)
		}
		if other, overlap := FirstOverlap(p, local); overlap {
			return Refuse(codes.Pick(InvalidParameterValueCidrConflict, InvalidParameterValue), param,
				"`%s` overlaps `%s`", "`%s` 与 `%s` 重叠", p, other)
		}
		local = append(local, p)
	}
	s.Local = local
	return nil
}

// checkSSLProtocol takes UDP only. An action that can tell so says that a server's
// protocol never changes.
func checkSSLProtocol(protocol *string, codes Listed) *Error {
	if protocol == nil || *protocol == sslProtocol {
		return nil
	}
	return Refuse(codes.Pick(UnsupportedOperationParameterSslVpnProtocol, UnsupportedOperation), "SslVpnProtocol",
		"`%s` is not offered; it is `UDP` and stays so", "不支持 `%s`，仅支持 `UDP` 且不可更改", Clip(*protocol))
}

func (s *SSLServer) layPort(port *int64, codes Listed) *Error {
	if port == nil {
		return nil
	}
	if *port < 1 || *port > 65535 {
		return malformed(codes, "SslVpnPort", "%d is not in 1..65535", "%d 不在 1 至 65535 之内", *port)
	}
	s.Port = uint16(*port)
	return nil
}

func layWord(to *string, param string, word *string, allowed []string, codes Listed) *Error {
	if word == nil {
		return nil
	}
	if !slices.Contains(allowed, *word) {
		return malformed(codes, param, "`%s` is not one of %v", "`%s` 不在 %v 之内", Clip(*word), allowed)
	}
	*to = *word
	return nil
}

func unoffered(param string, asked bool) *Error {
	if !asked {
		return nil
	}
	return Refuse(UnsupportedOperation, param, "this server does not offer it", "本服务不提供该功能")
}

func (s *SSLServer) layDNS(spec *DNSSpec, around *SSLSurroundings) *Error {
	if spec == nil {
		return nil
	}
	if *spec != (DNSSpec{}) && around.Gateway.Version < "4.0" {
		return Refuse(around.Codes.Pick(UnsupportedOperationVersionNotSupported, UnsupportedOperation), "DnsServers",
			"gateway `%s` has version %s; DNS servers need 4.0", "网关 `%s` 的版本为 %s，DNS 需要 4.0", around.Gateway.ID, around.Gateway.Version)
	}
	var dns DNSServers
	for _, d := range []struct {
		to          *netip.Addr
		param, text string
	}{{&dns.Primary, "DnsServers.PrimaryDns", spec.Primary}, {&dns.Secondary, "DnsServers.SecondaryDns", spec.Secondary}} {
		if d.text == "" {
			continue
		}
		a, ok := ParseIPv4(d.text)
		if !ok || strange(a) {
			return malformed(around.Codes, d.param, "`%s` is not the IPv4 address of a host", "`%s` 不是主机的 IPv4 地址", Clip(d.text))
		}
		*d.to = a
	}
	s.DNS = dns
	return nil
}

// fits holds the ranges of s against one another, the VPC and the other servers in it.
func (s *SSLServer) fits(around *SSLSurroundings) *Error {
	codes, ccn := around.Codes, around.Gateway.Type.CCN()
	conflict := codes.Pick(InvalidParameterValueCidrConflict, InvalidParameterValue)
	if ccn {
		conflict = codes.Pick(InvalidParameterValueSslCcnVpnServerCidrConflict, InvalidParameterValueCidrConflict, InvalidParameterValue)
	}
	if p, overlap := FirstOverlap(s.Remote, s.Local); overlap {
		return Refuse(conflict, "RemoteAddress", "`%s` overlaps `%s` of `LocalAddress`", "`%s` 与 `LocalAddress` 中的 `%s` 重叠", s.Remote, p)
	}
	if p, overlap := FirstOverlap(s.Remote, around.VPCRanges); overlap {
		return Refuse(codes.Pick(InvalidParameterValueVpcCidrConflict, InvalidParameterValue), "RemoteAddress",
			"`%s` overlaps the VPC's range `%s`", "`%s` 与私有网络的网段 `%s` 重叠", s.Remote, p)
	}
	if p, overlap := FirstOverlap(s.Remote, around.Pools); overlap {
		return Refuse(codes.Pick(InvalidParameterValueCidrConflict, InvalidParameterValue), "RemoteAddress",
			"`%s` overlaps `%s`, the clients of another SSL server of the VPC", "`%s` 与同一私有网络内另一 SSL 服务端的客户端网段 `%s` 重叠", s.Remote, p)
	}
	if s.Remote.Contains(around.Gateway.Public) {
		return Refuse(codes.Pick(InvalidParameterValueCidrConflict, InvalidParameterValue), "RemoteAddress",
			"`%s` holds the gateway's own public address `%s`", "`%s` 包含网关自身的公网地址 `%s`", s.Remote, around.Gateway.Public)
	}
	for _, p := range around.Beyond {
		if Covers(s.Remote, p) {
			return Refuse(codes.Pick(InvalidParameterValueCidrConflict, InvalidParameterValue), "RemoteAddress",
				"`%s` covers `%s`, which another gateway of the VPC leads to", "`%s` 包含同一私有网络内其他网关通往的网段 `%s`", s.Remote, p)
		}
	}
	for i, p := range s.Local {
		if !ccn && !CoveredByAny(p, around.VPCRanges) {
			return Refuse(codes.Pick(InvalidParameterValueCidrNotInSslVpnVpc, InvalidParameterValue), "LocalAddress."+strconv.Itoa(i),
				"`%s` does not lie inside a range of the VPC", "`%s` 不在私有网络的网段之内", p)
		}
	}
	return nil
}

// CheckPools refuses a range beyond a gateway that lies in the client range of an SSL
// server of the same VPC: the VPC sends what is for those addresses to the clients.
func CheckPools(param string, p netip.Prefix, pools []netip.Prefix, codes Listed) *Error {
	pool, inside := FirstWithin(p, pools)
	if !inside {
		return nil
	}
	return Refuse(codes.Pick(InvalidParameterValueVpnConnCidrConflict, InvalidParameterValueVpcCidrConflict, UnsupportedOperation), param,
		"`%s` lies in `%s`, the clients of an SSL server of the VPC", "`%s` 位于同一私有网络 SSL 服务端的客户端网段 `%s` 之内", p, pool)
}

func malformed(codes Listed, param, en, zh string, args ...any) *Error {
	return Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param, en, zh, args...)
}
