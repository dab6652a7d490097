package peerconfig

import (
	"math/bits"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// facts are what a configuration says, in the API's words, whatever the language.
type facts map[string][]string

func (f facts) add(key, value string) { f[key] = append(f[key], value) }

// lists are the facts of which a text may have several; labels are numbers that only tell
// like things apart.
var lists = map[string]bool{"pair": true, "network": true, "label": true, "rule": true}

// settle makes one of what a text repeats, as long as it says the same.
func (f facts) settle(t reporter) {
	t.Helper()
	for key, values := range f {
		if lists[key] {
			continue
		}
		if values = slices.Compact(values); len(values) != 1 {
			t.Errorf("%s is said in several ways: %q", key, values)
		}
		f[key] = values
	}
}

// expected is what the far end of a connection must say. Phase 1 identities are turned
// around by hand, not by the code under test.
func expected(s Site) facts {
	x := s.Connection
	f := facts{
		"peer": {s.Gateway.Public.String()}, "version": {strings.TrimPrefix(x.IKE.Version, "IKEV")}, "key": {s.Key.Reveal()}, "iface": {s.Interface},
		"local": {end(x.IKE.RemoteIdentity, x.IKE.RemoteAddress, x.IKE.RemoteFQDN)}, "remote": {end(x.IKE.LocalIdentity, x.IKE.LocalAddress, x.IKE.LocalFQDN)},
		"kind.local": {kind(x.IKE.RemoteIdentity)}, "kind.remote": {kind(x.IKE.LocalIdentity)},
		"ike.cipher": {x.IKE.Encryption}, "ike.hash": {strings.ReplaceAll(x.IKE.Integrity, "-", "")}, "ike.group": {strings.TrimPrefix(x.IKE.DHGroup, "GROUP")},
		"ike.life":   {strconv.Itoa(int(x.IKE.Lifetime))},
		"esp.cipher": {x.IPsec.Encryption}, "esp.life": {strconv.Itoa(int(x.IPsec.Lifetime))}, "esp.kib": {strconv.Itoa(int(x.IPsec.LifetimeKiB))},
		"esp.rekey": {strconv.Itoa(int(x.IPsec.Lifetime - x.IPsec.Lifetime/10))}, "esp.rekey.bytes": {strconv.Itoa(int(x.IPsec.LifetimeKiB) * 1024 / 10 * 9)},
		"dpd": {"off"}, "mss": {"1350"}, "start": {"traffic"},
	}
	if x.Negotiation == vpc.NegotiatePassive { // the gateway waits
		f["start"] = []string{"begins"}
	}
	if x.DPD.Enable { // three questions within the gateway's timeout
		f["dpd"], f["dpd.timeout"] = []string{strconv.Itoa(int(x.DPD.Timeout / 3))}, []string{strconv.Itoa(int(x.DPD.Timeout))}
		f["dpd.action"] = []string{map[bool]string{true: "again", false: "wait"}[x.Negotiation == vpc.NegotiatePassive]}
	}
	if x.IKE.Version == "IKEV1" {
		f["mode"] = []string{strings.ToLower(x.IKE.Exchange)}
	}
	if !strings.Contains(x.IPsec.Encryption, "GCM") {
		f["esp.hash"] = []string{strings.Replace(strings.ReplaceAll(x.IPsec.Integrity, "-", ""), "SHA1", "SHA", 1)}
	}
	if x.IPsec.PFS != "NULL" {
		f["esp.group"] = []string{strings.TrimPrefix(x.IPsec.PFS, "DH-GROUP")}
	}
	for _, r := range x.Policies {
		f.add("network", r.Local.String())
		for _, remote := range r.Remotes {
			f.add("pair", remote.String()+" "+r.Local.String())
		}
	}
	for _, n := range s.Networks {
		f.add("network", n.String())
	}
	if x.Health.Enable {
		f["probe"], f["ping"] = []string{x.Health.Remote.String() + " " + x.Health.Local.String()}, []string{"answered"}
	}
	f["rule"] = zoneRules(s)
	return f
}

// zoneRules are what a firewall with zones lets pass: IKE and ESP, pings inside the tunnel,
// and the traffic of both ends, which no NAT takes.
func zoneRules(s Site) []string {
	x := s.Connection
	gateway := []string{s.Gateway.Public.String() + "/32"}
	if x.Health.Enable {
		gateway = append(gateway, x.Health.Local.String()+"/32")
	}
	locals, remotes := []string{}, []string{}
	for _, n := range s.Networks {
		remotes = append(remotes, n.String())
	}
	for _, r := range x.Policies {
		remotes = append(remotes, r.Local.String())
		for _, remote := range r.Remotes {
			locals = append(locals, remote.String())
		}
	}
	rule := func(name, from, to string, sources, destinations []string, action string) string {
		out := name + " source-zone " + from + " destination-zone " + to
		for _, a := range sources {
			out += " source-address " + a
		}
		for _, a := range destinations {
			out += " destination-address " + a
		}
		return out + " " + action
	}
	out := []string{
		rule("security-policy -ike-in", "untrust", "local", gateway, nil, "permit"),
		rule("security-policy -ike-out", "local", "untrust", nil, gateway, "permit"),
	}
	if remotes[0] == "0.0.0.0/0" {
		return out
	}
	return append(out,
		rule("security-policy -in", "untrust", "trust", remotes, locals, "permit"),
		rule("security-policy -out", "trust", "untrust", locals, remotes, "permit"),
		rule("nat-policy ", "trust", "untrust", locals, remotes, "no-nat"),
		"nat-policy move vpnx-abcdefgh top",
	)
}

func end(kind, address, name string) string {
	if kind == vpc.IdentityFQDN {
		return name
	}
	return address
}

func kind(k string) string {
	if k == vpc.IdentityFQDN {
		return "name"
	}
	return "address"
}

// The words of all makes for ciphers, hashes and groups, without what separates parts.
var (
	parts       = strings.NewReplacer("-", "", "_", "", " ", "")
	cipherWords = regexp.MustCompile(`^(?:esp)?(aes(?:128|192|256)?(?:cbc)?(?:128|192|256)?|(?:aes)?(?:128|192|256)?gcm(?:16|128|192|256)?(?:128)?|3des(?:cbc)?|des(?:cbc)?|null|sm4(?:cbc)?)$`)
	hashWords   = regexp.MustCompile(`^(?:esp|prf)?(?:hmac)?(md5|sha1|sha|sha2?(256|384|512)|sm3)(?:hmac|96|128)?$`)
	groupWords  = regexp.MustCompile(`^(?:group|dhgroup|dh)?([0-9]+)$`)
	number      = regexp.MustCompile(`128|192|256`)
)

func cipherOf(word string) string {
	m := cipherWords.FindStringSubmatch(parts.Replace(strings.ToLower(word)))
	if m == nil {
		return "no cipher: " + word
	}
	bits := "128"
	if n := number.FindString(m[1]); n != "" {
		bits = n
	}
	switch {
	case strings.Contains(m[1], "gcm"):
		return "AES" + bits + "GCM128"
	case strings.HasPrefix(m[1], "3des"):
		return "3DES-CBC"
	case strings.HasPrefix(m[1], "des"):
		return "DES-CBC"
	case strings.HasPrefix(m[1], "aes"):
		return "AES-CBC-" + bits
	}
	return strings.ToUpper(strings.TrimSuffix(m[1], "cbc"))
}

func hashOf(word string) string {
	m := hashWords.FindStringSubmatch(parts.Replace(strings.ToLower(word)))
	if m == nil {
		return "no hash: " + word
	}
	switch {
	case m[2] != "":
		return "SHA" + m[2]
	case m[1] == "sha1":
		return "SHA"
	}
	return strings.ToUpper(m[1])
}

func groupOf(word string) string {
	if n, ok := map[string]string{
		"modp768": "1", "modp1024": "2", "modp1536": "5", "modp2048": "14", "modp3072": "15", "modp4096": "16",
		"ecp256": "19", "ecp384": "20", "ecp521": "21", "modp2048s256": "24",
	}[word]; ok {
		return n
	}
	if m := groupWords.FindStringSubmatch(parts.Replace(word)); m != nil {
		return m[1]
	}
	return "no group: " + word
}

// plainWords are words of makes for facts that have a word of ours.
var plainWords = map[string]map[string]string{
	"kind.local": kinds, "kind.remote": kinds,
	"start":      {"start": "begins", "trap": "traffic", "none": "traffic", "ondemand": "traffic", "auto": "begins", "traffic-based": "traffic", "immediately": "begins", "on-traffic": "traffic", "enable": "begins", "disable": "traffic", "initiate": "begins", "respond": "traffic"},
	"dpd":        {"disable": "off", "no": "off"},
	"dpd.action": {"restart": "again", "hold": "wait", "trap": "wait", "clear": "wait"},
	"mode":       {"responder-only": "aggressive", "yes": "aggressive", "no": "main"},
	"version":    {"ike": "1", "ike2": "2", "ikev1": "1", "ikev2": "2", "v1-only": "1", "v2-only": "2", "yes": "2", "no": "1"},
	"ping":       {"ping": "answered"},
}

var kinds = map[string]string{
	"ip": "address", "ipaddr": "address", "inet": "address", "address": "address", "address:": "address", "": "address",
	"fqdn": "name", "host": "name", "hostname": "name", "@": "name", "fqdn:": "name", "fqdn:#": "name",
}

// note adds the fact that a line tells, from what its pattern has caught. Several facts
// stand between commas and take one group each, unless they are made of more.
func (f facts) note(fact string, m []string) {
	for key := range strings.SplitSeq(fact, ",") {
		m = m[f.one(key, m):]
	}
}

// one adds one fact of the first groups, and says how many they were.
func (f facts) one(key string, m []string) int {
	switch key {
	case "":
		return 0
	case "old":
		f.add("version", "1")
		return 0
	case "new":
		f.add("version", "2")
		return 0
	case "ike.cipher", "esp.cipher":
		f.add(key, cipherOf(m[0]))
	case "ike.hash", "esp.hash":
		f.add(key, hashOf(m[0]))
	case "ike.group", "esp.group":
		f.add(key, groupOf(m[0]))
	case "pair": // local range, remote range
		f.add(key, m[0]+" "+m[1])
		return 2
	case "pair.mask": // address and mask, twice
		f.add("pair", cidr(m[0], m[1])+" "+cidr(m[2], m[3]))
		return 4
	case "pair.wild": // address and the mask's complement, twice
		f.add("pair", cidr(m[0], complement(m[1]))+" "+cidr(m[2], complement(m[3])))
		return 4
	case "pair.local.mask", "pair.remote.mask", "network.mask", "inner.mask": // address and mask
		f.add(strings.TrimSuffix(key, ".mask"), cidr(m[0], m[1]))
		return 2
	case "network.bits":
		f.add("network", m[0]+"/"+m[1])
		return 2
	case "probe": // our address, the gateway's
		f.add(key, m[0]+" "+m[1])
		return 2
	case "unversion": // the version that is turned off
		f.add("version", map[string]string{"1": "2", "2": "1"}[m[0]])
	case "mtu":
		n, _ := strconv.Atoi(m[0])
		f.add("mss", strconv.Itoa(n-40))
	default:
		value := m[0]
		if w, ok := plainWords[key][value]; ok {
			value = w
		}
		f.add(key, value)
	}
	return 1
}

// cidr joins an address and a mask in dotted form.
func cidr(addr, mask string) string {
	a, err := netip.ParseAddr(mask)
	if err != nil {
		return addr + " " + mask
	}
	m := a.As4()
	n := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	ones := bits.LeadingZeros32(^n)
	if n<<ones != 0 {
		return addr + " with holes " + mask
	}
	return addr + "/" + strconv.Itoa(ones)
}

func complement(mask string) string {
	a, err := netip.ParseAddr(mask)
	if err != nil {
		return mask
	}
	m := a.As4()
	return netip.AddrFrom4([4]byte{^m[0], ^m[1], ^m[2], ^m[3]}).String()
}

// rule is one kind of line: a pattern for the whole line and the facts it tells.
type rule struct{ pattern, fact string }

// grammar is a language, compiled.
type grammar struct {
	rules []rule
	res   []*regexp.Regexp
	known map[string]seen
}

// seen is what is known of a line.
type seen struct {
	kinds  int
	fact   string
	groups []string
}

var shorthand = strings.NewReplacer("ID", `vpnx-abcdefgh`, "ADDR", `\d+\.\d+\.\d+\.\d+`, "NET", `\d+\.\d+\.\d+\.\d+/\d+`, "WORD", `[^\s"]+`, "IFACE", `ge-[\w/.]+`)

func language(rules []rule) *grammar {
	g := &grammar{rules: rules, known: map[string]seen{}}
	for _, r := range rules {
		g.res = append(g.res, regexp.MustCompile("^"+shorthand.Replace(r.pattern)+"$"))
	}
	return g
}

// line finds the one kind of a line.
func (g *grammar) line(line string) seen {
	s, ok := g.known[line]
	if !ok {
		for i, re := range g.res {
			if m := re.FindStringSubmatch(line); m != nil {
				s = seen{s.kinds + 1, g.rules[i].fact, m[1:]}
			}
		}
		g.known[line] = s
	}
	return s
}

// read holds every line against the grammar of a language: each must be of exactly one
// kind, so that a text which has broken out of a line is seen. Comments may be of none.
func (g *grammar) read(t reporter, comment, text string) facts {
	t.Helper()
	f := facts{}
	for line := range strings.Lines(text) {
		s := g.line(strings.TrimSuffix(line, "\n"))
		if s.kinds != 1 && !(s.kinds == 0 && strings.HasPrefix(line, comment)) {
			t.Errorf("%q is of %d kinds", line, s.kinds)
		}
		if s.kinds == 1 {
			f.note(s.fact, s.groups)
		}
	}
	return f
}

// connection is the row that cases start from.
func connection() *vpc.Connection {
	return &vpc.Connection{
		ID: "vpnx-abcdefgh", Name: "never \"shown\"\n}", RouteType: vpc.RoutePolicy, Negotiation: vpc.NegotiatePassive,
		Policies: []vpc.PolicyRule{
			{Local: netip.MustParsePrefix("10.7.0.0/16"), Remotes: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("192.168.2.0/23")}},
			{Local: netip.MustParsePrefix("10.8.9.1/32"), Remotes: []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12")}},
		},
		IKE: vpc.IKEOptions{
			Encryption: "AES-CBC-128", Integrity: "SHA", Exchange: "MAIN", LocalIdentity: vpc.IdentityAddress, LocalAddress: "198.51.100.2",
			RemoteIdentity: vpc.IdentityAddress, RemoteAddress: "58.211.1.12", DHGroup: "GROUP2", Lifetime: 28800, Version: "IKEV1",
		},
		IPsec: vpc.IPsecOptions{Encryption: "AES-CBC-256", Integrity: "SHA1", PFS: "DH-GROUP5", Lifetime: 3600, LifetimeKiB: 102400},
		DPD:   vpc.DPD{Enable: true, Timeout: 45, Action: "restart"},
	}
}

// site has an interface and a key that are words everywhere, and, by route, two networks
// behind the gateway.
func site(v vpc.Vendor, x *vpc.Connection) Site {
	var networks []netip.Prefix
	if x != nil && x.RouteType == vpc.RouteStaticRoute {
		networks = []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("10.9.0.0/24")}
	}
	return Site{
		Vendor: v, Interface: "ge-0/0/0.0", Connection: x, Key: "open-sesame-99", Networks: networks,
		Gateway:  &vpc.Gateway{Public: netip.MustParseAddr("198.51.100.2"), BGPASN: 64551},
		Customer: &vpc.CustomerGateway{Addr: netip.MustParseAddr("58.211.1.12"), BGPASN: 65001},
	}
}
