package vpc

import "net/netip"

// BGPSpec is what a caller says of the inner addressing of a Bgp connection.
type BGPSpec struct {
	Tunnel, Local, Remote string
}

const (
	bgpTunnelBits  = 30
	bgpMajor       = 4 // gateways of version 4.0 speak BGP
	bgpParam       = "BgpConfig"
	bgpTunnelParam = bgpParam + ".TunnelCidr"
)

// bgp reads the inner addressing. The two addresses must be hosts of the tunnel's /30
// and differ.
func (o *options) bgp(s *BGPSpec, t RouteType) *BGP {
	if s == nil {
		if t == RouteBGP {
			o.refuse(Refuse(o.codes.Pick(InvalidParameterValueEmpty, InvalidParameterValueMalformed), bgpParam,
				"a connection of RouteType `Bgp` needs it", "路由类型为 `Bgp` 的通道必须填写"))
		}
		return nil
	}
	if t != RouteBGP {
		o.refuse(Refuse(o.codes.Pick(InvalidParameterCoexist, UnsupportedOperation), bgpParam,
			"it goes with RouteType `Bgp`, not `%s`", "仅用于路由类型 `Bgp`，当前为 `%s`", t))
		return nil
	}
	return o.bgpTunnel(s)
}

func (o *options) bgpTunnel(s *BGPSpec) *BGP {
	out := &BGP{}
	var ok bool
	if out.Tunnel, ok = ParseRange(s.Tunnel); !ok || !trafficRange(out.Tunnel) {
		o.malformed(bgpTunnelParam, "`%s` is not an IPv4 range such as 169.254.128.0/30", "`%s` 不是 IPv4 网段，例如 169.254.128.0/30", Clip(s.Tunnel))
		return nil
	}
	if out.Tunnel.Bits() != bgpTunnelBits {
		o.refuse(Refuse(o.codes.Pick(InvalidParameterValueVpnConnBgpTunnelCidrMask, InvalidParameterValueMalformed), bgpTunnelParam,
			"the mask of `%s` should be %d", "`%s` 的掩码应为 %d", out.Tunnel, bgpTunnelBits))
		return nil
	}
	out.Local = o.bgpAddr(bgpParam+".LocalBgpIp", s.Local, out.Tunnel)
	out.Remote = o.bgpAddr(bgpParam+".RemoteBgpIp", s.Remote, out.Tunnel)
	if o.err == nil && out.Local == out.Remote {
		o.outsideTunnel(bgpParam+".RemoteBgpIp", "`%s` is the local address, too", "`%s` 与本端地址相同", out.Remote)
	}
	return out
}

func (o *options) bgpAddr(param, text string, tunnel netip.Prefix) netip.Addr {
	a, ok := ParseIPv4(text)
	if !ok {
		o.malformed(param, "`%s` is not an IPv4 address", "`%s` 不是 IPv4 地址", Clip(text))
		return a
	}
	if host := addrNumber(a) & 3; !tunnel.Contains(a) || host == 0 || host == 3 {
		o.outsideTunnel(param, "`%s` is not the address of a host in `%s`", "`%s` 不是 `%s` 中的主机地址", a, tunnel)
	}
	return a
}

func (o *options) outsideTunnel(param, en, zh string, args ...any) {
	o.refuse(Refuse(o.codes.Pick(InvalidParameterValueVpnConnBgpTunnelCidrNotSupported, InvalidParameterValueMalformed), param, en, zh, args...))
}

// checkBGP refuses a Bgp connection between ends that cannot speak BGP to each other,
// or whose tunnel range is in use.
func checkBGP(x *Connection, around *Surroundings) *Error {
	if x.RouteType != RouteBGP {
		return nil
	}
	g, peer := around.Gateway, around.CustomerGateway
	switch {
	case g.Bandwidth < leastBGPBandwidth || !versionFrom(g.Version, bgpMajor, 0):
		return Refuse(UnsupportedOperationVpnUnsupportedBgp, "RouteType",
			"BGP needs a gateway of at least %d Mbps and version %d.0", "BGP 需要带宽不低于 %d Mbps 且版本为 %d.0 的网关", leastBGPBandwidth, bgpMajor)
	case g.BGPASN == 0:
		return Refuse(UnsupportedOperationVpnUnsupportedNotExistBgpAsn, "VpnGatewayId", "gateway `%s` has no BgpAsn", "网关 `%s` 没有 BgpAsn", g.ID)
	case peer.BGPASN == 0:
		return Refuse(UnsupportedOperationVpnUnsupportedUsrGwNotExistBgpAsn, "CustomerGatewayId", "customer gateway `%s` has no BgpAsn", "对端网关 `%s` 没有 BgpAsn", peer.ID)
	case g.BGPASN == peer.BGPASN:
		return Refuse(around.Codes.Pick(UnsupportedOperationVpnUnsupportedBgpAsnEqual, UnsupportedOperation), "CustomerGatewayId",
			"both ends have the BgpAsn %d", "两端的 BgpAsn 同为 %d", g.BGPASN)
	}
	return around.checkTunnel(x.BGP.Tunnel)
}

func (s *Surroundings) checkTunnel(tunnel netip.Prefix) *Error {
	code := s.Codes.Pick(InvalidParameterValueVpnConnBgpTunnelCidrConflict, InvalidParameterValueVpnConnCidrConflict)
	if own, clash := FirstOverlap(tunnel, s.VPCRanges); clash {
		return Refuse(code, bgpTunnelParam, "`%s` overlaps the VPC's range `%s`", "`%s` 与私有网络网段 `%s` 重叠", tunnel, own)
	}
	for _, other := range s.Others {
		if other.BGP != nil && other.BGP.Tunnel.Overlaps(tunnel) {
			return Refuse(code, bgpTunnelParam, "`%s` is the tunnel of connection `%s`", "`%s` 已用于通道 `%s`", tunnel, other.ID)
		}
		if h := other.Health; h.Enable && (tunnel.Contains(h.Local) || tunnel.Contains(h.Remote)) {
			return Refuse(code, bgpTunnelParam, "`%s` holds a probe address of connection `%s`", "`%s` 包含通道 `%s` 的健康检查地址", tunnel, other.ID)
		}
	}
	return nil
}
