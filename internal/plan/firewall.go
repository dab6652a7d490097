package plan

import (
	"net/netip"
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// decrypted is the mark of packets that the kernel has decrypted.
const decrypted = 1

// The protocols and ports of IKE.
const (
	ikePort  = 500
	nattPort = 4500
	headers  = 40 // bytes of IP and TCP without options
)

// The names of a gateway's counters: of all that is encrypted, and of each peer's share.
// In is from the internet side. A peer that may be anywhere has them from when it is seen.
const (
	CounterIn  = "in"
	CounterOut = "out"
)

// PeerCounters are the names of the counters of one connection.
func PeerCounters(id vpc.ConnectionID) (in, out string) {
	return CounterIn + "-" + string(id), CounterOut + "-" + string(id)
}

var (
	closed = Firewall{[]Chain{{Hook: HookInput}, {Hook: HookForward}, {Hook: HookOutput, Rules: []Filter{kept}}}}

	// kept counts nothing, since nobody sends from there: it keeps the counter of what was sent
	// until that is billed, also when nothing can be sent any more.
	kept = Filter{Out: loopback, Src: netip.PrefixFrom(netip.IPv4Unspecified(), 32), Counter: CounterOut}

	echo   = Filter{Proto: "icmp", ICMPType: "echo-request"}
	reply  = Filter{Proto: "icmp", ICMPType: "echo-reply"}
	errors = Filter{Proto: "icmp", ICMPType: "errors"}
	icmp   = Filter{Proto: "icmp"}
)

// from and to narrow a filter to a device, and let it accept.
func (f Filter) from(dev string) Filter { f.In, f.Verdict = dev, Accept; return f }
func (f Filter) to(dev string) Filter   { f.Out, f.Verdict = dev, Accept; return f }

// between accepts what goes from one device to another.
func between(in, out string) Filter { return Filter{In: in, Out: out, Verdict: Accept} }

// firewall is that of the gateway's own namespace.
func (g *gateway) firewall() Firewall {
	if g.shut() {
		return closed
	}
	own, parted := g.own(), g.parted()
	return Firewall{append(prerouting(append(g.marks(parted), g.untracked()...)),
		Chain{Hook: HookInput, Rules: append(g.input(own), g.sslInput()...)},
		Chain{Hook: HookForward, Rules: slices.Concat(g.limits(), g.forwardChildren(parted), g.forwardInner(own, len(parted) > 0), g.sslForward())},
		Chain{Hook: HookOutput, Rules: append(append(g.output(own, len(parted) > 0), g.sslOutput()...), kept)},
	)}
}

// childFirewall is that of a child's namespace. The gateway counts its traffic.
func (g *gateway) childFirewall(w *wired) Firewall {
	uncounted := *w
	uncounted.remote, uncounted.Seen.Remote = netip.Addr{}, netip.Addr{}
	own := []*wired{&uncounted}
	return Firewall{append(prerouting(g.marks(nil)),
		Chain{Hook: HookInput, Rules: g.input(own)},
		Chain{Hook: HookForward, Rules: g.forwardInner(own, false)},
		Chain{Hook: HookOutput, Rules: g.output(own, false)},
	)}
}

// marks marks what the kernel has decrypted, and the errors that routers on the way send
// about packets of children: those come from anywhere, and go to the child whose peer
// the packets were for.
func (g *gateway) marks(parted []*wired) (out []Filter) {
	if g.Host.Engine == EngineKernel {
		out = append(out, Filter{In: wanDevice, IPsecIn: true, SetMark: decrypted})
	}
	for _, w := range parted {
		out = append(out, Filter{In: wanDevice, Proto: "icmp", ICMPType: "errors", Quoted: one(w.remote), SetMark: uint32(w.table)})
	}
	return out
}

// prerouting is a chain of rules that let everything go on, or none.
func prerouting(rules []Filter) []Chain {
	if len(rules) == 0 {
		return nil
	}
	return []Chain{{Hook: HookPrerouting, Accept: true, Rules: rules}}
}

// input lets in what daemons need, pings, and what the ends of health checks say.
func (g *gateway) input(own []*wired) []Filter {
	out := []Filter{Filter{}.from(loopback)}
	for _, w := range own {
		if at := w.at(); at.IsValid() {
			in, _ := PeerCounters(w.Row.ID)
			out = append(out, Filter{In: wanDevice, Src: one(at), Counter: in})
		}
	}
	if len(own) > 0 {
		out = append(out,
			Filter{Proto: "udp", DstPort: ikePort, Counter: CounterIn}.from(wanDevice),
			Filter{Proto: "udp", DstPort: nattPort, Counter: CounterIn}.from(wanDevice))
	}
	if len(own) > 0 && g.Host.Engine == EngineKernel {
		out = append(out, Filter{Proto: "esp", Counter: CounterIn}.from(wanDevice), Filter{Proto: "icmp", IPsecIn: true}.from(wanDevice))
	}
	out = append(out, echo.from(wanDevice), errors.from(wanDevice))
	if g.inVPC() {
		out = append(out, icmp.from(lanDevice))
	}
	if len(own) > 0 && g.Host.Engine == EngineLibipsec {
		out = append(out, icmp.from(LibipsecDevice))
	}
	return out
}

// output lets out what daemons send, answers to pings, errors, and probes into tunnels.
func (g *gateway) output(own []*wired, children bool) []Filter {
	out := []Filter{Filter{}.to(loopback)}
	for _, w := range own {
		if at := w.at(); at.IsValid() {
			_, name := PeerCounters(w.Row.ID)
			out = append(out, Filter{Out: wanDevice, Dst: one(at), Counter: name})
		}
	}
	if len(own) > 0 {
		out = append(out,
			Filter{Proto: "udp", SrcPort: ikePort, Counter: CounterOut}.to(wanDevice),
			Filter{Proto: "udp", SrcPort: nattPort, Counter: CounterOut}.to(wanDevice))
	}
	if len(own) > 0 && g.Host.Engine == EngineKernel {
		out = append(out, Filter{Proto: "esp", Counter: CounterOut}.to(wanDevice), Filter{Proto: "icmp", IPsecOut: true}.to(wanDevice))
	}
	out = append(out, reply.to(wanDevice), errors.to(wanDevice))
	if g.inVPC() {
		out = append(out, icmp.to(lanDevice))
	}
	if len(own) > 0 && g.Host.Engine == EngineLibipsec {
		out = append(out, icmp.to(LibipsecDevice))
	}
	if children {
		out = append(out, errors.to(anyCrypted))
	}
	return out
}

// forwardChildren carries encrypted packets between children and the internet side.
func (g *gateway) forwardChildren(parted []*wired) []Filter {
	var out []Filter
	for _, w := range parted {
		in, name := PeerCounters(w.Row.ID)
		out = append(out, Filter{In: wanDevice, Out: w.crypted(), Counter: in}, Filter{In: w.crypted(), Out: wanDevice, Counter: name})
	}
	if len(parted) == 0 {
		return nil
	}
	public := one(g.Gateway.Public)
	out = append(out,
		Filter{In: wanDevice, Out: anyCrypted, Dst: public, Counter: CounterIn, Verdict: Accept},
		Filter{In: anyCrypted, Out: wanDevice, Src: public, Counter: CounterOut, Verdict: Accept})
	return out
}

// forwardInner carries clear packets between the VPC's side and tunnels.
func (g *gateway) forwardInner(own []*wired, children bool) []Filter {
	if !g.inVPC() || len(own) == 0 && !children {
		return nil
	}
	out := []Filter{g.clamp()}
	if children {
		out = append(out, between(lanDevice, anyTunnel), between(anyTunnel, lanDevice))
	}
	switch {
	case len(own) == 0:
	case g.Host.Engine == EngineKernel:
		out = append(out,
			Filter{In: lanDevice, Out: wanDevice, IPsecOut: true, Verdict: Accept},
			Filter{In: wanDevice, Out: lanDevice, IPsecIn: true, Verdict: Accept})
	default:
		out = append(out, between(lanDevice, LibipsecDevice), between(LibipsecDevice, lanDevice))
	}
	return out
}

// limits hold the clear traffic of single machines of the VPC, each direction by itself,
// whatever tunnel or client is at its other end.
func (g *gateway) limits() []Filter {
	if !g.inVPC() {
		return nil
	}
	var out []Filter
	for _, l := range g.Gateway.Limits {
		over := RateFor(l.Bandwidth)
		out = append(out,
			Filter{In: lanDevice, Src: one(l.Addr), Over: over, Verdict: Drop},
			Filter{Out: lanDevice, Dst: one(l.Addr), Over: over, Verdict: Drop})
	}
	return out
}

// clamp keeps TCP's segments to what fits through a tunnel, in both directions: the far
// end of a connection does not see the tunnel's MTU.
func (g *gateway) clamp() Filter {
	return Filter{Proto: "tcp", MSS: uint16(g.Host.innerMTU() - headers)}
}
