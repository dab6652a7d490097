package api_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

// unreached are the documented codes that no caller can cause here: by action, or under *
// for every action that documents them.
type unreached map[string]map[string]bool

func readUnreached(t *testing.T) unreached {
	t.Helper()
	f, err := os.Open("testdata/unreached.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := unreached{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 3 {
			t.Errorf("unreached.txt: %q has no reason", line)
			continue
		}
		rows.add(t, words[0], words[1])
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func (u unreached) add(t *testing.T, action, code string) {
	if u[action][code] {
		t.Errorf("unreached.txt: %s %s is there twice", action, code)
	}
	u.mark(action, code)
}

func (u unreached) mark(action, code string) {
	if u[action] == nil {
		u[action] = map[string]bool{}
	}
	u[action][code] = true
}

// holdAgainst fails for a code that a served action documents and that was neither seen nor
// said to be out of reach, and for a row about a code that was seen or that nothing documents.
func (c coverage) holdAgainst(t *testing.T, rows unreached) {
	used := unreached{}
	for name, a := range wire.Actions {
		if !a.Served {
			continue
		}
		for _, code := range a.Codes {
			switch {
			case c[name][code]:
			case rows[name][code]:
				used.mark(name, code)
			case rows["*"][code]:
				used.mark("*", code)
			default:
				t.Errorf("%s: no situation answers %s, and unreached.txt does not say why", name, code)
			}
		}
	}
	for action, codes := range rows {
		for code := range codes {
			if !used[action][code] {
				t.Errorf("unreached.txt: %s %s has no use: it is seen, or not documented", action, code)
			}
		}
	}
}
