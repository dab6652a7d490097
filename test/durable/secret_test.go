package durable

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

// The secrets that must be found nowhere, and a text that must be found, to prove that
// they would be.
const (
	firstKey  = "Kp7first0PreSharedKey0Xw2"
	secondKey = "Kp7second0PreSharedKey0Xw3"
	badKey    = "Kp7refused0PreSharedKey0Xw4"
	numberKey = "918273645546372819"
	landmark  = "landmark-connection-8841"
)

// TestSecretsNowhere sends pre-shared keys in good and in bad calls, and looks for them,
// and for the secret keys of accounts, in everything that the server has written or
// says: the data directory, the log at its most talkative, the metrics, what the
// operator is shown, and a backup.
func TestSecretsNowhere(t *testing.T) {
	s := newServer(t, "--log-level", "debug", "--settle", "0s").run()
	acct := s.account("secretive")
	k := keeper{t, s, newClient(acct.cred)}
	x := k.connections()
	k.badCalls(x)
	h := &hunt{t: t, needles: map[string][]byte{}}
	for name, secret := range map[string]string{
		"first pre-shared key": firstKey, "second pre-shared key": secondKey, "refused pre-shared key": badKey,
		"pre-shared key sent as a number": numberKey, "root's SecretKey": s.root().SecretKey,
		"the account's SecretKey": acct.cred.SecretKey, "another SecretKey": k.newKey(),
	} {
		h.add(name, secret)
	}
	h.shown(s)
	s.kill()
	h.dir("data directory after kill -9", s.dir)
	s.run()
	k.stillThere(x)
	h.shown(s)
	if took, code := s.terminate(t, startTime); code != 0 {
		t.Fatalf("exit code %d after SIGTERM and %v", code, took)
	}
	h.dir("data directory", s.dir)
	h.file("log", s.log, false)
}

// keeper is a client with secrets.
type keeper struct {
	t      *testing.T
	server *server
	*client
}

// connections makes a connection with one key and changes it to another.
func (k keeper) connections() (id string) {
	k.t.Helper()
	addr := k.server.addr
	vpc := k.vpc(k.t, addr, "v")
	var g wire.CreateVpnGatewayResponse
	k.must(k.t, addr, "CreateVpnGateway", inputs{"VpcId": vpc, "VpnGatewayName": "g", "InternetMaxBandwidthOut": 5}, &g)
	var c wire.CreateCustomerGatewayResponse
	k.must(k.t, addr, "CreateCustomerGateway", inputs{"CustomerGatewayName": "c", "IpAddress": "58.211.1.12"}, &c)
	var x wire.CreateVpnConnectionResponse
	k.must(k.t, addr, "CreateVpnConnection", inputs{
		"VpcId": vpc, "VpnGatewayId": g.VpnGateway.VpnGatewayId, "CustomerGatewayId": c.CustomerGateway.CustomerGatewayId,
		"VpnConnectionName": landmark, "PreShareKey": firstKey,
		"SecurityPolicyDatabases": []any{inputs{"LocalCidrBlock": "10.0.0.0/24", "RemoteCidrBlock": []string{"192.168.0.0/24"}}},
	}, &x)
	if x.VpnConnection.PreShareKey != firstKey {
		k.t.Fatalf("the answer shows the key as %q", x.VpnConnection.PreShareKey)
	}
	id = x.VpnConnection.VpnConnectionId
	await(k.t, "the connection to settle", startTime, func() bool {
		r := k.call(addr, "ModifyVpnConnectionAttribute", inputs{"VpnConnectionId": id, "PreShareKey": secondKey})
		return r.fate == done
	})
	k.stillThere(id)
	return id
}

// stillThere: the one who may write the key can read it.
func (k keeper) stillThere(id string) {
	k.t.Helper()
	var out wire.DescribeVpnConnectionsResponse
	k.must(k.t, k.server.addr, "DescribeVpnConnections", inputs{"VpnConnectionIds": []string{id}}, &out)
	if len(out.VpnConnectionSet) != 1 || out.VpnConnectionSet[0].PreShareKey != secondKey {
		k.t.Fatalf("the connection is %+v", out.VpnConnectionSet)
	}
}

// badCalls are calls with a key that are refused at each stage of their way.
func (k keeper) badCalls(id string) {
	k.t.Helper()
	addr := k.server.addr
	for name, in := range map[string]inputs{
		"unknown connection": {"VpnConnectionId": "vpnx-zzzzzzzz", "PreShareKey": badKey},
		"malformed id":       {"VpnConnectionId": "no id", "PreShareKey": badKey},
		"another is wrong":   {"VpnConnectionId": id, "PreShareKey": badKey, "DpdTimeout": "never"},
		"misspelt":           {"VpnConnectionId": id, "PreSharedKey": badKey},
		"not printable":      {"VpnConnectionId": id, "PreShareKey": badKey + "\n"},
		"too long":           {"VpnConnectionId": id, "PreShareKey": strings.Repeat(badKey, 10)},
		"a list":             {"VpnConnectionId": id, "PreShareKey": []string{badKey}},
		"a number":           {"VpnConnectionId": id, "PreShareKey": json.Number(numberKey)},
	} {
		if r := k.call(addr, "ModifyVpnConnectionAttribute", in); r.fate != refused || r.code == "" {
			k.t.Errorf("%s: %v", name, r)
		} else if bytes.Contains(r.body, []byte(badKey)) || bytes.Contains(r.body, []byte(numberKey)) {
			k.t.Errorf("%s: the refusal repeats the key: %s", name, r.body)
		}
	}
	broken := []byte(`{"VpnConnectionId":"` + id + `","PreShareKey":"` + badKey)
	if r := k.post(addr, "ModifyVpnConnectionAttribute", broken); r.fate != refused || bytes.Contains(r.body, []byte(badKey)) {
		k.t.Errorf("half an object: %v", r)
	}
	stranger := newClient(wire.Credential{SecretID: k.cred.SecretID, SecretKey: "not the key"})
	if r := stranger.call(addr, "ModifyVpnConnectionAttribute", inputs{"VpnConnectionId": id, "PreShareKey": badKey}); r.fate != refused {
		k.t.Errorf("a wrong signature: %v", r)
	}
	for _, unknown := range []string{"ModifyVpnConnectionsAttribute", "CreateNatGateway"} {
		if r := k.call(addr, unknown, inputs{"PreShareKey": badKey}); r.fate != refused {
			k.t.Errorf("%s: %v", unknown, r)
		}
	}
	k.inURL(id)
}

// inURL sends the key in the URL, as the oldest signature allows, to change it and to
// be refused.
func (k keeper) inURL(id string) {
	k.t.Helper()
	for key, ok := range map[string]bool{secondKey: true, badKey + "é": false} {
		params := wire.Params{
			{Name: "Action", Value: "ModifyVpnConnectionAttribute"}, {Name: "Version", Value: "2017-03-12"},
			{Name: "Region", Value: "ap-guangzhou"}, {Name: "VpnConnectionId", Value: id}, {Name: "PreShareKey", Value: key},
		}
		m := &wire.Message{Method: http.MethodGet, Hosts: []string{k.server.addr}}
		values := url.Values{}
		for _, p := range k.cred.SignV1(m, params, time.Now(), 7) {
			values.Set(p.Name, p.Value)
		}
		text, status, err := fetch("http://" + k.server.addr + "/?" + values.Encode())
		if err != nil || status != http.StatusOK || bytes.Contains(text, []byte(`"Error"`)) == ok {
			k.t.Errorf("a key in the URL: %v, HTTP %d: %s", err, status, text)
		}
	}
}

// newKey lets the operator make another key of the account.
func (k keeper) newKey() string {
	k.t.Helper()
	out := k.server.command("key", "create", "--account", "secretive", "--json")
	var made struct{ SecretKey string }
	if err := json.Unmarshal(out, &made); err != nil || made.SecretKey == "" {
		k.t.Fatalf("key create: %v: %s", err, out)
	}
	return made.SecretKey
}

// command runs one of the operator's commands.
func (s *server) command(args ...string) []byte {
	s.t.Helper()
	cmd := exec.Command(binary(s.t, gatewright), append(args, "--data-dir", s.dir)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("gatewright %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return out
}

// hunt looks for secrets, in the clear and in the encodings in which they might hide.
type hunt struct {
	t       *testing.T
	needles map[string][]byte
}

func (h *hunt) add(name, secret string) {
	if len(secret) < 16 {
		h.t.Fatalf("%s is too short to be looked for", name)
	}
	for form, needle := range forms(secret) {
		h.needles[name+form] = needle
	}
}

// forms are a text as it may stand in a file: rows are JSON, a backup holds them as base64.
func forms(text string) map[string][]byte {
	found := map[string][]byte{"": []byte(text), ", hexadecimal": []byte(hex.EncodeToString([]byte(text)))}
	for shift := range 3 { // where base64 may cut it
		coded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		found[fmt.Sprintf(", base64 shifted by %d", shift)] = []byte(coded[[]int{0, 2, 3}[shift] : len(coded)-1])
	}
	return found
}

// holdsText reports whether a text stands in another in any of its forms.
func holdsText(in []byte, text string) bool {
	for _, form := range forms(text) {
		if bytes.Contains(in, form) {
			return true
		}
	}
	return false
}

// in looks through a text; marked says that the landmark has to be in it.
func (h *hunt) in(where string, text []byte, marked bool) {
	h.t.Helper()
	for name, needle := range h.needles {
		if i := bytes.Index(text, needle); i >= 0 {
			h.t.Errorf("%s holds the %s: …%q…", where, name, text[max(0, i-80):min(len(text), i+len(needle)+20)])
		}
	}
	if marked && !holdsText(text, landmark) {
		h.t.Errorf("%s does not hold the connection's name, so that a secret would not be found either", where)
	}
}

// file looks through a file and, if it is compressed, through what it holds.
func (h *hunt) file(where, path string, marked bool) {
	h.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		h.t.Error(err)
		return
	}
	if r, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
		if text, err = io.ReadAll(r); err != nil {
			h.t.Errorf("%s: %v", path, err)
		}
	}
	h.in(where+" "+path, text, marked)
}

// dir looks through all files of a directory but the one that is made to hold a key.
func (h *hunt) dir(where, dir string) {
	h.t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path == filepath.Join(dir, "credentials") {
			return err
		}
		h.file(where, path, false)
		text, err := os.ReadFile(path)
		all = append(all, text...)
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
	h.in(where, all, true)
}

// shown looks through what the operator and the metrics show.
func (h *hunt) shown(s *server) {
	h.t.Helper()
	tables := strings.Fields(string(s.command("debug", "rows")))
	if len(tables) < 15 {
		h.t.Errorf("debug rows lists %d tables", len(tables))
	}
	for _, table := range tables {
		h.in("debug rows "+table, s.command("debug", "rows", table), table == "connection")
		h.in("debug rows --json "+table, s.command("debug", "rows", table, "--json"), table == "connection")
	}
	h.in("debug audit", s.command("debug", "audit"), true)
	h.in("debug audit --json", s.command("debug", "audit", "--json"), true)
	for _, args := range [][]string{{"account", "list"}, {"account", "show", "secretive"}, {"key", "list"}, {"status"}, {"fault", "list"}} {
		h.in(strings.Join(args, " "), s.command(append(args, "--json")...), false)
	}
	metrics, _, err := fetch("http://" + s.metrics + "/metrics")
	if err != nil || !bytes.Contains(metrics, []byte("gatewright")) {
		h.t.Errorf("/metrics: %v: %.200s", err, metrics)
	}
	h.in("/metrics", metrics, false)
	backup := filepath.Join(h.t.TempDir(), "backup")
	s.command("store", "backup", backup)
	h.file("backup", backup, true)
}
