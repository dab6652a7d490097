package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// A call is one request on its way through the front. It is used again after free.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	id      string // RequestId
	started time.Time

	overlong bool   // the request line was cut off
	original string // the Host line before its repair, empty if it was sound

	transport transport
	inputs    inputs
	tc3       wire.TC3
	params    wire.Params // textual inputs; the common ones are taken out once authenticated
	body      []byte
	held      int64 // bytes of the budget for bodies
	out       []byte
	hosts     []string

	cred   *control.Credential
	action *wire.Action // nil until it is known and served
	caller *control.Caller
}

// inputs are those that every action has: headers with TC3, parameters with v1.
type inputs struct {
	action, version, region string
	timestamp               string
	secretID                string
	language                vpc.Language
}

var calls = sync.Pool{New: func() any { return new(call) }}

func newCall(w http.ResponseWriter, r *http.Request) *call {
	c := calls.Get().(*call)
	c.w, c.r, c.started, c.id = w, r, time.Now(), newRequestID()
	c.inputs.language = language(r.Header.Get("X-Tc-Language")) // for a refusal before the inputs are read
	for _, note := range r.Header[repairedHeader] {
		if note == overlong {
			c.overlong = true
		} else {
			c.original = note
		}
	}
	return c
}

// free makes c ready for another request; what may outlive it was never in it.
func (c *call) free() {
	body, out, hosts := c.body[:0], c.out[:0], c.hosts[:0]
	clear(hosts[:cap(hosts)])
	if cap(out) > maxPooledAnswer {
		out = nil
	}
	*c = call{body: body, out: out, hosts: hosts}
	calls.Put(c)
}

// maxPooledAnswer is the largest answer whose buffer is kept, in bytes.
const maxPooledAnswer = 64 << 10

// newRequestID makes a random UUID (RFC 9562, version 4) in lower case.
func newRequestID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[0:8], u[0:4])
	hex.Encode(text[9:13], u[4:6])
	hex.Encode(text[14:18], u[6:8])
	hex.Encode(text[19:23], u[8:10])
	hex.Encode(text[24:36], u[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// source is the caller's address without its port.
func (c *call) source() string {
	address := c.r.RemoteAddr
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		address = address[:i]
	}
	return strings.Trim(address, "[]")
}

// maxTrace bounds a trace id that is echoed, in bytes.
const maxTrace = 256

var jsonType = []string{"application/json"}

// send writes an answer. The body may be used again afterwards.
func (c *call) send(status int, body []byte) {
	h := c.w.Header()
	h["Content-Type"] = jsonType
	if trace := c.r.Header["X-Tc-Traceid"]; len(trace) == 1 && len(trace[0]) <= maxTrace {
		h["X-TC-TraceId"] = trace
	}
	if len(body) > 1024 { // net/http adds it to a shorter answer itself
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	if status != http.StatusOK {
		c.w.WriteHeader(status)
	}
	_, _ = c.w.Write(body) // a caller who went away misses nothing
}

// delay waits for a fault's latency, or until the caller goes away.
func (c *call) delay(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	// A ResponseWriter that has no deadline to move needs none moved.
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(d + writeTimeout))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func wireLanguage(l vpc.Language) wire.Language {
	if l == vpc.Chinese {
		return wire.Chinese
	}
	return wire.English
}

func language(name string) vpc.Language {
	if strings.EqualFold(name, "zh-CN") {
		return vpc.Chinese
	}
	return vpc.English
}
