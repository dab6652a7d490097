package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("DescribeVpcTaskResult", (*Server).describeVpcTaskResult)
	register("DescribeTaskResult", (*Server).describeTaskResult)
}

// describeVpcTaskResult details the resources of a task that has several.
func (s *Server) describeVpcTaskResult(ctx context.Context, c *control.Caller, in *wire.DescribeVpcTaskResultRequest) (*wire.DescribeVpcTaskResultResponse, error) {
	task, err := s.control.Task(ctx, c, text(in.TaskId))
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpcTaskResultResponse{Status: task.Status, Output: task.Output}
	if len(task.Resources) > 1 {
		for _, r := range task.Resources {
			out.Result = append(out.Result, wire.VpcTaskResultDetailInfo{ResourceId: r, Status: task.Status})
		}
	}
	return out, nil
}

func (s *Server) describeTaskResult(ctx context.Context, c *control.Caller, in *wire.DescribeTaskResultRequest) (*wire.DescribeTaskResultResponse, error) {
	task, err := s.control.NumberedTask(ctx, c, in.TaskId, text(in.DealName))
	if err != nil {
		return nil, err
	}
	return &wire.DescribeTaskResultResponse{TaskId: *in.TaskId, Result: task.Status}, nil
}
