package main

import (
	"github.com/tencentcloud/tencentcloud-sdk-go-intl-en/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go-intl-en/tencentcloud/common/profile"
	tag "github.com/tencentcloud/tencentcloud-sdk-go-intl-en/tencentcloud/tag/v20180813"
	vpc "github.com/tencentcloud/tencentcloud-sdk-go-intl-en/tencentcloud/vpc/v20170312"
)

func callIntlVPC(o *order) (reply, error) {
	return pick(o, func() (*vpc.Client, error) {
		return vpc.NewClient(common.NewCredential(o.SecretID, o.SecretKey), o.Region, o.intlProfile())
	}, intlVPCCalls)
}

func callIntlTag(o *order) (reply, error) {
	return pick(o, func() (*tag.Client, error) {
		return tag.NewClient(common.NewCredential(o.SecretID, o.SecretKey), o.Region, o.intlProfile())
	}, intlTagCalls)
}

func (o *order) intlProfile() *profile.ClientProfile {
	p := profile.NewClientProfile()
	p.SignMethod = o.Sign
	p.HttpProfile.Endpoint = o.Endpoint
	p.HttpProfile.Scheme = o.Scheme
	p.HttpProfile.ReqMethod = o.Method
	return p
}

var intlVPCCalls = map[string]call[*vpc.Client]{
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
}

var intlTagCalls = map[string]call[*tag.Client]{
	"AddResourceTag":                    typed(tag.NewAddResourceTagRequest, (*tag.Client).AddResourceTag),
	"CreateTag":                         typed(tag.NewCreateTagRequest, (*tag.Client).CreateTag),
	"DeleteResourceTag":                 typed(tag.NewDeleteResourceTagRequest, (*tag.Client).DeleteResourceTag),
	"DeleteTag":                         typed(tag.NewDeleteTagRequest, (*tag.Client).DeleteTag),
	"DescribeResourceTagsByResourceIds": typed(tag.NewDescribeResourceTagsByResourceIdsRequest, (*tag.Client).DescribeResourceTagsByResourceIds),
	"DescribeTagKeys":                   typed(tag.NewDescribeTagKeysRequest, (*tag.Client).DescribeTagKeys),
	"DescribeTagValues":                 typed(tag.NewDescribeTagValuesRequest, (*tag.Client).DescribeTagValues),
	"DescribeTags":                      typed(tag.NewDescribeTagsRequest, (*tag.Client).DescribeTags),
	"GetResources":                      typed(tag.NewGetResourcesRequest, (*tag.Client).GetResources),
	"ModifyResourceTags":                typed(tag.NewModifyResourceTagsRequest, (*tag.Client).ModifyResourceTags),
	"TagResources":                      typed(tag.NewTagResourcesRequest, (*tag.Client).TagResources),
	"UnTagResources":                    typed(tag.NewUnTagResourcesRequest, (*tag.Client).UnTagResources),
}
