package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/api"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/spf13/pflag"
)

// Config is everything that an operator decides about a server. Every field is a flag
// of serve, and under the same name a key of the file that --config names.
type Config struct {
	DataDir string

	Listen        string
	TLSListen     string
	TLSCert       string
	TLSKey        string
	TLSNames      []string
	InsecureHTTP  bool
	MetricsListen string

	Region    string
	Zones     []string
	Site      string
	Prices    string
	RateLimit int

	Etcd          EtcdConfig
	MasterKeyFile string
	MinFree       byteSize
	AuditKeep     time.Duration

	Dataplane        string
	HostName         string
	RuntimeDir       string
	Uplink           string
	PublicGateway    string
	OldClients       string
	Settle           time.Duration
	Grace            time.Duration
	PublicCIDRs      []string
	PublicExclude    []string
	PublicReuseAfter time.Duration

	LogFormat string
	LogLevel  string
}

// EtcdConfig is how to reach a cluster; without endpoints the store is in the process.
type EtcdConfig struct {
	Endpoints    []string
	CA           string
	Cert         string
	Key          string
	User         string
	PasswordFile string
}

// flags binds the fields. It is the only list of their names and defaults.
func (c *Config) flags(fs *pflag.FlagSet) {
	fs.StringVar(&c.DataDir, "data-dir", defaultDataDir(), "where everything is kept")

	fs.StringVar(&c.Listen, "listen", "127.0.0.1:9080", "address for plain HTTP; empty for none")
	fs.StringVar(&c.TLSListen, "tls-listen", "", "address for HTTPS, such as :9443")
	fs.StringVar(&c.TLSCert, "tls-cert", "", "certificate chain (PEM) for --tls-listen; without it one is issued by an authority kept in the data directory")
	fs.StringVar(&c.TLSKey, "tls-key", "", "private key (PEM) of --tls-cert")
	fs.StringSliceVar(&c.TLSNames, "tls-name", nil, "another host name or address for the issued certificate (repeatable)")
	fs.BoolVar(&c.InsecureHTTP, "insecure-http", false, "allow --listen on an address that other machines can reach")
	fs.StringVar(&c.MetricsListen, "metrics-listen", "127.0.0.1:9081", "address for Prometheus metrics; empty for none")

	fs.StringVar(&c.Region, "region", "ap-guangzhou", "region of calls that name none")
	fs.StringSliceVar(&c.Zones, "zones", nil, "zones of --region (default: the vendor's; three, numbered 1 to 3, for another region)")
	fs.StringVar(&c.Site, "site", "cn", "whose rules and prices: cn or intl")
	fs.StringVar(&c.Prices, "price-book", "", "file with prices (JSON, as gatewright price-book prints); default: the site's own")
	fs.IntVar(&c.RateLimit, "rate-limit", 20, "calls a second for each account, action and region, unless gatewright limit says otherwise; 0 for no limit")

	fs.StringSliceVar(&c.Etcd.Endpoints, "etcd-endpoints", nil, "an etcd cluster of our own to keep the rows in; without it they are kept in the data directory")
	fs.StringVar(&c.Etcd.CA, "etcd-ca", "", "certificate authority (PEM) of the cluster")
	fs.StringVar(&c.Etcd.Cert, "etcd-cert", "", "client certificate (PEM) for the cluster")
	fs.StringVar(&c.Etcd.Key, "etcd-key", "", "private key (PEM) of --etcd-cert")
	fs.StringVar(&c.Etcd.User, "etcd-user", "", "user name for the cluster")
	fs.StringVar(&c.Etcd.PasswordFile, "etcd-password-file", "", "file with the password of --etcd-user")
	fs.StringVar(&c.MasterKeyFile, "master-key-file", "", "key that seals secrets (default: DATA_DIR/master.key, made at the first start); the same for all replicas")
	c.MinFree = 512 << 20
	fs.Var(&c.MinFree, "min-free", "free space below which writes are refused")
	fs.DurationVar(&c.AuditKeep, "audit-keep", 30*24*time.Hour, "how long audit files are kept")

	fs.StringVar(&c.Dataplane, "dataplane", planeAuto, "linux: carry packets; off: only keep rows; auto: linux where this machine can, as gatewright doctor tells")
	fs.StringVar(&c.HostName, "host-name", defaultHostName(), "what this machine is called among those of one cluster that carry packets")
	fs.StringVar(&c.RuntimeDir, "runtime-dir", "", "where the files of child processes are, best on a tmpfs (default: a directory of this data directory's own below /run/gatewright)")
	fs.StringVar(&c.Uplink, "uplink", "", "bridge or real interface that the gateways' public addresses are on (default: a bridge of our own, "+ownUplink+", with "+ownNetwork+")")
	fs.StringVar(&c.PublicGateway, "public-gateway", "", "router of the public addresses (default: the first address of the first --public-cidr)")
	fs.StringVar(&c.OldClients, "openvpn-old-clients", oldAuto, "let in SSL VPN clients that have no AEAD cipher, which keeps the data channels of all clients out of the kernel: yes, no, or auto: where the kernel could not carry them anyway, as gatewright doctor tells")
	fs.DurationVar(&c.Settle, "settle", time.Second, "how long a new gateway reads PENDING when there is no data plane")
	fs.DurationVar(&c.Grace, "grace", 7*24*time.Hour, "from the isolation of an unpaid gateway to its deletion")
	fs.StringSliceVar(&c.PublicCIDRs, "public-cidr", nil, "public addresses to hand out, a prefix or A-B (repeatable; default: "+ownNetwork+", with no data plane "+defaultPool+")")
	fs.StringSliceVar(&c.PublicExclude, "public-exclude", nil, "addresses of --public-cidr to leave alone (repeatable)")
	fs.DurationVar(&c.PublicReuseAfter, "public-reuse-after", 10*time.Minute, "how long a released public address rests")

	fs.StringVar(&c.LogFormat, "log-format", "text", "text or json")
	fs.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
}

// defaultPool is handed out where there is no data plane and no --public-cidr.
const defaultPool = "100.64.0.0/10"

// validate finds every fault at once; each message names its flag.
func (c *Config) validate() error {
	var errs []error
	fail := func(flag, format string, args ...any) {
		errs = append(errs, fmt.Errorf("--"+flag+": "+format, args...))
	}
	if c.DataDir == "" {
		fail("data-dir", "no home directory to put it in; name one")
	}
	c.validateListeners(fail)
	c.validateRules(fail)
	c.validateStore(fail)
	c.validatePlane(fail)
	if _, err := c.pool(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.logLevel(); err != nil {
		fail("log-level", "%v", err)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		fail("log-format", "%q is neither text nor json", c.LogFormat)
	}
	return errors.Join(errs...)
}

type failFunc func(flag, format string, args ...any)

func (c *Config) validateListeners(fail failFunc) {
	for flag, addr := range map[string]string{"listen": c.Listen, "tls-listen": c.TLSListen, "metrics-listen": c.MetricsListen} {
		if addr == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(addr); err != nil {
			fail(flag, "%v; it is written HOST:PORT", err)
		}
	}
	if c.Listen == "" && c.TLSListen == "" {
		fail("listen", "neither --listen nor --tls-listen is set, so nobody could call")
	}
	if c.Listen != "" && !onLoopback(c.Listen) && !c.InsecureHTTP {
		fail("listen", "%s can be reached from other machines and plain HTTP shows pre-shared keys to all on the way; use --tls-listen, or say --insecure-http", c.Listen)
	}
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		fail("tls-cert", "--tls-cert and --tls-key come together")
	case c.TLSCert != "" && c.TLSListen == "":
		fail("tls-cert", "it needs --tls-listen")
	case c.TLSCert != "":
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			fail("tls-cert", "%v", err)
		}
	}
	for _, name := range c.TLSNames {
		if strings.TrimSpace(name) == "" || strings.ContainsAny(name, "/ ") {
			fail("tls-name", "%q is neither a host name nor an address", name)
		}
	}
}

func (c *Config) validateRules(fail failFunc) {
	if !vpc.ValidRegion(c.Region) {
		fail("region", "%q does not look like a region, such as ap-guangzhou", c.Region)
	}
	for _, z := range c.Zones {
		if !strings.HasPrefix(z, c.Region+"-") || !vpc.ValidZone(z) {
			fail("zones", "%q is not a zone of %s, such as %s-3", z, c.Region, c.Region)
		}
	}
	if _, err := vpc.ParseSite(c.Site); err != nil {
		fail("site", "%v", err)
	}
	if c.RateLimit < 0 {
		fail("rate-limit", "%d is negative", c.RateLimit)
	}
	for flag, d := range map[string]time.Duration{"settle": c.Settle, "grace": c.Grace, "public-reuse-after": c.PublicReuseAfter} {
		if d < 0 {
			fail(flag, "%v is negative", d)
		}
	}
	if _, err := c.priceBook(); err != nil {
		fail("price-book", "%v", err)
	}
}

func (c *Config) validateStore(fail failFunc) {
	if c.AuditKeep < time.Hour {
		fail("audit-keep", "%v is less than an hour", c.AuditKeep)
	}
	if c.MasterKeyFile != "" {
		if err := readableFile(c.MasterKeyFile); err != nil && !errors.Is(err, fs.ErrNotExist) { // the store may make it
			fail("master-key-file", "%v", err)
		}
	}
	if len(c.Etcd.Endpoints) == 0 {
		for flag, v := range map[string]string{"etcd-ca": c.Etcd.CA, "etcd-cert": c.Etcd.Cert, "etcd-key": c.Etcd.Key, "etcd-user": c.Etcd.User, "etcd-password-file": c.Etcd.PasswordFile} {
			if v != "" {
				fail(flag, "it needs --etcd-endpoints")
			}
		}
		return
	}
	if (c.Etcd.Cert == "") != (c.Etcd.Key == "") {
		fail("etcd-cert", "--etcd-cert and --etcd-key come together")
	}
	if (c.Etcd.User == "") != (c.Etcd.PasswordFile == "") {
		fail("etcd-user", "--etcd-user and --etcd-password-file come together")
	}
	if _, err := c.Etcd.tls(); err != nil {
		fail("etcd-ca", "%v", err)
	}
	if _, err := c.Etcd.password(); err != nil {
		fail("etcd-password-file", "%v", err)
	}
}

// warnings are what is odd about a configuration that is good.
func (c *Config) warnings() []string {
	if api.KnownRegion(c.Region) {
		return nil
	}
	return []string{fmt.Sprintf("--region: the vendor has no region %q; it is served as one of your own", c.Region)}
}

// pool is the public addresses to hand out.
func (c *Config) pool() ([]vpc.AddrRange, error) {
	texts := c.PublicCIDRs
	if len(texts) == 0 {
		texts = []string{defaultPool}
		if c.carries() {
			texts = []string{ownNetwork}
		}
	}
	var errs []error
	parse := func(flag string, texts []string) (out []vpc.AddrRange) {
		for _, t := range texts {
			r, err := vpc.ParseAddrRange(t)
			if err != nil {
				errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
			}
			out = append(out, r)
		}
		return out
	}
	ranges, exclude := parse("public-cidr", texts), parse("public-exclude", c.PublicExclude)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if c.carries() {
		up, err := c.uplink()
		if err != nil {
			return nil, err
		}
		exclude = append(exclude, vpc.AddrRange{First: up.Router, Last: up.Router})
	}
	left := vpc.CutRanges(ranges, exclude)
	if len(left) == 0 {
		return nil, errors.New("--public-exclude: nothing is left to hand out")
	}
	return left, nil
}

// priceBook is nil for the site's own.
func (c *Config) priceBook() (*vpc.PriceBook, error) {
	if c.Prices == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Prices)
	if err != nil {
		return nil, err
	}
	return vpc.ParsePrices(text)
}

func (c *Config) logLevel() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(c.LogLevel))
	return level, err
}

func (c *Config) zones() []vpc.Zone {
	var out []vpc.Zone
	for _, z := range c.Zones {
		out = append(out, vpc.Zone(z))
	}
	return out
}

// tls is nil for a cluster without TLS.
func (e *EtcdConfig) tls() (*tls.Config, error) {
	if e.CA == "" && e.Cert == "" {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if e.CA != "" {
		pem, err := os.ReadFile(e.CA)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", e.CA)
		}
	}
	if e.Cert != "" && e.Key != "" {
		pair, err := tls.LoadX509KeyPair(e.Cert, e.Key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}

func (e *EtcdConfig) password() (string, error) {
	if e.PasswordFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(e.PasswordFile)
	return strings.TrimRight(string(b), "\r\n"), err
}

// onLoopback reports whether only this machine can reach a listen address. A name that
// is not localhost counts as reachable.
func onLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func readableFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// file joins a name to the data directory.
func (c *Config) file(name string) string { return filepath.Join(c.DataDir, name) }
