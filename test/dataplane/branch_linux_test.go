package dataplane

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gatewright/gatewright/internal/lab"
)

// branches are offices that share one peer, each with an address and a network of its
// own there, so that a hundred tunnels do not need a hundred daemons at their far ends.
func (c *cloud) branches(l *lab.Lab, count int) []*office {
	l.Helper()
	n := l.Namespace("branches")
	var out []*office
	for i := range count {
		number := offices.Add(1)
		o := &office{
			public: fmt.Sprintf("198.18.%d.%d", 200+number/200, 1+number%200), lan: fmt.Sprintf("172.%d.%d.0/24", 20+number/200, number%200),
			key: "key of all branches", // the peer could not tell which one's is asked for
		}
		o.own, o.inside = o.public, netip.MustParsePrefix(o.lan).Addr().Next().String()
		if i == 0 {
			n.Plug("wan0", l.Existing(c.host.Name), uplink, o.public+"/16")
		} else {
			n.Address("wan0", o.public+"/16")
		}
		n.Address("lo", o.inside+"/24")
		out = append(out, o)
	}
	// All of them call at once.
	peer := n.Peer("cookie_threshold = 1000", "block_threshold = 1000")
	// The daemon's own route to what all tunnels lead to goes with the first that closes.
	n.Run("ip", "route", "add", siteRange, "dev", "ipsec0")
	for _, o := range out {
		o.Peer = peer
		o.id = text(c.call(l, "CreateCustomerGateway", obj{"CustomerGatewayName": "branch", "IpAddress": o.public}), "CustomerGateway", "CustomerGatewayId")
	}
	return out
}

// willing makes the branches' peer wait for the tunnels of sites, one for each branch.
func willing(branches []*office, sites []*site) {
	var all strings.Builder
	for i, o := range branches {
		t := o.tunnel(sites[i], lab.IKEv2)
		t.Name = fmt.Sprintf("cloud%d", i)
		all.WriteString(t.Text())
	}
	branches[0].Load(all.String())
}
