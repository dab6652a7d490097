package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CheckGatewayFlowMonitor", (*Server).checkGatewayFlowMonitor)
	register("EnableGatewayFlowMonitor", (*Server).enableGatewayFlowMonitor)
	register("DisableGatewayFlowMonitor", (*Server).disableGatewayFlowMonitor)
	register("DescribeGatewayFlowMonitorDetail", (*Server).describeGatewayFlowMonitorDetail)
}

func (s *Server) checkGatewayFlowMonitor(ctx context.Context, c *control.Caller, in *wire.CheckGatewayFlowMonitorRequest) (*wire.CheckGatewayFlowMonitorResponse, error) {
	m, err := s.control.FlowMonitor(ctx, c, text(in.GatewayId))
	if err != nil {
		return nil, err
	}
	return &wire.CheckGatewayFlowMonitorResponse{Enabled: m.Enabled, Bandwidth: uint64(m.Bandwidth)}, nil
}

func (s *Server) enableGatewayFlowMonitor(ctx context.Context, c *control.Caller, in *wire.EnableGatewayFlowMonitorRequest) (*wire.EnableGatewayFlowMonitorResponse, error) {
	return &wire.EnableGatewayFlowMonitorResponse{}, s.control.SetFlowMonitor(ctx, c, text(in.GatewayId), true)
}

func (s *Server) disableGatewayFlowMonitor(ctx context.Context, c *control.Caller, in *wire.DisableGatewayFlowMonitorRequest) (*wire.DisableGatewayFlowMonitorResponse, error) {
	return &wire.DisableGatewayFlowMonitorResponse{}, s.control.SetFlowMonitor(ctx, c, text(in.GatewayId), false)
}

func (s *Server) describeGatewayFlowMonitorDetail(ctx context.Context, c *control.Caller, in *wire.DescribeGatewayFlowMonitorDetailRequest) (*wire.DescribeGatewayFlowMonitorDetailResponse, error) {
	q, err := query(nil, nil, in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, peers, err := s.control.Traffic(ctx, c, vpc.TrafficQuery{
		Gateway: text(in.VpnId), DirectConnect: text(in.DirectConnectGatewayId), Peering: text(in.PeeringConnectionId), NAT: text(in.NatId),
		TimePoint: text(in.TimePoint), Field: text(in.OrderField), Direction: text(in.OrderDirection), Peer: text(in.PrivateIpAddress),
	}, q.Offset, q.Limit)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeGatewayFlowMonitorDetailResponse{TotalCount: uint64(total), GatewayFlowMonitorDetailSet: make([]wire.GatewayFlowMonitorDetail, len(peers))}
	for i, p := range peers {
		out.GatewayFlowMonitorDetailSet[i] = wire.GatewayFlowMonitorDetail{
			PrivateIpAddress: p.Peer.String(), InPkg: p.InPackets, OutPkg: p.OutPackets, InTraffic: p.InBytes, OutTraffic: p.OutBytes,
		}
	}
	return out, nil
}
