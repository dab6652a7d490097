package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("AttachCcnInstances", (*Server).attachCcnInstances)
	register("DetachCcnInstances", (*Server).detachCcnInstances)
	register("AcceptAttachCcnInstances", (*Server).acceptAttachCcnInstances)
	register("RejectAttachCcnInstances", (*Server).rejectAttachCcnInstances)
	register("ResetAttachCcnInstances", (*Server).resetAttachCcnInstances)
	register("ModifyCcnAttachedInstancesAttribute", (*Server).modifyCcnAttachedInstancesAttribute)
	register("DescribeCcnAttachedInstances", (*Server).describeCcnAttachedInstances)
}

func attachSpec(ccn, owner *string, in []wire.CcnInstance) vpc.AttachSpec {
	spec := vpc.AttachSpec{CCN: text(ccn), Owner: text(owner), Instances: make([]vpc.CCNInstance, len(in))}
	for i, x := range in {
		spec.Instances[i] = vpc.CCNInstance{
			ID: text(x.InstanceId), Region: vpc.Region(text(x.InstanceRegion)), Type: text(x.InstanceType),
			Description: x.Description, RouteTable: x.RouteTableId,
		}
	}
	return spec
}

func (s *Server) attachCcnInstances(ctx context.Context, c *control.Caller, in *wire.AttachCcnInstancesRequest) (*wire.AttachCcnInstancesResponse, error) {
	return &wire.AttachCcnInstancesResponse{}, s.control.AttachInstances(ctx, c, attachSpec(in.CcnId, in.CcnUin, in.Instances))
}

func (s *Server) detachCcnInstances(ctx context.Context, c *control.Caller, in *wire.DetachCcnInstancesRequest) (*wire.DetachCcnInstancesResponse, error) {
	return &wire.DetachCcnInstancesResponse{}, s.control.DetachInstances(ctx, c, attachSpec(in.CcnId, nil, in.Instances))
}

func (s *Server) acceptAttachCcnInstances(ctx context.Context, c *control.Caller, in *wire.AcceptAttachCcnInstancesRequest) (*wire.AcceptAttachCcnInstancesResponse, error) {
	return &wire.AcceptAttachCcnInstancesResponse{}, s.control.AcceptInstances(ctx, c, attachSpec(in.CcnId, nil, in.Instances))
}

func (s *Server) rejectAttachCcnInstances(ctx context.Context, c *control.Caller, in *wire.RejectAttachCcnInstancesRequest) (*wire.RejectAttachCcnInstancesResponse, error) {
	return &wire.RejectAttachCcnInstancesResponse{}, s.control.RejectInstances(ctx, c, attachSpec(in.CcnId, nil, in.Instances))
}

func (s *Server) resetAttachCcnInstances(ctx context.Context, c *control.Caller, in *wire.ResetAttachCcnInstancesRequest) (*wire.ResetAttachCcnInstancesResponse, error) {
	return &wire.ResetAttachCcnInstancesResponse{}, s.control.ResetInstances(ctx, c, attachSpec(in.CcnId, in.CcnUin, in.Instances))
}

func (s *Server) modifyCcnAttachedInstancesAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyCcnAttachedInstancesAttributeRequest) (*wire.ModifyCcnAttachedInstancesAttributeResponse, error) {
	return &wire.ModifyCcnAttachedInstancesAttributeResponse{}, s.control.ModifyAttachments(ctx, c, attachSpec(in.CcnId, nil, in.Instances))
}

func (s *Server) describeCcnAttachedInstances(ctx context.Context, c *control.Caller, in *wire.DescribeCcnAttachedInstancesRequest) (*wire.DescribeCcnAttachedInstancesResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, attachments, err := s.control.Attachments(ctx, c, control.AttachmentQuery{
		Query: q, CCN: text(in.CcnId), Order: order(in.OrderField, in.OrderDirection),
	})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeCcnAttachedInstancesResponse{TotalCount: uint64(total), InstanceSet: make([]wire.CcnAttachedInstance, len(attachments))}
	for i := range attachments {
		out.InstanceSet[i] = attachmentOut(&attachments[i])
	}
	return out, nil
}

// ccnRouteTableName is the name of every CCN's only route table.
const ccnRouteTableName = "default"

func attachmentOut(a *control.AttachmentView) wire.CcnAttachedInstance {
	out := wire.CcnAttachedInstance{
		CcnId:          string(a.CCN),
		InstanceType:   a.InstanceType,
		InstanceId:     a.Instance,
		InstanceName:   a.Name,
		InstanceRegion: string(a.Region),
		InstanceUin:    uin(a.Owner),
		CidrBlock:      make([]string, len(a.Ranges)),
		State:          a.Now,
		AttachedTime:   a.Attached.String(),
		CcnUin:         uin(a.Account),
		InstanceArea:   a.Region.Area(),
		Description:    a.Description,
		RouteTableId:   a.RouteTable,
		RouteTableName: ccnRouteTableName,
	}
	for i, p := range a.Ranges {
		out.CidrBlock[i] = p.String()
	}
	return out
}
