package gatewright

import (
	"io/fs"
	"path"
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

// TestScenariosAreNamed holds docs/scenarios.md against the list of scenarios that strongSwan,
// Libreswan and others have, and of threads that users opened: each is covered or left out with
// a reason, by its name.
func TestScenariosAreNamed(t *testing.T) {
	page, err := fs.ReadFile(tree, "docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	list, err := fs.ReadFile(tree, "testdata/scenarios.txt")
	if err != nil {
		t.Fatal(err)
	}
	named := namesOf(string(page))
	read := 0
	for name := range strings.Lines(string(list)) {
		if name = strings.TrimSpace(name); name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		read++
		if !named[name] {
			t.Errorf("neither covered nor left out: %s", name)
		}
	}
	if read < 60 {
		t.Errorf("only %d names were read", read)
	}
	if named["ikev2/no-such-scenario"] || namesOf("| nat-rw-psk | x |")["nat-rw"] || namesOf("| a/b#24 | x |")["a/b#2"] {
		t.Error("a name that is not there was found")
	}
}

// namesOf are the scenarios in the first columns of a page's tables, with and without the
// group that they are in.
func namesOf(page string) map[string]bool {
	names := map[string]bool{}
	word := regexp.MustCompile(`[\w*/-]+([.#][\w*/-]+)*`)
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.ReplaceAll(line, `\*`, "*"), "|")
		if len(cells) < 3 {
			continue
		}
		for _, name := range word.FindAllString(cells[1], -1) {
			names[name] = true
			names[path.Base(name)] = true
		}
	}
	return names
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
