package ipsec

import (
	"os"
	"slices"
	"testing"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// TestProbe probes the machine of the test. It must have an engine: without one no other
// test of this package could run.
func TestProbe(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: charon runs inside a network namespace")
	}
	dir, err := os.MkdirTemp("", "gw")
	if err != nil {
		t.Fatal(err)
	}
	children, err := host.OpenChildren(dir, "probe1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { children.Remove() })
	a, err := Probe(t.Context(), children)
	for _, f := range a.Findings {
		t.Logf("%+v", f)
	}
	t.Log(a.Algorithms)
	if err != nil || a.Engine == plan.EngineNone {
		t.Fatalf("engine %q, %v", a.Engine, err)
	}
	for name := range ciphers {
		if a.Engine == plan.EngineLibipsec && !slices.Contains(a.Algorithms, name) {
			t.Errorf("no %s, but user space has every cipher of the API", name)
		}
	}
	for _, name := range []string{"SHA", "SHA1", "SHA-256", "GROUP14", "DH-GROUP14", "AES-CBC-128"} {
		if !slices.Contains(a.Algorithms, name) {
			t.Errorf("no %s", name)
		}
	}
	for _, name := range []string{"SM4", "SM3"} {
		if slices.Contains(a.Algorithms, name) {
			t.Errorf("%s, which charon cannot negotiate", name)
		}
	}
	if left, err := children.All(); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
