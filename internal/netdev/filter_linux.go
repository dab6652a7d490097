package netdev

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/plan"
)

// feature is something that a kernel may lack.
type feature string

const (
	ipsecIn  feature = "meta ipsec"
	ipsecOut feature = "rt ipsec"
	clampMSS feature = "tcp option maxseg"
	tracking feature = "ct direction"
)

// Numbers of linux/netfilter/nf_tables.h that the libraries lack.
const (
	metaSecpath = expr.MetaKey(25)
	rtXfrm      = expr.RtKey(4)
	tcpMaxseg   = 2 // the option's kind, and where its value starts
	ctReply     = 1 // IP_CT_DIR_REPLY
)

// digestVersion goes into every digest: raise it when rules compile to something else.
const digestVersion = "1"

// compiled is a firewall as nftables takes it.
type compiled struct {
	chains  []compiledChain
	without []string // rules left out because the kernel cannot match them
	loose   []string // rules that take what begins a flow for a reply, because the kernel cannot tell
}

type compiledChain struct {
	chain *nftables.Chain
	rules []compiledRule
}

type compiledRule struct {
	exprs  []expr.Any
	digest string // of what the rule says; it is kept in the rule's comment
	count  string
}

// hooks are the kernel's numbers and the priorities of our chains.
var hooks = map[plan.Hook]struct {
	hook     *nftables.ChainHook
	priority *nftables.ChainPriority
}{
	plan.HookPrerouting: {nftables.ChainHookPrerouting, nftables.ChainPriorityRaw},
	plan.HookInput:      {nftables.ChainHookInput, nftables.ChainPriorityFilter},
	plan.HookForward:    {nftables.ChainHookForward, nftables.ChainPriorityFilter},
	plan.HookOutput:     {nftables.ChainHookOutput, nftables.ChainPriorityFilter},
}

// compile turns a firewall into expressions. A rule that accepts what this kernel cannot
// match is left out, which lets less pass; one that drops such packets is refused. Where
// the kernel does not track connections, a rule that accepts replies accepts both: without
// it nothing would be answered.
func compile(f plan.Firewall, lacks map[feature]bool) (*compiled, error) {
	out := &compiled{}
	for _, c := range f.Chains {
		h, ok := hooks[c.Hook]
		if !ok {
			return nil, fmt.Errorf("no hook %q", c.Hook)
		}
		policy := nftables.ChainPolicyDrop
		if c.Accept {
			policy = nftables.ChainPolicyAccept
		}
		cc := compiledChain{chain: &nftables.Chain{
			Name: string(c.Hook), Table: ourTable, Type: nftables.ChainTypeFilter,
			Hooknum: h.hook, Priority: h.priority, Policy: &policy,
		}}
		for _, r := range c.Rules {
			if lacks[tracking] && r.Reply && r.Verdict == plan.Accept {
				out.loose = append(out.loose, fmt.Sprintf("%s %+v", c.Hook, r))
				r.Reply = false
			}
			rules, err := compileRule(r, lacks)
			if err != nil {
				return nil, fmt.Errorf("chain %s: %+v: %w", c.Hook, r, err)
			}
			if rules == nil {
				out.without = append(out.without, fmt.Sprintf("%s %+v", c.Hook, r))
			}
			cc.rules = append(cc.rules, rules...)
		}
		out.chains = append(out.chains, cc)
	}
	return out, nil
}

// text is what the compiled firewall reads back as.
func (f *compiled) text() ruleset {
	var out ruleset
	chains := slices.Clone(f.chains)
	slices.SortFunc(chains, func(a, b compiledChain) int { return strings.Compare(a.chain.Name, b.chain.Name) })
	for _, c := range chains {
		out.chains = append(out.chains, chainText(c.chain))
		for _, r := range c.rules {
			out.rules = append(out.rules, c.chain.Name+" "+r.digest)
			if r.count != "" && !slices.Contains(out.counters, r.count) {
				out.counters = append(out.counters, r.count)
			}
		}
	}
	slices.Sort(out.chains)
	slices.Sort(out.counters)
	return out
}

// compileRule gives no rules for one that is to be left out.
func compileRule(f plan.Filter, lacks map[feature]bool) ([]compiledRule, error) {
	needs := map[feature]bool{ipsecIn: f.IPsecIn, ipsecOut: f.IPsecOut, clampMSS: f.ClampMSS || f.MSS != 0, tracking: f.Reply || f.NoTrack}
	for what := range needs {
		if !needs[what] || !lacks[what] {
			continue
		}
		if f.Verdict == plan.Drop {
			return nil, fmt.Errorf("the kernel lacks %q, without which too much would pass", what)
		}
		return nil, nil
	}
	types, err := icmpTypes(f)
	if err != nil {
		return nil, err
	}
	var out []compiledRule
	for _, t := range types {
		exprs, err := expressions(f, t)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %+v %d", digestVersion, f, t))
		out = append(out, compiledRule{exprs, hex.EncodeToString(sum[:8]), f.Counter})
	}
	return out, nil
}

// anyICMP stands for no match on the type.
const anyICMP = -1

// icmpTypes are the numbers that a rule matches; each becomes a rule of its own.
func icmpTypes(f plan.Filter) ([]int, error) {
	switch {
	case f.ICMPType == "":
		return []int{anyICMP}, nil
	case f.Proto != "icmp":
		return nil, errors.New("an ICMP type needs the protocol icmp")
	}
	switch f.ICMPType {
	case "echo-request":
		return []int{8}, nil
	case "echo-reply":
		return []int{0}, nil
	case "errors":
		return []int{3, 11, 12}, nil
	}
	return nil, fmt.Errorf("no ICMP type %q", f.ICMPType)
}

var protocols = map[string]byte{
	"icmp": unix.IPPROTO_ICMP, "tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "esp": unix.IPPROTO_ESP,
}

// expressions are what nft(8) would make of the rule, in this order: matches, changes,
// counter, verdict.
func expressions(f plan.Filter, icmpType int) ([]expr.Any, error) {
	var e []expr.Any
	e = append(e, onDevice(expr.MetaKeyIIFNAME, f.In)...)
	e = append(e, onDevice(expr.MetaKeyOIFNAME, f.Out)...)
	for _, m := range []struct {
		prefix netip.Prefix
		offset uint32
		op     expr.CmpOp
	}{{f.Src, 12, expr.CmpOpEq}, {f.SrcNot, 12, expr.CmpOpNeq}, {f.Dst, 16, expr.CmpOpEq}, {f.DstNot, 16, expr.CmpOpNeq}} {
		if m.prefix.IsValid() {
			e = append(e, onAddress(m.prefix, m.offset, m.op)...)
		}
	}
	e, err := onProtocol(e, f, icmpType)
	if err != nil {
		return nil, err
	}
	if f.Quoted.IsValid() {
		if f.ICMPType != "errors" {
			return nil, errors.New("only ICMP errors quote a packet")
		}
		e = append(e, matchAddress(f.Quoted, quotedDst, expr.PayloadBaseTransportHeader, expr.CmpOpEq)...)
	}
	if f.IPsecIn {
		e = append(e, &expr.Meta{Key: metaSecpath, Register: 1}, equal(1))
	}
	if f.IPsecOut {
		e = append(e, &expr.Rt{Key: rtXfrm, Register: 1}, equal(1))
	}
	if f.Reply {
		e = append(e, &expr.Ct{Key: expr.CtKeyDIRECTION, Register: 1}, equal(ctReply))
	}
	if f.Over != (plan.Rate{}) {
		e = append(e, &expr.Limit{Type: expr.LimitTypePktBytes, Unit: expr.LimitTimeSecond, Rate: f.Over.Bytes, Burst: f.Over.Burst, Over: true})
	}
	e = append(e, changes(f)...)
	if f.Counter != "" {
		e = append(e, &expr.Objref{Type: int(nftables.ObjTypeCounter), Name: f.Counter})
	}
	switch f.Verdict {
	case plan.Accept:
		e = append(e, &expr.Verdict{Kind: expr.VerdictAccept})
	case plan.Drop:
		e = append(e, &expr.Verdict{Kind: expr.VerdictDrop})
	case "":
	default:
		return nil, fmt.Errorf("no verdict %q", f.Verdict)
	}
	return e, nil
}

func onProtocol(e []expr.Any, f plan.Filter, icmpType int) ([]expr.Any, error) {
	proto := f.Proto
	clamps := f.ClampMSS || f.MSS != 0
	if clamps && proto == "" {
		proto = "tcp"
	}
	if clamps && proto != "tcp" {
		return nil, errors.New("only TCP has an MSS")
	}
	if proto != "" {
		n, ok := protocols[proto]
		if !ok {
			return nil, fmt.Errorf("no protocol %q", proto)
		}
		e = append(e, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal(n))
	}
	if (f.SrcPort != 0 || f.DstPort != 0) && proto != "tcp" && proto != "udp" {
		return nil, errors.New("a port needs the protocol tcp or udp")
	}
	if f.SrcPort != 0 {
		e = append(e, transport(0, 2), equal(binary.BigEndian.AppendUint16(nil, f.SrcPort)...))
	}
	if f.DstPort != 0 {
		e = append(e, transport(2, 2), equal(binary.BigEndian.AppendUint16(nil, f.DstPort)...))
	}
	if icmpType != anyICMP {
		e = append(e, transport(0, 1), equal(byte(icmpType)))
	}
	if clamps { // SYN and no RST
		const syn, rst = 0x02, 0x04
		e = append(e, transport(13, 1),
			&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{syn | rst}, Xor: []byte{0}},
			equal(syn))
	}
	return e, nil
}

// changes are what a rule does to packets. The kernel never raises an MSS.
func changes(f plan.Filter) []expr.Any {
	var e []expr.Any
	if f.NoTrack {
		e = append(e, &expr.Notrack{})
	}
	write := &expr.Exthdr{SourceRegister: 1, Type: tcpMaxseg, Offset: tcpMaxseg, Len: 2, Op: expr.ExthdrOpTcpopt}
	if f.ClampMSS {
		e = append(e, &expr.Rt{Key: expr.RtTCPMSS, Register: 1},
			&expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 2, Size: 2}, write)
	}
	if f.MSS != 0 {
		e = append(e, &expr.Immediate{Register: 1, Data: binary.BigEndian.AppendUint16(nil, f.MSS)}, write)
	}
	if f.SetMark != 0 {
		e = append(e, &expr.Immediate{Register: 1, Data: binary.NativeEndian.AppendUint32(nil, f.SetMark)},
			&expr.Meta{Key: expr.MetaKeyMARK, SourceRegister: true, Register: 1})
	}
	return e
}

func equal(b ...byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: b} }

func transport(offset, size uint32) *expr.Payload {
	return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: size}
}

func onDevice(key expr.MetaKey, name string) []expr.Any {
	if name == "" || name == "*" {
		return nil
	}
	data := make([]byte, unix.IFNAMSIZ)
	if head, any := strings.CutSuffix(name, "*"); any {
		data = []byte(head)
	} else {
		copy(data, name)
	}
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, equal(data...)}
}

// quotedDst is where an ICMP error has the destination of the packet that it is about:
// behind its own header, in that of the quoted packet.
const quotedDst = 8 + 16

func onAddress(p netip.Prefix, offset uint32, op expr.CmpOp) []expr.Any {
	return matchAddress(p, offset, expr.PayloadBaseNetworkHeader, op)
}

func matchAddress(p netip.Prefix, offset uint32, base expr.PayloadBase, op expr.CmpOp) []expr.Any {
	load := &expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: 4}
	compare := &expr.Cmp{Op: op, Register: 1, Data: p.Masked().Addr().AsSlice()}
	if p.Bits() == p.Addr().BitLen() {
		return []expr.Any{load, compare}
	}
	mask := net.CIDRMask(p.Bits(), p.Addr().BitLen())
	return []expr.Any{load,
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: make([]byte, 4)}, compare}
}
