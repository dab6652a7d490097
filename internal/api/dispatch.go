package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// method runs one action on its decoded inputs.
type method func(s *Server, ctx context.Context, c *control.Caller, in any) (wire.Encoder, error)

// methods are the actions that this server offers, by name. The nouns' files fill it
// before main begins.
var methods = map[string]method{}

// codes are what each action documents, so that a rule can choose the code that an
// action has for a fault.
var codes = func() map[string]vpc.Listed {
	out := map[string]vpc.Listed{}
	for name, a := range wire.Actions {
		known := make(map[vpc.Code]bool, len(a.Codes))
		for _, c := range a.Codes {
			known[vpc.Code(c)] = true
		}
		out[name] = func(c vpc.Code) bool { return known[c] }
	}
	return out
}()

// register makes m answer the action called name. It panics on a name that the table of
// actions does not serve, on the wrong request type and on a second registration, since
// each is a mistake in the program.
func register[In any, Out wire.Encoder](name string, m func(*Server, context.Context, *control.Caller, *In) (Out, error)) {
	a := wire.Actions[name]
	if a == nil || !a.Served || methods[name] != nil {
		panic("api: " + name + " is not served by the table of actions, or is registered twice")
	}
	if _, ok := a.New().(*In); !ok {
		panic(fmt.Sprintf("api: %s takes %T", name, a.New()))
	}
	methods[name] = func(s *Server, ctx context.Context, c *control.Caller, in any) (wire.Encoder, error) {
		out, err := m(s, ctx, c, in.(*In))
		if err != nil { // a nil Out must not become an Encoder that holds nil
			return nil, err
		}
		return out, nil
	}
}

// serveAPI answers one API request, whatever happens.
func (s *Server) serveAPI(c *call) {
	out, err := s.guarded(c)
	s.dropBody(c)
	if err == nil {
		c.out = wire.AppendResponse(c.out[:0], out, c.id)
		if c.caller.Fault && !c.action.Write { // a write has recorded itself
			s.keeper.RecordCall(c.caller, "OK")
		}
		c.send(http.StatusOK, c.out)
		s.record(c, "OK", nil)
		return
	}
	refusal := s.refusal(c, err)
	if c.recordable(refusal.Code) {
		s.keeper.RecordCall(c.caller, string(refusal.Code))
	}
	c.drain()
	s.refuse(c, http.StatusOK, refusal)
	s.record(c, string(refusal.Code), err)
}

// recordable reports whether a refused call goes into the audit: a write that was let
// through the limit, and whatever met a fault.
func (c *call) recordable(code vpc.Code) bool {
	return c.caller != nil && (c.caller.Fault || c.action.Write && code != vpc.RequestLimitExceeded)
}

// refuse answers with an error.
func (s *Server) refuse(c *call, status int, e *vpc.Error) {
	out := &wire.Error{Code: string(e.Code), Param: e.Param, EN: e.EN, ZH: e.ZH}
	c.out = wire.AppendError(c.out[:0], out, wireLanguage(c.inputs.language), c.id)
	c.send(status, c.out)
}

// A crash is a panic of a handler.
type crash struct {
	value any
	stack []byte
}

func (c *crash) Error() string { return fmt.Sprint("panic: ", c.value) }

// guarded runs the call and turns a panic into an error.
func (s *Server) guarded(c *call) (out wire.Encoder, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = nil, &crash{v, debug.Stack()}
		}
	}()
	return s.answer(c)
}

// answer takes a call through its checks, in the vendor's order, and runs it.
func (s *Server) answer(c *call) (wire.Encoder, error) {
	ctx := c.r.Context()
	if err := c.checkSize(); err != nil {
		return nil, err
	}
	if err := c.checkMethod(); err != nil {
		return nil, err
	}
	if err := s.readInputs(c); err != nil {
		return nil, err
	}
	if err := s.authenticate(ctx, c); err != nil {
		return nil, err
	}
	if err := s.admit(c); err != nil {
		return nil, err
	}
	in, err := c.decode()
	if err != nil {
		return nil, err
	}
	s.dropBody(c)
	if err := s.meetFault(ctx, c); err != nil {
		return nil, err
	}
	return methods[c.action.Name](s, ctx, c.caller, in)
}

// admit finds out what an authenticated caller asks for, and whether he may.
func (s *Server) admit(c *call) error {
	a, err := resolve(c.tc3.Service, c.r.Host, c.inputs.version, c.inputs.action)
	if err != nil {
		return err
	}
	region, err := s.region(c.inputs.region)
	if err != nil {
		return err
	}
	c.action = a
	c.caller = &control.Caller{
		Account: c.cred.Account, KeyID: c.cred.KeyID, Role: c.cred.Role,
		Region: region, Action: a.Name, RequestID: c.id, Source: c.source(), Language: c.inputs.language,
		Codes: codes[a.Name], Actions: c.cred.Actions,
	}
	if err := s.keeper.Permit(c.cred, a.Name, a.Write); err != nil {
		return err
	}
	return s.limit(c)
}

// decode reads the action's own inputs. What a write was asked goes into the audit.
func (c *call) decode() (any, error) {
	var in any
	var refused *wire.Error
	if c.transport.format == inJSON {
		in, refused = c.action.DecodeJSON(c.body)
	} else {
		params, err := c.ownParams()
		if err != nil {
			return nil, err
		}
		in, refused = c.action.DecodeParams(params)
	}
	if refused != nil {
		return nil, refused
	}
	if c.action.Write {
		c.caller.Params = c.action.Redact(in)
	}
	return in, nil
}

// meetFault lets the operator's fault for this call happen, if there is one.
func (s *Server) meetFault(ctx context.Context, c *call) error {
	f, err := s.keeper.TakeFault(ctx, c.caller)
	if err != nil || f == nil {
		return err
	}
	c.caller.Fault = true
	if err := c.delay(ctx, time.Duration(f.Latency)); err != nil {
		return err
	}
	if f.Code == "" {
		return nil
	}
	return vpc.Refuse(f.Code, "", "this is the fault %s, which the operator has set", "这是运维人员设置的故障 %s", f.ID)
}

// refusal is what the caller gets to see of an error. What he did not cause he sees as
// InternalError, and the log has the rest under the request's id.
func (s *Server) refusal(c *call, err error) *vpc.Error {
	var wired *wire.Error
	if errors.As(err, &wired) {
		return &vpc.Error{Code: vpc.Code(wired.Code), Param: wired.Param, EN: wired.EN, ZH: wired.ZH}
	}
	var refused *vpc.Error
	if errors.As(err, &refused) {
		return refused
	}
	s.logFault(c, err)
	return vpc.Refuse(vpc.InternalError, "", "the server failed; its log tells more about this RequestId", "服务器内部错误，详情见服务器日志中该 RequestId 的记录")
}

func (s *Server) logFault(c *call, err error) {
	if errors.Is(err, context.Canceled) && c.r.Context().Err() != nil {
		s.log.Debug("api: the caller went away", "request", c.id, "action", c.label())
		return
	}
	attrs := []any{"request", c.id, "action", c.label(), "error", err}
	if crashed := (*crash)(nil); errors.As(err, &crashed) {
		attrs = append(attrs, "stack", string(crashed.stack))
	}
	s.log.Error("api: call failed", attrs...)
}

// label names the call's action for logs and metrics, where a caller must not be able to
// make names up.
func (c *call) label() string {
	switch name := c.inputs.action; {
	case c.action != nil:
		return c.action.Name
	case wire.Actions[name] != nil || wire.Known(name):
		return strings.Clone(name)
	}
	return "unknown"
}

// record tells the metrics and, at the level of debugging, the log.
func (s *Server) record(c *call, code string, err error) {
	took := time.Since(c.started)
	s.cfg.Observe(c.label(), code, took)
	ctx := c.r.Context()
	if !s.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", c.id), slog.String("action", c.label()), slog.String("code", code),
		slog.Duration("took", took), slog.String("source", c.source()),
	}
	if c.caller != nil {
		attrs = append(attrs, slog.Uint64("account", uint64(c.caller.Account)), slog.String("key", c.caller.KeyID), slog.String("region", string(c.caller.Region)))
	}
	s.log.LogAttrs(ctx, slog.LevelDebug, "api: call", attrs...)
}
