package netdev

import (
	"net/netip"

	"github.com/gatewright/gatewright/internal/plan"
)

// OwnUplink is the bridge that stands for the internet where the operator names no
// uplink. Nothing is connected to it but gateways and the host itself.
const OwnUplink = "gwr-uplink"

// OwnGateway is the host's address on it, and its range.
var OwnGateway = netip.MustParsePrefix("198.51.100.1/24")

// Uplink is where gateways meet the internet side: a bridge that takes ports, or a
// device that macvlans stand on.
type Uplink struct {
	Device string
	Kind   plan.LinkKind  // of a gateway's link: LinkVeth on a bridge, else LinkMacvlan
	Addrs  []netip.Prefix // those of the host on it
}
