package clients

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

// ownDomain is a domain that the shared server's certificate is good for; no name in it
// resolves.
const ownDomain = "example.test"

// newProfile is the profile of the newest generic client; change adapts it.
func newProfile(change func(*profile.ClientProfile)) *profile.ClientProfile {
	p := profile.NewClientProfile()
	p.Language = "en-US"
	p.HttpProfile.Scheme = "HTTP"
	change(p)
	return p
}

// generic sends through the newest generic Go client, which knows no types: the reply is
// as the server wrote it.
func generic(keys keyPair, transport http.RoundTripper, prof *profile.ClientProfile) sendFunc {
	client := common.NewCommonClient(common.NewCredential(keys.id, keys.secret), "ap-guangzhou", prof)
	client.WithHttpTransport(transport)
	return func(service, action string, params obj) (json.RawMessage, error) {
		version := map[string]string{"vpc": "2017-03-12", "tag": "2018-08-13"}[service]
		request := tchttp.NewCommonRequest(service, version, action)
		if err := request.SetActionParameters(params); err != nil {
			return nil, err
		}
		response := tchttp.NewCommonResponse()
		if err := client.Send(request, response); err != nil {
			return nil, typedError(err)
		}
		var envelope struct{ Response json.RawMessage }
		err := json.Unmarshal(response.GetBody(), &envelope)
		return envelope.Response, err
	}
}

func typedError(err error) error {
	var api *tcerrors.TencentCloudSDKError
	if errors.As(err, &api) {
		return &apiError{api.GetCode(), api.GetMessage(), api.GetRequestId()}
	}
	return err
}

// dialed connects to addr whatever the host of the request is, and trusts the shared
// server's authority.
func dialed(t *testing.T, addr string) *http.Transport {
	t.Helper()
	pem, err := os.ReadFile(shared.ca())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// proxied sends every request to the shared server in absolute form, as HTTP_PROXY does.
func proxied(t *testing.T) *http.Transport {
	t.Helper()
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: shared.http})}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// TestGeneric walks through the whole API with the newest generic Go client: to the
// address, to hosts of a domain over HTTP and TLS, and through HTTP_PROXY to the public
// names.
func TestGeneric(t *testing.T) {
	for name, c := range map[string]struct {
		transport func(*testing.T) *http.Transport
		profile   func(*profile.ClientProfile)
	}{
		"address": {
			func(t *testing.T) *http.Transport { return dialed(t, shared.http) },
			func(p *profile.ClientProfile) { p.HttpProfile.Endpoint = shared.http },
		},
		"unsigned payload": {
			func(t *testing.T) *http.Transport { return dialed(t, shared.http) },
			func(p *profile.ClientProfile) {
				p.HttpProfile.Endpoint = shared.http
				p.UnsignedPayload = true
			},
		},
		"domain": {
			func(t *testing.T) *http.Transport { return dialed(t, shared.http) },
			func(p *profile.ClientProfile) { p.HttpProfile.RootDomain = ownDomain + ":8080" },
		},
		"domain over TLS": {
			func(t *testing.T) *http.Transport { return dialed(t, shared.https) },
			func(p *profile.ClientProfile) {
				p.HttpProfile.RootDomain = ownDomain + ":8443"
				p.HttpProfile.Scheme = "HTTPS"
			},
		},
		"gateway that signs for the public name": {
			func(t *testing.T) *http.Transport { return dialed(t, shared.http) },
			func(p *profile.ClientProfile) { p.HttpProfile.ApigwEndpoint = shared.http },
		},
		"proxy": {proxied, func(*profile.ClientProfile) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			send := generic(shared.newAccount(t), c.transport(t), newProfile(c.profile))
			(&walk{caller: &caller{t: t, send: send, raw: true}}).run()
		})
	}
}

// TestGenericWithoutParameters covers what the generic client can do where it drops an
// action's own parameters: GET, and v1.
func TestGenericWithoutParameters(t *testing.T) {
	keys := shared.newAccount(t)
	for _, m := range modes() {
		prof := newProfile(func(p *profile.ClientProfile) {
			p.HttpProfile.Endpoint, p.HttpProfile.Scheme, p.HttpProfile.ReqMethod, p.SignMethod = m.endpoint(), m.scheme, m.method, m.sign
		})
		c := &caller{t: t, send: generic(keys, dialed(t, m.endpoint()), prof), raw: true}
		c.ok("DescribeVpcs", obj{}).same("TotalCount", 0)
	}
}
