package vpc

import (
	"slices"
	"strings"
)

// What the host of a gateway cannot do is refused when it is asked for, and not accepted
// and left dead.

// checkHost refuses algorithms that the gateway's host lacks.
func checkHost(x *Connection, around *Surroundings) *Error {
	h := around.Host
	if h == nil {
		return nil
	}
	if h.Engine == "" {
		return Refuse(around.Codes.Pick(UnsupportedOperation, UnsupportedOperationInvalidState), "VpnGatewayId",
			"host `%s` of gateway `%s` has nothing to encrypt with", "网关 `%[2]s` 所在主机 `%[1]s` 没有可用的加密引擎", h.Name, around.Gateway.ID)
	}
	if x.IKE.Version == "IKEV1" && strings.Contains(x.IKE.Encryption, "GCM") {
		return Refuse(around.Codes.Pick(InvalidParameterValue, UnsupportedOperation), "IKEOptionsSpecification.PropoEncryAlgorithm",
			"phase 1 of IKEV1 has no `%s`; choose another cipher or IKEV2", "IKEV1 的第一阶段不支持 `%s`；请选择其他加密算法或 IKEV2", x.IKE.Encryption)
	}
	for _, n := range []algorithm{{"IKEOptionsSpecification.LocalFqdnName", x.IKE.LocalFQDN}, {"IKEOptionsSpecification.RemoteFqdnName", x.IKE.RemoteFQDN}} {
		if !CharonHolds(n.name) {
			return Refuse(around.Codes.Pick(InvalidParameterValueTooLong, InvalidParameterValueMalformed, UnsupportedOperation), n.param,
				"it is %d bytes long; the IKE daemon of host `%s` holds at most %d bytes, or %d of printable ASCII",
				"长度为 %d 字节；主机 `%s` 的 IKE 守护进程最多支持 %d 字节，仅含可打印 ASCII 字符时为 %d 字节", len(n.name), h.Name, maxHexName, maxPlainName)
		}
	}
	for _, o := range x.algorithms() {
		if !h.Has(o.name) {
			return Refuse(around.Codes.Pick(InvalidParameterValue, UnsupportedOperation), o.param,
				"host `%s` of gateway `%s` encrypts with `%s`, which has no `%s`", "网关 `%[2]s` 所在主机 `%[1]s` 使用的加密引擎 `%[3]s` 不支持 `%[4]s`",
				h.Name, around.Gateway.ID, h.Engine, o.name)
		}
	}
	return nil
}

// What charon keeps of the owner of a key are 255 letters: the rest it cuts without a
// word. A name is told to it in hex after `fqdn:#`, which holds any bytes, or as it is
// after `fqdn:`.
const (
	maxHexName   = (255 - len("fqdn:#")) / 2
	maxPlainName = 255 - len("fqdn:")
)

// CharonHoldsHex reports whether charon holds a name of kind FQDN whole when it is told in
// hex.
func CharonHoldsHex(name string) bool { return len(name) <= maxHexName }

// CharonHolds reports whether charon holds it one way or the other.
func CharonHolds(name string) bool {
	plain := len(name) <= maxPlainName && !strings.HasPrefix(name, "#") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
	return CharonHoldsHex(name) || plain
}

// algorithm is one that a connection needs, and the input that asks for it.
type algorithm struct{ param, name string }

// algorithms are those that a connection asks for. In phase 2 a cipher that authenticates
// by itself makes no use of the integrity; a name that means nothing to the host is
// refused there, too.
func (x *Connection) algorithms() []algorithm {
	all := []algorithm{
		{"IKEOptionsSpecification.PropoEncryAlgorithm", x.IKE.Encryption},
		{"IKEOptionsSpecification.PropoAuthenAlgorithm", x.IKE.Integrity},
		{"IKEOptionsSpecification.DhGroupName", x.IKE.DHGroup},
		{"IPSECOptionsSpecification.EncryptAlgorithm", x.IPsec.Encryption},
		{"IPSECOptionsSpecification.IntegrityAlgorith", x.IPsec.Integrity},
	}
	if x.IPsec.PFS != "NULL" {
		all = append(all, algorithm{"IPSECOptionsSpecification.PfsDhGroup", x.IPsec.PFS})
	}
	return all
}

// FromAnywhere reports whether the peer is known by its name, whatever its address: this
// end waits, and hears the name before it needs the key, which IKEv1's main mode does not.
func (x *Connection) FromAnywhere() bool {
	named := x.IKE.RemoteIdentity == IdentityFQDN && x.Negotiation == NegotiatePassive
	return named && (x.IKE.Version != "IKEV1" || x.IKE.Exchange == "AGGRESSIVE")
}

// routed reports whether what goes into the tunnel is chosen by routes, or everything
// does, so that its daemon has no room for another such peer.
func (x *Connection) routed() bool {
	return !x.RouteType.ByPolicy() || slices.ContainsFunc(x.Policies, func(p PolicyRule) bool {
		return slices.Contains(p.Remotes, Everywhere)
	})
}

// checkAnywhere refuses a peer of unknown address that could not be told from another
// connection's: a second one for all that is routed, one of the same name, and on a
// host whose kernel encrypts one for all that is routed beside any other such
// connection, whose encrypted packets it would take, too.
func checkAnywhere(x *Connection, around *Surroundings) *Error {
	if around.Host == nil {
		return nil
	}
	for _, o := range around.Others {
		if o.Deleted != 0 || o.ID == x.ID && x.ID != "" {
			continue
		}
		if err := x.checkBeside(o, around); err != nil {
			return err
		}
	}
	return nil
}

// engineKernel is the engine of hosts whose kernel encrypts.
const engineKernel = "kernel"

func (x *Connection) checkBeside(o *Connection, around *Surroundings) *Error {
	both := x.FromAnywhere() && o.FromAnywhere()
	one := x.FromAnywhere() && x.routed() || o.FromAnywhere() && o.routed()
	switch {
	case both && x.routed() && o.routed():
		return Refuse(around.Codes.Pick(UnsupportedOperation), "NegotiationType",
			"connection `%s` of this gateway already takes all that is routed to a peer of unknown address; use another gateway, or a NegotiationType other than `passive` with the peer's fixed address",
			"该网关的通道 `%s` 已承载到地址不固定的对端的全部路由流量；请使用其他网关，或对端使用固定地址且协商类型不为 `passive`", o.ID)
	case both && strings.EqualFold(x.IKE.RemoteFQDN, o.IKE.RemoteFQDN):
		return Refuse(around.Codes.Pick(UnsupportedOperation), "IKEOptionsSpecification.RemoteFqdnName",
			"connection `%s` of this gateway has a peer of unknown address with this name; give the peers names of their own",
			"该网关的通道 `%s` 已使用此名称标识地址不固定的对端；请为各对端使用不同的名称", o.ID)
	case around.Host.Engine == engineKernel && one && x.routed() && o.routed():
		return Refuse(around.Codes.Pick(UnsupportedOperation), "NegotiationType",
			"on host `%s` a connection that is routed to a peer of unknown address stands alone, and connection `%s` of this gateway is routed, too; use another gateway",
			"在主机 `%s` 上，到地址不固定的对端的路由型通道不能与该网关的路由型通道 `%s` 并存；请使用其他网关", around.Host.Name, o.ID)
	}
	return nil
}
