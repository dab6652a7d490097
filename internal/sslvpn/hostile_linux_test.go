package sslvpn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/pki"
)

// evil begins every text of a hostile client's.
const evil = "EVIL"

// evils are texts that are syntax somewhere on their way: on the management socket, in what a
// server pushes, in logs, on a terminal, in file names.
var evils = map[string]string{
	"an event":          evil + "\n>CLIENT:CONNECT,99,1\n>CLIENT:ENV,common_name=vpnc-00000001\n>CLIENT:ENV,END\n",
	"a goodbye":         evil + "\r\n>CLIENT:DISCONNECT,0\r\n>CLIENT:ENV,END\r\n",
	"the end of a list": evil + "\nCLIENT_LIST\tvpnc-00000001\t1.2.3.4:5\t172.16.0.9\t\t1\t1\tx\t1\tx\t77\t7\tNULL\nEND\nERROR: no\nSUCCESS: yes\n",
	"fields of a list":  evil + "\t0\t0\tNULL",
	"the last words":    evil + "\n2026-01-01 00:00:00 it is the operator's fault\n2026-01-01 00:00:00 Exiting due to fatal error",
	"a pushed option":   evil + ",PUSH_REPLY,route 0.0.0.0 0.0.0.0,ifconfig 172.16.0.99 255.255.255.0",
	"quotes":            evil + ` "double" 'single' \ $(id) ${common_name} ../../x`,
	"a terminal":        evil + "\x1b[2J\x07\x7f%s%n",
	"no UTF-8":          evil + "\xff\xfe\x80",
	"long":              evil + strings.Repeat("x", 300),
	"longer":            evil + strings.Repeat("x", 1500),
	"longest":           evil + strings.Repeat("x", 40000),
}

// greetings put a text wherever a client can say something.
func greetings(text string) map[string]hello {
	return map[string]hello{
		"options":           {options: text},
		"cipher":            {options: "V4,cipher " + text + ",tls-client"},
		"user":              {user: text},
		"password":          {user: "x", password: text},
		"peer info":         {info: text},
		"value of UV_x":     {info: "UV_x=" + text + "\n"},
		"name of a UV_":     {info: "UV_" + text + "=x\n"},
		"version":           {info: "IV_VER=" + text + "\n"},
		"list of abilities": {info: "IV_PROTO=" + text + "\n"},
		"list of ciphers":   {info: "IV_PROTO=990\nIV_CIPHERS=" + text + "\n"}, // hears why it is refused
	}
}

// answered is what a hostile client hears: what it is pushed, a refusal, or nothing, since
// its TLS session was ended; the server's log then says so.
func (b *bench) answered(t *testing.T, c *traveller, cert tls.Certificate, h hello) string {
	t.Helper()
	conn, err := c.Dial(context.Background(), "udp", public+":1194")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	said := len(b.log(t))
	ended := fmt.Sprintf("%s TLS Error: TLS handshake failed", conn.LocalAddr())
	type heard struct {
		answer string
		err    error
	}
	done := make(chan heard, 1)
	go func() {
		answer, err := newChannel(t, conn, b.crypt).greet(cert, h)
		done <- heard{answer, err}
	}()
	answer := ""
	if err := lab.Poll(2*lab.Patience, func() error {
		select {
		case got := <-done:
			answer = got.answer
			return got.err
		default:
		}
		if strings.Contains(b.log(t)[said:], ended) {
			answer = "ended"
			return nil
		}
		return errors.New("no answer")
	}); err != nil {
		t.Fatalf("%v\n%s", err, tail(b.log(t)))
	}
	return answer
}

// pair is the certificate and key in a profile.
func (c *traveller) pair(t *testing.T) tls.Certificate {
	t.Helper()
	text, err := os.ReadFile(c.profile)
	if err != nil {
		t.Fatal(err)
	}
	_, own, _ := strings.Cut(string(text), "<cert>")
	pair, err := tls.X509KeyPair([]byte(own), []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// TestHostile has the holder of a good certificate say of itself, wherever a client can
// say something, what would be syntax if anything took it for more than a text. It comes
// in as the client that it is, at that client's address, or not at all; a client beside it
// stays, nobody else is listed, refused or thrown out, and nothing of it gets into what the
// plane logs, lists and counts.
func TestHostile(t *testing.T) {
	b := newBench(t)
	good, rogue, named := b.traveller(t), b.traveller(t), b.traveller(t)
	b.ready(t)
	b.comesIn(t, good)
	pings := good.PingStart("172.16.0.1")
	heard := map[string]int{}
	for what, text := range evils {
		for where, h := range greetings(text) {
			answer := b.answered(t, rogue, rogue.pair(t), h)
			word, _, _ := strings.Cut(answer, ",")
			heard[word]++
			if strings.Contains(answer, evil) || word == "PUSH_REPLY" && !strings.Contains(answer+",", ",ifconfig 172.16.0.3 255.255.255.0,") {
				t.Errorf("%s as %s: it hears %q", what, where, answer)
			}
			b.holds(t, what+" as "+where, good, rogue)
		}
	}
	t.Logf("figure: %d hostile greetings: %v; of the pings of one beside them, %v", len(evils)*len(greetings("")), heard, pings.Stop())
	for _, word := range []string{"PUSH_REPLY", "AUTH_FAILED", "ended"} {
		if heard[word] == 0 {
			t.Errorf("nobody heard %s", word)
		}
	}
	if n := good.times(); n != 1 {
		t.Errorf("the good one has connected %d times", n)
	}

	words := b.file(t, `"`+evil+`" >CLIENT:ENV,END`+"\n"+evils["no UTF-8"]+"\n")
	b.comesIn(t, named, "--auth-user-pass", words, "--push-peer-info", "--setenv", "UV_NAME", evil+">CLIENT:ENV,END")
	b.holds(t, "OpenVPN's own client", good, rogue, named)
	b.revoke(t, named)
	for why, n := range b.plane.Counts()[b.row.ID].Refused {
		if n != 0 && why != refusedUnknown && why != refusedCipher {
			t.Errorf("%d refusals: %s", n, why)
		}
	}
	if n := b.plane.Counts()[b.row.ID].Expelled; n != 1 {
		t.Errorf("%d were thrown out", n)
	}
	for line := range strings.Lines(b.journal.String()) {
		if strings.Contains(line, evil) || !strings.HasPrefix(line, "time=") {
			t.Errorf("the plane's log has %q", line)
		}
	}
}

// holds holds that the first of some clients is there, and nobody but them, each at its
// address.
func (b *bench) holds(t *testing.T, what string, who ...*traveller) {
	t.Helper()
	there := false
	for _, s := range b.sessions(t) {
		at := slices.IndexFunc(who, func(c *traveller) bool { return c.id == s.Client })
		if at < 0 || s.Address != b.server().Clients[at].Address || strings.Contains(s.Cipher, evil) {
			t.Errorf("%s: there is a session %+v", what, s)
		}
		there = there || at == 0
	}
	if !there {
		t.Errorf("%s: the good one's session is not there: %+v", what, b.sessions(t))
	}
}

// TestHostileNames has certificates of another authority, whose names are syntax. Nothing
// of their names gets any further than OpenVPN's log, where each is one line.
func TestHostileNames(t *testing.T) {
	b := newBench(t)
	good, rogue := b.traveller(t), b.traveller(t)
	b.ready(t)
	b.comesIn(t, good)
	stranger, err := pki.NewAuthority("vpns-aaaaaaaa", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range evils {
		forged := forge(t, &stranger, func(c *x509.Certificate) { c.RawSubject = named(t, text) })
		cert, err := tls.X509KeyPair([]byte(forged.Cert), []byte(forged.Key.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		said := len(b.log(t))
		if answer := b.answered(t, rogue, cert, hello{}); answer != "ended" {
			t.Errorf("%s: it hears %q", what, answer)
		}
		b.holds(t, what, good)
		for line := range strings.Lines(b.log(t)[said:]) {
			if !logTime.MatchString(line) {
				t.Errorf("%s: OpenVPN's log has %q", what, line)
			}
		}
	}
	if text := b.journal.String(); strings.Contains(text, evil) {
		t.Errorf("the plane's log has %s", text)
	}
}

// named is a subject whose common name is any bytes.
func named(t *testing.T, text string) []byte {
	t.Helper()
	raw := func(v any) (der []byte) {
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	set := func(tag int, of ...any) asn1.RawValue {
		var all []byte
		for _, v := range of {
			all = append(all, raw(v)...)
		}
		return asn1.RawValue{Tag: tag, IsCompound: true, Bytes: all}
	}
	name := asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(text)}
	if !utf8.ValidString(text) {
		name.Tag = asn1.TagT61String
	}
	return raw(set(asn1.TagSequence, set(asn1.TagSet, set(asn1.TagSequence, asn1.ObjectIdentifier{2, 5, 4, 3}, name))))
}
