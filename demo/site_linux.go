package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// site is a VPC with a gateway and a machine in its only subnet.
type site struct {
	*cloud
	vpc      string
	table    string // the route table of the subnet
	gateway  string
	public   string // the gateway's address
	workload *lab.Namespace
	inside   string // its address
}

const (
	siteRange   = "10.7.0.0/16"
	subnetRange = "10.7.1.0/24"
	megabits    = 20 // what the gateway may carry
)

func (c *cloud) site() *site {
	c.Helper()
	s := &site{cloud: c}
	say("a network with a workload in it")
	s.vpc = c.field(c.call("CreateVpc", "VpcName=demo", "CidrBlock="+siteRange), "Vpc", "VpcId")
	subnet := c.field(c.call("CreateSubnet", "VpcId="+s.vpc, "SubnetName=demo", "CidrBlock="+subnetRange, "Zone=ap-guangzhou-3"), "Subnet", "SubnetId")
	s.table = c.field(c.ask("DescribeSubnets", "SubnetIds.0="+subnet), "SubnetSet", "RouteTableId")
	s.workload = c.Namespace("workload")
	fmt.Printf("   $ gatewright subnet attach %s --netns %s\n", subnet, s.workload.Name)
	var at struct{ Address string }
	c.gatewright(&at, "subnet", "attach", subnet, "--netns", s.workload.Name, "--json")
	address, err := netip.ParsePrefix(at.Address)
	if err != nil {
		c.Fatalf("subnet attach: %v", err)
	}
	s.inside = address.Addr().String()

	say("its gateway")
	s.gateway = c.field(c.call("CreateVpnGateway", "VpcId="+s.vpc, "VpnGatewayName=demo", "InternetMaxBandwidthOut="+strconv.Itoa(megabits)), "VpnGateway", "VpnGatewayId")
	s.public = c.stands(s.gateway)
	return s
}

// stands waits until a gateway is there, and gives its address.
func (c *cloud) stands(gateway string) (public string) {
	c.Helper()
	began := time.Now()
	c.Eventually(20*time.Second, gateway+" is AVAILABLE", func() error {
		answer := c.ask("DescribeVpnGateways", "VpnGatewayIds.0="+gateway)
		if state := c.field(answer, "VpnGatewaySet", "State"); state != "AVAILABLE" {
			return fmt.Errorf("it is %s", state)
		}
		public = c.field(answer, "VpnGatewaySet", "PublicIpAddress")
		return nil
	})
	fmt.Printf("   %s is AVAILABLE at %s after %v\n", gateway, public, time.Since(began).Round(time.Millisecond))
	return public
}
