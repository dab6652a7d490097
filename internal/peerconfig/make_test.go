package peerconfig

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// reporter takes what is wrong with a text: a test, or one that only counts.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// reader reads one make's texts.
type reader struct {
	*grammar
	comment    string
	lacks      []string // facts that the language, or its text, need not say
	lacksV1    []string // those that it need not say in IKEv1
	says       []string // facts that few languages say
	routeLacks []string // facts that it does not say by route
	routes     bool     // it has routes also by policy
	opens      bool     // no traffic of its own can start its tunnel by route
	finish     func(t reporter, f facts, text string)
}

// few are the facts that only those texts need to say that are known to.
var few = []string{"dpd.timeout", "dpd.action", "esp.rekey", "esp.rekey.bytes", "ping", "rule"}

var readers = map[string]reader{
	"cisco/ios":         {grammar: iosGrammar, comment: "!", lacks: []string{"start"}, lacksV1: []string{"local"}, finish: finishMain},
	"cisco/asa":         {grammar: asaGrammar, comment: "!", lacks: []string{"local", "remote", "kind.remote", "start"}, finish: finishASA},
	"huawei/usg":        {grammar: usgGrammar, comment: "#", says: []string{"ping", "rule"}, routeLacks: []string{"start"}, finish: finishUSG},
	"h3c/comware":       {grammar: comwareGrammar, comment: "#", routeLacks: []string{"start"}, finish: finishComware},
	"juniper/srx":       {grammar: srxGrammar, comment: "#", says: []string{"ping"}, routes: true, finish: func(reporter, facts, string) {}},
	"paloalto/panos":    {grammar: panosGrammar, comment: "#", lacks: []string{"start"}, says: []string{"ping"}, routes: true, finish: finishPANOS},
	"vyos/linux":        {grammar: vyosGrammar, comment: "#", says: []string{"dpd.timeout", "dpd.action"}, opens: true, finish: finishVyOS},
	"fortinet/fortios":  {grammar: fortiGrammar, comment: "#", lacks: []string{"kind.remote"}, lacksV1: []string{"remote"}, says: []string{"ping"}, routes: true, finish: finishForti},
	"strongswan/linux":  {grammar: swanGrammar, comment: "#", says: []string{"dpd.timeout", "dpd.action", "esp.rekey", "esp.rekey.bytes"}, finish: finishSwan},
	"opnsense/freebsd":  {grammar: swanGrammar, comment: "#", says: []string{"dpd.timeout", "dpd.action", "esp.rekey", "esp.rekey.bytes"}, finish: finishSwan},
	"libreswan/linux":   {grammar: libreGrammar, comment: "#", says: []string{"dpd.timeout", "dpd.action"}, finish: finishLibre},
	"mikrotik/routeros": {grammar: routerGrammar, comment: "#", lacks: []string{"start"}, finish: finishRouter},
	"pfsense/freebsd":   {grammar: pfGrammar, comment: "<!--", opens: true, finish: finishPfSense},
}

// facts reads a text as the make does.
func (r reader) facts(t reporter, text string) facts {
	t.Helper()
	f := r.read(t, r.comment, text)
	r.finish(t, f, text)
	f.decode(t)
	if len(f["dpd"]) == 0 {
		f.add("dpd", "off")
	}
	f.settle(t)
	return f
}

// take removes a fact and returns what it was.
func (f facts) take(key string) []string {
	values := f[key]
	delete(f, key)
	return values
}

// decode turns what is written otherwise into plain facts.
func (f facts) decode(t reporter) {
	t.Helper()
	for _, k := range f.take("key.hex") {
		b, err := hex.DecodeString(k)
		if err != nil {
			t.Errorf("key %q: %v", k, err)
		}
		f.add("key", string(b))
	}
	for _, k := range f.take("key.0s") {
		b64, ok := strings.CutPrefix(k, "0s")
		b, err := base64.StdEncoding.Strict().DecodeString(b64)
		if err != nil || !ok {
			t.Errorf("key %q: %v", k, err)
		}
		f.add("key", string(b))
	}
	for _, n := range f.take("esp.bytes") {
		bytes, err := strconv.ParseUint(n, 10, 64)
		if err != nil || bytes%1024 != 0 {
			t.Errorf("%s bytes: %v", n, err)
		}
		f.add("esp.kib", strconv.FormatUint(bytes/1024, 10))
	}
}

// finishMain fills in the mode that IOS and ASA take where none is said.
func finishMain(_ reporter, f facts, _ string) {
	if len(f["version"]) > 0 && f["version"][0] == "1" && len(f["mode"]) == 0 {
		f.add("mode", "main")
	}
}

// finishASA sees that the next hops are in the tunnel's network.
func finishASA(t reporter, f facts, text string) {
	finishMain(t, f, text)
	for _, hop := range f.take("hop") {
		a, err := netip.ParseAddr(hop)
		p, err2 := netip.ParsePrefix(strings.Join(f["inner"], ""))
		if err != nil || err2 != nil || !p.Contains(a) || p.Addr() == a {
			t.Errorf("next hop %s in %s", hop, f["inner"])
		}
		f.add("label", hop)
	}
}

// finishUSG reads the rules of the two policies, each of several lines.
func finishUSG(t reporter, f facts, text string) {
	policy, rule, whole := "", "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case line == "security-policy" || line == "nat-policy":
			policy = line
		case strings.HasPrefix(line, " rule name "):
			rule, whole = policy+" "+strings.TrimPrefix(rest, "name vpnx-abcdefgh"), true
		case strings.HasPrefix(line, " rule move "):
			f.add("rule", policy+" "+rest)
		case whole && word == "action":
			f.add("rule", rule+" "+rest)
			whole = false
		case whole && strings.HasPrefix(line, "  "):
			addr, mask, ok := strings.Cut(rest, " mask ")
			if ok {
				rest = cidr(addr, mask)
			}
			rule += " " + word + " " + rest
		}
	}
}

func finishComware(_ reporter, f facts, text string) {
	if len(f["start"]) == 0 && strings.Contains(text, "\nipsec policy ") {
		f.add("start", "traffic")
	}
}

func finishPANOS(t reporter, f facts, _ string) {
	for _, phase := range []string{"ike", "esp"} {
		for _, m := range f.take(phase + ".minutes") {
			n, _ := strconv.Atoi(m)
			f.add(phase+".life", strconv.Itoa(60*n))
		}
	}
	for _, s := range f.take("esp.size") {
		unit, n, _ := strings.Cut(s, " ")
		size, err := strconv.ParseUint(n, 10, 64)
		if err != nil || size == 0 || size > 65535 {
			t.Errorf("lifesize %s", s)
		}
		f.add("esp.kib", strconv.FormatUint(size<<(10*strings.Index("kmgt", unit[:1])), 10))
	}
}

// zip joins the two ends of each pair, which stand on two lines.
func (f facts) zip(t reporter) {
	locals, remotes := f.take("pair.local"), f.take("pair.remote")
	if len(locals) != len(remotes) {
		t.Errorf("pairs: %q and %q", locals, remotes)
		return
	}
	for i := range locals {
		f.add("pair", locals[i]+" "+remotes[i])
	}
}

// finishVyOS takes the key's two names as identities, in this order.
func finishVyOS(t reporter, f facts, _ string) {
	f.zip(t)
	k, ids := f.take("psk.kind"), f.take("psk.id")
	if len(k) != 2 || len(ids) != 2 {
		t.Errorf("the key is for %q", ids)
		return
	}
	for i, end := range []string{"local", "remote"} {
		f.add("kind."+end, kinds[k[i]])
		f.add(end, ids[i])
	}
}

func finishForti(t reporter, f facts, _ string) {
	f.zip(t)
	for i, p := range f.take("proposal") {
		phase := map[bool]string{true: "ike", false: "esp"}[i == 0]
		cipher, hash, _ := strings.Cut(p, "-")
		f.add(phase+".cipher", cipherOf(cipher))
		if hash != "" {
			f.add(phase+".hash", hashOf(hash))
		}
	}
	for i, g := range f.take("group") {
		f.add(map[bool]string{true: "ike.group", false: "esp.group"}[i == 0], g)
	}
	ip, far, mask := f.take("forti.ip"), f.take("forti.far"), f.take("forti.mask")
	switch {
	case len(ip) == 0:
	case len(mask) != len(ip):
		t.Errorf("%s without another end", ip)
	case mask[0] == "255.255.255.255":
		f.add("inner", ip[0]+"/32")
		f.add("network", far[0]+"/32")
	default:
		f.add("inner", cidr(ip[0], mask[0]))
		f.add("far", far[0])
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

func finishSwan(t reporter, f facts, _ string) {
	for _, p := range f.take("proposal") {
		f.suite("ike", strings.Split(p, "-"))
	}
	for _, p := range f.take("esp") {
		f.suite("esp", strings.Split(p, "-"))
	}
	life := 0
	for _, part := range f.take("ike.parts") {
		n, _ := strconv.Atoi(part)
		life += n
	}
	f.add("ike.life", strconv.Itoa(life))
	for i, id := range f.take("id") { // local and remote, of the connection and of the secret
		f.swanIdentity(t, map[bool]string{true: "local", false: "remote"}[i%2 == 0], strings.Trim(id, `"`))
	}
	remotes := f.take("ts.remote")
	for i, locals := range f.take("ts.local") {
		if i >= len(remotes) {
			t.Errorf("%s without another end", locals)
			return
		}
		for _, l := range strings.Split(locals, ",") {
			for _, r := range strings.Split(remotes[i], ",") {
				f.add("pair", l+" "+r)
			}
		}
	}
}

func (f facts) swanIdentity(t reporter, end, id string) {
	name, ok := strings.CutPrefix(id, "fqdn:")
	f.add("kind."+end, map[bool]string{true: "name", false: "address"}[ok])
	if text, ok := strings.CutPrefix(name, "#"); ok {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Errorf("identity %q: %v", id, err)
		}
		name = string(b)
	}
	f.add(end, name)
}

func finishLibre(t reporter, f facts, _ string) {
	split := func(p string) []string {
		return strings.FieldsFunc(p, func(r rune) bool { return r == '-' || r == ';' })
	}
	for _, p := range f.take("proposal") {
		f.suite("ike", split(p))
	}
	for _, p := range f.take("esp") {
		f.suite("esp", split(p))
	}
	for _, pfs := range f.take("pfs") {
		if (pfs == "yes") != (len(f["esp.group"]) > 0) {
			t.Errorf("pfs=%s with group %q", pfs, f["esp.group"])
		}
	}
	f.zip(t)
}

var routerByte = regexp.MustCompile(`\\[0-9A-F]{2}`)

// routerValue reads what stands in quotes as RouterOS does: \XX is a byte.
func routerValue(s string) string {
	return routerByte.ReplaceAllStringFunc(s, func(x string) string {
		b, _ := hex.DecodeString(x[1:])
		return string(b)
	})
}

func finishRouter(t reporter, f facts, _ string) {
	for _, key := range []string{"key", "local", "remote"} {
		for _, s := range f.take(key + ".router") {
			f.add(key, routerValue(s))
		}
	}
	if len(f["mode"]) > 0 {
		f.add("version", "1")
	}
	for _, hash := range f.take("esp.auth") {
		if !strings.HasSuffix(strings.Join(f["esp.cipher"], ""), "GCM128") || hash != "null" {
			f.add("esp.hash", hashOf(hash))
		}
	}
	for _, group := range f.take("esp.pfs") {
		if group != "none" {
			f.add("esp.group", groupOf(group))
		}
	}
	for _, above := range f.take("mss.above") {
		n, _ := strconv.Atoi(above)
		f.add("mss", strconv.Itoa(n-1))
	}
}

// pfPaths are the elements of pfSense's XML: what they tell, or = and what they must be.
var pfPaths = map[string]string{
	"phase1/ikeid": "=1", "phase1/iketype": "version", "phase1/mode": "pf.mode", "phase1/interface": "iface", "phase1/protocol": "=inet", "phase1/remote-gateway": "peer",
	"phase1/authentication_method": "=pre_shared_key", "phase1/pre-shared-key": "key", "phase1/myid_type": "kind.local", "phase1/myid_data": "local", "phase1/peerid_type": "kind.remote", "phase1/peerid_data": "remote",
	"phase1/encryption/item/encryption-algorithm/name": "ike.name", "phase1/encryption/item/encryption-algorithm/keylen": "ike.bits", "phase1/encryption/item/hash-algorithm": "ike.hash",
	"phase1/encryption/item/prf-algorithm": "ike.hash", "phase1/encryption/item/dhgroup": "ike.group", "phase1/lifetime": "ike.life", "phase1/nat_traversal": "=on", "phase1/mobike": "=off",
	"phase1/startaction": "start", "phase1/dpd_delay": "dpd", "phase1/dpd_maxfail": "=3", "phase1/descr": "=vpnx-abcdefgh",
	"phase2/ikeid": "=1", "phase2/uniqid": "label", "phase2/reqid": "label", "phase2/mode": "child.mode", "phase2/protocol": "=esp", "phase2/descr": "=vpnx-abcdefgh",
	"phase2/localid/type": "=network", "phase2/localid/address": "local.address", "phase2/localid/netbits": "local.bits",
	"phase2/remoteid/type": "remote.type", "phase2/remoteid/address": "remote.address", "phase2/remoteid/netbits": "remote.bits",
	"phase2/encryption-algorithm-option/name": "esp.name", "phase2/encryption-algorithm-option/keylen": "esp.bits", "phase2/hash-algorithm-option": "esp.hash",
	"phase2/pfsgroup": "pf.pfs", "phase2/lifetime": "esp.life",
}

// pfLeaves calls each with every element that has text alone, by its path below ipsec.
func pfLeaves(text string, each func(path, value string)) error {
	d, path, value, leaf := xml.NewDecoder(strings.NewReader(text)), []string{}, "", false
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && len(path) == 0:
			return nil
		case err != nil:
			return err
		}
		switch x := token.(type) {
		case xml.ProcInst:
			if x.Target != "xml" || string(x.Inst) != `version="1.0"` {
				return fmt.Errorf("%s %s", x.Target, x.Inst)
			}
		case xml.StartElement:
			path, value, leaf = append(path, x.Name.Local), "", true
		case xml.CharData:
			value += string(x)
		case xml.EndElement:
			if leaf {
				each(strings.TrimPrefix(strings.Join(path, "/"), "ipsec/"), value)
			}
			path, leaf = path[:len(path)-1], false
		}
	}
}

func finishPfSense(t reporter, f facts, text string) {
	err := pfLeaves(text, func(path, value string) {
		fact, ok := pfPaths[path]
		fixed, must := strings.CutPrefix(fact, "=")
		switch {
		case !ok || must && value != fixed:
			t.Errorf("element %s is %q", path, value)
		case !must:
			f.one(fact, []string{value})
		}
	})
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	for _, mode := range f.take("pf.mode") {
		if f["version"][0] == "1" {
			f.add("mode", mode)
		} else if mode != "main" {
			t.Errorf("mode %s in IKEv2", mode)
		}
	}
	for _, group := range f.take("pf.pfs") {
		if group != "0" {
			f.add("esp.group", groupOf(group))
		}
	}
	f.pfCiphers(t, "ike")
	f.pfCiphers(t, "esp")
	f.pfChildren(t)
}

// pfCiphers joins the name of a cipher and its length. GCM's length is in its name, and
// the other number is that of its tag.
func (f facts) pfCiphers(t reporter, phase string) {
	bits := f.take(phase + ".bits")
	for i, name := range f.take(phase + ".name") {
		if !strings.Contains(name, "gcm") {
			name += bits[i]
		} else if bits[i] != "128" {
			t.Errorf("a tag of %s bits", bits[i])
		}
		f.add(phase+".cipher", cipherOf(name))
	}
}

func (f facts) pfChildren(t reporter) {
	local, bits, remote, kinds, far := f.take("local.address"), f.take("local.bits"), f.take("remote.address"), f.take("remote.type"), f.take("remote.bits")
	for i, mode := range f.take("child.mode") {
		switch {
		case mode == "tunnel" && kinds[i] == "network":
			f.add("pair", local[i]+"/"+bits[i]+" "+remote[i]+"/"+far[i])
		case mode == "vti" && kinds[i] == "address":
			f.add("inner", local[i]+"/"+bits[i])
			f.add("network", remote[i]+"/32") // the other end of a point-to-point interface
		default:
			t.Errorf("mode %s with %s", mode, kinds[i])
		}
	}
}
