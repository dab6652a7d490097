package peerconfig

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// facts are what a configuration says, in the API's words, whatever the language.
type facts map[string][]string

func (f facts) add(key, value string) { f[key] = append(f[key], value) }

// settle makes one of what a text repeats, as long as it says the same.
func (f facts) settle(t *testing.T) {
	t.Helper()
	for key, values := range f {
		if key == "pair" || key == "network" {
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
		"peer": {s.Gateway.Public.String()}, "version": {strings.TrimPrefix(x.IKE.Version, "IKEV")}, "key": {s.Key.Reveal()},
		"local": {end(x.IKE.RemoteIdentity, x.IKE.RemoteAddress, x.IKE.RemoteFQDN)}, "remote": {end(x.IKE.LocalIdentity, x.IKE.LocalAddress, x.IKE.LocalFQDN)},
		"ike.cipher": {x.IKE.Encryption}, "ike.hash": {strings.ReplaceAll(x.IKE.Integrity, "-", "")}, "ike.group": {strings.TrimPrefix(x.IKE.DHGroup, "GROUP")},
		"ike.life":   {strconv.Itoa(int(x.IKE.Lifetime))},
		"esp.cipher": {x.IPsec.Encryption}, "esp.life": {strconv.Itoa(int(x.IPsec.Lifetime))}, "esp.kib": {strconv.Itoa(int(x.IPsec.LifetimeKiB))},
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
		for _, remote := range r.Remotes {
			f.add("pair", remote.String()+" "+r.Local.String())
		}
	}
	return f
}

func end(kind, address, name string) string {
	if kind == vpc.IdentityFQDN {
		return name
	}
	return address
}

var number = regexp.MustCompile(`128|192|256`)

// cipherOf, hashOf and groupOf read the words of all makes by what they have in common.
func cipherOf(word string) string {
	word = strings.ToLower(word)
	bits := "128"
	if n := number.FindString(word); n != "" {
		bits = n
	}
	switch {
	case strings.Contains(word, "gcm"):
		return "AES" + bits + "GCM128"
	case strings.Contains(word, "3des"):
		return "3DES-CBC"
	case strings.Contains(word, "des"):
		return "DES-CBC"
	case strings.Contains(word, "null"):
		return "NULL"
	case strings.Contains(word, "sm4"):
		return "SM4"
	case strings.Contains(word, "aes"):
		return "AES-CBC-" + bits
	}
	return "no cipher: " + word
}

func hashOf(word string) string {
	word = strings.ToLower(word)
	for _, h := range []struct{ part, name string }{{"md5", "MD5"}, {"512", "SHA512"}, {"384", "SHA384"}, {"256", "SHA256"}, {"sm3", "SM3"}, {"sha", "SHA"}} {
		if strings.Contains(word, h.part) {
			return h.name
		}
	}
	return "no hash: " + word
}

func groupOf(word string) string {
	if n, ok := map[string]string{
		"modp768": "1", "modp1024": "2", "modp1536": "5", "modp2048": "14", "modp3072": "15", "modp4096": "16",
		"ecp256": "19", "ecp384": "20", "ecp521": "21", "modp2048s256": "24",
	}[word]; ok {
		return n
	}
	return strings.TrimLeft(word, "abcdefghijklmnopqrstuvwxyz-")
}

// note adds a fact in the API's words. A few keys stand for several facts.
func (f facts) note(key string, m []string) {
	switch key {
	case "":
	case "ike.cipher", "esp.cipher":
		f.add(key, cipherOf(m[1]))
	case "ike.hash", "esp.hash":
		f.add(key, hashOf(m[1]))
	case "ike.group", "esp.group":
		f.add(key, groupOf(m[1]))
	case "pair": // local range, remote range
		f.add(key, m[1]+" "+m[2])
	case "pair.mask": // address and mask, twice
		f.add("pair", cidr(m[1], m[2])+" "+cidr(m[3], m[4]))
	case "pair.wild": // address and the mask's complement, twice
		f.add("pair", cidr(m[1], complement(m[2]))+" "+cidr(m[3], complement(m[4])))
	case "network.bits":
		f.add("network", m[1]+"/"+m[2])
	case "network.mask":
		f.add("network", cidr(m[1], m[2]))
	case "peer.key":
		f.add("peer", m[1])
		f.add("key", m[2])
	case "esp.both":
		f.add("esp.cipher", cipherOf(m[1]))
		f.add("esp.hash", hashOf(m[2]))
	case "version":
		f.add(key, strings.Trim(strings.TrimPrefix(m[1], "ike"), "v-only"))
	default:
		f.add(key, m[1])
	}
}

// cidr joins an address and a mask in dotted form.
func cidr(addr, mask string) string {
	bits := 0
	for _, b := range netip.MustParseAddr(mask).As4() {
		for ; b != 0; b <<= 1 {
			bits++
		}
	}
	return addr + "/" + strconv.Itoa(bits)
}

func complement(mask string) string {
	m := netip.MustParseAddr(mask).As4()
	return netip.AddrFrom4([4]byte{^m[0], ^m[1], ^m[2], ^m[3]}).String()
}

// rule is one kind of line: a pattern for the whole line and the fact it tells.
type rule struct{ pattern, fact string }

var compiled = map[string]*regexp.Regexp{}

// read holds every line against the grammar of a language: each must be of exactly one
// kind, so that a text which has broken out of a line is seen.
func read(t *testing.T, grammar []rule, comment, text string) facts {
	t.Helper()
	f := facts{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, comment) {
			continue
		}
		kinds := 0
		for _, r := range grammar {
			re := compiled[r.pattern]
			if re == nil {
				p := strings.NewReplacer("ID", `vpnx-abcdefgh`, "ADDR", `\d+\.\d+\.\d+\.\d+`, "NET", `\d+\.\d+\.\d+\.\d+/\d+`, "WORD", `[^\s"]+`).Replace(r.pattern)
				re = regexp.MustCompile("^" + p + "$")
				compiled[r.pattern] = re
			}
			if m := re.FindStringSubmatch(line); m != nil {
				kinds++
				f.note(r.fact, m)
			}
		}
		if kinds != 1 {
			t.Errorf("%q is of %d kinds", line, kinds)
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

func site(v vpc.Vendor, x *vpc.Connection) Site {
	return Site{
		Vendor: v, Interface: "ge-0/0/0.0", Connection: x, Key: "open-sesame-99",
		Gateway:  &vpc.Gateway{Public: netip.MustParseAddr("198.51.100.2"), BGPASN: 64551},
		Customer: &vpc.CustomerGateway{Addr: netip.MustParseAddr("58.211.1.12"), BGPASN: 65001},
	}
}
