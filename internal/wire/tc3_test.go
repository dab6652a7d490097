package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The published vectors: made with the Go SDK, recomputed by an independent script.
var (
	vectorKey  = Credential{"AKIDEXAMPLE0000000000000000000000000", "SecretKeyExample0000000000000000"}
	vectorTime = time.Unix(1700000000, 0)
)

const (
	vectorHost  = "vpc.tencentcloudapi.com"
	vectorBody  = `{"VpcId":"vpc-abcd1234","VpnGatewayName":"gw test/1","InternetMaxBandwidthOut":5,"Type":"IPSEC","Tags":[{"Key":"city","Value":"上海"}]}`
	vectorQuery = "InternetMaxBandwidthOut=5&Tags.0.Key=city&Tags.0.Value=%E4%B8%8A%E6%B5%B7&Type=IPSEC&VpcId=vpc-abcd1234&VpnGatewayName=gw+test%2F1"
	jsonType    = "application/json"
	formType    = "application/x-www-form-urlencoded"
)

func vectorPost() *Message {
	return &Message{Method: "POST", Hosts: []string{vectorHost}, Header: http.Header{"Content-Type": {jsonType}}, Body: []byte(vectorBody)}
}

func vectorGet() *Message {
	return &Message{Method: "GET", Hosts: []string{vectorHost}, Header: http.Header{"Content-Type": {formType}}, Query: vectorQuery}
}

func unsignedPost() *Message {
	m := vectorPost()
	m.Header.Set("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")
	return m
}

func authorization(signature string) string {
	return "TC3-HMAC-SHA256 Credential=" + vectorKey.SecretID + "/2023-11-14/vpc/tc3_request, SignedHeaders=content-type;host, Signature=" + signature
}

func TestTC3Vectors(t *testing.T) {
	for _, c := range []struct {
		name, canonical, signature string
		m                          *Message
	}{
		{"A POST", "792fbec7ae0e6565b6b875a7e4dc661888a4e09568aa0c7b764727dc4282b43a",
			"9d7b4a45ad6deb69a862da0ac157dc2a94f2658c1bb51090762f77aa25ebf4e8", vectorPost()},
		{"A unsigned payload", "ed3662db8689757debb18492b9b1e886dd6e77b871c8d128b8968df2a53132ca",
			"eae422e0fc832c788057c81cec2ca3728386080e68f0c8340853ad0b0d2645e6", unsignedPost()},
		{"B GET", "4e1344278d39ab5e2a9ed7fb8e34ab02f8c8152efa48e1e926ce1133301333e0",
			"0812de816acb4e6d47b5e1fb7e978404dd41997e4881f15c311daf0629a4d7b2", vectorGet()},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ParseTC3(authorization(c.signature))
			if err != nil {
				t.Fatal(err)
			}
			payload := payloadHash(c.m)
			canonical := sha256.Sum256(a.appendCanonical(nil, c.m, vectorHost, asSent, &payload))
			if got := hex.EncodeToString(canonical[:]); got != c.canonical {
				t.Errorf("canonical request hashes to %s, want %s", got, c.canonical)
			}
			if got := vectorKey.SignTC3(c.m, "vpc", vectorTime); got != authorization(c.signature) {
				t.Errorf("signed as\n%s, want\n%s", got, authorization(c.signature))
			}
			if err := new(TC3Keys).Verify(&a, c.m, "1700000000", vectorKey.SecretKey); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVectorBody(t *testing.T) {
	sum := sha256.Sum256([]byte(vectorBody))
	if got := hex.EncodeToString(sum[:]); len(vectorBody) != 137 || got != "76341d5d325a36af77be46d81d6fd6e8fcab7a693ba1ffc1acda0662d893c8fd" {
		t.Errorf("body of %d bytes hashes to %s", len(vectorBody), got)
	}
}

// verifyTC3 signs with sign, lets change spoil what was signed and verifies.
func verifyTC3(t *testing.T, service string, sign, received *Message, timestamp string) *Error {
	t.Helper()
	a, err := ParseTC3(vectorKey.SignTC3(sign, service, vectorTime))
	if err != nil {
		t.Fatal(err)
	}
	return new(TC3Keys).Verify(&a, received, timestamp, vectorKey.SecretKey)
}

// TestTC3Quirks holds what real clients do and a verifier has to accept.
func TestTC3Quirks(t *testing.T) {
	hosts := func(m *Message, hosts ...string) *Message { m.Hosts = hosts; return m }
	token := vectorPost()
	token.Header.Set("X-TC-Token", "never signed")
	for _, c := range []struct {
		name, service  string
		sign, received *Message
	}{
		{"Node signs the host without its port", "127", hosts(vectorPost(), "127.0.0.1"), hosts(vectorPost(), "127.0.0.1:8080", "127.0.0.1")},
		{"Go signs the host with its port", "vpc", hosts(vectorPost(), "127.0.0.1:8080"), hosts(vectorPost(), "127.0.0.1:8080", "127.0.0.1")},
		{"a service with a colon", "localhost:8080", hosts(vectorPost(), "localhost"), hosts(vectorPost(), "localhost:8080", "localhost")},
		{"tccli signs a whole URL", "vpc", hosts(vectorPost(), "http://localhost:8080"), hosts(vectorPost(), "http://localhost:8080", "localhost:8080", "localhost")},
		{"a public name behind a gateway", "vpc", vectorPost(), hosts(vectorPost(), "10.0.0.1:80", "10.0.0.1", vectorHost)},
		{"an unsigned token", "vpc", vectorPost(), token},
		{"another product's name", "cvm", vectorPost(), vectorPost()},
	} {
		if err := verifyTC3(t, c.service, c.sign, c.received, "1700000000"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestTC3Letters holds the spellings that the vendor's samples and text ask for.
func TestTC3Letters(t *testing.T) {
	signed := func(action, contentType, host string) *Message {
		m := vectorPost()
		m.Header.Set("X-TC-Action", action)
		m.Header.Set("Content-Type", contentType)
		m.Hosts = []string{host}
		return m
	}
	received := signed("CreateVpnGateway", "multipart/form-data; boundary=AbC", "VPC.example.test")
	for _, c := range []struct {
		name string
		sign *Message
		want *Error
	}{
		{"as sent", received, nil},
		{"action lowered", signed("createvpngateway", "multipart/form-data; boundary=AbC", "VPC.example.test"), nil},
		{"all lowered", signed("createvpngateway", "multipart/form-data; boundary=abc", "vpc.example.test"), nil},
		{"other action", signed("DeleteVpnGateway", "multipart/form-data; boundary=AbC", "VPC.example.test"), ErrSignature},
	} {
		a, err := ParseTC3(vectorKey.SignTC3(c.sign, "vpc", vectorTime, "x-tc-action"))
		if err != nil {
			t.Fatal(err)
		}
		if err := new(TC3Keys).Verify(&a, received, "1700000000", vectorKey.SecretKey); err != c.want {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestTC3Refuses(t *testing.T) {
	change := func(f func(*Message)) *Message { m := vectorPost(); f(m); return m }
	get := vectorGet()
	get.Query = strings.Replace(get.Query, "%2F", "%2f", 1)
	for _, c := range []struct {
		name           string
		sign, received *Message
		timestamp      string
	}{
		{"a byte of the body", vectorPost(), change(func(m *Message) { m.Body[1]++ }), "1700000000"},
		{"a byte more", vectorPost(), change(func(m *Message) { m.Body = append(m.Body, '\n') }), "1700000000"},
		{"another host", vectorPost(), change(func(m *Message) { m.Hosts[0] = "tag.tencentcloudapi.com" }), "1700000000"},
		{"no host", vectorPost(), change(func(m *Message) { m.Hosts = nil }), "1700000000"},
		{"another content type", vectorPost(), change(func(m *Message) { m.Header.Set("Content-Type", formType) }), "1700000000"},
		{"another method", vectorPost(), change(func(m *Message) { m.Method = "GET" }), "1700000000"},
		{"another second", vectorPost(), vectorPost(), "1700000001"},
		{"another day than the credential's", vectorPost(), vectorPost(), "1700086400"},
		{"no number for a time", vectorPost(), vectorPost(), "now"},
		{"the query in another spelling", vectorGet(), get, "1700000000"},
		{"a body signed, then declared unsigned", vectorPost(), unsignedPost(), "1700000000"},
		{"a body unsigned, then declared signed", unsignedPost(), vectorPost(), "1700000000"},
	} {
		if err := verifyTC3(t, "vpc", c.sign, c.received, c.timestamp); err != ErrSignature {
			t.Errorf("%s: got %v, want ErrSignature", c.name, err)
		}
	}
}

func TestTC3RefusesWrongDate(t *testing.T) {
	// Signed throughout with the wrong day, so that only the day itself is at fault.
	m := vectorPost()
	a := TC3{SecretID: vectorKey.SecretID, Date: "2023-11-15", Service: "vpc", SignedHeaders: "content-type;host"}
	payload := payloadHash(m)
	key := tc3Key(vectorKey.SecretKey, a.Date, a.Service)
	a.Signature, _ = a.sign(&key, "1700000000", a.appendCanonical(nil, m, vectorHost, asSent, &payload), nil)
	if err := new(TC3Keys).Verify(&a, m, "1700000000", vectorKey.SecretKey); err != ErrSignature {
		t.Errorf("got %v, want ErrSignature", err)
	}
}

func TestParseTC3(t *testing.T) {
	good := authorization(strings.Repeat("0f", 32))
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, c := range []struct{ name, header, want string }{
		{"as sent", good, vectorKey.SecretID + " 2023-11-14 vpc content-type;host"},
		{"no blanks", strings.ReplaceAll(good, ", ", ","), vectorKey.SecretID + " 2023-11-14 vpc content-type;host"},
		{"service with a colon", replace("/vpc/", "/localhost:8080/"), vectorKey.SecretID + " 2023-11-14 localhost:8080 content-type;host"},
		{"more headers", replace("content-type;host", "content-type;host;x-tc-action"), vectorKey.SecretID + " 2023-11-14 vpc content-type;host;x-tc-action"},
		{"empty", "", ""},
		{"SKIP", "SKIP", ""},
		{"another scheme", "Basic dXNlcjpwYXNz", ""},
		{"scheme alone", "TC3-HMAC-SHA256 ", ""},
		{"no scheme's blank", replace("SHA256 ", "SHA256"), ""},
		{"no terminator", replace("/tc3_request", ""), ""},
		{"another terminator", replace("tc3_request", "aws4_request"), ""},
		{"no service", replace("/vpc/", "//"), ""},
		{"no date", replace("/2023-11-14/", "/"), ""},
		{"date without dashes", replace("2023-11-14", "20231114"), ""},
		{"date of letters", replace("2023-11-14", "2o23-11-14"), ""},
		{"no SecretId", replace(vectorKey.SecretID, ""), ""},
		{"no content-type", replace("content-type;host", "host"), ""},
		{"no host", replace("content-type;host", "content-type"), ""},
		{"signature too short", good[:len(good)-1], ""},
		{"signature too long", good + "0", ""},
		{"signature not hexadecimal", good[:len(good)-1] + "g", ""},
		{"no signature", strings.SplitN(good, ", Sig", 2)[0], ""},
		{"no signed headers", replace("SignedHeaders=content-type;host, ", ""), ""},
		{"a part twice", good + ", Signature=" + strings.Repeat("0f", 32), ""},
		{"an unknown part", good + ", Region=x", ""},
		{"an oversized SecretId", replace(vectorKey.SecretID, strings.Repeat("A", 300)), ""},
	} {
		a, err := ParseTC3(c.header)
		got := strings.TrimSpace(strings.Join([]string{a.SecretID, a.Date, a.Service, a.SignedHeaders}, " "))
		if err != nil {
			got = ""
			if err.Code != "AuthFailure.InvalidAuthorization" || err.EN == "" || err.ZH == "" {
				t.Errorf("%s: unfit error %#v", c.name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}

func TestCheckClock(t *testing.T) {
	for _, c := range []struct {
		off  int64
		want *Error
	}{{0, nil}, {300, nil}, {-300, nil}, {301, ErrExpired}, {-301, ErrExpired}} {
		if got := CheckClock(vectorTime.Unix()+c.off, vectorTime.Add(999*time.Millisecond)); got != c.want {
			t.Errorf("%d s off: got %v, want %v", c.off, got, c.want)
		}
	}
}

func TestTC3KeysAreBounded(t *testing.T) {
	var keys TC3Keys
	for i := range 3 * maxDerived {
		keys.remember(tc3Scope{secretID: strings.Repeat("k", i)[:i%16], date: hex.EncodeToString([]byte{byte(i >> 8), byte(i)})}, derivedKey{})
	}
	if n := len(keys.recent.young) + len(keys.recent.old); n > 2*maxDerived {
		t.Errorf("%d derived keys are remembered, want at most %d", n, 2*maxDerived)
	}
}

func TestTC3KeysFollowTheSecret(t *testing.T) {
	var keys TC3Keys
	m := vectorPost()
	a, _ := ParseTC3(vectorKey.SignTC3(m, "vpc", vectorTime))
	for _, c := range []struct {
		secret string
		want   *Error
	}{{vectorKey.SecretKey, nil}, {vectorKey.SecretKey, nil}, {"another", ErrSignature}, {vectorKey.SecretKey, nil}} {
		if err := keys.Verify(&a, m, "1700000000", c.secret); err != c.want {
			t.Errorf("secret %q: got %v, want %v", c.secret, err, c.want)
		}
	}
}

func BenchmarkVerifyTC3(b *testing.B) {
	var keys TC3Keys
	m := vectorPost()
	header := vectorKey.SignTC3(m, "vpc", vectorTime)
	b.ReportAllocs()
	for b.Loop() {
		a, err := ParseTC3(header)
		if err == nil {
			err = keys.Verify(&a, m, "1700000000", vectorKey.SecretKey)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
