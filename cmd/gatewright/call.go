package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/wire"
	"github.com/spf13/cobra"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

// callFlags are the flags of gatewright call.
type callFlags struct {
	dataDir     string
	credentials string
	endpoint    string
	service     string
	version     string
	region      string
	language    string
	jsonFile    string
	timeout     int
}

func newCall() *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "call ACTION [Key=Value ...]",
		Short: "Call an action of the API and print its Response",
		Long: `Call an action of the API through the vendor's Go SDK and print its Response.

A key is a path: Tags.0.Key=city sets Key of the first of Tags. Values take the type
that the action documents. --json reads all inputs from a file instead, - is stdin.

The key pair comes from --credentials, else from the data directory, else from
TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY. An error of the API is printed with
its code, and the exit code is 1.`,
		Example: `  gatewright call DescribeVpnGateways
  gatewright call CreateVpc VpcName=office CidrBlock=10.1.0.0/16
  gatewright call CreateVpnGateway VpcId=vpc-1a2b3c4d VpnGatewayName=edge InternetMaxBandwidthOut=5 Tags.0.Key=city Tags.0.Value=Lyon`,
		Args: rangeArgs(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, args[0], args[1:])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.dataDir, "data-dir", defaultDataDir(), "data directory of a server on this machine: its credentials, endpoint and certificate authority")
	fs.StringVar(&f.credentials, "credentials", "", "file with secret_id and secret_key (default: DATA_DIR/credentials)")
	fs.StringVar(&f.endpoint, "endpoint", "", "http://HOST:PORT or https://HOST:PORT (default: the server of the data directory)")
	fs.StringVar(&f.service, "service", "", "vpc, tag or sts (default: the service that has the action)")
	fs.StringVar(&f.version, "version", "", "version of the service's API (default: the one that this server speaks)")
	fs.StringVar(&f.region, "region", "", "region of the call (default: the server's)")
	fs.StringVar(&f.language, "language", "en-US", "language of messages: en-US or zh-CN")
	fs.StringVar(&f.jsonFile, "json", "", "file with the inputs as a JSON object; - is stdin")
	fs.IntVar(&f.timeout, "timeout", 60, "seconds to wait for the answer")
	return cmd
}

func (f *callFlags) run(cmd *cobra.Command, action string, args []string) error {
	service, version, shape := f.service, f.version, (*wire.Shape)(nil)
	if a := wire.Actions[action]; a != nil {
		service, shape = orElse(service, a.Service), a.In
	}
	service = orElse(service, "vpc")
	version = orElse(version, serviceVersion(service))
	params, err := f.params(shape, args, cmd.InOrStdin())
	if err != nil {
		return err
	}
	client, err := f.client(cmd.Context())
	if err != nil {
		return err
	}
	request, err := newRequest(service, version, action, params)
	if err != nil {
		return err
	}
	request.SetContext(cmd.Context())
	var answer rawAnswer
	if err := client.Send(request, &answer); err != nil {
		return apiError(err)
	}
	return answer.print(cmd.OutOrStdout())
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// serviceVersion is the version of a service that the action table has, or the VPC's.
func serviceVersion(service string) string {
	for _, a := range wire.Actions {
		if a.Service == service {
			return a.Version
		}
	}
	return "2017-03-12"
}

func (f *callFlags) params(shape *wire.Shape, args []string, stdin io.Reader) (json.RawMessage, error) {
	if f.jsonFile == "" {
		return parseParams(shape, args)
	}
	if len(args) > 0 {
		return nil, usageError{errors.New("give inputs as Key=Value or with --json, not both")}
	}
	var text []byte
	var err error
	if f.jsonFile == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(f.jsonFile)
	}
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("--json: the inputs are not a JSON object: %w", err)
	}
	return text, nil
}

// newRequest makes a request of the SDK's generic client. The values stay text until
// they are sent, so that no number changes on the way.
func newRequest(service, version, action string, params json.RawMessage) (*tchttp.CommonRequest, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(params, &fields); err != nil {
		return nil, err
	}
	inputs := map[string]any{}
	for name, value := range fields {
		inputs[name] = value
	}
	request := tchttp.NewCommonRequest(service, version, action)
	return request, request.SetActionParameters(inputs)
}

func (f *callFlags) client(ctx context.Context) (*common.Client, error) {
	id, secret, err := f.keyPair()
	if err != nil {
		return nil, err
	}
	endpoint, err := f.findEndpoint(ctx)
	if err != nil {
		return nil, err
	}
	prof := profile.NewClientProfile()
	prof.Language = f.language
	prof.DisableRegionBreaker = true
	prof.HttpProfile.Scheme = strings.ToUpper(endpoint.Scheme)
	prof.HttpProfile.Endpoint = endpoint.Host
	prof.HttpProfile.ReqTimeout = f.timeout
	client := common.NewCommonClient(common.NewCredential(id, secret), f.region, prof)
	if endpoint.Scheme == "https" {
		client.WithHttpTransport(&http.Transport{
			Proxy:           http.ProxyFromEnvironment,
			TLSClientConfig: &tls.Config{RootCAs: f.roots(), MinVersion: tls.VersionTLS12},
		})
	}
	return client, nil
}

// roots are the system's certificate authorities and that of the data directory.
func (f *callFlags) roots() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(filepath.Join(f.dataDir, caFile)); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	return pool
}

func (f *callFlags) keyPair() (id, secret string, err error) {
	path := orElse(f.credentials, filepath.Join(f.dataDir, credentialsFile))
	id, secret, err = readCredentials(path)
	if err == nil || f.credentials != "" {
		return id, secret, err
	}
	id, secret = os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY")
	if id != "" && secret != "" {
		return id, secret, nil
	}
	return "", "", fmt.Errorf("no key pair: %w; start a server with this data directory, or set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY", err)
}

// findEndpoint asks the server of the data directory where it listens, unless told.
func (f *callFlags) findEndpoint(ctx context.Context) (*url.URL, error) {
	text := f.endpoint
	if text == "" {
		text = "http://127.0.0.1:9080"
		if server, err := operator.Dial(f.dataDir).Server(ctx); err == nil && server.Endpoint() != "" {
			text = server.Endpoint()
		}
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return nil, usageError{fmt.Errorf("--endpoint %q is not http://HOST:PORT or https://HOST:PORT", text)}
	}
	return u, nil
}

// rawAnswer keeps the reply as the server wrote it.
type rawAnswer struct {
	tchttp.BaseResponse
	body []byte
}

// UnmarshalJSON implements the SDK's way of decoding.
func (a *rawAnswer) UnmarshalJSON(b []byte) error {
	a.body = bytes.Clone(b)
	return nil
}

func (a *rawAnswer) print(w io.Writer) error {
	var envelope struct{ Response json.RawMessage }
	if err := json.Unmarshal(a.body, &envelope); err != nil {
		return fmt.Errorf("the answer is not an envelope: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, envelope.Response, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err := out.WriteTo(w)
	return err
}

// apiError makes the message of a failed call: the code, what the server said about
// it, and the request's id.
func apiError(err error) error {
	var api *tcerrors.TencentCloudSDKError
	if !errors.As(err, &api) {
		return err
	}
	if cause := errors.Unwrap(api); cause != nil {
		return fmt.Errorf("%s: %s: %w", api.GetCode(), api.GetMessage(), cause)
	}
	if api.GetRequestId() == "" {
		return fmt.Errorf("%s: %s", api.GetCode(), api.GetMessage())
	}
	return fmt.Errorf("%s: %s (request %s)", api.GetCode(), api.GetMessage(), api.GetRequestId())
}
