package dataplane

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

const (
	endpoint        = "127.0.0.1:9080" // inside the cloud's namespace
	metricsEndpoint = "127.0.0.1:9081"
	publicCIDR      = "198.18.0.0/16"
	uplink          = "gwr-uplink" // the bridge that the server makes
)

// obj is a JSON object of the API.
type obj = map[string]any

// cloud is a running server, and the namespace that is its whole machine.
type cloud struct {
	lab     *lab.Lab
	host    *lab.Namespace
	dir     string
	runtime string
	extra   []string
	prefix  string // begins the names of the namespaces that the server makes
	process *lab.Process
	client  *common.Client
	calls   *http.Transport // of the client
}

// newCloud starts a server that takes any number of calls and gateways.
func newCloud(t lab.T, extra ...string) *cloud {
	t.Helper()
	l := lab.New(t)
	c := &cloud{lab: l, host: l.Namespace("cloud"), dir: filepath.Join(t.TempDir(), "data"), runtime: t.TempDir(), extra: extra}
	t.Cleanup(c.cleanup)
	c.start()
	c.signIn()
	for _, quota := range []string{"appid-max-vpcs", "vpc-max-vpn-gateways", "appid-max-custom-gateways", "appid-max-vpn-connections", "vpn-gateway-max-custom-gateways", "custom-gateway-max-vpn-connections", "route-table-max-policies", "spd-rule-max-remote-cidrs"} {
		c.operate(t, "quota", "set", quota, "2000")
	}
	return c
}

func (c *cloud) flags() []string {
	return append([]string{"--data-dir", c.dir, "--runtime-dir", c.runtime, "--listen", endpoint, "--metrics-listen", metricsEndpoint, "--dataplane", "linux",
		"--public-cidr", publicCIDR, "--public-exclude", "198.18.200.0-198.18.255.255", "--public-reuse-after", "0s", "--rate-limit", "0", "--min-free", "0"}, c.extra...)
}

// start runs the server and returns when it is ready.
func (c *cloud) start() {
	c.lab.Helper()
	c.process = c.lab.Start(c.host.Command(append([]string{program, "serve"}, c.flags()...)...))
	c.lab.Eventually(30*time.Second, "the server is ready", func() error {
		if c.process.Ended() {
			c.lab.Fatalf("the server has ended:\n%s", c.process.Output())
		}
		if !strings.Contains(c.process.Output(), "Paste one of these") {
			return fmt.Errorf("it says:\n%s", c.process.Output())
		}
		return nil
	})
	var status struct{ Prefix string }
	if err := json.Unmarshal([]byte(c.operate(c.lab, "status")), &status); err != nil || status.Prefix == "" {
		c.lab.Fatalf("status: no prefix of namespaces: %v", err)
	}
	c.prefix = status.Prefix
}

// kill ends the server as a crash would.
func (c *cloud) kill() { c.process.Kill() }

// stop ends the server as an operator would.
func (c *cloud) stop() {
	c.lab.Helper()
	if err := c.process.Stop(syscall.SIGTERM); err != nil {
		c.lab.Fatalf("stop: %v\n%s", err, c.process.Output())
	}
}

// cleanup takes the server down with everything that it has made. What its own cleaning
// up leaves fails the run and is removed all the same.
func (c *cloud) cleanup() {
	c.kill()
	cmd := c.host.Command(append([]string{program, "serve", "--cleanup"}, c.flags()...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		leaks.add("serve --cleanup: %v\n%s", err, out)
	}
	if left := lab.Namespaces(c.prefix); c.prefix != "" && len(left) > 0 {
		leaks.add("serve --cleanup has left %v", left)
		c.lab.Sweep(c.prefix)
	}
	if links := c.host.Run("ip", "-o", "link"); strings.Contains(links, "alias gatewright ") && !strings.Contains(string(out), uplink) {
		leaks.add("serve --cleanup has left, and not said so:\n%s", links)
	}
	if files, _ := filepath.Glob(filepath.Join(c.runtime, "*")); len(files) > 0 {
		leaks.add("serve --cleanup has left %v", files)
	}
}

// leaks is what servers have left behind; TestMain fails for them.
var leaks faults

type faults struct {
	sync.Mutex
	all []string
}

func (f *faults) add(format string, args ...any) {
	f.Lock()
	defer f.Unlock()
	f.all = append(f.all, fmt.Sprintf(format, args...))
}

func (c *cloud) signIn() {
	c.lab.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "credentials"))
	if err != nil {
		c.lab.Fatalf("credentials: %v", err)
	}
	keys := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		keys[name] = value
	}
	c.calls = &http.Transport{DialContext: c.host.Dial, MaxIdleConnsPerHost: 128}
	c.client = c.newClient(keys["secret_id"], keys["secret_key"])
}

func (c *cloud) newClient(id, key string) *common.Client {
	prof := profile.NewClientProfile()
	prof.Language = "en-US"
	prof.HttpProfile.Scheme, prof.HttpProfile.Endpoint = "HTTP", endpoint
	client := common.NewCommonClient(common.NewCredential(id, key), "ap-guangzhou", prof)
	client.WithHttpTransport(c.calls)
	return client
}

// as is the same server for another account, which is new.
func (c *cloud) as(l *lab.Lab, account string) *cloud {
	l.Helper()
	var made struct{ SecretID, SecretKey string }
	if err := json.Unmarshal([]byte(c.operate(l, "account", "create", account)), &made); err != nil {
		l.Fatalf("account create: %v", err)
	}
	other := *c
	other.client = c.newClient(made.SecretID, made.SecretKey)
	return &other
}

// try calls an action of the API.
func (c *cloud) try(action string, params obj) (obj, error) {
	request := tchttp.NewCommonRequest("vpc", "2017-03-12", action)
	if err := request.SetActionParameters(params); err != nil {
		return nil, err
	}
	response := tchttp.NewCommonResponse()
	if err := c.client.Send(request, response); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	var envelope struct{ Response obj }
	err := json.Unmarshal(response.GetBody(), &envelope)
	return envelope.Response, err
}

// call is try for what must succeed.
func (c *cloud) call(t lab.T, action string, params obj) obj {
	t.Helper()
	out, err := c.try(action, params)
	if err != nil && c.process.Wait(200*time.Millisecond) != os.ErrDeadlineExceeded {
		t.Fatalf("%v; the server has ended:\n%s", err, c.process.Output())
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// describe gives the first thing of a list, nil if there is none.
func (c *cloud) describe(t lab.T, action, ids, id, set string) obj {
	t.Helper()
	out, err := c.try(action, obj{ids: []string{id}})
	if err != nil && !strings.Contains(err.Error(), "Code=ResourceNotFound") && !strings.Contains(err.Error(), ".NotFound") {
		t.Fatalf("%v", err)
	}
	list, _ := out[set].([]any)
	if len(list) == 0 {
		return nil
	}
	first, _ := list[0].(obj)
	return first
}

func (c *cloud) gateway(t lab.T, id string) obj {
	t.Helper()
	return c.describe(t, "DescribeVpnGateways", "VpnGatewayIds", id, "VpnGatewaySet")
}

func (c *cloud) connection(t lab.T, id string) obj {
	t.Helper()
	return c.describe(t, "DescribeVpnConnections", "VpnConnectionIds", id, "VpnConnectionSet")
}

// operateTry runs one of the operator's commands.
func (c *cloud) operateTry(args ...string) (string, error) {
	cmd := exec.Command(program, append(args, "--data-dir", c.dir, "--json")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("gatewright %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func (c *cloud) operate(t lab.T, args ...string) string {
	t.Helper()
	out, err := c.operateTry(args...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// text is a field of an object.
func text(o obj, path ...string) string {
	for _, p := range path[:len(path)-1] {
		o, _ = o[p].(obj)
	}
	s, _ := o[path[len(path)-1]].(string)
	return s
}
