package durable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// callTime is a client's patience: longer than the server's own with a write.
const callTime = 15 * time.Second

// client signs calls of one key. It may be used by many goroutines.
type client struct {
	cred wire.Credential
	http *http.Client
}

func newClient(cred wire.Credential) *client {
	return &client{cred, &http.Client{Timeout: callTime, Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, DisableCompression: true,
		DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
	}}}
}

// fate is what a caller knows of a call.
type fate int

const (
	unasked fate = iota
	asked        // no answer yet
	done         // acknowledged
	refused      // certainly not done
	unknown      // done, or not, or still to be done
)

func (f fate) String() string {
	return [...]string{"unasked", "asked", "done", "refused", "unknown"}[f]
}

// reply is what came of one call.
type reply struct {
	fate
	code    vpc.Code
	message string
	id      string // RequestId
	body    json.RawMessage
	err     error // no answer at all
	began   time.Time
	ended   time.Time
}

func (r *reply) String() string {
	switch {
	case r.err != nil:
		return fmt.Sprintf("%v: %v", r.fate, r.err)
	case r.code != "":
		return fmt.Sprintf("%v: %s: %s", r.fate, r.code, r.message)
	}
	return fmt.Sprintf("%v: %s", r.fate, r.body)
}

// decode reads an acknowledged answer.
func decode(r *reply, out any) error {
	if r.fate != done {
		return fmt.Errorf("not acknowledged: %v", r)
	}
	if err := json.Unmarshal(r.body, out); err != nil {
		return fmt.Errorf("%w: %s", err, r.body)
	}
	return nil
}

type inputs map[string]any

// call makes one call of the server at addr, once.
func (c *client) call(addr, action string, in inputs) *reply {
	body, err := json.Marshal(in)
	if err != nil {
		panic(err) // a literal of this package
	}
	return c.post(addr, action, body)
}

func (c *client) post(addr, action string, body []byte) *reply {
	r := &reply{began: time.Now()}
	defer func() { r.ended = time.Now() }()
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	c.sign(req, action, body)
	resp, err := c.http.Do(req)
	if err != nil {
		r.err, r.fate = err, unknown
		if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
			r.fate = refused
		}
		return r
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.err, r.fate = err, unknown
		return r
	}
	r.read(resp, text)
	return r
}

func (c *client) sign(req *http.Request, action string, body []byte) {
	version, service := "2017-03-12", "vpc"
	if a := wire.Actions[action]; a != nil {
		version, service = a.Version, a.Service
	}
	h, now := req.Header, time.Now()
	h.Set("Content-Type", "application/json")
	h.Set("X-TC-Action", action)
	h.Set("X-TC-Version", version)
	h.Set("X-TC-Timestamp", strconv.FormatInt(now.Unix(), 10))
	h.Set("X-TC-Region", "ap-guangzhou")
	m := &wire.Message{Method: req.Method, Hosts: []string{req.Host}, Header: h, Body: body}
	h.Set("Authorization", c.cred.SignTC3(m, service, now))
}

// read takes an answer apart.
func (r *reply) read(resp *http.Response, text []byte) {
	var envelope struct{ Response json.RawMessage }
	var common struct {
		RequestId string
		Error     *struct{ Code, Message string }
	}
	err := json.Unmarshal(text, &envelope)
	if err == nil {
		err = json.Unmarshal(envelope.Response, &common)
	}
	if err == nil && (resp.StatusCode != http.StatusOK || common.RequestId == "") {
		err = errors.New("an answer has HTTP status 200 and a RequestId")
	}
	if err != nil {
		r.err, r.fate = fmt.Errorf("%w: HTTP %d: %q", err, resp.StatusCode, text), unknown
		return
	}
	r.id, r.body, r.fate = common.RequestId, envelope.Response, done
	if common.Error != nil {
		r.code, r.message = vpc.Code(common.Error.Code), common.Error.Message
		r.fate = refused
		if r.code == vpc.InternalError || strings.Contains(r.message, "outcome of this call is not known") {
			r.fate = unknown
		}
	}
}

// must makes a call that has to be acknowledged.
func (c *client) must(t *testing.T, addr, action string, in inputs, out any) {
	t.Helper()
	r := c.call(addr, action, in)
	if err := decode(r, out); err != nil {
		t.Fatalf("%s: %v", action, err)
	}
}

// vpc makes a VPC to put gateways in.
func (c *client) vpc(t *testing.T, addr, name string) string {
	t.Helper()
	var out wire.CreateVpcResponse
	c.must(t, addr, "CreateVpc", inputs{"VpcName": name, "CidrBlock": "10.0.0.0/16"}, &out)
	return out.Vpc.VpcId
}

// gatewayOf finds a gateway by its id; nil when there is none, or when it is going.
func gatewayOf(r *reply) (*wire.VpnGateway, error) {
	if r.code == vpc.ResourceNotFound {
		return nil, nil
	}
	if r.fate != done {
		return nil, fmt.Errorf("DescribeVpnGateways: %v", r)
	}
	var out wire.DescribeVpnGatewaysResponse
	if err := json.Unmarshal(r.body, &out); err != nil {
		return nil, err
	}
	for _, g := range out.VpnGatewaySet {
		if g.State != "DELETING" {
			return &g, nil
		}
	}
	return nil, nil
}
