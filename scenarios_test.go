package gatewright

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// TestScenarios holds docs/scenarios.md against the tree: every test that it names
// exists, and every scenario that counts as covered names one.
func TestScenarios(t *testing.T) {
	page, err := fs.ReadFile(tree, "docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	covered, _, ok := strings.Cut(string(page), "## Left out")
	if !ok {
		t.Fatal("no part about what is left out")
	}
	named := regexp.MustCompile("`((?:internal|test)/[a-z]+)\\.(Test\\w+)`")
	rows := 0
	for line := range strings.Lines(covered) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| scenario") || strings.HasPrefix(line, "| group") {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		if len(tests) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, m := range tests {
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("%s has no %s", m[1], m[2])
			}
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows were read", rows)
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := fs.Glob(tree, dir+"/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := fs.ReadFile(tree, f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "\nfunc "+name+"(t *testing.T) {") {
			return true
		}
	}
	return false
}
