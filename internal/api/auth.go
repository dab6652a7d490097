package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// transport is how a call carries its inputs and its signature.
type transport struct {
	tc3    bool // signed in the Authorization header, else v1 among the parameters
	format format
}

type format uint8

const (
	inQuery format = iota
	inJSON
	inForm
	inMultipart
)

// checkMethod finds out the transport.
func (c *call) checkMethod() error {
	c.transport.tc3 = c.r.Header.Get("Authorization") != ""
	switch c.r.Method {
	case http.MethodGet:
		c.transport.format = inQuery
		return nil
	case http.MethodPost:
		return c.checkContentType()
	}
	return vpc.Refuse(vpc.UnsupportedProtocol, "", "the method must be GET or POST", "请求方法须为 GET 或 POST")
}

func (c *call) checkContentType() error {
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/json":
		c.transport.format, c.transport.tc3 = inJSON, true
	case "multipart/form-data":
		c.transport.format, c.transport.tc3 = inMultipart, true
	case "application/x-www-form-urlencoded":
		c.transport.format = inForm
	default:
		return vpc.Refuse(vpc.UnsupportedProtocol, "Content-Type",
			"application/json, application/x-www-form-urlencoded and multipart/form-data are understood",
			"支持 application/json、application/x-www-form-urlencoded 与 multipart/form-data")
	}
	return nil
}

// readInputs finds what every action needs. For v1 that takes the parameters, so a form
// is read here.
func (s *Server) readInputs(c *call) error {
	if c.transport.tc3 {
		c.inputsFromHeaders()
	} else if err := s.inputsFromParams(c); err != nil {
		return err
	}
	return c.inputs.check(c.transport)
}

func (c *call) inputsFromHeaders() {
	h := c.r.Header
	c.inputs = inputs{
		action:    h.Get("X-Tc-Action"),
		version:   h.Get("X-Tc-Version"),
		region:    h.Get("X-Tc-Region"),
		timestamp: h.Get("X-Tc-Timestamp"),
		language:  c.inputs.language,
	}
}

// parsedForm is how much more than its text a parsed form takes, at the worst.
const parsedForm = 4

func (s *Server) inputsFromParams(c *call) error {
	text := c.r.URL.RawQuery
	if c.transport.format == inForm {
		if err := s.readBody(c, c.maxBody()); err != nil {
			return err
		}
		if !s.hold(c, parsedForm*len(c.body)) {
			return errBodies
		}
		text = string(c.body)
	}
	var err error
	if c.params, err = wire.ParseParams(text); err != nil {
		c.languageOf(text)
		return malformed(vpc.InvalidParameter, err)
	}
	for _, p := range c.params {
		switch p.Name {
		case "Action":
			c.inputs.action = p.Value
		case "Version":
			c.inputs.version = p.Value
		case "Region":
			c.inputs.region = p.Value
		case "Timestamp":
			c.inputs.timestamp = p.Value
		case "SecretId":
			c.inputs.secretID = p.Value
		case "Language":
			c.inputs.language = language(p.Value)
		}
	}
	return nil
}

// languageOf finds the caller's language in parameters that cannot be read whole.
func (c *call) languageOf(text string) {
	for part := range strings.SplitSeq(text, "&") {
		if tag, ok := strings.CutPrefix(part, "Language="); ok {
			c.inputs.language = language(tag)
			return
		}
	}
}

// malformed shows a reader's complaint to the caller; any other error stays what it is.
func malformed(code vpc.Code, err error) error {
	var m *wire.Malformed
	if !errors.As(err, &m) {
		return err
	}
	return &vpc.Error{Code: code, Param: m.Param, EN: m.EN, ZH: m.ZH}
}

func missing(name string) error {
	return vpc.Refuse(vpc.MissingParameter, name, "it is required", "此参数必填")
}

func (in *inputs) check(t transport) error {
	switch {
	case in.action == "":
		return missing(t.input("Action"))
	case in.version == "":
		return missing(t.input("Version"))
	case in.timestamp == "":
		return missing(t.input("Timestamp"))
	}
	return nil
}

// input is what one of the inputs of every action is called in this transport.
func (t transport) input(name string) string {
	if t.tc3 {
		return "X-TC-" + name
	}
	return name
}

// authenticate verifies the signature, and before that everything which a forged one
// could be refused for at less cost.
func (s *Server) authenticate(ctx context.Context, c *call) error {
	if err := c.checkAuthorization(); err != nil {
		return err
	}
	cred, err := s.keeper.Authenticate(ctx, c.inputs.secretID)
	if err != nil {
		return err
	}
	at, ok := wire.ParseTimestamp(c.inputs.timestamp)
	if !ok {
		return vpc.Refuse(vpc.InvalidParameterValue, c.transport.input("Timestamp"), "it must be a number of seconds since 1970", "必须为 Unix 时间戳（秒）")
	}
	if err := wire.CheckClock(at, time.Now()); err != nil {
		return err
	}
	if c.transport.tc3 && c.transport.format != inQuery {
		if err := s.readBody(c, c.maxBody()); err != nil {
			return err
		}
	}
	if err := s.verify(c, cred.Secret.Reveal()); err != nil {
		return err
	}
	c.cred = cred
	return nil
}

// checkAuthorization looks at the shape of what authenticates the call.
func (c *call) checkAuthorization() error {
	if c.transport.tc3 {
		var err *wire.Error
		if c.tc3, err = wire.ParseTC3(c.r.Header.Get("Authorization")); err != nil {
			return err
		}
		c.inputs.secretID = c.tc3.SecretID
		return nil
	}
	for _, name := range [...]string{"SecretId", "Nonce", "Signature"} {
		value, _ := c.params.Get(name)
		if value == "" {
			return missing(name)
		}
		if name == "Nonce" && strings.Trim(value, "0123456789") != "" {
			return vpc.Refuse(vpc.InvalidParameterValue, name, "it must be a positive integer", "必须为正整数")
		}
	}
	return nil
}

func (s *Server) verify(c *call, secret string) error {
	c.hosts = s.appendHosts(c.hosts[:0], c)
	m := wire.Message{Method: c.r.Method, Hosts: c.hosts, Query: c.r.URL.RawQuery, Header: c.r.Header, Body: c.body}
	var err *wire.Error
	if c.transport.tc3 {
		err = s.keys.Verify(&c.tc3, &m, c.inputs.timestamp, secret)
	} else {
		err = wire.VerifyV1(&m, c.params, secret)
	}
	if err != nil { // an error, not an interface that holds nil
		return err
	}
	return nil
}

// appendHosts lists what the caller may have signed as its host: the line before its
// repair, the line as it is, without its port, and the names that something in between
// may have replaced.
func (s *Server) appendHosts(hosts []string, c *call) []string {
	add := func(host string) {
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	add(c.original)
	add(c.r.Host)
	add(withoutPort(c.r.Host))
	for _, name := range s.cfg.PublicNames {
		add(name)
	}
	return hosts
}

// withoutPort cuts the port off a host; an IPv6 address keeps its brackets.
func withoutPort(host string) string {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return host
	}
	return host[:i]
}

// common are the parameters of v1 that belong to every action.
var common = []string{
	"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature",
	"SignatureMethod", "Token", "Language", "RequestClient",
}

// ownParams reads the textual inputs that belong to the action itself.
func (c *call) ownParams() (wire.Params, error) {
	if !c.transport.tc3 {
		return slices.DeleteFunc(c.params, func(p wire.Param) bool { return slices.Contains(common, p.Name) }), nil
	}
	var params wire.Params
	var err error
	code := vpc.InvalidParameter
	switch c.transport.format {
	case inQuery:
		params, err = wire.ParseParams(c.r.URL.RawQuery)
	case inForm:
		params, err = wire.ParseParams(string(c.body))
	case inMultipart:
		code = vpc.InvalidRequest
		params, err = wire.ParseMultipart(c.r.Header.Get("Content-Type"), c.body)
	}
	if err != nil {
		return nil, malformed(code, err)
	}
	return params, nil
}
