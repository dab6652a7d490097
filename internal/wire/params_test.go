package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func (ps Params) text() string {
	var b strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&b, "%s=%s;", p.Name, p.Value)
	}
	return b.String()
}

func TestParseParams(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"a=1&b=2", "a=1;b=2;"},
		{"a=x+y&b=x%20y", "a=x y;b=x y;"},
		{"Tags.0.Value=%E4%B8%8A%E6%B5%B7", "Tags.0.Value=上海;"},
		{"a==&b", "a==;b=;"},
		{"a=1;b=2", "a=1;b=2;"}, // a semicolon separates nothing
		{"&a=1&&", "a=1;"},
		{"a=%0a%00", "a=\n\x00;"},
		{"a=1&a=2", "malformed"},
		{"a=1&%61=2", "malformed"},
		{"a=%", "malformed"},
		{"a=%zz", "malformed"},
		{"a=%ff", "malformed"},
		{"%ff=1", "malformed"},
		{"a=%ed%a0%80", "malformed"}, // a lone surrogate is not UTF-8
		{"=1", "malformed"},
		{strings.Repeat("a&", MaxParams), "malformed"},
	} {
		params, err := ParseParams(c.in)
		got := params.text()
		if err != nil {
			got = "malformed"
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%.40q: %v is not ErrMalformed", c.in, err)
			}
		}
		if got != c.want {
			t.Errorf("%.40q: got %q, want %q (%v)", c.in, got, c.want, err)
		}
	}
}

const crlf = "\r\n"

// nodeMultipart is a body as the Node SDK builds it.
const nodeMultipart = "--B" + crlf + `Content-Disposition: form-data; name="VpcId"` + crlf + crlf + "vpc-abcd1234" + crlf +
	"--B" + crlf + `Content-Disposition: form-data; name="Blob"; filename="Blob"` + crlf + "Content-Type: application/octet-stream" + crlf + crlf + "raw" + crlf +
	"--B--" + crlf

// pythonMultipart has a list as the Python SDK sends it.
const pythonMultipart = "--B" + crlf + `Content-Disposition: form-data; name="InternetMaxBandwidthOut"` + crlf + crlf + "5" + crlf +
	"--B" + crlf + `Content-Disposition: form-data; name="Tags"` + crlf + "Content-Type: application/json" + crlf + crlf +
	`[{"Key": "city", "Value": "\u4e0a\u6d77", "N": 12345678901234567890, "B": true, "Z": null, "E": []}]` + crlf +
	"--B--" + crlf

func TestParseMultipart(t *testing.T) {
	part := func(head, body string) string {
		return "--B" + crlf + head + crlf + crlf + body + crlf + "--B--" + crlf
	}
	const a, asJSON = `Content-Disposition: form-data; name="a"`, crlf + "Content-Type: application/json"
	for _, c := range []struct{ name, contentType, body, want string }{
		{"Node", "multipart/form-data; boundary=B", nodeMultipart, "VpcId=vpc-abcd1234;Blob=raw;"},
		{"Python", "multipart/form-data; boundary=B", pythonMultipart, "InternetMaxBandwidthOut=5;Tags.0.Key=city;Tags.0.Value=上海;Tags.0.N=12345678901234567890;Tags.0.B=true;"},
		{"no parts", "multipart/form-data; boundary=B", "--B--" + crlf, ""},
		{"another boundary", "multipart/form-data; boundary=C", nodeMultipart, "malformed"},
		{"no boundary", "multipart/form-data", nodeMultipart, "malformed"},
		{"another type", "application/json", nodeMultipart, "malformed"},
		{"empty", "multipart/form-data; boundary=B", "", "malformed"},
		{"cut off", "multipart/form-data; boundary=B", nodeMultipart[:len(nodeMultipart)-10], "malformed"},
		{"a part without a name", "multipart/form-data; boundary=B", part("Content-Disposition: form-data", "x"), "malformed"},
		{"not UTF-8", "multipart/form-data; boundary=B", part(a, "\xff"), "malformed"},
		{"not JSON", "multipart/form-data; boundary=B", part(a+asJSON, "{"), "malformed"},
		{"two JSON values", "multipart/form-data; boundary=B", part(a+asJSON, "{} {}"), "malformed"},
		{"a lone surrogate in JSON", "multipart/form-data; boundary=B", part(a+asJSON, `"\ud800"`), "malformed"},
		{"a member twice in JSON", "multipart/form-data; boundary=B", part(a+asJSON, `{"b":1,"b":2}`), "malformed"},
		{"JSON too deep", "multipart/form-data; boundary=B", part(a+asJSON, strings.Repeat("[", 99)+"1"+strings.Repeat("]", 99)), "malformed"},
		{"a name twice", "multipart/form-data; boundary=B", part(a, "1") + part(a, "2"), "a=1;"}, // what follows the end is no part
		{"a name twice over", "multipart/form-data; boundary=B", "--B" + crlf + a + crlf + crlf + "1" + crlf + part(a, "2"), "malformed"},
		{"a flat and a JSON name meet", "multipart/form-data; boundary=B", "--B" + crlf + `Content-Disposition: form-data; name="a.b"` + crlf + crlf + "1" + crlf + part(a+asJSON, `{"b":2}`), "malformed"},
	} {
		params, err := ParseMultipart(c.contentType, []byte(c.body))
		got := params.text()
		if err != nil {
			got = "malformed"
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %v is not ErrMalformed", c.name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}
