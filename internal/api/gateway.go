package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateVpnGateway", (*Server).createVpnGateway)
	register("DescribeVpnGateways", (*Server).describeVpnGateways)
	register("ModifyVpnGatewayAttribute", (*Server).modifyVpnGatewayAttribute)
	register("ResetVpnGatewayInternetMaxBandwidth", (*Server).resetVpnGatewayInternetMaxBandwidth)
	register("DeleteVpnGateway", (*Server).deleteVpnGateway)
}

func (s *Server) createVpnGateway(ctx context.Context, c *control.Caller, in *wire.CreateVpnGatewayRequest) (*wire.CreateVpnGatewayResponse, error) {
	g, err := s.control.CreateGateway(ctx, c, vpc.GatewaySpec{
		VPC:           text(in.VpcId),
		Name:          text(in.VpnGatewayName),
		Bandwidth:     number(in.InternetMaxBandwidthOut),
		Charge:        in.InstanceChargeType,
		Prepaid:       prepaidTerm(in.InstanceChargePrepaid),
		Zone:          in.Zone,
		Type:          in.Type,
		Tags:          tagsIn(in.Tags),
		CDC:           in.CdcId,
		MaxConnection: in.MaxConnection,
		BGPASN:        in.BgpAsn,
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateVpnGatewayResponse{VpnGateway: s.gatewayOut(g)}, nil
}

func prepaidTerm(in *wire.InstanceChargePrepaid) *vpc.PrepaidSpec {
	if in == nil {
		return nil
	}
	return &vpc.PrepaidSpec{Period: in.Period, RenewFlag: in.RenewFlag}
}

func (s *Server) gatewayOut(g control.GatewayView) wire.VpnGateway {
	out := wire.VpnGateway{
		VpnGatewayId:            string(g.ID),
		VpcId:                   string(g.VPC),
		VpnGatewayName:          g.Name,
		Type:                    string(g.Type),
		State:                   g.State,
		PublicIpAddress:         g.Public.String(),
		RenewFlag:               string(g.RenewFlag),
		InstanceChargeType:      string(g.Charge),
		InternetMaxBandwidthOut: uint64(g.Bandwidth),
		CreatedTime:             g.Created.String(),
		ExpiredTime:             g.Expires.String(),
		IsAddressBlocked:        g.Blocked,
		NewPurchasePlan:         g.PurchasePlan(),
		RestrictState:           g.Restrict,
		Zone:                    string(g.Zone),
		VpnGatewayQuotaSet:      gatewaySizes[s.control.Site()],
		Version:                 g.Version,
		NetworkInstanceId:       string(g.Network),
		CdcId:                   string(g.CDC),
		MaxConnection:           uint64(g.MaxConnection),
		TagSet:                  tagsOut(g.Tags),
	}
	if g.BGPASN != 0 {
		asn := uint64(g.BGPASN)
		out.BgpAsn = &asn
	}
	return out
}

// gatewaySizes is VpnGatewayQuotaSet: every size of a site with its names, the same in
// every answer.
var gatewaySizes = map[vpc.Site][]wire.VpnGatewayQuota{
	vpc.SiteCN:   sizesOut(vpc.SiteCN),
	vpc.SiteIntl: sizesOut(vpc.SiteIntl),
}

func sizesOut(site vpc.Site) []wire.VpnGatewayQuota {
	var out []wire.VpnGatewayQuota
	for _, q := range site.GatewaySizes() {
		out = append(out, wire.VpnGatewayQuota{Bandwidth: uint64(q.Bandwidth), Cname: q.Cname, Name: q.Name})
	}
	return out
}

func (s *Server) describeVpnGateways(ctx context.Context, c *control.Caller, in *wire.DescribeVpnGatewaysRequest) (*wire.DescribeVpnGatewaysResponse, error) {
	q, err := query(in.VpnGatewayIds, filterObjects(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, gateways, err := s.control.Gateways(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpnGatewaysResponse{TotalCount: uint64(total), VpnGatewaySet: make([]wire.VpnGateway, len(gateways))}
	for i, g := range gateways {
		out.VpnGatewaySet[i] = s.gatewayOut(g)
	}
	return out, nil
}

func (s *Server) modifyVpnGatewayAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyVpnGatewayAttributeRequest) (*wire.ModifyVpnGatewayAttributeResponse, error) {
	err := s.control.ModifyGateway(ctx, c, text(in.VpnGatewayId), vpc.GatewayChange{
		Name: in.VpnGatewayName, Charge: in.InstanceChargeType, BGPASN: in.BgpAsn, MaxConnection: in.MaxConnection,
	})
	return &wire.ModifyVpnGatewayAttributeResponse{}, err
}

func (s *Server) resetVpnGatewayInternetMaxBandwidth(ctx context.Context, c *control.Caller, in *wire.ResetVpnGatewayInternetMaxBandwidthRequest) (*wire.ResetVpnGatewayInternetMaxBandwidthResponse, error) {
	err := s.control.ResizeGateway(ctx, c, text(in.VpnGatewayId), number(in.InternetMaxBandwidthOut))
	return &wire.ResetVpnGatewayInternetMaxBandwidthResponse{}, err
}

func (s *Server) deleteVpnGateway(ctx context.Context, c *control.Caller, in *wire.DeleteVpnGatewayRequest) (*wire.DeleteVpnGatewayResponse, error) {
	return &wire.DeleteVpnGatewayResponse{}, s.control.DeleteGateway(ctx, c, text(in.VpnGatewayId))
}
