package store

import (
	"errors"

	"github.com/gatewright/gatewright/internal/vpc"
)

// ErrUnknownOutcome is in the chain of an Update's error when the transaction may or
// may not have been kept: the answer did not come in time.
var ErrUnknownOutcome = errors.New("outcome unknown")

// ErrClosed is in the chain of an Update's error after Close.
var ErrClosed = errors.New("store is closed")

// unavailable is what callers see when the store cannot take a write now. The cause
// is for the caller too, so it names no address and no path.
func unavailable(cause, zh string) *vpc.Error {
	return vpc.Refuse("ServiceUnavailable", "", "the store takes no writes at the moment: "+cause, "存储暂时无法写入："+zh)
}

// refusal is an unavailable with a reason that code can ask for.
type refusal struct {
	shown  *vpc.Error
	reason error
}

func (r refusal) Error() string   { return r.shown.Error() }
func (r refusal) Unwrap() []error { return []error{r.shown, r.reason} }

var (
	errUnknown = refusal{unavailable("no answer in time, and the outcome of this call is not known; read before trying again",
		"未及时应答，本次调用结果未知，请先查询再重试"), ErrUnknownOutcome}
	errBusy   = unavailable("too many writes are waiting; nothing was changed", "等待写入的请求过多，未做任何更改")
	errLate   = unavailable("no answer in time; nothing was changed", "未及时应答，未做任何更改")
	errClosed = refusal{unavailable("the server is shutting down; nothing was changed", "服务器正在关闭，未做任何更改"), ErrClosed}
)
