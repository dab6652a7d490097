package plan

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the plans into the cases")

// TestPlans compiles the rows of each case and compares the plans of the machines that
// the case shows: rows, then a file for each machine, named like it. A file named
// `KIND/ID after` is the plan with the rows of the file `change` behind the others, as
// the difference to the first.
func TestPlans(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal(cases, err)
	}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, ar)
			if *update {
				if err := os.WriteFile(name, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for i, f := range got.Files {
				if want := string(ar.Files[i].Data); string(f.Data) != want {
					t.Errorf("%s is\n%s\nwant\n%s", f.Name, f.Data, want)
				}
			}
		})
	}
}

// run returns a case with what is true in the place of what it says.
func run(t *testing.T, ar *txtar.Archive) *txtar.Archive {
	t.Helper()
	files := map[string]string{}
	for _, f := range ar.Files {
		files[f.Name] = string(f.Data)
	}
	first := byName(parseRows(t, files["rows"]).machines())
	second := byName(parseRows(t, files["rows"]+files["change"]).machines())
	out := &txtar.Archive{Comment: ar.Comment, Files: slices.Clone(ar.Files)}
	for i, f := range out.Files {
		id, after := strings.CutSuffix(f.Name, " after")
		switch m, ok := first[id]; {
		case f.Name == "rows" || f.Name == "change":
		case !ok:
			t.Fatalf("the case has no machine %s", id)
		case after:
			out.Files[i].Data = []byte(Diff(m, second[id]))
		default:
			out.Files[i].Data = []byte(m.Text())
		}
	}
	return out
}

func byName(machines []Machine) map[string]Machine {
	out := map[string]Machine{}
	for _, m := range machines {
		out[m.ID.String()] = m
	}
	return out
}
