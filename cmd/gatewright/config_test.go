package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// configFrom reads a command line and a config file the way serve does.
func configFrom(t *testing.T, file string, args ...string) (*Config, error) {
	t.Helper()
	var c Config
	fs := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	c.flags(fs)
	fs.Bool("check", false, "")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if file != "" {
		path := filepath.Join(t.TempDir(), "gatewright.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := loadFile(fs, path); err != nil {
			return nil, err
		}
	}
	return &c, c.validate()
}

func TestConfigFile(t *testing.T) {
	c, err := configFrom(t, `
listen = "127.0.0.1:7000"
settle = "3s"
rate-limit = 50
insecure-http = true
zones = ["ap-guangzhou-1", "ap-guangzhou-2"]
min-free = "1GiB"
public-cidr = ["198.51.100.0/24", "203.0.113.10-203.0.113.20"]
`, "--data-dir", "/x", "--settle", "5s")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:7000" || c.RateLimit != 50 || !c.InsecureHTTP || len(c.Zones) != 2 || c.MinFree != 1<<30 || len(c.PublicCIDRs) != 2 {
		t.Errorf("the file is not in force: %+v", c)
	}
	if c.Settle != 5*time.Second {
		t.Errorf("settle is %v: the command line should win over the file", c.Settle)
	}
	if c.Region != "ap-guangzhou" || c.AuditKeep != 720*time.Hour {
		t.Errorf("defaults are lost: %+v", c)
	}
}

func TestConfigRefuses(t *testing.T) {
	for _, c := range []struct {
		name, file string
		args       []string
		want       string
	}{
		{"unknown key", "lissten = \"x\"\n", nil, "lissten: unknown key"},
		{"key of a mode", "check = true\n", nil, "check: unknown key"},
		{"table", "[tls]\ncert = \"x\"\n", nil, "tls: unknown key"},
		{"table for a value", "listen = {a = 1}\n", nil, "not a table"},
		{"not TOML", "listen = \n", nil, "--config"},
		{"list for one value", "listen = [\"a\"]\n", nil, "not a list"},
		{"float", "rate-limit = 1.5\n", nil, "float64"},
		{"bad duration", "settle = \"soon\"\n", nil, "settle"},
		{"same key twice", "listen = \"a\"\nlisten = \"b\"\n", nil, "listen"},

		{"plain HTTP off loopback", "", []string{"--listen", "0.0.0.0:9080"}, "--insecure-http"},
		{"plain HTTP on every address", "", []string{"--listen", ":9080"}, "--insecure-http"},
		{"nobody listens", "", []string{"--listen", ""}, "nobody could call"},
		{"no port", "", []string{"--listen", "127.0.0.1"}, "HOST:PORT"},
		{"certificate without key", "", []string{"--tls-listen", ":1", "--tls-cert", "x"}, "come together"},
		{"certificate without listener", "", []string{"--tls-cert", "x", "--tls-key", "y"}, "needs --tls-listen"},
		{"certificate that is not there", "", []string{"--tls-listen", ":1", "--tls-cert", "/nonexistent/x", "--tls-key", "/nonexistent/y"}, "no such file"},
		{"tls name", "", []string{"--tls-name", "https://x/"}, "--tls-name"},
		{"region", "", []string{"--region", "Guangzhou"}, "--region"},
		{"zone of another region", "", []string{"--zones", "ap-tokyo-1"}, "--zones"},
		{"site", "", []string{"--site", "eu"}, "--site"},
		{"data plane", "", []string{"--dataplane", "on"}, "--dataplane"},
		{"uplink with no addresses", "", []string{"--uplink", "eth1"}, "--public-cidr"},
		{"uplink", "", []string{"--uplink", "../eth1", "--public-cidr", "192.0.2.0/24"}, "no name of an interface"},
		{"uplink with no data plane", "", []string{"--dataplane", "off", "--uplink", "eth1", "--public-cidr", "192.0.2.0/24"}, "--dataplane is off"},
		{"router with no data plane", "", []string{"--dataplane", "off", "--public-gateway", "192.0.2.1"}, "--dataplane is off"},
		{"old clients", "openvpn-old-clients = \"maybe\"\n", nil, "neither auto, yes nor no"},
		{"host name", "", []string{"--host-name", "a b"}, "--host-name"},
		{"rate", "", []string{"--rate-limit", "-1"}, "--rate-limit"},
		{"settle", "", []string{"--settle", "-1s"}, "--settle"},
		{"audit", "", []string{"--audit-keep", "1m"}, "--audit-keep"},
		{"pool", "", []string{"--public-cidr", "10.0.0.0/33"}, "--public-cidr"},
		{"pool of IPv6", "", []string{"--public-cidr", "2001:db8::/64"}, "--public-cidr"},
		{"nothing left of the pool", "", []string{"--public-cidr", "198.51.100.0/28", "--public-exclude", "198.51.100.0/24"}, "nothing is left"},
		{"log level", "", []string{"--log-level", "loud"}, "--log-level"},
		{"log format", "", []string{"--log-format", "xml"}, "--log-format"},
		{"price book", "", []string{"--price-book", "/nonexistent/prices.json"}, "--price-book"},
		{"master key", "", []string{"--master-key-file", "/dev/null/key"}, "--master-key-file"},
		{"etcd option alone", "", []string{"--etcd-ca", "x"}, "needs --etcd-endpoints"},
		{"etcd key alone", "", []string{"--etcd-endpoints", "http://127.0.0.1:2379", "--etcd-cert", "x"}, "come together"},
		{"etcd user alone", "", []string{"--etcd-endpoints", "http://127.0.0.1:2379", "--etcd-user", "x"}, "come together"},
		{"etcd authority", "", []string{"--etcd-endpoints", "https://127.0.0.1:2379", "--etcd-ca", "/nonexistent/ca"}, "--etcd-ca"},
		{"size", "", []string{"--min-free", "half"}, "not a size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := configFrom(t, c.file, append([]string{"--data-dir", "/x"}, c.args...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestConfigAccepts(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--listen", "localhost:0"},
		{"--listen", "[::1]:9080"},
		{"--listen", "0.0.0.0:9080", "--insecure-http"},
		{"--listen", "", "--tls-listen", ":9443", "--tls-name", "vpn.example.test"},
		{"--site", "intl", "--region", "eu-frankfurt", "--zones", "eu-frankfurt-1,eu-frankfurt-2"},
		{"--public-cidr", "198.51.100.0/24", "--public-exclude", "198.51.100.1-198.51.100.9"},
		{"--metrics-listen", ""},
		{"--etcd-endpoints", "http://127.0.0.1:2379,http://127.0.0.1:3379"},
		{"--rate-limit", "0"},
	} {
		if _, err := configFrom(t, "", append([]string{"--data-dir", "/x"}, args...)...); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestByteSize(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "512MiB": "512MiB", "1024MiB": "1GiB", "1000": "1000", "2 GiB": "2GiB", "1TiB": "1TiB",
		"": "error", "-1": "error", "1GB": "error", "1.5GiB": "error", "99999999999TiB": "error", "GiB": "error",
	} {
		var b byteSize
		got := ""
		if err := b.Set(in); err != nil {
			got = "error"
		} else {
			got = b.String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestUplink(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // device, networks and router, or the error
	}{
		{nil, "gwr-uplink [198.51.100.0/24] 198.51.100.1"},
		{[]string{"--public-cidr", "192.0.2.0/25"}, "gwr-uplink [192.0.2.0/25] 192.0.2.1"},
		{[]string{"--uplink", "br0", "--public-cidr", "192.0.2.0/24,203.0.113.0/24"}, "br0 [192.0.2.0/24 203.0.113.0/24] 192.0.2.1"},
		{[]string{"--uplink", "br0", "--public-cidr", "192.0.2.7-192.0.2.9", "--public-gateway", "192.0.2.254"}, "br0 [] 192.0.2.254"},
		{[]string{"--uplink", "br0", "--public-cidr", "192.0.2.7-192.0.2.9"}, "error: --public-gateway: --public-cidr has no prefix"},
		{[]string{"--uplink", "br0", "--public-cidr", "192.0.2.8/31"}, "error: --public-gateway: 192.0.2.8/31 has no address to spare"},
		{[]string{"--public-gateway", "2001:db8::1"}, "error: --public-gateway: \"2001:db8::1\" is no IPv4 address"},
	} {
		var conf Config
		fs := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		conf.flags(fs)
		if err := fs.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		up, err := conf.uplink()
		got := fmt.Sprintf("%s %v %v", up.Device, up.Networks, up.Router)
		if err != nil {
			got = "error: " + err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, want %s", c.args, got, c.want)
		}
	}
}

// TestRouterIsNotHandedOut keeps the uplink's own router out of the pool, where there is
// a data plane; without one every address is as good as any other.
func TestRouterIsNotHandedOut(t *testing.T) {
	conf := Config{PublicCIDRs: []string{"192.0.2.0/29"}, Dataplane: planeLinux}
	for mode, want := range map[string]string{planeLinux: "[192.0.2.2-192.0.2.6]", planeOff: "[192.0.2.1-192.0.2.6]"} {
		conf.Dataplane = mode
		pool, err := conf.pool()
		if got := fmt.Sprint(pool); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", mode, got, err, want)
		}
	}
}

// TestOldClients holds what --openvpn-old-clients means where the kernel could carry data
// channels and where it could not.
func TestOldClients(t *testing.T) {
	for _, x := range []struct {
		file    string
		offload bool
		want    bool
	}{
		{"", true, false},
		{"", false, true},
		{"openvpn-old-clients = \"auto\"", true, false},
		{"openvpn-old-clients = \"yes\"", true, true},
		{"openvpn-old-clients = \"no\"", false, false},
	} {
		c, err := configFrom(t, x.file, "--data-dir", "/x")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.oldClients(func() bool { return x.offload }); got != x.want {
			t.Errorf("%q with offload %t: %t", x.file, x.offload, got)
		}
	}
}
