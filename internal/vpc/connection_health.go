package vpc

import "net/netip"

// HealthSpec is what a caller says of the probe through a tunnel; nil fields were left out.
type HealthSpec struct {
	Enable        *bool
	Local, Remote *string
	Config        *ProbeSpec
}

// given reports whether anything was said of the probe.
func (s HealthSpec) given() bool {
	return s.Enable != nil || s.Local != nil || s.Remote != nil || s.Config != nil
}

// ProbeSpec is how to probe; nil fields were left out.
type ProbeSpec struct {
	Type                         *string
	Interval, Threshold, Timeout *int64
}

// The bounds of a probe. Times are in milliseconds.
const (
	minProbeInterval, maxProbeInterval   = 1000, 5000
	minProbeThreshold, maxProbeThreshold = 3, 8
	minProbeTimeout, maxProbeTimeout     = 10, 5000

	defaultProbeInterval, defaultProbeThreshold, defaultProbeTimeout = 5000, 3, 150
)

var probeTypes = []string{"NQA"}

// probePool is where default probe addresses come from, two of each block of four.
var probePool = netip.MustParsePrefix("169.254.128.0/17")

// health lays what was given over what was so far. A probe config replaces the whole
// config; an address that is empty or, on a check that is off, 0.0.0.0 is none.
func (o *options) health(s HealthSpec, was HealthCheck) HealthCheck {
	out := was
	if s.Enable != nil {
		out.Enable = *s.Enable
	}
	if s.Config != nil || out.Enable && out.Probe == "" {
		config := ProbeSpec{}
		if s.Config != nil {
			config = *s.Config
		}
		out.Probe = o.word("HealthCheckConfig.ProbeType", config.Type, "NQA", probeTypes)
		out.Interval = o.signed("HealthCheckConfig.ProbeInterval", config.Interval, defaultProbeInterval, minProbeInterval, maxProbeInterval)
		out.Threshold = o.signed("HealthCheckConfig.ProbeThreshold", config.Threshold, defaultProbeThreshold, minProbeThreshold, maxProbeThreshold)
		out.Timeout = o.signed("HealthCheckConfig.ProbeTimeout", config.Timeout, defaultProbeTimeout, minProbeTimeout, maxProbeTimeout)
	}
	out.Local = o.probeAddr("HealthCheckLocalIp", s.Local, was.Local, out.Enable)
	out.Remote = o.probeAddr("HealthCheckRemoteIp", s.Remote, was.Remote, out.Enable)
	return out
}

// signed is number for the API's signed inputs.
func (o *options) signed(param string, given *int64, fallback uint32, least, most int64) uint32 {
	if given == nil {
		return fallback
	}
	if *given < least || *given > most {
		o.malformed(param, "%d is not in %d..%d", "%d 不在 %d 至 %d 之内", *given, least, most)
		return fallback
	}
	return uint32(*given)
}

func (o *options) probeAddr(param string, given *string, was netip.Addr, enabled bool) netip.Addr {
	if given == nil {
		return was
	}
	if *given == "" {
		return netip.Addr{}
	}
	a, ok := ParseIPv4(*given)
	if !ok {
		o.malformed(param, "`%s` is not an IPv4 address", "`%s` 不是 IPv4 地址", Clip(*given))
	}
	if a == netip.IPv4Unspecified() && !enabled {
		return netip.Addr{}
	}
	return a
}

// checkHealth refuses a check that the connection cannot have, fills in addresses that
// were not given, and refuses those that clash.
func checkHealth(x *Connection, around *Surroundings) *Error {
	h := &x.Health
	if !h.Enable {
		return nil
	}
	if x.RouteType.ByPolicy() && !takesAll(x.Policies) {
		return Refuse(UnsupportedOperationVpnConnCidrNotSupportedHealthCheck, "EnableHealthCheck",
			"a connection by policy cannot be probed unless a rule joins 0.0.0.0/0 to 0.0.0.0/0", "按策略转发的通道不支持健康检查，除非有 0.0.0.0/0 到 0.0.0.0/0 的规则")
	}
	if !around.fillProbes(x) {
		return Refuse(InvalidParameterValueVpnConnHealthCheckIpConflict, "HealthCheckLocalIp",
			"no addresses of %s are free on this gateway", "该网关在 %s 中已无可用地址", probePool)
	}
	if err := around.checkProbe("HealthCheckLocalIp", h.Local); err != nil {
		return err
	}
	if h.Remote == h.Local {
		return Refuse(InvalidParameterValueVpnConnHealthCheckIpConflict, "HealthCheckRemoteIp", "`%s` is the local address, too", "`%s` 与本端地址相同", h.Remote)
	}
	return around.checkProbe("HealthCheckRemoteIp", h.Remote)
}

// fillProbes picks the addresses that are not given. Where one is, its neighbour in the
// block of four is taken if it can be.
func (s *Surroundings) fillProbes(x *Connection) bool {
	h := &x.Health
	used := func(a netip.Addr) bool {
		return a == h.Local || a == h.Remote || x.BGP != nil && x.BGP.Tunnel.Contains(a) || s.probeTaken(a)
	}
	switch {
	case h.Local.IsValid() && h.Remote.IsValid():
		return true
	case h.Local.IsValid():
		h.Remote = neighbour(h.Local, used)
	case h.Remote.IsValid():
		h.Local = neighbour(h.Remote, used)
	default:
		h.Local, h.Remote = PickProbes(used)
	}
	return h.Local.IsValid() && h.Remote.IsValid()
}

// neighbour is the other host of a's block of four if that is free, else the first free
// address of the pool, else none.
func neighbour(a netip.Addr, used func(netip.Addr) bool) netip.Addr {
	n := addrNumber(a) ^ 3
	if other := numberAddr(n); n&3 != 0 && n&3 != 3 && !used(other) && !strangeProbe(other) {
		return other
	}
	first, _ := PickProbes(used)
	return first
}

// PickProbes returns the first two addresses of a block of four in 169.254.128.0/17
// that are both free, and invalid ones when there are none.
func PickProbes(used func(netip.Addr) bool) (local, remote netip.Addr) {
	base := addrNumber(probePool.Addr())
	for n := uint32(0); n < 1<<(32-probePool.Bits()); n += 4 {
		local, remote = numberAddr(base+n+1), numberAddr(base+n+2)
		if !used(local) && !used(remote) {
			return local, remote
		}
	}
	return netip.Addr{}, netip.Addr{}
}

// FreeProbes returns two probe addresses that none of a gateway's connections has, or
// invalid ones when there are none.
func FreeProbes(connections []*Connection) (local, remote netip.Addr) {
	return PickProbes((&Surroundings{Others: connections}).probeTaken)
}

// probeTaken reports whether another connection of the gateway has the address.
func (s *Surroundings) probeTaken(a netip.Addr) bool {
	for _, other := range s.Others {
		if a == other.Health.Local || a == other.Health.Remote || other.BGP != nil && other.BGP.Tunnel.Contains(a) {
			return true
		}
	}
	return false
}

// checkProbe refuses an address that no end of a tunnel can have, that lies in the VPC
// or that something else has.
func (s *Surroundings) checkProbe(param string, a netip.Addr) *Error {
	_, inside := FirstOverlap(netip.PrefixFrom(a, 32), s.VPCRanges)
	if !inside && !strangeProbe(a) && a != s.Gateway.Public && a != s.CustomerGateway.Addr && !s.probeTaken(a) {
		return nil
	}
	return Refuse(InvalidParameterValueVpnConnHealthCheckIpConflict, param,
		"`%s` is taken, lies in the VPC or is not the address of a host", "`%s` 已被占用、位于私有网络内或不是主机地址", a)
}

// strangeProbe is strange, except that link-local addresses are what probes use.
func strangeProbe(a netip.Addr) bool { return strange(a) && !linkLocal.Contains(a) }
