package plan

import (
	"hash/fnv"
	"net/netip"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The devices that every gateway, and every child, calls by the same name.
const (
	wanDevice  = "wan0" // the internet side
	lanDevice  = "lan0" // the VPC's side
	loopback   = "lo"
	anyTunnel  = "tl*" // what children have decrypted, or are to encrypt
	anyCrypted = "tw*" // what children have encrypted, or are to decrypt
	anySubnet  = "sn*"
	anyGateway = "gw*"
)

// The ends of inner links. They are the same everywhere: nothing has to be allocated,
// and no range of a tenant can clash with them.
var (
	routerEnd  = netip.MustParseAddr("169.254.0.1") // a router's, on every link to a gateway
	gatewayEnd = netip.MustParseAddr("169.254.0.2") // a gateway's, towards its router
	parentEnd  = netip.MustParseAddr("169.254.0.3") // a gateway's, towards its children
	childEnd   = netip.MustParseAddr("169.254.0.4") // a child's
)

// namespace is the name of the namespace of a gateway, a VPC or a connection.
func (h Host) namespace(id string) string { return "gwr-" + h.Tag + "-" + id }

// device makes the name of a device from the eight characters of an id, which leaves
// room within the kernel's fifteen.
func device(prefix, id string) string {
	return prefix + id[strings.LastIndexByte(id, '-')+1:]
}

// WorkloadInterface is what a workload's interface is called in its own namespace.
func WorkloadInterface(id vpc.WorkloadID) string { return vpc.WorkloadInterface(id) }

// one is the range that holds an address alone.
func one(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// tables hands out numbers of routing tables of one namespace.
type tables map[int]bool

// firstTable is above all tables that have a name or a fixed number.
const firstTable = 10_000

// of is the table of an id. It depends on the id alone, or on ids that were asked for
// before where two would share a number: what is added or removed beside it must not
// move its routes.
func (t tables) of(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	n := firstTable + int(h.Sum32()>>2)
	for t[n] {
		n++
	}
	t[n] = true
	return n
}
