package host

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestProbeKernelESP compares the probe with what ip(8) is told by the same kernel.
func TestProbeKernelESP(t *testing.T) {
	needRoot(t)
	k, err := ProbeKernelESP()
	if err != nil {
		t.Fatal(err)
	}
	const name = "gwr-probe-test"
	if err := CreateNamespace(name, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { DeleteNamespace(name) })
	add := func(spi string, algorithms ...string) bool {
		args := append([]string{"netns", "exec", name, "ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2",
			"proto", "esp", "spi", spi, "mode", "tunnel"}, algorithms...)
		return exec.Command("ip", args...).Run() == nil
	}
	key := func(bytes int) string { return "0x" + strings.Repeat("a5", bytes) }
	cbc := add("0x900", "enc", "cbc(aes)", key(16), "auth-trunc", "hmac(sha256)", key(32), "128")
	gcm := add("0x901", "aead", "rfc4106(gcm(aes))", key(20), "128")
	if got := k.CBC == nil; got != cbc {
		t.Errorf("CBC usable: %v (%v), ip says %v", got, k.CBC, cbc)
	}
	if got := k.GCM == nil; got != gcm {
		t.Errorf("GCM usable: %v (%v), ip says %v", got, k.GCM, gcm)
	}
	if k.Usable() != (cbc && gcm) || k.Usable() != (k.Why() == "") {
		t.Errorf("usable %v, why %q", k.Usable(), k.Why())
	}
	if cbc != (slices.Contains(k.Ciphers, "AES-CBC-128") && slices.Contains(k.Digests, "SHA-256")) || gcm != slices.Contains(k.Ciphers, "AES128GCM128") {
		t.Errorf("ciphers %v, digests %v", k.Ciphers, k.Digests)
	}
}
