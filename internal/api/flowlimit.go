package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("DescribeGatewayFlowQos", (*Server).describeGatewayFlowQos)
	register("ModifyGatewayFlowQos", (*Server).modifyGatewayFlowQos)
}

func (s *Server) modifyGatewayFlowQos(ctx context.Context, c *control.Caller, in *wire.ModifyGatewayFlowQosRequest) (*wire.ModifyGatewayFlowQosResponse, error) {
	return &wire.ModifyGatewayFlowQosResponse{}, s.control.LimitFlows(ctx, c, text(in.GatewayId), in.IpAddresses, number(in.Bandwidth))
}

func (s *Server) describeGatewayFlowQos(ctx context.Context, c *control.Caller, in *wire.DescribeGatewayFlowQosRequest) (*wire.DescribeGatewayFlowQosResponse, error) {
	q, err := query(nil, nil, in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	g, total, limits, err := s.control.FlowLimits(ctx, c, text(in.GatewayId), in.IpAddresses, q.Offset, q.Limit)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeGatewayFlowQosResponse{TotalCount: uint64(total), GatewayQosSet: make([]wire.GatewayQos, len(limits))}
	for i, l := range limits {
		out.GatewayQosSet[i] = wire.GatewayQos{
			VpcId: string(g.VPC), IpAddress: l.Addr.String(), Bandwidth: int64(l.Bandwidth), InBandwidth: int64(l.Bandwidth), CreateTime: l.Since.String(),
		}
	}
	return out, nil
}
