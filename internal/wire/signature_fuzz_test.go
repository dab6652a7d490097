package wire

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzParseTC3 checks that what is parsed holds what the header said, and that every
// refusal has a code.
func FuzzParseTC3(f *testing.F) {
	f.Add(authorization(strings.Repeat("0f", 32)))
	f.Add(strings.Replace(authorization(strings.Repeat("0F", 32)), "/vpc/", "/a/b:1/", 1))
	f.Add("SKIP")
	f.Add("TC3-HMAC-SHA256 Credential=//tc3_request,SignedHeaders=;host;content-type,Signature=")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := ParseTC3(header)
		if err != nil {
			if err.Code != codeInvalidAuthorization {
				t.Fatalf("%q: unfit error %v", header, err)
			}
			return
		}
		credential := a.SecretID + "/" + a.Date + "/" + a.Service + "/tc3_request"
		if a.SecretID == "" || a.Service == "" || strings.Contains(a.Service, "/") || !strings.Contains(header, credential) {
			t.Fatalf("%q: parsed as %+v", header, a)
		}
		m := vectorPost()
		if k := new(TC3Keys); k.Verify(&a, m, "1700000000", vectorKey.SecretKey) == nil && a.SecretID != vectorKey.SecretID {
			t.Fatalf("%q verified", header)
		}
	})
}

// FuzzTC3Canonical checks that whatever a client signs verifies, and that a changed
// body or query never does.
func FuzzTC3Canonical(f *testing.F) {
	f.Add("POST", vectorHost, jsonType, "CreateVpnGateway", "", []byte(vectorBody))
	f.Add("GET", "127.0.0.1:8080", formType, "DescribeVpcs", vectorQuery, []byte(nil))
	f.Add("POST", "http://LOCALHOST", "multipart/form-data; boundary=AbC", "\n", "a=b\n", []byte("\x00"))
	f.Fuzz(func(t *testing.T, method, host, contentType, action, query string, body []byte) {
		m := &Message{Method: method, Hosts: []string{host}, Query: query, Body: body,
			Header: http.Header{"Content-Type": {contentType}, "X-Tc-Action": {action}}}
		a, err := ParseTC3(vectorKey.SignTC3(m, "vpc", vectorTime, "x-tc-action"))
		if err != nil {
			t.Fatal(err)
		}
		var keys TC3Keys
		m.Hosts = []string{"first.test", host}
		if err := keys.Verify(&a, m, "1700000000", vectorKey.SecretKey); err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		if method == "POST" {
			m.Body = append(bytes.Clone(body), 0)
		} else {
			m.Query += "&"
		}
		if err := keys.Verify(&a, m, "1700000000", vectorKey.SecretKey); err == nil {
			t.Fatalf("%+v: verified after a change", m)
		}
	})
}

// FuzzV1Canonical does the same for v1, through the form reader.
func FuzzV1Canonical(f *testing.F) {
	f.Add("POST", vectorHost, "Action=CreateVpnGateway&SignatureMethod=HmacSHA256&VpnGatewayName=gw+test%2F1")
	f.Add("GET", "127.0.0.1:8080", "Ids.12=a&Ids.2=b&a_b=c&a.b=d")
	f.Fuzz(func(t *testing.T, method, host, form string) {
		params, err := ParseParams(form)
		if err != nil {
			return
		}
		for _, own := range []string{"SecretId", "Timestamp", "Nonce", "Signature"} {
			params = without(params, own)
		}
		m := &Message{Method: method, Hosts: []string{host}}
		signed := vectorKey.SignV1(m, params, vectorTime, 1)
		if err := VerifyV1(m, signed, vectorKey.SecretKey); err != nil {
			t.Fatalf("%q: %v", form, err)
		}
		if err := VerifyV1(m, with(signed, "Nonce", "2"), vectorKey.SecretKey); err == nil {
			t.Fatalf("%q: verified after a change", form)
		}
	})
}

// FuzzParseParams checks that what is read is unique, and encodes to what reads the same.
func FuzzParseParams(f *testing.F) {
	for _, seed := range []string{vectorQuery, "a=1&a=2", "a=%zz", "&&=", "a=%ed%a0%80", "a+b=c%20d", "a;b=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		params, err := ParseParams(text)
		if err != nil {
			return
		}
		checkUnique(t, params)
		var parts []string
		for _, p := range params {
			parts = append(parts, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
		}
		again, err := ParseParams(strings.Join(parts, "&"))
		if err != nil || again.text() != params.text() {
			t.Fatalf("%q read as %q, then as %q (%v)", text, params.text(), again.text(), err)
		}
	})
}

// FuzzParseMultipart checks that the reader ends and keeps its bounds.
func FuzzParseMultipart(f *testing.F) {
	f.Add("multipart/form-data; boundary=B", []byte(nodeMultipart))
	f.Add("multipart/form-data; boundary=B", []byte(pythonMultipart))
	f.Add(`multipart/form-data; boundary="B"`, []byte("--B\r\n\r\n--B--"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		params, err := ParseMultipart(contentType, body)
		if err != nil {
			return
		}
		checkUnique(t, params)
		if len(params) > MaxParams {
			t.Fatalf("%d params", len(params))
		}
	})
}

func checkUnique(t *testing.T, params Params) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range params {
		if p.Name == "" || seen[p.Name] {
			t.Fatalf("name %q is empty or twice in %q", p.Name, params.text())
		}
		seen[p.Name] = true
	}
}
