//go:build linux

package lab

import (
	"os/exec"
	"path/filepath"
)

// Unpack gets Debian's packages and gives the directory that they are unpacked in. They
// are not installed, so that none of their services starts and none of their files is in
// anybody's way.
func Unpack(t T, packages ...string) string {
	t.Helper()
	root := t.TempDir()
	get := exec.Command("apt-get", append([]string{"download"}, packages...)...)
	get.Dir = root
	if out, err := get.CombinedOutput(); err != nil {
		t.Fatalf("lab: Debian's packages cannot be had (apt-get update may help): %v: %s", err, out)
	}
	debs, _ := filepath.Glob(root + "/*.deb") // the pattern is good
	for _, deb := range debs {
		if out, err := exec.Command("dpkg", "-x", deb, root).CombinedOutput(); err != nil {
			t.Fatalf("lab: unpack %s: %v: %s", filepath.Base(deb), err, out)
		}
	}
	return root
}
