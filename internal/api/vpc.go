package api

import (
	"context"
	"net/netip"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateVpc", (*Server).createVpc)
	register("DeleteVpc", (*Server).deleteVpc)
	register("DescribeVpcs", (*Server).describeVpcs)
	register("ModifyVpcAttribute", (*Server).modifyVpcAttribute)
	register("CreateDefaultVpc", (*Server).createDefaultVpc)
	register("AssignIpv6CidrBlock", (*Server).assignIpv6CidrBlock)
	register("UnassignIpv6CidrBlock", (*Server).unassignIpv6CidrBlock)
	register("CreateAssistantCidr", (*Server).createAssistantCidr)
	register("DescribeAssistantCidr", (*Server).describeAssistantCidr)
	register("ModifyAssistantCidr", (*Server).modifyAssistantCidr)
	register("DeleteAssistantCidr", (*Server).deleteAssistantCidr)
	register("CheckAssistantCidr", (*Server).checkAssistantCidr)
}

func (s *Server) createVpc(ctx context.Context, c *control.Caller, in *wire.CreateVpcRequest) (*wire.CreateVpcResponse, error) {
	v, err := s.control.CreateVPC(ctx, c, vpc.VPCSpec{
		Name:        text(in.VpcName),
		CIDR:        text(in.CidrBlock),
		Multicast:   text(in.EnableMulticast),
		DNS:         in.DnsServers,
		Domain:      text(in.DomainName),
		Tags:        tagsIn(in.Tags),
		Publish:     number(in.EnableRouteVpcPublish),
		PublishIPv6: number(in.EnableRouteVpcPublishIpv6),
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateVpcResponse{Vpc: vpcOut(v)}, nil
}

func (s *Server) deleteVpc(ctx context.Context, c *control.Caller, in *wire.DeleteVpcRequest) (*wire.DeleteVpcResponse, error) {
	return &wire.DeleteVpcResponse{}, s.control.DeleteVPC(ctx, c, text(in.VpcId))
}

func (s *Server) describeVpcs(ctx context.Context, c *control.Caller, in *wire.DescribeVpcsRequest) (*wire.DescribeVpcsResponse, error) {
	q, err := textQuery(in.VpcIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, vpcs, err := s.control.VPCs(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpcsResponse{TotalCount: uint64(total), VpcSet: make([]wire.Vpc, len(vpcs))}
	for i, v := range vpcs {
		out.VpcSet[i] = vpcOut(v)
	}
	return out, nil
}

func vpcOut(v control.VPCView) wire.Vpc {
	out := wire.Vpc{
		VpcName:                   v.Name,
		VpcId:                     string(v.ID),
		CidrBlock:                 v.CIDR.String(),
		IsDefault:                 v.Default,
		EnableMulticast:           v.Multicast,
		CreatedTime:               v.Created.String(),
		DnsServerSet:              v.DNS,
		DomainName:                v.Domain,
		DhcpOptionsId:             v.DHCP,
		TagSet:                    tagsOut(v.Tags),
		AssistantCidrSet:          assistantsOut(v.AssistantRanges()),
		EnableRouteVpcPublish:     v.Publish,
		Ipv6CidrBlockSet:          make([]wire.ISPIPv6CidrBlock, len(v.IPv6)),
		EnableRouteVpcPublishIpv6: v.PublishIPv6,
	}
	for i, x := range v.IPv6 {
		out.Ipv6CidrBlockSet[i] = wire.ISPIPv6CidrBlock{IPv6CidrBlock: x.CIDR.String(), ISPType: x.ISP, AddressType: x.Type}
	}
	if len(v.IPv6) > 0 {
		out.Ipv6CidrBlock = v.IPv6[0].CIDR.String()
	}
	return out
}

// rangeOut writes a range; none is "".
func rangeOut(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func (s *Server) modifyVpcAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyVpcAttributeRequest) (*wire.ModifyVpcAttributeResponse, error) {
	err := s.control.ModifyVPC(ctx, c, text(in.VpcId), vpc.VPCChange{
		Name:        in.VpcName,
		Multicast:   in.EnableMulticast,
		DNS:         in.DnsServers,
		Domain:      in.DomainName,
		Publish:     in.EnableRouteVpcPublish,
		PublishIPv6: in.EnableRouteVpcPublishIpv6,
		CDCPublish:  in.EnableCdcPublish,
	})
	return &wire.ModifyVpcAttributeResponse{}, err
}

func (s *Server) createDefaultVpc(ctx context.Context, c *control.Caller, in *wire.CreateDefaultVpcRequest) (*wire.CreateDefaultVpcResponse, error) {
	net, err := s.control.CreateDefaultVPC(ctx, c, in.Zone)
	if err != nil {
		return nil, err
	}
	return &wire.CreateDefaultVpcResponse{Vpc: wire.DefaultVpcSubnet{
		VpcId: string(net.VPC.ID), VpcName: net.VPC.Name, CidrBlock: net.VPC.CIDR.String(),
		SubnetId: string(net.Subnet.ID), SubnetName: net.Subnet.Name,
	}}, nil
}

func (s *Server) assignIpv6CidrBlock(ctx context.Context, c *control.Caller, in *wire.AssignIpv6CidrBlockRequest) (*wire.AssignIpv6CidrBlockResponse, error) {
	x, err := s.control.AssignIPv6(ctx, c, text(in.VpcId), text(in.AddressType))
	if err != nil {
		return nil, err
	}
	return &wire.AssignIpv6CidrBlockResponse{Ipv6CidrBlock: x.CIDR.String(), AddressType: x.Type}, nil
}

func (s *Server) unassignIpv6CidrBlock(ctx context.Context, c *control.Caller, in *wire.UnassignIpv6CidrBlockRequest) (*wire.UnassignIpv6CidrBlockResponse, error) {
	return &wire.UnassignIpv6CidrBlockResponse{}, s.control.UnassignIPv6(ctx, c, text(in.VpcId), in.Ipv6CidrBlock)
}

func (s *Server) createAssistantCidr(ctx context.Context, c *control.Caller, in *wire.CreateAssistantCidrRequest) (*wire.CreateAssistantCidrResponse, error) {
	v, err := s.control.ChangeAssistants(ctx, c, text(in.VpcId), vpc.AssistantSpec{Add: in.CidrBlocks, AddParam: "CidrBlocks"})
	if err != nil {
		return nil, err
	}
	return &wire.CreateAssistantCidrResponse{AssistantCidrSet: assistantsOut(v.AssistantRanges())}, nil
}

func (s *Server) describeAssistantCidr(ctx context.Context, c *control.Caller, in *wire.DescribeAssistantCidrRequest) (*wire.DescribeAssistantCidrResponse, error) {
	q, err := query(in.VpcIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, assistants, err := s.control.Assistants(ctx, c, q)
	if err != nil {
		return nil, err
	}
	return &wire.DescribeAssistantCidrResponse{TotalCount: uint64(total), AssistantCidrSet: assistantsOut(assistants)}, nil
}

func (s *Server) modifyAssistantCidr(ctx context.Context, c *control.Caller, in *wire.ModifyAssistantCidrRequest) (*wire.ModifyAssistantCidrResponse, error) {
	v, err := s.control.ChangeAssistants(ctx, c, text(in.VpcId), assistantChange(in.NewCidrBlocks, in.OldCidrBlocks))
	if err != nil {
		return nil, err
	}
	return &wire.ModifyAssistantCidrResponse{AssistantCidrSet: assistantsOut(v.AssistantRanges())}, nil
}

func assistantChange(add, remove []string) vpc.AssistantSpec {
	return vpc.AssistantSpec{Add: add, Remove: remove, AddParam: "NewCidrBlocks", RemoveParam: "OldCidrBlocks"}
}

func (s *Server) deleteAssistantCidr(ctx context.Context, c *control.Caller, in *wire.DeleteAssistantCidrRequest) (*wire.DeleteAssistantCidrResponse, error) {
	_, err := s.control.ChangeAssistants(ctx, c, text(in.VpcId), vpc.AssistantSpec{Remove: in.CidrBlocks, RemoveParam: "CidrBlocks"})
	return &wire.DeleteAssistantCidrResponse{}, err
}

func (s *Server) checkAssistantCidr(ctx context.Context, c *control.Caller, in *wire.CheckAssistantCidrRequest) (*wire.CheckAssistantCidrResponse, error) {
	conflicts, err := s.control.AssistantConflicts(ctx, c, text(in.VpcId), assistantChange(in.NewCidrBlocks, in.OldCidrBlocks))
	if err != nil {
		return nil, err
	}
	out := &wire.CheckAssistantCidrResponse{ConflictSourceSet: make([]wire.ConflictSource, len(conflicts))}
	for i, conflict := range conflicts {
		source := wire.ConflictSource{ConflictSourceId: conflict.Source, SourceItem: conflict.Range.String()}
		for _, with := range conflict.With {
			source.ConflictItemSet = append(source.ConflictItemSet, wire.ConflictItem{
				ConfilctId: with.ID, ConflictId: with.ID, DestinationItem: with.Range.String(),
			})
		}
		out.ConflictSourceSet[i] = source
	}
	return out, nil
}

func assistantsOut(in []control.Assistant) []wire.AssistantCidr {
	out := make([]wire.AssistantCidr, len(in))
	for i, a := range in {
		out[i] = wire.AssistantCidr{VpcId: string(a.VPC), CidrBlock: a.Range.String(), SubnetSet: subnetsOut(a.Subnets)}
	}
	return out
}
