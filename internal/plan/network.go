package plan

import "net/netip"

// Namespace is one network namespace with everything in it. What is not named here and
// bears our mark is removed by netdev's pruning; what others made (a daemon's TUN, its
// routing table) is left alone.
type Namespace struct {
	Name      string
	Forward   bool   // routes packets between its links
	Links     []Link // every link but lo and those that daemons make
	Loopback  []netip.Prefix
	Routes    []Route
	Rules     []Rule
	LocalRule int // priority of the rule for the table local; 0 leaves it first
	Firewall  Firewall
}

// LinkKind says how a link is made.
type LinkKind string

// The kinds of link.
const (
	LinkVeth    LinkKind = "veth"
	LinkBridge  LinkKind = "bridge"
	LinkMacvlan LinkKind = "macvlan" // above Parent, a device of the host's namespace
	LinkMoved   LinkKind = "moved"   // Parent itself, moved in from the host's namespace and back when it goes
)

// HostNamespace is the namespace that the server runs in, where the uplink is. Ends
// there are named; the namespace itself is never made, changed or removed.
const HostNamespace = ""

// Link is a network device in a namespace of the machine.
type Link struct {
	Name        string
	Kind        LinkKind
	Parent      string // macvlan and moved: the host's device
	Peer        End    // veth: the other end; moved: nothing but a Workload
	Master      string // a bridge of the same namespace
	MTU         int    // 0: the kernel's
	Addrs       []netip.Prefix
	Shape       Shape // what leaves through the link
	AcceptLocal bool  // takes packets from addresses that are also the namespace's own
}

// End is the far end of a veth. It is made and removed with the near end.
type End struct {
	Namespace string // HostNamespace, another machine's, or a workload's own
	Name      string
	Master    string // a bridge there
	MTU       int
	Addrs     []netip.Prefix
	Shape     Shape
	Default   netip.Addr // default route through this end, for a workload
	Workload  string     // the attachment's key; its namespace may be absent, which is no fault of the machine
}

// Shape is a token bucket on what leaves a device; the zero Shape is none.
type Shape struct {
	Rate  uint64 // bits a second, of Ethernet frames
	Burst uint32 // bytes
	Queue uint32 // bytes that may wait
}

// Route is a route in a namespace. With no hops it drops, or with Throw leaves the
// packet to the rules after the one that chose the table.
type Route struct {
	Table  int // 0: main
	To     netip.Prefix
	Hops   []Hop // more than one: shared between flows
	Throw  bool
	Metric int
}

// Hop is a next hop, reached over a device whether or not an address of the device
// covers it; without Via the destination is on the link.
type Hop struct {
	Via netip.Addr
	Dev string
}

// Rule chooses a routing table. Zero fields match everything.
type Rule struct {
	Priority int
	In       string // device
	From, To netip.Prefix
	Mark     uint32
	Table    int // 0: main
	Drop     bool
}

// Firewall is a whole ruleset; it is put in place at once, or not at all.
type Firewall struct{ Chains []Chain }

// Hook is where a chain sees packets.
type Hook string

// The hooks, all of the ip family.
const (
	HookPrerouting Hook = "prerouting" // at priority raw
	HookInput      Hook = "input"
	HookForward    Hook = "forward"
	HookOutput     Hook = "output"
)

// Chain is a base chain at a hook. Accept is what becomes of packets that no rule decides.
type Chain struct {
	Hook   Hook
	Accept bool
	Rules  []Filter
}

// Verdict ends a packet's way through a chain; the empty one lets it go on.
type Verdict string

// The verdicts.
const (
	Accept Verdict = "accept"
	Drop   Verdict = "drop"
)

// Rate is what may pass at most; the zero Rate is no bound.
type Rate struct {
	Bytes uint64 // of IP packets, a second
	Burst uint32 // bytes that may pass at once after a pause
}

// Filter is a rule of a chain: what it matches, and what it does. Zero fields match
// everything.
type Filter struct {
	In, Out        string // device; a trailing * matches any ending
	Src, Dst       netip.Prefix
	SrcNot, DstNot netip.Prefix // anything but
	Proto          string       // udp, tcp, icmp or esp
	SrcPort        uint16
	DstPort        uint16
	ICMPType       string       // echo-request, echo-reply, or errors (unreachable, time exceeded, parameter problem); needs Proto icmp
	Quoted         netip.Prefix // where the packet was going that an ICMP error is about; needs ICMPType errors
	IPsecIn        bool         // was decrypted by the kernel
	IPsecOut       bool         // will be encrypted by the kernel
	Reply          bool         // answers a flow that began in the other direction, or is an ICMP error about one
	Over           Rate         // only what goes beyond it; it counts all that the rest matches

	NoTrack  bool   // is part of no flow, for Reply; at HookPrerouting only
	SetMark  uint32 // 0: none
	ClampMSS bool   // TCP SYNs get the route's MTU
	MSS      uint16 // TCP SYNs get at most this; 0: none
	Counter  string // name of a counter of packets and bytes; empty: none
	Verdict  Verdict
}
