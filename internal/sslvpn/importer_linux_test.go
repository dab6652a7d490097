package sslvpn

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestNetworkManager has NetworkManager's own importer take a profile as the API hands it
// out: every setting arrives, and the keys that are inside the one file do.
func TestNetworkManager(t *testing.T) {
	b := newBench(t)
	c := b.traveller(t)
	nm := newImporter(t)
	got, err := nm.take(t, c.profile)
	if err != nil {
		t.Fatalf("%v: %v", err, got)
	}
	inside, err := os.ReadFile(c.profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"ca", "cert", "key", "tls-crypt"} {
		_, want, _ := strings.Cut(string(inside), "<"+key+">\n")
		want, _, _ = strings.Cut(want, "</"+key+">")
		if text, err := os.ReadFile(got[key]); err != nil || want == "" || string(text) != want {
			t.Errorf("%s is %q, %v", key, text, err)
		}
	}
	for name, want := range map[string]string{
		"service": "org.freedesktop.NetworkManager.openvpn", "connection-type": "tls", "dev": "tun", "remote": public + ":1194",
		"cipher": "AES-128-CBC", "auth": "SHA1", "remote-cert-tls": "server", "verify-x509-name": "name:" + string(b.row.ID),
	} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	if got, err := nm.take(t, b.file(t, strings.ReplaceAll(string(inside), "ca>", "extra-certs>"))); err == nil {
		t.Errorf("a profile without an authority is taken: %v", got)
	}
}

// importer is NetworkManager's plug-in for OpenVPN, and a program that calls it.
type importer struct{ program, plugin string }

func newImporter(t *testing.T) importer {
	t.Helper()
	plugins, _ := filepath.Glob(lab.Unpack(t, "network-manager-openvpn") + "/usr/lib/*/NetworkManager/libnm-vpn-plugin-openvpn.so") // the pattern is good
	if len(plugins) != 1 {
		t.Fatalf("the plug-in for OpenVPN is at %v", plugins)
	}
	program := filepath.Join(t.TempDir(), "nmimport")
	if out, err := exec.Command("gcc", "-Wall", "-Wextra", "-Werror", "-o", program, "testdata/nmimport.c", "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return importer{program, plugins[0]}
}

// take gives the settings that the importer makes of a profile; certificates and keys are
// the names of files.
func (nm importer) take(t *testing.T, profile string) (settings map[string]string, err error) {
	t.Helper()
	cmd := exec.Command(nm.program, nm.plugin, profile)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	settings = map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "\t")
		settings[name] = value
	}
	return settings, err
}
