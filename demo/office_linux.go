package main

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// office is the other end: a router with strongSwan, and a desk behind it.
type office struct {
	*site
	router     *lab.Peer
	desk       *lab.Namespace
	connection string
	text       string // the downloaded configuration
}

const (
	officeRange = "172.20.1.0/24"
	routerAddr  = "172.20.1.1"
	deskAddr    = "172.20.1.10"
)

// office makes the connection, takes the text for its far end, and builds that.
func (c *cloud) office(s *site) *office {
	c.Helper()
	o := &office{site: s}
	say("a connection to an office")
	customer := c.field(c.call("CreateCustomerGateway", "CustomerGatewayName=office", "IpAddress="+officeAddr), "CustomerGateway", "CustomerGatewayId")
	o.connection = c.field(c.call("CreateVpnConnection", "VpcId="+s.vpc, "VpnGatewayId="+s.gateway, "CustomerGatewayId="+customer,
		"VpnConnectionName=office", "PreShareKey="+rand.Text(),
		"SecurityPolicyDatabases.0.LocalCidrBlock="+siteRange, "SecurityPolicyDatabases.0.RemoteCidrBlock.0="+officeRange,
		"IKEOptionsSpecification.IKEVersion=IKEV2", "IKEOptionsSpecification.PropoEncryAlgorithm=AES-CBC-256",
		"IKEOptionsSpecification.PropoAuthenAlgorithm=SHA-256", "IKEOptionsSpecification.DhGroupName=GROUP14",
		"IPSECOptionsSpecification.EncryptAlgorithm=AES-CBC-256", "IPSECOptionsSpecification.IntegrityAlgorith=SHA-256",
	), "VpnConnection", "VpnConnectionId")
	c.call("CreateRoutes", "RouteTableId="+s.table, "Routes.0.DestinationCidrBlock="+officeRange, "Routes.0.GatewayType=VPN", "Routes.0.GatewayId="+s.gateway)
	o.text = c.field(c.call("DownloadCustomerGatewayConfiguration", "VpnGatewayId="+s.gateway, "VpnConnectionId="+o.connection, "InterfaceName=wan0",
		"CustomerGatewayVendor.VendorName=strongswan", "CustomerGatewayVendor.Platform=linux", "CustomerGatewayVendor.SoftwareVersion=V5.9",
	), "CustomerGatewayConfiguration")

	say("the office: a desk, and a router whose strongSwan has nothing but the %d bytes of that text", len(o.text))
	router := c.Namespace("office")
	o.desk = c.Namespace("desk")
	router.Plug("wan0", c.host, uplink, officeAddr+"/24")
	router.Route("default", uplinkAddr)
	router.Cable("lan0", o.desk, "eth0")
	router.Address("lan0", routerAddr+"/24")
	o.desk.Address("eth0", deskAddr+"/24")
	o.desk.Route("default", routerAddr)
	o.router = router.Peer()
	return o
}

// tunnel gives the router its text and waits for the tunnel.
func (o *office) tunnel(seen *table) {
	o.Helper()
	say("the tunnel")
	if p := o.desk.Ping(o.inside, 3, "-W", "0.2"); p.Received > 0 {
		o.Fatalf("the workload is reached without a tunnel: %v", p)
	}
	began := time.Now()
	o.router.Load(o.text)
	o.Eventually(20*time.Second, o.connection+" is AVAILABLE", o.connected)
	o.desk.Reaches(o.inside, 5*time.Second)
	took := time.Since(began)
	seen.add(took < 10*time.Second, "tunnel up, and the first ping", "within 10 s of the text", "%.2f s", took.Seconds())
}

// connected asks whether the API tells of a tunnel.
func (o *office) connected() error {
	answer := o.ask("DescribeVpnConnections", "VpnConnectionIds.0="+o.connection)
	if status := o.field(answer, "VpnConnectionSet", "NetStatus"); status != "AVAILABLE" {
		return fmt.Errorf("its NetStatus is %s", status)
	}
	return nil
}
