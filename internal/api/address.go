package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("DescribeVpcPrivateIpAddresses", (*Server).describeVpcPrivateIpAddresses)
	register("DescribeUsedIpAddress", (*Server).describeUsedIpAddress)
	register("DescribeVpcIpv6Addresses", (*Server).describeVpcIpv6Addresses)
	register("DescribeVpcInstances", (*Server).describeVpcInstances)
}

func (s *Server) describeVpcPrivateIpAddresses(ctx context.Context, c *control.Caller, in *wire.DescribeVpcPrivateIpAddressesRequest) (*wire.DescribeVpcPrivateIpAddressesResponse, error) {
	_, used, err := s.control.UsedAddresses(ctx, c, control.AddressQuery{
		VPC: text(in.VpcId), Addrs: in.PrivateIpAddresses, Param: "PrivateIpAddresses", Max: control.FewAddresses, Limit: control.FewAddresses,
	})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpcPrivateIpAddressesResponse{VpcPrivateIpAddressSet: make([]wire.VpcPrivateIpAddress, len(used))}
	for i, u := range used {
		out.VpcPrivateIpAddressSet[i] = wire.VpcPrivateIpAddress{
			PrivateIpAddress: u.Addr.String(), CidrBlock: u.Range.String(), PrivateIpAddressType: u.Type, CreatedTime: u.Subnet.Created.String(),
		}
	}
	return out, nil
}

func (s *Server) describeUsedIpAddress(ctx context.Context, c *control.Caller, in *wire.DescribeUsedIpAddressRequest) (*wire.DescribeUsedIpAddressResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, used, err := s.control.UsedAddresses(ctx, c, control.AddressQuery{
		VPC: text(in.VpcId), Subnet: text(in.SubnetId), Addrs: in.IpAddresses, Param: "IpAddresses", Max: control.MaxLimit,
		Filters: q.Filters, Offset: q.Offset, Limit: q.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeUsedIpAddressResponse{TotalCount: uint64(total), IpAddressStates: make([]wire.IpAddressStates, len(used))}
	for i, u := range used {
		out.IpAddressStates[i] = wire.IpAddressStates{
			VpcId: string(u.Subnet.VPC), SubnetId: string(u.Subnet.ID), IpAddress: u.Addr.String(), ResourceType: u.Type, ResourceId: u.Holder,
		}
	}
	return out, nil
}

func (s *Server) describeVpcIpv6Addresses(ctx context.Context, c *control.Caller, in *wire.DescribeVpcIpv6AddressesRequest) (*wire.DescribeVpcIpv6AddressesResponse, error) {
	q, err := query(nil, nil, in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, used, err := s.control.UsedAddresses(ctx, c, control.AddressQuery{
		VPC: text(in.VpcId), Subnet: text(in.SubnetId), Addrs: in.Ipv6Addresses, Param: "Ipv6Addresses", Max: control.FewAddresses,
		IPv6: true, Offset: q.Offset, Limit: q.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpcIpv6AddressesResponse{TotalCount: uint64(total), Ipv6AddressSet: make([]wire.VpcIpv6Address, len(used))}
	for i, u := range used {
		out.Ipv6AddressSet[i] = wire.VpcIpv6Address{
			Ipv6Address: u.Addr.String(), CidrBlock: u.Range.String(), Ipv6AddressType: u.Type, CreatedTime: u.Subnet.Created.String(),
		}
	}
	return out, nil
}

// describeVpcInstances answers with an empty set: this server runs no instances.
func (s *Server) describeVpcInstances(ctx context.Context, c *control.Caller, in *wire.DescribeVpcInstancesRequest) (*wire.DescribeVpcInstancesResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	if err := s.control.Instances(ctx, c, q.Filters); err != nil {
		return nil, err
	}
	return &wire.DescribeVpcInstancesResponse{InstanceSet: []wire.CvmInstance{}}, nil
}
