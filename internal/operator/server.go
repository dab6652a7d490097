package operator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Server answers on the operator's socket.
type Server struct {
	Control *control.Control
	About   func() About
	Logger  *slog.Logger

	// Serves tells whether the API serves an action; nil: it serves all. A fault for any
	// other would never be met.
	Serves func(action string) bool

	// Machine and Negotiations look into this host's data plane; nil: it has none.
	Machine      func(context.Context, string) (Machine, error)
	SSLServer    func(context.Context, vpc.GatewayID, vpc.SSLServerID) (SSLServer, error)
	Negotiations func(context.Context, vpc.ConnectionID) ([]string, error)

	// Restored is called when a restore has replaced everything; nil: nothing to do.
	Restored func(context.Context) error
}

// Handler serves the operator's commands.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	route(mux, s, "server", s.about)
	route(mux, s, "status", s.status)
	route(mux, s, "account create", s.createAccount)
	route(mux, s, "account list", s.listAccounts)
	route(mux, s, "account show", s.showAccount)
	route(mux, s, "account set", s.setAccount)
	route(mux, s, "key create", s.createKey)
	route(mux, s, "key list", s.listKeys)
	route(mux, s, "key disable", s.disableKey)
	route(mux, s, "key enable", s.enableKey)
	route(mux, s, "quota list", s.listQuotas)
	route(mux, s, "quota set", s.setQuota)
	route(mux, s, "quota clear", s.clearQuota)
	route(mux, s, "limit list", s.listLimits)
	route(mux, s, "limit set", s.setLimit)
	route(mux, s, "limit clear", s.clearLimit)
	route(mux, s, "fault add", s.addFault)
	route(mux, s, "fault list", s.listFaults)
	route(mux, s, "fault clear", s.clearFaults)
	route(mux, s, "host list", s.listHosts)
	route(mux, s, "host forget", s.forgetHost)
	route(mux, s, "gateway block", s.blockGateway)
	route(mux, s, "gateway unblock", s.unblockGateway)
	route(mux, s, "debug sslserver", s.sslServer)
	route(mux, s, "crl", s.crl)
	route(mux, s, "sslpolicy add", s.addSSLPolicy)
	route(mux, s, "sslpolicy list", s.listSSLPolicies)
	route(mux, s, "sslpolicy remove", s.removeSSLPolicy)
	route(mux, s, "subnet attach", s.attachSubnet)
	route(mux, s, "subnet detach", s.detachSubnet)
	route(mux, s, "subnet list", s.listWorkloads)
	s.routeBackup(mux)
	s.routeRestore(mux)
	route(mux, s, "debug tables", s.listTables)
	route(mux, s, "debug machine", s.machine)
	route(mux, s, "debug connection", s.connection)
	streamRoute(mux, s, "debug rows", s.rows)
	streamRoute(mux, s, "debug audit", s.audit)
	streamRoute(mux, s, "debug seed", s.seed)
	return mux
}

// request is one command on its way: who is audited, and where the answer goes.
type request struct {
	context.Context
	caller *control.Caller
}

// on names the account that the command is about, for the audit.
func (r *request) on(account vpc.AccountID) *control.Caller {
	r.caller.Account = account
	return r.caller
}

// maxInput bounds a command's inputs; a restore streams and is not bound by it.
const maxInput = 1 << 20

// handle serves one command: POST /v1/WORDS with its inputs as JSON. do writes the
// answer, or returns an error before it has written anything.
func handle[In any](mux *http.ServeMux, s *Server, words string, do func(http.ResponseWriter, *request, In) error) {
	mux.HandleFunc(pattern(words), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var in In
		params, err := decodeInput(http.MaxBytesReader(w, r.Body, maxInput), &in)
		if err == nil {
			err = do(w, &request{r.Context(), operatorCall(words, params)}, in)
		}
		if err != nil {
			s.answerError(w, words, err)
		}
	})
}

// route serves a command with one JSON value as its answer.
func route[In, Out any](mux *http.ServeMux, s *Server, words string, do func(*request, In) (Out, error)) {
	handle(mux, s, words, func(w http.ResponseWriter, r *request, in In) error {
		out, err := do(r, in)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			s.Logger.Debug("operator: the answer did not go out", "command", words, "error", err)
		}
		return nil
	})
}

// decodeInput reads a command's inputs.
func decodeInput(body io.Reader, in any) ([]byte, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, in); err != nil {
		return nil, vpc.Refuse(vpc.InvalidParameter, "", "the inputs are not JSON: %v", "输入不是 JSON：%v", err)
	}
	return text, nil
}

func pattern(words string) string { return "POST /v1/" + strings.ReplaceAll(words, " ", "/") }

// operatorCall is the caller of an operator's command. No command has a secret among
// its inputs.
func operatorCall(words string, params json.RawMessage) *control.Caller {
	return &control.Caller{
		KeyID: control.Operator, Role: vpc.RoleAdmin, Action: words,
		RequestID: RequestID(), Source: SocketName, Params: params,
	}
}

// RequestID makes a version 4 UUID.
func RequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// failure is how an error travels.
type failure struct {
	Code    vpc.Code `json:"code"`
	Message string   `json:"message"`
}

func (f *failure) Error() string { return f.Message }

func (s *Server) answerError(w http.ResponseWriter, words string, err error) {
	s.log(words, err)
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(failureOf(err)) // the client is gone if this fails
}

// log notes an error that is no refusal.
func (s *Server) log(words string, err error) {
	if !errors.As(err, new(*vpc.Error)) && !errors.Is(err, context.Canceled) {
		s.Logger.Error("operator: command failed", "command", words, "error", err)
	}
}

// failureOf is how an error travels: a refusal as it is, any other whole, too, for
// there are no secrets from the operator's eyes but the sealed ones.
func failureOf(err error) *failure {
	if refusal := new(vpc.Error); errors.As(err, &refusal) {
		return &failure{Code: refusal.Code, Message: plain(refusal)}
	}
	return &failure{Code: vpc.InternalError, Message: err.Error()}
}

func plain(e *vpc.Error) string {
	if e.EN == "" {
		return string(e.Code)
	}
	if e.Param == "" {
		return e.EN
	}
	return e.Param + ": " + e.EN
}

// stamp formats an instant for the operator: RFC 3339 in UTC, empty for never.
func stamp(i vpc.Instant) string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339)
}
