package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateSubnet", (*Server).createSubnet)
	register("CreateSubnets", (*Server).createSubnets)
	register("DeleteSubnet", (*Server).deleteSubnet)
	register("DescribeSubnets", (*Server).describeSubnets)
	register("ModifySubnetAttribute", (*Server).modifySubnetAttribute)
	register("AssignIpv6SubnetCidrBlock", (*Server).assignIpv6SubnetCidrBlock)
	register("UnassignIpv6SubnetCidrBlock", (*Server).unassignIpv6SubnetCidrBlock)
	register("DescribeSubnetResourceDashboard", (*Server).describeSubnetResourceDashboard)
	register("CheckDefaultSubnet", (*Server).checkDefaultSubnet)
}

func (s *Server) createSubnet(ctx context.Context, c *control.Caller, in *wire.CreateSubnetRequest) (*wire.CreateSubnetResponse, error) {
	made, err := s.control.CreateSubnets(ctx, c, control.SubnetOrder{
		VPC: text(in.VpcId), Tags: tagsIn(in.Tags), CDC: text(in.CdcId), One: true,
		Subnets: []vpc.SubnetSpec{{Name: text(in.SubnetName), CIDR: text(in.CidrBlock), Zone: vpc.Zone(text(in.Zone))}},
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateSubnetResponse{Subnet: subnetOut(made[0])}, nil
}

func (s *Server) createSubnets(ctx context.Context, c *control.Caller, in *wire.CreateSubnetsRequest) (*wire.CreateSubnetsResponse, error) {
	order := control.SubnetOrder{VPC: text(in.VpcId), Tags: tagsIn(in.Tags), CDC: text(in.CdcId)}
	for _, x := range in.Subnets {
		order.Subnets = append(order.Subnets, vpc.SubnetSpec{
			Name: text(x.SubnetName), CIDR: text(x.CidrBlock), Zone: vpc.Zone(text(x.Zone)), RouteTable: vpc.RouteTableID(text(x.RouteTableId)),
		})
	}
	made, err := s.control.CreateSubnets(ctx, c, order)
	if err != nil {
		return nil, err
	}
	return &wire.CreateSubnetsResponse{SubnetSet: subnetsOut(made)}, nil
}

func (s *Server) deleteSubnet(ctx context.Context, c *control.Caller, in *wire.DeleteSubnetRequest) (*wire.DeleteSubnetResponse, error) {
	return &wire.DeleteSubnetResponse{}, s.control.DeleteSubnet(ctx, c, text(in.SubnetId))
}

func (s *Server) describeSubnets(ctx context.Context, c *control.Caller, in *wire.DescribeSubnetsRequest) (*wire.DescribeSubnetsResponse, error) {
	q, byToken, err := subnetQuery(in)
	if err != nil {
		return nil, err
	}
	total, subnets, err := s.control.Subnets(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeSubnetsResponse{TotalCount: uint64(total), SubnetSet: subnetsOut(subnets)}
	if next := q.Offset + len(subnets); byToken && next < total && len(subnets) > 0 {
		token := pageToken(next)
		out.NextToken = &token
	}
	return out, nil
}

// subnetQuery reads one of the two ways to page: Offset and Limit, or MaxResults and
// NextToken.
func subnetQuery(in *wire.DescribeSubnetsRequest) (q control.Query, byToken bool, err error) {
	byToken = in.MaxResults != nil || text(in.NextToken) != ""
	if !byToken {
		q, err = textQuery(in.SubnetIds, filters(in.Filters), in.Offset, in.Limit)
		return q, false, err
	}
	if in.Offset != nil || in.Limit != nil {
		return q, true, vpc.Refuse(vpc.InvalidParameterCoexist, "NextToken", "`Offset` and `Limit` cannot be combined with `MaxResults` and `NextToken`", "`Offset`、`Limit` 不能与 `MaxResults`、`NextToken` 同时使用")
	}
	if q, err = query(in.SubnetIds, filters(in.Filters), nil, in.MaxResults); err != nil {
		return q, true, vpc.Refuse(vpc.InvalidParameterValueRange, "MaxResults", "it must lie between 0 and %d", "取值范围为 0 到 %d", control.MaxLimit)
	}
	q.Offset, err = readToken(text(in.NextToken))
	return q, true, err
}

// A page's token is where it begins, in a form that invites nobody to count with it.
const tokenMark = "subnet:"

func pageToken(offset int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenMark + strconv.Itoa(offset)))
}

func readToken(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	clear, err := base64.RawURLEncoding.DecodeString(token)
	place, ok := strings.CutPrefix(string(clear), tokenMark)
	offset, bad := strconv.ParseUint(place, 10, 31)
	if err != nil || !ok || bad != nil {
		return 0, vpc.Refuse(vpc.InvalidParameterValueMalformed, "NextToken", "no answer of this call had it", "不是本接口返回的 NextToken")
	}
	return int(offset), nil
}

func (s *Server) modifySubnetAttribute(ctx context.Context, c *control.Caller, in *wire.ModifySubnetAttributeRequest) (*wire.ModifySubnetAttributeResponse, error) {
	err := s.control.ModifySubnet(ctx, c, text(in.SubnetId), control.SubnetChange{Name: in.SubnetName, Broadcast: in.EnableBroadcast})
	return &wire.ModifySubnetAttributeResponse{}, err
}

func (s *Server) assignIpv6SubnetCidrBlock(ctx context.Context, c *control.Caller, in *wire.AssignIpv6SubnetCidrBlockRequest) (*wire.AssignIpv6SubnetCidrBlockResponse, error) {
	given, err := s.control.AssignSubnetIPv6(ctx, c, text(in.VpcId), subnetRanges(in.Ipv6SubnetCidrBlocks), text(in.ClientToken))
	if err != nil {
		return nil, err
	}
	out := &wire.AssignIpv6SubnetCidrBlockResponse{Ipv6SubnetCidrBlockSet: make([]wire.Ipv6SubnetCidrBlock, len(given))}
	for i, x := range given {
		id, cidr := string(x.ID), x.IPv6.String()
		out.Ipv6SubnetCidrBlockSet[i] = wire.Ipv6SubnetCidrBlock{SubnetId: &id, Ipv6CidrBlock: &cidr}
	}
	return out, nil
}

func (s *Server) unassignIpv6SubnetCidrBlock(ctx context.Context, c *control.Caller, in *wire.UnassignIpv6SubnetCidrBlockRequest) (*wire.UnassignIpv6SubnetCidrBlockResponse, error) {
	return &wire.UnassignIpv6SubnetCidrBlockResponse{}, s.control.UnassignSubnetIPv6(ctx, c, text(in.VpcId), subnetRanges(in.Ipv6SubnetCidrBlocks))
}

func subnetRanges(in []wire.Ipv6SubnetCidrBlock) []vpc.SubnetIPv6 {
	out := make([]vpc.SubnetIPv6, len(in))
	for i, x := range in {
		out[i] = vpc.SubnetIPv6{ID: vpc.SubnetID(text(x.SubnetId)), Range: text(x.Ipv6CidrBlock)}
	}
	return out
}

func (s *Server) describeSubnetResourceDashboard(ctx context.Context, c *control.Caller, in *wire.DescribeSubnetResourceDashboardRequest) (*wire.DescribeSubnetResourceDashboardResponse, error) {
	stock, err := s.control.SubnetResources(ctx, c, in.SubnetIds)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeSubnetResourceDashboardResponse{ResourceStatisticsSet: make([]wire.ResourceStatistics, len(stock))}
	for i, x := range stock {
		out.ResourceStatisticsSet[i] = wire.ResourceStatistics{
			VpcId: string(x.VPC), SubnetId: string(x.ID), Ip: uint64(x.Gateways + x.Workloads),
			ResourceStatisticsItemSet: []wire.ResourceStatisticsItem{
				{ResourceType: control.AddressGateway, ResourceName: control.AddressGateway, ResourceCount: uint64(x.Gateways)},
			},
		}
		if x.Workloads > 0 {
			out.ResourceStatisticsSet[i].ResourceStatisticsItemSet = append(out.ResourceStatisticsSet[i].ResourceStatisticsItemSet,
				wire.ResourceStatisticsItem{ResourceType: control.AddressWorkload, ResourceName: control.AddressWorkload, ResourceCount: uint64(x.Workloads)})
		}
	}
	return out, nil
}

func (s *Server) checkDefaultSubnet(ctx context.Context, c *control.Caller, in *wire.CheckDefaultSubnetRequest) (*wire.CheckDefaultSubnetResponse, error) {
	can, err := s.control.CanMakeDefaultSubnet(ctx, c, in.Zone)
	if err != nil {
		return nil, err
	}
	return &wire.CheckDefaultSubnetResponse{Result: can}, nil
}

func subnetsOut(in []control.SubnetView) []wire.Subnet {
	out := make([]wire.Subnet, len(in))
	for i, x := range in {
		out[i] = subnetOut(x)
	}
	return out
}

func subnetOut(x control.SubnetView) wire.Subnet {
	out := wire.Subnet{
		VpcId:                   string(x.VPC),
		SubnetId:                string(x.ID),
		SubnetName:              x.Name,
		CidrBlock:               x.CIDR.String(),
		IsDefault:               x.Default,
		EnableBroadcast:         x.Broadcast,
		Zone:                    string(x.Zone),
		RouteTableId:            string(x.RouteTable),
		CreatedTime:             x.Created.String(),
		AvailableIpAddressCount: x.Available,
		Ipv6CidrBlock:           rangeOut(x.IPv6),
		TotalIpAddressCount:     x.Total(),
		TagSet:                  tagsOut(x.Tags),
		CdcId:                   string(x.CDC),
	}
	if x.CDC != "" {
		out.IsCdcSubnet = 1
	}
	return out
}
