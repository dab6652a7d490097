package control

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TaskView is what an asynchronous call has come to at one moment.
type TaskView struct {
	Status    string // RUNNING, SUCCESS, FAILED
	Output    string // what went wrong, or the status; empty while running
	Resources []string
}

// The statuses of a task.
const (
	TaskRunning = "RUNNING"
	TaskSuccess = "SUCCESS"
	TaskFailed  = "FAILED"
)

func taskView(t *vpc.Task, now vpc.Instant) TaskView {
	switch {
	case !t.Done.Before(now):
		return TaskView{Status: TaskRunning, Resources: t.Resources}
	case t.Failed != "":
		return TaskView{Status: TaskFailed, Output: t.Failed, Resources: t.Resources}
	}
	return TaskView{Status: TaskSuccess, Output: TaskSuccess, Resources: t.Resources}
}

// maxTaskID is longer than any id of a task.
const maxTaskID = 64

// Task tells what has become of an asynchronous call, by the number that it returned or,
// where it returned none, by its RequestId. Outcomes are kept for a day.
func (c *Control) Task(ctx context.Context, caller *Caller, id string) (TaskView, error) {
	if id == "" || len(id) > maxTaskID {
		return TaskView{}, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValue), "TaskId", "it is neither a number nor a RequestId", "既不是数字也不是 RequestId")
	}
	return c.ownTask(ctx, caller, id, vpc.ResourceNotFound)
}

// NumberedTask tells what has become of a call that returned a number. A nil number was
// not sent; then deal names a purchase, of which no call here makes a task.
func (c *Control) NumberedTask(ctx context.Context, caller *Caller, number *uint64, deal string) (TaskView, error) {
	if number == nil && deal == "" {
		return TaskView{}, vpc.Refuse(vpc.MissingParameter, "TaskId", "neither it nor `DealName` is given", "`TaskId` 与 `DealName` 须指定其一")
	}
	if number == nil {
		return TaskView{}, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameter), "DealName", "there is no order `%s`", "订单 `%s` 不存在", vpc.Clip(deal))
	}
	return c.ownTask(ctx, caller, strconv.FormatUint(*number, 10), vpc.InvalidParameter)
}

func (c *Control) ownTask(ctx context.Context, caller *Caller, id string, missing vpc.Code) (TaskView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return TaskView{}, err
	}
	t, ok := store.Tasks.Get(view, id)
	if !ok || t.Account != caller.Account {
		return TaskView{}, vpc.Refuse(caller.Codes.Pick(missing), "TaskId", "there is no task `%s`", "任务 `%s` 不存在", vpc.Clip(id))
	}
	return c.hostedTask(view, t, taskView(t, c.st.Now())), nil
}

// hostedTask makes a task last until the host of its connections, SSL servers and their
// clients has done it.
func (c *Control) hostedTask(r store.Reader, t *vpc.Task, v TaskView) TaskView {
	for _, id := range t.Resources { // of a client's tasks only that of its deletion waits for its row to go
		if v.Status != TaskSuccess {
			return v
		}
		if x, ok := store.Connections.Get(r, vpc.ConnectionID(id)); ok {
			v.Status, v.Output = c.connectionTask(r, x)
		}
		if s, ok := store.SSLServers.Get(r, vpc.SSLServerID(id)); ok {
			v.Status, v.Output = c.sslServerTask(r, s)
		}
		if cl, ok := store.SSLClients.Get(r, vpc.SSLClientID(id)); ok && cl.Deleted != 0 && cl.Due.Before(t.Done) {
			v.Status, v.Output = TaskRunning, ""
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Changes)) {
		if s, ok := store.SSLServers.Get(r, id); ok && v.Status == TaskSuccess {
			v.Status, v.Output = c.clientsTask(r, s, t.Changes[id])
		}
	}
	return v
}

// cannot is what a task says that a host could not do. The host's own words are for the
// operator.
const cannot = "the gateway cannot take it over"

func (c *Control) connectionTask(r store.Reader, x *vpc.Connection) (status, output string) {
	s := sighting(r, x)
	switch {
	case x.State(s, c.st.Now(), c.cfg.Settle) == vpc.ConnectionAvailable:
		return TaskSuccess, TaskSuccess
	case x.Stuck(s):
		return TaskFailed, cannot
	}
	return TaskRunning, ""
}

// sslServerTask is done when the process has run with the row's settings, if only once,
// or when the row of a server that is deleted is gone.
func (c *Control) sslServerTask(r store.Reader, s *vpc.SSLServer) (status, output string) {
	x := sslSighting(r, s)
	switch state := s.State(x, c.st.Now(), c.cfg.Settle); {
	case state == vpc.SSLDeleting:
		return TaskRunning, ""
	case !x.Hosted() || state == vpc.SSLUp || x.Stood == s.Generation:
		return TaskSuccess, TaskSuccess
	case state.Failed() || x.Host == nil:
		return TaskFailed, cannot
	}
	return TaskRunning, ""
}

// clientsTask is done when a host has carried out a change of a server's clients: those let
// in may come, and those thrown out are gone.
func (c *Control) clientsTask(r store.Reader, s *vpc.SSLServer, change uint64) (status, output string) {
	x := sslSighting(r, s)
	switch state := s.State(x, c.st.Now(), c.cfg.Settle); {
	case !x.Hosted() || x.Clients >= change:
		return TaskSuccess, TaskSuccess
	case state.Failed() || x.Host == nil:
		return TaskFailed, cannot
	}
	return TaskRunning, ""
}
