package main

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCommandLines(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "gatewright.toml")
	if err := os.WriteFile(file, []byte("region = \"ap-tokyo\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(dir, "broken.toml")
	if err := os.WriteFile(broken, []byte("reggion = \"ap-tokyo\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string // in the output or in the error
	}{
		{[]string{}, 0, "Available Commands"},
		{[]string{"version"}, 0, "gatewright "},
		{[]string{"price-book"}, 0, `"currency": "CNY"`},
		{[]string{"price-book", "--site", "intl"}, 0, `"currency": "USD"`},
		{[]string{"price-book", "--site", "mars"}, 2, "neither cn nor intl"},
		{[]string{"serve", "--check"}, 0, "The configuration is good."},
		{[]string{"serve", "--check", "--region", "ap-nowhere"}, 0, `warning: --region: the vendor has no region "ap-nowhere"`},
		{[]string{"serve", "--check", "--config", file}, 0, "The configuration is good."},
		{[]string{"serve", "--check", "--config", broken}, 1, "reggion: unknown key"},
		{[]string{"serve", "--check", "--config", filepath.Join(dir, "none.toml")}, 1, "no such file"},
		{[]string{"serve", "--check", "--listen", "0.0.0.0:1"}, 1, "--insecure-http"},
		{[]string{"serve", "--check", "--site", "mars", "--region", "X"}, 1, "--region"},
		{[]string{"serve", "--no-such-flag"}, 2, "unknown flag"},
		{[]string{"serve", "--settle", "soon"}, 2, "invalid argument"},
		{[]string{"serve", "now"}, 2, "unexpected argument"},
		{[]string{"sever"}, 2, "unknown command"},
		{[]string{"account"}, 0, "Available Commands"},
		{[]string{"account", "mkae"}, 2, "unknown command"},
		{[]string{"account", "create"}, 2, "too few arguments"},
		{[]string{"account", "create", "a", "--balance", "much"}, 2, "invalid argument"},
		{[]string{"call"}, 2, "too few arguments"},
		{[]string{"call", "CreateVpc", "VpcName"}, 2, "not Key=Value"},
		{[]string{"call", "CreateVpc", "VpcName=a", "--json", "x"}, 2, "not both"},
		{[]string{"call", "CreateVpc", "--data-dir", dir}, 1, "no key pair"},
		{[]string{"call", "CreateVpc", "--endpoint", "ftp://x", "--data-dir", dir, "--credentials", writeKey(t)}, 2, "--endpoint"},
		{[]string{"call", "DescribeVpcs", "--endpoint", "127.0.0.1:1", "--data-dir", dir, "--credentials", writeKey(t)}, 1, "refused"},
	} {
		r := gatewright(t, "", c.args...)
		if r.code != c.code || !strings.Contains(r.out+r.err, c.want) {
			t.Errorf("gatewright %q: exit code %d, want %d and %q in\n%s%s", c.args, r.code, c.code, c.want, r.out, r.err)
		}
	}
}

func writeKey(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte("[default]\nsecret_id = AKIDx\nsecret_key = y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOperatorWithoutServer(t *testing.T) {
	dir := t.TempDir()
	for _, args := range []string{
		"status", "account create a", "account list", "account show a", "account set a", "key create", "key list", "key disable AKID", "key enable AKID",
		"quota list", "quota set appid-max-vpcs 1", "quota clear appid-max-vpcs", "limit list", "limit set --rate 1", "limit clear",
		"fault add --action CreateVpc --code LimitExceeded", "fault list", "fault clear", "gateway block vpngw-aaaaaaaa", "gateway unblock vpngw-aaaaaaaa",
		"debug rows", "debug rows vpc", "debug audit", "debug seed",
	} {
		r := gatewright(t, "", append(strings.Fields(args), "--data-dir", dir)...)
		if r.code != 1 || !strings.Contains(r.err, "no server is running with data directory "+dir) || !strings.Contains(r.err, "gatewright serve") {
			t.Errorf("gatewright %s: exit code %d, %s", args, r.code, r.err)
		}
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, dir)
	for path, want := range map[string]fs.FileMode{"": 0o700, "credentials": 0o600, "operator.sock": 0o600, "master.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want mode %o", path, info.Mode(), err, want)
		}
	}
	for url, want := range map[string]string{s.api + "/healthz": "ok", s.api + "/readyz": `"ready":true`, s.printed("metrics"): "gatewright_build_info"} {
		if got := fetch(t, url); !strings.Contains(got, want) {
			t.Errorf("%s: %s", url, got)
		}
	}
	checkPrintedCall(t, s)
	first, err := os.ReadFile(filepath.Join(dir, credentialsFile))
	if err != nil || !strings.HasPrefix(string(first), "[default]\nsecret_id = AKID") {
		t.Errorf("credentials: %q %v", first, err)
	}
	s.stop()
	if _, err := os.Stat(filepath.Join(dir, operatorSocket)); err == nil {
		t.Error("the operator's socket is left behind")
	}

	if err := os.Remove(filepath.Join(dir, credentialsFile)); err != nil {
		t.Fatal(err)
	}
	s = start(t, dir)
	if again, err := os.ReadFile(filepath.Join(dir, credentialsFile)); err != nil || string(again) != string(first) {
		t.Errorf("after a second start the credentials are %q %v, want %q", again, err, first)
	}
	if out := s.run("call", "DescribeVpcs"); field(t, out, "TotalCount") != "1" {
		t.Errorf("the VPC is lost:\n%s", out)
	}
}

// operatorSocket is the socket's name in the data directory, as documented.
const operatorSocket = "operator.sock"

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkPrintedCall runs the line that the server printed, in a shell, as it stands.
func checkPrintedCall(t *testing.T, s *running) {
	t.Helper()
	for _, line := range strings.Split(s.next, "\n") {
		if strings.Contains(line, " call CreateVpc ") {
			r := finish(t, exec.Command("sh", "-c", strings.TrimSpace(line)), "")
			if r.code != 0 || field(t, r.out, "VpcName") != "first" {
				t.Errorf("%s: exit code %d\n%s%s", line, r.code, r.out, r.err)
			}
			return
		}
	}
	t.Errorf("no line with gatewright call in\n%s", s.next)
}

func TestPrintedLinesAreShell(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "it's a $(data) dir")
	s := start(t, dir)
	checkPrintedCall(t, s)
	for _, line := range strings.Split(s.next, "\n") {
		assignments, _, ok := strings.Cut(strings.TrimSpace(line), " tccli ")
		if !ok {
			continue
		}
		r := finish(t, exec.Command("sh", "-c", "export "+assignments+`; printf %s "$TENCENTCLOUD_SECRET_ID"`), "")
		if id, _, err := readCredentials(filepath.Join(dir, credentialsFile)); err != nil || r.out != id {
			t.Errorf("%s sets %q, want %q; %v", line, r.out, id, err)
		}
	}
}

func TestLongDataDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	s := start(t, dir)
	if out := s.run("account", "list"); !strings.Contains(out, "root") {
		t.Error(out)
	}
	s.stop()
}

func TestTwoServersOneDirectory(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	r := gatewright(t, "", "serve", "--data-dir", s.dir, "--listen", "127.0.0.1:0", "--metrics-listen", "", "--dataplane", "off")
	if r.code != 1 || !strings.Contains(r.err, "another server is running with data directory") {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	s.run("status")
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, flag := range []string{"--listen", "--tls-listen", "--metrics-listen"} {
		args := []string{"serve", "--data-dir", t.TempDir(), "--metrics-listen", "", "--listen", "127.0.0.1:0", "--dataplane", "off"}
		r := gatewright(t, "", append(args, flag, ln.Addr().String())...)
		if r.code != 1 || !strings.Contains(r.err, flag+": listen tcp") {
			t.Errorf("%s: exit code %d: %s", flag, r.code, r.err)
		}
	}
}

func TestKilledServerStartsAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	id := field(t, s.run("call", "CreateVpc", "VpcName=kept", "CidrBlock=10.0.0.0/16"), "VpcId")
	s.kill()
	if _, err := os.Stat(filepath.Join(dir, operatorSocket)); err != nil {
		t.Fatalf("a killed server should leave its socket, or this test proves nothing: %v", err)
	}
	s = start(t, dir)
	if out := s.run("call", "DescribeVpcs", "VpcIds.0="+id); field(t, out, "VpcName") != "kept" {
		t.Error(out)
	}
}

// TestDrain holds that a call which is at work when SIGTERM comes is answered.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.run("fault", "add", "--action", "CreateVpc", "--latency", "1500ms")
	done := make(chan result, 1)
	go func() { done <- s.try("call", "CreateVpc", "VpcName=late", "CidrBlock=10.0.0.0/16") }()
	eventually(t, "the call is at work", func() bool {
		return strings.Contains(s.run("call", "DescribeVpcs"), `"TotalCount": 0`) && atWork(t, s)
	})
	s.stop()
	if r := <-done; r.code != 0 {
		t.Errorf("the call that was at work: exit code %d\n%s", r.code, r.err)
	}
}

// atWork reports whether a second connection to the API is open: that of the late call.
func atWork(t *testing.T, s *running) bool {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.api, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	local, established := fmt.Sprintf("0100007F:%04X ", n), " 01 "
	for _, line := range strings.Split(string(text), "\n") {
		if at := strings.Index(line, local); at > 0 && at < 10 && strings.Contains(line, established) {
			return true
		}
	}
	return false
}

func TestFronts(t *testing.T) {
	f, err := openFront("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + f.Addr().String()
	for path, want := range map[string]string{"/healthz": `"ok"`, "/readyz": `"ready":false`, "/": `"Code":"ServiceUnavailable"`} {
		if got := fetch(t, url+path); !strings.Contains(got, want) {
			t.Errorf("%s while starting: %s", path, got)
		}
	}
	ln := f.handOver()
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "handed over") })}
	go srv.Serve(ln)
	if got := fetch(t, url+"/readyz"); got != "handed over" {
		t.Errorf("after the hand-over: %s", got)
	}
	srv.Close()
	f.close()
}

func TestStopBeforeReady(t *testing.T) {
	t.Parallel()
	// Nothing answers at the endpoint, so the start waits for the cluster.
	s := &running{t: t, dir: t.TempDir(), log: &lockedBuffer{}, done: make(chan struct{})}
	s.cmd = exec.Command(binary, "serve", "--data-dir", s.dir, "--listen", "127.0.0.1:0", "--metrics-listen", "", "--dataplane", "off", "--etcd-endpoints", "http://127.0.0.1:1")
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	t.Cleanup(s.kill)
	eventually(t, "the start has begun", func() bool {
		_, err := os.Stat(filepath.Join(s.dir, operatorSocket))
		return err == nil
	})
	begin := time.Now()
	s.stop()
	t.Logf("stopped after %v", time.Since(begin))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, "--listen", "", "--tls-listen", "127.0.0.1:0", "--tls-name", "vpn.example.test")
	https := s.printed("API, TLS")
	if !strings.HasPrefix(https, "https://127.0.0.1:") {
		t.Fatalf("no HTTPS endpoint in\n%s", s.next)
	}
	checkPrintedCall(t, s)
	if out := s.run("call", "DescribeVpcs", "--endpoint", https); field(t, out, "TotalCount") != "1" {
		t.Error(out)
	}
	ca := s.run("ca")
	if !strings.HasPrefix(ca, "-----BEGIN CERTIFICATE-----") || strings.Contains(ca, "PRIVATE") {
		t.Errorf("gatewright ca prints\n%s", ca)
	}
	other := t.TempDir()
	r := gatewright(t, "", "call", "DescribeVpcs", "--endpoint", https, "--data-dir", other, "--credentials", filepath.Join(dir, credentialsFile))
	if r.code != 1 || !strings.Contains(r.err, "unknown authority") {
		t.Errorf("without the authority: exit code %d: %s", r.code, r.err)
	}
	s.stop()
}
