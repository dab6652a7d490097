package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateVpnGatewayRoutes", (*Server).createVpnGatewayRoutes)
	register("DescribeVpnGatewayRoutes", (*Server).describeVpnGatewayRoutes)
	register("ModifyVpnGatewayRoutes", (*Server).modifyVpnGatewayRoutes)
	register("DeleteVpnGatewayRoutes", (*Server).deleteVpnGatewayRoutes)
	register("DescribeVpnGatewayCcnRoutes", (*Server).describeVpnGatewayCcnRoutes)
	register("ModifyVpnGatewayCcnRoutes", (*Server).modifyVpnGatewayCcnRoutes)
}

func (s *Server) createVpnGatewayRoutes(ctx context.Context, c *control.Caller, in *wire.CreateVpnGatewayRoutesRequest) (*wire.CreateVpnGatewayRoutesResponse, error) {
	specs := make([]vpc.GatewayRouteSpec, len(in.Routes))
	for i, r := range in.Routes {
		specs[i] = vpc.GatewayRouteSpec{
			Destination: text(r.DestinationCidrBlock),
			NextHopType: text(r.InstanceType),
			NextHop:     text(r.InstanceId),
			Priority:    number(r.Priority),
			Status:      text(r.Status),
			Description: text(r.Description),
		}
	}
	made, err := s.control.CreateGatewayRoutes(ctx, c, text(in.VpnGatewayId), specs)
	if err != nil {
		return nil, err
	}
	return &wire.CreateVpnGatewayRoutesResponse{Routes: gatewayRoutesOut(made)}, nil
}

func (s *Server) describeVpnGatewayRoutes(ctx context.Context, c *control.Caller, in *wire.DescribeVpnGatewayRoutesRequest) (*wire.DescribeVpnGatewayRoutesResponse, error) {
	q, err := query(nil, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, rows, err := s.control.GatewayRoutes(ctx, c, text(in.VpnGatewayId), q)
	if err != nil {
		return nil, err
	}
	return &wire.DescribeVpnGatewayRoutesResponse{TotalCount: uint64(total), Routes: gatewayRoutesOut(rows)}, nil
}

func (s *Server) modifyVpnGatewayRoutes(ctx context.Context, c *control.Caller, in *wire.ModifyVpnGatewayRoutesRequest) (*wire.ModifyVpnGatewayRoutesResponse, error) {
	changes := make([]vpc.GatewayRouteChange, len(in.Routes))
	for i, r := range in.Routes {
		changes[i] = vpc.GatewayRouteChange{Route: text(r.RouteId), Status: r.Status, Description: r.Description}
	}
	changed, err := s.control.ModifyGatewayRoutes(ctx, c, text(in.VpnGatewayId), changes)
	if err != nil {
		return nil, err
	}
	return &wire.ModifyVpnGatewayRoutesResponse{Routes: gatewayRoutesOut(changed)}, nil
}

func (s *Server) deleteVpnGatewayRoutes(ctx context.Context, c *control.Caller, in *wire.DeleteVpnGatewayRoutesRequest) (*wire.DeleteVpnGatewayRoutesResponse, error) {
	return &wire.DeleteVpnGatewayRoutesResponse{}, s.control.DeleteGatewayRoutes(ctx, c, text(in.VpnGatewayId), in.RouteIds)
}

// gatewayRoutesOut fills every field of each route.
func gatewayRoutesOut(rows []*vpc.GatewayRoute) []wire.VpnGatewayRoute {
	out := make([]wire.VpnGatewayRoute, len(rows))
	for i, r := range rows {
		id, destination, status := string(r.ID), r.Destination.String(), r.Status()
		created, updated, priority := r.Created.String(), r.Updated.String(), int64(r.Priority)
		out[i] = wire.VpnGatewayRoute{
			RouteId:              &id,
			DestinationCidrBlock: &destination,
			InstanceType:         &r.NextHopType,
			InstanceId:           &r.NextHop,
			Priority:             &priority,
			Status:               &status,
			Type:                 &r.Type,
			CreateTime:           &created,
			UpdateTime:           &updated,
			Description:          &r.Description,
		}
	}
	return out
}

func (s *Server) describeVpnGatewayCcnRoutes(ctx context.Context, c *control.Caller, in *wire.DescribeVpnGatewayCcnRoutesRequest) (*wire.DescribeVpnGatewayCcnRoutesResponse, error) {
	q, err := query(nil, nil, in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, rows, err := s.control.GatewayCCNRoutes(ctx, c, text(in.VpnGatewayId), q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpnGatewayCcnRoutesResponse{TotalCount: uint64(total), RouteSet: make([]wire.VpngwCcnRoutes, len(rows))}
	for i, r := range rows {
		id, status, destination := string(r.ID), r.Status(), r.Destination.String()
		out.RouteSet[i] = wire.VpngwCcnRoutes{RouteId: &id, Status: &status, DestinationCidrBlock: &destination}
	}
	return out, nil
}

func (s *Server) modifyVpnGatewayCcnRoutes(ctx context.Context, c *control.Caller, in *wire.ModifyVpnGatewayCcnRoutesRequest) (*wire.ModifyVpnGatewayCcnRoutesResponse, error) {
	changes := make([]vpc.GatewayCCNRouteChange, len(in.Routes))
	for i, r := range in.Routes {
		changes[i] = vpc.GatewayCCNRouteChange{Route: text(r.RouteId), Status: r.Status, Destination: r.DestinationCidrBlock}
	}
	return &wire.ModifyVpnGatewayCcnRoutesResponse{}, s.control.ModifyGatewayCCNRoutes(ctx, c, text(in.VpnGatewayId), changes)
}
