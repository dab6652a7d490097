package peerconfig

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

var noCodes vpc.Listed

// legal reports whether the API takes a text as a key or a name.
func legal(key, name string) bool {
	around := &vpc.Surroundings{Gateway: &vpc.Gateway{Public: site(vpc.Vendor{}, nil).Gateway.Public, Version: "4.0"}, CustomerGateway: site(vpc.Vendor{}, nil).Customer, Quota: func(string) int { return 100 }}
	fqdn, local := vpc.IdentityFQDN, "10.7.0.0/16"
	_, err := vpc.NewConnection(vpc.ConnectionSpec{Tunnel: vpc.TunnelSpec{
		Policies: []vpc.PolicySpec{{Local: local, Remotes: []string{"192.168.1.0/24"}}}, IKE: &vpc.IKESpec{RemoteIdentity: &fqdn, RemoteFQDN: &name},
	}}, around)
	return err == nil && vpc.CheckPreSharedKey(vpc.Secret(key), noCodes) == nil
}

// hostile writes a connection with a key and a name for every make: each text says
// exactly these, in as many lines as with harmless ones, or it is refused whole.
func hostile(t *testing.T, key, called string) (written int) {
	t.Helper()
	for _, v := range vpc.Vendors() {
		for _, shape := range []func(*vpc.Connection){
			func(x *vpc.Connection) { x.IKE.Exchange = "AGGRESSIVE" },
			func(x *vpc.Connection) { x.IKE.Version = "IKEV2" },
			byRoute("10.200.0.1", "192.168.77.1"),
		} {
			x := connection()
			x.Name, x.IKE.RemoteIdentity, x.IKE.RemoteFQDN = called, vpc.IdentityFQDN, called
			shape(x)
			s := site(v, x)
			s.Key = vpc.Secret(key)
			out, err := Write(s, nil)
			if err != nil {
				if strings.Contains(err.EN, key) && len(key) > 7 {
					t.Errorf("%s: the refusal repeats the key: %s", name(v), err.EN)
				}
				continue
			}
			written++
			r := readers[name(v)]
			if d := r.differs(t, r.facts(t, out.Reveal()), s); d != "" {
				t.Errorf("%s, key %q, name %q: %s\n%s", name(v), key, called, d, out.Reveal())
			}
			y := *x
			y.IKE.RemoteFQDN = "a.example"
			plain := site(v, &y)
			harmless, err := Write(plain, nil)
			if err != nil || strings.Count(harmless.Reveal(), "\n") != strings.Count(out.Reveal(), "\n") {
				t.Errorf("%s, key %q, name %q: another number of lines (%v)\n%s", name(v), key, called, err, out.Reveal())
			}
		}
	}
	return written
}

var hostileTexts = []string{
	"secret7", "0sMTIzNDU2", "0x31323334", "0", "6", "8", "hex", "local", "remote", "simple", "key", " both ends ", "a b", `"`, `""`, `'`, `\`, `\"`, `\n`, `\0A`, "`id`", "$(id)", "${ENV}", "$ENV",
	"include /etc/shadow", "}", "{", "} secrets {", "#", "# x", "!", "a!b", "a#b", ";", "a;reboot", "|", "&amp;", "<x>", "]]>", "-->", "--", "-AQ==abc", "%any", "%^%#x%^%#", "?", "a?b", "@", "@#hex", "@[x]", "a,b", "a=b", "[", "]", "*", "~", "/", "//", ":",
	"edit", "next", "end", "exit", "quit", "commit", "no", "undo", "set", strings.Repeat("k", 128), strings.Repeat("%", 128), "keyword = value", "C=CN, CN=x\"}", "站点", "a\u2028b", "\u202eevil", "é",
}

// TestHostile tries texts that mean something to some make.
func TestHostile(t *testing.T) {
	written := 0
	for _, text := range hostileTexts {
		if legal(text, "a.example") {
			written += hostile(t, text, "a.example")
		}
		if legal("secret7", text) {
			written += hostile(t, "secret7", text)
		}
	}
	if written < 1000 {
		t.Errorf("only %d texts were written", written)
	}
}

// TestUnescaped: a line that would be two breaks the whole text, whatever made it.
func TestUnescaped(t *testing.T) {
	for _, arg := range []string{"a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u0085b", "a\x1bb"} {
		w := &text{}
		w.line("x %s", arg)
		if !w.broken {
			t.Errorf("%q passed", arg)
		}
	}
}

// FuzzTexts: whatever legal key and name, every make's text says exactly these.
func FuzzTexts(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text, "a.example")
		f.Add("secret7", text)
	}
	f.Fuzz(func(t *testing.T, key, called string) {
		if legal(key, called) {
			hostile(t, key, called)
		}
	})
}

var runs = regexp.MustCompile(`[0-9]+|[A-Za-z]+`)

// changed is another run of the same kind.
func changed(run string) string {
	last := run[len(run)-1]
	switch last {
	case '9':
		last = '0'
	case 'z', 'Z':
		last--
	default:
		last++
	}
	return run[:len(run)-1] + string(last)
}

// TestReaderSees changes every word and every number of every line that says something,
// one at a time: no text may then read as before. So the readers see each value, and what
// TestReadBack holds them to is all that a text says.
func TestReaderSees(t *testing.T) {
	for _, v := range vpc.Vendors() {
		tried, r, done := 0, readers[name(v)], map[string]bool{}
		for _, e := range examples() {
			e.Vendor = v
			out, err := Write(e.Site, nil)
			if err != nil {
				continue
			}
			text, wrong := out.Reveal(), &faults{}
			good := r.facts(wrong, text)
			if len(*wrong) > 0 {
				t.Fatalf("%s: %q", name(v), *wrong)
			}
			at := 0
			for line := range strings.Lines(text) {
				start := at
				at += len(line)
				if said := r.line(strings.TrimSuffix(line, "\n")); said.kinds == 0 || done[line] {
					continue
				}
				done[line] = true
				for _, x := range runs.FindAllStringIndex(line, -1) {
					bad := text[:start] + line[:x[0]] + changed(line[x[0]:x[1]]) + line[x[1]:] + text[at:]
					wrong := &faults{}
					if got := r.facts(wrong, bad); len(*wrong) == 0 && reflect.DeepEqual(got, good) {
						t.Errorf("%s: %q reads as before with %q changed", name(v), line, line[x[0]:x[1]])
					}
					tried++
				}
			}
		}
		if tried < 100 {
			t.Errorf("%s: only %d changes", name(v), tried)
		}
	}
}
