package api

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

// FuzzFront sends any request that net/http would let in, and signs some of them. The
// answer must be one JSON envelope, and only a signed request may get further than the
// signature.
func FuzzFront(f *testing.F) {
	f.Add("POST", "/", "application/json", "CreateVpnGateway", "vpc", createBody, true)
	f.Add("POST", "/", "multipart/form-data; boundary=B", "CreateVpnGateway", "127", "--B\r\n", true)
	f.Add("GET", "/?VpcId=vpc-abcd1234&Tags.0.Key=%ff", "application/x-www-form-urlencoded", "DescribeVpcs", "tag", "", true)
	f.Add("GET", "/?Action=CreateVpnGateway&Version=2017-03-12&Timestamp=1&SecretId=a&Nonce=1&Signature=b", "", "", "", "", false)
	f.Add("POST", "/", "application/x-www-form-urlencoded", "", "", "Action=a&Version=b&Timestamp=9999999999&Language=zh-CN&Region=%00", false)
	f.Add("BREW", "*", "text/plain", "../..", "", "\x00", true)
	front := newFront(f)
	front.Server.log = newServer(Config{}, front.keeper).log
	stubCreate(f)
	f.Fuzz(func(t *testing.T, method, target, contentType, action, service, body string, signed bool) {
		text := method + " " + target + " HTTP/1.1\r\nHost: a.test:1\r\nContent-Type: " + contentType + "\r\nX-TC-Action: " + action +
			"\r\nX-TC-Version: 2017-03-12\r\n"
		if signed {
			at := time.Now()
			_, query, _ := strings.Cut(target, "?")
			m := &wire.Message{Method: method, Hosts: []string{"a.test"}, Query: query, Body: []byte(body), Header: http.Header{"Content-Type": {contentType}}}
			text += "X-TC-Timestamp: " + strconv.FormatInt(at.Unix(), 10) + "\r\nAuthorization: " + signer.SignTC3(m, service, at) + "\r\n"
		}
		text += "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		w := &recorder{}
		front.route(w, r)
		checkFuzzed(t, w, signed)
	})
}

func checkFuzzed(t *testing.T, w *recorder, signed bool) {
	t.Helper()
	if h := w.header["Content-Type"]; len(h) != 1 || h[0] != "application/json" {
		t.Fatalf("headers %q", w.header)
	}
	body := w.body.String()
	if strings.Contains(body, `"status":"ok"`) || strings.Contains(body, `"ready":`) {
		return
	}
	a := answer{body: body}
	e := a.parse(t).Response
	if !requestIDForm.MatchString(e.RequestID) || !json.Valid([]byte(body)) {
		t.Fatalf("answered %q", body)
	}
	if e.Error == nil && !signed {
		t.Fatalf("an unsigned request was served: %q", body)
	}
	if e.Error != nil && (e.Error.Code == "" || e.Error.Message == "" || e.Error.Code == "InternalError") {
		t.Fatalf("answered %q", body)
	}
}
