package wire

import (
	"strings"
	"testing"
)

func vectorParams() Params {
	return Params{
		{"VpnGatewayName", "gw test/1"}, // order must not matter
		{"Action", "CreateVpnGateway"}, {"InstanceChargePrepaid.Period", "1"}, {"InternetMaxBandwidthOut", "5"},
		{"Language", "en-US"}, {"Nonce", "12345"}, {"Region", "ap-guangzhou"}, {"RequestClient", "SDK_GO_TEST"},
		{"SecretId", vectorKey.SecretID}, {"SignatureMethod", "HmacSHA256"}, {"Tags.0.Key", "city"}, {"Tags.0.Value", "上海"},
		{"Timestamp", "1700000000"}, {"Type", "IPSEC"}, {"Version", "2017-03-12"}, {"VpcId", "vpc-abcd1234"},
	}
}

// with returns params with one value replaced; a new name is added.
func with(params Params, name, value string) Params {
	params = append(Params(nil), params...)
	for i := range params {
		if params[i].Name == name {
			params[i].Value = value
			return params
		}
	}
	return append(params, Param{name, value})
}

func without(params Params, name string) Params {
	var out Params
	for _, p := range params {
		if p.Name != name {
			out = append(out, p)
		}
	}
	return out
}

func TestV1Vectors(t *testing.T) {
	sha1 := with(vectorParams(), "SignatureMethod", "HmacSHA1")
	for _, c := range []struct {
		name, method, signature string
		params                  Params
	}{
		{"C POST SHA-256", "POST", "ZeWDAnqPIqzNoROSNb+gDVX1ZDVozgo1Q25i59g1+50=", vectorParams()},
		{"C GET SHA-256", "GET", "K598LhZHRSiSlTo/usTsF1f+9HR2kGqgbWnG4NpeZ9w=", vectorParams()},
		{"D POST SHA-1", "POST", "AXQc7u6WQ14wUpnaqPhSXXHpxmo=", sha1},
	} {
		m := &Message{Method: c.method, Hosts: []string{"other.test", vectorHost}}
		if err := VerifyV1(m, with(c.params, "Signature", c.signature), vectorKey.SecretKey); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestV1Text(t *testing.T) {
	text := string(appendV1(nil, "POST", vectorHost, vectorParams().sorted(), false))
	start := "POSTvpc.tencentcloudapi.com/?Action=CreateVpnGateway&InstanceChargePrepaid.Period=1&"
	if !strings.HasPrefix(text, start) || !strings.HasSuffix(text, "&VpcId=vpc-abcd1234&VpnGatewayName=gw test/1") {
		t.Error(text)
	}
	params := Params{{"Ids.2", "b_c"}, {"Ids.12", "a"}, {"Signature", "x"}, {"a_b", "c"}}.sorted()
	for dots, want := range map[bool]string{
		false: "GETh/?Ids.12=a&Ids.2=b_c&a_b=c",
		true:  "GETh/?Ids.12=a&Ids.2=b_c&a.b=c",
	} {
		if got := string(appendV1(nil, "GET", "h", params, dots)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func signedV1(host string, params Params) Params {
	params = without(without(without(params, "SecretId"), "Timestamp"), "Nonce")
	return vectorKey.SignV1(&Message{Method: "POST", Hosts: []string{host}}, params, vectorTime, 7)
}

func TestV1Accepts(t *testing.T) {
	python := func() Params { // signs a.b where it sends a_b
		p := vectorKey.SignV1(&Message{Method: "POST", Hosts: []string{"h:80"}}, Params{{"a.b", "1"}}, vectorTime, 7)
		p[0].Name = "a_b"
		return p
	}
	for _, c := range []struct {
		name   string
		params Params
	}{
		{"no method is SHA-1", signedV1("h:80", without(vectorParams(), "SignatureMethod"))},
		{"an unknown method is SHA-1", signedV1("h:80", with(vectorParams(), "SignatureMethod", "HmacMD5"))},
		{"a token that is signed", signedV1("h:80", with(vectorParams(), "Token", "t"))},
		{"the host without its port", signedV1("h", vectorParams())},
		{"underscores signed as they are", signedV1("h:80", Params{{"a_b", "1"}})},
		{"underscores signed as dots", python()},
	} {
		m := &Message{Method: "POST", Hosts: []string{"h:80", "h"}}
		if err := VerifyV1(m, c.params, vectorKey.SecretKey); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestV1MissingMethodIsSHA1(t *testing.T) {
	bare := signedV1(vectorHost, without(vectorParams(), "SignatureMethod"))
	named := with(bare, "SignatureMethod", "HmacSHA256")
	if err := VerifyV1(&Message{Method: "POST", Hosts: []string{vectorHost}}, named, vectorKey.SecretKey); err != ErrSignature {
		t.Errorf("a SHA-1 signature passed as SHA-256: %v", err)
	}
}

func TestV1Refuses(t *testing.T) {
	good := signedV1(vectorHost, vectorParams())
	for _, c := range []struct {
		name, method, host, secret string
		params                     Params
	}{
		{"another value", "POST", vectorHost, vectorKey.SecretKey, with(good, "VpcId", "vpc-abcd1235")},
		{"one more parameter", "POST", vectorHost, vectorKey.SecretKey, with(good, "Zone", "x")},
		{"one less", "POST", vectorHost, vectorKey.SecretKey, without(good, "Type")},
		{"a token added after signing", "POST", vectorHost, vectorKey.SecretKey, with(good, "Token", "t")},
		{"another method", "GET", vectorHost, vectorKey.SecretKey, good},
		{"another host", "POST", "tag.tencentcloudapi.com", vectorKey.SecretKey, good},
		{"another secret", "POST", vectorHost, "other", good},
		{"no signature", "POST", vectorHost, vectorKey.SecretKey, without(good, "Signature")},
		{"no base64", "POST", vectorHost, vectorKey.SecretKey, with(good, "Signature", "***")},
		{"an empty signature", "POST", vectorHost, vectorKey.SecretKey, with(good, "Signature", "")},
		{"the other hash named", "POST", vectorHost, vectorKey.SecretKey, with(good, "SignatureMethod", "HmacSHA1")},
	} {
		if err := VerifyV1(&Message{Method: c.method, Hosts: []string{c.host}}, c.params, c.secret); err != ErrSignature {
			t.Errorf("%s: got %v, want ErrSignature", c.name, err)
		}
	}
}

func BenchmarkVerifyV1(b *testing.B) {
	m := &Message{Method: "POST", Hosts: []string{vectorHost}}
	params := signedV1(vectorHost, vectorParams())
	b.ReportAllocs()
	for b.Loop() {
		if err := VerifyV1(m, params, vectorKey.SecretKey); err != nil {
			b.Fatal(err)
		}
	}
}
