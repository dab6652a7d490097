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
	for _, o := range x.algorithms() {
		if !h.Has(o.name) {
			return Refuse(around.Codes.Pick(InvalidParameterValue, UnsupportedOperation), o.param,
				"host `%s` of gateway `%s` encrypts with `%s`, which has no `%s`", "网关 `%[2]s` 所在主机 `%[1]s` 使用的加密引擎 `%[3]s` 不支持 `%[4]s`",
				h.Name, around.Gateway.ID, h.Engine, o.name)
		}
	}
	return nil
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

// checkAnywhere refuses a second peer of unknown address for all that is routed: packets
// could not be told apart.
func checkAnywhere(x *Connection, around *Surroundings) *Error {
	if around.Host == nil || !x.FromAnywhere() || !x.routed() {
		return nil
	}
	i := slices.IndexFunc(around.Others, func(o *Connection) bool { return o.Deleted == 0 && o.FromAnywhere() && o.routed() })
	if i < 0 {
		return nil
	}
	return Refuse(around.Codes.Pick(UnsupportedOperation), "NegotiationType",
		"connection `%s` of this gateway already takes all that is routed to a peer of unknown address; use another gateway, or a NegotiationType other than `passive` with the peer's fixed address",
		"该网关的通道 `%s` 已承载到地址不固定的对端的全部路由流量；请使用其他网关，或对端使用固定地址且协商类型不为 `passive`", around.Others[i].ID)
}
