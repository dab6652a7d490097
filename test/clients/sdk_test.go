package clients

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// A sdk is one of the vendor's libraries, run by an adapter.
type sdk struct {
	name    string
	site    string // cn or intl
	adapter func(testing.TB) *adapter
	raw     bool
	traits  traits
}

var sdks = []sdk{
	{name: "Go oldest", site: "cn", adapter: func(t testing.TB) *adapter { return goSDK(t, true) }, traits: traits{noTagService: true, noGatewayTags: true}},
	{name: "Go newest", site: "cn", adapter: func(t testing.TB) *adapter { return goSDK(t, false) }, traits: traits{noGatewayTags: true}},
	{name: "Go intl", site: "intl", adapter: func(t testing.TB) *adapter { return goSDK(t, false) }, traits: traits{noGatewayTags: true, noCreatePrice: true}},
	{name: "Node", site: "cn", adapter: nodeSDK, raw: true},
	{name: "Node intl", site: "intl", adapter: nodeSDK, traits: traits{noGatewayTags: true, noCreatePrice: true}},
}

// A mode is one way to sign and send a call.
type mode struct{ scheme, sign, method string }

// modes are all ways over HTTP and, as TLS changes nothing about a signature, two over it.
func modes() []mode {
	all := []mode{{"HTTPS", "TC3-HMAC-SHA256", "POST"}, {"HTTPS", "HmacSHA256", "GET"}}
	for _, sign := range []string{"TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"} {
		for _, method := range []string{"POST", "GET"} {
			all = append(all, mode{"HTTP", sign, method})
		}
	}
	return all
}

func (m mode) endpoint() string {
	if m.scheme == "HTTPS" {
		return shared.https
	}
	return shared.http
}

// sender sends through an SDK in one mode.
func (s sdk) sender(a *adapter, m mode, keys keyPair) sendFunc {
	return func(service, action string, params obj) (json.RawMessage, error) {
		return a.call(order{
			SDK: s.site, Endpoint: m.endpoint(), Scheme: m.scheme, Method: m.method, Sign: m.sign,
			SecretID: keys.id, SecretKey: keys.secret, Region: "ap-guangzhou", Service: service, Action: action, Params: params,
		})
	}
}

// TestSDKs walks through the whole API with every typed SDK, over HTTP and TLS, with
// each signature and method.
func TestSDKs(t *testing.T) {
	t.Parallel()
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			a := s.adapter(t)
			for _, m := range modes() {
				t.Run(m.scheme+" "+m.sign+" "+m.method, func(t *testing.T) {
					t.Parallel()
					c := &caller{t: t, send: s.sender(a, m, shared.newAccount(t)), raw: s.raw}
					(&walk{caller: c, traits: s.traits}).run()
				})
			}
		})
	}
}

// TestSDKRefusedKeys shows each SDK a wrong secret and an unknown key.
func TestSDKRefusedKeys(t *testing.T) {
	for _, s := range sdks {
		a, keys := s.adapter(t), shared.root(t)
		for _, m := range modes() {
			for want, k := range map[string]keyPair{
				"AuthFailure.SignatureFailure": {keys.id, strings.Repeat("x", 32)},
				"AuthFailure.SecretIdNotFound": {"AKID" + strings.Repeat("x", 32), keys.secret},
			} {
				_, err := s.sender(a, m, k)("vpc", "DescribeVpcs", obj{})
				var api *apiError
				if !errors.As(err, &api) || api.Code != want {
					t.Errorf("%s %v: got %v, want %s", s.name, m, err, want)
				}
			}
		}
	}
}

// TestSDKVersions checks that the adapters hold what their module files say.
func TestSDKVersions(t *testing.T) {
	const cn = "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/"
	for _, c := range []struct {
		adapter *adapter
		want    []string
	}{
		{goSDK(t, true), []string{cn + "common\tv1.0.1000", cn + "vpc\tv1.0.1000"}},
		{goSDK(t, false), []string{cn + "common\tv1.3.210", cn + "vpc\tv1.0.1000", "github.com/tencentcloud/tencentcloud-sdk-go-intl-en\tv3.0.1352+incompatible"}},
	} {
		out := output(t, "go", "version", "-m", c.adapter.cmd.Path)
		for _, want := range c.want {
			if !strings.Contains(out, want+"\t") {
				t.Errorf("%s is not built with %s:\n%s", c.adapter.cmd.Path, want, out)
			}
		}
	}
}

// TestNodeMultipart sends what only the mainland's Node SDK has an option for.
func TestNodeMultipart(t *testing.T) {
	a, keys := nodeSDK(t), shared.newAccount(t)
	text, err := a.call(order{
		SDK: "cn", Endpoint: shared.http, Scheme: "HTTP", Method: "POST", Sign: "TC3-HMAC-SHA256", SecretID: keys.id, SecretKey: keys.secret,
		Region: "ap-guangzhou", Service: "vpc", Action: "CreateVpc", Params: obj{"VpcName": "分段 a", "CidrBlock": "10.0.0.0/16"}, Multipart: true,
	})
	if err != nil || !strings.Contains(string(text), `"VpcName":"分段 a"`) {
		t.Errorf("got %s, %v", text, err)
	}
}
