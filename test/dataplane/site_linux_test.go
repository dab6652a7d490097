package dataplane

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// site is a VPC with one subnet, a workload in it and a gateway.
type site struct {
	cloud    *cloud
	vpc      string
	subnet   string
	table    string // the default route table
	gateway  string
	public   string         // the gateway's address
	workload *lab.Namespace // a machine in the subnet
	inside   string         // its address
}

// The ranges of every site, so that VPCs with the same ranges are the usual case.
const (
	siteRange   = "10.7.0.0/16"
	subnetRange = "10.7.1.0/24"
)

// site makes one through the API. Its gateway carries Mbit/s.
func (c *cloud) site(l *lab.Lab, mbit int) *site {
	l.Helper()
	s := c.land(l)
	s.gateway, s.public = c.newGateway(l, s.vpc, mbit)
	return s
}

// land is a site that has no gateway yet.
func (c *cloud) land(l *lab.Lab) *site {
	l.Helper()
	s := &site{cloud: c}
	s.vpc = text(c.call(l, "CreateVpc", obj{"VpcName": "site", "CidrBlock": siteRange}), "Vpc", "VpcId")
	s.subnet = text(c.call(l, "CreateSubnet", obj{"VpcId": s.vpc, "SubnetName": "one", "CidrBlock": subnetRange, "Zone": "ap-guangzhou-3"}), "Subnet", "SubnetId")
	s.table = text(c.describe(l, "DescribeSubnets", "SubnetIds", s.subnet, "SubnetSet"), "RouteTableId")
	s.workload, s.inside = s.attach(l, s.subnet, "workload")
	return s
}

// newGateway makes a gateway and waits for it.
func (c *cloud) newGateway(l *lab.Lab, vpc string, mbit int) (id, public string) {
	l.Helper()
	id = text(c.call(l, "CreateVpnGateway", obj{"VpcId": vpc, "VpnGatewayName": "gateway", "InternetMaxBandwidthOut": mbit}), "VpnGateway", "VpnGatewayId")
	return id, c.standing(l, id)
}

// standing waits for a gateway, and gives its address.
func (c *cloud) standing(l *lab.Lab, id string) (public string) {
	l.Helper()
	l.Eventually(20*time.Second, id+" is AVAILABLE", func() error {
		g := c.gateway(l, id)
		public = text(g, "PublicIpAddress")
		if state := text(g, "State"); state != "AVAILABLE" {
			return fmt.Errorf("it is %s: %s", state, c.why(id))
		}
		return nil
	})
	return public
}

// why is what the operator's commands tell about something.
func (c *cloud) why(id string) string {
	words := map[string]string{"vpnx": "connection", "vpngw": "observed", "vpc": "observed"}
	for prefix, word := range words {
		if len(id) > len(prefix) && id[:len(prefix)+1] == prefix+"-" {
			out, err := c.operateTry("debug", word, id)
			if err != nil {
				return err.Error()
			}
			return out
		}
	}
	return ""
}

// attach joins a new namespace to a subnet.
func (s *site) attach(l *lab.Lab, subnet, label string) (*lab.Namespace, string) {
	l.Helper()
	n := l.Namespace(label)
	var at struct{ Address, Gateway, Interface string }
	if err := json.Unmarshal([]byte(s.cloud.operate(l, "subnet", "attach", subnet, "--netns", n.Name)), &at); err != nil {
		l.Fatalf("subnet attach: %v", err)
	}
	p, err := netip.ParsePrefix(at.Address)
	if err != nil {
		l.Fatalf("subnet attach: %v", err)
	}
	l.Eventually(lab.Patience, n.Name+" is attached", func() error {
		_, err := n.Try("ip", "route", "get", "203.0.113.1")
		return err
	})
	return n, p.Addr().String()
}

// route sends a subnet's packets for a range to the gateway.
func (s *site) route(l *lab.Lab, to string) {
	l.Helper()
	s.cloud.call(l, "CreateRoutes", obj{"RouteTableId": s.table, "Routes": []obj{{"DestinationCidrBlock": to, "GatewayType": "VPN", "GatewayId": s.gateway}}})
}

// gatewayRoute sends a gateway's packets for a range into a tunnel, and gives its id.
func (s *site) gatewayRoute(l *lab.Lab, to, connection string, priority int) string {
	l.Helper()
	made := s.cloud.call(l, "CreateVpnGatewayRoutes", obj{"VpnGatewayId": s.gateway, "Routes": []obj{{
		"DestinationCidrBlock": to, "InstanceType": "VPNCONN", "InstanceId": connection, "Priority": priority, "Status": "ENABLE",
	}}})
	routes, _ := made["Routes"].([]any)
	if len(routes) != 1 {
		l.Fatalf("CreateVpnGatewayRoutes: %v", made)
	}
	return text(routes[0].(obj), "RouteId")
}

// office is the other end of a tunnel: a peer with a network behind it, which is an
// address on its loopback.
type office struct {
	*lab.Peer
	public string         // the address that the cloud sees
	own    string         // the peer's own, another one behind NAT
	box    *lab.Namespace // the NAT box, if there is one
	lan    string         // its network
	inside string         // an address in it
	id     string         // of its customer gateway
	key    string
}

var offices atomic.Int64

func newOffice(lan string) *office {
	number := offices.Add(1)
	o := &office{public: fmt.Sprintf("198.18.%d.%d", 200+number/200, 1+number%200), lan: lan, key: fmt.Sprintf("key of office %d", number)}
	if lan == "" {
		o.lan = fmt.Sprintf("172.%d.%d.0/24", 20+number/200, number%200)
	}
	return o
}

// office makes one with its customer gateway, directly on the public network or behind
// a NAT box. An empty lan is one that no other office has.
func (c *cloud) office(l *lab.Lab, lan string, nat bool) *office {
	l.Helper()
	o := newOffice(lan)
	host, n := l.Existing(c.host.Name), l.Namespace("office")
	if nat {
		o.box = l.Namespace("nat")
		o.box.Plug("wan0", host, uplink, o.public+"/16")
		o.box.Masquerade("wan0")
		o.cable(n, "lan0", "192.168.77")
	} else {
		o.plug(n, host)
	}
	o.open(n)
	o.enrol(l, c)
	return o
}

// enrol makes the office's customer gateway.
func (o *office) enrol(l *lab.Lab, c *cloud) {
	l.Helper()
	o.id = text(c.call(l, "CreateCustomerGateway", obj{"CustomerGatewayName": "office", "IpAddress": o.public}), "CustomerGateway", "CustomerGatewayId")
}

// housemate is another office behind the first one's NAT box, with the same customer
// gateway, since the cloud sees the same address.
func (o *office) housemate(l *lab.Lab) *office {
	l.Helper()
	number := offices.Add(1)
	h := &office{public: o.public, box: o.box, id: o.id, lan: fmt.Sprintf("172.%d.%d.0/24", 20+number/200, number%200), key: fmt.Sprintf("key of office %d", number)}
	n := l.Namespace("housemate")
	h.cable(n, "lan1", "192.168.78")
	h.open(n)
	return h
}

// cable joins the office's namespace to its NAT box.
func (o *office) cable(n *lab.Namespace, dev, net string) {
	o.box.Cable(dev, n, "wan0")
	o.box.Address(dev, net+".1/24")
	o.own = net + ".2"
	n.Address("wan0", o.own+"/24")
	n.Route("default", net+".1")
}

// plug joins the office's namespace to the public network.
func (o *office) plug(n, host *lab.Namespace) {
	n.Plug("wan0", host, uplink, o.public+"/16")
	n.Route("default", "198.18.0.1")
	o.own = o.public
}

// open gives the office its network and its peer.
func (o *office) open(n *lab.Namespace) {
	o.network(n)
	o.Peer = n.Peer()
}

// network gives the office its network.
func (o *office) network(n *lab.Namespace) {
	o.inside = netip.MustParsePrefix(o.lan).Addr().Next().String()
	n.Address("lo", o.inside+"/24")
}

// The algorithms that the API takes where a caller names none, as swanctl names them.
const (
	defaultIKE = "3des-sha1-modp768"
	defaultESP = "aes128-sha1"
)

// tunnel is the peer's side of a connection with the site.
func (o *office) tunnel(s *site, version string) lab.Tunnel {
	return lab.Tunnel{
		Name: "cloud", Version: version, Local: o.own, Remote: s.public, LocalID: o.public, RemoteID: s.public, Key: o.key,
		LocalTS: []string{o.lan}, RemoteTS: []string{siteRange}, IKE: defaultIKE, ESP: defaultESP,
	}
}

// routed makes the peer's side that of a connection with selectors for everything.
func routed(t lab.Tunnel) lab.Tunnel {
	t.LocalTS, t.RemoteTS = []string{"0.0.0.0/0"}, []string{"0.0.0.0/0"}
	return t
}

// connect makes the cloud's side; more goes over the usual parameters.
func (s *site) connect(l *lab.Lab, o *office, version string, more obj) string {
	l.Helper()
	return text(s.cloud.call(l, "CreateVpnConnection", s.connection(o, version, more)), "VpnConnection", "VpnConnectionId")
}

// connection is what CreateVpnConnection is asked.
func (s *site) connection(o *office, version string, more obj) obj {
	params := obj{
		"VpnGatewayId": s.gateway, "CustomerGatewayId": o.id, "VpcId": s.vpc, "VpnConnectionName": "office", "PreShareKey": o.key,
		"IKEOptionsSpecification": ikeOptions(version),
	}
	for k, v := range more {
		params[k] = v
	}
	if params["RouteType"] == nil && params["SecurityPolicyDatabases"] == nil {
		params["SecurityPolicyDatabases"] = []obj{{"LocalCidrBlock": siteRange, "RemoteCidrBlock": []string{o.lan}}}
	}
	return params
}

// join connects the site with an office, and returns when packets pass.
func (s *site) join(l *lab.Lab, o *office) string {
	l.Helper()
	o.Load(o.tunnel(s, lab.IKEv2).Text())
	s.route(l, o.lan)
	id := s.connect(l, o, lab.IKEv2, nil)
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	s.workload.Reaches(o.inside, lab.Patience)
	return id
}

func ikeOptions(version string) obj {
	switch version {
	case lab.IKEv1Main:
		return obj{"IKEVersion": "IKEV1", "ExchangeMode": "MAIN"}
	case lab.IKEv1Aggressive:
		return obj{"IKEVersion": "IKEV1", "ExchangeMode": "AGGRESSIVE"}
	}
	return obj{"IKEVersion": "IKEV2"}
}

// netStatus waits until a connection's NetStatus is as wanted.
func (s *site) netStatus(l *lab.Lab, connection, want string, within time.Duration) {
	l.Helper()
	l.Eventually(within, connection+" is "+want, func() error {
		if got := text(s.cloud.connection(l, connection), "NetStatus"); got != want {
			return fmt.Errorf("it is %s:\n%s", got, s.cloud.why(connection))
		}
		return nil
	})
}
