package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// TestRefusals sends requests that are wrong in one way each, and the order of the
// checks: of two faults the earlier is answered.
func TestRefusals(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	with := func(headers ...string) request { return request{body: createBody, headers: headers} }
	other := wire.Credential{SecretID: "AKIDNOBODY", SecretKey: "x"}
	wrong := wire.Credential{SecretID: signer.SecretID, SecretKey: "wrong"}
	now := time.Now()
	for _, c := range []struct{ name, text, want string }{
		{"nothing wrong", with().tc3(), created},
		{"a token that is not signed", with("X-TC-Token: whatever").tc3(), created},
		{"an idempotency key", with("X-Idempotency-Key: x").tc3(), created},
		{"a client name changed after signing", strings.Replace(with("X-TC-RequestClient: a").tc3(), "RequestClient: a", "RequestClient: b", 1), created},
		{"a wrong service", request{body: createBody, service: "cvm"}.tc3(), created},
		{"a signed charset", request{body: createBody, contentType: "application/json; charset=utf-8"}.tc3(), created},
		{"299 s slow", request{body: createBody, at: now.Add(-299 * time.Second)}.tc3(), created},

		{"a body changed by one byte", strings.Replace(with().tc3(), `:5,`, `:6,`, 1), "AuthFailure.SignatureFailure"},
		{"another host than signed", request{body: createBody, host: "a.test", signed: "b.test"}.tc3(), "AuthFailure.SignatureFailure"},
		{"another content type than signed", with("Content-Type: application/json; x=y").tc3(), "AuthFailure.SignatureFailure"},
		{"a wrong secret", request{body: createBody, key: wrong}.tc3(), "AuthFailure.SignatureFailure"},
		{"the day before in the scope", strings.Replace(with().tc3(), "/"+now.UTC().Format(time.DateOnly)+"/", "/2001-01-01/", 1), "AuthFailure.SignatureFailure"},
		{"302 s slow", request{body: createBody, at: now.Add(-302 * time.Second)}.tc3(), "AuthFailure.SignatureExpire"},
		{"302 s fast", request{body: createBody, at: now.Add(302 * time.Second)}.tc3(), "AuthFailure.SignatureExpire"},
		{"an unknown key", request{body: createBody, key: other}.tc3(), "AuthFailure.SecretIdNotFound"},
		{"SKIP", with("Authorization: SKIP").tc3(), "AuthFailure.InvalidAuthorization"},
		{"another scheme", with("Authorization: Basic eDp5").tc3(), "AuthFailure.InvalidAuthorization"},
		{"no authorization", with("Authorization: -").tc3(), "AuthFailure.InvalidAuthorization"},
		{"no content-type among the signed", strings.Replace(with().tc3(), "content-type;host", "host", 1), "AuthFailure.InvalidAuthorization"},
		{"a signature cut short", strings.Replace(with().tc3(), "Signature=", "Signature=0", 1), "AuthFailure.InvalidAuthorization"},

		{"no action", with("X-TC-Action: -").tc3(), "MissingParameter"},
		{"no version", with("X-TC-Version: -").tc3(), "MissingParameter"},
		{"no timestamp", with("X-TC-Timestamp: -").tc3(), "MissingParameter"},
		{"a timestamp in words", with("X-TC-Timestamp: now").tc3(), "InvalidParameterValue"},
		{"a timestamp with a fraction", with("X-TC-Timestamp: 1700000000.5").tc3(), "InvalidParameterValue"},
		{"a timestamp changed by one second", with(fmt.Sprintf("X-TC-Timestamp: %d", now.Unix()+7)).tc3(), "AuthFailure.SignatureFailure"},
		{"no content type", with("Content-Type: -").tc3(), "UnsupportedProtocol"},
		{"an unknown content type", request{body: createBody, contentType: "text/plain"}.tc3(), "UnsupportedProtocol"},

		{"an unknown action", request{action: "CreateVpnGatewayz"}.tc3(), "InvalidAction"},
		{"an action in lower case", request{action: "createVpnGateway"}.tc3(), "InvalidAction"},
		{"a path for an action", request{action: "../CreateVpnGateway"}.tc3(), "InvalidAction"},
		{"an action that is not offered", request{action: "CreateNatGateway"}.tc3(), "UnsupportedOperation"},
		{"an unknown version", request{version: "2020-01-01"}.tc3(), "NoSuchVersion"},
		{"another product", request{service: "cvm", action: "RunInstances", host: "cvm.example.test"}.tc3(), "NoSuchProduct"},
		{"an unknown region", with("X-TC-Region: ap-atlantis").tc3(), "UnsupportedRegion"},
		{"another region", with("X-TC-Region: ap-shanghai").tc3(), strings.Replace(created, "ap-guangzhou", "ap-shanghai", 1)},
		{"an empty region", with("X-TC-Region: ").tc3(), created},
		{"an unknown input", request{body: `{"VpcId":"a","ClientToken":"x"}`}.tc3(), "UnknownParameter"},
		{"a mistyped input", request{body: strings.Replace(createBody, ":5,", `:"5",`, 1)}.tc3(), "InvalidParameter"},
		{"no JSON", request{body: `VpcId=a`}.tc3(), "InvalidParameter"},

		{"method before authorization", request{method: "PUT", headers: []string{"Authorization: -"}}.tc3(), "UnsupportedProtocol"},
		{"content type before inputs", request{contentType: "text/plain", headers: []string{"X-TC-Action: -"}}.tc3(), "UnsupportedProtocol"},
		{"inputs before authorization", with("X-TC-Action: -", "Authorization: SKIP").tc3(), "MissingParameter"},
		{"authorization before key", strings.Replace(request{body: createBody, key: other}.tc3(), "Signature=", "Signature=0", 1), "AuthFailure.InvalidAuthorization"},
		{"key before clock", request{body: createBody, key: other, at: now.Add(-time.Hour)}.tc3(), "AuthFailure.SecretIdNotFound"},
		{"clock before signature", request{body: createBody, key: wrong, at: now.Add(-time.Hour)}.tc3(), "AuthFailure.SignatureExpire"},
		{"signature before action", request{body: createBody, key: wrong, action: "Nothing"}.tc3(), "AuthFailure.SignatureFailure"},
		{"action before region", request{action: "Nothing", headers: []string{"X-TC-Region: ap-atlantis"}}.tc3(), "InvalidAction"},
		{"region before inputs", request{body: "{", headers: []string{"X-TC-Region: ap-atlantis"}}.tc3(), "UnsupportedRegion"},
	} {
		if got := f.one(t, c.text).code(t); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestRefusalsV1(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	now := time.Now()
	signed := func(change func(wire.Params) wire.Params) string {
		m := &wire.Message{Method: "POST", Hosts: []string{f.addr}}
		return form(f.addr, change(signer.SignV1(m, v1Create("HmacSHA256"), now, 1)))
	}
	set := func(name, value string) func(wire.Params) wire.Params {
		return func(params wire.Params) wire.Params {
			for i := range params {
				if params[i].Name == name {
					params[i].Value = value
					return params
				}
			}
			return append(params, wire.Param{Name: name, Value: value})
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing wrong", signed(func(p wire.Params) wire.Params { return p }), created},
		{"a value changed", signed(set("InternetMaxBandwidthOut", "6")), "AuthFailure.SignatureFailure"},
		{"a parameter added", signed(set("Zone", "x")), "AuthFailure.SignatureFailure"},
		{"a token changed, which v1 signs", signed(set("Token", "t")), "AuthFailure.SignatureFailure"},
		{"the other hash named", signed(set("SignatureMethod", "HmacSHA1")), "AuthFailure.SignatureFailure"},
		{"no action", signed(set("Action", "")), "MissingParameter"},
		{"no version", signed(set("Version", "")), "MissingParameter"},
		{"no timestamp", signed(set("Timestamp", "")), "MissingParameter"},
		{"no nonce", signed(set("Nonce", "")), "MissingParameter"},
		{"no key", signed(set("SecretId", "")), "MissingParameter"},
		{"no signature", signed(set("Signature", "")), "MissingParameter"},
		{"a nonce that is no number", signed(set("Nonce", "-1")), "InvalidParameterValue"},
		{"an unknown key", signed(set("SecretId", "AKIDNOBODY")), "AuthFailure.SecretIdNotFound"},
		{"out of time", signed(set("Timestamp", fmt.Sprint(now.Unix()-302))), "AuthFailure.SignatureExpire"},
		{"a form that is none", rawForm(f.addr, "a=%"), "InvalidParameter"},
		{"a parameter twice", rawForm(f.addr, "Action=a&Action=b"), "InvalidParameter"},
		{"nothing at all", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "MissingParameter"},
	} {
		if got := f.one(t, c.text).code(t); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	unknown := append(v1Create("HmacSHA256"), wire.Param{Name: "Nope.0.X", Value: "1"})
	if got := f.one(t, v1("POST", f.addr, unknown, url.QueryEscape, now)).code(t); got != "UnknownParameter" {
		t.Errorf("an unknown input: got %s", got)
	}
}

// TestReplay sends the same signed bytes twice. Both are taken within the clock window, as
// documented: a signature does not tell a replay from a retry, and nonces are not kept.
func TestReplay(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	now := time.Now()
	v1Text := func(at time.Time) string { return v1("POST", f.addr, v1Create("HmacSHA256"), url.QueryEscape, at) }
	tc3Text := func(at time.Time) string { return request{body: createBody, at: at}.tc3() }
	for name, text := range map[string]func(time.Time) string{"TC3": tc3Text, "v1": v1Text} {
		for at, want := range map[time.Time]string{now.Add(-290 * time.Second): created, now.Add(-302 * time.Second): "AuthFailure.SignatureExpire"} {
			same := text(at)
			for range 2 {
				if got := f.one(t, same).code(t); got != want {
					t.Errorf("%s, signed %s ago: got %s, want %s", name, now.Sub(at), got, want)
				}
			}
		}
	}
}

func form(host string, params wire.Params) string {
	var parts []string
	for _, p := range params {
		parts = append(parts, p.Name+"="+url.QueryEscape(p.Value))
	}
	return rawForm(host, strings.Join(parts, "&"))
}

func rawForm(host, text string) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", host, len(text), text)
}

func TestMethodsAndPaths(t *testing.T) {
	f := newFront(t).serve(t)
	for _, c := range []struct {
		text   string
		status int
		code   string
	}{
		{"OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "UnsupportedProtocol"},
		{"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 200, "UnsupportedProtocol"},
		{"DELETE http://vpc.test HTTP/1.1\r\nHost: vpc.test\r\n\r\n", 200, "UnsupportedProtocol"},
		{"PATCH / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 200, "UnsupportedProtocol"},
		{"POST http://vpc.test HTTP/1.1\r\nHost: vpc.test\r\nContent-Length: 0\r\n\r\n", 200, "UnsupportedProtocol"},
		{"CONNECT vpc.test:443 HTTP/1.1\r\nHost: vpc.test:443\r\n\r\n", 405, "UnsupportedProtocol"},
		{"POST /v2/index.php HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404, "InvalidAction"},
		{"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n", 404, "InvalidAction"},
		{"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404, "InvalidAction"},
	} {
		a := f.talk(t, 1, c.text)[0]
		if got := a.code(t); a.status != c.status || got != c.code {
			t.Errorf("%.30q: got %d %s, want %d %s", c.text, a.status, got, c.status, c.code)
		}
	}
}

// TestHead has no body to look at.
func TestHead(t *testing.T) {
	f := newFront(t).serve(t)
	r, err := http.Head("http://" + f.addr)
	if err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %v", r, err)
	}
}

func TestTooLarge(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	pad := func(n int) string { return strings.Repeat("x", n) }
	query := func(n int) string {
		return request{method: "GET", target: "/?" + pad(n), contentType: "application/x-www-form-urlencoded"}.tc3()
	}
	chunked := fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", maxForm+1, pad(maxForm+1))
	signed := request{body: createBody, headers: []string{"Content-Length: -", "Transfer-Encoding: chunked"}}.tc3()
	signed = strings.Replace(signed, createBody, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", maxBody+1, pad(maxBody+1)), 1)
	for _, c := range []struct{ name, text, want string }{
		{"a query of 32 KB", query(maxQuery), "UnknownParameter"},
		{"a query of a byte more", query(maxQuery + 1), "RequestSizeLimitExceeded"},
		{"a query that net/http would not take", query(100_000), "RequestSizeLimitExceeded"},
		{"a form of 1 MB", rawForm("x", pad(maxForm)), "MissingParameter"},
		{"a form of a byte more", rawForm("x", pad(maxForm+1)), "RequestSizeLimitExceeded"},
		{"a form of unknown length", chunked, "RequestSizeLimitExceeded"},
		{"a body of 10 MB", request{body: pad(maxBody)}.tc3(), "InvalidParameter"},
		{"a body of a byte more", request{body: pad(maxBody + 1)}.tc3(), "RequestSizeLimitExceeded"},
		{"a body of unknown length", signed, "RequestSizeLimitExceeded"},
		{"size before all else", request{method: "PUT", body: pad(maxBody + 1)}.tc3(), "RequestSizeLimitExceeded"},
	} {
		answers := f.talk(t, 2, c.text, request{body: createBody}.tc3())
		if got := answers[0].code(t); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if got := answers[1].code(t); got != created {
			t.Errorf("%s: the connection's next call got %s", c.name, got)
		}
	}
	if f.bodies.free != defaultBodyMemory {
		t.Errorf("%d bytes of the budget are free, want %d", f.bodies.free, defaultBodyMemory)
	}
}

// TestOversizeDoesNotReset refuses a large body before it is read and looks whether a
// client that first sends all of it gets the answer.
func TestOversizeDoesNotReset(t *testing.T) {
	f := newFront(t).serve(t)
	body := strings.Repeat("x", 20<<20)
	r, err := http.Post("http://"+f.addr, "application/x-www-form-urlencoded", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	if !bytes.Contains(text, []byte("RequestSizeLimitExceeded")) {
		t.Errorf("got %s", text)
	}
}

// TestExpectContinue refuses without asking for the body.
func TestExpectContinue(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head := request{body: createBody, headers: []string{"Expect: 100-continue", "Authorization: SKIP"}}.tc3()
	io.WriteString(conn, strings.TrimSuffix(head, createBody))
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%v %v", r, err)
	}
	text, _ := io.ReadAll(r.Body)
	if !bytes.Contains(text, []byte("InvalidAuthorization")) {
		t.Errorf("got %s", text)
	}
}

func TestLanguageAndTrace(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	for _, c := range []struct{ header, want string }{
		{"X-TC-Language: zh-CN", "参数 `Nope` 不可接受"},
		{"X-TC-Language: ZH-cn", "参数 `Nope` 不可接受"},
		{"X-TC-Language: en-US", "The parameter `Nope` is not acceptable"},
		{"X-TC-Language: tlh", "The parameter `Nope` is not acceptable"},
		{"X-TC-Language: -", "The parameter `Nope` is not acceptable"},
	} {
		a := f.one(t, request{body: `{"Nope":1}`, headers: []string{c.header, "x-tc-traceid: a-b"}}.tc3())
		if got := a.message(t); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q", c.header, got)
		}
		if !strings.Contains(strings.Join(a.headers, "\n"), "X-TC-TraceId: a-b") {
			t.Errorf("no trace id in %q", a.headers)
		}
	}
	early := f.one(t, "PUT / HTTP/1.1\r\nHost: x\r\nX-TC-Language: zh-CN\r\n\r\n")
	if got := early.message(t); !strings.Contains(got, "请求方法") {
		t.Errorf("refused early: got %q", got)
	}
	params := append(v1Create(""), wire.Param{Name: "Nope", Value: "1"})
	for i := range params {
		if params[i].Name == "Language" {
			params[i].Value = "zh-CN"
		}
	}
	a := f.one(t, v1("POST", f.addr, params, url.QueryEscape, time.Now()))
	if got := a.message(t); !strings.HasPrefix(got, "参数 `Nope`") || a.header["X-Tc-Traceid"] != nil {
		t.Errorf("v1: got %q, headers %q", got, a.headers)
	}
}

// TestMalformedInputs holds that text which cannot be read is refused in the caller's
// language, with the input that is wrong named as everywhere.
func TestMalformedInputs(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	form := func(body string) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	multipart := func(body string) string {
		return request{contentType: "multipart/form-data; boundary=B", body: body, headers: []string{"X-TC-Language: zh-CN"}}.tc3()
	}
	for _, c := range []struct{ text, want string }{
		{form("Action=A&VpcId=%zz"), "The parameter `VpcId` is not acceptable: its value is not URL-encoded UTF-8."},
		{form("Action=A&VpcId=%zz&Language=zh-CN"), "参数 `VpcId` 不可接受：其值不是 URL 编码的 UTF-8。"},
		{form("Language=zh-CN&Action=A&Action=B"), "参数 `Action` 不可接受：重复出现。"},
		{form("=1"), "a parameter's name is empty or not URL-encoded UTF-8."},
		{request{method: "GET", target: "/?VpcId=1&VpcId=2"}.tc3(), "The parameter `VpcId` is not acceptable: it is given more than once."},
		{multipart("--B\r\nContent-Disposition: form-data; name=\"VpcId\"\r\n\r\n\xff\r\n--B--\r\n"), "参数 `VpcId` 不可接受：不是 UTF-8。"},
		{multipart("--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--\r\n"), "请求体中有一部分没有名称。"},
	} {
		if got := f.one(t, c.text).message(t); got != c.want {
			t.Errorf("%.80q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestFaultsPermissionsAndAudit(t *testing.T) {
	ran := 0
	stub(t, "CreateVpnGateway", func(context.Context, *control.Caller, *wire.CreateVpnGatewayRequest) (*wire.CreateVpnGatewayResponse, error) {
		ran++
		return nil, vpc.Refuse(vpc.LimitExceeded, "VpcId", "enough", "够了")
	})
	stub(t, "DescribeVpnGateways", func(context.Context, *control.Caller, *wire.DescribeVpnGatewaysRequest) (*wire.DescribeVpnGatewaysResponse, error) {
		return nil, vpc.Refuse(vpc.ResourceNotFound, "", "nothing", "没有")
	})
	stub(t, "DescribeVpcs", func(context.Context, *control.Caller, *wire.DescribeVpcsRequest) (*wire.DescribeVpcsResponse, error) {
		return &wire.DescribeVpcsResponse{}, nil
	})
	f := newFront(t).serve(t)
	create, describe := request{body: createBody}.tc3(), request{action: "DescribeVpnGateways", body: "{}"}.tc3()
	steps := []struct {
		name    string
		prepare func()
		text    string
		want    string
		audit   string
	}{
		{"refused by the rules", func() {}, create, "LimitExceeded", `CreateVpnGateway LimitExceeded ap-guangzhou fault=false params={"VpcId":"vpc-abcd1234","VpnGatewayName":"gw test/1","InternetMaxBandwidthOut":5,"Tags":[{"Key":"city","Value":"上海"}]}`},
		{"a read is not audited", func() {}, describe, "ResourceNotFound", ""},
		{"refused before it is decoded", func() {}, request{body: "{"}.tc3(), "InvalidParameter", "CreateVpnGateway InvalidParameter ap-guangzhou fault=false params="},
		{"a fault", func() { f.keeper.fault = &vpc.Fault{ID: "fault-1", Code: "InternalError.ModuleError"} }, create, "InternalError.ModuleError", `CreateVpnGateway InternalError.ModuleError ap-guangzhou fault=true params={"VpcId`},
		{"decoding comes before a fault", func() {}, request{body: "["}.tc3(), "InvalidParameter", "CreateVpnGateway InvalidParameter ap-guangzhou fault=false"},
		{"a fault that is only slow", func() { f.keeper.fault = &vpc.Fault{ID: "fault-2", Latency: int64(time.Millisecond)} }, create, "LimitExceeded", "CreateVpnGateway LimitExceeded ap-guangzhou fault=true"},
		{"a read that is only slow", func() { f.keeper.fault = &vpc.Fault{ID: "fault-2", Latency: int64(time.Millisecond)} }, describe, "ResourceNotFound", "DescribeVpnGateways ResourceNotFound ap-guangzhou fault=true"},
		{"a read that is slow and succeeds", func() {}, request{action: "DescribeVpcs", body: "{}"}.tc3(), "OK", "DescribeVpcs OK ap-guangzhou fault=true"},
		{"a read that a fault stops", func() { f.keeper.fault = &vpc.Fault{ID: "fault-3", Code: vpc.RequestLimitExceeded} }, describe, "RequestLimitExceeded", "DescribeVpnGateways RequestLimitExceeded ap-guangzhou fault=true"},
		{"a key that may not", func() { f.keeper.deny = vpc.Refuse(vpc.AuthFailureUnauthorizedOperation, "", "no", "否") }, create, "AuthFailure.UnauthorizedOperation", "CreateVpnGateway AuthFailure.UnauthorizedOperation ap-guangzhou fault=false params="},
	}
	for _, c := range steps {
		f.keeper.refused = nil
		c.prepare()
		if got := f.one(t, c.text).code(t); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		f.keeper.mu.Lock()
		if got := strings.Join(f.keeper.refused, "; "); !strings.HasPrefix(got, c.audit) || (c.audit == "") != (got == "") {
			t.Errorf("%s: audited %q, want %q", c.name, got, c.audit)
		}
		f.keeper.mu.Unlock()
	}
	if ran != 2 {
		t.Errorf("the action ran %d times, want 2", ran)
	}
}

// TestInternalErrors hides what went wrong from the caller and tells it to the log, once.
func TestInternalErrors(t *testing.T) {
	var fails func() error
	stub(t, "CreateVpnGateway", func(context.Context, *control.Caller, *wire.CreateVpnGatewayRequest) (*wire.CreateVpnGatewayResponse, error) {
		return nil, fails()
	})
	f := newFront(t).serve(t)
	for name, fail := range map[string]func() error{
		"an error": func() error { return fmt.Errorf("deep: %w", errors.New("disk /var/secret is gone")) },
		"a panic":  func() error { panic("disk /var/secret is gone") },
	} {
		fails = fail
		before := len(f.log.String())
		a := f.one(t, request{body: createBody}.tc3())
		if got := a.code(t); got != "InternalError" || strings.Contains(a.body, "secret") {
			t.Errorf("%s: answered %s", name, a.body)
		}
		logged := f.log.String()[before:]
		id := a.parse(t).Response.RequestID
		if n := strings.Count(logged, `"level":"ERROR"`); n != 1 || !strings.Contains(logged, "disk /var/secret is gone") || !strings.Contains(logged, id) {
			t.Errorf("%s: logged %d times: %s", name, n, logged)
		}
		if name == "a panic" && !strings.Contains(logged, "refuse_test.go") {
			t.Errorf("no stack in %s", logged)
		}
	}
	if got := f.one(t, request{body: createBody, action: "DescribeVpcs", version: "x"}.tc3()).code(t); got != "NoSuchVersion" {
		t.Errorf("after a panic: got %s", got)
	}
}

// TestLogHoldsNoSecret looks for what must not be in the log at its most talkative.
func TestLogHoldsNoSecret(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	text := request{body: strings.Replace(createBody, "city", "hidden-in-body", 1)}.tc3()
	f.one(t, text)
	f.one(t, strings.Replace(text, "hidden", "hiddem", 1))
	_, signature, _ := strings.Cut(text, "Signature=")
	log := f.log.String()
	for _, secret := range []string{"hidden-in-body", signer.SecretKey, signature[:64]} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q: %s", secret, log)
		}
	}
	if !strings.Contains(log, `"code":"OK"`) || !strings.Contains(log, `"code":"AuthFailure.SignatureFailure"`) || !strings.Contains(log, `"source":"127.0.0.1"`) {
		t.Errorf("no access log: %s", log)
	}
}

func TestObserve(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	f.one(t, request{body: createBody}.tc3())
	f.one(t, request{body: createBody, action: "x-made-up-by-a-caller"}.tc3())
	f.one(t, request{body: createBody, action: "CreateNatGateway"}.tc3())
	want := "CreateVpnGateway OK, unknown InvalidAction, CreateNatGateway UnsupportedOperation"
	if got := strings.Join(f.seen, ", "); got != want {
		t.Errorf("observed %s, want %s", got, want)
	}
}
