package api

import (
	"context"
	"strconv"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateCcn", (*Server).createCcn)
	register("DeleteCcn", (*Server).deleteCcn)
	register("DescribeCcns", (*Server).describeCcns)
	register("ModifyCcnAttribute", (*Server).modifyCcnAttribute)
	register("ModifyCcnRegionBandwidthLimitsType", (*Server).modifyCcnRegionBandwidthLimitsType)
	register("DescribeTenantCcns", (*Server).describeTenantCcns)
	register("DescribeCcnRoutes", (*Server).describeCcnRoutes)
	register("EnableCcnRoutes", (*Server).enableCcnRoutes)
	register("DisableCcnRoutes", (*Server).disableCcnRoutes)
}

func (s *Server) createCcn(ctx context.Context, c *control.Caller, in *wire.CreateCcnRequest) (*wire.CreateCcnResponse, error) {
	ccn, err := s.control.CreateCCN(ctx, c, vpc.CCNSpec{
		Name:           text(in.CcnName),
		Description:    text(in.CcnDescription),
		QoS:            text(in.QosLevel),
		Charge:         text(in.InstanceChargeType),
		Metering:       text(in.InstanceMeteringType),
		BandwidthLimit: text(in.BandwidthLimitType),
		Tags:           tagsIn(in.Tags),
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateCcnResponse{Ccn: ccnOut(ccn)}, nil
}

// ccnOut leaves the flags of what this server does not have off. A route's priority is
// shown, and every CCN has the one route table.
func ccnOut(c control.CCNView) wire.CCN {
	return wire.CCN{
		CcnId:                    string(c.ID),
		CcnName:                  c.Name,
		CcnDescription:           c.Description,
		InstanceCount:            uint64(c.Instances),
		CreateTime:               c.Created.String(),
		State:                    vpc.CCNAvailable,
		QosLevel:                 c.QoS,
		InstanceChargeType:       c.Charge,
		InstanceMeteringType:     c.Metering,
		BandwidthLimitType:       c.BandwidthLimit,
		TagSet:                   tagsOut(c.Tags),
		RoutePriorityFlag:        true,
		RouteTableCount:          1,
		RouteECMPFlag:            c.ECMP,
		RouteOverlapFlag:         c.Overlap,
		TrafficMarkingPolicyFlag: c.TrafficMarking,
	}
}

func (s *Server) deleteCcn(ctx context.Context, c *control.Caller, in *wire.DeleteCcnRequest) (*wire.DeleteCcnResponse, error) {
	return &wire.DeleteCcnResponse{}, s.control.DeleteCCN(ctx, c, text(in.CcnId))
}

func (s *Server) describeCcns(ctx context.Context, c *control.Caller, in *wire.DescribeCcnsRequest) (*wire.DescribeCcnsResponse, error) {
	q, err := query(in.CcnIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, ccns, err := s.control.CCNs(ctx, c, q, order(in.OrderField, in.OrderDirection))
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeCcnsResponse{TotalCount: uint64(total), CcnSet: make([]wire.CCN, len(ccns))}
	for i, ccn := range ccns {
		out.CcnSet[i] = ccnOut(ccn)
	}
	return out, nil
}

func order(field, direction *string) control.Order {
	return control.Order{Field: text(field), Direction: text(direction)}
}

func (s *Server) modifyCcnAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyCcnAttributeRequest) (*wire.ModifyCcnAttributeResponse, error) {
	err := s.control.ModifyCCN(ctx, c, text(in.CcnId), vpc.CCNChange{
		Name: in.CcnName, Description: in.CcnDescription,
		ECMP: in.RouteECMPFlag, Overlap: in.RouteOverlapFlag, TrafficMarking: in.TrafficMarkingPolicyFlag, MixedBilling: in.MixedBillingFlag,
	})
	return &wire.ModifyCcnAttributeResponse{}, err
}

func (s *Server) modifyCcnRegionBandwidthLimitsType(ctx context.Context, c *control.Caller, in *wire.ModifyCcnRegionBandwidthLimitsTypeRequest) (*wire.ModifyCcnRegionBandwidthLimitsTypeResponse, error) {
	err := s.control.LimitCCN(ctx, c, text(in.CcnId), text(in.BandwidthLimitType))
	return &wire.ModifyCcnRegionBandwidthLimitsTypeResponse{}, err
}

func (s *Server) describeTenantCcns(ctx context.Context, c *control.Caller, in *wire.DescribeTenantCcnsRequest) (*wire.DescribeTenantCcnsResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, ids, err := s.control.TenantCCNs(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeTenantCcnsResponse{TotalCount: uint64(total), CcnSet: make([]wire.CcnInstanceInfo, len(ids))}
	for i, id := range ids {
		out.CcnSet[i].CcnId = string(id)
	}
	return out, nil
}

func (s *Server) describeCcnRoutes(ctx context.Context, c *control.Caller, in *wire.DescribeCcnRoutesRequest) (*wire.DescribeCcnRoutesResponse, error) {
	q, err := query(in.RouteIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, routes, err := s.control.CCNRoutes(ctx, c, control.CCNRouteQuery{Query: q, CCN: text(in.CcnId)})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeCcnRoutesResponse{TotalCount: uint64(total), RouteSet: make([]wire.CcnRoute, len(routes))}
	for i := range routes {
		out.RouteSet[i] = ccnRouteOut(&routes[i])
	}
	return out, nil
}

// ccnRoutePriority is that of every route: the vendor's sample value.
const ccnRoutePriority = 50

func ccnRouteOut(r *control.CCNRouteView) wire.CcnRoute {
	return wire.CcnRoute{
		RouteId:              r.ID,
		RouteTableId:         r.Table,
		DestinationCidrBlock: r.Destination.String(),
		InstanceType:         r.InstanceType,
		InstanceId:           r.Instance,
		InstanceName:         r.Name,
		InstanceRegion:       string(r.Region),
		UpdateTime:           r.Since.String(),
		Enabled:              r.Enabled,
		InstanceUin:          uin(r.Owner),
		ExtraState:           r.ExtraState(),
		RoutePriority:        ccnRoutePriority,
		AliasType:            r.InstanceType,
		AliasInstanceId:      r.Instance,
	}
}

// uin is an account's number as a text.
func uin(id vpc.AccountID) string { return strconv.FormatUint(uint64(id), 10) }

func (s *Server) enableCcnRoutes(ctx context.Context, c *control.Caller, in *wire.EnableCcnRoutesRequest) (*wire.EnableCcnRoutesResponse, error) {
	return &wire.EnableCcnRoutesResponse{}, s.control.EnableCCNRoutes(ctx, c, text(in.CcnId), in.RouteIds)
}

func (s *Server) disableCcnRoutes(ctx context.Context, c *control.Caller, in *wire.DisableCcnRoutesRequest) (*wire.DisableCcnRoutesResponse, error) {
	return &wire.DisableCcnRoutesResponse{}, s.control.DisableCCNRoutes(ctx, c, text(in.CcnId), in.RouteIds)
}
