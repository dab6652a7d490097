// Command go shows the vendor's Go SDK on a Gatewright server: it makes a VPC and a VPN
// gateway with a tag, waits until the gateway is available, and removes both.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	vpc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc/v20170312"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	client, err := newClient()
	if err != nil {
		return err
	}
	network := vpc.NewCreateVpcRequest()
	network.VpcName = common.StringPtr("gatewright-example")
	network.CidrBlock = common.StringPtr("10.20.0.0/16")
	made, err := client.CreateVpc(network)
	if err != nil {
		return err
	}
	vpcID := *made.Response.Vpc.VpcId
	fmt.Println("made", vpcID)

	gatewayID, err := makeGateway(client, vpcID)
	if err != nil {
		return err
	}
	fmt.Println("made", gatewayID)
	gateway, err := waitFor(client, gatewayID, func(g *vpc.VpnGateway) bool { return g != nil && *g.State == "AVAILABLE" })
	if err != nil {
		return err
	}
	fmt.Println(gatewayID, "is", *gateway.State, "at", *gateway.PublicIpAddress)
	return remove(client, vpcID, gatewayID)
}

// newClient is the only part that differs from a program for the public cloud: an
// endpoint, and plain HTTP.
func newClient() (*vpc.Client, error) {
	endpoint := os.Getenv("GATEWRIGHT")
	if endpoint == "" {
		endpoint = "127.0.0.1:9080"
	}
	id, key := os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY")
	if id == "" || key == "" {
		return nil, errors.New("set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, see examples/README.md")
	}
	prof := profile.NewClientProfile()
	prof.HttpProfile.Endpoint = endpoint
	prof.HttpProfile.Scheme = "HTTP"
	prof.Language = "en-US"
	return vpc.NewClient(common.NewCredential(id, key), "ap-guangzhou", prof)
}

func makeGateway(client *vpc.Client, vpcID string) (string, error) {
	request := vpc.NewCreateVpnGatewayRequest()
	request.VpcId = &vpcID
	request.VpnGatewayName = common.StringPtr("gatewright-example")
	request.InternetMaxBandwidthOut = common.Uint64Ptr(5)
	request.Tags = []*vpc.Tag{{Key: common.StringPtr("example"), Value: common.StringPtr("go")}}
	made, err := client.CreateVpnGateway(request)
	if err != nil {
		return "", err
	}
	return *made.Response.VpnGateway.VpnGatewayId, nil
}

// waitFor describes the gateway until it is as wanted; nil stands for a gateway that is
// gone.
func waitFor(client *vpc.Client, id string, wanted func(*vpc.VpnGateway) bool) (*vpc.VpnGateway, error) {
	request := vpc.NewDescribeVpnGatewaysRequest()
	request.VpnGatewayIds = []*string{&id}
	for range 100 {
		found, err := client.DescribeVpnGateways(request)
		if err != nil {
			return nil, err
		}
		var gateway *vpc.VpnGateway
		if len(found.Response.VpnGatewaySet) > 0 {
			gateway = found.Response.VpnGatewaySet[0]
		}
		if wanted(gateway) {
			return gateway, nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil, fmt.Errorf("%s did not get there in time", id)
}

func remove(client *vpc.Client, vpcID, gatewayID string) error {
	gateway := vpc.NewDeleteVpnGatewayRequest()
	gateway.VpnGatewayId = &gatewayID
	if _, err := client.DeleteVpnGateway(gateway); err != nil {
		return err
	}
	if _, err := waitFor(client, gatewayID, func(g *vpc.VpnGateway) bool { return g == nil }); err != nil {
		return err
	}
	network := vpc.NewDeleteVpcRequest()
	network.VpcId = &vpcID
	if _, err := client.DeleteVpc(network); err != nil {
		return err
	}
	fmt.Println("removed both")
	return nil
}
