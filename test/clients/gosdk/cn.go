package main

import (
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	vpc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc/v20170312"
)

func callVPC(o *order) (reply, error) {
	return pick(o, func() (*vpc.Client, error) {
		return vpc.NewClient(common.NewCredential(o.SecretID, o.SecretKey), o.Region, o.profile())
	}, vpcCalls)
}

func (o *order) profile() *profile.ClientProfile {
	p := profile.NewClientProfile()
	p.SignMethod = o.Sign
	p.Language = "en-US"
	p.HttpProfile.Endpoint = o.Endpoint
	p.HttpProfile.Scheme = o.Scheme
	p.HttpProfile.ReqMethod = o.Method
	return p
}

var vpcCalls = map[string]call[*vpc.Client]{
	"CreateVpc":                           typed(vpc.NewCreateVpcRequest, (*vpc.Client).CreateVpc),
	"DescribeVpcs":                        typed(vpc.NewDescribeVpcsRequest, (*vpc.Client).DescribeVpcs),
	"ModifyVpcAttribute":                  typed(vpc.NewModifyVpcAttributeRequest, (*vpc.Client).ModifyVpcAttribute),
	"DeleteVpc":                           typed(vpc.NewDeleteVpcRequest, (*vpc.Client).DeleteVpc),
	"DescribeRouteTables":                 typed(vpc.NewDescribeRouteTablesRequest, (*vpc.Client).DescribeRouteTables),
	"CreateVpnGateway":                    typed(vpc.NewCreateVpnGatewayRequest, (*vpc.Client).CreateVpnGateway),
	"DescribeVpnGateways":                 typed(vpc.NewDescribeVpnGatewaysRequest, (*vpc.Client).DescribeVpnGateways),
	"ModifyVpnGatewayAttribute":           typed(vpc.NewModifyVpnGatewayAttributeRequest, (*vpc.Client).ModifyVpnGatewayAttribute),
	"ResetVpnGatewayInternetMaxBandwidth": typed(vpc.NewResetVpnGatewayInternetMaxBandwidthRequest, (*vpc.Client).ResetVpnGatewayInternetMaxBandwidth),
	"InquiryPriceRenewVpnGateway":         typed(vpc.NewInquiryPriceRenewVpnGatewayRequest, (*vpc.Client).InquiryPriceRenewVpnGateway),
	"InquiryPriceResetVpnGatewayInternetMaxBandwidth": typed(vpc.NewInquiryPriceResetVpnGatewayInternetMaxBandwidthRequest, (*vpc.Client).InquiryPriceResetVpnGatewayInternetMaxBandwidth),
	"RenewVpnGateway":                      typed(vpc.NewRenewVpnGatewayRequest, (*vpc.Client).RenewVpnGateway),
	"SetVpnGatewaysRenewFlag":              typed(vpc.NewSetVpnGatewaysRenewFlagRequest, (*vpc.Client).SetVpnGatewaysRenewFlag),
	"DeleteVpnGateway":                     typed(vpc.NewDeleteVpnGatewayRequest, (*vpc.Client).DeleteVpnGateway),
	"CreateCustomerGateway":                typed(vpc.NewCreateCustomerGatewayRequest, (*vpc.Client).CreateCustomerGateway),
	"DescribeCustomerGateways":             typed(vpc.NewDescribeCustomerGatewaysRequest, (*vpc.Client).DescribeCustomerGateways),
	"ModifyCustomerGatewayAttribute":       typed(vpc.NewModifyCustomerGatewayAttributeRequest, (*vpc.Client).ModifyCustomerGatewayAttribute),
	"DeleteCustomerGateway":                typed(vpc.NewDeleteCustomerGatewayRequest, (*vpc.Client).DeleteCustomerGateway),
	"DescribeCustomerGatewayVendors":       typed(vpc.NewDescribeCustomerGatewayVendorsRequest, (*vpc.Client).DescribeCustomerGatewayVendors),
	"DownloadCustomerGatewayConfiguration": typed(vpc.NewDownloadCustomerGatewayConfigurationRequest, (*vpc.Client).DownloadCustomerGatewayConfiguration),
	"CreateVpnConnection":                  typed(vpc.NewCreateVpnConnectionRequest, (*vpc.Client).CreateVpnConnection),
	"DescribeVpnConnections":               typed(vpc.NewDescribeVpnConnectionsRequest, (*vpc.Client).DescribeVpnConnections),
	"ModifyVpnConnectionAttribute":         typed(vpc.NewModifyVpnConnectionAttributeRequest, (*vpc.Client).ModifyVpnConnectionAttribute),
	"ResetVpnConnection":                   typed(vpc.NewResetVpnConnectionRequest, (*vpc.Client).ResetVpnConnection),
	"DeleteVpnConnection":                  typed(vpc.NewDeleteVpnConnectionRequest, (*vpc.Client).DeleteVpnConnection),
	"CreateVpnGatewayRoutes":               typed(vpc.NewCreateVpnGatewayRoutesRequest, (*vpc.Client).CreateVpnGatewayRoutes),
	"DescribeVpnGatewayRoutes":             typed(vpc.NewDescribeVpnGatewayRoutesRequest, (*vpc.Client).DescribeVpnGatewayRoutes),
	"ModifyVpnGatewayRoutes":               typed(vpc.NewModifyVpnGatewayRoutesRequest, (*vpc.Client).ModifyVpnGatewayRoutes),
	"DeleteVpnGatewayRoutes":               typed(vpc.NewDeleteVpnGatewayRoutesRequest, (*vpc.Client).DeleteVpnGatewayRoutes),
	"CreateVpnGatewaySslServer":            typed(vpc.NewCreateVpnGatewaySslServerRequest, (*vpc.Client).CreateVpnGatewaySslServer),
	"DescribeVpnGatewaySslServers":         typed(vpc.NewDescribeVpnGatewaySslServersRequest, (*vpc.Client).DescribeVpnGatewaySslServers),
	"ModifyVpnGatewaySslServer":            typed(vpc.NewModifyVpnGatewaySslServerRequest, (*vpc.Client).ModifyVpnGatewaySslServer),
	"DeleteVpnGatewaySslServer":            typed(vpc.NewDeleteVpnGatewaySslServerRequest, (*vpc.Client).DeleteVpnGatewaySslServer),
	"CreateVpnGatewaySslClient":            typed(vpc.NewCreateVpnGatewaySslClientRequest, (*vpc.Client).CreateVpnGatewaySslClient),
	"DescribeVpnGatewaySslClients":         typed(vpc.NewDescribeVpnGatewaySslClientsRequest, (*vpc.Client).DescribeVpnGatewaySslClients),
	"DeleteVpnGatewaySslClient":            typed(vpc.NewDeleteVpnGatewaySslClientRequest, (*vpc.Client).DeleteVpnGatewaySslClient),
	"EnableVpnGatewaySslClientCert":        typed(vpc.NewEnableVpnGatewaySslClientCertRequest, (*vpc.Client).EnableVpnGatewaySslClientCert),
	"DisableVpnGatewaySslClientCert":       typed(vpc.NewDisableVpnGatewaySslClientCertRequest, (*vpc.Client).DisableVpnGatewaySslClientCert),
	"ModifyVpnGatewaySslClientCert":        typed(vpc.NewModifyVpnGatewaySslClientCertRequest, (*vpc.Client).ModifyVpnGatewaySslClientCert),
	"DownloadVpnGatewaySslClientCert":      typed(vpc.NewDownloadVpnGatewaySslClientCertRequest, (*vpc.Client).DownloadVpnGatewaySslClientCert),
	"DescribeVpcTaskResult":                typed(vpc.NewDescribeVpcTaskResultRequest, (*vpc.Client).DescribeVpcTaskResult),
	"InquiryPriceCreateVpnGateway":         typed(vpc.NewInquiryPriceCreateVpnGatewayRequest, (*vpc.Client).InquiryPriceCreateVpnGateway),
	"DescribeVpcLimits":                    typed(vpc.NewDescribeVpcLimitsRequest, (*vpc.Client).DescribeVpcLimits),
}
