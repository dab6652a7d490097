package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateCustomerGateway", (*Server).createCustomerGateway)
	register("DescribeCustomerGateways", (*Server).describeCustomerGateways)
	register("ModifyCustomerGatewayAttribute", (*Server).modifyCustomerGatewayAttribute)
	register("DeleteCustomerGateway", (*Server).deleteCustomerGateway)
	register("DescribeCustomerGatewayVendors", (*Server).describeCustomerGatewayVendors)
	register("DownloadCustomerGatewayConfiguration", (*Server).downloadCustomerGatewayConfiguration)
}

func (s *Server) createCustomerGateway(ctx context.Context, c *control.Caller, in *wire.CreateCustomerGatewayRequest) (*wire.CreateCustomerGatewayResponse, error) {
	g, err := s.control.CreateCustomerGateway(ctx, c, vpc.CustomerGatewaySpec{
		Name: text(in.CustomerGatewayName),
		Addr: text(in.IpAddress),
		ASN:  in.BgpAsn,
		Tags: tagsIn(in.Tags),
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateCustomerGatewayResponse{CustomerGateway: customerGatewayOut(g)}, nil
}

func (s *Server) describeCustomerGateways(ctx context.Context, c *control.Caller, in *wire.DescribeCustomerGatewaysRequest) (*wire.DescribeCustomerGatewaysResponse, error) {
	q, err := query(in.CustomerGatewayIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, rows, err := s.control.CustomerGateways(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeCustomerGatewaysResponse{TotalCount: uint64(total), CustomerGatewaySet: make([]wire.CustomerGateway, len(rows))}
	for i, g := range rows {
		out.CustomerGatewaySet[i] = customerGatewayOut(g)
	}
	return out, nil
}

func customerGatewayOut(g *vpc.CustomerGateway) wire.CustomerGateway {
	out := wire.CustomerGateway{
		CustomerGatewayId:   string(g.ID),
		CustomerGatewayName: g.Name,
		IpAddress:           g.Addr.String(),
		CreatedTime:         g.Created.String(),
	}
	if g.BGPASN != 0 {
		asn := uint64(g.BGPASN)
		out.BgpAsn = &asn
	}
	return out
}

func (s *Server) modifyCustomerGatewayAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyCustomerGatewayAttributeRequest) (*wire.ModifyCustomerGatewayAttributeResponse, error) {
	err := s.control.ModifyCustomerGateway(ctx, c, text(in.CustomerGatewayId), vpc.CustomerGatewayChange{
		Name: text(in.CustomerGatewayName), ASN: in.BgpAsn,
	})
	return &wire.ModifyCustomerGatewayAttributeResponse{}, err
}

func (s *Server) deleteCustomerGateway(ctx context.Context, c *control.Caller, in *wire.DeleteCustomerGatewayRequest) (*wire.DeleteCustomerGatewayResponse, error) {
	return &wire.DeleteCustomerGatewayResponse{}, s.control.DeleteCustomerGateway(ctx, c, text(in.CustomerGatewayId))
}

func (s *Server) describeCustomerGatewayVendors(_ context.Context, _ *control.Caller, _ *wire.DescribeCustomerGatewayVendorsRequest) (*wire.DescribeCustomerGatewayVendorsResponse, error) {
	out := &wire.DescribeCustomerGatewayVendorsResponse{}
	for _, v := range vpc.Vendors() {
		out.CustomerGatewayVendorSet = append(out.CustomerGatewayVendorSet, wire.CustomerGatewayVendor{VendorName: &v.Name, Platform: &v.Platform, SoftwareVersion: &v.Version})
	}
	return out, nil
}

func (s *Server) downloadCustomerGatewayConfiguration(ctx context.Context, c *control.Caller, in *wire.DownloadCustomerGatewayConfigurationRequest) (*wire.DownloadCustomerGatewayConfigurationResponse, error) {
	var make vpc.Vendor
	if v := in.CustomerGatewayVendor; v != nil {
		make = vpc.Vendor{Name: text(v.VendorName), Platform: text(v.Platform), Version: text(v.SoftwareVersion)}
	}
	config, err := s.control.PeerConfiguration(ctx, c, text(in.VpnGatewayId), text(in.VpnConnectionId), text(in.InterfaceName), make)
	if err != nil {
		return nil, err
	}
	return &wire.DownloadCustomerGatewayConfigurationResponse{CustomerGatewayConfiguration: config.Reveal()}, nil
}
