package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("DescribeVpcLimits", (*Server).describeVpcLimits)
	register("DescribeVpcResourceDashboard", (*Server).describeVpcResourceDashboard)
	register("DescribeProductQuota", (*Server).describeProductQuota)
	register("DescribeAccountAttributes", (*Server).describeAccountAttributes)
	register("DescribeNetworkAccountType", (*Server).describeNetworkAccountType)
}

func (s *Server) describeVpcLimits(ctx context.Context, c *control.Caller, in *wire.DescribeVpcLimitsRequest) (*wire.DescribeVpcLimitsResponse, error) {
	limits, err := s.control.Limits(ctx, c, in.LimitTypes)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpcLimitsResponse{VpcLimitSet: make([]wire.VpcLimit, len(limits))}
	for i, l := range limits {
		out.VpcLimitSet[i] = wire.VpcLimit{LimitType: l.Name, LimitValue: uint64(l.Value)}
	}
	return out, nil
}

func (s *Server) describeVpcResourceDashboard(ctx context.Context, c *control.Caller, in *wire.DescribeVpcResourceDashboardRequest) (*wire.DescribeVpcResourceDashboardResponse, error) {
	vpcs, err := s.control.VPCResources(ctx, c, in.VpcIds)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpcResourceDashboardResponse{ResourceDashboardSet: make([]wire.ResourceDashboard, len(vpcs))}
	for i, v := range vpcs {
		out.ResourceDashboardSet[i] = wire.ResourceDashboard{
			VpcId: string(v.ID), Ip: uint64(v.Addresses), Vpngw: uint64(v.Gateways),
			Subnet: uint64(v.Subnets), RouteTable: uint64(v.RouteTables),
		}
	}
	return out, nil
}

// describeProductQuota answers with what counts for the caller, who cannot raise it:
// the ceiling of a quota is its value.
func (s *Server) describeProductQuota(ctx context.Context, c *control.Caller, in *wire.DescribeProductQuotaRequest) (*wire.DescribeProductQuotaResponse, error) {
	quotas, err := s.control.ProductQuotas(ctx, c, text(in.Product))
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeProductQuotaResponse{TotalCount: uint64(len(quotas)), ProductQuotaSet: make([]wire.ProductQuota, len(quotas))}
	for i, q := range quotas {
		name := q.EN
		if c.Language == vpc.Chinese {
			name = q.ZH
		}
		out.ProductQuotaSet[i] = wire.ProductQuota{
			QuotaId: q.Name, QuotaName: name, QuotaCurrent: int64(q.Value), QuotaLimit: int64(q.Value), QuotaRegion: q.Regional,
		}
	}
	return out, nil
}

// describeAccountAttributes: every account here has VPCs and no classic network.
func (s *Server) describeAccountAttributes(context.Context, *control.Caller, *wire.DescribeAccountAttributesRequest) (*wire.DescribeAccountAttributesResponse, error) {
	return &wire.DescribeAccountAttributesResponse{AccountAttributeSet: []wire.AccountAttribute{
		{AttributeName: "supported-platforms", AttributeValues: []string{"VPC"}},
	}}, nil
}

// describeNetworkAccountType: every account here is of the kind that the vendor makes
// today.
func (s *Server) describeNetworkAccountType(context.Context, *control.Caller, *wire.DescribeNetworkAccountTypeRequest) (*wire.DescribeNetworkAccountTypeResponse, error) {
	return &wire.DescribeNetworkAccountTypeResponse{NetworkAccountType: "STANDARD"}, nil
}
