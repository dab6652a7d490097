package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateRouteTable", (*Server).createRouteTable)
	register("DeleteRouteTable", (*Server).deleteRouteTable)
	register("DescribeRouteTables", (*Server).describeRouteTables)
	register("ModifyRouteTableAttribute", (*Server).modifyRouteTableAttribute)
	register("ReplaceRouteTableAssociation", (*Server).replaceRouteTableAssociation)
	register("CreateRoutes", (*Server).createRoutes)
	register("DeleteRoutes", (*Server).deleteRoutes)
	register("ReplaceRoutes", (*Server).replaceRoutes)
	register("ResetRoutes", (*Server).resetRoutes)
	register("EnableRoutes", (*Server).enableRoutes)
	register("DisableRoutes", (*Server).disableRoutes)
	register("DescribeRoutes", (*Server).describeRoutes)
	register("DescribeRouteList", (*Server).describeRouteList)
	register("DescribeRouteConflicts", (*Server).describeRouteConflicts)
	register("NotifyRoutes", (*Server).notifyRoutes)
	register("WithdrawNotifyRoutes", (*Server).withdrawNotifyRoutes)
}

func (s *Server) createRouteTable(ctx context.Context, c *control.Caller, in *wire.CreateRouteTableRequest) (*wire.CreateRouteTableResponse, error) {
	t, err := s.control.CreateRouteTable(ctx, c, text(in.VpcId), text(in.RouteTableName), tagsIn(in.Tags))
	if err != nil {
		return nil, err
	}
	return &wire.CreateRouteTableResponse{RouteTable: routeTableOut(t, t.AllRoutes())}, nil
}

func (s *Server) deleteRouteTable(ctx context.Context, c *control.Caller, in *wire.DeleteRouteTableRequest) (*wire.DeleteRouteTableResponse, error) {
	return &wire.DeleteRouteTableResponse{}, s.control.DeleteRouteTable(ctx, c, text(in.RouteTableId))
}

func (s *Server) describeRouteTables(ctx context.Context, c *control.Caller, in *wire.DescribeRouteTablesRequest) (*wire.DescribeRouteTablesResponse, error) {
	q, err := textQuery(in.RouteTableIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, tables, err := s.control.RouteTables(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeRouteTablesResponse{TotalCount: uint64(total), RouteTableSet: make([]wire.RouteTable, len(tables))}
	for i, t := range tables {
		var routes []control.RouteView
		if in.NeedRouterInfo == nil || *in.NeedRouterInfo {
			routes = t.AllRoutes()
		}
		out.RouteTableSet[i] = routeTableOut(t, routes)
	}
	return out, nil
}

func (s *Server) modifyRouteTableAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyRouteTableAttributeRequest) (*wire.ModifyRouteTableAttributeResponse, error) {
	return &wire.ModifyRouteTableAttributeResponse{}, s.control.RenameRouteTable(ctx, c, text(in.RouteTableId), text(in.RouteTableName))
}

func (s *Server) replaceRouteTableAssociation(ctx context.Context, c *control.Caller, in *wire.ReplaceRouteTableAssociationRequest) (*wire.ReplaceRouteTableAssociationResponse, error) {
	return &wire.ReplaceRouteTableAssociationResponse{}, s.control.BindRouteTable(ctx, c, text(in.RouteTableId), in.SubnetId)
}

// createRoutes answers with the table and, as its RouteSet, the new routes alone.
func (s *Server) createRoutes(ctx context.Context, c *control.Caller, in *wire.CreateRoutesRequest) (*wire.CreateRoutesResponse, error) {
	t, made, err := s.control.CreateRoutes(ctx, c, text(in.RouteTableId), routesIn(in.Routes))
	if err != nil {
		return nil, err
	}
	return &wire.CreateRoutesResponse{TotalCount: uint64(len(made)), RouteTableSet: []wire.RouteTable{routeTableOut(t, made)}}, nil
}

func (s *Server) deleteRoutes(ctx context.Context, c *control.Caller, in *wire.DeleteRoutesRequest) (*wire.DeleteRoutesResponse, error) {
	gone, err := s.control.DeleteRoutes(ctx, c, text(in.RouteTableId), routesIn(in.Routes))
	if err != nil {
		return nil, err
	}
	return &wire.DeleteRoutesResponse{RouteSet: routesOut(gone)}, nil
}

func (s *Server) replaceRoutes(ctx context.Context, c *control.Caller, in *wire.ReplaceRoutesRequest) (*wire.ReplaceRoutesResponse, error) {
	before, after, err := s.control.ReplaceRoutes(ctx, c, text(in.RouteTableId), routesIn(in.Routes))
	if err != nil {
		return nil, err
	}
	return &wire.ReplaceRoutesResponse{OldRouteSet: routesOut(before), NewRouteSet: routesOut(after)}, nil
}

func (s *Server) resetRoutes(ctx context.Context, c *control.Caller, in *wire.ResetRoutesRequest) (*wire.ResetRoutesResponse, error) {
	err := s.control.ResetRoutes(ctx, c, text(in.RouteTableId), text(in.RouteTableName), routesIn(in.Routes))
	return &wire.ResetRoutesResponse{}, err
}

func (s *Server) enableRoutes(ctx context.Context, c *control.Caller, in *wire.EnableRoutesRequest) (*wire.EnableRoutesResponse, error) {
	return &wire.EnableRoutesResponse{}, s.control.SwitchRoutes(ctx, c, text(in.RouteTableId), in.RouteIds, in.RouteItemIds, true)
}

func (s *Server) disableRoutes(ctx context.Context, c *control.Caller, in *wire.DisableRoutesRequest) (*wire.DisableRoutesResponse, error) {
	return &wire.DisableRoutesResponse{}, s.control.SwitchRoutes(ctx, c, text(in.RouteTableId), in.RouteIds, in.RouteItemIds, false)
}

func (s *Server) describeRoutes(ctx context.Context, c *control.Caller, in *wire.DescribeRoutesRequest) (*wire.DescribeRoutesResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, routes, err := s.control.Routes(ctx, c, q)
	if err != nil {
		return nil, err
	}
	return &wire.DescribeRoutesResponse{TotalCount: uint64(total), RouteSet: routesOut(routes)}, nil
}

func (s *Server) describeRouteList(ctx context.Context, c *control.Caller, in *wire.DescribeRouteListRequest) (*wire.DescribeRouteListResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, routes, err := s.control.Routes(ctx, c, q)
	if err != nil {
		return nil, err
	}
	return &wire.DescribeRouteListResponse{TotalCount: uint64(total), RouteSet: routesOut(routes)}, nil
}

func (s *Server) describeRouteConflicts(ctx context.Context, c *control.Caller, in *wire.DescribeRouteConflictsRequest) (*wire.DescribeRouteConflictsResponse, error) {
	conflicts, err := s.control.RouteConflicts(ctx, c, text(in.RouteTableId), in.DestinationCidrBlocks)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeRouteConflictsResponse{RouteConflictSet: make([]wire.RouteConflict, len(conflicts))}
	for i, x := range conflicts {
		out.RouteConflictSet[i] = wire.RouteConflict{
			RouteTableId: text(in.RouteTableId), DestinationCidrBlock: x.Destination.String(), ConflictSet: routesOut(x.Routes),
		}
	}
	return out, nil
}

func (s *Server) notifyRoutes(ctx context.Context, c *control.Caller, in *wire.NotifyRoutesRequest) (*wire.NotifyRoutesResponse, error) {
	return &wire.NotifyRoutesResponse{}, s.control.PublishRoutes(ctx, c, text(in.RouteTableId), in.RouteItemIds, true)
}

func (s *Server) withdrawNotifyRoutes(ctx context.Context, c *control.Caller, in *wire.WithdrawNotifyRoutesRequest) (*wire.WithdrawNotifyRoutesResponse, error) {
	return &wire.WithdrawNotifyRoutesResponse{}, s.control.PublishRoutes(ctx, c, text(in.RouteTableId), in.RouteItemIds, false)
}

func routesIn(in []wire.Route) []vpc.RouteSpec {
	out := make([]vpc.RouteSpec, len(in))
	for i, r := range in {
		out[i] = vpc.RouteSpec{
			Number:       number(r.RouteId),
			ID:           vpc.RouteItemID(text(r.RouteItemId)),
			Destination:  r.DestinationCidrBlock,
			Destination6: r.DestinationIpv6CidrBlock,
			GatewayType:  r.GatewayType,
			Gateway:      r.GatewayId,
			Description:  r.RouteDescription,
			Enabled:      r.Enabled,
			Type:         r.RouteType,
		}
	}
	return out
}

func routesOut(in []control.RouteView) []wire.Route {
	out := make([]wire.Route, len(in))
	for i := range in {
		out[i] = routeOut(&in[i])
	}
	return out
}

// routeOut fills in every field, since clients read them all without a look.
func routeOut(r *control.RouteView) wire.Route {
	v4, v6 := "", ""
	if r.Destination.Addr().Is4() {
		v4 = r.Destination.String()
	} else {
		v6 = r.Destination.String()
	}
	enabled, published, table := !r.Disabled, r.Published && r.Attached, string(r.Table)
	id, created, cdc := string(r.ID), r.Created.String(), ""
	return wire.Route{
		DestinationCidrBlock:     &v4,
		GatewayType:              &r.GatewayType,
		GatewayId:                &r.Gateway,
		RouteId:                  &r.Number,
		RouteDescription:         &r.Description,
		Enabled:                  &enabled,
		RouteType:                &r.Type,
		RouteTableId:             &table,
		DestinationIpv6CidrBlock: &v6,
		RouteItemId:              &id,
		PublishedToVbc:           &published,
		CreatedTime:              &created,
		CdcId:                    &cdc,
	}
}

func routeTableOut(t control.RouteTableView, routes []control.RouteView) wire.RouteTable {
	out := wire.RouteTable{
		VpcId:           string(t.VPC),
		RouteTableId:    string(t.ID),
		RouteTableName:  t.Name,
		AssociationSet:  make([]wire.RouteTableAssociation, len(t.Subnets)),
		RouteSet:        routesOut(routes),
		Main:            t.Main,
		CreatedTime:     t.Created.String(),
		TagSet:          tagsOut(t.Tags),
		LocalCidrForCcn: make([]wire.CidrForCcn, len(t.Local)),
	}
	for i, x := range t.Subnets {
		out.AssociationSet[i] = wire.RouteTableAssociation{SubnetId: string(x.ID), RouteTableId: string(t.ID)}
	}
	for i, p := range t.Local {
		out.LocalCidrForCcn[i] = wire.CidrForCcn{Cidr: p.String(), PublishedToVbc: t.Attached}
	}
	return out
}
