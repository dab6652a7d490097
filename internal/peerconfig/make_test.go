package peerconfig

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// reader reads one make's texts.
type reader struct {
	grammar []rule
	comment string
	lacks   []string // facts that the language, or its text, need not say
	finish  func(t *testing.T, f facts, text string)
}

var readers = map[string]reader{
	"cisco/ios":         {iosGrammar, "!", []string{"local"}, finishModes},
	"cisco/asa":         {asaGrammar, "!", []string{"local", "remote"}, finishModes},
	"huawei/usg":        {usgGrammar, "#", nil, finishUSG},
	"h3c/comware":       {comwareGrammar, "#", nil, finishComware},
	"juniper/srx":       {srxGrammar, "#", nil, func(*testing.T, facts, string) {}},
	"paloalto/panos":    {panosGrammar, "#", nil, finishPANOS},
	"vyos/linux":        {vyosGrammar, "#", nil, finishZip},
	"fortinet/fortios":  {fortiGrammar, "#", []string{"remote"}, finishForti},
	"strongswan/linux":  {swanGrammar, "#", nil, finishSwan},
	"opnsense/freebsd":  {swanGrammar, "#", nil, finishSwan},
	"libreswan/linux":   {libreGrammar, "#", []string{"esp.kib"}, finishLibre},
	"mikrotik/routeros": {routerGrammar, "#", []string{"esp.kib"}, finishRouter},
	"pfsense/freebsd":   {[]rule{{`.*`, ""}}, "<!--", []string{"esp.kib"}, finishPfSense},
}

// facts reads a text as the make does.
func (r reader) facts(t *testing.T, text string) facts {
	t.Helper()
	f := read(t, r.grammar, r.comment, text)
	r.finish(t, f, text)
	f.decode(t)
	f.settle(t)
	return f
}

// decode turns what is written otherwise into plain facts.
func (f facts) decode(t *testing.T) {
	t.Helper()
	for _, k := range f["key.hex"] {
		b, err := hex.DecodeString(k)
		if err != nil {
			t.Error(err)
		}
		f.add("key", string(b))
	}
	for _, k := range f["key.0s"] {
		b64, ok := strings.CutPrefix(k, "0s")
		b, err := base64.StdEncoding.DecodeString(b64)
		if err != nil || !ok {
			t.Errorf("key %q: %v", k, err)
		}
		f.add("key", string(b))
	}
	for _, n := range f["esp.bytes"] {
		bytes, _ := strconv.ParseUint(n, 10, 64)
		f.add("esp.kib", strconv.FormatUint(bytes/1024, 10))
	}
	for _, k := range []string{"key.hex", "key.0s", "esp.bytes", "proposal", "group", "esp", "id", "aggressive", "v2", "ike.parts", "ts.local", "ts.remote", "pair.local", "pair.remote", "ike.minutes", "esp.size"} {
		delete(f, k)
	}
}

// finishModes fills in what IOS and ASA say by leaving it out.
func finishModes(_ *testing.T, f facts, text string) {
	if len(f["version"]) == 0 {
		f.add("version", map[bool]string{true: "2", false: "1"}[strings.Contains(text, "ikev2 ")])
	}
	if f["version"][0] == "1" && len(f["mode"]) == 0 {
		f.add("mode", "main")
	}
}

func finishUSG(_ *testing.T, f facts, text string) {
	f.add("version", map[bool]string{true: "2", false: "1"}[strings.Contains(text, "undo version 1\n")])
}

func finishComware(_ *testing.T, f facts, text string) {
	f.add("version", map[bool]string{true: "2", false: "1"}[strings.Contains(text, "\nikev2 profile")])
	if f["version"][0] == "1" && strings.Contains(text, "pre-shared-key address 198.51.100.2 ") {
		f.add("peer", "198.51.100.2")
	}
}

func finishPANOS(t *testing.T, f facts, _ string) {
	for _, m := range f["ike.minutes"] {
		n, _ := strconv.Atoi(m)
		f.add("ike.life", strconv.Itoa(60*n))
	}
	unit, n, _ := strings.Cut(f["esp.size"][0], " ")
	size, err := strconv.ParseUint(n, 10, 64)
	if err != nil || size == 0 || size > 65535 {
		t.Errorf("lifesize %s", f["esp.size"])
	}
	f.add("esp.kib", strconv.FormatUint(size<<(10*strings.Index("kmgt", unit[:1])), 10))
}

// finishZip joins the two ends of each pair, which stand on two lines.
func finishZip(t *testing.T, f facts, _ string) {
	if len(f["pair.local"]) != len(f["pair.remote"]) {
		t.Errorf("pairs: %q and %q", f["pair.local"], f["pair.remote"])
		return
	}
	for i := range f["pair.local"] {
		f.add("pair", f["pair.local"][i]+" "+f["pair.remote"][i])
	}
}

func finishForti(t *testing.T, f facts, text string) {
	for _, end := range []string{"pair.local", "pair.remote"} {
		for i, x := range f[end] {
			addr, mask, _ := strings.Cut(x, " ")
			f[end][i] = cidr(addr, mask)
		}
	}
	finishZip(t, f, text)
	for i, p := range f["proposal"] {
		cipher, hash, _ := strings.Cut(p, "-")
		if i == 0 {
			f.add("ike.cipher", cipherOf(cipher))
			f.add("ike.hash", hashOf(hash))
			continue
		}
		f.add("esp.cipher", cipherOf(cipher))
		if hash != "" {
			f.add("esp.hash", hashOf(hash))
		}
	}
	for i, g := range f["group"] {
		f.add(map[bool]string{true: "ike.group", false: "esp.group"}[i == 0], g)
	}
}

// suite reads a proposal of words that stand in the order cipher, hash, group.
func (f facts) suite(phase string, words []string) {
	f.add(phase+".cipher", cipherOf(words[0]))
	for _, w := range words[1:] {
		switch {
		case w == "null" && strings.Contains(words[0], "gcm"):
		case strings.HasPrefix(w, "modp"), strings.HasPrefix(w, "ecp"), strings.HasPrefix(w, "dh"):
			f.add(phase+".group", groupOf(w))
		default:
			f.add(phase+".hash", hashOf(w))
		}
	}
}

func (f facts) modes(aggressive []string) {
	if f["version"][0] == "1" {
		f.add("mode", map[bool]string{true: "aggressive", false: "main"}[len(aggressive) > 0 && aggressive[0] == "yes"])
	}
}

func finishSwan(t *testing.T, f facts, _ string) {
	f.modes(f["aggressive"])
	f.suite("ike", strings.Split(f["proposal"][0], "-"))
	for _, p := range f["esp"] {
		f.suite("esp", strings.Split(p, "-"))
	}
	life := 0
	for _, part := range f["ike.parts"] {
		n, _ := strconv.Atoi(part)
		life += n
	}
	f.add("ike.life", strconv.Itoa(life))
	for i, id := range f["id"] { // local and remote, of the connection and of the secret
		f.add(map[bool]string{true: "local", false: "remote"}[i%2 == 0], swanIdentity(t, id))
	}
	for i, locals := range f["ts.local"] {
		for _, l := range strings.Split(locals, ",") {
			for _, r := range strings.Split(f["ts.remote"][i], ",") {
				f.add("pair", l+" "+r)
			}
		}
	}
}

func swanIdentity(t *testing.T, id string) string {
	id = strings.Trim(id, `"`)
	if text, ok := strings.CutPrefix(id, "fqdn:#"); ok {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	return strings.TrimPrefix(id, "fqdn:")
}

func finishLibre(t *testing.T, f facts, text string) {
	for _, v := range f["v2"] {
		f.add("version", map[bool]string{true: "2", false: "1"}[v == "yes"])
	}
	f.modes(f["aggressive"])
	split := func(p string) []string {
		return strings.FieldsFunc(p, func(r rune) bool { return r == '-' || r == ';' })
	}
	for _, p := range f["proposal"] {
		f.suite("ike", split(p))
	}
	for _, p := range f["esp"] {
		f.suite("esp", split(p))
	}
	finishZip(t, f, text)
}

var (
	routerWord = regexp.MustCompile(`([a-z-]+)=("(?:[^"\\]|\\[0-9A-F]{2})*"|\S+)`)
	routerByte = regexp.MustCompile(`\\[0-9A-F]{2}`)
)

// routerValue reads a value as RouterOS does: in quotes \XX is a byte.
func routerValue(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return routerByte.ReplaceAllStringFunc(s, func(x string) string {
		b, _ := hex.DecodeString(x[1:])
		return string(b)
	})
}

func finishRouter(t *testing.T, f facts, text string) {
	for line := range strings.Lines(text) {
		menu, rest, _ := strings.Cut(strings.TrimPrefix(line, "/ip ipsec "), " add ")
		v := map[string]string{}
		for _, m := range routerWord.FindAllStringSubmatch(rest, -1) {
			v[m[1]] = routerValue(m[2])
		}
		switch menu {
		case "profile":
			f.suite("ike", []string{v["enc-algorithm"], v["hash-algorithm"], v["dh-group"]})
			f.add("ike.life", strings.TrimSuffix(v["lifetime"], "s"))
		case "peer":
			f.add("peer", strings.TrimSuffix(v["address"], "/32"))
			f.add("version", map[bool]string{true: "2", false: "1"}[v["exchange-mode"] == "ike2"])
			if v["exchange-mode"] != "ike2" {
				f.add("mode", v["exchange-mode"])
			}
		case "identity":
			f.add("key", v["secret"])
			f.add("local", strings.TrimPrefix(strings.TrimPrefix(v["my-id"], "fqdn:"), "address:"))
			f.add("remote", strings.TrimPrefix(strings.TrimPrefix(v["remote-id"], "fqdn:"), "address:"))
		case "proposal":
			words := []string{v["enc-algorithms"], v["auth-algorithms"]}
			if v["pfs-group"] != "none" {
				words = append(words, v["pfs-group"])
			}
			f.suite("esp", words)
			f.add("esp.life", strings.TrimSuffix(v["lifetime"], "s"))
		case "policy":
			f.add("pair", v["src-address"]+" "+v["dst-address"])
		}
	}
}

type pfRangeXML struct {
	Address string `xml:"address"`
	Bits    string `xml:"netbits"`
}

type pfCipherXML struct {
	Name string `xml:"name"`
	Bits string `xml:"keylen"`
}

type pfXML struct {
	Phase1 []struct {
		Type   string      `xml:"iketype"`
		Mode   string      `xml:"mode"`
		Peer   string      `xml:"remote-gateway"`
		Key    string      `xml:"pre-shared-key"`
		My     string      `xml:"myid_data"`
		Their  string      `xml:"peerid_data"`
		Cipher pfCipherXML `xml:"encryption>item>encryption-algorithm"`
		Hash   string      `xml:"encryption>item>hash-algorithm"`
		Group  string      `xml:"encryption>item>dhgroup"`
		Life   string      `xml:"lifetime"`
	} `xml:"phase1"`
	Phase2 []struct {
		Mode     string      `xml:"mode"`
		LocalID  pfRangeXML  `xml:"localid"`
		RemoteID pfRangeXML  `xml:"remoteid"`
		Cipher   pfCipherXML `xml:"encryption-algorithm-option"`
		Hash     string      `xml:"hash-algorithm-option"`
		Group    string      `xml:"pfsgroup"`
		Life     string      `xml:"lifetime"`
	} `xml:"phase2"`
}

func finishPfSense(t *testing.T, f facts, text string) {
	var x pfXML
	if err := xml.Unmarshal([]byte(text), &x); err != nil || len(x.Phase1) != 1 {
		t.Errorf("%v, %d phases 1 in\n%s", err, len(x.Phase1), text)
		return
	}
	p := x.Phase1[0]
	f.add("version", strings.TrimPrefix(p.Type, "ikev"))
	if p.Type == "ikev1" {
		f.add("mode", p.Mode)
	}
	for key, value := range map[string]string{"peer": p.Peer, "key": p.Key, "local": p.My, "remote": p.Their, "ike.life": p.Life} {
		f.add(key, value)
	}
	f.suite("ike", []string{p.Cipher.full(), p.Hash})
	f.add("ike.group", p.Group)
	for _, c := range x.Phase2 {
		f.suite("esp", []string{c.Cipher.full()})
		if c.Hash != "" {
			f.add("esp.hash", hashOf(c.Hash))
		}
		if c.Group != "0" {
			f.add("esp.group", c.Group)
		}
		f.add("esp.life", c.Life)
		if c.Mode == "tunnel" {
			f.add("pair", c.LocalID.Address+"/"+c.LocalID.Bits+" "+c.RemoteID.Address+"/"+c.RemoteID.Bits)
		}
	}
}

func (c pfCipherXML) full() string {
	if strings.Contains(c.Name, "gcm") {
		return c.Name
	}
	return c.Name + c.Bits
}
