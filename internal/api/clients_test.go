package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

// The requests of this file are, line by line, those that the named clients send.

// terraform is Go's client behind HTTP_PROXY: the request line is absolute and the
// signature is for the public host name.
func terraform() string {
	return request{
		target: "http://vpc.tencentcloudapi.com/", host: "vpc.tencentcloudapi.com", body: createBody,
		headers: []string{
			"User-Agent: Go-http-client/1.1", "X-Tc-Language: en-US", "X-Tc-Region: ap-guangzhou",
			"X-Tc-Requestclient: SDK_GO_1.3.210", "Accept-Encoding: gzip",
		},
	}.tc3()
}

// tccli is the Python SDK with --endpoint http://host:port: non-ASCII is escaped, the
// Host line holds the whole URL, and so does the signed text.
func tccli(addr string) string {
	return request{
		host: "http://" + addr,
		body: `{"VpcId": "vpc-abcd1234", "VpnGatewayName": "gw test/1", "InternetMaxBandwidthOut": 5, "Tags": [{"Key": "city", "Value": "\u4e0a\u6d77"}]}`,
		headers: []string{
			"User-Agent: python-requests/2.32.5", "Accept-Encoding: gzip, deflate", "Accept: */*", "Connection: keep-alive",
			"X-TC-RequestClient: SDK_PYTHON_3.1.162; _CLI_3.1.155.1", "X-TC-Region: ap-guangzhou", "X-TC-Language: zh-CN",
			"X-TC-TraceId: 2c2f1a0e-0b1d-4a43-9f6e-1d6b8bd0a6c5",
		},
	}.tc3()
}

// node signs the host without its port, and takes the service out of the endpoint.
func node(addr string) string {
	host, _, _ := strings.Cut(addr, ":")
	first, _, _ := strings.Cut(addr, ".")
	return request{
		host: addr, signed: host, service: first, body: createBody,
		headers: []string{
			"X-TC-RequestClient: SDK_NODEJS_4.1.313", "X-TC-Region: ap-guangzhou", "X-TC-TraceId: 7d1f7d8e-5b3c-4a58-8d1f-b6cf4b8f1b11",
			"Accept: */*", "User-Agent: node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "Accept-Encoding: gzip,deflate", "Connection: close",
		},
	}.tc3()
}

func TestClients(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	for name, text := range map[string]string{"Terraform": terraform(), "tccli": tccli(f.addr), "Node": node(f.addr)} {
		if got := f.one(t, text).code(t); got != created {
			t.Errorf("%s: got %s, want %s", name, got, created)
		}
	}
}

// TestKeptAlive sends both odd forms, chunks and refusals over one connection, once in
// turn and once without waiting.
func TestKeptAlive(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	chunked := request{host: f.addr, body: createBody, headers: []string{"Content-Length: -", "Transfer-Encoding: chunked"}}.tc3()
	chunked = strings.Replace(chunked, createBody, fmt.Sprintf("10\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", createBody[:16], len(createBody)-16, createBody[16:]), 1)
	unknown := request{host: "http://" + f.addr, action: "NoSuchThing", body: createBody}.tc3()
	var texts, want []string
	for range 3 {
		texts = append(texts, tccli(f.addr), terraform(), unknown, chunked)
		want = append(want, created, created, "InvalidAction", created)
	}
	ids := map[string]bool{}
	for i, a := range f.talk(t, len(texts), texts...) {
		a.check(t)
		if got := a.code(t); got != want[i] {
			t.Errorf("answer %d: got %s, want %s", i, got, want[i])
		}
		ids[a.parse(t).Response.RequestID] = true
	}
	if len(ids) != len(texts) {
		t.Errorf("%d request ids for %d answers", len(ids), len(texts))
	}
}

// v1 writes a v1 request. escape is how the client encodes a value.
func v1(method, host string, params wire.Params, escape func(string) string, at time.Time) string {
	m := &wire.Message{Method: method, Hosts: []string{host}}
	var parts []string
	for _, p := range signer.SignV1(m, params, at, 4711) {
		parts = append(parts, p.Name+"="+escape(p.Value))
	}
	text := strings.Join(parts, "&")
	if method == "GET" {
		return "GET /?" + text + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	}
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", host, len(text), text)
}

func v1Create(method string) wire.Params {
	params := wire.Params{
		{Name: "Action", Value: "CreateVpnGateway"}, {Name: "Version", Value: "2017-03-12"}, {Name: "Region", Value: "ap-guangzhou"},
		{Name: "RequestClient", Value: "SDK_NODEJS_INTL_EN3.0.1335"}, {Name: "Language", Value: "en-US"}, {Name: "Token", Value: "ignored"},
		{Name: "VpcId", Value: "vpc-abcd1234"}, {Name: "VpnGatewayName", Value: "gw test/1"}, {Name: "InternetMaxBandwidthOut", Value: "5"},
		{Name: "Tags.0.Key", Value: "city"}, {Name: "Tags.0.Value", Value: "上海"},
	}
	if method != "" {
		params = append(params, wire.Param{Name: "SignatureMethod", Value: method})
	}
	return params
}

func nodeEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func TestV1(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	for _, method := range []string{"GET", "POST"} {
		for _, hash := range []string{"HmacSHA256", "HmacSHA1", ""} {
			for name, escape := range map[string]func(string) string{"Go": url.QueryEscape, "Node": nodeEscape} {
				if got := f.one(t, v1(method, f.addr, v1Create(hash), escape, time.Now())).code(t); got != created {
					t.Errorf("%s %s %s: got %s", method, hash, name, got)
				}
			}
		}
	}
}

func TestTC3Get(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	query := "InternetMaxBandwidthOut=5&Tags.0.Key=city&Tags.0.Value=%E4%B8%8A%E6%B5%B7&VpcId=vpc-abcd1234&VpnGatewayName=gw+test%2F1"
	text := request{method: "GET", target: "/?" + query, host: f.addr, contentType: "application/x-www-form-urlencoded"}.tc3()
	if got := f.one(t, text).code(t); got != created {
		t.Errorf("got %s", got)
	}
	if got := f.one(t, strings.Replace(text, "=5&", "=6&", 1)).code(t); got != "AuthFailure.SignatureFailure" {
		t.Errorf("after a change of the query: got %s", got)
	}
}

func TestMultipart(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	part := func(name, more, value string) string {
		return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"" + more + "\r\n\r\n" + value + "\r\n"
	}
	const json = "\r\nContent-Type: application/json"
	body := part("VpcId", "", "vpc-abcd1234") + part("VpnGatewayName", "", "gw test/1") + part("InternetMaxBandwidthOut", "", "5")
	for name, c := range map[string]struct{ tags, want string }{
		"Node":     {part("Tags.0.Key", "", "city") + part("Tags.0.Value", "", "上海"), created},
		"Python":   {part("Tags", json, `[{"Key": "city", "Value": "\u4e0a\u6d77"}]`), created},
		"bad JSON": {part("Tags", json, `[{`), "InvalidRequest"},
		"bad part": {"--B\r\n\r\nx\r\n", "InvalidRequest"},
	} {
		text := request{host: f.addr, contentType: "multipart/form-data; boundary=B", body: body + c.tags + "--B--\r\n"}.tc3()
		if got := f.one(t, text).code(t); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestSignedForm(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	body := "VpcId=vpc-abcd1234&VpnGatewayName=gw+test/1&InternetMaxBandwidthOut=5&Tags.0.Key=city&Tags.0.Value=%E4%B8%8A%E6%B5%B7"
	if got := f.one(t, request{contentType: "application/x-www-form-urlencoded", body: body}.tc3()).code(t); got != created {
		t.Errorf("got %s", got)
	}
}

// TestUnsignedPayload sends another body than the one that was there when it was signed.
func TestUnsignedPayload(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	text := request{body: createBody, headers: []string{"X-TC-Content-SHA256: UNSIGNED-PAYLOAD"}}.tc3()
	if got := f.one(t, strings.Replace(text, "gw test/1", "gw test/2", 1)).code(t); got != strings.Replace(created, "/1", "/2", 1) {
		t.Errorf("got %s", got)
	}
}

// TestLowercaseSample signs as the vendor's newest sample does: three headers, the action
// in lower case.
func TestLowercaseSample(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	at := time.Now()
	m := &wire.Message{Method: "POST", Hosts: []string{f.addr}, Body: []byte(createBody), Header: http.Header{
		"Content-Type": {"application/json"}, "X-Tc-Action": {"createvpngateway"},
	}}
	text := request{host: f.addr, body: createBody, headers: []string{"Authorization: " + signer.SignTC3(m, "vpc", at, "x-tc-action")}}.tc3()
	if got := f.one(t, text).code(t); got != created {
		t.Errorf("got %s", got)
	}
}
