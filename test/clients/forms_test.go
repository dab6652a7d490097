package clients

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The requests of this file are, line by line, those of clients that are not installed
// for tests, over a connection to a real server.

// signTC3 signs as the vendor's page describes; it shares no code with the server.
func signTC3(keys keyPair, service, host, contentType, body string, at time.Time) string {
	digest := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	mac := func(key []byte, s string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(s))
		return h.Sum(nil)
	}
	day := at.UTC().Format("2006-01-02")
	scope := day + "/" + service + "/tc3_request"
	canonical := strings.Join([]string{"POST", "/", "", "content-type:" + contentType, "host:" + host, "", "content-type;host", digest(body)}, "\n")
	text := fmt.Sprintf("TC3-HMAC-SHA256\n%d\n%s\n%s", at.Unix(), scope, digest(canonical))
	key := mac(mac(mac([]byte("TC3"+keys.secret), day), service), "tc3_request")
	return fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=content-type;host, Signature=%x", keys.id, scope, mac(key, text))
}

// tccli is what tccli sends with --endpoint http://ADDR: the Host line holds the URL,
// and so does the signed text.
func tccli(keys keyPair, service, version, action, addr, body string) string {
	host, at := "http://"+addr, time.Now()
	return strings.Join([]string{
		"POST / HTTP/1.1", "Host: " + host, "User-Agent: python-requests/2.32.5", "Accept-Encoding: gzip, deflate", "Accept: */*", "Connection: keep-alive",
		"Content-Type: application/json", "X-TC-Action: " + action, "X-TC-RequestClient: SDK_PYTHON_3.1.162; _CLI_3.1.155.1",
		fmt.Sprintf("X-TC-Timestamp: %d", at.Unix()), "X-TC-Version: " + version, "X-TC-Region: ap-guangzhou", "X-TC-Language: zh-CN",
		"X-TC-TraceId: 2c2f1a0e-0b1d-4a43-9f6e-1d6b8bd0a6c5", "Authorization: " + signTC3(keys, service, host, "application/json", body, at),
		fmt.Sprintf("Content-Length: %d", len(body)), "", body,
	}, "\r\n")
}

// terraform is what the provider sends with HTTP_PROXY: the request line is absolute,
// and the signature is for the public name.
func terraform(keys keyPair, service, version, action, body string) string {
	host, at := service+".tencentcloudapi.com", time.Now()
	return strings.Join([]string{
		"POST http://" + host + "/ HTTP/1.1", "Host: " + host, "User-Agent: Go-http-client/1.1", fmt.Sprintf("Content-Length: %d", len(body)),
		"Authorization: " + signTC3(keys, service, host, "application/json", body, at), "Content-Type: application/json",
		"X-Tc-Action: " + action, "X-Tc-Language: en-US", "X-Tc-Region: ap-guangzhou", "X-Tc-Requestclient: Terraform-1.82.0",
		fmt.Sprintf("X-Tc-Timestamp: %d", at.Unix()), "X-Tc-Version: " + version, "Accept-Encoding: gzip", "", body,
	}, "\r\n")
}

// talk sends requests over one connection and returns the answers' envelopes. Each must
// be 200 with exactly the content type that tccli looks for.
func talk(t *testing.T, addr string, requests ...string) []reply {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	read := bufio.NewReader(conn)
	var out []reply
	for _, request := range requests {
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(read, nil)
		if err != nil {
			t.Fatalf("%v after:\n%s", err, request)
		}
		r := reply{t: t, action: "raw", raw: true}
		if err := json.NewDecoder(response.Body).Decode(&r.v); err != nil {
			t.Fatal(err)
		}
		if types := response.Header["Content-Type"]; response.StatusCode != 200 || len(types) != 1 || types[0] != "application/json" {
			t.Errorf("status %d, content type %q after:\n%s", response.StatusCode, types, request)
		}
		out = append(out, r)
	}
	return out
}

func TestRawForms(t *testing.T) {
	keys := shared.newAccount(t)
	const vpc, tag = "2017-03-12", "2018-08-13"
	made := talk(t, shared.http,
		tccli(keys, "vpc", vpc, "CreateVpc", shared.http, `{"VpcName": "\u4e0a\u6d77", "CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "a", "Value": "1"}]}`),
		terraform(keys, "vpc", vpc, "CreateVpc", `{"VpcName":"上海","CidrBlock":"10.0.0.0/16","EnableMulticast":"false"}`))
	var ids []string
	for _, r := range made {
		r.same("Response.Vpc.VpcName", "上海")
		ids = append(ids, r.text("Response.Vpc.VpcId"))
	}
	answers := talk(t, shared.http,
		terraform(keys, "tag", tag, "DescribeResourceTagsByResourceIds", `{"ServiceType":"vpc","ResourcePrefix":"vpc","ResourceIds":["`+ids[0]+`"],"ResourceRegion":"ap-guangzhou","Offset":0,"Limit":20}`),
		tccli(keys, "vpc", vpc, "DescribeVpcs", shared.http, `{"VpcIds": ["`+ids[0]+`", "`+ids[1]+`"]}`),
		tccli(keys, "tag", tag, "DescribeTags", shared.http, `{"TagKey": "a"}`),
		tccli(keys, "vpc", vpc, "DescribeVpcs", shared.http, `{"VpcIds": ["x"]}`),
		tccli(keys, "vpc", vpc, "DeleteVpc", shared.http, `{"VpcId": "`+ids[0]+`"}`),
		terraform(keys, "vpc", vpc, "DeleteVpc", `{"VpcId":"`+ids[1]+`"}`),
		terraform(keys, "vpc", vpc, "DescribeVpcs", `{"Filters":[{"Name":"vpc-id","Values":["`+ids[0]+`"]}],"Offset":"0","Limit":"100"}`))
	if got := answers[0].tags("Response.Tags"); got != "a=1" {
		t.Errorf("tags: %s", got)
	}
	answers[1].same("Response.TotalCount", 2)
	if got := answers[2].tags("Response.Tags"); got != "a=1" {
		t.Errorf("tags of the account: %s", got)
	}
	answers[3].same("Response.Error.Code", "InvalidParameterValue.Malformed")
	answers[6].same("Response.VpcSet", []any{})
}

// TestNeverForwards asks the server, as a proxy, for something elsewhere on this machine.
func TestNeverForwards(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan struct{})
	go func() {
		defer close(called)
		if conn, err := listener.Accept(); err == nil {
			t.Error("the server called somebody for a client")
			conn.Close()
		}
	}()
	elsewhere := listener.Addr().String()
	answer := talk(t, shared.http, "POST http://"+elsewhere+"/ HTTP/1.1\r\nHost: "+elsewhere+"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")[0]
	if answer.text("Response.Error.Code") == "" {
		t.Errorf("got %s", compact(answer.v))
	}
	conn, err := net.Dial("tcp", shared.http)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", elsewhere); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: "CONNECT"})
	if err == nil && response.StatusCode == 200 && response.ContentLength <= 0 {
		t.Errorf("CONNECT was granted: %v", response)
	}
	listener.Close()
	<-called
}

// TestProxyEnvironment walks through the API with the typed Go SDKs as a program of the
// public cloud runs: nothing is set but HTTP and HTTP_PROXY.
func TestProxyEnvironment(t *testing.T) {
	t.Parallel()
	path := goSDK(t, false).cmd.Path
	a := adapters.get(t, "gosdk-proxied", func(testing.TB) *exec.Cmd {
		cmd := exec.Command(path)
		cmd.Env = cleanEnv("HTTP_PROXY=http://" + shared.http)
		return cmd
	})
	for _, s := range sdks {
		if !strings.HasPrefix(s.name, "Go") || s.name == "Go oldest" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			keys := shared.newAccount(t)
			send := func(service, action string, params obj) (json.RawMessage, error) {
				return a.call(order{
					SDK: s.site, Scheme: "HTTP", Method: "POST", Sign: "TC3-HMAC-SHA256", SecretID: keys.id, SecretKey: keys.secret,
					Region: "ap-guangzhou", Service: service, Action: action, Params: params,
				})
			}
			(&walk{caller: &caller{t: t, send: send}, traits: s.traits}).run()
		})
	}
}
